"""Ranking technicians for a visit: points, their sum, their order, and the words that go with them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.technicians.domain.skills import Held, Requirement
from services.technicians.domain.suggesting import (
    FAR_MILES,
    Candidate,
    Errand,
    Part,
    Place,
    Weights,
    around,
    miles_between,
    nobody_farther_is_better,
    ranked,
)

pytestmark = pytest.mark.req("B-5")

DAY = date(2027, 3, 1)
COLUMBUS, CINCINNATI, DAYTON = Place(39.9612, -82.9988), Place(39.1031, -84.5120), Place(39.7589, -84.1916)
CM = Held("VT40-CM", date(2026, 1, 1), date(2027, 12, 31))
ERRAND = Errand(DAY, (Requirement(("VT40-CM",)),), COLUMBUS)
ALLAN = Candidate("t-1", "Allan", (CM,), COLUMBUS, 0, busy=False)


def best(*candidates, errand=ERRAND, weights=Weights(), limit=5):  # noqa: B008 - a frozen value
    return ranked(candidates, errand, weights, limit)


def words(candidate, errand=ERRAND):
    return {reason.part: reason.text for reason in best(candidate, errand=errand)[0].reasons}


def test_somebody_with_everything_nearby_and_free_gets_all_points():
    (found,) = best(ALLAN)

    assert (found.score, found.qualified) == (100.0, True)
    assert [reason.text for reason in found.reasons] == [
        "Holds everything that the work needs.",
        "The first certificate expires 305 days after the visit.",
        "0 miles from home as the crow flies.",
        "No other visit that week.",
        "Free at that time.",
    ]


def test_each_part_takes_points_away_by_itself():
    changed = {
        Part.VALIDITY: ALLAN._replace(held=(CM._replace(expires=DAY + timedelta(days=9)),)),
        Part.DISTANCE: ALLAN._replace(home=CINCINNATI),
        Part.LOAD: ALLAN._replace(visits=3),
        Part.AVAILABILITY: ALLAN._replace(busy=True),
    }

    for part, candidate in changed.items():
        lost = {each.part: each.most - each.points for each in best(candidate)[0].reasons if each.points < each.most}
        assert list(lost) == [part]
    assert words(changed[Part.VALIDITY])[Part.VALIDITY] == "The first certificate expires 9 days after the visit."
    assert words(changed[Part.DISTANCE])[Part.DISTANCE] == "100 miles from home as the crow flies."
    assert words(changed[Part.LOAD])[Part.LOAD] == "3 other visits that week."
    assert words(changed[Part.AVAILABILITY])[Part.AVAILABILITY] == "Another visit overlaps."


def test_a_certificate_that_expires_before_the_visit_does_not_count():
    expired = ALLAN._replace(held=(CM._replace(expires=DAY - timedelta(days=1)),))
    revoked = ALLAN._replace(held=(CM._replace(revoked=DAY),))

    for candidate in (expired, revoked, ALLAN._replace(held=())):
        (found,) = best(candidate)
        assert not found.qualified
        assert words(candidate)[Part.SKILLS] == "Missing: VT40-CM."


def test_who_is_qualified_and_free_comes_first_whatever_the_score():
    far = ALLAN._replace(technician_id="t-2", name="Far", home=Place(25.76, -80.19), visits=9)
    near_unskilled = ALLAN._replace(technician_id="t-3", name="Near", held=())
    near_busy = ALLAN._replace(technician_id="t-4", name="Busy", busy=True)

    found = best(near_unskilled, near_busy, far)

    assert found[0].candidate.name == "Far"
    assert found[0].score < found[1].score


def test_unknown_positions_are_neither_near_nor_far():
    homeless = ALLAN._replace(home=None)

    assert words(homeless)[Part.DISTANCE] == "The home position is not known."
    assert words(ALLAN, replace(ERRAND, site=None))[Part.DISTANCE] == "The position of the site is not known."
    order = [
        each.candidate.home for each in best(homeless, ALLAN._replace(home=CINCINNATI), ALLAN._replace(home=DAYTON))
    ]
    assert order == [DAYTON, None, CINCINNATI]


def test_weights_decide_and_only_their_proportions_count():
    loaded, distant = ALLAN._replace(visits=5), ALLAN._replace(technician_id="t-2", home=CINCINNATI)
    load_matters, distance_matters = Weights(distance=0), Weights(load=0)

    assert best(loaded, distant, weights=load_matters)[0].candidate is distant
    assert best(loaded, distant, weights=distance_matters)[0].candidate is loaded
    doubled = Weights(80, 20, 50, 30, 20)
    assert [each.score for each in best(loaded, distant)] == [
        each.score for each in best(loaded, distant, weights=doubled)
    ]
    assert best(ALLAN, weights=Weights(0, 0, 0, 0, 0))[0].score == 0


def test_distances_are_those_of_the_globe():
    assert miles_between(COLUMBUS, CINCINNATI) == pytest.approx(99.7, abs=0.5)
    assert miles_between(COLUMBUS, COLUMBUS) == 0
    assert miles_between(Place(0, 179.5), Place(0, -179.5)) == pytest.approx(69.1, abs=0.1)


candidates = st.builds(
    Candidate,
    technician_id=st.uuids().map(str),
    name=st.text(max_size=5),
    held=st.sampled_from([(), (CM,), (CM._replace(expires=None),), (CM._replace(expires=DAY),)]),
    home=st.sampled_from([None, COLUMBUS, CINCINNATI]),
    visits=st.integers(0, 30),
    busy=st.booleans(),
    absent=st.booleans(),
    outside=st.sampled_from(["", "Outside of the shift."]),
)


@given(st.lists(candidates, max_size=12, unique_by=lambda each: each.technician_id), st.integers(1, 12))
def test_scores_are_the_sum_of_their_reasons_and_the_order_is_total(found, limit):
    made = best(*found, limit=limit)

    assert len(made) == min(limit, len(found))
    for each in made:
        assert 0 <= each.score <= 100
        assert each.score == pytest.approx(sum(reason.points for reason in each.reasons), abs=0.3)
        assert all(0 <= reason.points <= reason.most and reason.text.endswith(".") for reason in each.reasons)
    assert made == best(*reversed(found), limit=limit)


@given(st.lists(candidates, max_size=40, unique_by=lambda each: each.technician_id), st.integers(1, 3))
def test_who_is_free_is_asked_for_the_best_first_and_nobody_better_is_left_out(found, limit):
    known = {each.technician_id: each for each in found}
    blank = [Candidate(each.technician_id, each.name, each.held, each.home) for each in found]
    asked: list[str] = []

    def timed(batch):
        asked.extend(each.technician_id for each in batch)
        return [known[each.technician_id] for each in batch]

    assert ranked(blank, ERRAND, Weights(), limit, timed) == best(*found, limit=limit)
    assert len(asked) == len(set(asked))


@given(st.floats(-80, 80), st.floats(-175, 175), st.floats(-1, 1), st.floats(-1, 1))
def test_whoever_is_not_far_away_lives_in_the_area(latitude, longitude, up, aside):
    site = Place(latitude, longitude)
    home = Place(latitude + 3 * up, longitude + 3 * aside / math.cos(math.radians(latitude)))
    area = around(site)

    if area and miles_between(site, home) < FAR_MILES and abs(home.longitude) <= 180:
        south_west, north_east = area
        assert south_west.latitude <= home.latitude <= north_east.latitude
        assert south_west.longitude <= home.longitude <= north_east.longitude


@given(st.lists(candidates, max_size=12, unique_by=lambda each: each.technician_id), st.integers(1, 3))
def test_where_nobody_farther_is_better_the_near_ones_are_the_best_of_all(found, limit):
    far = [each._replace(home=Place(0, 0)) for each in found]
    near = [each._replace(technician_id=f"{each.technician_id}-n", home=COLUMBUS) for each in found]
    best_near = best(*near, limit=limit)

    if nobody_farther_is_better(best_near, Weights(), limit):
        assert best(*near, *far, limit=limit) == best_near


def test_nobody_behind_the_best_is_asked_about_who_cannot_come_before_them():
    crowd = [ALLAN._replace(technician_id=f"t-{number}", home=CINCINNATI) for number in range(100)]
    asked: list[int] = []

    def timed(batch):
        asked.append(len(batch))
        return batch

    assert len(ranked([ALLAN, *crowd], ERRAND, Weights(), 2, timed)) == 2
    assert asked == [16]
