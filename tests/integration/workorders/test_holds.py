"""Holds over the servicers, on both databases: who holds, what the parts do meanwhile, and how work resumes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.workorders import seeds
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import ADMIN, DISPATCHER, ME, PARTNER, appointment, on

THURSDAY = date(2026, 3, 5)
HOLD = {"reason_code": "customer_request", "resume_date": on(THURSDAY), "comment": "The site is closed"}
# The site is in Texas: its Thursday begins six hours after that of UTC.
THURSDAY_BEGINS = datetime(2026, 3, 5, 6, tzinfo=UTC)


@pytest.fixture
def holding(desk):
    with desk.app.database.begin(actor=ME, now=desk.clock.now()) as transaction:
        seeds.seed(transaction.connection)
    return desk


@pytest.mark.req("CP-30")
@pytest.mark.req("CP-78")
def test_a_dispatcher_holds_until_a_day_and_the_partner_cannot(holding):
    order = holding.accepted()

    with pytest.raises(WorkOrderError) as refused:
        holding.fire(order, "hold", PARTNER, **HOLD)
    held = holding.fire(order, "hold", DISPATCHER, **HOLD).work_order

    assert refused.value.reason == "ROLE_NOT_ALLOWED"
    assert (held.state_label, held.clock_running) == ("On Hold", False)
    assert held.hold.reason == "Customer asked to wait: The site is closed"
    assert (held.hold.resume_date.day, held.hold.from_state) == (5, "ship_to_received")
    moved = holding.told()[-1]
    assert [notice.template for notice in moved.notices] == ["work_order_held"]
    assert moved.work_order.hold.resume_date.day == 5
    post = holding.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0]
    assert post.body == "On hold until 2026-03-05. The site is closed"


@pytest.mark.req("CP-78")
def test_work_resumes_by_itself_when_the_day_begins_at_the_site(holding):
    order = holding.accepted()
    holding.fire(order, "hold", DISPATCHER, **HOLD)

    before = holding.app.due.run_due(THURSDAY_BEGINS.replace(hour=5, minute=59))
    then = holding.app.due.run_due(THURSDAY_BEGINS)
    again = holding.app.due.run_due(THURSDAY_BEGINS)

    resumed = holding.get(order.id)
    assert (before, then, again) == (0, 1, 0)
    assert (resumed.state, resumed.clock_running) == ("ship_to_received", True)
    assert not resumed.hold.HasField("resume_date")
    row = holding.history(order)[-1]
    assert (row.field, row.old_value, row.new_value) == ("state", "On Hold", "Ship-To Received")
    assert row.actor.display_name == "workorders"


def test_parts_that_arrive_while_work_is_held_leave_it_held_and_decide_where_it_resumes(holding):
    order = holding.accepted()
    holding.fire(order, "hold", DISPATCHER, **HOLD)

    holding.parts(order, 4, 3)
    during = holding.get(order.id)
    resumed = holding.fire(order, "resume", DISPATCHER).work_order

    assert (during.state, during.fulfilment.phase) == ("on_hold", "delivered")
    assert resumed.state == "in_progress"
    assert not [answer for answer in holding.orders("VerifyHistory", ADMIN) if answer.fault]


@pytest.mark.req("CP-88")
@pytest.mark.req("CP-89")
@pytest.mark.parametrize(
    ("transition", "caller", "reason", "label"),
    [
        ("could_not_complete", PARTNER, "inaccessible", "Cannot Complete"),
        ("reject", PARTNER, "mismatch", "Rejected"),
        ("cancel", DISPATCHER, "customer_upgrade", "Cancelled"),
    ],
)
def test_ended_orders_say_why_and_stand_in_the_view_of_ends(holding, transition, caller, reason, label):
    order = holding.allocated()

    ended = holding.fire(order, transition, caller, reason_code=reason, comment="Seen on site").work_order

    assert (ended.state_label, ended.ending.reason_code) == (label, reason)
    assert ended.ending.reason.endswith(": Seen on site")
    listed = holding.list(PARTNER, view="ended").work_orders
    assert [each.id for each in listed] == [order.id]
    assert holding.list(PARTNER, view="my_open").work_orders == []


@pytest.mark.req("CP-78")
def test_a_partner_asks_for_a_hold_that_the_dispatcher_declines_or_grants(holding):
    order = holding.accepted()

    asked = holding.fire(order, "request_hold", PARTNER, comment="Closed until Thursday").work_order
    mailed = holding.told()[-1].notices[0]
    holding.fire(order, "decline_hold_request", DISPATCHER, comment="The customer insists")
    declined = holding.get(order.id)
    holding.fire(order, "request_hold", PARTNER, comment="Nobody opens")
    held = holding.fire(order, "hold", DISPATCHER, **HOLD).work_order

    assert (asked.state, asked.hold_request.text) == ("ship_to_received", "Closed until Thursday")
    assert (mailed.template, list(mailed.recipients)) == ("hold_requested", ["issuer_dispatchers"])
    assert declined.hold_request.text == ""
    assert (held.state, held.hold_request.text) == ("on_hold", "")
    said = [post.body for post in holding.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts]
    assert {"Closed until Thursday", "The customer insists", "Nobody opens"} <= set(said)


@pytest.mark.req("CP-79")
def test_the_schedule_is_looked_at_when_work_resumes(holding):
    order = holding.accepted()
    holding.fire(order, "save_appointment", PARTNER, **appointment(date(2026, 3, 3)))
    holding.fire(order, "hold", DISPATCHER, **HOLD)

    holding.app.due.run_due(THURSDAY_BEGINS)
    resumed = holding.get(order.id)
    agreed = holding.fire(order, "save_appointment", PARTNER, **appointment(date(2026, 3, 9))).work_order

    assert [(flag.code, flag.blocks_close) for flag in resumed.flags] == [("appointment_passed", False)]
    assert "3 March 2026, 09:00 passed while work was held" in resumed.flags[0].message
    assert list(agreed.flags) == []


@pytest.mark.req("CP-73")
def test_hard_case_4_a_target_that_overtakes_an_agreed_appointment_is_flagged_and_nobody_is_blamed(holding):
    order = holding.accepted()
    holding.target(order, 1, datetime(2026, 3, 6, 6, tzinfo=UTC))
    holding.fire(order, "save_appointment", PARTNER, **appointment(date(2026, 3, 5)))

    holding.target(order, 2, datetime(2026, 3, 5, 6, tzinfo=UTC))
    overtaken = holding.get(order.id)
    holding.target(order, 3, datetime(2026, 3, 6, 6, tzinfo=UTC))
    again = holding.get(order.id)

    assert [flag.code for flag in overtaken.flags] == ["target_before_appointment"]
    assert "moved to 4 March 2026, before the appointment of 5 March 2026, 09:00" in overtaken.flags[0].message
    assert (overtaken.appointment.delay_reason_code, overtaken.state) == ("", "ship_to_received")
    assert "Flags" in {row.field_label for row in holding.history(order)}
    assert list(again.flags) == []
