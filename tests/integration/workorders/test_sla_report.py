"""How well targets were met, by partner, territory and month, excused delays apart (B-1)."""

from datetime import date, timedelta

import pytest
from fieldmesh.workorders.v1 import sla_report_service_pb2
from google.type import date_pb2
from sqlalchemy import update

from services.chassis.errors import InvalidRequest
from services.workorders.domain.target import SlaState
from services.workorders.handlers.warned import SHIPPING
from services.workorders.tables import reason_codes, work_orders

from .conftest import DISPATCHER, NOW, PARTNER, STRANGER

pytestmark = [pytest.mark.req("B-1"), pytest.mark.req("CP-77")]


def report(desk, caller, first=(2026, 1), last=(2026, 12)):
    asked = sla_report_service_pb2.ReportSlaRequest(
        first_month=date_pb2.Date(year=first[0], month=first[1], day=1),
        last_month=date_pb2.Date(year=last[0], month=last[1], day=1),
    )
    return list(desk.call(desk.app.sla_report, "ReportSla", caller, asked).rows)


def stood(desk, state, month, reason="", due=NOW + timedelta(days=1)):
    """An allocated order whose target ended in a state."""
    order = desk.allocated()
    values = {"sla_state": state, "sla_due_date": date(2026, month, 10), "sla_due_time": due,
              "appointment_delay_reason_code": reason}  # fmt: skip
    with desk.app.database.begin(actor=SHIPPING, now=NOW) as transaction:
        transaction.execute(update(work_orders).where(work_orders.c.id == order.id).values(**values))


def test_targets_are_counted_once_each_by_partner_territory_and_month(desk):
    with desk.app.database.begin(actor=SHIPPING, now=NOW) as transaction:
        transaction.execute(update(reason_codes).where(reason_codes.c.code == "weather").values(excused=True))
    stood(desk, SlaState.MET, 3)
    stood(desk, SlaState.MISSED, 3)
    stood(desk, SlaState.MISSED, 3, "weather")
    stood(desk, SlaState.RUNNING, 3, due=NOW - timedelta(hours=1))
    stood(desk, SlaState.RUNNING, 4)
    stood(desk, SlaState.PAUSED, 4, due=NOW - timedelta(hours=1))
    stood(desk, SlaState.VOID, 4)

    rows = report(desk, DISPATCHER)

    counts = [(row.month.month, row.met, row.missed, row.excused, row.overdue, row.open) for row in rows]
    assert counts == [(3, 1, 1, 1, 1, 0), (4, 0, 0, 0, 0, 2)]
    assert rows[0].executor_name
    assert rows[0].territory_name
    assert report(desk, PARTNER) == rows
    assert report(desk, STRANGER) == []
    assert [row.month.month for row in report(desk, DISPATCHER, (2026, 4), (2026, 4))] == [4]


def test_months_that_cannot_be_meant_are_named(desk):
    with pytest.raises(InvalidRequest) as refused:
        report(desk, DISPATCHER, (2026, 5), (2026, 4))
    assert [each.field for each in refused.value.violations] == ["last_month"]
    with pytest.raises(InvalidRequest) as refused:
        report(desk, DISPATCHER, (2026, 13), (0, 0))
    assert [each.field for each in refused.value.violations] == ["first_month", "last_month"]
