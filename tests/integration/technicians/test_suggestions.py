"""Suggestions over the service, on both databases: who is compared, what counts, and who may ask (B-5, hard case 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.errors import InvalidRequest, NotFound
from tests.integration.technicians.conftest import NOON, TODAY, House, day

pytestmark = pytest.mark.req("B-5")
COLUMBUS, CINCINNATI = (
    {"latitude": 39.9612, "longitude": -82.9988},
    {"latitude": 39.1031, "longitude": -84.5120},
)


@pytest.fixture
def crew(house: House) -> House:
    house.certification("VT40-CM")
    house.work_type("head", "VT40-CM")
    house.technician("Allan Near", house.bluefern, ["VT40-CM"], position=COLUMBUS)
    house.technician("Bea Far", house.bluefern, ["VT40-CM"], position=CINCINNATI)
    house.technician("Cy Unskilled", house.bluefern, position=COLUMBUS)
    house.technician("Kit Elsewhere", house.kestrel, ["VT40-CM"], position=COLUMBUS)
    house.technician("Fran Freelance", None, ["VT40-CM"], position=COLUMBUS)
    house.moved()
    return house


def suggest(house: House, caller: Any = None, **fields: Any) -> Any:
    need = house.need(**{"site_position": COLUMBUS, **fields.pop("need", {})})
    return house.call("SuggestTechnicians", caller or house.partner, need=need, **fields)


def names(answer: Any) -> list[str]:
    return [each.name for each in answer.suggestions]


def test_members_of_the_executor_are_ranked_with_reasons(crew: House) -> None:
    answer = suggest(crew)

    assert names(answer) == ["Allan Near", "Bea Far", "Cy Unskilled"]
    assert answer.compared == 3
    first, second, third = answer.suggestions
    assert (first.qualified, third.qualified) == (True, False)
    assert first.score > second.score
    assert [reason.text for reason in first.reasons][2:4] == [
        "0 miles from home as the crow flies.",
        "No other visit that week.",
    ]
    assert second.reasons[2].text == "100 miles from home as the crow flies."
    assert third.reasons[0].text == "Missing: VT40-CM."
    assert [reason.part for reason in first.reasons] == list(range(1, 6))
    assert names(suggest(crew, crew.dispatcher)) == names(answer)
    assert names(suggest(crew, limit=1)) == ["Allan Near"]


def test_who_lives_far_away_is_compared_and_comes_where_nobody_near_can(crew: House) -> None:
    crew.technician("Dee Distant", crew.bluefern, ["VT40-CM"], position={"latitude": 33.4484, "longitude": -112.074})
    crew.technician("Una Unknown", crew.bluefern, ["VT40-CM"])

    one, two = suggest(crew, limit=1), suggest(crew, limit=5)

    assert (one.compared, two.compared) == (5, 5)
    assert names(one) == ["Allan Near"]
    assert names(two) == ["Allan Near", "Una Unknown", "Bea Far", "Dee Distant", "Cy Unskilled"]


def test_other_visits_of_the_week_and_an_overlap_count(crew: House) -> None:
    allan = crew.call("GetTechnician", id=suggest(crew).suggestions[0].technician_id)
    crew.moved("o-2")
    crew.reserve(allan, crew.need("o-2", NOON + timedelta(days=2)))

    loaded = next(each for each in suggest(crew).suggestions if each.name == "Allan Near")
    assert loaded.reasons[3].text == "1 other visit that week."
    assert not loaded.busy
    elsewhere = suggest(crew, need={"start": NOON + timedelta(days=2)})
    clashing = next(each for each in elsewhere.suggestions if each.name == "Allan Near")
    assert clashing.busy
    assert names(elsewhere)[0] == "Bea Far"
    next_week = suggest(crew, need={"start": NOON + timedelta(days=7)})
    assert next(each for each in next_week.suggestions if each.name == "Allan Near").reasons[3].points == 15


@pytest.mark.req("B-6")
def test_who_does_not_see_the_order_is_told_nothing(crew: House) -> None:
    stranger = crew.caller("kim", crew.kestrel, "partner")

    with pytest.raises(NotFound):
        suggest(crew, stranger)
    with pytest.raises(InvalidRequest) as refused:
        suggest(crew, limit=26)
    assert [violation.field for violation in refused.value.violations] == ["limit"]


def test_a_certificate_counts_on_its_last_day_and_not_once_it_expired_or_was_revoked(house: House) -> None:
    house.certification("VT40-CM")
    house.work_type("head", "VT40-CM")
    people = {name: house.technician(name, house.bluefern, position=COLUMBUS) for name in ("Last", "Late", "Gone")}
    house.certify(people["Last"], "VT40-CM", expiry_date=day(TODAY))
    house.certify(people["Late"], "VT40-CM", expiry_date=day(TODAY - timedelta(days=1)))
    gone = house.certify(people["Gone"], "VT40-CM")
    house.call("RevokeCredential", house.dispatcher, id=gone.id, etag=gone.etag, reason="Lost")
    house.moved()

    found = {each.name: each.qualified for each in suggest(house).suggestions}

    assert found == {"Last": True, "Late": False, "Gone": False}
