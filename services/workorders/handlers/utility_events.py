"""Events of a utility: each makes one service order, however often it comes (UM-4)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import utility_event_service_pb2 as contract
from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound, Violation
from services.chassis.ids import derive_id
from services.chassis.kit.validation import check_message
from services.workorders import wire
from services.workorders.acting import actor_of
from services.workorders.domain.utility import ServiceType
from services.workorders.domain.work_order import Priority
from services.workorders.handlers import service_orders
from services.workorders.handlers.creating import begin
from services.workorders.presenting import order_message
from services.workorders.scope import sees_all
from services.workorders.tables import accounts, facilities, utility_events, work_orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows

TYPES: Mapping[int, ServiceType] = {
    contract.UTILITY_EVENT_KIND_MOVE_IN: ServiceType.CONNECTION,
    contract.UTILITY_EVENT_KIND_MOVE_OUT: ServiceType.DISCONNECTION,
    contract.UTILITY_EVENT_KIND_SPECIAL_READ: ServiceType.SPECIAL_READ,
    contract.UTILITY_EVENT_KIND_FINAL_READ: ServiceType.FINAL_READ,
    contract.UTILITY_EVENT_KIND_METER_ALERT: ServiceType.METER_INVESTIGATION,
    contract.UTILITY_EVENT_KIND_NON_PAYMENT: ServiceType.DISCONNECTION,
}


class UtilityEvents:
    """Takes events; which order was made for which stands in a table of its own, for ever."""

    def __init__(self, database: Database, workflows: Workflows) -> None:
        self._database = database
        self._workflows = workflows

    def record(self, caller: Caller, request: contract.RecordEventRequest) -> contract.RecordEventResponse:
        """The order of an event, made now where the event is new.

        Raises InvalidRequest naming every wrong field, AlreadyExists where the id came with something else in it, and
        NotAllowed for whoever does not create service orders.
        """
        workflow = self._workflows.latest(service_orders.WORKFLOW)
        if not workflow.may_create(actor_of(caller)):
            raise NotAllowed("You do not create service orders.", reason="ROLE_NOT_ALLOWED")
        wrong = check_message(request)
        if wrong:
            raise _invalid(wrong)
        content = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
        with self._database.begin(actor=caller) as transaction:
            connection = transaction.connection
            issuer, account_id, misled = _account(connection, caller, request.account)
            if misled:
                raise _invalid(misled)
            order_id = derive_id("work-order", _key(issuer, request.event_id))
            if not _is_new(transaction, issuer, request.event_id, content, order_id):
                return _earlier(connection, issuer, request.event_id, content)
            given, wrong = _given(connection, account_id, request)
            values, misled = service_orders.values_for(connection, issuer, given)
            if wrong or misled:
                raise _invalid([*wrong, *map(_in_words_of_event, misled)])
            values |= {"utility.event": request.event_id, "utility.event_source": request.source.strip()}
            order = service_orders.made(transaction, workflow, issuer, values, _key(issuer, request.event_id))
            stored = begin(transaction, caller, workflow, order)
            return contract.RecordEventResponse(work_order=order_message(stored.row), created=True)


def _key(issuer: str, event_id: str) -> str:
    return f"{issuer}/event/{event_id}"


def _is_new(transaction: Transaction, issuer: str, event_id: str, content: str, order_id: str) -> bool:
    """Claim an event id; a second one that comes at the same time waits here until the first has made its order."""
    connection = transaction.connection
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {
        "organization_id": issuer,
        "event_id": event_id,
        "content_hash": content,
        "work_order_id": order_id,
        "receive_time": transaction.now,
    }
    claimed = connection.execute(
        insert(utility_events).values(row).on_conflict_do_nothing().returning(utility_events.c.event_id)
    )
    return claimed.one_or_none() is not None


def _earlier(connection: Connection, issuer: str, event_id: str, content: str) -> contract.RecordEventResponse:
    columns = utility_events.c
    event = connection.execute(
        select(columns.content_hash, columns.work_order_id).where(
            columns.organization_id == issuer, columns.event_id == event_id
        )
    ).one()
    row = (
        connection.execute(select(work_orders).where(work_orders.c.id == event.work_order_id)).mappings().one_or_none()
    )
    if row is None:
        raise NotFound(f"The order of event {event_id} is not there any more.")
    if event.content_hash != content:
        text = f"Event {event_id} came before with something else in it; it made work order {row['number']}."
        raise AlreadyExists(text, reason="EVENT_ID_REUSED", metadata={"work_order": row["number"]})
    return contract.RecordEventResponse(work_order=order_message(dict(row)), created=False)


def _account(connection: Connection, caller: Caller, named: str) -> tuple[str, str, list[Violation]]:
    """The utility that an event is of, and its account, by number or id; only the caller's own are found."""
    columns = accounts.c
    found = select(columns.organization_id, columns.id).where(
        or_(columns.account_number == named, columns.id == named), columns.active
    )
    if not sees_all(caller):
        found = found.where(columns.organization_id == caller.organization_id)
    rows = connection.execute(found.limit(2)).all()
    if len(rows) == 1:
        return rows[0].organization_id, rows[0].id, []
    problem = "names more than one account; give its id" if rows else "names no active account of yours"
    return "", "", [Violation("account", problem)]


def _given(
    connection: Connection, account_id: str, request: contract.RecordEventRequest
) -> tuple[dict[str, Any], list[Violation]]:
    columns = facilities.c
    found = select(columns.id).where(columns.account_id == account_id, columns.active)
    if request.facility:
        found = found.where(or_(columns.name == request.facility, columns.id == request.facility))
    ids = list(connection.execute(found.limit(2)).scalars())
    wrong = []
    if len(ids) != 1:
        none = "names no active facility of the account" if request.facility else "is needed: the account has none"
        several = "names more than one facility of the account; give its id" if request.facility else "is needed"
        wrong.append(Violation("facility", several if ids else none))
    return {
        "priority": Priority.NORMAL,
        "account_id": account_id,
        "facility_id": ids[0] if len(ids) == 1 else "",
        "station_ids": (),
        "contact_id": "",
        "territory_id": "",
        "description": "",
        "utility.type": TYPES[request.kind],
        "utility.instructions": request.instructions.strip(),
        "utility.materials": request.materials.strip(),
        "utility.requested_date": wire.read(request, "date"),
        "utility.meter": request.meter.strip(),
    }, wrong


def _in_words_of_event(wrong: Violation) -> Violation:
    """A violation at the event's own field."""
    names = {"account_id": "account", "facility_id": "facility", "territory_id": "facility", "utility.meter": "meter"}
    return Violation(names.get(wrong.field, wrong.field), wrong.description)


def _invalid(wrong: list[Violation]) -> InvalidRequest:
    return InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=wrong)
