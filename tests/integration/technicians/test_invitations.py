"""Invitations from the office's wish to a person of the directory, on both databases (R-1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.errors import InvalidRequest, NotFound
from services.technicians.domain.errors import EmailDomainMismatch, InvitationWrongState, PersonExists
from tests.integration.technicians.conftest import CLI, House

pytestmark = [pytest.mark.req("R-1"), pytest.mark.req("CP-1")]
OPEN, ACCEPTED, WITHDRAWN, EXPIRED = 1, 2, 3, 4
SAM = "sam.lee@bluefern.example.com"


def invite(house: House, caller: Any = None, request_id: str = "", **fields: Any) -> Any:
    given = {"name": "Sam Lee", "email": SAM, "roles": ["partner"], **fields}
    return house.call("InvitePerson", caller or house.partner, invitation=given, request_id=request_id)


def accept(house: House, invitation: Any, **fields: Any) -> Any:
    given = {"invitation_id": invitation.id, "round": invitation.round, **fields}
    return house.call("AcceptInvitation", CLI, **given).person


def again(house: House, invitation: Any, verb: str, caller: Any = None) -> Any:
    return house.call(f"{verb}Invitation", caller or house.partner, id=invitation.id)


def test_an_office_invites_for_its_own_organisation_and_whoever_accepts_has_exactly_that(house: House) -> None:
    team = house.call("CreateTeam", house.partner, team={"name": "Dispatch", "organization_id": house.bluefern.id})

    made = invite(house, team_id=team.id, request_id="q-1")
    again_made = invite(house, team_id=team.id, request_id="q-1")
    person = accept(house, made, request_id="q-2")

    assert made == again_made
    assert (made.state, made.round, made.inviter_name, made.organization_id) == (OPEN, 1, "Partner", house.bluefern.id)
    assert made.expire_time.ToDatetime() - made.invite_time.ToDatetime() == timedelta(days=7)
    assert (person.name, person.login, person.email) == ("Sam Lee", "sam.lee", SAM)
    assert (list(person.roles), person.organization_id, person.active) == (["partner"], house.bluefern.id, True)
    assert list(house.call("GetTeam", id=team.id).member_ids) == [person.id]
    after = house.call("GetInvitation", house.partner, id=made.id)
    assert (after.state, after.person_id) == (ACCEPTED, person.id)
    told = house.events("Invitation")
    assert [(each.invitation.email, each.organization_name) for each in told] == [(SAM, "Bluefern")]
    assert accept(house, made, request_id="q-2") == person


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"email": "sam@elsewhere.example.com"}, EmailDomainMismatch, "email"),
        ({"email": "sam@kestrel.example.com"}, EmailDomainMismatch, "email"),
        ({"email": "nobody"}, EmailDomainMismatch, "email"),
        ({"name": " "}, InvalidRequest, "name"),
        ({"roles": []}, InvalidRequest, "roles"),
        ({"roles": ["dispatcher"]}, InvalidRequest, "roles"),
        ({"roles": ["partner", "admin"]}, InvalidRequest, "roles"),
        ({"roles": ["service"]}, InvalidRequest, "roles"),
        ({"team_id": "none"}, InvalidRequest, "team_id"),
    ],
)
def test_what_an_office_may_not_ask_for_is_named(house: House, fields: Any, error: type[Exception], field: str) -> None:
    with pytest.raises(error) as refused:
        invite(house, **fields)

    assert [each.field for each in refused.value.violations] == [field]  # type: ignore[attr-defined]
    assert house.events("Invitation") == []


def test_another_organisation_is_refused_and_its_teams_and_invitations_are_not_seen(house: House) -> None:
    with pytest.raises(InvalidRequest) as refused:
        invite(house, organization_id=house.kestrel.id)
    assert [each.field for each in refused.value.violations] == ["organization_id"]
    theirs = house.call("CreateTeam", house.partner2, team={"name": "K", "organization_id": house.kestrel.id})
    with pytest.raises(InvalidRequest):
        invite(house, team_id=theirs.id)

    made = invite(house)
    for verb in ("Get", "Resend", "Withdraw"):
        with pytest.raises(NotFound):
            again(house, made, verb, house.partner2)


def test_admins_invite_for_any_organisation_with_any_role(house: House) -> None:
    house.call(
        "UpdateOrganization",
        organization={**_domain(house), "id": house.voltara.id},
        update_mask={"paths": ["domains"]},
    )

    made = invite(house, CLI, email="dee@voltara.example.com", organization_id=house.voltara.id, roles=["dispatcher"])

    assert list(accept(house, made).roles) == ["dispatcher"]


def _domain(house: House) -> dict[str, Any]:
    etag = house.call("GetOrganization", id=house.voltara.id).etag
    return {"domains": ["voltara.example.com"], "etag": etag}


def test_an_address_that_somebody_has_or_that_was_invited_is_refused(house: House) -> None:
    house.person("Riley", "riley", house.bluefern)
    pat = {"id": "p-9", "name": "Pat", "email": "Pat@bluefern.example.com", "roles": ["partner"], "active": False}
    house.call("UpsertPerson", person={**pat, "organization_id": house.bluefern.id})
    invite(house)

    for email in ("pat@bluefern.example.com", SAM.upper()):
        with pytest.raises(PersonExists) as refused:
            invite(house, email=email)
        assert [each.field for each in refused.value.violations] == ["email"]


def test_a_link_is_used_once_and_only_the_newest_one_counts(house: House) -> None:
    first = invite(house)
    second = again(house, first, "Resend")

    with pytest.raises(InvitationWrongState, match="newer mail"):
        accept(house, first)
    accept(house, second)
    for call in (
        lambda: accept(house, second),
        lambda: again(house, first, "Resend"),
        lambda: again(house, first, "Withdraw"),
    ):
        with pytest.raises(InvitationWrongState, match="accepted already"):
            call()
    assert (second.round, len(house.events("Invitation"))) == (2, 2)


def test_a_withdrawn_invitation_leads_nowhere_and_the_address_is_free_again(house: House) -> None:
    made = invite(house)

    assert again(house, made, "Withdraw").state == WITHDRAWN
    with pytest.raises(InvitationWrongState, match="withdrawn"):
        accept(house, made)
    assert invite(house).state == OPEN


def test_an_invitation_expires_and_can_be_sent_again(house: House) -> None:
    made = invite(house)
    house.clock.set(house.clock.now() + timedelta(days=7))

    with pytest.raises(InvitationWrongState, match="expired"):
        accept(house, made)
    assert house.app.invitations.run_due(house.clock.now()) == 1
    assert house.call("GetInvitation", house.partner, id=made.id).state == EXPIRED
    assert accept(house, again(house, made, "Resend")).login == "sam.lee"


def test_two_people_of_one_name_get_two_logins(house: House) -> None:
    house.person("Sam", "sam.lee", house.kestrel)

    assert accept(house, invite(house)).login == "sam.lee-2"


def test_nobody_enters_for_an_organisation_that_was_deactivated(house: House) -> None:
    made = invite(house)
    etag = house.call("GetOrganization", id=house.bluefern.id).etag
    house.call("UpdateOrganization", organization={"id": house.bluefern.id, "active": False, "etag": etag},
               update_mask={"paths": ["active"]})  # fmt: skip

    with pytest.raises(InvitationWrongState, match="not active"):
        accept(house, made)
