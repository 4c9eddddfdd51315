"""Drives between two visits of one person: what is too tight, what is not, and the words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.technicians.domain.suggesting import Place
from services.technicians.domain.travel import Pace, Stop, squeezes
from services.technicians.domain.visits import Visit

pytestmark = pytest.mark.req("CP-68")

NOON = datetime(2027, 3, 1, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
COLUMBUS, DAYTON = Place(39.9612, -82.9988), Place(39.7589, -84.1916)  # 65 miles as the crow flies
MINE = Visit(NOON, NOON + HOUR)


def stop(start: datetime, place: Place = DAYTON, hours: float = 1) -> Stop:
    return Stop("20100007", Visit(start, start + hours * HOUR), place)


def told(*others: Stop, pace: Pace = Pace()) -> list[str]:  # noqa: B008 - a frozen value
    return [each.text for each in squeezes(MINE, COLUMBUS, others, pace)]


def test_an_earlier_and_a_later_visit_that_are_too_far_away_are_told_in_their_order():
    found = told(stop(NOON + 2 * HOUR), stop(NOON - 1.5 * HOUR))

    assert found == [
        "The visit of 20100007 ends 30 min before this one begins, and the drive takes about 1 h 53 min (84 miles).",
        "The visit of 20100007 begins 1 h after this one ends, and the drive takes about 1 h 53 min (84 miles).",
    ]


def test_time_enough_is_no_conflict_to_the_minute():
    minutes = timedelta(minutes=113)

    assert told(stop(NOON - HOUR - minutes)) == []
    assert len(told(stop(NOON - HOUR - minutes + timedelta(minutes=1)))) == 1


def test_visits_that_overlap_or_are_at_the_same_place_are_no_matter_of_driving():
    assert told(stop(NOON + timedelta(minutes=30))) == []
    assert told(stop(NOON + HOUR, COLUMBUS)) == []


def test_a_slower_pace_and_a_longer_road_take_more_time():
    usual, slow, winding = (
        squeezes(MINE, COLUMBUS, [stop(NOON + HOUR)], pace)[0]
        for pace in (Pace(1.3, 45), Pace(1.3, 22.5), Pace(2.6, 45))
    )

    assert (usual.minutes, usual.miles) == (113, 84)
    assert (slow.minutes, slow.miles) == (225, 84)
    assert (winding.minutes, winding.miles) == (225, 168)


@given(st.integers(-1440, 1440), st.floats(-89, 89), st.floats(-179, 179))
def test_a_conflict_always_takes_longer_than_there_is_time(offset, latitude, longitude):
    other = stop(NOON + timedelta(minutes=offset), Place(latitude, longitude))

    for found in squeezes(MINE, COLUMBUS, [other], Pace()):
        assert not MINE.overlaps(other.visit)
        assert 0 <= found.between < found.minutes
        assert found.comes_first is (other.visit.end <= MINE.start)
