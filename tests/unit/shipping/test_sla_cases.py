"""The twenty worked cases of the SLA specification."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.shipping.domain.calendar import CalendarVersion, Window
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

CHICAGO = ZoneInfo("America/Chicago")
FEDERAL = {
    date(2025, 11, 27): "Thanksgiving Day",
    date(2025, 12, 25): "Christmas Day",
    date(2026, 1, 1): "New Year's Day",
    date(2026, 7, 3): "Independence Day (observed)",
}
DAY = (Window(8 * 60, 17 * 60),)
WEEK = (DAY,) * 5 + ((),) * 2
CALENDAR = CalendarVersion("us", "US business days", 1, WEEK, FEDERAL)
LUNCH = CalendarVersion("lunch", "With lunch", 1, ((Window(480, 720), Window(780, 1020)),) * 5 + ((),) * 2, FEDERAL)
ASSURE = Policy("assure", "Repair SLA Assure", 1, Unit.BUSINESS_DAYS, 1)
NON_ASSURE = Policy("non-assure", "Repair SLA NonAssure", 1, Unit.BUSINESS_DAYS, 5)
ZONE = "America/Chicago"

pytestmark = [pytest.mark.req("CP-72"), pytest.mark.req("CP-73"), pytest.mark.req("B-1")]


def at(text: str) -> datetime:
    """Local time in Chicago, or UTC where it ends in Z."""
    if text.endswith("Z"):
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC)


def expected(*days: str, delivered: str = "") -> DeliveryAnchor:
    actual = date.fromisoformat(delivered) if delivered else None
    return DeliveryAnchor(tuple(RequiredDelivery(f"P{day}", date.fromisoformat(day), actual) for day in days))


def assigned(text: str) -> AssignmentAnchor:
    return AssignmentAnchor(at(text))


def held(start: str, end: str | None) -> Pause:
    return Pause(at(start), at(end) if end else None)


def target(anchor, *pauses: Pause, policy: Policy = ASSURE, zone: str = ZONE, calendar=CALENDAR) -> Target:
    return compute(SlaInputs(policy, calendar, zone, anchor, pauses))


CASES = [
    ("1", target(expected("2026-03-01")), "2026-03-02", "2026-03-03T06:00Z"),
    ("2 Friday", target(expected("2026-02-27")), "2026-03-02", ""),
    ("2 Saturday", target(expected("2026-02-28")), "2026-03-02", ""),
    ("3", target(expected("2026-07-02")), "2026-07-06", ""),
    ("4", target(expected("2025-11-26")), "2025-11-28", ""),
    ("5", target(expected("2025-12-24"), policy=NON_ASSURE), "2026-01-02", ""),
    ("6", target(assigned("2026-03-06T15:50")), "2026-03-09", "2026-03-10T05:00Z"),
    ("7 Friday", target(assigned("2026-03-13T17:30")), "2026-03-17", ""),
    ("7 Saturday", target(assigned("2026-03-14T10:00")), "2026-03-17", ""),
    ("8 New York", target(assigned("2026-03-16T21:30Z"), zone="America/New_York"), "2026-03-18", ""),
    ("8 Los Angeles", target(assigned("2026-03-16T21:30Z"), zone="America/Los_Angeles"), "2026-03-17", ""),
    ("9", target(expected("2026-03-03")), "2026-03-04", ""),
    ("9 moved", target(expected("2026-03-05")), "2026-03-06", ""),
    ("10", target(expected("2026-03-03", "2026-03-09")), "2026-03-10", ""),
    ("11", target(expected("2026-03-03"), held("2026-03-03T14:00", "2026-03-06T09:00")), "2026-03-09", ""),
    ("12", target(expected("2026-03-06"), held("2026-03-07T00:00", "2026-03-09T00:00")), "2026-03-09", ""),
    ("13", target(expected("2026-03-10"), held("2026-03-03T00:00", "2026-03-06T00:00")), "2026-03-11", ""),
    (
        "14",
        target(
            assigned("2026-03-06T15:30"),
            held("2026-03-06T16:00", "2026-03-09T10:00"),
            policy=Policy("four", "Four hours", 1, Unit.BUSINESS_HOURS, 4),
            calendar=LUNCH,
        ),
        "2026-03-09",
        "2026-03-09T19:30Z",
    ),
    ("15", target(expected("2026-03-03", delivered="2026-03-06")), "2026-03-09", ""),
    (
        "16",
        target(expected("2026-03-03", delivered="2026-03-03"), held("2026-03-05T08:00", "2026-03-10T08:00")),
        "2026-03-04",
        "",
    ),
    ("17", target(expected("2026-03-03"), held("2026-03-03T08:00", "2026-03-04T08:00")), "2026-03-04", ""),
    ("18", target(expected("2026-03-03"), held("2026-03-04T12:00", "2026-03-04T12:30")), "2026-03-05", ""),
    ("19", target(expected("2026-03-03"), held("2026-03-04T18:00", "2026-03-06T10:00")), "2026-03-04", ""),
    (
        "20",
        target(assigned("2026-03-07T18:00"), policy=Policy("day", "A day", 1, Unit.CLOCK_HOURS, 24)),
        "2026-03-08",
        "2026-03-09T00:00Z",
    ),
]


@pytest.mark.parametrize(("result", "day", "before"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_worked_case_gives_its_target(result: Target, day: str, before: str) -> None:
    assert result.due_date == date.fromisoformat(day)
    if before:
        assert result.due_at == datetime.fromisoformat(before)
    if result.inputs.policy.in_days:
        assert result.due_at is not None
        local = result.due_at.astimezone(ZoneInfo(result.inputs.zone))
        assert (local.time(), (local.date() - result.due_date).days) == (time(0), 1)


def test_every_worked_case_of_the_specification_is_here() -> None:
    assert {case[0].split()[0] for case in CASES} == {str(number) for number in range(1, 21)}


def test_a_delivery_may_come_early_without_pulling_the_target_in() -> None:
    assert target(expected("2026-03-05", delivered="2026-03-03")).due_date == date(2026, 3, 6)


def test_a_required_part_without_a_date_is_awaited() -> None:
    anchor = DeliveryAnchor((RequiredDelivery("a", date(2026, 3, 3)), RequiredDelivery("b")))

    result = target(anchor)

    assert result.awaiting
    assert result.due_date is None
    assert result.words()[-1] == "A required part has no delivery date yet, so there is no target yet."


def test_zero_days_are_due_on_the_first_business_day_on_or_after_the_anchor() -> None:
    at_once = Policy("zero", "At once", 1, Unit.BUSINESS_DAYS, 0)

    assert target(expected("2026-03-03"), policy=at_once).due_date == date(2026, 3, 3)
    assert target(expected("2026-03-01"), policy=at_once).due_date == date(2026, 3, 2)
    held_that_day = held("2026-03-03T09:00", "2026-03-03T10:00")
    assert target(expected("2026-03-03"), held_that_day, policy=at_once).due_date == date(2026, 3, 4)


def test_hours_after_a_delivery_start_at_the_end_of_its_date() -> None:
    clock = Policy("c", "Six hours", 1, Unit.CLOCK_HOURS, 6)
    business = Policy("b", "Two business hours", 1, Unit.BUSINESS_HOURS, 2)

    assert target(expected("2026-03-03"), policy=clock).due_at == at("2026-03-04T06:00")
    assert target(expected("2026-03-06"), policy=business).due_at == at("2026-03-09T10:00")


def test_a_day_policy_may_set_a_time_which_no_later_hold_lifts() -> None:
    noon = Policy("noon", "Next day noon", 1, Unit.BUSINESS_DAYS, 1, due_time=time(12))

    assert target(expected("2026-03-03"), policy=noon).due_at == at("2026-03-04T12:00")
    after = target(expected("2026-03-03"), held("2026-03-04T13:00", "2026-03-06T09:00"), policy=noon)
    assert after.due_at == at("2026-03-04T12:00")


def test_an_open_hold_pauses_and_keeps_the_old_date() -> None:
    result = target(expected("2026-03-03"), held("2026-03-04T10:00", None))

    assert result.paused_since == at("2026-03-04T10:00")
    assert result.due_date == date(2026, 3, 4)


def test_an_open_hold_that_began_after_the_last_closing_pauses_nothing() -> None:
    result = target(expected("2026-03-03"), held("2026-03-04T17:00", None))

    assert result.paused_since is None


def test_an_appointment_is_late_from_the_exclusive_instant_on() -> None:
    result = target(expected("2026-03-01"))

    assert not result.is_late(at("2026-03-02T23:59"))
    assert result.is_late(at("2026-03-03T00:00"))
    assert not target(DeliveryAnchor((RequiredDelivery("b"),))).is_late(at("2030-01-01T00:00"))


def test_arizona_keeps_no_daylight_saving_time() -> None:
    summer = target(expected("2026-07-07"), zone="America/Phoenix")

    assert summer.due_at == datetime(2026, 7, 9, 7, tzinfo=UTC)


def test_a_closing_at_midnight_belongs_to_its_own_day() -> None:
    late = CalendarVersion("late", "Late", 1, ((Window(1080, 1440),),) * 7)

    assert target(expected("2026-03-03"), calendar=late).due_date == date(2026, 3, 4)


def test_warnings_come_at_half_at_three_quarters_and_on_the_due_morning() -> None:
    result = target(expected("2026-03-01"))

    assert result.warn_at == (at("2026-03-02T12:30"), at("2026-03-02T14:45"), at("2026-03-02T09:00"))
