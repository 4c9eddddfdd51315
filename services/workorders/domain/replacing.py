"""Parts that came damaged, wrong or not at all, and are ordered again together (workflows.md, row 7a)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate
from services.workorders.domain.work_order import LineItemState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.workorders.domain.situation import Inputs, Situation
    from services.workorders.domain.work_order import LineItem

AFFECTED = "inputs.affected_parts"


@dataclass(frozen=True, slots=True)
class AffectedPart:
    """A part of a line item, by their ids, and how many of it are ordered again."""

    line_item_id: str
    part_id: str
    quantity: int


def affected_of(inputs: Inputs) -> tuple[AffectedPart, ...]:
    """What inputs order again: several parts, or the one that forms of stored versions ask for."""
    if inputs.affected_parts or not inputs.part_id:
        return inputs.affected_parts
    return (AffectedPart(inputs.line_item_id, inputs.part_id, inputs.quantity or 0),)


def taken(item: LineItem) -> Mapping[str, int]:
    """How many a line item takes of each part, by the part's id."""
    counted: Counter[str] = Counter()
    for need in item.parts:
        counted[need.part_id] += need.quantity
    return counted


def in_words(affected: Iterable[AffectedPart], items: Iterable[LineItem], names: Mapping[str, str]) -> str:
    """Such as "1 × VT40-HEAD Head for 00000001; 2 × VT40-FAN Fan for 00000002"."""
    numbers = {item.id: item.number for item in items}
    known = (each for each in affected if each.line_item_id in numbers and each.part_id in names)
    return "; ".join(f"{each.quantity} × {names[each.part_id]} for {numbers[each.line_item_id]}" for each in known)


@predicate(asks=(AFFECTED,))
def affected_parts_fit(situation: Situation) -> Objections:
    """Each part is named once, for a line item that is not finished, and with no more of it than that one takes."""
    affected = situation.inputs.affected_parts
    named = Counter((each.line_item_id, each.part_id) for each in affected)
    found = []
    for place, each in enumerate(affected):
        wrong = _objection(situation, each)
        if wrong is None and named[each.line_item_id, each.part_id] > 1:
            wrong = ("part_id", f"{_name(situation, each.part_id)} is named more than once for the same line item.")
        if wrong is not None:
            found.append(Objection("affected_parts_fit", wrong[1], f"{AFFECTED}[{place}].{wrong[0]}"))
    return tuple(found)


@predicate(asks=("inputs.line_item_id", "inputs.part_id", "inputs.quantity"))
def part_is_of_line_item(situation: Situation) -> Objections:
    """The chosen line item is not finished, takes the chosen part, and at least as many of it."""
    inputs = situation.inputs
    wrong = _objection(situation, AffectedPart(inputs.line_item_id, inputs.part_id, inputs.quantity or 0))
    return HOLDS if wrong is None else (Objection("part_is_of_line_item", wrong[1], f"inputs.{wrong[0]}"),)


def _objection(situation: Situation, part: AffectedPart) -> tuple[str, str] | None:
    """The field of a part that cannot be ordered again, and why; None where it can."""
    item = next((each for each in situation.order.line_items if each.id == part.line_item_id), None)
    if item is None:
        return "line_item_id", "Choose a line item of this order."
    if item.state is LineItemState.FINISHED:
        return "line_item_id", f"Line item {item.number} is finished: its parts are in use."
    name, most = _name(situation, part.part_id), taken(item).get(part.part_id, 0)
    if not most:
        return "part_id", f"Line item {item.number} does not take {name}."
    if not 1 <= part.quantity <= most:
        number = f"from 1 to {most}" if most > 1 else "1"
        return "quantity", f"Line item {item.number} takes {most} of {name}: give {number}."
    return None


def _name(situation: Situation, part_id: str) -> str:
    told = cast("Mapping[str, Mapping[str, str]]", situation.snapshots.get("part", {}))
    return told.get("names", {}).get(part_id, "this part")
