"""10,000 open targets computed anew after a calendar was published (design: at most 30 s)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as drafts
from fieldmesh.shipping.v1 import sla_pb2
from google.type import date_pb2
from sqlalchemy import Table, insert, select

from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.identity import Caller
from services.chassis.migrations import migrate
from services.shipping import seeds, tables
from services.shipping.bootstrap import assemble
from tests.integration.shipping.conftest import ME, NOW, Desk, carrier_says

ADMIN = Caller("p-9", roles=frozenset({"admin"}), organization_id="voltara", organization_kind="vendor")
_OF_AN_ORDER = (tables.fulfilment_orders, tables.parcels, tables.tracking_events, tables.sla_targets)
_KEYS = ("id", "number", "work_order_id", "fulfilment_order_id", "parts_request_id", "parcel_id", "tracking_number")


@contextmanager
def recalculation(url: str, count: int) -> Iterator[Callable[[], None]]:
    """So many open orders and a calendar just published; gives what computes them all anew, once."""
    migrate("shipping", url)
    database = Database(url, clock=ScriptedClock(NOW))
    try:
        desk = Desk(assemble(database, ScriptedClock(NOW)), ScriptedClock(NOW))
        with database.begin(actor=ME) as transaction:
            seeds.seed(transaction.connection)
        _orders(desk, count)
        _publish(desk)
        yield lambda: _recalculate(desk, count)
    finally:
        database.close()


def _recalculate(desk: Desk, count: int) -> None:
    while desk.app.recalculating.run_due(NOW):
        pass
    done = desk.list("SlaRecalculation")[0]
    if (done.done, done.moved) != (count, count):
        raise RuntimeError(f"{done.done} of {count} were looked at, {done.moved} moved")


def _orders(desk: Desk, count: int) -> None:
    """One order as the service makes it, and copies of all its rows."""
    desk.accept("w0")
    desk.track(carrier_says(1, 2, order=desk.place(order="w0").number, expected=date(2026, 3, 1)))
    with desk.app.database.begin(actor=ME) as transaction:
        for table in (tables.work_orders, *_OF_AN_ORDER):
            found = transaction.connection.execute(select(table)).mappings().all()
            rows = [_copy(table, row, number) for number in range(1, count) for row in found]
            transaction.connection.execute(insert(table), rows)


def _copy(table: Table, row: Any, number: int) -> dict[str, Any]:
    keys = {name: f"{row[name]}-{number}" for name in _KEYS if name in table.c}
    return {**row, **keys}


def _publish(desk: Desk) -> None:
    version = next(each for each in desk.list("BusinessCalendar") if each.in_force)
    made = desk.call("sla_drafts", "StartCalendarDraft", ADMIN, drafts.StartCalendarDraftRequest(from_id=version.id))
    closed = sla_pb2.CalendarException(date=date_pb2.Date(year=2026, month=3, day=2), name="Stocktaking")
    made = desk.call(
        "sla_drafts",
        "SetCalendarDays",
        ADMIN,
        drafts.SetCalendarDaysRequest(id=made.id, etag=made.etag, days=[closed]),
    )
    desk.call("sla_drafts", "PublishVersion", ADMIN, drafts.PublishVersionRequest(id=made.id, etag=made.etag))
