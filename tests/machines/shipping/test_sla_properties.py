"""Properties of the SLA engine, and its arithmetic against independent implementations."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shipping.domain.calendar import CalendarVersion, DayException, Window
from services.shipping.domain.policy import (
    AssignmentAnchor,
    DeliveryAnchor,
    Pause,
    Policy,
    RequiredDelivery,
    SlaInputs,
    Unit,
)
from services.shipping.domain.sla import Target, compute

pytestmark = [pytest.mark.req("CP-72"), pytest.mark.req("B-1")]

FIRST, LAST = date(2025, 1, 1), date(2028, 12, 31)
ZONES = ("America/Chicago", "America/Phoenix", "America/New_York", "America/Indiana/Indianapolis", "Pacific/Honolulu")
HOLIDAYS = [date(2025, 12, 25), date(2026, 1, 1), date(2026, 7, 3), date(2026, 11, 26), date(2027, 5, 31)]
NINE_TO_FIVE = (Window(480, 1020),)
US = CalendarVersion("us", "US", 1, (NINE_TO_FIVE,) * 5 + ((),) * 2, dict.fromkeys(HOLIDAYS, "Holiday"))
LUNCH = CalendarVersion("lunch", "Lunch", 1, ((Window(480, 720), Window(780, 1020)),) * 5 + ((),) * 2)

days = st.dates(date(2025, 6, 1), date(2027, 6, 1))
instants = st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(ZONES)
policies = st.one_of(
    st.builds(Policy, st.just("d"), st.just("Days"), st.just(1), st.just(Unit.BUSINESS_DAYS), st.integers(0, 12)),
    st.builds(Policy, st.just("b"), st.just("Hours"), st.just(1), st.just(Unit.BUSINESS_HOURS), st.integers(1, 60)),
    st.builds(Policy, st.just("c"), st.just("Clock"), st.just(1), st.just(Unit.CLOCK_HOURS), st.integers(1, 200)),
)


@st.composite
def pauses(draw, least: int = 0) -> tuple[Pause, ...]:
    starts = draw(st.lists(instants, min_size=least, max_size=3))
    return tuple(
        Pause(start, start + draw(st.timedeltas(timedelta(minutes=1), timedelta(days=12)))) for start in starts
    )


@st.composite
def weeks(draw, earliest: int = 0) -> CalendarVersion:
    """Any calendar that works at least on Wednesdays; several windows a day, holidays, exceptions."""
    week = []
    for weekday in range(7):
        edges = sorted(draw(st.sets(st.integers(earliest, 96), max_size=6)))
        if weekday == 2 and len(edges) < 2:
            edges = [32, 68]
        week.append(tuple(Window(a * 15, b * 15) for a, b in list(pairwise(edges))[::2]))
    closed = draw(st.sets(days, max_size=5))
    worked = draw(st.sets(days, max_size=3))
    exceptions = {day: DayException("Worked", (Window(600, 720),)) for day in worked}
    return CalendarVersion("any", "Any", 1, tuple(week), dict.fromkeys(closed, "Closed"), exceptions)


def deliveries(*expected: date) -> DeliveryAnchor:
    return DeliveryAnchor(tuple(RequiredDelivery(str(index), day) for index, day in enumerate(expected)))


anchors = st.one_of(
    st.builds(AssignmentAnchor, instants), st.lists(days, min_size=1, max_size=3).map(lambda d: deliveries(*d))
)


def due(target: Target) -> datetime:
    assert target.due_at is not None
    return target.due_at


@given(policies, weeks(), zones, days, days)
def test_a_later_delivery_never_gives_an_earlier_target(policy, calendar, zone, one, other) -> None:
    early, late = sorted((one, other))

    first = compute(SlaInputs(policy, calendar, zone, deliveries(early)))
    second = compute(SlaInputs(policy, calendar, zone, deliveries(late)))

    assert due(first) <= due(second)


@given(policies, weeks(), zones, instants, instants)
def test_a_later_assignment_never_gives_an_earlier_target(policy, calendar, zone, one, other) -> None:
    early, late = sorted((one, other))

    first = compute(SlaInputs(policy, calendar, zone, AssignmentAnchor(early)))
    second = compute(SlaInputs(policy, calendar, zone, AssignmentAnchor(late)))

    assert due(first) <= due(second)


@given(policies, zones, days, days, pauses())
def test_a_later_delivery_never_gives_an_earlier_target_whatever_was_held(policy, zone, one, other, held) -> None:
    """With days of one length; where lengths differ, a held long day may weigh more than a short one gained."""
    early, late = sorted((one, other))

    first = compute(SlaInputs(policy, US, zone, deliveries(early), held))
    second = compute(SlaInputs(policy, US, zone, deliveries(late), held))

    assert due(first) <= due(second)


@given(policies, weeks(), zones, anchors, pauses())
def test_computing_again_gives_the_same_target_and_the_same_steps(policy, calendar, zone, anchor, held) -> None:
    again = CalendarVersion(
        calendar.id, calendar.name, calendar.version, calendar.week, calendar.holidays, calendar.exceptions
    )

    first = compute(SlaInputs(policy, calendar, zone, anchor, held))
    second = compute(SlaInputs(policy, again, zone, anchor, tuple(reversed(held))))

    assert (first.due_at, first.due_date, first.warn_at) == (second.due_at, second.due_date, second.warn_at)
    assert first.words() == second.words()


@given(policies.filter(lambda policy: policy.unit is not Unit.CLOCK_HOURS), zones, anchors, pauses(), days)
def test_a_hold_of_no_business_time_changes_nothing(policy, zone, anchor, held, day) -> None:
    saturday = datetime.combine(day + timedelta(days=5 - day.weekday()), time(0), ZoneInfo(zone)).astimezone(UTC)
    weekend = Pause(saturday, saturday + timedelta(days=2))

    without = compute(SlaInputs(policy, US, zone, anchor, held))
    with_it = compute(SlaInputs(policy, US, zone, anchor, (*held, weekend)))

    assert (without.due_at, without.due_date) == (with_it.due_at, with_it.due_date)


@given(policies, weeks(), zones, anchors, pauses(least=1))
def test_a_hold_never_brings_a_target_forward(policy, calendar, zone, anchor, held) -> None:
    assert due(compute(SlaInputs(policy, calendar, zone, anchor, held))) >= due(
        compute(SlaInputs(policy, calendar, zone, anchor))
    )


@given(policies, weeks(), zones, anchors, pauses(least=1))
def test_no_hold_lifts_a_breach(policy, calendar, zone, anchor, held) -> None:
    before = compute(SlaInputs(policy, calendar, zone, anchor))
    late = tuple(pause for pause in held if pause.start >= due(before))

    assert compute(SlaInputs(policy, calendar, zone, anchor, late)).due_at == before.due_at


@settings(max_examples=300)
@given(days, st.integers(0, 60), zones)
def test_days_agree_with_numpy(anchor: date, amount: int, zone: str) -> None:
    policy = Policy("d", "Days", 1, Unit.BUSINESS_DAYS, amount)

    result = compute(SlaInputs(policy, US, zone, deliveries(anchor)))

    roll = "backward" if amount else "forward"
    oracle = np.busday_offset(np.datetime64(anchor), amount, roll=roll, holidays=np.array(HOLIDAYS, "datetime64[D]"))
    assert result.due_date == oracle.astype(date)


@settings(max_examples=200, deadline=None)
@given(st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1)), st.integers(1, 60))  # noqa: DTZ001
def test_business_hours_agree_with_pandas(start: datetime, amount: int) -> None:
    """Pandas answers the next opening where the end falls exactly on a closing; Phoenix has one offset all year."""
    start = start.replace(microsecond=0)
    policy = Policy("b", "Hours", 1, Unit.BUSINESS_HOURS, amount)
    phoenix = ZoneInfo("America/Phoenix")

    result = compute(SlaInputs(policy, LUNCH, "America/Phoenix", AssignmentAnchor(start.replace(tzinfo=phoenix))))

    hours = pd.offsets.CustomBusinessHour(n=amount, start=["08:00", "13:00"], end=["12:00", "17:00"])
    oracle = (pd.Timestamp(start) + hours).to_pydatetime()
    local = due(result).astimezone(phoenix).replace(tzinfo=None)
    if local.time() in {time(12), time(17)}:
        following = {time(12): local.replace(hour=13), time(17): _next_opening(local)}[local.time()]
        assert oracle in {local, following}
    else:
        assert oracle == local


def _next_opening(closing: datetime) -> datetime:
    opening = closing.replace(hour=8) + timedelta(days=1)
    while opening.weekday() >= 5:
        opening += timedelta(days=1)
    return opening


@settings(max_examples=40, deadline=None)
@given(weeks(earliest=12), zones, days, st.integers(1, 5), pauses())
def test_paused_days_agree_with_counting_quarter_by_quarter(calendar, zone, anchor, amount, held) -> None:
    """A second implementation that knows nothing of sums: it ticks through the quarters of an hour.

    No window touches the hour that clocks repeat in autumn, which the calendar counts once.
    """
    held = tuple(Pause(_quarter(pause.start), _quarter(pause.end or pause.start)) for pause in held)
    policy = Policy("d", "Days", 1, Unit.BUSINESS_DAYS, amount)

    result = compute(SlaInputs(policy, calendar, zone, deliveries(anchor), held))

    assert result.due_date == _tick_through(calendar, ZoneInfo(zone), anchor, amount, held)


def _quarter(instant: datetime) -> datetime:
    return instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)


def _worked_quarters(calendar: CalendarVersion, zone: ZoneInfo, day: date) -> list[datetime]:
    if not calendar.windows_on(day):
        return []
    quarters = []
    midnight = datetime.combine(day, time(0), zone).astimezone(UTC)
    for offset in range(0, 26 * 60, 15):
        at = midnight + timedelta(minutes=offset)
        local = at.astimezone(zone)
        shown = local.hour * 60 + local.minute
        if local.date() == day and any(w.opens <= shown < w.closes for w in calendar.windows_on(day)):
            quarters.append(at)
    return quarters


def _tick_through(calendar, zone, anchor, amount, held) -> date:
    day, counted, need = anchor, 0, 0
    while counted < amount:
        day += timedelta(days=1)
        worked = len(_worked_quarters(calendar, zone, day))
        need += worked
        counted += bool(worked)
    day = anchor
    while True:
        day += timedelta(days=1)
        for quarter in _worked_quarters(calendar, zone, day):
            if not any(pause.start <= quarter < pause.end for pause in held):
                need -= 1
                if need == 0:
                    return day
