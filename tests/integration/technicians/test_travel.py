"""Drives between visits over the service, on both databases: who is warned, and of what nobody hears (hard case 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fieldmesh.common.v1 import types_pb2

from services.technicians.domain.errors import AppointmentOverlap
from tests.integration.technicians.conftest import CLI, NOON, House

pytestmark = pytest.mark.req("CP-68")
COLUMBUS, DAYTON = (
    {"latitude": 39.9612, "longitude": -82.9988},
    {"latitude": 39.7589, "longitude": -84.1916},
)
SOON = NOON + timedelta(minutes=90)
TIGHT = "The visit of N-o-1 ends 30 min before this one begins, and the drive takes about 1 h 53 min (84 miles)."


@pytest.fixture
def allan(house: House) -> Any:
    house.certification("VT40-CM")
    house.work_type("head", "VT40-CM")
    return house.technician("Allan Heward", house.bluefern, ["VT40-CM"])


def booked(house: House, technician: Any, parties: types_pb2.Parties | None = None, **reason: str) -> Any:
    """The first order: in Columbus, from noon to one."""
    need = house.need(site_position=COLUMBUS)
    if parties is not None:
        need.parties.CopyFrom(parties)
    held = house.reserve(technician, need, **reason)
    house.moved(technician=technician, start=NOON, assignment_id=held.id, parties=parties or house.parties())
    house.moved("o-2")
    return held


def warned(house: House, technician: Any, caller: Any, **need: Any) -> list[str]:
    """What is told of the second order: in Dayton, half an hour later."""
    asked = house.need("o-2", **{"start": SOON, "site_position": DAYTON, **need})
    return list(house.call("CheckEligibility", caller, need=asked, technician_id=technician.id).travel_conflicts)


def test_a_drive_that_takes_too_long_is_told_wherever_somebody_is_chosen(house: House, allan: Any) -> None:
    booked(house, allan)
    need = house.need("o-2", SOON, site_position=DAYTON)

    search = house.call("SearchTechnicians", house.partner, need=need, my_organization=True)
    suggested = house.call("SuggestTechnicians", house.partner, need=need)

    assert [list(each.travel_conflicts) for each in search.matches] == [[TIGHT]]
    assert [list(each.travel_conflicts) for each in suggested.suggestions] == [[TIGHT]]
    assert warned(house, allan, house.partner) == [TIGHT]
    assert warned(house, allan, house.dispatcher) == [TIGHT]
    assert not search.matches[0].busy


def test_it_is_a_warning_and_no_obstacle(house: House, allan: Any) -> None:
    booked(house, allan)
    need = house.need("o-2", SOON, site_position=DAYTON)

    answer = house.call("CheckEligibility", CLI, need=need, technician_id=allan.id)
    held = house.reserve(allan, need)

    assert (answer.eligible, list(answer.problems)) == (True, [])
    assert held.technician_name == "Allan Heward"
    with pytest.raises(AppointmentOverlap):
        house.reserve(allan, house.need("o-3", NOON + timedelta(minutes=30), site_position=DAYTON))


def test_nothing_is_told_without_both_places_a_time_or_a_reason_to(house: House, allan: Any) -> None:
    booked(house, allan)

    assert warned(house, allan, house.partner, start=None) == []
    assert warned(house, allan, house.partner, site_position=None) == []
    assert warned(house, allan, house.partner, start=NOON + timedelta(hours=4)) == []
    assert warned(house, allan, house.partner, site_position=COLUMBUS) == []
    house.call("SearchTechnicians", house.partner, need=house.need("o-2"), my_organization=True)


def test_a_visit_that_moves_takes_its_place_along(house: House, allan: Any) -> None:
    booked(house, allan)

    house.moved(technician=allan, start=NOON + timedelta(days=3))

    assert warned(house, allan, house.partner) == []
    assert warned(house, allan, house.partner, start=SOON + timedelta(days=3)) == [TIGHT]


def test_of_a_freelancers_visit_for_another_partner_no_place_is_told(house: House, allan: Any) -> None:
    noor = house.technician("Noor Haddad", codes=["VT40-CM"])
    booked(house, noor, house.parties(house.kestrel), reason_code="special_skill")

    assert warned(house, noor, house.partner) == []
    assert warned(house, noor, house.dispatcher) == []
    assert house.call("CheckEligibility", house.partner, need=house.need("o-2", NOON), technician_id=noor.id).busy


def test_of_another_vendors_order_no_place_is_told_to_this_one(house: House, allan: Any) -> None:
    redwood = house.organization("Redwood", "VENDOR")
    theirs = types_pb2.Parties(issuer_org=redwood.id, executor_org=house.bluefern.id, scope_version=2)
    booked(house, allan, theirs)

    assert warned(house, allan, house.dispatcher) == []
    assert warned(house, allan, house.partner) == [TIGHT]


def test_a_search_asks_once_for_all(house: House, allan: Any, statements: list[str]) -> None:
    booked(house, allan)
    need = house.need("o-2", SOON, site_position=DAYTON)

    def count() -> int:
        statements.clear()
        house.call("SearchTechnicians", house.partner, need=need, my_organization=True)
        return len(statements)

    alone = count()
    for letter in "BCDEFG":
        house.technician(f"{letter} Person", house.bluefern, email=f"{letter}@example.com")

    assert count() == alone
