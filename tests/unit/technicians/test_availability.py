"""Shifts and absences: how they are read, when they are, and what they say of a visit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.technicians.domain.availability import (
    Pattern,
    ShiftUnreadable,
    away,
    outside,
    pattern_on,
    read_shifts,
    shift_words,
    shifts_between,
)
from services.technicians.domain.visits import Visit

pytestmark = pytest.mark.req("PT-10")

MONDAY = date(2027, 3, 1)
HOUR = timedelta(hours=1)
NOBODY: tuple[()] = ()


def pattern(*week: list[str], valid_from: date = date(2027, 1, 1), zone: str = "America/Chicago") -> Pattern:
    days = [*week, *([[]] * (7 - len(week)))]
    return Pattern(valid_from, zone, tuple(read_shifts(day) for day in days))


def visit(start: datetime, hours: float = 1) -> Visit:
    return Visit(start, start + hours * HOUR)


def test_shifts_are_read_in_the_order_of_time_and_told_in_one_way():
    found = read_shifts(["13:00 - 17:30", "08:00-12:00", "20:00–24:00"])

    assert shift_words(found) == ["08:00-12:00", "13:00-17:30", "20:00-24:00"]
    assert read_shifts([]) == ()


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["08:00-12:00", "11:59-15:00"], "must not overlap: 08:00-12:00 and 11:59-15:00"),
        (["8-12"], "must be from and to, such as 08:00-12:00, and not “8-12”"),
        (["24:30-25:00"], "must be from and to"),
        (["22:00-06:00"], "must end after it begins"),
        (["23:00-24:30"], "by 24:00"),
        (["09:00-09:00"], "must end after it begins"),
    ],
)
def test_what_is_no_shift_is_refused_in_words(texts, words):
    with pytest.raises(ShiftUnreadable, match=words):
        read_shifts(texts)


def test_shifts_that_touch_are_not_refused_and_are_one_time_across_midnight():
    night = pattern(["18:00-22:00", "22:00-24:00"], ["00:00-06:00"])

    assert shifts_between([night], MONDAY, MONDAY + timedelta(days=1)) == [
        Visit(datetime(2027, 3, 2, 0, tzinfo=UTC), datetime(2027, 3, 2, 12, tzinfo=UTC))
    ]
    assert outside([night], visit(datetime(2027, 3, 2, 5, tzinfo=UTC), 2), hours=True) == ""


def test_shifts_follow_the_clock_of_their_zone_when_clocks_change():
    every = pattern(*[["08:00-12:00"]] * 7)

    before, after = shifts_between([every], date(2027, 3, 13), date(2027, 3, 14))

    assert (before.start.hour, after.start.hour) == (14, 13)


def test_the_pattern_that_began_last_holds():
    old, new = pattern(["08:00-12:00"]), pattern(["10:00-14:00"], valid_from=MONDAY)

    assert pattern_on([new, old], MONDAY - timedelta(days=1)) == old
    assert pattern_on([old, new], MONDAY) == new
    assert pattern_on([new], MONDAY - timedelta(days=1)) is None


def test_a_visit_outside_of_the_shift_is_told_with_hours_to_insiders_only():
    usual = [pattern(["08:00-12:00", "13:00-17:00"])]
    eleven = datetime(2027, 3, 1, 17, tzinfo=UTC)

    assert outside(usual, visit(eleven), hours=True) == ""
    assert outside(usual, visit(eleven, 1.5), hours=False) == "Outside of the shift."
    assert outside(usual, visit(eleven, 1.5), hours=True) == (
        "Outside of the shift: 08:00-12:00, 13:00-17:00 on Monday, 1 March (America/Chicago)."
    )
    assert outside(usual, visit(eleven + 24 * HOUR), hours=True) == "No shift on Tuesday, 2 March."


def test_nothing_is_said_where_no_shifts_are_known():
    later = [pattern(["08:00-12:00"], valid_from=MONDAY + timedelta(days=7))]

    assert outside([], visit(datetime(2027, 3, 1, 3, tzinfo=UTC)), hours=True) == ""
    assert outside(later, visit(datetime(2027, 3, 1, 3, tzinfo=UTC)), hours=True) == ""


def test_an_absence_is_whole_days_or_from_a_clock_to_a_clock():
    whole = away(MONDAY, MONDAY + timedelta(days=1), "", "", "America/Chicago")
    part = away(MONDAY, MONDAY, "09:30", "11:00", "America/Chicago")

    assert whole == Visit(datetime(2027, 3, 1, 6, tzinfo=UTC), datetime(2027, 3, 3, 6, tzinfo=UTC))
    assert part == Visit(datetime(2027, 3, 1, 15, 30, tzinfo=UTC), datetime(2027, 3, 1, 17, tzinfo=UTC))
    spring = away(date(2027, 3, 14), date(2027, 3, 14), "", "", "America/Chicago")
    assert spring.end - spring.start == 23 * HOUR


@given(st.integers(0, 7 * 24 * 60 - 1), st.integers(1, 600))
def test_within_the_shift_is_exactly_where_every_minute_of_the_visit_is(minute, length):
    usual = [pattern(*[["08:00-12:00", "12:00-17:00"]] * 5, zone="UTC")]
    start = datetime(2027, 3, 1, tzinfo=UTC) + timedelta(minutes=minute)
    end = start + timedelta(minutes=length)

    within = start.weekday() < 5 and start.date() == end.date() and start.hour >= 8 and end <= start.replace(
        hour=17, minute=0
    )  # fmt: skip

    assert (outside(usual, Visit(start, end), hours=True) == "") is within
