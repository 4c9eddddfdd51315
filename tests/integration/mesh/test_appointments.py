"""Appointments and targets that move, over real processes: hard cases 4, 5 and 7."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.chassis.errors import Refusal
from tests.integration.mesh.test_main_line import ANNOUNCED, COLUMBUS, workday
from tests.support.stage import ACCEPTANCE

SUNDAY, MARCH = 6, 3
PHOENIX = {"account": "Saguaro Office Park", "site": "Saguaro Building C", "area": "Arizona", "to": "copperline"}
pytestmark = pytest.mark.xdist_group("mesh")


@pytest.fixture(scope="module")
def on_stage(shared: Any) -> Any:
    """What is late does not depend on the database or the transport; the services' own tests run on both."""
    return shared("embedded")


def agreed(day: dt.date, time: str) -> dict[str, object]:
    today = dt.datetime.now(COLUMBUS).date()
    return {"appointment.date": day, "appointment.time": time, "scheduling_completed_date": today}


def expect(stage: Any, order_id: str, day: dt.date) -> None:
    """The carrier tells when the parcel comes, and the target follows."""
    stage.track(order_id, ANNOUNCED, expected=day)
    stage.settle()


def due_of(stage: Any, order_id: str) -> dt.date:
    due = stage.order(order_id).sla.due_date
    return dt.date(due.year, due.month, due.day)


@pytest.mark.req("CP-79")
def test_hard_case_4_a_target_that_overtakes_an_appointment_flags_it_and_asks_nobody_why(on_stage: Any) -> None:
    today = dt.datetime.now(COLUMBUS).date()
    order_id = on_stage.accepted()
    expect(on_stage, order_id, workday(today, 6))
    on_stage.desk.fire("megan", order_id, "save_appointment", agreed(workday(today, 6), "10:00"))

    expect(on_stage, order_id, workday(today, 2))
    order = on_stage.order(order_id)

    assert due_of(on_stage, order_id) < workday(today, 6)
    assert [(flag.code, flag.blocks_close) for flag in order.flags] == [("target_before_appointment", False)]
    assert (order.appointment.delay_reason_code, order.appointment.time) == ("", "10:00")


@pytest.mark.req("CP-75")
def test_hard_case_5_a_target_that_moves_behind_the_question_is_asked_about_again(on_stage: Any) -> None:
    today = dt.datetime.now(COLUMBUS).date()
    order_id = on_stage.accepted()
    expect(on_stage, order_id, workday(today, 2))
    late = agreed(workday(today, 9), "10:00")
    answer = {"continue_past_target": True, "reason_code": "weather"}

    with pytest.raises(Refusal) as asked:
        on_stage.desk.fire("megan", order_id, "save_appointment", late)
    seen = int(asked.value.metadata["target_version"])
    expect(on_stage, order_id, workday(today, 3))
    with pytest.raises(Refusal) as again:
        on_stage.desk.fire("megan", order_id, "save_appointment", late, seen_target_version=seen, **answer)
    before = on_stage.order(order_id).appointment
    now = int(again.value.metadata["target_version"])
    on_stage.desk.fire("megan", order_id, "save_appointment", late, seen_target_version=now, **answer)

    assert (asked.value.reason, again.value.reason) == ("APPOINTMENT_AFTER_TARGET", "TARGET_CHANGED")
    assert now > seen
    assert not before.HasField("date")
    assert on_stage.order(order_id).appointment.delay_target_version == now


@pytest.mark.req("CP-39")
def test_hard_case_7_the_day_at_the_site_decides_on_the_weekend_that_clocks_change(on_stage: Any) -> None:
    """Delivered on the Friday before, due on the Monday after; late on Monday in Phoenix is Tuesday in New York."""
    change = dt.date(dt.datetime.now(COLUMBUS).year + 1, MARCH, 8)
    change += dt.timedelta(days=SUNDAY - change.weekday())
    friday, monday, tuesday = (change + dt.timedelta(days=days) for days in (-2, 1, 2))
    order_id = on_stage.allocated(**PHOENIX)
    on_stage.desk.fire("luz", order_id, "accept", ACCEPTANCE)
    on_stage.settle()
    expect(on_stage, order_id, friday)

    on_stage.desk.fire("luz", order_id, "save_appointment", agreed(monday, "23:30"))
    order = on_stage.order(order_id)
    with pytest.raises(Refusal) as asked:
        on_stage.desk.fire("luz", order_id, "save_appointment", agreed(tuesday, "00:30"))

    start = order.appointment.start_time.ToDatetime(tzinfo=dt.UTC)
    shown = {zone: start.astimezone(ZoneInfo(f"America/{zone}")) for zone in ("Phoenix", "Chicago", "New_York")}
    assert due_of(on_stage, order_id) == monday
    assert order.appointment.time_zone == "America/Phoenix"
    assert {zone: (at.date(), f"{at:%H:%M}") for zone, at in shown.items()} == {
        "Phoenix": (monday, "23:30"), "Chicago": (tuesday, "01:30"), "New_York": (tuesday, "02:30"),
    }  # fmt: skip
    assert asked.value.reason == "APPOINTMENT_AFTER_TARGET"
    assert order.appointment.delay_reason_code == ""
