"""Whether somebody who is sent without an assignment is absent then, as technicians knows it (PT-10, UM-5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import technicians_service_pb2
from sqlalchemy import select

from services.chassis.errors import NotFound, Unavailable
from services.chassis.identity import as_service
from services.chassis.log import get_logger
from services.workorders import wire
from services.workorders.domain.outcome import Caveat
from services.workorders.handlers.assigning import OUTSIDE_SHIFT
from services.workorders.tables import people

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from services.workorders.domain.work_order import WorkOrder
    from services.workorders.handlers.assigning import AssignmentDesk

NOT_ASKED = "ABSENCE_UNCHECKED"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A technician who is to go to a site, and when; `organization_id` is the one that knows their shifts."""

    technician_id: str
    name: str
    organization_id: str
    start: datetime
    site_time_zone: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """The snapshot for the guards, and what users should know; hours outside of the shift keep nobody from coming."""

    known: Mapping[str, object] | None
    caveats: tuple[Caveat, ...] = ()


def visitor_of(connection: Connection, order: WorkOrder, person_id: str, start: datetime) -> Visitor | None:
    """A person who goes at a time; None for who is no technician, or of another organisation than the order's."""
    homes = {order.issuer_org, order.executor_org} - {""}
    row = connection.execute(
        select(people.c.name, people.c.technician_id, people.c.organization_id).where(
            people.c.id == person_id,
            people.c.technician_id != "",
            people.c.organization_id.in_(homes),
            ~people.c.deleted,
        )
    ).one_or_none()
    if row is None:
        return None
    return Visitor(row.technician_id, row.name, row.organization_id, start, order.site_time_zone)


def attendance_of(desk: AssignmentDesk, visitor: Visitor) -> Attendance:
    """Ask whether somebody is absent then, as the service itself: whoever sends them need not plan technicians.

    Where technicians does not answer, nothing is known, and a caveat says so.
    """
    need = technicians_service_pb2.WorkNeed(
        parties=types_pb2.Parties(executor_org=visitor.organization_id),
        start_time=wire.timestamp(visitor.start),
        site_time_zone=visitor.site_time_zone,
    )
    asked = technicians_service_pb2.CheckEligibilityRequest(need=need, technician_id=visitor.technician_id)
    try:
        with as_service("workorders"):
            answer = desk.CheckEligibility(asked)
    except (Unavailable, NotFound) as refusal:
        log.info("attendance.unchecked", technician=visitor.technician_id, reason=refusal.reason)
        text = f"Technicians does not answer: whether {visitor.name} is absent then was not checked."
        return Attendance(None, (Caveat(NOT_ASKED, text),))
    shifts = (Caveat(OUTSIDE_SHIFT, f"{visitor.name}: {text}") for text in answer.shift_conflicts)
    return Attendance({"name": visitor.name, "absent": answer.absent}, tuple(shifts))
