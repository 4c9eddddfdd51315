"""People, organisations, memberships, certificates: rules and scopes (hard-parts 1 to 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from fieldmesh.common.v1 import list_pb2, types_pb2
from fieldmesh.technicians.v1 import membership_pb2, organization_pb2, person_pb2, skill_requirement_pb2, team_pb2

from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound, WrongState
from services.chassis.identity import Caller
from services.technicians.domain.errors import EmailDomainMismatch, LoginInactive
from tests.integration.technicians.conftest import CLI, TODAY, House, day


def wrong(refusal: Any) -> list[str]:
    return [violation.field for violation in refusal.value.violations]


def test_a_login_is_told_with_organisation_kind_and_zone(house: House) -> None:
    house.person("Megan", "partner", house.bluefern)

    told = house.call("ResolveLogin", login="partner")

    assert (told.person.name, told.organization_name, told.organization_kind, told.time_zone) == (
        "Megan",
        "Bluefern",
        "partner",
        "America/Chicago",
    )
    assert house.call("ResolveLogin", person_id="person-partner") == told
    for unknown in ({"login": "nobody"}, {"person_id": "nobody"}, {}):
        with pytest.raises(NotFound):
            house.call("ResolveLogin", **unknown)


@pytest.mark.req("CP-5")
def test_people_choose_their_own_zone_and_nobody_elses(house: House) -> None:
    house.person("Megan", "partner", house.bluefern)
    house.person("Rosa", "rosa", house.bluefern)
    megan = house.caller("partner", house.bluefern, "partner")

    changed = house.call("UpdateOwnProfile", megan, time_zone="America/Denver")
    told = house.call("ResolveLogin", login="partner")
    other = house.call("ResolveLogin", login="rosa")
    house.call("UpdateOwnProfile", megan, time_zone="")
    back = house.call("ResolveLogin", login="partner")

    assert (changed.id, changed.session_epoch) == ("person-partner", 0)
    assert (told.time_zone, other.time_zone, back.time_zone) == ("America/Denver", "America/Chicago", "America/Chicago")
    assert [each.person.time_zone for each in house.events("Person") if each.person.name == "Megan"] == [
        "", "America/Denver", "",
    ]  # fmt: skip
    with pytest.raises(InvalidRequest) as caught:
        house.call("UpdateOwnProfile", megan, time_zone="Mars/Olympus")
    assert [each.field for each in caught.value.violations] == ["time_zone"]
    with pytest.raises(NotFound):
        house.call("UpdateOwnProfile", house.caller("nobody", house.bluefern, "partner"), time_zone="America/Denver")


ABSENCE = ["delegate_id", "away_from", "away_until"]
MONDAY, FRIDAY = {"year": 2026, "month": 3, "day": 2}, {"year": 2026, "month": 3, "day": 6}


def absent(house: House, who: Caller, **days: Any) -> Any:
    return house.call("UpdateOwnProfile", who, update_mask={"paths": ABSENCE}, **days)


@pytest.mark.req("PT-8")
def test_people_name_a_colleague_for_the_days_they_are_away_and_keep_their_zone(house: House) -> None:
    house.person("Megan", "partner", house.bluefern)
    house.person("Rosa", "rosa", house.bluefern)
    house.person("Kwame", "kwame", house.kestrel)
    megan = house.caller("partner", house.bluefern, "partner")
    house.call("UpdateOwnProfile", megan, time_zone="America/Denver")

    away = absent(house, megan, delegate_id="person-rosa", away_from=MONDAY, away_until=FRIDAY)
    assert (away.delegate_id, away.away_until.day, away.time_zone) == ("person-rosa", 6, "America/Denver")
    assert house.events("Person")[-1].person.delegate_id == "person-rosa"
    for wrong, field in (
        ({"delegate_id": "person-kwame"}, "delegate_id"),
        ({"delegate_id": "person-partner"}, "delegate_id"),
        ({"away_from": MONDAY}, "away_until"),
        ({"away_from": FRIDAY, "away_until": MONDAY}, "away_until"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            absent(house, megan, **wrong)
        assert [each.field for each in caught.value.violations] == [field]
    back = absent(house, megan)
    assert (back.delegate_id, back.HasField("away_from")) == ("", False)
    with pytest.raises(InvalidRequest):
        house.call("UpdateOwnProfile", megan, update_mask={"paths": ["roles"]})


def test_deactivated_people_and_organisations_do_not_sign_in(house: House) -> None:
    megan = house.person("Megan", "partner", house.bluefern)
    house.call(
        "UpdatePerson", person=person_pb2.Person(id=megan.id, etag=megan.etag), update_mask={"paths": ["active"]}
    )
    with pytest.raises(LoginInactive):
        house.call("ResolveLogin", login="partner")

    house.person("Megan", "partner", house.bluefern)
    changed = organization_pb2.Organization(id=house.bluefern.id, etag=house.bluefern.etag)
    house.call("UpdateOrganization", organization=changed, update_mask={"paths": ["active"]})
    with pytest.raises(LoginInactive):
        house.call("ResolveLogin", login="partner")


def test_upserting_the_same_person_again_changes_nothing(house: House) -> None:
    first = house.person("Megan", "partner", house.bluefern)
    again = house.person("Megan", "partner", house.bluefern)

    assert again == first
    assert [each.person.version for each in house.events("Person")] == [1]


def test_sessions_end_where_rights_change(house: House) -> None:
    megan = house.person("Megan", "partner", house.bluefern)
    renamed = house.call("UpsertPerson", person=person_pb2.Person.FromString(_with(megan, name="Meg")))
    moved = house.call("UpsertPerson", person=person_pb2.Person.FromString(_with(renamed, roles=["dispatcher"])))
    gone = house.call("UpsertPerson", person=person_pb2.Person.FromString(_with(moved, active=False)))

    assert [each.session_epoch for each in (megan, renamed, moved, gone)] == [0, 0, 1, 2]


def _with(person: Any, **fields: Any) -> bytes:
    changed = person_pb2.Person()
    changed.CopyFrom(person)
    for name, value in fields.items():
        changed.ClearField(name)
        if isinstance(value, list):
            getattr(changed, name).extend(value)
        else:
            setattr(changed, name, value)
    return bytes(changed.SerializeToString())


def test_wrong_people_are_refused(house: House) -> None:
    with pytest.raises(InvalidRequest) as refused:
        house.call(
            "UpsertPerson",
            person=person_pb2.Person(
                id="p-9", name="X", email="x", login="Not Allowed", roles=["boss", "partner"], time_zone="Mars/Base"
            ),
        )
    assert sorted(wrong(refused)) == ["email", "login", "organization_id", "roles", "time_zone"]
    house.person("Megan", "partner", house.bluefern)
    with pytest.raises(AlreadyExists) as taken:
        house.call(
            "UpsertPerson",
            person=person_pb2.Person.FromString(_with(house.person("Theo", "t", house.bluefern), login="partner")),
        )
    assert wrong(taken) == ["login"]


def test_partners_see_their_own_people_and_the_vendors(house: House) -> None:
    house.person("Dana", "dispatcher", house.voltara, ["dispatcher"])
    house.person("Megan", "partner", house.bluefern)
    house.person("Kwame", "partner2", house.kestrel)

    def seen(caller: Any) -> list[str]:
        return [person.name for person in house.call("ListPeople", caller).people]

    assert seen(house.partner) == ["Dana", "Megan"]
    assert seen(house.partner2) == ["Dana", "Kwame"]
    assert seen(house.dispatcher) == ["Dana", "Kwame", "Megan"]
    with pytest.raises(NotFound):
        house.call("GetPerson", house.partner2, id="person-partner")


@pytest.mark.req("CP-52")
def test_what_was_agreed_with_a_partner_is_told_to_its_parties_only(house: House) -> None:
    def free_miles(caller: Any) -> bool:
        return bool(house.call("GetOrganization", caller, id=house.bluefern.id).HasField("free_miles"))

    assert [free_miles(caller) for caller in (house.partner, house.partner2, house.dispatcher, CLI)] == [
        True,
        False,
        True,
        True,
    ]
    assert all(each.organization.name for each in house.events("Organization"))


@pytest.mark.req("CP-47")
def test_an_organisation_sets_the_days_for_returns_or_leaves_them_to_the_installation(house: House) -> None:
    def save(**fields: Any) -> Any:
        house.voltara = house.call("GetOrganization", id=house.voltara.id)
        wanted = organization_pb2.Organization(id=house.voltara.id, etag=house.voltara.etag, **fields)
        return house.call("UpdateOrganization", organization=wanted, update_mask={"paths": ["return_days"]})

    assert not house.voltara.HasField("return_days")
    assert save(return_days=21).return_days == 21
    for wrong in (0, 366):
        with pytest.raises(InvalidRequest) as refused:
            save(return_days=wrong)
        assert [each.field for each in refused.value.violations] == ["return_days"]
    assert not save().HasField("return_days")

    told = [each.organization for each in house.events("Organization") if each.organization.name == "Voltara"]
    assert [each.return_days for each in told] == [0, 21, 0]


def test_teams_are_kept_by_dispatchers_of_their_organisation(house: House) -> None:
    dana = house.person("Dana", "dispatcher", house.voltara, ["dispatcher"])
    team = team_pb2.Team(name="NA Field Service Team", organization_id=house.voltara.id, member_ids=[dana.id])

    made = house.call("CreateTeam", house.dispatcher, team=team)

    assert [each.name for each in house.call("ListTeams", house.partner).teams] == ["NA Field Service Team"]
    foreign = replace(house.dispatcher, organization_id=house.kestrel.id, organization_kind="provider")
    with pytest.raises(NotAllowed):
        house.call("DeleteTeam", foreign, id=made.id, etag=made.etag)
    with pytest.raises(InvalidRequest):
        house.call(
            "CreateTeam",
            house.dispatcher,
            team=team_pb2.Team(name="X", organization_id=house.voltara.id, member_ids=["x"]),
        )
    house.call("DeleteTeam", house.dispatcher, id=made.id, etag=made.etag)
    assert [each.deleted for each in house.events("Team")] == [False, True]


def test_a_technician_is_a_person_from_the_start(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    person = house.call("GetPerson", id=allan.person_id)

    assert (person.technician_id, list(person.roles)) == (allan.id, ["technician"])
    assert (allan.organization_id, person.organization_id) == (house.bluefern.id, house.bluefern.id)
    assert house.events("Person")[-1].person == person
    assert house.events("Technician")[-1].technician == allan


def test_a_technician_takes_the_person_with_the_same_mail(house: House) -> None:
    megan = house.person("Megan", "partner", house.bluefern, ["partner", "technician"])

    made = house.technician("Megan", house.bluefern, email="MEGAN@example.com")

    assert made.person_id == megan.id
    with pytest.raises(InvalidRequest) as refused:
        house.technician("Again", email="again@example.com", person_id=megan.id)
    assert wrong(refused) == ["person_id"]


def test_a_partner_registers_and_onboards_a_technician(house: House) -> None:
    made = house.call("CreateTechnician", house.partner, technician={"name": "New Hand", "email": "new@example.com"})

    assert [each.name for each in house.call("ListTechnicians", house.partner).technicians] == ["New Hand"]
    assert not house.call("ListTechnicians", house.partner2).technicians
    house.join(made, house.bluefern, house.partner, corporate_email="new@bluefern.example.com")
    assert house.call("GetTechnician", house.partner, id=made.id).organization_id == house.bluefern.id


@pytest.mark.req("R-4")
def test_a_technician_sees_no_other_technician(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    house.technician("Bea Baker", house.bluefern, ["VT40-CM"])
    himself = house.caller("allan", house.bluefern, "partner", technician_id=allan.id)

    assert [each.id for each in house.call("ListTechnicians", himself).technicians] == [allan.id]
    assert len(house.call("ListMemberships", himself).memberships) == 1
    assert len(house.call("ListTechnicianCertifications", himself).technician_certifications) == 1
    assert len(house.call("ListTechnicians", house.partner).technicians) == 2


@pytest.mark.req("CP-93")
def test_onboarding_refuses_foreign_domains_and_those_who_belong_elsewhere(house: House) -> None:
    allan = house.technician("Allan Heward")

    with pytest.raises(EmailDomainMismatch):
        house.join(allan, house.bluefern, house.partner, corporate_email="allan@example.org")
    with pytest.raises(NotAllowed):
        house.join(allan, house.kestrel, house.partner)
    house.join(allan, house.bluefern, house.partner, corporate_email="allan@BLUEFERN.example.com")
    with pytest.raises(InvalidRequest) as refused:
        house.join(allan, house.kestrel, house.partner2)
    assert wrong(refused) == ["technician_id"]


@pytest.mark.req("CP-94")
def test_offboarding_ends_a_membership_and_never_overwrites_it(house: House) -> None:
    allan = house.technician("Allan Heward")
    joined = house.join(allan, house.bluefern)
    ended = membership_pb2.Membership(id=joined.id, etag=joined.etag, end_date=day(TODAY))
    house.call("UpdateMembership", house.partner, membership=ended, update_mask={"paths": ["end_date"]})
    assert house.call("GetTechnician", id=allan.id).organization_id == house.bluefern.id

    house.clock.advance(timedelta(days=1))
    house.app.run_due()

    left = house.call("GetTechnician", id=allan.id)
    assert left.organization_id == ""
    assert house.events("Technician")[-1].technician == left
    assert house.call("GetPerson", id=allan.person_id).organization_id == ""
    house.join(allan, house.kestrel, start_date=day(TODAY + timedelta(days=1)))
    assert house.call("GetTechnician", id=allan.id).organization_id == house.kestrel.id
    ended = house.call("GetMembership", id=joined.id)
    changed = membership_pb2.Membership(id=joined.id, etag=ended.etag, start_date=day(TODAY))
    with pytest.raises(InvalidRequest) as refused:
        house.call("UpdateMembership", membership=changed, update_mask={"paths": ["start_date"]})
    assert wrong(refused) == ["start_date"]


def test_a_certificate_expires_after_its_usual_time(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)

    held = house.certify(allan, "VT40-CM", date(2027, 1, 31))

    assert (held.certification_code, held.expiry_date) == ("VT40-CM", day(date(2029, 1, 31)))
    with pytest.raises(InvalidRequest) as refused:
        house.certify(allan, "VT40-CM", date(2027, 1, 30), expiry_date=day(date(2027, 1, 29)))
    assert wrong(refused) == ["expiry_date"]
    with pytest.raises(AlreadyExists):
        house.certify(allan, "VT40-CM", date(2027, 1, 31))


def test_certificates_are_seen_by_their_organisation_and_the_vendor(house: House) -> None:
    house.technician("Allan Heward", house.bluefern, ["VT40-CM"])

    def count(caller: Any) -> int:
        return len(house.call("ListTechnicianCertifications", caller).technician_certifications)

    assert [count(caller) for caller in (house.partner, house.partner2, house.dispatcher)] == [1, 0, 1]


def test_a_certification_in_use_is_not_deleted(house: House) -> None:
    house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    listed = house.call("ListCertifications", query=list_pb2.ListQuery()).certifications[0]

    with pytest.raises(WrongState):
        house.call("DeleteCertification", house.dispatcher, id=listed.id, etag=listed.etag)


def test_a_requirement_names_certifications_and_learns_the_work_types_name(house: House) -> None:
    house.certification("VT40-CM")
    wanted = skill_requirement_pb2.SkillRequirement(work_type_id="head", all_of=["VT40-CM"], any_of=["NOPE"])
    with pytest.raises(InvalidRequest) as refused:
        house.call("CreateSkillRequirement", house.dispatcher, skill_requirement=wanted)
    assert wrong(refused) == ["any_of"]

    wanted.ClearField("any_of")
    made = house.call("CreateSkillRequirement", house.dispatcher, skill_requirement=wanted)
    assert made.work_type_name == ""
    house.work_type("head", name="Head replacement")
    assert house.call("GetSkillRequirement", id=made.id).work_type_name == "Head replacement"


def test_an_organisation_that_is_referred_to_is_deactivated_not_deleted(house: House) -> None:
    house.person("Megan", "partner", house.bluefern)

    with pytest.raises(WrongState) as refused:
        house.call("DeleteOrganization", id=house.bluefern.id, etag=house.bluefern.etag)
    assert refused.value.reason == "STILL_REFERENCED"
    house.call("DeleteOrganization", id=house.kestrel.id, etag=house.kestrel.etag)


def test_money_and_address_of_an_organisation_are_kept(house: House) -> None:
    address = types_pb2.Address(street="88 E Broad St", city="Columbus", state="OH", postal_code="43215", country="US")
    made = house.organization(
        "Copperline", "PARTNER", address=address, travel_cost_per_mile={"currency_code": "USD", "micros": 950_000}
    )

    read = house.call("GetOrganization", id=made.id)
    assert (read.address, read.travel_cost_per_mile.micros) == (address, 950_000)
