"""What shipping tells of targets that come near is told on with the order, to whom it concerns (B-1)."""

from datetime import timedelta

import pytest
from fieldmesh.common.v1 import events_pb2 as envelopes
from fieldmesh.shipping.v1 import events_pb2 as shipping_events
from fieldmesh.workorders.v1 import events_pb2, work_order_pb2
from sqlalchemy import update

from services.workorders.handlers.verifying import verify_chains
from services.workorders.handlers.warned import SHIPPING, sla_warned
from services.workorders.tables import work_orders

from .conftest import DISPATCHER, NOW, PARTNER

FIRST, AT_RISK, DUE_DAY, BREACH = 1, 2, 3, 4

pytestmark = pytest.mark.req("B-1")


def warn(desk, order, kind, version=2, percent=75):
    """Shipping tells a warning: the kinds of a version one minute after the other, each version an hour later."""
    told = shipping_events.SlaWarned(work_order_id=order.id, target_version=version, kind=kind, percent=percent)
    told.due_time.FromDatetime(NOW + timedelta(days=1))
    told.windows.add(weekday=1, opens="08:00", closes="17:00")
    with desk.app.database.begin(actor=SHIPPING, now=desk.clock.now()) as transaction:
        event = envelopes.Event()
        event.occur_time.FromDatetime(NOW + timedelta(hours=version, minutes=kind))
        sla_warned(transaction, event, told)


def rows(desk, order):
    return [each for each in desk.history(order) if each.field == "sla.warning"]


def test_the_first_warning_goes_to_those_who_work_and_a_breach_to_the_dispatchers_as_well(desk):
    order = desk.allocated()
    desk.target(order, 2, NOW + timedelta(days=1))

    for kind in (FIRST, AT_RISK, BREACH):
        warn(desk, order, kind)

    told = desk.told(events_pb2.WorkOrderWarned)
    assert [each.notices[0].template for each in told] == ["target_warning", "target_warning", "target_missed"]
    assert ["issuer_dispatchers" in each.notices[0].recipients for each in told] == [False, True, True]
    assert [each.missed for each in told] == [False, False, True]
    assert told[0].work_order.number == order.number
    assert told[0].windows[0].opens == "08:00"


def test_a_warning_of_an_older_target_or_of_an_unknown_order_is_passed_over(desk):
    order = desk.allocated()
    desk.target(order, 3, NOW + timedelta(days=1))
    warn(desk, order, BREACH, version=2)
    order.id = "nobody"
    warn(desk, order, BREACH)

    assert desk.told(events_pb2.WorkOrderWarned) == []


def test_the_view_of_what_is_at_risk_shows_what_is_near_or_past_and_nothing_else(desk):
    overdue, later, ended = desk.allocated(), desk.allocated(), desk.allocated()
    desk.target(overdue, 2, NOW - timedelta(hours=1))
    desk.target(later, 2, NOW + timedelta(days=1))
    desk.target(ended, 2, NOW - timedelta(hours=1))
    with desk.app.database.begin(actor=SHIPPING, now=NOW) as transaction:
        transaction.execute(update(work_orders).where(work_orders.c.id == ended.id).values(category="dead"))

    for caller in (DISPATCHER, PARTNER):
        assert [each.number for each in desk.list(caller, view="at_risk").work_orders] == [overdue.number]


def test_each_warning_is_a_row_of_history_and_stands_with_the_target_until_that_moves(desk):
    order = desk.allocated()
    desk.target(order, 2, NOW + timedelta(days=1))
    etag = desk.get(order.id).etag

    for kind, percent in ((FIRST, 50), (AT_RISK, 75), (DUE_DAY, 0), (BREACH, 0)):
        warn(desk, order, kind, percent=percent)
        warn(desk, order, kind, percent=percent)
    warn(desk, order, AT_RISK)
    passed = desk.get(order.id)
    desk.target(order, 3, NOW + timedelta(days=2))
    lifted = desk.get(order.id).sla

    assert [(each.old_value, each.new_value, each.reason) for each in rows(desk, order)] == [
        ("", "Early warning", "50 % of the time is used up"),
        ("Early warning", "At risk", "75 % of the time is used up"),
        ("At risk", "Due day", ""),
        ("Due day", "Target passed", ""),
        ("Target passed", "", ""),
    ]
    assert "version 2, told" in rows(desk, order)[0].evidence
    assert "version 3, told" in rows(desk, order)[-1].evidence
    assert rows(desk, order)[0].actor.subject == "service:shipping"
    assert passed.sla.warning == work_order_pb2.SLA_WARNING_TARGET_PASSED
    assert passed.sla.warning_time.ToDatetime() == (NOW + timedelta(hours=2, minutes=BREACH)).replace(tzinfo=None)
    assert (lifted.warning, lifted.HasField("warning_time")) == (work_order_pb2.SLA_WARNING_UNSPECIFIED, False)
    assert desk.get(order.id).etag == etag
    assert [each.fault for each in verify_chains(desk.app.database, order.number)] == [""]
    told = desk.told(events_pb2.WorkOrderWarned)
    assert [each.work_order.sla.warning for each in told] == [1, 2, 3, 4]


def test_a_new_version_that_is_due_at_the_same_instant_keeps_what_was_told(desk):
    order = desk.allocated()
    desk.target(order, 2, NOW + timedelta(days=1))
    warn(desk, order, AT_RISK)
    desk.target(order, 3, NOW + timedelta(days=1))

    assert desk.get(order.id).sla.warning == work_order_pb2.SLA_WARNING_AT_RISK
    assert [each.new_value for each in rows(desk, order)] == ["At risk"]
    desk.target(order, 4, NOW + timedelta(days=3))
    warn(desk, order, FIRST, version=4, percent=50)
    assert [each.new_value for each in rows(desk, order)] == ["At risk", "", "Early warning"]


@pytest.mark.parametrize("category", ["held", "dead"])
def test_an_order_on_hold_or_ended_gets_no_row(desk, category):
    order = desk.allocated()
    desk.target(order, 2, NOW + timedelta(days=1))
    with desk.app.database.begin(actor=SHIPPING, now=NOW) as transaction:
        transaction.execute(update(work_orders).where(work_orders.c.id == order.id).values(category=category))

    warn(desk, order, BREACH)

    assert rows(desk, order) == []
    assert desk.told(events_pb2.WorkOrderWarned) == []
