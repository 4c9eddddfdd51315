from __future__ import annotations

import re

import pytest
from fieldmesh.technicians.v1.person_pb2 import Person as DirectoryPerson

from admin import identity
from admin.app import create_app
from admin.security import throttle
from admin.security.views import REFUSED
from tests.admin.conftest import PASSWORD, Person, settings_for
from tests.support import memory_data
from tests.support.markup import read


def directory_person(mesh, login="dispatcher"):
    return mesh.rows[DirectoryPerson.DESCRIPTOR.full_name][memory_data.ident("person", login)]


@pytest.fixture(autouse=True)
def forget_failures(app):
    from admin.security.models import Attempts

    yield
    with app.app_context():
        app.appbuilder.session.query(Attempts).delete()
        app.appbuilder.session.commit()


def try_login(visitor, login="dispatcher", password=PASSWORD, **more):
    visitor.get("/login/")
    return visitor.post("/login/", {"username": login, "password": password, **more})


@pytest.mark.req("CP-1")
def test_whoever_is_not_signed_in_is_led_to_the_login_and_back(visitor):
    asked = visitor.get("/stations/?q=vt&page=2")
    page = visitor.get(asked.location)
    target = re.search(r'name="next"[^>]*value="([^"]+)"', page.text)[1].replace("&amp;", "&")
    entered = visitor.post("/login/", {"username": "dispatcher", "password": PASSWORD, "next": target})

    assert asked.status_code == 302
    assert entered.location == "/stations/?q=vt&page=2"


@pytest.mark.parametrize("path", ["/", "/accounts/", "/accounts/x", "/accounts/export.csv", "/account/", "/nowhere"])
def test_nothing_is_shown_to_whoever_is_not_signed_in(visitor, path):
    answer = visitor.get(path)

    assert (answer.status_code, answer.location.split("?")[0]) == (302, "/login/")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_leads_to_no_other_site(visitor, target):
    assert try_login(visitor, next=target).location == "/"


@pytest.mark.parametrize(("login", "password"), [("dispatcher", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_get_the_same_words(visitor, login, password):
    answer = try_login(visitor, login, password)

    assert answer.status_code in {403, 422}
    assert (REFUSED in answer.text) == bool(login)


@pytest.mark.parametrize("login", ["dispatcher", "somebody-unknown"])
def test_five_failures_lock_a_login_whether_it_exists_or_not(visitor, app, login):
    for _ in range(throttle.FREE_FAILURES["login"]):
        try_login(visitor, login, "wrong")

    locked = try_login(visitor, login, PASSWORD)

    assert locked.status_code == 429
    assert "Too many tries. Wait" in locked.text


def test_a_lock_doubles_with_every_further_failure_and_ends(app):
    now = [1000.0]
    with app.app_context():
        guard = throttle.Throttle(app.appbuilder.session, lambda: now[0])
        waits = []
        for _ in range(8):
            guard.failed("ada", "192.0.2.7")
            waits.append(guard.wait("ada", "198.51.100.1"))
            now[0] += guard.wait("ada", "198.51.100.1")
        assert waits == [0, 0, 0, 0, 15, 30, 60, 120]
        assert guard.wait("ada", "192.0.2.7") == 0
        guard.succeeded("ada")
        guard.failed("ada", "203.0.113.9")
        assert guard.wait("ada", "203.0.113.9") == 0


def test_many_failures_from_one_address_lock_it_for_every_login(app):
    with app.app_context():
        guard = throttle.Throttle(app.appbuilder.session)
        for number in range(throttle.FREE_FAILURES["address"]):
            guard.failed(f"login-{number}", "192.0.2.8")

        assert guard.wait("fresh", "192.0.2.8") > 0
        assert guard.wait("fresh", "192.0.2.9") == 0


def test_while_the_directory_is_away_nobody_can_sign_in(visitor, mesh):
    mesh.down.add("technicians")

    answer = try_login(visitor)

    assert answer.status_code == 503
    assert visitor.get("/accounts/").status_code == 302


@pytest.mark.parametrize("roles", [[], ["service"], ["emperor"]])
def test_a_person_without_a_role_cannot_sign_in(visitor, mesh, roles):
    del directory_person(mesh).roles[:]
    directory_person(mesh).roles.extend(roles)

    assert try_login(visitor).status_code == 403


def test_an_inactive_person_cannot_sign_in(visitor, mesh):
    directory_person(mesh).active = False

    assert try_login(visitor).status_code == 403


@pytest.mark.parametrize("change", ["deactivate", "end sessions", "take roles"])
def test_a_change_in_the_directory_ends_or_narrows_sessions_within_a_minute(dispatcher, mesh, monkeypatch, change):
    person = directory_person(mesh)
    if change == "deactivate":
        person.active = False
    elif change == "end sessions":
        person.session_epoch += 1
    else:
        del person.roles[:]
        person.roles.append("technician")

    before = dispatcher.get("/accounts/new").status_code
    monkeypatch.setattr(identity, "REFRESH_SECONDS", -1)
    after = dispatcher.get("/accounts/new").status_code

    assert before == 200
    assert after == (403 if change == "take roles" else 302)


def test_a_session_goes_on_while_the_directory_is_away(dispatcher, mesh, monkeypatch):
    monkeypatch.setattr(identity, "REFRESH_SECONDS", -1)
    mesh.down.add("technicians")

    assert dispatcher.get("/accounts/").status_code == 200


@pytest.mark.req("CP-5")
def test_users_pick_the_zone_of_their_pages_and_the_default_is_their_organisations(sign_in, mesh):
    person = directory_person(mesh, "approver")
    person.time_zone = ""
    approver = sign_in("approver")

    before = read(approver.get("/account/").text).one("main")
    wrong = approver.post("/account/time-zone", {"time_zone": "Mars/Olympus"})
    saved = approver.post("/account/time-zone", {"time_zone": "America/Denver"})
    after = read(approver.get(saved.location).text)

    assert before.facts["Time zone"].text == "America/Chicago, your organisation's"
    assert before.one("input", name="time_zone").attributes["value"] == ""
    assert wrong.status_code == 422
    assert "Choose a time zone such as America/Chicago." in wrong.text
    (request,) = mesh.asked("UpdateOwnProfile")
    assert (request.time_zone, saved.location) == ("America/Denver", "/account/")
    assert after.one("main").facts["Time zone"].text == "America/Denver"
    assert after.one("span", class_="zone").text == "America/Denver"


def test_a_new_password_ends_every_other_session(sign_in, app):
    here, elsewhere = sign_in("approver"), sign_in("approver")
    here.get("/account/")

    short = here.post("/account/", {"current": PASSWORD, "fresh": "short", "again": "short"})
    wrong = here.post("/account/", {"current": "no", "fresh": "quiet owls twelve", "again": "quiet owls twelve"})
    done = here.post("/account/", {"current": PASSWORD, "fresh": "quiet owls twelve", "again": "quiet owls twelve"})

    assert (short.status_code, wrong.status_code, done.status_code) == (422, 422, 302)
    assert here.get("/accounts/").status_code == 200
    assert elsewhere.get("/accounts/").status_code == 302
    with app.app_context():
        manager = app.appbuilder.sm
        manager.reset_password(manager.find_user("approver").id, PASSWORD)


def test_signing_out_is_a_post_with_a_token(dispatcher):
    """Flask-AppBuilder signs out on GET: a picture on another site could do it."""
    assert dispatcher.get("/logout/").status_code == 405
    assert dispatcher.client.post("/logout/").status_code == 400
    dispatcher.get("/accounts/")
    assert dispatcher.post("/logout/").status_code == 302
    assert dispatcher.get("/accounts/").status_code == 302


def test_every_form_needs_its_token(dispatcher):
    for path in ("/accounts/new", "/account/", "/accounts/actions", "/accounts/x/delete"):
        answer = dispatcher.client.post(path, data={"name": "x"})
        assert answer.status_code == 400, path
        assert "nothing was saved" in answer.text


def test_roles_open_what_the_contract_says_and_no_more(sign_in):
    partner, technician = sign_in("partner"), sign_in("technician")

    assert partner.get("/accounts/").status_code == 200
    assert partner.get("/accounts/new").status_code == 403
    assert partner.get("/deliveries/").status_code == 403
    assert "/deliveries/" not in partner.get("/accounts/").text
    assert "/accounts/new" not in partner.get("/accounts/").text
    assert technician.get("/memberships/new").status_code == 403
    assert partner.get("/memberships/new").status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_and_headers_fit_the_public_address(served, scheme, mesh):
    from pathlib import Path

    folder = Path(served[0].extensions["logins"].url.database).parent
    app = create_app(settings_for(folder, mesh.port, public_url=f"{scheme}://field.example.com"))
    client = app.test_client()

    answer = client.get("/login/", base_url=f"{scheme}://field.example.com")
    app.extensions["logins"].dispose()

    cookie = answer.headers["Set-Cookie"]
    assert ("Secure" in cookie, "HttpOnly" in cookie, "SameSite=Lax" in cookie) == (scheme == "https", True, True)
    assert cookie.startswith("__Host-") == (scheme == "https")
    assert ("Strict-Transport-Security" in answer.headers) == (scheme == "https")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"].startswith("no-store")


def test_pages_carry_no_inline_script_or_style(dispatcher):
    for path in (
        "/accounts/",
        "/accounts/new",
        f"/accounts/{memory_data.ident('account', 1)}",
        "/account/",
        "/nowhere",
    ):
        page = dispatcher.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page), path


def test_a_bug_is_a_page_with_a_number_and_no_detail(app, dispatcher, monkeypatch):
    from admin.grpcfab.interface import GrpcInterface

    def broken(*arguments):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(GrpcInterface, "page", broken)
    answer = dispatcher.get("/accounts/")

    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert re.search(r"Number: <code>[0-9a-f-]{36}</code>", answer.text)


def test_a_service_that_is_away_is_named(dispatcher, mesh):
    mesh.down.add("workorders")

    page = dispatcher.get("/accounts/")
    fragment = dispatcher.get("/contacts/related", headers={"HX-Request": "true"})

    assert page.status_code == fragment.status_code == 503
    assert "Workorders is not answering" in page.text
    assert "<html" not in fragment.text
    assert dispatcher.get("/organizations/").status_code == 200, "the rest stays usable"


def test_calls_are_made_as_the_person_with_their_organisation(dispatcher, mesh):
    dispatcher.get("/accounts/")

    caller = next(caller for path, _, caller in mesh.calls if path.endswith("ListAccounts"))
    assert caller.subject == memory_data.ident("person", "dispatcher")
    assert caller.roles == {"dispatcher"}
    assert caller.organization_id == memory_data.ident("organization", "Voltara")


def test_the_health_check_needs_no_one(app):
    assert Person(app.test_client()).get("/healthz").json == {"status": "SERVING"}
