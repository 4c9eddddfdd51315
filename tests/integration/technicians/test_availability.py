"""Shifts and absences over the service, on both databases: who keeps them, and what they mean for assigning."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fieldmesh.technicians.v1 import assignment_pb2, shift_pattern_pb2, technician_absence_pb2

from services.chassis.errors import InvalidRequest, NotAllowed, NotFound
from services.technicians.domain.errors import OverrideReasonMissing
from tests.integration.technicians.conftest import CLI, NOON, TODAY, House, day

pytestmark = pytest.mark.req("PT-10")
HOLIDAY = technician_absence_pb2.ABSENCE_KIND_HOLIDAY
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.fixture
def allan(house: House) -> Any:
    house.certification("VT40-CM")
    house.work_type("head", "VT40-CM")
    house.moved()
    return house.technician("Allan Heward", house.bluefern, ["VT40-CM"])


def absence(house: House, technician: Any, first: date = TODAY, last: date | None = None, caller: Any = None, **fields: Any) -> Any:  # fmt: skip  # noqa: E501 - one row
    wanted = technician_absence_pb2.TechnicianAbsence(
        technician_id=technician.id, kind=fields.pop("kind", HOLIDAY), first_day=day(first), last_day=day(last or first), **fields  # noqa: E501 - one row
    )  # fmt: skip
    return house.call("CreateTechnicianAbsence", caller or house.partner, technician_absence=wanted)


def shifts(house: House, technician: Any, caller: Any = None, **fields: Any) -> Any:
    week = {name: ["08:00-12:00"] for name in WORKDAYS}
    fields = {"valid_from": day(date(2027, 1, 1)), **week, **fields}
    wanted = shift_pattern_pb2.ShiftPattern(technician_id=technician.id, **fields)
    return house.call("CreateShiftPattern", caller or house.partner, shift_pattern=wanted)


def checked(house: House, technician: Any, caller: Any = None, **need: Any) -> Any:
    return house.call("CheckEligibility", caller or house.partner, need=house.need(**need), technician_id=technician.id)


def own(house: House, technician: Any, organization: Any) -> Any:
    return house.caller(technician.name.lower(), organization, "partner", technician.id)


def wrong(refused: pytest.ExceptionInfo[InvalidRequest]) -> dict[str, str]:
    return {each.field: each.description for each in refused.value.violations}


def test_an_absence_is_kept_by_day_and_clock_in_the_technicians_zone(house: House, allan: Any) -> None:
    made = absence(house, allan, from_time="09:30", until_time="12:00", note="Dentist")

    assert (made.technician_name, made.time_zone, made.organization_id) == (
        "Allan Heward",
        "America/Chicago",
        house.bluefern.id,
    )
    assert made.start_time.ToDatetime().isoformat() == "2027-03-01T15:30:00"
    assert made.end_time.ToDatetime().isoformat() == "2027-03-01T18:00:00"
    assert house.call("GetTechnicianAbsence", house.partner, id=made.id).note == "Dentist"


@pytest.mark.parametrize(
    ("fields", "named", "words"),
    [
        ({"first": TODAY + timedelta(days=1), "last": TODAY}, "last_day", "must not be before the first day"),
        ({"from_time": "12:00", "until_time": "09:00"}, "until_time", "must be after the time"),
        ({"from_time": "9:00"}, "from_time", "Hours and minutes"),
        ({"first": date(1, 1, 1), "last": TODAY}, "first_day", "must be from 2000-01-01"),
        ({"last": date(9999, 12, 31)}, "last_day", "to 2999-12-31"),
        ({"kind": 0}, "kind", "is required"),
    ],
)
def test_an_absence_that_is_none_is_refused_with_its_field(
    house: House, allan: Any, fields: Any, named: str, words: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        absence(house, allan, **fields)

    found = wrong(refused)
    assert list(found) == [named]
    assert words in found[named]


def test_two_absences_that_overlap_are_refused_and_those_that_touch_are_not(house: House, allan: Any) -> None:
    absence(house, allan, TODAY, TODAY + timedelta(days=4))

    with pytest.raises(InvalidRequest) as later:
        absence(house, allan, TODAY + timedelta(days=4), TODAY + timedelta(days=9))
    with pytest.raises(InvalidRequest) as around:
        absence(house, allan, TODAY - timedelta(days=4), TODAY)

    assert wrong(later) == {"first_day": "overlaps another absence: 1 Mar 2027 – 5 Mar 2027"}
    assert list(wrong(around)) == ["last_day"]
    absence(house, allan, TODAY + timedelta(days=5))
    absence(house, house.technician("Bea Moss", house.bluefern), TODAY)


def test_shifts_that_overlap_or_begin_on_the_same_day_are_refused_with_their_field(house: House, allan: Any) -> None:
    made = shifts(house, allan, monday=["13:00 - 17:00", "08:00-12:00"])
    assert (list(made.monday), made.time_zone) == (["08:00-12:00", "13:00-17:00"], "America/Chicago")

    with pytest.raises(InvalidRequest) as overlap:
        shifts(house, allan, valid_from=day(TODAY), friday=["08:00-12:00", "10:00-14:00"], sunday=["soon"])
    with pytest.raises(InvalidRequest) as again:
        shifts(house, allan)

    assert wrong(overlap)["friday"] == "must not overlap: 08:00-12:00 and 10:00-14:00"
    assert "such as 08:00-12:00" in wrong(overlap)["sunday"]
    assert list(wrong(again)) == ["valid_from"]


@pytest.mark.req("R-1")
@pytest.mark.req("R-4")
def test_an_office_keeps_its_own_people_and_technicians_their_own_absences(house: House, allan: Any) -> None:
    mine = own(house, allan, house.bluefern)
    bea = house.technician("Bea Moss", house.bluefern)

    entered = absence(house, allan, caller=mine, note="Family")
    pattern = shifts(house, allan)

    assert house.call("GetTechnicianAbsence", house.partner, id=entered.id).note == "Family"
    assert house.call("GetShiftPattern", mine, id=pattern.id).id == pattern.id
    with pytest.raises(NotAllowed):
        absence(house, bea, caller=mine)
    with pytest.raises(NotAllowed):
        shifts(house, allan, caller=mine, valid_from=day(TODAY))
    for stranger in (house.partner2, house.dispatcher, own(house, bea, house.bluefern)):
        with pytest.raises(NotFound):
            house.call("GetTechnicianAbsence", stranger, id=entered.id)
        with pytest.raises(NotFound):
            house.call("GetShiftPattern", stranger, id=pattern.id)
        with pytest.raises(NotAllowed):
            absence(house, allan, TODAY + timedelta(days=30), caller=stranger)


@pytest.mark.req("CP-66")
def test_a_freelancers_absence_is_known_to_nobody_but_counts_for_everybody(house: House, allan: Any) -> None:
    noor = house.technician("Noor Haddad", codes=["VT40-CM"])
    entered = absence(house, noor, caller=own(house, noor, None), note="For Kestrel")

    assert entered.organization_id == ""
    for stranger in (house.partner, house.partner2, house.dispatcher):
        with pytest.raises(NotFound):
            house.call("GetTechnicianAbsence", stranger, id=entered.id)
        with pytest.raises(NotAllowed):
            absence(house, noor, TODAY + timedelta(days=9), caller=stranger)
    answer = checked(house, noor)
    assert (answer.absent, list(answer.problems)) == (True, ["Absent at that time.", "A freelancer needs a reason."])
    assert "Kestrel" not in str(answer)


@pytest.mark.req("CP-65")
def test_somebody_absent_is_assigned_with_a_reason_only(house: House, allan: Any) -> None:
    absence(house, allan)

    answer = checked(house, allan)
    assert (answer.eligible, answer.eligible_with_reason, answer.absent, answer.unexplained_absence) == (
        False,
        True,
        True,
        True,
    )
    assert list(answer.problems) == ["Absent at that time."]
    with pytest.raises(OverrideReasonMissing, match="is absent then: a reason is required"):
        house.reserve(allan)
    held = house.reserve(allan, reason_code="override_available")

    assert (held.absent, held.method) == (True, assignment_pb2.ASSIGNMENT_METHOD_MANUAL_OVERRIDE)
    assert not checked(house, allan).unexplained_absence
    house.moved(technician=allan, start=NOON + timedelta(hours=1), assignment_id=held.id)
    assert not house.assignment(held.id).absent
    assert checked(house, allan, start=NOON + timedelta(hours=1)).unexplained_absence
    assert not checked(house, allan, start=NOON + timedelta(days=1)).absent
    assert not checked(house, allan, start=None).absent


def test_outside_of_the_shift_is_a_warning_with_hours_for_the_own_organisation(house: House, allan: Any) -> None:
    shifts(house, allan)

    answer = checked(house, allan)

    assert answer.eligible
    assert list(answer.shift_conflicts) == ["Outside of the shift: 08:00-12:00 on Monday, 1 March (America/Chicago)."]
    assert list(checked(house, allan, house.dispatcher).shift_conflicts) == ["Outside of the shift."]
    assert list(checked(house, allan, start=NOON - timedelta(hours=2)).shift_conflicts) == []
    assert house.reserve(allan).method == assignment_pb2.ASSIGNMENT_METHOD_SKILL_MATCH


def test_shifts_of_a_former_organisation_are_not_told_to_the_next(house: House, allan: Any) -> None:
    kit = house.technician("Kit Moran", house.kestrel, ["VT40-CM"])
    shifts(house, kit, house.partner2)
    membership = house.call("PreviewOffboarding", house.partner2, technician_id=kit.id).membership
    house.call("OffboardTechnician", house.partner2, technician_id=kit.id, reason="Left", etag=membership.etag)
    house.join(kit, house.bluefern, start_date=day(TODAY))

    assert list(checked(house, kit).shift_conflicts) == []


@pytest.mark.req("B-5")
def test_suggestions_rank_the_absent_last_and_those_outside_of_their_shift_lower(house: House, allan: Any) -> None:
    for name in ("Bea Moss", "Cy Dorn"):
        house.technician(name, house.bluefern, ["VT40-CM"])
    absence(house, allan)
    people = house.call("ListTechnicians", query={"search": "Bea"}).technicians
    shifts(house, people[0])

    answer = house.call("SuggestTechnicians", house.partner, need=house.need())
    search = house.call("SearchTechnicians", house.partner, need=house.need(), my_organization=True)

    assert [(each.name, each.absent, each.reasons[4].text) for each in answer.suggestions] == [
        ("Cy Dorn", False, "Free at that time."),
        ("Bea Moss", False, "Outside of the shift: 08:00-12:00 on Monday, 1 March (America/Chicago)."),
        ("Allan Heward", True, "Absent at that time."),
    ]
    assert answer.suggestions[1].reasons[4].points == 5.0
    assert {each.technician.name: (each.absent, len(each.shift_conflicts)) for each in search.matches} == {
        "Allan Heward": (True, 0),
        "Bea Moss": (False, 1),
        "Cy Dorn": (False, 0),
    }


def booked(house: House, technician: Any, order: str, start: Any, executor: Any = None) -> None:
    parties = house.parties(executor or house.bluefern)
    need = house.need(order, start)
    need.parties.CopyFrom(parties)
    held = house.reserve(technician, need, reason_code="special_skill")
    house.moved(order, technician, start=start, assignment_id=held.id, parties=parties)


def test_an_absence_over_appointments_lists_them_and_tells_workorders(house: House, allan: Any) -> None:
    booked(house, allan, "o-5", NOON + timedelta(days=1))
    booked(house, allan, "o-6", NOON + timedelta(days=3))

    made = absence(house, allan, TODAY + timedelta(days=1), TODAY + timedelta(days=2))
    moved = house.call(
        "UpdateTechnicianAbsence",
        house.partner,
        technician_absence={
            "id": made.id,
            "first_day": day(TODAY + timedelta(days=3)),
            "last_day": day(TODAY + timedelta(days=3)),
            "etag": made.etag,
        },
        update_mask={"paths": ["first_day", "last_day"]},
    )
    house.call("DeleteTechnicianAbsence", house.partner, id=made.id, etag=moved.etag)

    assert list(made.appointments) == ["N-o-5 on 2 Mar 2027, 12:00 CST"]
    assert list(moved.appointments) == ["N-o-6 on 4 Mar 2027, 12:00 CST"]
    told = [
        (each.technician_name, list(each.absent_work_order_ids), list(each.free_work_order_ids))
        for each in house.events("TechnicianAbsence")
    ]
    assert told == [
        ("Allan Heward", ["o-5"], []),
        ("Allan Heward", ["o-6"], ["o-5"]),
        ("Allan Heward", [], ["o-6"]),
    ]


@pytest.mark.req("CP-66")
def test_appointments_are_listed_to_those_who_see_their_orders(house: House, allan: Any) -> None:
    noor = house.technician("Noor Haddad", codes=["VT40-CM"])
    booked(house, noor, "o-7", NOON + timedelta(days=1), house.kestrel)
    mine = own(house, noor, None)
    entered = absence(house, noor, TODAY + timedelta(days=1), caller=mine)

    assert list(entered.appointments) == ["N-o-7 on 2 Mar 2027, 18:00 UTC"]  # a freelancer's zone is not known
    house.join(noor, house.bluefern, start_date=day(TODAY))
    later = absence(house, noor, TODAY + timedelta(days=2), caller=house.partner)
    assert later.organization_id == house.bluefern.id
    assert list(house.call("GetTechnicianAbsence", CLI, id=entered.id).appointments) != []
    with pytest.raises(NotFound):
        house.call("GetTechnicianAbsence", house.partner, id=entered.id)


def calendar(house: House, caller: Any, first: date = TODAY, days: int = 7, **fields: Any) -> Any:
    last = first + timedelta(days=days - 1)
    return house.call("ListAvailability", caller, first_day=day(first), last_day=day(last), **fields)


def test_a_calendar_tells_the_own_organisation_everything_and_others_busy_or_free(house: House, allan: Any) -> None:
    house.technician("Bea Moss", house.bluefern)
    house.technician("Kit Moran", house.kestrel)
    absence(house, allan, TODAY + timedelta(days=1), note="Family")
    shifts(house, allan)

    mine = calendar(house, house.partner)
    theirs = calendar(house, house.dispatcher, organization_id=house.bluefern.id)
    self = calendar(house, own(house, allan, house.bluefern))

    assert [each.name for each in mine.technicians] == ["Allan Heward", "Bea Moss"]
    first = mine.technicians[0]
    assert (len(first.shifts), first.has_shifts, first.time_zone) == (5, True, "America/Chicago")
    assert first.shifts[0].start_time.ToDatetime().isoformat() == "2027-03-01T14:00:00"
    assert [(each.kind, each.note) for each in first.absences] == [(HOLIDAY, "Family")]
    assert not mine.technicians[1].has_shifts
    told = theirs.technicians[0]
    assert (list(told.shifts), told.absences[0].note, told.absences[0].kind, told.absences[0].absence_id) == (
        [], "", 0, "",
    )  # fmt: skip
    assert told.absences[0].period == first.absences[0].period
    assert [each.name for each in self.technicians] == ["Allan Heward"]
    assert self.technicians[0].absences[0].note == "Family"
    with pytest.raises(InvalidRequest):
        calendar(house, house.partner, organization_id=house.kestrel.id)


def test_a_freelancers_own_shifts_are_theirs_and_of_no_employer(house: House) -> None:
    noor = house.technician("Noor Haddad", email="noor@example.com")
    shifts(house, noor, caller=CLI)
    himself = house.caller("noor", None, "", noor.id)

    own_week, everybody = calendar(house, himself).technicians, calendar(house, CLI, search="noor").technicians
    house.join(noor, house.bluefern, start_date=day(TODAY))
    employed = calendar(house, house.partner).technicians

    assert [(each.has_shifts, len(each.shifts)) for each in (*own_week, *everybody)] == [(True, 5), (True, 5)]
    assert [(each.name, each.has_shifts) for each in employed] == [("Noor Haddad", False)]


def test_a_calendar_is_searched_paged_and_limited(house: House, allan: Any, statements: list[str]) -> None:
    for letter in "BCDE":
        house.technician(f"{letter} Person", house.bluefern, email=f"{letter}@example.com")

    page = calendar(house, house.partner, page_size=2)
    rest = calendar(house, house.partner, page_size=2, page_token=page.next_page_token)

    assert [each.name for each in (*page.technicians, *rest.technicians)] == [
        "Allan Heward", "B Person", "C Person", "D Person",
    ]  # fmt: skip
    assert [each.name for each in calendar(house, house.partner, search="heW").technicians] == ["Allan Heward"]
    chosen = calendar(house, house.partner2, technician_ids=[allan.id])
    assert list(chosen.technicians) == []
    team = house.call(
        "CreateTeam", team={"name": "North", "organization_id": house.bluefern.id, "member_ids": [allan.person_id]}
    )
    found = calendar(house, house.partner, team_id=team.id).technicians
    assert [each.name for each in found] == ["Allan Heward"]
    for days in (0, 32):
        with pytest.raises(InvalidRequest) as refused:
            calendar(house, house.partner, days=days)
        assert list(wrong(refused)) == ["last_day"]
    statements.clear()
    calendar(house, house.partner)
    assert len(statements) <= 4


@pytest.mark.req("B-8")
def test_absences_of_some_time_are_listed_by_their_beginning(house: House, allan: Any) -> None:
    for days in (9, 1, 5):
        absence(house, allan, TODAY + timedelta(days=days))
    filters = [
        {"field": "start_time", "operator": "FILTER_OPERATOR_LESS", "values": [(NOON + timedelta(days=7)).isoformat()]},
        {"field": "end_time", "operator": "FILTER_OPERATOR_AT_LEAST", "values": [NOON.isoformat()]},
        {"field": "technician_id", "operator": "FILTER_OPERATOR_EQUALS", "values": [allan.id]},
    ]

    listed = house.call(
        "ListTechnicianAbsences", house.partner, query={"filters": filters, "order_by": "start_time"}
    ).technician_absences

    assert [each.first_day.day for each in listed] == [2, 6]
