"""Copies of people, teams and organisations, and the names that orders carry of them (hard-parts 1 and 10)."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from fieldmesh.technicians.v1 import events_pb2, organization_pb2
from sqlalchemy import ColumnElement, or_, select, update

from services.chassis.identity import service_caller
from services.chassis.projections import Projection
from services.workorders import repository, wire
from services.workorders.domain.computations import TECHNICIAN_FLAG
from services.workorders.domain.definition import Category
from services.workorders.domain.work_order import OrderFlag
from services.workorders.handlers.copying import copy
from services.workorders.tables import further_technicians, organizations, people, teams, work_orders

if TYPE_CHECKING:
    from fieldmesh.common.v1 import events_pb2 as envelope_pb2

    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.work_order import WorkOrder

PRODUCER = "technicians"
TECHNICIANS = service_caller(PRODUCER)
PEOPLE = Projection(PRODUCER, "Person", people, version_column="version")
TEAMS = Projection(PRODUCER, "Team", teams, version_column="version")
ORGANIZATIONS = Projection(PRODUCER, "Organization", organizations, version_column="version")
PROJECTIONS = (PEOPLE, TEAMS, ORGANIZATIONS)
_KINDS = organization_pb2.OrganizationKind.DESCRIPTOR
_APPROVERS = organization_pb2.Approvers.DESCRIPTOR


class Directory:
    """Keeps the newest known version of each; an older event changes nothing."""

    def person_changed(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.PersonChanged
    ) -> None:
        """Copy a person, and the name that orders show of a Customer Service Executive."""
        person = payload.person
        values = {
            "name": person.name,
            "organization_id": person.organization_id,
            "roles": tuple(person.roles),
            "technician_id": person.technician_id,
            "email": person.work_email or person.email,
            "phone": person.phone,
            "delegate_id": person.delegate_id,
            "away_from": wire.read(person, "away_from"),
            "away_until": wire.read(person, "away_until"),
            "active": person.active and not payload.deleted,
        }
        if _store(PEOPLE, transaction, event, person.id, values, deleted=payload.deleted):
            _rename(
                transaction, "customer_service_executive_id", "customer_service_executive_name", person.id, person.name
            )

    def technician_changed(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.TechnicianChanged
    ) -> None:
        """Flag a leaving technician's orders under way; the flag blocks closing until somebody else is assigned."""
        del event
        technician = payload.technician
        if technician.active and not payload.deleted:
            return
        columns = work_orders.c
        affected = select(columns.id).where(has_technician(technician.id), columns.category == Category.OPEN)
        for order_id in transaction.execute(affected.order_by(columns.id)).scalars().all():
            text = f"{technician.name} was offboarded after being assigned; assign somebody else."
            raise_flag(transaction, order_id, OrderFlag(TECHNICIAN_FLAG, text, True, technician.person_id))

    def team_changed(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.TeamChanged
    ) -> None:
        """Copy a team."""
        team = payload.team
        values = {
            "name": team.name,
            "organization_id": team.organization_id,
            "member_ids": tuple(team.member_ids),
            "active": team.active and not payload.deleted,
        }
        _store(TEAMS, transaction, event, team.id, values, deleted=payload.deleted)

    def organization_changed(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.OrganizationChanged
    ) -> None:
        """Copy an organisation with its contract, and its name on the orders that it owns."""
        organization = payload.organization
        cost = wire.read(organization, "travel_cost_per_mile")
        address = organization.address
        values = {
            "name": organization.name,
            "kind": wire.enum_code(_KINDS, organization.kind),
            "time_zone": organization.time_zone,
            "phone": organization.phone,
            "address_street": address.street,
            "address_city": address.city,
            "address_state": address.state,
            "address_postal_code": address.postal_code,
            "address_country": address.country,
            "free_miles": wire.read(organization, "free_miles"),
            "travel_cost_per_mile_currency_code": getattr(cost, "currency_code", None),
            "travel_cost_per_mile_micros": getattr(cost, "micros", None),
            "auto_place_orders": organization.auto_place_orders,
            "approvers": wire.enum_code(_APPROVERS, organization.approvers),
            "active": organization.active and not payload.deleted,
        }
        if _store(ORGANIZATIONS, transaction, event, organization.id, values, deleted=payload.deleted):
            _rename(transaction, "executor_org", "executor_name", organization.id, organization.name)


def has_technician(technician_id: str) -> ColumnElement[bool]:
    """Orders that a technician is on, as lead or beside."""
    columns = further_technicians.c
    beside = select(columns.work_order_id).where(columns.technician_id == technician_id)
    return or_(work_orders.c.technician_technician_id == technician_id, work_orders.c.id.in_(beside))


def person_of(transaction: Transaction, technician_id: str) -> str:
    """Who a technician is in the directory; empty where nobody is known."""
    known = select(people.c.id).where(people.c.technician_id == technician_id)
    return transaction.execute(known.order_by(people.c.id).limit(1)).scalar() or ""


def raise_flag(transaction: Transaction, order_id: str, raised: OrderFlag) -> bool:
    """Put a flag on an order, once for each code and technician, and tell whether it was not there; the etag stays."""
    order = repository.load(transaction.connection, TECHNICIANS, order_id, lock=True).order
    about = _about(order, raised.person_id)
    if any(flag.code == raised.code and flag.person_id in about for flag in order.flags):
        return False
    _set_flags(transaction, order, (*order.flags, raised))
    return True


def drop_flag(transaction: Transaction, order_id: str, code: str, person_id: str) -> None:
    """Take a flag about a technician off an order where it is there; the order's etag stays."""
    order = repository.load(transaction.connection, TECHNICIANS, order_id, lock=True).order
    about = _about(order, person_id)
    flags = tuple(flag for flag in order.flags if flag.code != code or flag.person_id not in about)
    if flags != order.flags:
        _set_flags(transaction, order, flags)


def _about(order: WorkOrder, person_id: str) -> set[str]:
    """How flags name a technician: those about the lead may name nobody."""
    return {person_id, ""} if person_id == order.technician.person_id else {person_id}


def _set_flags(transaction: Transaction, order: WorkOrder, flags: tuple[OrderFlag, ...]) -> None:
    columns = {"flags": [asdict(flag) for flag in flags]}
    copy(transaction, TECHNICIANS, order, replace(order, flags=flags), ("flags",), columns)


def _store(  # noqa: PLR0913 - what a projection is written from
    projection: Projection,
    transaction: Transaction,
    event: envelope_pb2.Event,
    row_id: str,
    values: dict[str, Any],
    *,
    deleted: bool,
) -> bool:
    write = projection.bury if deleted else projection.upsert
    return write(transaction, row_id, event.aggregate_version, values)


def _rename(transaction: Transaction, key: str, column: str, row_id: str, name: str) -> None:
    """Bring a copied name up to date; it is no change of the order, and no row of history."""
    columns = work_orders.c
    transaction.execute(
        update(work_orders).where(columns[key] == row_id, columns[column] != name).values({column: name})
    )
