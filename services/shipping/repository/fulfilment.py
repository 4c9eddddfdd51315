"""Requests for parts, fulfilment orders and shipments."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from services.chassis.ids import derive_id
from services.shipping.domain.fulfilment import (
    FIRST_NUMBER,
    FulfilmentOrder,
    Outcome,
    PartLine,
    PartsRequest,
    Phase,
    RequestState,
)
from services.shipping.domain.known_order import KnownOrder
from services.shipping.domain.ship_to import ShipTo
from services.shipping.repository.numbering import take_number
from services.shipping.repository.orders import party_columns
from services.shipping.tables import fulfilment_orders, parts_requests

_NUMBER = "fulfilment_order"


def add_request(connection: Connection, request: PartsRequest, order: KnownOrder, now: datetime) -> None:
    """Stores a new request."""
    connection.execute(
        insert(parts_requests).values(
            id=request.id,
            work_order_id=request.work_order_id,
            work_order_number=order.number,
            acceptance_version=request.acceptance_version,
            state=int(request.state),
            **_ship_to_columns(request.ship_to, request.ship_to_zone),
            lines=[_wanted(line) for line in request.lines],
            fulfilment_order_id=request.fulfilment_order_id,
            create_time=now,
            **party_columns(order.parties),
        )
    )


def find_request(connection: Connection, work_order_id: str, acceptance_version: int = 0) -> PartsRequest | None:
    """The request of an acceptance; 0: the latest."""
    statement = select(parts_requests).where(parts_requests.c.work_order_id == work_order_id)
    if acceptance_version:
        statement = statement.where(parts_requests.c.acceptance_version == acceptance_version)
    row = connection.execute(statement.order_by(parts_requests.c.acceptance_version.desc())).mappings().first()
    return _request(row) if row else None


def requests_of(connection: Connection, work_order_id: str) -> list[PartsRequest]:
    """All requests of a work order, by acceptance."""
    columns = parts_requests.c
    wanted = select(parts_requests).where(columns.work_order_id == work_order_id).order_by(columns.acceptance_version)
    return [_request(row) for row in connection.execute(wanted).mappings()]


def save_request(connection: Connection, request: PartsRequest) -> None:
    """Writes a request that was added to, sent elsewhere or cancelled."""
    columns = parts_requests.c
    connection.execute(
        update(parts_requests)
        .where(columns.id == request.id)
        .values(
            acceptance_version=request.acceptance_version,
            state=int(request.state),
            lines=[_wanted(line) for line in request.lines],
            version=columns.version + 1,
            **_ship_to_columns(request.ship_to, request.ship_to_zone),
        )
    )


def open_requests_of(connection: Connection, issuer_org: str) -> list[tuple[str, int]]:
    """Work order and acceptance of every request of an issuer that was not ordered yet, oldest first."""
    columns = parts_requests.c
    statement = (
        select(columns.work_order_id, columns.acceptance_version)
        .where(columns.parties_issuer_org == issuer_org, columns.state == int(RequestState.REQUESTED))
        .order_by(columns.create_time, columns.id)
    )
    return [(row.work_order_id, row.acceptance_version) for row in connection.execute(statement)]


def next_number(connection: Connection) -> int:
    """The next number of a fulfilment order."""
    return take_number(connection, _NUMBER, FIRST_NUMBER)


def add_order(
    connection: Connection, placed: FulfilmentOrder, request: PartsRequest, order: KnownOrder, now: datetime
) -> None:
    """Stores a placed order and marks its request."""
    connection.execute(
        insert(fulfilment_orders).values(
            id=placed.id,
            number=placed.number,
            order_class=placed.order_class,
            parts_request_id=placed.parts_request_id,
            work_order_id=placed.work_order_id,
            work_order_number=order.number,
            acceptance_version=placed.acceptance_version,
            phase=int(placed.phase),
            **_ship_to_columns(placed.ship_to, placed.ship_to_zone),
            lines=[_ordered(line) for line in placed.lines],
            create_time=now,
            version=placed.version,
            **party_columns(order.parties),
        )
    )
    state = {"state": int(request.state), "fulfilment_order_id": request.fulfilment_order_id}
    columns = parts_requests.c
    connection.execute(
        update(parts_requests).where(columns.id == request.id).values(**state, version=columns.version + 1)
    )


def save_progress(connection: Connection, changed: Sequence[FulfilmentOrder]) -> None:
    """Writes phases, expected dates and versions."""
    if not changed:
        return
    names = ("phase", "expected_delivery_date", "required_parcels", "version")
    statement = update(fulfilment_orders).where(fulfilment_orders.c.id == bindparam("order_id"))
    rows = [
        {
            "order_id": order.id,
            "new_phase": int(order.phase),
            "new_expected_delivery_date": order.expected,
            "new_required_parcels": order.required_parcels,
            "new_version": order.version,
        }
        for order in changed
    ]
    connection.execute(statement.values(**{name: bindparam(f"new_{name}") for name in names}), rows)


def save_order(connection: Connection, order: FulfilmentOrder) -> None:
    """Writes everything of an order that may change after it was placed."""
    connection.execute(
        update(fulfilment_orders)
        .where(fulfilment_orders.c.id == order.id)
        .values(
            acceptance_version=order.acceptance_version,
            phase=int(order.phase),
            outcome=int(order.outcome),
            lines=[_ordered(line) for line in order.lines],
            expected_delivery_date=order.expected,
            required_parcels=order.required_parcels,
            version=order.version,
            **_ship_to_columns(order.ship_to, order.ship_to_zone),
        )
    )


def order_rows(connection: Connection, order_ids: Iterable[str]) -> dict[str, RowMapping]:
    """Fulfilment orders as rows by id."""
    wanted = select(fulfilment_orders).where(fulfilment_orders.c.id.in_(sorted(set(order_ids))))
    return {row["id"]: row for row in connection.execute(wanted).mappings()}


def order_row(connection: Connection, order_id: str) -> RowMapping:
    """A fulfilment order that exists, as its row, for answers and events."""
    statement = select(fulfilment_orders).where(fulfilment_orders.c.id == order_id)
    return connection.execute(statement).mappings().one()


def orders_of(connection: Connection, work_order_ids: Iterable[str]) -> list[FulfilmentOrder]:
    """All fulfilment orders of work orders, by number."""
    columns = fulfilment_orders.c
    wanted = select(fulfilment_orders).where(columns.work_order_id.in_(sorted(set(work_order_ids))))
    return [_order(row) for row in connection.execute(wanted.order_by(columns.number)).mappings()]


def work_orders_of_numbers(connection: Connection, order_numbers: Iterable[str]) -> dict[str, str]:
    """Work order id by number of the fulfilment order."""
    columns = fulfilment_orders.c
    wanted = select(columns.number, columns.work_order_id).where(columns.number.in_(sorted(set(order_numbers))))
    return {row.number: row.work_order_id for row in connection.execute(wanted)}


def _ship_to_columns(ship_to: ShipTo, zone: str) -> dict[str, Any]:
    columns = {f"ship_to_{field.name}": getattr(ship_to, field.name) for field in fields(ShipTo)}
    return {**columns, "ship_to_zone": zone}


def _ship_to(row: RowMapping) -> ShipTo:
    return ShipTo(**{field.name: row[f"ship_to_{field.name}"] for field in fields(ShipTo)})


def _wanted(line: PartLine) -> dict[str, Any]:
    """A line as the contract's PartLine."""
    return {
        "line_item_id": line.line_item_id,
        "part_id": line.part_id,
        "part_number": line.part_number,
        "part_name": line.part_name,
        "quantity": line.quantity,
        "returnable": line.returnable,
        "replaces_line_id": line.replaces,
    }


def _ordered(line: PartLine) -> dict[str, Any]:
    """A line as the contract's FulfilmentLine."""
    return {
        "id": line.id,
        "line_item_id": line.line_item_id,
        "part_number": line.part_number,
        "part_name": line.part_name,
        "quantity": line.quantity,
        "required": line.required,
        "replaced": line.replaced,
        "part_id": line.part_id,
        "returnable": line.returnable,
        "fault": line.fault,
        "replaces_line_id": line.replaces,
    }


def _line(values: dict[str, Any], default_id: str) -> PartLine:
    return PartLine(
        id=values.get("id", default_id),
        line_item_id=values.get("line_item_id", ""),
        part_id=values.get("part_id", ""),
        part_number=values.get("part_number", ""),
        part_name=values.get("part_name", ""),
        quantity=values.get("quantity", 0),
        returnable=values.get("returnable", False),
        required=values.get("required", "id" not in values),
        replaced=values.get("replaced", 0),
        fault=values.get("fault", ""),
        replaces=values.get("replaces_line_id", ""),
    )


def _request(row: RowMapping) -> PartsRequest:
    lines = [_line(values, derive_id("line", row["id"], index)) for index, values in enumerate(row["lines"])]
    return PartsRequest(
        row["id"],
        row["work_order_id"],
        row["acceptance_version"],
        tuple(lines),
        _ship_to(row),
        row["ship_to_zone"],
        RequestState(row["state"]),
        row["fulfilment_order_id"],
    )


def _order(row: RowMapping) -> FulfilmentOrder:
    return FulfilmentOrder(
        id=row["id"],
        number=row["number"],
        order_class=row["order_class"],
        parts_request_id=row["parts_request_id"],
        work_order_id=row["work_order_id"],
        acceptance_version=row["acceptance_version"],
        lines=tuple(_line(values, "") for values in row["lines"]),
        ship_to=_ship_to(row),
        ship_to_zone=row["ship_to_zone"],
        phase=Phase(row["phase"]),
        expected=row["expected_delivery_date"],
        required_parcels=row["required_parcels"],
        version=row["version"],
        outcome=Outcome(row["outcome"]),
    )
