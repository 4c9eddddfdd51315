"""Every target says how it came about, in words (B-1)."""

from datetime import UTC, date, datetime

import pytest

from services.shipping.domain.calendar import CalendarVersion, DayException, Window
from services.shipping.domain.errors import BeyondHorizon, CalendarWithoutWorkingTime, InvalidCalendar, InvalidPolicy
from services.shipping.domain.policy import (
    Anchor,
    AssignmentAnchor,
    DeliveryAnchor,
    Pause,
    Policy,
    RequiredDelivery,
    SlaInputs,
    Unit,
)
from services.shipping.domain.sla import compute

pytestmark = pytest.mark.req("B-1")

DAY = (Window(480, 1020),)
CALENDAR = CalendarVersion(
    "us", "US business days", 3, (DAY,) * 5 + ((),) * 2, {date(2025, 12, 25): "Christmas Day"}, {}
)


def words(anchor: Anchor, *pauses: Pause, amount: int = 1, unit: Unit = Unit.BUSINESS_DAYS, calendar=CALENDAR):
    policy = Policy("p", "Repair SLA", 2, unit, amount)
    return list(compute(SlaInputs(policy, calendar, "America/Chicago", anchor, pauses)).words())


def parcels(*expected: date, delivered: date | None = None) -> DeliveryAnchor:
    return DeliveryAnchor(tuple(RequiredDelivery(f"UPS {n}", day, delivered) for n, day in enumerate(expected, 1)))


def test_a_delivery_over_a_holiday() -> None:
    assert words(parcels(date(2025, 12, 24)), amount=3) == [
        "Repair SLA, version 2, allows 3 business days.",
        "Dates and times are those of America/Chicago, the site's time zone.",
        "Business time follows the calendar US business days, version 3.",
        "Required parcel UPS 1: expected Wed 24 Dec 2025.",
        "The latest of the required deliveries is Wed 24 Dec 2025.",
        "Thu 25 Dec 2025 is skipped: Christmas Day.",
        "Fri 26 Dec 2025 is business day 1.",
        "Sat 27 Dec 2025 and Sun 28 Dec 2025 are not business days.",
        "Mon 29 Dec 2025 and Tue 30 Dec 2025 are business days 2 and 3.",
        "Due on Tue 30 Dec 2025, by the end of the day (before Wed 31 Dec 2025, 00:00 CST).",
    ]


def test_an_assignment_after_the_cut_off() -> None:
    assert words(AssignmentAnchor(datetime(2026, 3, 13, 22, 30, tzinfo=UTC)))[3:] == [
        "Without parts, it counts from the assignment, Fri 13 Mar 2026, 17:30 CDT.",
        "That is at or after the cut-off, 17:00, so it counts as assigned on Mon 16 Mar 2026.",
        "Tue 17 Mar 2026 is business day 1.",
        "Due on Tue 17 Mar 2026, by the end of the day (before Wed 18 Mar 2026, 00:00 CDT).",
    ]


def test_hours_over_a_hold_that_counts_and_one_that_does_not() -> None:
    hold = Pause(datetime(2026, 3, 6, 22, tzinfo=UTC), datetime(2026, 3, 9, 15, tzinfo=UTC))
    weekend = Pause(datetime(2026, 3, 14, 6, tzinfo=UTC), datetime(2026, 3, 15, 6, tzinfo=UTC))

    said = words(
        AssignmentAnchor(datetime(2026, 3, 6, 21, 30, tzinfo=UTC)), hold, weekend, amount=2, unit=Unit.BUSINESS_HOURS
    )

    assert said[4:] == [
        "120 minutes are needed from Fri 6 Mar 2026, 15:30 CST, without pauses until Mon 9 Mar 2026, 08:30 CDT.",
        "On hold from Fri 6 Mar 2026, 16:00 CST to Mon 9 Mar 2026, 10:00 CDT: 180 minutes do not count.",
        (
            "On hold from Sat 14 Mar 2026, 01:00 CDT to Sun 15 Mar 2026, 01:00 CDT changes nothing: "
            "it began after the time was used up."
        ),
        "The time is used up at Mon 9 Mar 2026, 11:30 CDT.",
        "Fri 6 Mar 2026, 15:30 CST to Fri 6 Mar 2026, 16:00 CST counts 30 minutes.",
        "Mon 9 Mar 2026, 10:00 CDT to Mon 9 Mar 2026, 11:30 CDT counts 90 minutes.",
        "Due before Mon 9 Mar 2026, 11:30 CDT.",
    ]


@pytest.mark.req("B-1")
def test_days_that_are_skipped_after_a_hold_have_their_names() -> None:
    hold = Pause(datetime(2025, 12, 22, 14, tzinfo=UTC), datetime(2025, 12, 24, 23, 59, tzinfo=UTC))

    said = words(parcels(date(2025, 12, 19)), hold, amount=3)

    assert said[-6:] == [
        "1,620 minutes are needed from Sat 20 Dec 2025, 00:00 CST, without pauses until Wed 24 Dec 2025, 17:00 CST.",
        "On hold from Mon 22 Dec 2025, 08:00 CST to Wed 24 Dec 2025, 17:59 CST: 1,620 minutes do not count.",
        "Thu 25 Dec 2025 is skipped: Christmas Day.",
        "Sat 27 Dec 2025 and Sun 28 Dec 2025 are not business days.",
        "The time is used up at Tue 30 Dec 2025, 17:00 CST.",
        "Due on Tue 30 Dec 2025, by the end of the day (before Wed 31 Dec 2025, 00:00 CST).",
    ]


def test_an_open_hold() -> None:
    said = words(parcels(date(2026, 3, 3)), Pause(datetime(2026, 3, 4, 16, tzinfo=UTC)))

    assert said[-2] == "On hold since Wed 4 Mar 2026, 10:00 CST: the clock stands still and the date stays shown."


def test_a_worked_saturday_and_a_closed_day_are_named() -> None:
    calendar = CalendarVersion(
        "x",
        "Busy",
        1,
        (DAY,) * 5 + ((),) * 2,
        {},
        {date(2026, 3, 7): DayException("Inventory", DAY), date(2026, 3, 6): DayException("Company day")},
    )

    said = words(parcels(date(2026, 3, 5)), calendar=calendar)

    assert said[5:7] == ["Fri 6 Mar 2026 is skipped: Company day.", "Sat 7 Mar 2026 is business day 1."]


def test_a_calendar_without_working_time_is_named() -> None:
    idle = CalendarVersion("idle", "Never open", 1, ((),) * 7)

    with pytest.raises(CalendarWithoutWorkingTime, match="Never open"):
        words(parcels(date(2026, 3, 5)), calendar=idle)
    with pytest.raises(CalendarWithoutWorkingTime, match="Never open"):
        words(AssignmentAnchor(datetime(2026, 3, 5, tzinfo=UTC)), unit=Unit.BUSINESS_HOURS, calendar=idle)


def test_a_pause_of_many_years_is_refused() -> None:
    with pytest.raises(BeyondHorizon):
        words(parcels(date(2026, 3, 5)), Pause(datetime(2026, 3, 6, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    "windows", [(Window(600, 600),), (Window(600, 500),), (Window(0, 1441),), (Window(0, 600), Window(500, 700))]
)
def test_windows_that_contradict_each_other_are_refused(windows: tuple[Window, ...]) -> None:
    with pytest.raises(InvalidCalendar):
        CalendarVersion("x", "Wrong", 1, (windows,) + ((),) * 6)


def test_policies_that_mean_nothing_are_refused() -> None:
    with pytest.raises(InvalidPolicy):
        Policy("x", "Never", 1, Unit.CLOCK_HOURS, 0)
    with pytest.raises(InvalidPolicy):
        Policy("x", "Never", 1, Unit.BUSINESS_DAYS, -1)
