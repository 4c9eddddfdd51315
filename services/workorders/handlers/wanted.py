"""What a move asks shipping for: the parts of an acceptance, and what is sent again after it (rows 2, 6b and 7a)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import select, union_all

from services.workorders import wire
from services.workorders.domain.work_order import LineItemState
from services.workorders.tables import parts, work_types

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from services.workorders.domain.situation import Inputs
    from services.workorders.domain.work_order import LineItem, WorkOrder

# Effects of the workflow definitions that shipping follows with what stands in the event.
REQUEST_PARTS = "request_parts"
CORRECT_SHIP_TO = "correct_ship_to"
REPLACE_PARCEL = "replace_parcel"
REPLACE_PARTS = "replace_parts"
RELEASE_PARTS = "release_parts"
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
        asked.lines.extend(_lines(connection, _only(order.line_items, inputs)))
        asked.faulty_returns = inputs.reason_code != MISSING
    return asked


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
