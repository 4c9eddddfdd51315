"""Sessions that ended while somebody was typing: the way back, and what comes along."""

from __future__ import annotations

import re

import pytest

from admin.security import carrying
from tests.admin.conftest import PASSWORD, form_values
from tests.support import memory_data
from tests.support.markup import read

ACCOUNT = memory_data.ident("account", 1)
HERE = {"Origin": "http://localhost", "Referer": "http://localhost/accounts/new"}


@pytest.fixture
def typed(dispatcher):
    """A form that was filled in before its session ended."""
    form = dispatcher.fields("/accounts/new", name="Quince Park", notes="Three hours\nof typing", phone="")
    end(dispatcher)
    return form


def end(person):
    person.client.delete_cookie("fieldmesh")


def sign_in_again(person, page, **more):
    """The sign-in of a page, filled in and sent."""
    form = read(page.text).one("form", method="post")
    hidden = {each.attributes["name"]: each.attributes.get("value", "") for each in form.all("input", type="hidden")}
    sent = {**hidden, "username": "dispatcher", "password": PASSWORD, **more}
    return person.client.post(form.attributes["action"], data=sent, headers=HERE)


def carried_on(person, page):
    """The page that goes on to the form, sent as its script does."""
    form = read(page.text).one("form", method="post", data_resume="")
    fields = {each.attributes["name"]: each.attributes.get("value", "") for each in form.all("input")}
    texts = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page.text, re.DOTALL)
    return person.client.post(form.attributes["action"], data={**fields, **dict(texts)}, headers=HERE)


def test_a_form_whose_session_ended_comes_back_filled_in_after_signing_in(dispatcher, typed, mesh):
    asked = dispatcher.client.post("/accounts/new", data=typed, headers=HERE)
    entered = sign_in_again(dispatcher, asked)
    back = carried_on(dispatcher, entered)

    assert asked.status_code == 401
    assert "What you entered is kept" in asked.text
    assert "sidebar" not in asked.text
    assert "Quince Park" not in entered.headers.get("Location", "")
    assert back.status_code == 422
    assert "Nothing was sent yet" in back.text
    shown = form_values(back.text)
    assert (shown["name"], shown["notes"].replace("\r", "")) == ("Quince Park", "Three hours\nof typing")
    assert mesh.asked("CreateAccount") == []
    # one more press on Save, and it is done as the one request that it was
    saved = dispatcher.client.post("/accounts/new", data=shown, headers=HERE)
    assert saved.status_code == 302
    assert mesh.asked("CreateAccount")[0].request_id == typed["request_key"]


def test_a_wrong_password_on_the_way_keeps_the_form_along(dispatcher, typed):
    asked = dispatcher.client.post("/accounts/new", data=typed, headers=HERE)
    again = sign_in_again(dispatcher, asked, password="wrong")
    entered = sign_in_again(dispatcher, again)

    assert again.status_code == 403
    assert form_values(carried_on(dispatcher, entered).text)["name"] == "Quince Park"


def test_what_was_saved_meanwhile_is_still_a_conflict_afterwards(dispatcher, mesh):
    from fieldmesh.workorders.v1.account_pb2 import Account

    path = f"/accounts/{ACCOUNT}/edit"
    form = dispatcher.fields(path, phone="+1 555 0111")
    end(dispatcher)
    mesh.put(mesh.rows[Account.DESCRIPTOR.full_name][ACCOUNT])

    entered = sign_in_again(dispatcher, dispatcher.client.post(path, data=form, headers=HERE))
    back = carried_on(dispatcher, entered)

    assert back.status_code == 409
    assert "Somebody else saved this while you were editing." in back.text
    assert "+1 555 0111" in back.text


def test_after_signing_in_elsewhere_the_form_only_needs_a_fresh_token(dispatcher, typed, mesh):
    dispatcher.get("/login/")
    dispatcher.post("/login/", {"username": "dispatcher", "password": PASSWORD})

    offered = dispatcher.client.post("/accounts/new", data=typed, headers=HERE)

    assert "Your input is kept" in offered.text
    assert form_values(carried_on(dispatcher, offered).text)["name"] == "Quince Park"
    assert mesh.asked("CreateAccount") == []


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_form_of_another_site_is_not_carried(dispatcher, typed, headers):
    answer = dispatcher.client.post("/accounts/new", data=typed, headers=headers)

    assert (answer.status_code, answer.location) == (302, "/login/")


def test_passwords_are_never_carried(dispatcher):
    words = {"current": "old secret words", "fresh": "new secret words", "again": "new secret words"}
    form = dispatcher.fields("/account/", **words)
    end(dispatcher)

    answer = dispatcher.client.post("/account/", data=form, headers={**HERE, "Referer": "http://localhost/account/"})

    assert answer.location == "/login/?next=/account/"
    assert "nothing was saved" in dispatcher.get(answer.location).text


@pytest.mark.parametrize("path", ["/accounts/%s/delete", "/work-orders/x/posts"])
def test_what_no_route_draws_again_is_neither_carried_nor_done(dispatcher, mesh, path):
    path = path.replace("%s", ACCOUNT)
    dispatcher.get("/accounts/")
    sent = {"csrf_token": dispatcher.token, "request_key": "k", "etag_seen": "", "body": "Hello", "resumed": "1"}

    refused = dispatcher.client.post(path, data=sent, headers=HERE)
    end(dispatcher)
    gone = dispatcher.client.post(path, data=sent, headers=HERE)

    assert refused.location == "/"
    assert gone.location == "/login/?next=/accounts/new"
    assert [name for name, _, _ in mesh.calls if "Delete" in name or "Post" in name] == []


def test_a_sign_in_page_that_was_open_for_too_long_is_opened_anew(visitor):
    visitor.get("/login/?next=/accounts/")
    end(visitor)

    answer = visitor.post("/login/", {"username": "dispatcher", "password": PASSWORD, "next": "/accounts/"})

    assert answer.location == "/login/?next=/accounts/"
    assert "open for too long" in visitor.get(answer.location).text


def test_a_carried_form_is_signed(app):
    with app.test_request_context("/accounts/new", method="POST", base_url="http://localhost"):
        sealed = carrying.Carried("/accounts/new", [("name", "Quince")]).sealed()

        assert carrying.unsealed(sealed) == carrying.Carried("/accounts/new", [("name", "Quince")])
        assert carrying.unsealed(sealed[:-2] + "xx") is None
        assert carrying.unsealed("") is None


def test_parts_of_a_page_lead_to_the_sign_in_and_back_to_the_page(dispatcher):
    end(dispatcher)
    asked = {"HX-Request": "true", "HX-Current-URL": "http://localhost/work-orders/?view=all"}

    part = dispatcher.client.get("/accounts/options?q=x", headers=asked)
    foreign = dispatcher.client.get("/accounts/options", headers={**asked, "HX-Current-URL": "https://evil.example/"})

    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/login/?next=/work-orders/?view%3Dall")
    assert foreign.headers["HX-Redirect"] == "/login/"


def test_a_dialogs_form_asks_to_sign_in_within_the_dialog(dispatcher, mesh):
    form = dispatcher.fields("/accounts/new", name="Quince Park")
    end(dispatcher)
    page = "http://localhost/accounts/"
    asked = dispatcher.client.post(
        "/accounts/new", data=form, headers={**HERE, "HX-Request": "true", "HX-Current-URL": page}
    )

    assert (asked.status_code, asked.headers["HX-Retarget"]) == (200, "#dialog-body")
    assert "<html" not in asked.text
    assert form_values_of(sign_in_again(dispatcher, asked), dispatcher)["name"] == "Quince Park"


def test_a_transitions_form_comes_back_and_is_not_done_by_itself(portal, sign_in, mesh):
    from tests.support.memory_orders import ORDER

    partner, path = sign_in("partner"), f"/work-orders/{ORDER}/do/request_assistance"
    form = partner.fields(path, inputs__comment="Nobody opens the gate.")
    end(partner)
    asked = partner.client.post(path, data=form, headers=HERE)
    back = carried_on(partner, sign_in_again(partner, asked, username="partner"))

    assert "Nobody opens the gate." in back.text
    assert "Nothing was sent yet" in back.text
    assert mesh.asked("TransitionWorkOrder") == []


def form_values_of(entered, person):
    return form_values(carried_on(person, entered).text)
