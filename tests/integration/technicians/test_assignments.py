"""Choosing, holding, confirming and releasing technicians (hard-parts 21)."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from fieldmesh.technicians.v1 import assignment_pb2, technicians_service_pb2
from fieldmesh.workorders.v1 import work_order_pb2

from services.chassis.errors import InvalidRequest, NotFound, Unavailable
from services.technicians.domain.errors import AppointmentOverlap, OverrideReasonMissing, TechnicianNotEligible
from tests.integration.technicians.conftest import CLI, NOON, WORKORDERS, House

RESERVED = assignment_pb2.ASSIGNMENT_STATE_RESERVED
CONFIRMED = assignment_pb2.ASSIGNMENT_STATE_CONFIRMED
RELEASED = assignment_pb2.ASSIGNMENT_STATE_RELEASED
EXPIRED = assignment_pb2.ASSIGNMENT_STATE_EXPIRED
DONE = work_order_pb2.STATE_CATEGORY_DONE


@pytest.fixture
def allan(house: House) -> Any:
    house.certification("VT40-CM")
    house.work_type("head", "VT40-CM")
    return house.technician("Allan Heward", house.bluefern, ["VT40-CM"])


def search(house: House, caller: Any, **fields: Any) -> Any:
    fields.setdefault("my_organization", True)
    fields.setdefault("need", house.need())
    return house.call("SearchTechnicians", caller, **fields)


def names(answer: Any) -> list[str]:
    return [match.technician.name for match in answer.matches]


@pytest.mark.req("CP-63")
def test_the_matrix_shows_who_holds_what_the_order_needs(house: House, allan: Any) -> None:
    bea = house.technician("Bea Unskilled", house.bluefern)
    house.certify(bea, "VT40-CM", date(2024, 1, 1), revoke_date=None)
    house.technician("Kit Elsewhere", house.kestrel, ["VT40-CM"])
    house.moved()

    answer = search(house, house.partner)

    assert list(answer.certification_codes) == ["VT40-CM"]
    assert names(answer) == ["Allan Heward", "Bea Unskilled"]
    assert [match.qualified for match in answer.matches] == [True, False]
    cells = [(cell.held, cell.expiry_date.year) for match in answer.matches for cell in match.skills]
    assert cells == [(True, 2028), (False, 2026)]
    assert names(search(house, house.dispatcher)) == names(answer)


@pytest.mark.req("CP-62")
def test_a_search_narrows_by_mail_place_and_certificate(house: House, allan: Any) -> None:
    house.technician("Bea Baker", house.bluefern, address={"postal_code": "43201", "city": "Columbus"})
    house.technician("Carl Cook", house.bluefern, address={"postal_code": "45402", "city": "Dayton"})
    house.moved()

    assert names(search(house, house.partner, email="BEA")) == ["Bea Baker"]
    assert names(search(house, house.partner, postal_code="454")) == ["Carl Cook"]
    assert names(search(house, house.partner, city="colum")) == ["Bea Baker"]
    assert names(search(house, house.partner, certification_codes=["VT40-CM"])) == ["Allan Heward"]


def test_a_search_goes_on_page_by_page(house: House, allan: Any) -> None:
    for letter in "BCDE":
        house.technician(f"{letter} Person", house.bluefern, email=f"{letter}@example.com")
    first = search(house, house.partner, page_size=3)
    rest = search(house, house.partner, page_size=3, page_token=first.next_page_token)

    assert names(first) + names(rest) == ["Allan Heward", "B Person", "C Person", "D Person", "E Person"]
    assert not rest.next_page_token
    with pytest.raises(InvalidRequest):
        search(house, house.partner2, page_token=first.next_page_token, need=technicians_service_pb2.WorkNeed())


@pytest.mark.req("CP-66")
def test_a_freelancer_is_found_by_the_whole_mail_only_and_little_is_told(house: House, allan: Any) -> None:
    noor = house.technician(
        "Noor Haddad", email="noor@example.com", phone="919-555-0160", address={"city": "Raleigh"}, codes=["VT40-CM"]
    )
    house.technician("Kit Elsewhere", house.kestrel, email="kit@example.com")
    house.moved()

    found = search(house, house.partner, my_organization=False, email="Noor@Example.com")

    assert names(found) == ["Noor Haddad"]
    told = found.matches[0]
    assert (told.freelancer, told.qualified) == (True, True)
    assert (told.technician.phone, told.technician.address.city) == ("", "Raleigh")
    assert told.technician.person_id == noor.person_id
    assert names(search(house, house.partner, my_organization=False, email="noor@")) == []
    assert names(search(house, house.partner, my_organization=False, email="kit@example.com")) == []
    with pytest.raises(InvalidRequest):
        search(house, house.partner, my_organization=False)


def test_others_orders_are_hidden_from_searches(house: House, allan: Any) -> None:
    house.moved()

    for caller in (house.partner2, house.caller("d2", house.kestrel, "utility")):
        with pytest.raises(NotFound):
            search(house, caller)
        with pytest.raises(NotFound):
            house.call("CheckEligibility", caller, need=house.need(), technician_id=allan.id)


def test_what_a_user_says_of_parties_is_not_believed(house: House, allan: Any) -> None:
    made_up = house.need("unknown")
    made_up.parties.executor_org = house.bluefern.id

    with pytest.raises(NotFound):
        search(house, house.partner2, need=made_up)
    with pytest.raises(NotFound):
        search(house, house.dispatcher, need=made_up)
    assert names(search(house, house.partner, need=made_up)) == ["Allan Heward"]


def test_a_member_of_another_organisation_is_unknown(house: House, allan: Any) -> None:
    kit = house.technician("Kit Elsewhere", house.kestrel, ["VT40-CM"])
    house.moved()

    with pytest.raises(NotFound):
        house.call("CheckEligibility", house.partner, need=house.need(), technician_id=kit.id)
    answer = house.call("CheckEligibility", CLI, need=house.need(), technician_id=kit.id)
    assert (answer.eligible, answer.eligible_with_reason) == (False, False)
    assert list(answer.problems) == ["Kit Elsewhere belongs to another organisation."]
    with pytest.raises(TechnicianNotEligible):
        house.reserve(kit, reason_code="override_customer")


@pytest.mark.req("CP-64")
def test_a_reservation_is_confirmed_by_the_event_of_workorders(house: House, allan: Any) -> None:
    held = house.reserve(allan)

    assert held.state == RESERVED
    assert held.method == assignment_pb2.ASSIGNMENT_METHOD_SKILL_MATCH
    assert (held.expire_time.ToDatetime() - held.assign_time.ToDatetime()) == timedelta(minutes=10)
    assert house.events("Assignment") == []

    house.moved(
        technician=allan, start=NOON, assignment_id=held.id, effects=["technician_assigned"], actor={"subject": "p-7"}
    )
    confirmed = house.assignment(held.id)
    assert (confirmed.state, confirmed.actor.subject, confirmed.HasField("expire_time")) == (CONFIRMED, "p-7", False)
    assert [each.assignment.state for each in house.events("Assignment")] == [CONFIRMED]


@pytest.mark.req("CP-65")
def test_a_missing_skill_needs_a_reason_that_is_kept(house: House, allan: Any) -> None:
    bea = house.technician("Bea Unskilled", house.bluefern)

    with pytest.raises(OverrideReasonMissing):
        house.reserve(bea)
    held = house.reserve(bea, reason_code="override_other", reason_text="Trained on site.")

    assert held.method == assignment_pb2.ASSIGNMENT_METHOD_MANUAL_OVERRIDE
    assert (list(held.missing_skills), held.reason_code, held.reason_text) == (
        ["VT40-CM"],
        "override_other",
        "Trained on site.",
    )


def test_a_certificate_must_hold_on_the_day_of_the_visit(house: House, allan: Any) -> None:
    late = house.need(start=NOON + timedelta(days=800))

    answer = house.call("CheckEligibility", CLI, need=late, technician_id=allan.id)

    assert (answer.eligible, list(answer.missing_skills)) == (False, ["VT40-CM"])


@pytest.mark.req("CP-65")
def test_a_skill_that_goes_missing_when_the_visit_moves_is_told_apart_from_one_with_a_reason(
    house: House, allan: Any
) -> None:
    bea = house.technician("Bea Unskilled", house.bluefern)
    late = house.need(start=NOON + timedelta(days=800))
    for technician, reason in ((allan, ""), (bea, "override_customer")):
        held = house.reserve(technician, reason_code=reason)
        house.moved(technician=technician, start=NOON, assignment_id=held.id)
        answer = house.call("CheckEligibility", house.partner, need=late, technician_id=technician.id)
        assert list(answer.missing_skills) == ["VT40-CM"]
        assert list(answer.unexplained_skills) == ([] if reason else ["VT40-CM"])

    elsewhere = house.need("o-2")
    house.moved("o-2")
    answer = house.call("CheckEligibility", house.partner, need=elsewhere, technician_id=bea.id)
    assert list(answer.unexplained_skills) == ["VT40-CM"]


def test_the_same_request_gives_the_same_reservation(house: House, allan: Any) -> None:
    first = house.reserve(allan, request_id="once")

    assert house.reserve(allan, request_id="once") == first


def test_overlapping_visits_are_refused_until_the_reservation_runs_out(house: House, allan: Any) -> None:
    house.reserve(allan)
    soon = house.need("o-2", NOON + timedelta(minutes=30))

    with pytest.raises(AppointmentOverlap):
        house.reserve(allan, soon)
    assert house.call("CheckEligibility", CLI, need=soon, technician_id=allan.id).busy
    house.reserve(allan, house.need("o-3", NOON + timedelta(minutes=60)))
    house.clock.advance(timedelta(minutes=10))
    house.reserve(allan, soon)


def test_of_two_reservations_at_once_one_is_refused(house: House, allan: Any) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def reserve(number: int) -> None:
        start.wait()
        try:
            house.reserve(allan, house.need(f"o-{number}"))
            outcomes.append("held")
        except AppointmentOverlap:
            outcomes.append("busy")

    threads = [threading.Thread(target=reserve, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["busy", "busy", "busy", "held"]


@pytest.mark.req("CP-67")
def test_another_technician_releases_the_first(house: House, allan: Any) -> None:
    bea = house.technician("Bea Skilled", house.bluefern, ["VT40-CM"])
    first = house.reserve(allan)
    house.moved(technician=allan, start=NOON, assignment_id=first.id)
    second = house.reserve(bea)
    house.moved(technician=bea, start=NOON, assignment_id=second.id)

    assert (house.assignment(first.id).state, house.assignment(second.id).state) == (RELEASED, CONFIRMED)
    house.reserve(allan, house.need("o-2"))


def test_an_appointment_that_moves_takes_the_assignment_along(house: House, allan: Any) -> None:
    held = house.reserve(allan)
    house.moved(technician=allan, start=NOON, assignment_id=held.id)
    later = NOON + timedelta(days=3)
    house.moved(technician=allan, start=later)

    moved = house.assignment(held.id)
    assert moved.start_time.ToDatetime() == later.replace(tzinfo=None)
    assert moved.end_time.ToDatetime() - moved.start_time.ToDatetime() == timedelta(minutes=60)
    house.reserve(allan, house.need("o-2"))


def test_a_completed_order_releases_and_one_sent_back_takes_again(house: House, allan: Any) -> None:
    held = house.reserve(allan)
    house.moved(technician=allan, start=NOON, assignment_id=held.id)

    house.moved(technician=allan, start=NOON, category=DONE)
    assert house.assignment(held.id).state == RELEASED
    house.moved(technician=allan, start=NOON)
    assert house.assignment(held.id).state == CONFIRMED


def test_an_older_event_changes_nothing(house: House, allan: Any) -> None:
    held = house.reserve(allan)
    house.moved(technician=allan, assignment_id=held.id)
    house.versions["o-1"] = 0
    house.moved()

    assert house.assignment(held.id).state == CONFIRMED


def test_an_expired_reservation_asks_workorders_first(house: House, allan: Any) -> None:
    bea = house.technician("Bea Skilled", house.bluefern, ["VT40-CM"])
    committed = house.reserve(allan, house.need("o-1"))
    dropped = house.reserve(bea, house.need("o-2"))
    house.orders.holders = {"o-1": allan.id, "o-2": ""}
    house.app.run_due()
    assert house.assignment(dropped.id).state == RESERVED

    house.clock.advance(timedelta(minutes=10))
    house.orders.failure = Unavailable("down")
    house.app.run_due()
    assert house.assignment(dropped.id).state == RESERVED
    house.orders.failure = None
    house.app.run_due()

    assert (house.assignment(committed.id).state, house.assignment(dropped.id).state) == (CONFIRMED, EXPIRED)
    # the event of a commit that took longer still counts
    house.moved("o-2", technician=bea, assignment_id=dropped.id)
    assert house.assignment(dropped.id).state == CONFIRMED


def test_assignments_are_seen_by_the_parties_and_by_the_technician(house: House, allan: Any) -> None:
    house.moved(technician=allan, assignment_id=house.reserve(allan).id)
    himself = house.caller("allan", house.bluefern, "partner", technician_id=allan.id)
    seen = {
        caller.subject: len(house.call("ListAssignments", caller).assignments)
        for caller in (house.partner, house.partner2, house.dispatcher, himself, CLI)
    }

    assert seen == {
        "person-partner": 1,
        "person-partner2": 0,
        "person-dispatcher": 1,
        "person-allan": 1,
        "service:cli": 1,
    }


def test_reserving_for_a_person_finds_the_technician(house: House, allan: Any) -> None:
    held = house.call("Reserve", WORKORDERS, need=house.need(), person_id=allan.person_id)

    assert held.technician_id == allan.id
    with pytest.raises(NotFound):
        house.call("Reserve", WORKORDERS, need=house.need(), person_id="nobody")


@pytest.mark.req("CP-64")
def test_everybody_whom_the_order_names_is_confirmed_and_who_is_not_named_released(house: House, allan: Any) -> None:
    bea = house.technician("Bea Baker", house.bluefern, ["VT40-CM"])
    first = house.reserve(allan)
    house.moved(technician=allan, start=NOON, assignment_id=first.id)
    second = house.reserve(bea)
    house.moved(technician=allan, further=[bea], start=NOON, assignment_id=second.id)
    both = [house.assignment(each.id).state for each in (first, second)]
    house.moved(technician=bea, start=NOON)

    assert both == [CONFIRMED, CONFIRMED]
    assert [house.assignment(each.id).state for each in (first, second)] == [RELEASED, CONFIRMED]


@pytest.mark.req("CP-63")
def test_the_most_that_a_work_type_or_a_requirement_asks_for_is_how_many_come(house: House, allan: Any) -> None:
    house.moved()
    alone = search(house, house.partner).technicians_needed
    house.work_type("head", "VT40-CM", technicians_needed=2)
    told = search(house, house.partner).technicians_needed
    house.call(
        "CreateSkillRequirement",
        CLI,
        skill_requirement={"work_type_id": "head", "technicians_needed": 3, "active": True},
    )
    asked = house.call("CheckEligibility", house.partner, need=house.need(), technician_id=allan.id)

    assert (alone, told, asked.technicians_needed) == (1, 2, 3)


def test_what_workorders_committed_is_held_whatever_speaks_against_it(house: House, allan: Any) -> None:
    bea = house.technician("Bea Unskilled", house.bluefern)
    busy = house.reserve(bea, need=house.need("o-2"), reason_code="override_customer")

    with pytest.raises(InvalidRequest) as refused:
        house.reserve(bea, caller=house.partner, committed=True)
    held = house.reserve(bea, committed=True, request_id="r-1")
    again = house.reserve(bea, committed=True, request_id="r-1")

    assert [each.field for each in refused.value.violations] == ["committed"]
    assert (held.state, list(held.missing_skills), held.id != busy.id) == (RESERVED, ["VT40-CM"], True)
    assert again.id == held.id
