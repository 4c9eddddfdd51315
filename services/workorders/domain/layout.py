"""Where the parts of a workflow's diagram stand: states in a column by rank, transitions as wires in lanes beside it.

A wire leaves each state that a transition starts from, runs along its lane, and enters each state that it leads to.
Wires of one lane never share a row, and a port is never used twice, so that no two of them lie on each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.workorders.domain.definition import Definition, Transition

MARGIN = 24
STATE_WIDTH = 176
STATE_HEIGHT = 44
STATE_GAP = 22
PORT = 17
FIRST_LANE = 34
LETTER = 7
LABEL_PAD = 30
NARROWEST = 84


@dataclass(frozen=True, slots=True)
class Wire:
    """A transition between states, or what passes from a state on by itself (no label)."""

    transition: str
    label: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def ends(self) -> tuple[str, ...]:
        """Every state that it touches."""
        return tuple(dict.fromkeys((*self.sources, *self.targets)))


@dataclass(frozen=True, slots=True)
class Box:
    """A state's place."""

    code: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Run:
    """A wire's place: its lane's x, where it touches each state, and where its label stands."""

    wire: Wire
    x: int
    ports: Mapping[str, int]
    label_y: int

    @property
    def top(self) -> int:
        """The upper end of the lane that it takes."""
        return min(self.ports.values())

    @property
    def bottom(self) -> int:
        """The lower end of the lane that it takes."""
        return max(self.ports.values())


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole drawing, in pixels from its upper left corner."""

    boxes: Mapping[str, Box]
    runs: tuple[Run, ...]
    width: int
    height: int


def laid_out(definition: Definition) -> Layout:
    """The places of all states and of all transitions that move."""
    order = sorted(definition.states, key=lambda code: definition.states[code].rank)
    rows = {code: row for row, code in enumerate(order)}
    wires = sorted(_wires(definition), key=lambda wire: (_span(wire, rows), min(rows[code] for code in wire.ends)))
    lanes = _lanes(wires, rows)
    boxes, ports = _boxes(order, wires, lanes, rows)
    edges = _lane_edges(wires, lanes)
    runs = tuple(_run(wire, edges[lanes[wire]], ports) for wire in wires)
    width = edges[-1] + MARGIN
    height = max(box.y + box.height for box in boxes.values()) + MARGIN
    return Layout(boxes, runs, width, height)


def _wires(definition: Definition) -> list[Wire]:
    found = []
    for move in definition.transitions.values():
        if move.stays:
            continue
        first = move.through[:1] or _targets(move)
        found.append(Wire(move.name, move.label, _without(move.starts, first), first))
        for index, code in enumerate(move.through):
            following = move.through[index + 1 : index + 2] or _targets(move)
            passed = Wire(move.name, "", (code,), following)
            found += [passed] if passed not in found else []
    return found


def _targets(move: Transition) -> tuple[str, ...]:
    return tuple(dict.fromkeys(move.ends))


def _without(codes: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """The states that it starts from; one that it also leads to touches the wire once, as a target."""
    return tuple(code for code in codes if code not in others)


def _span(wire: Wire, rows: Mapping[str, int]) -> int:
    touched = [rows[code] for code in wire.ends]
    return max(touched) - min(touched)


def _lanes(wires: Sequence[Wire], rows: Mapping[str, int]) -> dict[Wire, int]:
    """The nearest free lane of each wire; short ones come first and so lie nearest to the states."""
    taken: list[list[tuple[int, int]]] = []
    lanes = {}
    for wire in wires:
        touched = [rows[code] for code in wire.ends]
        low, high = min(touched), max(touched)
        lane = next(
            (index for index, used in enumerate(taken) if all(high < a or b < low for a, b in used)), len(taken)
        )
        taken += [[]] if lane == len(taken) else []
        taken[lane].append((low, high))
        lanes[wire] = lane
    return lanes


def _boxes(
    order: Sequence[str], wires: Sequence[Wire], lanes: Mapping[Wire, int], rows: Mapping[str, int]
) -> tuple[dict[str, Box], dict[tuple[Wire, str], int]]:
    boxes: dict[str, Box] = {}
    ports: dict[tuple[Wire, str], int] = {}
    y = MARGIN
    for code in order:
        touching = sorted(
            (wire for wire in wires if code in wire.ends), key=lambda wire: _port(wire, code, lanes, rows)
        )
        height = max(STATE_HEIGHT, PORT * (len(touching) + 1))
        boxes[code] = Box(code, MARGIN, y, STATE_WIDTH, height)
        first = y + (height - PORT * (len(touching) - 1)) // 2
        ports |= {(wire, code): first + PORT * place for place, wire in enumerate(touching)}
        y += height + STATE_GAP
    return boxes, ports


def _port(wire: Wire, code: str, lanes: Mapping[Wire, int], rows: Mapping[str, int]) -> tuple[int, int]:
    """Wires that go up stand above those that go down; near lanes outside, so that far ones cross none of them."""
    others = [rows[each] for each in wire.ends if each != code] or [rows[code]]
    if max(others) < rows[code]:
        return 0, lanes[wire]
    return (2, -lanes[wire]) if min(others) > rows[code] else (1, lanes[wire])


def _lane_edges(wires: Sequence[Wire], lanes: Mapping[Wire, int]) -> list[int]:
    """The x of each lane, and of the end of the last one."""
    count = max(lanes.values(), default=-1) + 1
    widths = [NARROWEST] * count
    for wire in wires:
        widths[lanes[wire]] = max(widths[lanes[wire]], LETTER * len(wire.label) + LABEL_PAD)
    edges = [MARGIN + STATE_WIDTH + FIRST_LANE]
    for width in widths:
        edges.append(edges[-1] + width)
    return edges


def _run(wire: Wire, x: int, ports: Mapping[tuple[Wire, str], int]) -> Run:
    own = {code: ports[wire, code] for code in wire.ends}
    places = sorted(own.values())
    gaps = [(after - before, before) for before, after in pairwise(places)]
    widest, start = max(gaps, default=(0, places[0]))
    return Run(wire, x, own, start + widest // 2)
