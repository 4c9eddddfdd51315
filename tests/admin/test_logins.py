from __future__ import annotations

import re

import pytest
from fieldmesh.common.v1 import operations_pb2
from fieldmesh.common.v1.types_pb2 import Actor
from fieldmesh.technicians.v1.person_pb2 import Person as DirectoryPerson

from admin.security.models import Login
from tests.admin.conftest import Person
from tests.support import memory_data


@pytest.fixture(autouse=True)
def clean(app):
    yield
    with app.app_context():
        session = app.appbuilder.session
        for login in session.query(Login).filter(Login.username == "ada"):
            session.delete(login)
        session.commit()


def enter(app, login, password):
    person = Person(app.test_client())
    person.get("/login/")
    return person, person.post("/login/", {"username": login, "password": password})


def shown_password(page):
    return re.search(r'<code class="password">([^<]+)</code>', page.text)[1]


@pytest.fixture
def ada(mesh):
    return mesh.put(
        DirectoryPerson(
            name="Ada Quill", login="ada", email="ada@example.com", roles=["dispatcher"], active=True,
            organization_id=memory_data.ident("organization", "Voltara"),
        )
    )  # fmt: skip


@pytest.mark.req("R-4")
def test_an_admin_gives_a_person_a_login_whose_password_is_shown_once(sign_in, app, ada):
    admin = sign_in("admin")
    admin.get("/logins/")

    page = admin.post("/logins/new", {"person_id": ada.id})
    again = admin.post("/logins/new", {"person_id": ada.id})
    _, answer = enter(app, "ada", shown_password(page))

    assert answer.status_code == 302
    assert again.status_code == 409
    assert 'class="password"' not in admin.get("/logins/").text


def test_a_person_without_a_login_name_gets_none(sign_in, mesh, ada):
    ada.login = ""
    admin = sign_in("admin")
    admin.get("/logins/")

    assert "has no login name" in admin.post("/logins/new", {"person_id": ada.id}).text
    assert admin.post("/logins/new", {"person_id": "nobody"}).status_code == 422


def test_a_new_password_and_switching_off_end_sessions(sign_in, app, ada):
    admin = sign_in("admin")
    admin.get("/logins/")
    first = shown_password(admin.post("/logins/new", {"person_id": ada.id}))
    person, _ = enter(app, "ada", first)
    with app.app_context():
        number = app.appbuilder.sm.find_user("ada").id

    second = shown_password(admin.post(f"/logins/{number}/password"))
    ended = person.get("/accounts/").status_code
    _, old = enter(app, "ada", first)
    person, new = enter(app, "ada", second)
    admin.post(f"/logins/{number}/switch")

    assert (ended, old.status_code, new.status_code) == (302, 403, 302)
    assert person.get("/accounts/").status_code == 302
    assert enter(app, "ada", second)[1].status_code == 403


@pytest.mark.parametrize("login", ["dispatcher", "partner"])
def test_nobody_else_governs_logins(sign_in, login):
    person = sign_in(login)
    person.get("/accounts/")

    assert person.get("/logins/").status_code == 403
    assert person.post("/logins/1/password").status_code == 403


def test_admins_see_who_changed_a_record(sign_in, mesh):
    account = memory_data.ident("account", 1)
    mesh.changes["workorders"] = [
        operations_pb2.AuditEntry(
            id="1", actor=Actor(display_name="Dana Whitlock"), verb="update",
            changes=[operations_pb2.FieldChange(field="phone", old_value="1", new_value="2")],
        )
    ]  # fmt: skip
    admin, dispatcher = sign_in("admin"), sign_in("dispatcher")

    assert "?tab=changes" in admin.get(f"/accounts/{account}").text
    assert "Dana Whitlock" in admin.get(f"/accounts/{account}/changes").text
    assert "?tab=changes" not in dispatcher.get(f"/accounts/{account}").text
    assert dispatcher.get(f"/accounts/{account}/changes").status_code == 403
    assert mesh.asked("ListAuditEntries")[0].resource_id == account
