"""A workflow as Mermaid text, for documents."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from services.workorders.domain.definition import Category

if TYPE_CHECKING:
    from services.workorders.domain.definition import Definition


def diagram(definition: Definition) -> str:
    """A state diagram: one arrow for each move between states; moves that stay are left out."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {code}: {state.label}" for code, state in definition.states.items()]
    lines.append(f"    [*] --> {definition.initial}")
    for transition in definition.transitions.values():
        if transition.stays:
            continue
        for end in transition.ends:
            route = (*transition.through, end)
            lines += [f"    {start} --> {route[0]}: {transition.label}" for start in transition.starts]
            lines += [f"    {code} --> {after}" for code, after in pairwise(route)]
    ends = (code for code in definition.states if _is_end(definition, code))
    lines += [f"    {code} --> [*]" for code in ends]
    return "\n".join(lines) + "\n"


def _is_end(definition: Definition, code: str) -> bool:
    """Whether an order may rest there for good; one that is reopened in spite of it is the exception."""
    state = definition.states[code]
    done = state.category in {Category.DONE, Category.DEAD}
    return done and (state.frozen or all(transition.stays for transition in definition.by_state[code]))
