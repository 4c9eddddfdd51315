"""Local times, miles, paths and texts."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.workorders.domain import paths
from services.workorders.domain.appointments import instant_of, is_late
from services.workorders.domain.errors import AppointmentTimeInvalid
from services.workorders.domain.fulfilment import implied_transition
from services.workorders.domain.target import SlaSummary
from services.workorders.domain.texts import text_of
from services.workorders.domain.travel import billable_miles, billable_miles_in_all
from services.workorders.domain.values import Money
from services.workorders.domain.work_order import ClockFold, Ending, Hold, HoldRequest, Travel, WorkOrder
from tests.support.orders import WORKFLOW, order

CHICAGO = "America/Chicago"


def test_a_skipped_local_time_is_refused():
    with pytest.raises(AppointmentTimeInvalid) as refused:
        instant_of(date(2026, 3, 8), "02:30", CHICAGO)

    assert refused.value.reason == "LOCAL_TIME_MISSING"


def test_a_local_time_that_comes_twice_asks_which():
    with pytest.raises(AppointmentTimeInvalid) as asked:
        instant_of(date(2026, 11, 1), "01:30", CHICAGO)

    assert asked.value.reason == "LOCAL_TIME_TWICE"
    assert instant_of(date(2026, 11, 1), "01:30", CHICAGO, ClockFold.EARLIER) == datetime(
        2026, 11, 1, 6, 30, tzinfo=UTC
    )
    assert instant_of(date(2026, 11, 1), "01:30", CHICAGO, ClockFold.LATER) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("clock", ["25:00", "9", "noon"])
def test_what_is_no_time_is_refused(clock):
    with pytest.raises(AppointmentTimeInvalid):
        instant_of(date(2026, 3, 9), clock, CHICAGO)


def test_phoenix_keeps_no_daylight_saving_time():
    assert instant_of(date(2026, 7, 1), "09:00", "America/Phoenix") == datetime(2026, 7, 1, 16, 0, tzinfo=UTC)


def test_an_appointment_at_the_exclusive_instant_is_late():
    due = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)

    assert is_late(due, SlaSummary(due_time=due))
    assert not is_late(datetime(2026, 3, 3, 5, 59, 59, tzinfo=UTC), SlaSummary(due_time=due))
    assert not is_late(due, SlaSummary())


@pytest.mark.req("CP-52")
@given(st.floats(0, 5000), st.floats(0, 500), st.integers(1, 20))
def test_billable_miles_are_never_negative_and_count_for_each_technician(trip, free, technicians):
    each = billable_miles(trip, free)

    assert each == pytest.approx(max(0, trip - free), abs=0.005)
    assert billable_miles_in_all(trip, free, technicians) == pytest.approx(each * technicians, abs=0.01)


def test_writing_a_path_leaves_the_original():
    before = order()

    after = paths.write(before, {"ship_to.city": "Waco", "subject": "x", "travel.technicians": 2})

    assert (after.ship_to.city, after.subject, after.travel.technicians) == ("Waco", "x", 2)
    assert before.ship_to.city == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (Money("USD", 12_500_000), "12.50 USD"),
        (Money("USD", -670_000), "-0.67 USD"),
        (datetime(2026, 3, 2, 15, 0, tzinfo=UTC), "2026-03-02T15:00:00Z"),
        (date(2026, 3, 2), "2026-03-02"),
        (("a", "b"), "a, b"),
        (1_234_567.8, "1234567.8"),  # every digit of a meter read
        (100_000_000.0, "100000000"),
        (0.1 + 0.2, "0.3"),
        (0.0, "0"),
    ],
)
def test_values_as_people_read_them(value, text):
    assert text_of(value) == text


def test_parts_never_move_an_order_back():
    definition = WORKFLOW.definition

    assert implied_transition(definition, "ship_to_received", "delivered").name == "parts_delivered"
    assert implied_transition(definition, "shipped", "opened") is None
    assert implied_transition(definition, "in_progress", "delivered") is None


@pytest.mark.req("CP-52")
@pytest.mark.parametrize(
    ("technicians", "told"),
    [
        (1, "120.5 mi round trip; 1 technician; 70.5 mi billable"),
        (2, "120.5 mi round trip; 2 technicians; 70.5 mi billable each, 141 mi in all"),
    ],
)
def test_travel_is_told_for_each_technician_and_in_all(technicians, told):
    assert text_of(Travel(120.5, technicians, 50.0, 70.5)) == told


INSTANTS = st.datetimes(timezones=st.just(UTC))
PLAIN = {
    str: st.sampled_from(["", "Words."]),
    float: st.floats(0, 1e6),
    date: st.dates(),
    datetime: INSTANTS,
    date | None: st.none() | st.dates(),
    datetime | None: st.none() | INSTANTS,
    float | None: st.none() | st.floats(0, 1e6),
}


def groups_of(kind):
    for told in get_type_hints(kind).values():
        for each in (told, *get_args(told)):
            if is_dataclass(each):
                yield each


@pytest.mark.req("CP-45")
@pytest.mark.parametrize("kind", sorted(set(groups_of(WorkOrder)), key=str), ids=lambda kind: kind.__name__)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_a_history_tells_of_an_order_is_in_words(kind, data):
    known = {field.name: PLAIN[told] for field in fields(kind) if (told := get_type_hints(kind)[field.name]) in PLAIN}

    told = text_of(data.draw(st.builds(kind, **known)))

    assert not re.search(r"\w+\(.*=", told)
    assert "datetime" not in told


def test_a_hold_and_an_end_are_told_by_their_reasons():
    hold = Hold(date(2026, 11, 27), "Customer asked to wait: The garage is repainted.", from_state="in_progress")

    assert text_of(hold) == "until 2026-11-27; Customer asked to wait: The garage is repainted."
    assert text_of(HoldRequest("Please wait.")) == "Please wait."
    assert text_of(Ending("obstruction", "Physical obstruction: A wall.")) == "Physical obstruction: A wall."
