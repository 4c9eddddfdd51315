"""Assignments as rows: held, confirmed, released, expired, each change with its event."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import assignment_pb2, events_pb2, technicians_service_pb2
from sqlalchemy import Row, insert, select, update

from services.chassis.ids import new_id
from services.chassis.kit import ResourceEngine, row_of
from services.chassis.unit_of_work import Transaction
from services.technicians import wire
from services.technicians.domain.visits import USUAL_MINUTES, visit_of
from services.technicians.tables import PARTY_COLUMNS, assignments

RESERVED = assignment_pb2.ASSIGNMENT_STATE_RESERVED
CONFIRMED = assignment_pb2.ASSIGNMENT_STATE_CONFIRMED
RELEASED = assignment_pb2.ASSIGNMENT_STATE_RELEASED
EXPIRED = assignment_pb2.ASSIGNMENT_STATE_EXPIRED
_AGGREGATE = "Assignment"


class Booking:
    """Writes assignments inside the caller's unit of work."""

    def __init__(self, engine: ResourceEngine) -> None:
        self._engine = engine

    def hold(
        self,
        transaction: Transaction,
        assignment: assignment_pb2.Assignment,
        need: technicians_service_pb2.WorkNeed,
        time: timedelta,
    ) -> assignment_pb2.Assignment:
        """Store a reservation for some time and give it; nobody is told of it until it is confirmed."""
        actor = transaction.actor
        assignment.id = new_id()
        assignment.state = RESERVED
        assignment.expire_time.CopyFrom(wire.timestamp(transaction.now + time))
        assignment.assign_time.CopyFrom(wire.timestamp(transaction.now))
        assignment.actor.CopyFrom(
            types_pb2.Actor(subject=actor.subject, display_name=actor.name, organization_id=actor.organization_id)
        )
        values = {
            **row_of(assignment),
            **parties_row(need.parties),
            "duration_minutes": need.duration_minutes or USUAL_MINUTES,
            "site_latitude": need.site_position.latitude if need.HasField("site_position") else None,
            "site_longitude": need.site_position.longitude if need.HasField("site_position") else None,
            "version": 1,
        }
        transaction.execute(insert(assignments).values(values))
        held: assignment_pb2.Assignment = self._engine.message(self._read(transaction, assignment.id))
        return held

    def of_order(self, transaction: Transaction, work_order_id: str) -> Sequence[Row[Any]]:
        """Read an order's assignments for update, the oldest first."""
        columns = assignments.c
        rows = select(assignments).where(columns.work_order_id == work_order_id)
        return transaction.execute(rows.order_by(columns.assign_time, columns.id).with_for_update()).all()

    def lock(self, transaction: Transaction, assignment_id: str) -> Row[Any] | None:
        """Read one assignment for update."""
        return self._engine.find_for_update(transaction.connection, assignment_id)

    def change(self, transaction: Transaction, row: Row[Any], values: Mapping[str, Any]) -> bool:
        """Write what differs and tell others; tell whether anything did."""
        differing = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not differing:
            return False
        version = row.version + 1
        changed = update(assignments).where(assignments.c.id == row.id)
        transaction.execute(changed.values({**differing, "version": version}))
        if differing.get("state", row.state) != RESERVED:
            self.publish(transaction, self._read(transaction, row.id))
        return True

    def publish(self, transaction: Transaction, row: Row[Any]) -> None:
        """Tell others of an assignment as it is now."""
        told = events_pb2.AssignmentChanged(assignment=self._engine.message(row))
        transaction.publish(told, _AGGREGATE, row.id, row.version)

    def _read(self, transaction: Transaction, assignment_id: str) -> Row[Any]:
        return transaction.execute(select(assignments).where(assignments.c.id == assignment_id)).one()


def parties_row(parties: types_pb2.Parties) -> dict[str, Any]:
    """Give an order's parties as columns."""
    return {**{name: getattr(parties, name) for name in PARTY_COLUMNS}, "scope_version": parties.scope_version}


def visit_row(start: datetime | None, minutes: int) -> dict[str, Any]:
    """Give an appointment as columns."""
    visit = visit_of(start, minutes)
    return {"start_time": visit.start if visit else None, "end_time": visit.end if visit else None}
