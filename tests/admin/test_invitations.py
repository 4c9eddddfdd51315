"""The pages that invite people, what an invitation's link opens, and the contacts of one's own organisation."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from fieldmesh.technicians.v1 import invitation_pb2
from fieldmesh.technicians.v1.organization_pb2 import Organization
from fieldmesh.technicians.v1.person_pb2 import Person

from admin.security.models import Login
from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, Violation, WrongState
from services.chassis.keys import signing_key
from services.chassis.links import Decision, Invited, LinkInvalid, read_invitation, sign, sign_invitation
from tests.support.browser import DESKTOP, PHONE, Window, launched
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER

pytestmark = pytest.mark.req("R-1")
DESK = "/fieldmesh.technicians.v1.InvitationDeskService/"
CONTACTS = "/fieldmesh.technicians.v1.OrganizationContactService/UpdateOrganizationContacts"
HOME = ident("organization", "Bluefern Dispatch")
INVITE = "/invitations/invite"
OPEN, ACCEPTED, WITHDRAWN = 1, 2, 3
WORDS = "four calm herons wading"


@pytest.fixture
def world(mesh, served):
    """An open invitation, what the directory was asked, and the links of its mails."""
    invitation = invitation_pb2.Invitation(
        id=ident("invitation", 1), name="Noor Haddad", email="noor.haddad@bluefern.example.com", roles=["partner"],
        organization_id=HOME, state=OPEN, round=2, inviter_name="Megan Ortiz",
    )  # fmt: skip
    mesh.put(invitation)
    person = Person(
        id="noor-person", name="Noor Haddad", login="noor.haddad", roles=["partner"], organization_id=HOME,
        email=invitation.email, active=True,
    )  # fmt: skip
    asked = []

    def invite(request, caller):
        asked.append((caller, request))
        return request.invitation

    def accept(request, caller):
        asked.append((caller, request))
        invitation.state, invitation.person_id = ACCEPTED, person.id
        mesh.put(person)
        return invitation_pb2.AcceptInvitationResponse(person=person)

    def contacts(request, caller):
        asked.append((caller, request))
        return mesh.rows[Organization.DESCRIPTOR.full_name][HOME]

    verbs = {f"{DESK}InvitePerson": invite, f"{DESK}AcceptInvitation": accept, CONTACTS: contacts}
    mesh.verbs.update(verbs)
    key = signing_key(served[0].extensions["link_keys"]._folder.parent, "notifications")

    def link(number=2, seconds=600.0):
        until = int(time.time() + seconds)
        return f"/invited/{sign_invitation(key, Invited(invitation.id, number, until))}"

    yield SimpleNamespace(invitation=invitation, asked=asked, link=link, key=key, mesh=mesh)
    for name in verbs:
        del mesh.verbs[name]
    app = served[0]
    with app.app_context():
        session = app.appbuilder.session
        for login in session.query(Login).filter(Login.person_id == "noor-person"):
            session.delete(login)
        session.commit()


def page(person, url, status=200):
    answer = person.get(url)
    assert answer.status_code == status, answer.text
    return read(answer.text).one("main")


def test_an_office_gives_its_own_roles_and_admins_give_any(world, sign_in):
    partner = sign_in("partner")
    fields = partner.fields(INVITE, name="Noor Haddad", email="noor.haddad@bluefern.example.com", roles="partner")
    shown = partner.get(INVITE).text

    answer = partner.post(INVITE, fields)

    ((caller, request),) = world.asked
    assert (caller.organization_id, list(request.invitation.roles)) == (HOME, ["partner"])
    assert (request.invitation.email, request.request_id) == (fields["email"], fields["request_key"])
    assert answer.headers["Location"].endswith("/invitations/")
    assert 'value="technician"' in shown
    assert 'value="dispatcher"' not in shown
    assert 'value="dispatcher"' in sign_in("admin").get(INVITE).text
    assert sign_in("dispatcher").get(INVITE).status_code == 403


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            InvalidRequest("No.", violations=[Violation("email", "must be an address in bluefern.example.com")]),
            "must be",
        ),
        (
            AlreadyExists("No.", violations=[Violation("email", "belongs to somebody of the directory already")]),
            "belongs",
        ),
        (InvalidRequest("No.", violations=[Violation("roles", "dispatcher cannot be given")]), "cannot be given"),
        (NotAllowed("Not for you."), "Not for you"),
    ],
)
def test_what_the_directory_refuses_is_said_and_nothing_typed_is_lost(world, sign_in, refusal, words):
    partner = sign_in("partner")
    world.mesh.refuse["InvitePerson"] = refusal

    answer = partner.post(
        INVITE, partner.fields(INVITE, name="Noor", email="noor@elsewhere.example.com", roles="partner")
    )

    assert answer.status_code >= 400
    assert words in answer.text
    assert 'value="noor@elsewhere.example.com"' in answer.text
    assert world.asked == []


def test_open_invitations_are_listed_with_what_may_be_done(world, sign_in):
    shown = page(sign_in("partner"), f"/invitations/{world.invitation.id}").text

    for words in ("Noor Haddad", "Open", "Send again", "Withdraw"):
        assert words in shown


@pytest.mark.req("CP-1")
def test_a_link_takes_a_password_once_and_its_person_signs_in_with_role_and_organisation(world, visitor):
    url = world.link()
    shown = page(visitor, url).text
    assert "Megan Ortiz invites you, Noor Haddad, to sign in for Bluefern Dispatch as partner." in shown
    form = visitor.fields(url)

    short = visitor.post(url, {**form, "fresh": "short", "again": "short"})
    other = visitor.post(url, {**form, "fresh": WORDS, "again": "something else entirely"})
    assert (short.status_code, other.status_code) == (422, 422)
    assert world.asked == []
    done = visitor.post(url, {**form, "fresh": WORDS, "again": WORDS})

    ((caller, request),) = world.asked
    assert (done.status_code, caller.kind) == (302, "service")
    assert (request.invitation_id, request.round) == (world.invitation.id, 2)
    assert "This invitation was used" in page(visitor, url, 410).text
    visitor.get("/login/")
    entered = visitor.post("/login/", {"username": "noor.haddad", "password": WORDS})
    assert entered.status_code == 302
    account = page(visitor, "/account/").text
    assert "Bluefern Dispatch" in account
    assert "Noor Haddad" in account


def test_whoever_was_stopped_before_the_login_was_made_finishes_with_the_same_link(world, visitor):
    world.invitation.state, world.invitation.person_id = ACCEPTED, "noor-person"
    url = world.link()

    done = visitor.post(url, visitor.fields(url, fresh=WORDS, again=WORDS))

    assert done.status_code == 302
    assert "This invitation was used" in page(visitor, url, 410).text


def test_a_link_that_is_old_changed_withdrawn_or_of_an_earlier_mail_says_so(world, visitor, sign_in):
    assert "has expired" in page(visitor, world.link(seconds=-5), 410).text
    assert "not valid" in page(visitor, "/invited/abc.def.ghi", 404).text
    assert "newer mail" in page(visitor, world.link(number=1), 410).text
    assert "signed in" in page(sign_in("dispatcher"), world.link(), 409).text
    world.invitation.state = WITHDRAWN
    assert "was withdrawn" in page(visitor, world.link(), 410).text
    world.mesh.rows[invitation_pb2.Invitation.DESCRIPTOR.full_name].clear()
    assert "is gone" in page(visitor, world.link(), 404).text


def test_what_the_directory_finds_wrong_with_a_link_is_said_and_makes_no_login(world, visitor):
    url = world.link()
    world.mesh.refuse["AcceptInvitation"] = WrongState("This invitation is expired.", reason="INVITATION_WRONG_STATE")

    answer = visitor.post(url, visitor.fields(url, fresh=WORDS, again=WORDS))

    assert answer.status_code == 410
    assert "This invitation is expired." in answer.text


def test_a_link_to_decide_is_no_invitation(world, served):
    import datetime as dt

    decision = sign(world.key, Decision("p", ORDER, 1), dt.timedelta(days=1))

    with pytest.raises(LinkInvalid):
        read_invitation(served[0].extensions["link_keys"], decision)


def test_an_office_keeps_the_contacts_of_its_own_organisation(world, sign_in):
    partner = sign_in("partner")
    fields = partner.fields("/organization/", contact_name="Megan Ortiz", office_email="office@bluefern.example.com")

    answer = partner.post("/organization/", fields)

    ((_, request),) = world.asked
    home = world.mesh.rows[Organization.DESCRIPTOR.full_name][HOME]
    assert (request.contact_name, request.office_email) == ("Megan Ortiz", "office@bluefern.example.com")
    assert (request.address.street, request.etag, request.organization_id) == ("1 Main St", home.etag, "")
    assert answer.headers["Location"].endswith("/organization/")
    assert sign_in("dispatcher").get("/organization/").status_code == 403
    wrong = [Violation("office_email", "must be an e-mail address")]
    world.mesh.refuse["UpdateOrganizationContacts"] = InvalidRequest("No.", violations=wrong)
    refused = partner.post("/organization/", partner.fields("/organization/", office_email="a@b.example.com"))
    assert "must be an e-mail address" in refused.text


@pytest.mark.req("B-9")
def test_the_pages_keep_nobody_out_and_fit_a_phone_in_both_themes(world, portal, site):
    from tests.admin.conftest import PASSWORD

    with launched() as chromium:
        for size, theme in ((DESKTOP, "light"), (PHONE, "dark")):
            window = Window(chromium, site, size=size, theme=theme)
            window.page.goto(world.link())
            assert (window.violations(), window.scrolls_sideways()) == ([], False)
            window.sign_in("partner", PASSWORD)
            for path in ("/invitations/", INVITE, "/organization/"):
                window.page.goto(path)
                assert (path, window.violations(), window.scrolls_sideways()) == (path, [], False)
            assert window.messages == []
