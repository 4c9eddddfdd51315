"""Walking the history chains and naming the first row of each that does not hold (B-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import work_order_service_pb2
from sqlalchemy import func, or_, select

from services.chassis.errors import NotFound
from services.workorders.domain.history import Head, verify
from services.workorders.repository import history_row
from services.workorders.tables import history, work_orders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row

    from services.chassis.database import Database

BATCH = 200


def verify_chains(database: Database, wanted: str) -> Iterator[work_order_service_pb2.VerifyHistoryResponse]:
    """Walk one order's chain, by id or number, or all of them; progress after every batch. NotFound for no order."""
    checked, after = 0, ""
    with database.read() as connection:
        total = _total(connection, wanted)
    while True:
        with database.read() as connection:
            orders = _orders(connection, wanted, after)
            faults = [fault for order in orders if (fault := _fault(connection, order))]
        for fault in faults:
            yield fault
        checked += len(orders)
        yield work_order_service_pb2.VerifyHistoryResponse(checked=checked, total=max(total, checked))
        if len(orders) < BATCH:
            return
        after = orders[-1].id


def _total(connection: Connection, wanted: str) -> int:
    query = select(func.count()).select_from(work_orders)
    if wanted:
        query = query.where(or_(work_orders.c.id == wanted, work_orders.c.number == wanted))
    total = connection.execute(query).scalar_one()
    if wanted and not total:
        raise NotFound(f"There is no work order {wanted}.")
    return int(total)


def _orders(connection: Connection, wanted: str, after: str) -> list[Any]:
    columns = work_orders.c
    query = select(columns.id, columns.number, columns.history_head, columns.history_length).where(columns.id > after)
    if wanted:
        query = query.where(or_(columns.id == wanted, columns.number == wanted))
    return list(connection.execute(query.order_by(columns.id).limit(BATCH)))


def _fault(connection: Connection, order: Row[Any]) -> work_order_service_pb2.VerifyHistoryResponse | None:
    rows = connection.execute(select(history).where(history.c.work_order_id == order.id).order_by(history.c.sequence))
    chain = [history_row(dict(row)) for row in rows.mappings()]
    broken = verify(chain, Head(order.history_head, order.history_length))
    if broken is None:
        return None
    return work_order_service_pb2.VerifyHistoryResponse(
        work_order_number=order.number, sequence=broken.sequence, fault=broken.fault
    )
