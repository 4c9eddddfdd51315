"""One instant, seen from several places, on a weekend on which some clocks change and others do not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from admin.grpcfab import cells
from services.notifications import wording
from services.workorders.domain.appointments import day_at
from services.workorders.domain.outcome import Outcome, Refusal
from services.workorders.domain.target import SlaState, SlaSummary
from tests.support.orders import PARTNER_USER, fire, order

CHANGE = date(2026, 11, 1)  # New York and Chicago set their clocks back, Phoenix does not
DUE = datetime(2026, 11, 2, 7, tzinfo=UTC)  # the end of that day in Phoenix


def site(**changes):
    sla = SlaSummary("sla-1", 3, SlaState.RUNNING, DUE, CHANGE)
    return order("in_progress", site_time_zone="America/Phoenix", sla=sla, **changes)


def scheduled(clock):
    agreed = {"appointment.date": CHANGE, "appointment.time": clock}
    return fire(site(), "save_appointment", PARTNER_USER, agreed)


@pytest.mark.req("CP-5")
@pytest.mark.req("CP-74")
def test_hard_case_7_one_instant_has_three_displays_and_one_legal_date():
    booked = scheduled("01:30")  # a time that comes twice in New York and in Chicago, and once at the site

    start = booked.order.appointment.start_time
    assert start == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert wording.instant(start, "America/Phoenix") == "Sun 1 Nov 2026, 01:30 MST"
    assert cells.instant(start, ZoneInfo("America/New_York")).text == "1 Nov 2026, 03:30 EST"
    assert cells.instant(start, ZoneInfo("America/Chicago")).text == "1 Nov 2026, 02:30 CST"
    assert day_at(booked.order, start) == CHANGE


@pytest.mark.req("CP-74")
def test_hard_case_7_the_sites_date_decides_whether_an_appointment_is_late():
    last_minute = scheduled("23:59")

    assert isinstance(last_minute, Outcome)
    assert day_at(last_minute.order, last_minute.order.appointment.start_time) == CHANGE
    assert cells.instant(last_minute.order.appointment.start_time, ZoneInfo("America/New_York")).text.startswith(
        "2 Nov"
    )
    late = fire(
        site(), "save_appointment", PARTNER_USER, {"appointment.date": date(2026, 11, 2), "appointment.time": "00:00"}
    )
    assert isinstance(late, Refusal)
    assert late.error.reason == "APPOINTMENT_AFTER_TARGET"
