"""Technicians who leave: the work orders that they had for that organisation return to the queue (CP-94)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from fieldmesh.technicians.v1 import events_pb2, technician_pb2
from sqlalchemy import Connection, Row, and_, or_, select

from services.chassis.actors import actor_message
from services.chassis.unit_of_work import Transaction
from services.technicians import wire
from services.technicians.booking import CONFIRMED, RELEASED, RESERVED, Booking
from services.technicians.tables import assignments, memberships, organizations, people

_AGGREGATE = "Membership"


class Departures:
    """Releases the assignments of technicians who left, and tells others."""

    def __init__(self, booking: Booking) -> None:
        self._booking = booking

    def take_effect(
        self, transaction: Transaction, technician: technician_pb2.Technician, organization_id: str
    ) -> None:
        """Release what a technician still had for an organisation whose membership just ended.

        The event is told also where nothing was open: workorders looks at its own orders.
        """
        ended = (
            select(memberships)
            .where(memberships.c.technician_id == technician.id, memberships.c.organization_id == organization_id)
            .order_by(memberships.c.start_date.desc(), memberships.c.create_time.desc())
        )
        membership = transaction.execute(ended.limit(1)).first()
        rows = open_assignments(transaction.connection, technician.id, organization_id, transaction.now)
        for row in rows:
            locked = self._booking.lock(transaction, row.id)
            if locked is not None and locked.state in {CONFIRMED, RESERVED}:
                self._booking.change(transaction, locked, {"state": RELEASED})
        if membership is None:
            return
        home = select(organizations.c.name).where(organizations.c.id == organization_id)
        own = select(people.c.email).where(people.c.id == technician.person_id)
        told = events_pb2.TechnicianOffboarded(
            technician_id=technician.id,
            technician_name=technician.name,
            organization_id=organization_id,
            membership_id=membership.id,
            reason=membership.end_reason,
            actor=actor_message(transaction.actor),
            offboard_time=wire.timestamp(transaction.now),
            work_order_ids=[row.work_order_id for row in rows],
            person_id=technician.person_id,
            organization_name=transaction.execute(home).scalar() or "",
            work_order_numbers=[row.work_order_number for row in rows if row.work_order_number],
            email=transaction.execute(own).scalar() or "",
        )
        transaction.publish(told, _AGGREGATE, membership.id, membership.version)


def open_assignments(
    connection: Connection, technician_id: str, organization_id: str, now: datetime
) -> Sequence[Row[Any]]:
    """Assignments of a technician for an organisation's orders that hold, by visit; those without one come last."""
    columns = assignments.c
    holds = or_(columns.state == CONFIRMED, and_(columns.state == RESERVED, columns.expire_time > now))
    mine = and_(columns.technician_id == technician_id, columns.executor_org == organization_id)
    rows = select(assignments).where(mine, holds)
    return connection.execute(rows.order_by(columns.start_time.is_(None), columns.start_time, columns.id)).all()


def needing_somebody_else(
    connection: Connection, technician_id: str, organization_id: str, last: date, now: datetime
) -> list[str]:
    """Numbers of the orders that a technician cannot do any more after a last day (UTC)."""
    beyond = datetime.combine(last + timedelta(days=1), time(), UTC)
    over = last <= now.date()
    return [
        row.work_order_number
        for row in open_assignments(connection, technician_id, organization_id, now)
        if (row.start_time >= beyond if row.start_time is not None else over)
    ]
