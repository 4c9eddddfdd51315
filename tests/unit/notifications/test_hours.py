"""Working hours on the recipient's own clock (B-1)."""

from datetime import UTC, date, datetime

import pytest

from services.notifications.domain.hours import Hours

WEEK = [(day, "08:00", "17:00") for day in range(1, 6)]
CHICAGO, LOS_ANGELES = "America/Chicago", "America/Los_Angeles"

pytestmark = pytest.mark.req("B-1")


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "told"),
    [
        (utc(2, 15), CHICAGO, utc(2, 15)),
        (utc(2, 15), LOS_ANGELES, utc(2, 16)),
        (utc(3, 6), CHICAGO, utc(3, 14)),
        (utc(6, 23), CHICAGO, utc(9, 13)),
        (utc(2, 23), CHICAGO, utc(3, 14)),
        (utc(2, 9), "Nowhere/At-All", utc(2, 9)),
    ],
    ids=[
        "in hours",
        "earlier in the west",
        "midnight",
        "over the weekend and the change of clocks",
        "at closing",
        "no zone",
    ],
)
def test_what_can_wait_is_told_at_the_next_opening(now: datetime, zone: str, told: datetime) -> None:
    assert Hours(WEEK).next_within(now, zone) == told


def test_a_closed_day_is_passed_over() -> None:
    assert Hours(WEEK, frozenset({date(2026, 3, 3)})).next_within(utc(3, 15), CHICAGO) == utc(4, 14)


def test_without_hours_it_is_told_at_once() -> None:
    assert Hours().next_within(utc(1, 3), CHICAGO) == utc(1, 3)
