"""The diagram of a workflow as SVG: classes instead of styles, no script, and an order's path marked on it.

Pages colour it by its classes; what stands in attributes is enough to read it where no style sheet is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from services.workorders.domain.layout import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.workorders.domain.definition import Definition
    from services.workorders.domain.layout import Box, Layout, Run
    from services.workorders.domain.route import Step

ROUND = 8
ARROW = 7
DOT = 3
TEXT_DROP = 4


def svg_of(definition: Definition, path: Sequence[Step] = ()) -> str:
    """The diagram; with an order's path, what it went through and where it stands are marked."""
    layout = laid_out(definition)
    size = f'viewBox="0 0 {layout.width} {layout.height}" width="{layout.width}" height="{layout.height}"'
    title = f"{definition.label}, version {definition.version}"
    told = quoteattr(_told(definition, title, path))
    named = f'class="workflow-diagram" role="img" aria-label={told} font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {named} {size}>',
        f"<title>{escape(title)}</title>",
        *(_wire(run, layout) for run in layout.runs),
        *(_walked(layout, step) for step in dict.fromkeys(_between(path))),
        *(_label(run, layout, path) for run in layout.runs if run.wire.label),
        *(_state(definition, box, path) for box in layout.boxes.values()),
        "</svg>",
    ]
    return "".join(filter(None, parts))


def _told(definition: Definition, title: str, path: Sequence[Step]) -> str:
    if not path:
        return f"Diagram of {title}: {len(definition.states)} states. The tables of the page say the same in words."
    return f"Diagram of {title} with the path of the order: {', then '.join(step.to_label for step in path)}."


def _between(path: Iterable[Step]) -> list[tuple[str, str, str]]:
    return [(step.transition, step.from_state, step.to_state) for step in path]


def _wire(run: Run, layout: Layout) -> str:
    name = quoteattr(f"wf-wire wf-{run.wire.transition}")
    lines = [f"M{run.x} {run.top}V{run.bottom}"] if run.top != run.bottom else []
    lines += [f"M{_edge(layout.boxes[code])} {run.ports[code]}H{run.x}" for code in run.wire.sources]
    lines += [f"M{run.x} {run.ports[code]}H{_edge(layout.boxes[code]) + ARROW}" for code in run.wire.targets]
    heads = "".join(_head(_edge(layout.boxes[code]), run.ports[code], "wf-head") for code in run.wire.targets)
    inner = [code for code in run.wire.ends if run.top < run.ports[code] < run.bottom]
    dots = "".join(f'<circle class="wf-dot" cx="{run.x}" cy="{run.ports[code]}" r="{DOT}"/>' for code in inner)
    return f'<g class={name}><path d="{"".join(lines)}" fill="none" stroke="currentColor"/>{heads}{dots}</g>'


def _walked(layout: Layout, step: tuple[str, str, str]) -> str:
    """The part of a wire that the order went along."""
    transition, start, end = step
    run = next(
        (each for each in layout.runs
         if each.wire.transition == transition and start in each.wire.ends and end in each.wire.targets), None,
    )  # fmt: skip
    if run is None:
        return ""
    leave, enter = run.ports[start], run.ports[end]
    line = f"M{_edge(layout.boxes[start])} {leave}H{run.x}V{enter}H{_edge(layout.boxes[end]) + ARROW}"
    head = _head(_edge(layout.boxes[end]), enter, "wf-head")
    return f'<g class="wf-walked"><path d="{line}" fill="none" stroke="currentColor" stroke-width="3"/>{head}</g>'


def _label(run: Run, layout: Layout, path: Sequence[Step]) -> str:
    del layout
    taken = [str(number) for number, step in enumerate(path, 1) if step.transition == run.wire.transition]
    text = f"{', '.join(taken)} · {run.wire.label}" if taken else run.wire.label
    name = "wf-label wf-label-walked" if taken else "wf-label"
    return f'<text class="{name}" x="{run.x + ROUND}" y="{run.label_y + TEXT_DROP}">{escape(text)}</text>'


def _state(definition: Definition, box: Box, path: Sequence[Step]) -> str:
    state = definition.states[box.code]
    reached = [number for number, step in enumerate(path, 1) if step.to_state == box.code]
    marks = ["wf-state", f"wf-{state.category.value}", f"wf-tone-{state.tone}"]
    marks += ["wf-initial"] if box.code == definition.initial else []
    marks += ["wf-visited"] if reached else []
    marks += ["wf-current"] if path and path[-1].to_state == box.code else []
    middle, centre = box.x + box.width // 2, box.y + box.height // 2 + TEXT_DROP
    shape = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="{ROUND}"'
    start = (
        f'<circle class="wf-start" cx="{box.x + 14}" cy="{centre - TEXT_DROP}" r="4"/>' if "wf-initial" in marks else ""
    )
    return (
        f'<g class="{" ".join(marks)}"><rect {shape} fill="white" stroke="currentColor"/>{start}'
        f'<text x="{middle}" y="{centre}" text-anchor="middle">{escape(state.label)}</text></g>'
    )


def _head(x: int, y: int, name: str) -> str:
    return f'<path class="{name}" d="M{x} {y}l{ARROW + 1} -{ARROW - 3}v{2 * (ARROW - 3)}z"/>'


def _edge(box: Box) -> int:
    return box.x + box.width
