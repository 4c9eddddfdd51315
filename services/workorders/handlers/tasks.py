"""Line items of an order that was not allocated yet: what they take from work types, stations and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import func, select

from services.chassis.errors import Violation
from services.workorders.domain.work_order import LineItem, PartNeed
from services.workorders.handlers.belonging import misplaced
from services.workorders.tables import parts, stations, work_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2
    from sqlalchemy import Connection, Row

NUMBER_DIGITS = 8


class Task(Protocol):
    """What a new line item and a line item that is edited have in common."""

    @property
    def work_type_id(self) -> str: ...
    @property
    def station_id(self) -> str: ...
    @property
    def parts(self) -> Sequence[work_order_pb2.PartNeed]: ...


def number_of(position: int) -> str:
    """The number of a line item by its position in the order, from 1 (CP-17)."""
    return f"{position:0{NUMBER_DIGITS}d}"


def problems(connection: Connection, issuer: str, facility_id: str, task: Task) -> list[Violation]:
    """What is wrong with a task: references that lead nowhere, and parts that its work type needs (CP-19)."""
    work_type = work_type_row(connection, issuer, task.work_type_id)
    wrong = []
    if work_type is None or not work_type.active:
        wrong.append(Violation("work_type_id", "names no work type that you can use"))
    elif work_type.needs_parts and not task.parts:
        wrong.append(Violation("parts", f"is required: {work_type.name} takes parts"))
    if task.station_id:
        wrong += misplaced(connection, issuer, "station_id", [task.station_id], facility_id)
    return wrong + _part_problems(connection, issuer, task.parts)


def made(
    connection: Connection, issuer: str, item_id: str, position: int, task: work_order_pb2.NewLineItem
) -> LineItem:
    """A line item of a new order; its references were checked."""
    work_type = work_type_row(connection, issuer, task.work_type_id)
    return LineItem(
        id=item_id,
        number=number_of(position),
        work_type_id=task.work_type_id,
        work_type_name=work_type.name if work_type else "",
        station_id=task.station_id,
        station_name=station_name(connection, task.station_id),
        description=task.description.strip(),
        warranty_type=task.warranty_type.strip(),
        parts=tuple(PartNeed(need.part_id, need.quantity) for need in task.parts),
    )


def summary(connection: Connection, items: Sequence[LineItem]) -> Mapping[str, object]:
    """What an order shows of its line items: the first one's work type, whether parts are needed, and how many come."""
    first = items[0] if items else None
    named = {item.work_type_id for item in items}
    most = connection.execute(select(func.max(work_types.c.technicians_needed)).where(work_types.c.id.in_(named)))
    return {
        "work_type_id": first.work_type_id if first else "",
        "work_type_name": first.work_type_name if first else "",
        "parts_required": any(item.parts for item in items),
        "technicians_needed": most.scalar() or 0,
    }


def work_type_row(connection: Connection, issuer: str, work_type_id: str) -> Row[Any] | None:
    """A work type of the issuer."""
    wanted = select(work_types).where(work_types.c.id == work_type_id, work_types.c.organization_id == issuer)
    return connection.execute(wanted).one_or_none()


def station_name(connection: Connection, station_id: str) -> str:
    """The name of a station; empty for none."""
    return connection.execute(select(stations.c.name).where(stations.c.id == station_id)).scalar_one_or_none() or ""


def _part_problems(connection: Connection, issuer: str, needs: Sequence[work_order_pb2.PartNeed]) -> list[Violation]:
    named = {need.part_id for need in needs}
    usable = select(parts.c.id).where(parts.c.id.in_(named), parts.c.organization_id == issuer, parts.c.active)
    known = set(connection.execute(usable).scalars())
    return [
        Violation(f"parts[{index}].part_id", "names no part that you can use")
        for index, need in enumerate(needs)
        if need.part_id not in known
    ]
