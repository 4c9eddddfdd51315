"""What a move asks shipping for: the parts of an acceptance, and what is sent again after it (rows 2, 6b and 7a)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import select, union_all

from services.workorders import wire
from services.workorders.domain import paths
from services.workorders.domain.outcome import FieldChange
from services.workorders.domain.replacing import affected_of, in_words
from services.workorders.domain.work_order import LineItemState, PartNeed
from services.workorders.tables import parts, work_types

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from services.workorders.domain.situation import Inputs
    from services.workorders.domain.work_order import LineItem, WorkOrder

# Effects of the workflow definitions that shipping follows with what stands in the event.
REQUEST_PARTS = "request_parts"
CORRECT_SHIP_TO = "correct_ship_to"
REPLACE_PARCEL = "replace_parcel"
REPLACE_PARTS = "replace_parts"
RELEASE_PARTS = "release_parts"
# History's name of parts that are sent again.
ORDERED_AGAIN = "ordered_again"
MISSING = "part_missing"
"""The reason for a replacement that leaves nothing to send back; every other one is about a part that is there."""


def parts_wanted(
    connection: Connection, order: WorkOrder, effects: Collection[str], inputs: Inputs
) -> events_pb2.PartsWanted | None:
    """What a move with these effects asks for; None where it asks for nothing."""
    if not {REQUEST_PARTS, CORRECT_SHIP_TO, REPLACE_PARCEL, REPLACE_PARTS} & set(effects):
        return None
    asked = wire.fill(events_pb2.PartsWanted(), order)
    if REQUEST_PARTS in effects:
        asked.lines.extend(_lines(connection, order.line_items))
    if REPLACE_PARCEL in effects:
        asked.lost_parcel_id = inputs.parcel_id
        asked.lines.extend(_lines(connection, _only(order.line_items, inputs)) if inputs.part_id else ())
    if REPLACE_PARTS in effects:
        asked.lines.extend(_lines(connection, _again(order.line_items, inputs)))
        asked.faulty_returns = inputs.reason_code != MISSING
    return asked


def parts_of(connection: Connection, order: WorkOrder) -> list[tuple[str, str]]:
    """The parts that the line items of an order take, by number."""
    named = {need.part_id for item in order.line_items for need in item.parts}
    columns = parts.c
    rows = connection.execute(select(columns.id, columns.part_number, columns.name).where(columns.id.in_(named)))
    return [(row.id, f"{row.part_number} {row.name}") for row in sorted(rows, key=lambda row: row.part_number)]


def part_told(connection: Connection, order: WorkOrder, inputs: Inputs) -> dict[str, object]:
    """The part that inputs choose, what they order again in words, and the names of the order's parts by their ids."""
    names = dict(parts_of(connection, order))
    again = in_words(affected_of(inputs), order.line_items, names)
    return {"label": names.get(inputs.part_id, ""), "again": again, "names": names}


def ordered_again(effects: Collection[str], known: Mapping[str, object]) -> tuple[FieldChange, ...]:
    """What history gets of parts that a move orders again; `known` are the snapshots that it looked at (CP-45)."""
    again = paths.read(known, "part.again") if REPLACE_PARTS in effects else None
    return (FieldChange(ORDERED_AGAIN, "", str(again)),) if again else ()


def finished(order: WorkOrder) -> list[str]:
    """The line items whose parts were used."""
    return [item.id for item in order.line_items if item.state is LineItemState.FINISHED]


def old_parts(connection: Connection, order: WorkOrder) -> dict[str, bool]:
    """Whether a part of the order, or the one that it takes the place of, must come back (CP-69)."""
    if not order.parts_required:
        return {"return": False}
    named = {need.part_id for item in order.line_items for need in item.parts}
    types = {item.work_type_id for item in order.line_items if item.parts}
    asked = union_all(
        select(parts.c.id).where(parts.c.id.in_(named), parts.c.returnable),
        select(work_types.c.id).where(work_types.c.id.in_(types), work_types.c.old_part_returns),
    )
    return {"return": connection.execute(asked.limit(1)).first() is not None}


def _only(items: Sequence[LineItem], inputs: Inputs) -> list[LineItem]:
    """Line items with nothing but the part that the inputs name, as many as they name of it."""
    chosen = (item for item in items if inputs.line_item_id in {"", item.id})
    return [
        replace(
            item,
            parts=tuple(
                replace(need, quantity=inputs.quantity or need.quantity)
                for need in item.parts
                if need.part_id == inputs.part_id
            ),
        )
        for item in chosen
    ]


def _again(items: Sequence[LineItem], inputs: Inputs) -> list[LineItem]:
    """Line items with what is ordered again for them, in the order in which it was named."""
    known = {item.id: item for item in items}
    return [
        replace(known[each.line_item_id], parts=(PartNeed(each.part_id, each.quantity),))
        for each in affected_of(inputs)
        if each.line_item_id in known
    ]


def _lines(connection: Connection, items: Iterable[LineItem]) -> list[events_pb2.PartLine]:
    """Every part of line items, with its number, name, and whether the old one must come back."""
    chosen = list(items)
    named = {need.part_id for item in chosen for need in item.parts}
    known = {row.id: row for row in connection.execute(select(parts).where(parts.c.id.in_(named)))}
    types = {item.work_type_id for item in chosen}
    asked = select(work_types.c.id, work_types.c.old_part_returns).where(work_types.c.id.in_(types))
    returns = {row.id: bool(row.old_part_returns) for row in connection.execute(asked)}
    return [
        events_pb2.PartLine(
            line_item_id=item.id,
            part_id=need.part_id,
            part_number=known[need.part_id].part_number,
            part_name=known[need.part_id].name,
            quantity=need.quantity,
            returnable=known[need.part_id].returnable or returns.get(item.work_type_id, False),
        )
        for item in chosen
        for need in item.parts
    ]
