"""Field technician management: found, onboarded and offboarded (CP-91 to CP-94)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fieldmesh.technicians.v1 import assignment_pb2, membership_pb2, technician_pb2
from sqlalchemy import update

from services.chassis.actors import service_actor
from services.chassis.errors import (
    AlreadyExists,
    InvalidRequest,
    NotAllowed,
    NotFound,
    StaleEtag,
    Unavailable,
)
from services.technicians.domain.errors import EmailDomainMismatch, OpenAssignments
from services.technicians.tables import people
from tests.integration.technicians.conftest import NOON, TODAY, House, day


def found(house: House, caller: Any, **asked: Any) -> Any:
    return house.call("SearchRoster", caller, **asked).entries


def onboarded(house: House, email: str, corporate: str, caller: Any = None, **more: Any) -> Any:
    """Search by e-mail, select, onboard, as the page does."""
    caller = caller or house.partner
    entry = found(house, caller, email=email, **more)[0]
    return house.call(
        "OnboardTechnician",
        caller,
        technician_id=entry.technician_id,
        etag=entry.etag,
        corporate_email=corporate,
        **more,
    )


def offboard(house: House, technician: Any, caller: Any = None, **more: Any) -> Any:
    caller = caller or house.partner
    etag = house.call("PreviewOffboarding", caller, technician_id=technician.id).membership.etag
    asked = {"technician_id": technician.id, "etag": etag, "reason": "Moved away", **more}
    return house.call("OffboardTechnician", caller, **asked)


def assigned(house: House, technician: Any, order: str = "o-1", start: Any = NOON + timedelta(days=3)) -> Any:
    house.work_type("head", "VT40-CM")
    made = house.reserve(technician, house.need(order, start))
    house.moved(order, technician, start=start, assignment_id=made.id)
    house.orders.holders[order] = technician.id
    return house.assignment(made.id)


def wrong(refused: Any) -> list[str]:
    return [each.field for each in refused.value.violations]


@pytest.mark.req("CP-91")
@pytest.mark.req("CP-92")
def test_the_organisations_technicians_are_found_with_what_they_hold(house: House) -> None:
    house.technician("Allan Heward", house.bluefern, ["VT40-CM", "VX60-INS"], phone="321-555-0101")
    house.technician("Bea Baker", house.bluefern)
    house.technician("Cleo Kestrel", house.kestrel, ["VT40-CM"])

    everybody = found(house, house.partner, my_organization=True)

    assert [entry.name for entry in everybody] == ["Allan Heward", "Bea Baker"]
    assert [each.code for each in everybody[0].credentials] == ["VT40-CM", "VX60-INS"]
    assert (everybody[0].organization_name, everybody[0].phone) == ("Bluefern", "321-555-0101")
    assert [each.name for each in found(house, house.partner, my_organization=True, email="BEA@")] == ["Bea Baker"]
    assert [each.name for each in found(house, house.partner, my_organization=True, text="0101")] == ["Allan Heward"]
    holders = found(house, house.partner, my_organization=True, certification_codes=["VT40-CM"])
    assert [each.name for each in holders] == ["Allan Heward"]
    assert len(found(house, house.dispatcher, my_organization=True)) == 3
    kestrels = found(house, house.dispatcher, my_organization=True, organization_id=house.kestrel.id)
    assert [each.name for each in kestrels] == ["Cleo Kestrel"]


@pytest.mark.req("CP-91")
def test_searching_takes_as_many_statements_for_one_as_for_many(house: House, statements: list[str]) -> None:
    counts = []
    for name in ("Allan", "Bea", "Cleo"):
        house.technician(name, house.bluefern, ["VT40-CM", "VX60-INS"])
        statements.clear()
        house.call("SearchRoster", house.partner, my_organization=True)
        house.call("ListCredentials", house.partner)
        counts.append(sum("SELECT" in each for each in statements))

    assert counts == [counts[0]] * 3
    assert counts[0] <= 6


@pytest.mark.req("CP-91")
def test_pages_of_the_roster_follow_each_other_and_fit_one_search(house: House) -> None:
    for name in ("Allan", "Bea", "Cleo"):
        house.technician(name, house.bluefern)

    first = house.call("SearchRoster", house.partner, my_organization=True, page_size=2)
    rest = house.call(
        "SearchRoster", house.partner, my_organization=True, page_size=2, page_token=first.next_page_token
    )

    assert [each.name for each in (*first.entries, *rest.entries)] == ["Allan", "Bea", "Cleo"]
    assert rest.next_page_token == ""
    with pytest.raises(InvalidRequest):
        house.call("SearchRoster", house.partner2, my_organization=True, page_token=first.next_page_token)


@pytest.mark.req("CP-91")
def test_whoever_is_not_mine_is_found_by_the_whole_address_only(house: House) -> None:
    house.technician("Free Hand", codes=["VT40-CM"], email="free.hand@example.org", phone="321-555-0102")
    house.technician("Cleo Kestrel", house.kestrel, ["VT40-CM"], email="cleo@kestrel.example.com")

    entry = found(house, house.partner, email="FREE.hand@example.org")[0]
    theirs = found(house, house.partner, email="cleo@kestrel.example.com")[0]

    assert (entry.name, entry.phone, [each.code for each in entry.credentials]) == ("Free Hand", "", ["VT40-CM"])
    assert not found(house, house.partner, email="free.hand@example.or")
    assert (theirs.elsewhere, theirs.name, theirs.etag, list(theirs.credentials)) == (True, "", "", [])
    with pytest.raises(InvalidRequest) as refused:
        found(house, house.partner, email="free")
    assert wrong(refused) == ["email"]
    with pytest.raises(InvalidRequest) as refused:
        found(house, house.partner, my_organization=True, organization_id=house.kestrel.id)
    assert wrong(refused) == ["organization_id"]


@pytest.mark.req("CP-93")
def test_a_technician_is_onboarded_and_is_mine_from_then_on(house: House) -> None:
    free = house.technician("Free Hand", email="free.hand@example.org")

    made = onboarded(house, "free.hand@example.org", "free@bluefern.example.com")

    mine = found(house, house.partner, my_organization=True)[0]
    assert (mine.name, mine.membership.corporate_email) == ("Free Hand", "free@bluefern.example.com")
    assert (made.start_date, made.organization_id) == (day(TODAY), house.bluefern.id)
    assert house.call("GetTechnician", house.partner, id=free.id).organization_id == house.bluefern.id
    assert house.call("GetPerson", id=free.person_id).organization_id == house.bluefern.id
    assert found(house, house.partner, my_organization=True, email="free@bluefern")[0].technician_id == free.id
    assert not found(house, house.partner, email="free.hand@example.org")


@pytest.mark.req("CP-93")
@pytest.mark.req("CP-94")
def test_mail_goes_to_the_corporate_address_while_the_membership_holds(house: House) -> None:
    free = house.technician("Free Hand", email="free.hand@example.org")

    onboarded(house, "free.hand@example.org", "free@bluefern.example.com")
    member = house.call("GetPerson", id=free.person_id)
    offboard(house, free)
    left = house.call("GetPerson", id=free.person_id)

    assert (member.email, member.work_email) == ("free.hand@example.org", "free@bluefern.example.com")
    assert (left.email, left.work_email) == ("free.hand@example.org", "")
    told = [each.person.work_email for each in house.events("Person") if each.person.id == free.person_id]
    assert told[-2:] == ["free@bluefern.example.com", ""]


def test_somebody_of_another_organisation_stays_where_they_get_mail(house: House) -> None:
    free = house.technician("Free Hand", email="free.hand@example.org")
    changed = house.call("GetPerson", id=free.person_id)
    changed.organization_id, changed.roles[:] = house.voltara.id, ["technician", "dispatcher"]
    house.call("UpdatePerson", person=changed, update_mask={"paths": ["organization_id", "roles"]})

    onboarded(house, "free.hand@example.org", "free@bluefern.example.com")

    assert house.call("GetPerson", id=free.person_id).work_email == ""


def test_whoever_was_onboarded_before_this_was_kept_gets_mail_there_by_itself(house: House) -> None:
    free = house.technician("Free Hand", email="free.hand@example.org")
    onboarded(house, "free.hand@example.org", "free@bluefern.example.com")
    with house.database.begin(actor=service_actor("test")) as transaction:
        transaction.execute(update(people).values(work_email=""))

    done, again = house.app.directory.memberships.run_due(NOON), house.app.directory.memberships.run_due(NOON)

    assert (done, again) == (1, 0)
    assert house.call("GetPerson", id=free.person_id).work_email == "free@bluefern.example.com"


@pytest.mark.req("CP-93")
def test_another_domain_no_address_and_another_organisation_are_refused_by_name(house: House) -> None:
    house.technician("Free Hand", email="free.hand@example.org")
    cleo = house.technician("Cleo Kestrel", house.kestrel)

    for corporate in ("free@example.org", "free@kestrel.example.com", "free@bluefern.example.com.example.org"):
        with pytest.raises(EmailDomainMismatch) as mismatch:
            onboarded(house, "free.hand@example.org", corporate)
        assert [each.field for each in mismatch.value.violations] == ["corporate_email"]
        assert "bluefern.example.com" in str(mismatch.value)
    with pytest.raises(InvalidRequest) as refused:
        onboarded(house, "free.hand@example.org", "")
    assert wrong(refused) == ["corporate_email"]
    with pytest.raises(InvalidRequest) as refused:
        house.call(
            "OnboardTechnician",
            house.partner,
            technician_id=cleo.id,
            etag=cleo.etag,
            corporate_email="cleo@bluefern.example.com",
        )
    assert wrong(refused) == ["technician_id"]
    assert "another organisation" in str(refused.value)
    assert "Kestrel" not in str(refused.value)
    with pytest.raises(InvalidRequest) as refused:
        onboarded(house, "free.hand@example.org", "free@kestrel.example.com", house.dispatcher)
    assert wrong(refused) == ["organization_id"]
    assert not found(house, house.partner, my_organization=True)


@pytest.mark.req("CP-93")
def test_onboarding_twice_is_once_and_a_technician_who_changed_is_looked_at_again(house: House) -> None:
    house.technician("Free Hand", email="free.hand@example.org")
    entry = found(house, house.partner, email="free.hand@example.org")[0]
    asked = {"technician_id": entry.technician_id, "etag": entry.etag, "request_id": "once"}

    first = house.call("OnboardTechnician", house.partner, corporate_email="f@bluefern.example.com", **asked)
    again = house.call("OnboardTechnician", house.partner, corporate_email="f@bluefern.example.com", **asked)

    assert first == again
    with pytest.raises(AlreadyExists):
        house.call("OnboardTechnician", house.partner, corporate_email="g@bluefern.example.com", **asked)
    house.technician("Gale", email="gale@example.org")
    stale = found(house, house.partner, email="gale@example.org")[0]
    renamed = technician_pb2.Technician(id=stale.technician_id, etag=stale.etag, name="Gale Winds")
    house.call("UpdateTechnician", technician=renamed, update_mask={"paths": ["name"]})
    with pytest.raises(StaleEtag):
        house.call(
            "OnboardTechnician",
            house.partner,
            technician_id=stale.technician_id,
            etag=stale.etag,
            corporate_email="gale@bluefern.example.com",
        )


@pytest.mark.req("CP-93")
def test_the_vendors_staff_onboard_for_an_organisation_that_they_name(house: House) -> None:
    house.technician("Free Hand", email="free.hand@example.org")

    made = onboarded(
        house, "free.hand@example.org", "f@kestrel.example.com", house.dispatcher, organization_id=house.kestrel.id
    )

    assert made.organization_id == house.kestrel.id


@pytest.mark.req("CP-94")
def test_offboarding_takes_effect_at_once_and_keeps_when_and_why(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)

    done = offboard(house, allan)

    assert (done.last_day, done.membership.end_reason, done.membership.offboarded_by) == (
        day(TODAY),
        "Moved away",
        "Partner",
    )
    assert done.membership.offboard_time.ToDatetime() == NOON.replace(tzinfo=None)
    assert not found(house, house.partner, my_organization=True)
    assert house.call("GetTechnician", id=allan.id).organization_id == ""
    assert house.call("GetPerson", id=allan.person_id).organization_id == ""
    told = [each for each in house.events("Membership") if hasattr(each, "technician_name")]
    assert [(each.technician_name, each.organization_id, each.reason, each.actor.subject) for each in told] == [
        ("Allan Heward", house.bluefern.id, "Moved away", "person-partner")
    ]
    with pytest.raises(NotFound):
        offboard(house, allan)


@pytest.mark.req("CP-94")
def test_who_left_may_be_onboarded_the_same_day_here_or_elsewhere(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, email="allan@example.org")
    offboard(house, allan)

    back = onboarded(house, "allan@example.org", "allan@bluefern.example.com")
    offboard(house, allan)
    onboarded(house, "allan@example.org", "allan@kestrel.example.com", house.partner2)

    assert back.start_date == day(TODAY)
    kept = house.call("ListMemberships", house.partner).memberships
    assert sorted((each.start_date.year, each.end_date.year) for each in kept) == [(2026, 2027), (2027, 2027)]
    assert house.call("GetTechnician", id=allan.id).organization_id == house.kestrel.id


@pytest.mark.req("CP-94")
def test_what_ended_is_never_overwritten(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    ended = offboard(house, allan).membership

    for last in (TODAY + timedelta(days=30), None):
        changed = membership_pb2.Membership(id=ended.id, etag=ended.etag)
        if last is not None:
            changed.end_date.CopyFrom(day(last))
        with pytest.raises(InvalidRequest) as refused:
            house.call("UpdateMembership", house.partner, membership=changed, update_mask={"paths": ["end_date"]})
        assert wrong(refused) == ["end_date"]


@pytest.mark.req("CP-94")
def test_open_assignments_are_shown_and_nobody_leaves_before_they_are_handled(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    late = assigned(house, allan, "o-2", NOON + timedelta(days=9))
    soon = assigned(house, allan, "o-1")

    shown = house.call("PreviewOffboarding", house.partner, technician_id=allan.id)
    with pytest.raises(OpenAssignments) as refused:
        offboard(house, allan, return_to_queue=[soon.id])

    assert [each.id for each in shown.assignments] == [soon.id, late.id]
    assert (shown.technician_name, shown.organization_name) == ("Allan Heward", "Bluefern")
    assert wrong(refused) == ["return_to_queue"]
    assert "N-o-2" in str(refused.value)
    assert "N-o-1" not in str(refused.value)
    assert found(house, house.partner, my_organization=True)[0].open_assignments == 2
    assert house.assignment(soon.id).state == assignment_pb2.ASSIGNMENT_STATE_CONFIRMED


@pytest.mark.req("CP-94")
def test_what_is_returned_to_the_queue_is_released_with_the_membership(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    soon = assigned(house, allan)

    done = offboard(house, allan, return_to_queue=[soon.id])

    assert [each.id for each in done.released] == [soon.id]
    assert house.assignment(soon.id).state == assignment_pb2.ASSIGNMENT_STATE_RELEASED
    told = [each for each in house.events("Membership") if hasattr(each, "work_order_ids")]
    assert list(told[-1].work_order_ids) == ["o-1"]
    assert (list(told[-1].work_order_numbers), told[-1].organization_name) == (["N-o-1"], house.bluefern.name)
    assert told[-1].person_id == allan.person_id != ""


@pytest.mark.req("CP-94")
def test_an_order_that_has_somebody_else_by_now_needs_no_more_handling(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    assigned(house, allan)
    house.orders.failure = Unavailable("down")
    with pytest.raises(OpenAssignments):
        offboard(house, allan)

    house.orders.failure, house.orders.holders["o-1"] = None, "somebody-else"
    offboard(house, allan)

    assert house.call("GetTechnician", id=allan.id).organization_id == ""


@pytest.mark.req("CP-94")
def test_offboarding_twice_is_once_and_needs_a_reason_and_the_version_shown(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    etag = house.call("PreviewOffboarding", house.partner, technician_id=allan.id).membership.etag
    asked = {"technician_id": allan.id, "reason": "Moved away", "request_id": "once"}

    with pytest.raises(InvalidRequest) as refused:
        house.call("OffboardTechnician", house.partner, **{**asked, "reason": " "}, etag=etag)
    with pytest.raises(StaleEtag):
        house.call("OffboardTechnician", house.partner, etag="0123456789abcdef", **asked)
    first = house.call("OffboardTechnician", house.partner, etag=etag, **asked)
    again = house.call("OffboardTechnician", house.partner, etag=etag, **asked)

    assert wrong(refused) == ["reason"]
    assert first == again
    assert len(house.call("ListMemberships", house.partner).memberships) == 1


@pytest.mark.req("CP-94")
def test_nobody_offboards_another_organisations_technician(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    himself = house.caller("allan", house.bluefern, "partner", technician_id=allan.id)

    for caller in (house.partner2, himself):
        with pytest.raises(NotFound):
            house.call("PreviewOffboarding", caller, technician_id=allan.id)
        with pytest.raises(NotFound):
            house.call("OffboardTechnician", caller, technician_id=allan.id, etag="x", reason="Theirs")

    assert house.call("PreviewOffboarding", house.dispatcher, technician_id=allan.id).technician_name == "Allan Heward"


@pytest.mark.req("CP-94")
def test_a_date_leaves_no_work_order_behind(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    assigned(house, allan)
    joined = house.call("ListMemberships", house.partner).memberships[0]

    def ending(last: date) -> Any:
        wanted = membership_pb2.Membership(id=joined.id, etag=joined.etag, end_date=day(last))
        return house.call("UpdateMembership", house.partner, membership=wanted, update_mask={"paths": ["end_date"]})

    for last in (TODAY, TODAY + timedelta(days=2), TODAY - timedelta(days=20)):
        with pytest.raises(InvalidRequest) as refused:
            ending(last)
        assert wrong(refused) == ["end_date"]
    assert ending(TODAY + timedelta(days=3)).end_date == day(TODAY + timedelta(days=3))


@pytest.mark.req("CP-94")
def test_a_membership_that_lapses_returns_what_is_left_to_the_queue(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    unscheduled = assigned(house, allan, start=None)
    joined = house.call("ListMemberships", house.partner).memberships[0]
    wanted = membership_pb2.Membership(id=joined.id, etag=joined.etag, end_date=day(TODAY + timedelta(days=1)))
    house.call("UpdateMembership", house.partner, membership=wanted, update_mask={"paths": ["end_date"]})

    house.clock.advance(timedelta(days=2))
    house.app.run_due()

    assert house.assignment(unscheduled.id).state == assignment_pb2.ASSIGNMENT_STATE_RELEASED
    told = [each for each in house.events("Membership") if hasattr(each, "work_order_ids")]
    assert list(told[-1].work_order_ids) == ["o-1"]


@pytest.mark.req("R-1")
def test_a_partners_office_keeps_its_own_people_and_teams(house: House) -> None:
    made = house.call("CreatePerson", house.partner, person=colleague(house))
    team = {"name": "Night shift", "organization_id": house.bluefern.id, "member_ids": [made.id]}
    house.call("CreateTeam", house.partner, team=team)

    made.phone = "321-555-0103"
    house.call("UpdatePerson", house.partner, person=made, update_mask={"paths": ["phone"]})
    for refused in ({"login": "rosa"}, {"roles": ["dispatcher"]}, {"technician_id": "t-1"}):
        with pytest.raises(InvalidRequest) as caught:
            house.call("CreatePerson", house.partner, person=colleague(house, **refused))
        assert set(wrong(caught)) >= set(refused)
    for somewhere in (house.kestrel, house.voltara):
        with pytest.raises(NotAllowed):
            house.call("CreatePerson", house.partner, person=colleague(house, organization_id=somewhere.id))
    with pytest.raises(NotFound):
        house.call("UpdatePerson", house.partner2, person=made, update_mask={"paths": ["phone"]})
    signing_in = house.person("Megan", "megan", house.bluefern)
    signing_in.email = "mine@example.org"
    with pytest.raises(InvalidRequest) as caught:
        house.call("UpdatePerson", house.partner, person=signing_in, update_mask={"paths": ["email"]})
    assert wrong(caught) == ["email"]


def colleague(house: House, **fields: Any) -> dict[str, Any]:
    usual = {"name": "Rosa", "email": "rosa@bluefern.example.com", "roles": ["partner"]}
    return {**usual, "organization_id": house.bluefern.id, **fields}


@pytest.mark.req("CP-93")
def test_a_domain_belongs_to_one_organisation_and_is_one(house: House) -> None:
    with pytest.raises(InvalidRequest) as refused:
        house.organization("Copperline", "PARTNER", domains=["Bluefern.example.com", "no domain"])

    made = house.organization("Copperline", "PARTNER", domains=["@Copper.Example.com", "copper.example.com"])

    assert wrong(refused) == ["domains", "domains"]
    assert "Bluefern" in str(refused.value.violations)
    assert list(made.domains) == ["copper.example.com"]


@pytest.mark.req("CP-94")
def test_nobody_who_left_is_assigned_any_more_though_the_visit_was_before(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    offboard(house, allan)
    need = house.need(start=NOON - timedelta(days=2))

    matches = house.call("SearchTechnicians", house.partner, need=need, my_organization=True).matches
    answer = house.call("CheckEligibility", house.partner, need=need, technician_id=allan.id)

    assert not matches
    assert (answer.eligible, answer.freelancer) == (False, True)
