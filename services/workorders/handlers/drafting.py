"""Orders that are approved before they are dispatched: how they begin, and what a draft takes (PT-1 to PT-7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import action_item_pb2, estimate_pb2, note_pb2
from sqlalchemy import func, insert, select

from services.chassis.errors import NotAllowed, Violation, WrongState
from services.chassis.ids import derive_id
from services.chassis.kit import row_of
from services.chassis.kit.validation import check_message
from services.workorders import wire
from services.workorders.domain.approval import ActionItem, line_total, totals
from services.workorders.domain.values import Address, Money, Place
from services.workorders.domain.work_order import Priority
from services.workorders.schemas import amount_problem
from services.workorders.tables import (
    accounts,
    action_items,
    estimates,
    facilities,
    notes,
    organizations,
    stations,
    territories,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_service_pb2
    from google.protobuf.message import Message
    from sqlalchemy import Connection, Row, Table

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.work_order import WorkOrder

WORKFLOW = "facility_approval"
# What its creator gives, and what of it may be edited while it is a draft.
GIVEN = ("subject", "description", "priority", "facility_id", "station_ids")
EDITABLE = ("subject", "description", "priority", "station_ids")
FIRST_VERSION = 1
_ADDRESS = ("street", "city", "state", "postal_code", "country")
_OWNER, _PROVIDER = "facility_owner", "provider"


def begin(
    connection: Connection, caller: Caller, given: Mapping[str, Any]
) -> tuple[str, dict[str, Any], list[Violation]]:
    """Who issues a new order, the members that follow from its facility, and what is wrong.

    A company user's order is at a facility of their organisation, a provider's at an owner's in a territory that it
    serves (PT-3 to PT-5).
    """
    facility = _facility(connection, caller, given["facility_id"])
    if facility is None:
        unknown = Violation("facility_id", "names no facility at which you can create work orders")
        return "", {}, [unknown]
    values = {**given, **_place(connection, facility)}
    if values["priority"] is Priority.UNSPECIFIED:
        values["priority"] = Priority.NORMAL
    values |= {"creator_id": caller.subject, "creator_name": caller.name, "content_version": FIRST_VERSION}
    wrong = misplaced(connection, given["station_ids"], facility.id)
    return caller.organization_id or facility.facility_org, values, wrong


def shape_problems(request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
    """What is wrong with the order's fields, action items, notes and estimates as they stand."""
    wrong = check_message(request.work_order, GIVEN)
    wrong = [each for each in wrong if each.field in GIVEN]
    for name in ("action_items", "estimates"):
        for index, part in enumerate(getattr(request, name)):
            found = check_message(part) + ([*price_problems(part)] if name == "estimates" else [])
            wrong += [Violation(f"{name}[{index}].{each.field}", each.description) for each in found]
    if request.line_items:
        wrong.append(Violation("line_items", "belong to orders that are not approved; give action items"))
    for index, text in enumerate(request.notes):
        note = note_pb2.Note(work_order_id="-", text=text)
        wrong += [Violation(f"notes[{index}]", each.description) for each in check_message(note)]
    return wrong


def price_problems(estimate: Any) -> Iterable[Violation]:
    """What is wrong with an estimate's price."""
    if estimate.HasField("unit_price"):
        problem = amount_problem(Money(estimate.unit_price.currency_code, estimate.unit_price.micros))
        if problem:
            yield Violation("unit_price", problem)


def write_content(
    transaction: Transaction, caller: Caller, order: WorkOrder, request: work_order_service_pb2.CreateWorkOrderRequest
) -> WorkOrder:
    """Store the action items, notes and estimates of a new order, and give the order with them.

    Their stations were checked with `content_problems`.
    """
    for number, given in enumerate(request.action_items, 1):
        item = action_item_pb2.ActionItem(
            number=number,
            title=given.title.strip(),
            description=given.description.strip(),
            station_id=given.station_id,
            station_name=station_name(transaction.connection, given.station_id),
            state=action_item_pb2.ACTION_ITEM_STATE_OPEN,
        )
        _insert(transaction, action_items, order, ("action-item", number), item)
    for number, text in enumerate(request.notes, 1):
        note = note_pb2.Note(text=text.strip())
        author_of(note, caller)
        _insert(transaction, notes, order, ("note", number), note)
    for number, each in enumerate(request.estimates, 1):
        estimate = estimate_pb2.Estimate(
            description=each.description.strip(), quantity=each.quantity, unit_price=each.unit_price
        )
        price(estimate)
        _insert(transaction, estimates, order, ("estimate", number), estimate)
    items = tuple(
        ActionItem(derive_id("action-item", order.id, number), number, given.title.strip())
        for number, given in enumerate(request.action_items, 1)
    )
    return replace(order, action_items=items, estimate_totals=sums(transaction.connection, order.id))


def content_problems(
    connection: Connection, facility_id: str, request: work_order_service_pb2.CreateWorkOrderRequest
) -> list[Violation]:
    """Stations of action items that do not stand at the facility."""
    return [
        Violation(f"action_items[{index}].station_id", each.description)
        for index, item in enumerate(request.action_items)
        if item.station_id
        for each in misplaced(connection, [item.station_id], facility_id)
    ]


def misplaced(connection: Connection, station_ids: Sequence[str], facility_id: str) -> list[Violation]:
    """A violation where one of the stations does not stand at the facility."""
    wanted = set(station_ids)
    here = select(stations.c.id).where(stations.c.id.in_(wanted), stations.c.facility_id == facility_id)
    missing = wanted - set(connection.execute(here).scalars()) if wanted else set()
    return [Violation("station_ids", "names a station that is not at this facility")] if missing else []


def author_of(note: note_pb2.Note, caller: Caller) -> None:
    """Write down who says it."""
    note.author.subject, note.author.display_name = caller.subject, caller.name
    note.author.organization_id = caller.organization_id


def price(estimate: estimate_pb2.Estimate) -> None:
    """Write down the estimate's total."""
    each = Money(estimate.unit_price.currency_code, estimate.unit_price.micros)
    wire.fill(estimate.line_total, line_total(estimate.quantity, each))


def sums(connection: Connection, order_id: str) -> tuple[Money, ...]:
    """The totals of an order's estimates, one for each currency."""
    columns = estimates.c
    rows = connection.execute(
        select(columns.line_total_currency_code, columns.line_total_micros).where(columns.work_order_id == order_id)
    )
    return totals(Money(currency, micros) for currency, micros in rows if currency)


def next_number(connection: Connection, order_id: str) -> int:
    """The number of one more action item of an order."""
    highest = select(func.max(action_items.c.number)).where(action_items.c.work_order_id == order_id)
    return int(connection.execute(highest).scalar_one() or 0) + 1


def station_name(connection: Connection, station_id: str) -> str:
    """The name of a station; empty for none."""
    return connection.execute(select(stations.c.name).where(stations.c.id == station_id)).scalar_one_or_none() or ""


def refuse_discarding(caller: Caller, order: WorkOrder) -> None:
    """Let only its creator, or an admin, discard a draft, and only one that was never submitted."""
    if caller.subject != order.creator_id and not caller.is_admin:
        raise NotAllowed("Only who created a draft discards it.", reason="ROLE_NOT_ALLOWED")
    if order.approval.submission:
        raise WrongState("This work order was submitted before; it cannot be discarded.", reason="NOT_A_DRAFT")


def _facility(connection: Connection, caller: Caller, facility_id: str) -> Row[Any] | None:
    row = connection.execute(
        select(facilities).where(facilities.c.id == facility_id, facilities.c.active, facilities.c.facility_org != "")
    ).one_or_none()
    if row is None or caller.is_admin:
        return row
    if caller.organization_kind == _OWNER:
        return row if row.facility_org == caller.organization_id else None
    served = connection.execute(select(territories.c.served_by).where(territories.c.id == row.territory_id))
    return row if caller.organization_id in (served.scalar_one_or_none() or ()) else None


def _place(connection: Connection, facility: Row[Any]) -> dict[str, Any]:
    territory = connection.execute(select(territories).where(territories.c.id == facility.territory_id)).one_or_none()
    account = connection.execute(
        select(accounts.c.name).where(accounts.c.id == facility.account_id)
    ).scalar_one_or_none()
    home = connection.execute(
        select(organizations.c.time_zone).where(organizations.c.id == facility.facility_org)
    ).scalar_one_or_none()
    count = connection.execute(
        select(func.count()).select_from(stations).where(stations.c.facility_id == facility.id, stations.c.active)
    ).scalar_one()
    latitude = facility.position_latitude
    return {
        "facility_org": facility.facility_org,
        "facility_name": facility.name,
        "account_id": facility.account_id,
        "account_name": account or "",
        "territory_id": territory.id if territory else "",
        "territory_name": territory.name if territory else "",
        "site_address": Address(**{part: getattr(facility, f"address_{part}") or "" for part in _ADDRESS}),
        "site_position": None if latitude is None else Place(latitude, facility.position_longitude),
        "site_time_zone": facility.time_zone or (territory.time_zone if territory else "") or home or "UTC",
        "station_count": count,
    }


def _insert(transaction: Transaction, table: Table, order: WorkOrder, key: tuple[str, int], row: Message) -> None:
    filled: Any = row
    filled.id, filled.work_order_id = derive_id(key[0], order.id, key[1]), order.id
    if "create_time" in table.c:
        filled.create_time.FromDatetime(transaction.now)
    columns = {name: value for name, value in row_of(filled).items() if name in table.c}
    transaction.execute(insert(table).values(**columns, version=1))
