from __future__ import annotations

import datetime as dt

import pytest
import wtforms
from fieldmesh.common.v1.types_pb2 import Money
from fieldmesh.technicians.v1.organization_pb2 import Organization
from fieldmesh.workorders.v1.account_pb2 import Account
from flask import g

from admin.grpcfab.fields import InstantField, MoneyField, NumberField
from admin.grpcfab.values import Money as Amount
from admin.identity import Identity
from services.chassis.errors import InvalidRequest, Unavailable, Violation, WrongState
from tests.support import memory_data

ACCOUNT = memory_data.ident("account", 1)


def stored(mesh):
    return mesh.rows[Account.DESCRIPTOR.full_name][ACCOUNT]


def test_adding_sends_every_field_with_the_forms_request_id(dispatcher, mesh):
    form = dispatcher.fields("/accounts/new", name="Quince Park", account_number="A-9", phone="+1 555 0100")
    form["billing_address-city"] = "Reno"

    answer = dispatcher.post("/accounts/new", form)

    (request,) = mesh.asked("CreateAccount")
    assert request.request_id == form["request_key"]
    assert (request.account.name, request.account.billing_address.city, request.account.active) == (
        "Quince Park",
        "Reno",
        True,
    )
    assert answer.location.startswith("/accounts/")
    assert "Quince Park was created." in dispatcher.get(answer.location).text


def test_sending_a_form_twice_creates_once(dispatcher, mesh):
    form = dispatcher.fields("/accounts/new", name="Quince Park")

    first, second = dispatcher.post("/accounts/new", form), dispatcher.post("/accounts/new", form)

    assert first.location == second.location
    assert sum(row.name == "Quince Park" for row in mesh.rows[Account.DESCRIPTOR.full_name].values()) == 1


def test_a_missing_field_is_named_and_the_rest_is_kept(dispatcher, mesh):
    form = dispatcher.fields("/accounts/new", name="", notes="Gate code 4711", phone="+1 555 0100")

    answer = dispatcher.post("/accounts/new", form)

    assert answer.status_code == 422
    assert "This is required." in answer.text
    assert "Gate code 4711" in answer.text
    assert mesh.asked("CreateAccount") == []


def test_what_the_service_finds_wrong_stands_at_its_field(dispatcher, mesh):
    mesh.refuse["CreateAccount"] = InvalidRequest(
        "Wrong.",
        violations=[
            Violation("account.billing_address.postal_code", "is no postal code"),
            Violation("account_number", "is taken"),
            Violation("elsewhere", "is odd"),
        ],
    )
    form = dispatcher.fields("/accounts/new", name="Quince Park", account_number="A-1")

    answer = dispatcher.post("/accounts/new", form)

    assert answer.status_code == 422
    assert 'id="account_number-error"' in answer.text
    assert 'id="billing_address-postal_code-error"' in answer.text
    assert "is no postal code" in answer.text
    assert "Elsewhere is odd." in answer.text
    assert "Quince Park" in answer.text


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (Unavailable("gone"), 503, "The workorders service is not answering"),
        (WrongState("An account in use keeps its number."), 409, "An account in use keeps its number."),
    ],
)
def test_whatever_happens_the_input_is_kept(dispatcher, mesh, refusal, status, words):
    """Flask-AppBuilder flashes "Database Error" for anything and loses the input."""
    form = dispatcher.fields(f"/accounts/{ACCOUNT}/edit", notes="Three hours of typing")
    mesh.refuse["UpdateAccount"] = refusal

    answer = dispatcher.post(f"/accounts/{ACCOUNT}/edit", form)

    assert answer.status_code == status
    assert words in answer.text
    assert "Three hours of typing" in answer.text
    assert "data-dirty" in answer.text


def test_a_page_that_cannot_be_read_says_nothing_of_input(dispatcher, mesh):
    mesh.down.add("workorders")

    page = dispatcher.get("/accounts/")

    assert page.status_code == 503
    assert "The workorders service is not answering. Try again in a moment." in page.text
    assert "input" not in page.text[page.text.index("<main") :].partition("</main>")[0].replace("<input", "")


def test_editing_sends_exactly_the_changed_fields(dispatcher, mesh):
    form = dispatcher.fields(f"/accounts/{ACCOUNT}/edit", phone="+1 555 0199")

    dispatcher.post(f"/accounts/{ACCOUNT}/edit", form)

    (request,) = mesh.asked("UpdateAccount")
    assert list(request.update_mask.paths) == ["phone"]
    assert request.account.etag == form["etag_seen"]
    assert stored(mesh).phone == "+1 555 0199"
    assert stored(mesh).billing_address.city == "Tamsin"


def test_every_kind_of_field_survives_a_form_that_changes_nothing(sign_in, mesh):
    admin = sign_in("admin")
    paths = [
        f"/organizations/{memory_data.ident('organization', 'Voltara')}",
        f"/work-types/{memory_data.ident('work type', 'Head replacement')}",
        f"/stations/{memory_data.ident('station', 1)}",
        f"/facilities/{memory_data.ident('facility', 1)}",
        f"/people/{memory_data.ident('person', 'partner')}",
    ]

    for path in paths:
        answer = admin.post(f"{path}/edit", admin.fields(f"{path}/edit"))
        assert answer.status_code == 302, answer.text
        assert "Nothing was changed." in admin.get(answer.location).text, path

    assert [path for path, _, _ in mesh.calls if "/Update" in path] == []


def test_money_lists_dates_and_clearing_reach_the_service(sign_in, mesh):
    admin = sign_in("admin")
    organization = memory_data.ident("organization", "Voltara")
    form = admin.fields(
        f"/organizations/{organization}/edit", domains="a.example.com\n\n b.example.com ", free_miles=""
    )
    form["travel_cost_per_mile"] = ["1.75", "eur"]

    admin.post(f"/organizations/{organization}/edit", form)

    (request,) = mesh.asked("UpdateOrganization")
    assert set(request.update_mask.paths) == {"domains", "free_miles", "travel_cost_per_mile"}
    found = mesh.rows[Organization.DESCRIPTOR.full_name][organization]
    assert list(found.domains) == ["a.example.com", "b.example.com"]
    assert not found.HasField("free_miles")
    assert found.travel_cost_per_mile == Money(currency_code="EUR", micros=1_750_000)


def test_a_stale_save_shows_both_versions_and_keeps_the_input(dispatcher, mesh):
    """Flask-AppBuilder reads the row again before saving: the second save silently wins."""
    form = dispatcher.fields(f"/accounts/{ACCOUNT}/edit", phone="+1 555 0111", notes="Mine")
    theirs = stored(mesh)
    theirs.phone, theirs.account_number = "+1 555 0222", "A-NEW"
    mesh.put(theirs)

    conflict = dispatcher.post(f"/accounts/{ACCOUNT}/edit", form)

    assert conflict.status_code == 409
    assert mesh.asked("UpdateAccount") == []
    assert "Somebody else saved this while you were editing." in conflict.text
    assert "+1 555 0111" in conflict.text
    assert "Saved meanwhile: <strong>" in conflict.text
    assert "+1 555 0222" in conflict.text
    assert 'value="A-NEW"' in conflict.text, "what was not touched shows the new value"


def test_a_text_that_nobody_touched_is_no_conflict_however_its_lines_end(dispatcher, mesh):
    row = stored(mesh)
    row.notes = "First line.\r\nSecond line. \r\n"
    mesh.put(row)
    path = f"/accounts/{ACCOUNT}/edit"
    form = dispatcher.fields(path, phone="+1 555 0111")
    form["notes"] = form["notes"].replace("\n", "\r\n")  # as browsers send it
    theirs = stored(mesh)
    theirs.phone = "+1 555 0222"
    mesh.put(theirs)

    conflict = dispatcher.post(path, form)

    assert conflict.status_code == 409
    assert "Both of you changed" in conflict.text
    assert 'href="#phone"' in conflict.text
    assert 'href="#notes"' not in conflict.text


def test_changes_of_different_fields_are_no_conflict_of_both(dispatcher, mesh):
    path = f"/accounts/{ACCOUNT}/edit"
    form = dispatcher.fields(path, phone="+1 555 0111")
    theirs = stored(mesh)
    theirs.notes = "Somebody else's words."
    mesh.put(theirs)

    conflict = dispatcher.post(path, form)

    assert conflict.status_code == 409
    assert "Both of you changed" not in conflict.text
    assert "What you changed is kept" in conflict.text
    assert "Somebody else&#39;s words." in conflict.text
    assert "+1 555 0111" in conflict.text


def test_saving_again_after_a_conflict_writes_only_what_the_person_changed(dispatcher, mesh):
    from tests.admin.conftest import form_values

    form = dispatcher.fields(f"/accounts/{ACCOUNT}/edit", phone="+1 555 0111")
    theirs = stored(mesh)
    theirs.phone, theirs.account_number = "+1 555 0222", "A-NEW"
    mesh.put(theirs)
    conflict = dispatcher.post(f"/accounts/{ACCOUNT}/edit", form)

    saved = dispatcher.post(f"/accounts/{ACCOUNT}/edit", form_values(conflict.text))

    (request,) = mesh.asked("UpdateAccount")
    assert saved.status_code == 302
    assert list(request.update_mask.paths) == ["phone"]
    assert (stored(mesh).phone, stored(mesh).account_number) == ("+1 555 0111", "A-NEW")


def test_a_save_that_turns_stale_between_reading_and_writing_is_a_conflict_too(dispatcher, mesh):
    from services.chassis.errors import StaleEtag

    form = dispatcher.fields(f"/accounts/{ACCOUNT}/edit", phone="+1 555 0111")
    mesh.refuse["UpdateAccount"] = StaleEtag("The row changed.")

    answer = dispatcher.post(f"/accounts/{ACCOUNT}/edit", form)

    assert answer.status_code == 409
    assert "+1 555 0111" in answer.text


def test_a_link_can_prefill_a_new_rows_reference(dispatcher):
    page = dispatcher.get(f"/contacts/new?account_id={ACCOUNT}")

    assert f'name="account_id" value="{ACCOUNT}"' in page.text
    assert 'value="Tamsin County Library"' in page.text


def test_deleting_needs_a_post_and_the_etag_that_was_seen(dispatcher, mesh):
    """Flask-AppBuilder deletes on GET where CSRF protection is off, and never looks at versions."""
    page = dispatcher.get(f"/accounts/{ACCOUNT}")
    refused = dispatcher.get(f"/accounts/{ACCOUNT}/delete")
    stale = dispatcher.post(f"/accounts/{ACCOUNT}/delete", {"etag_seen": "old"})
    told = dispatcher.get(stale.location).text
    done = dispatcher.post(f"/accounts/{ACCOUNT}/delete", {"etag_seen": stored(mesh).etag})

    assert stored_etag_is_in(page.text)
    assert refused.status_code == 405
    assert "Somebody else changed this since you opened it" in told
    assert done.location == "/accounts/"
    assert ACCOUNT not in mesh.rows[Account.DESCRIPTOR.full_name]


def stored_etag_is_in(page: str) -> bool:
    return 'name="etag_seen" value="' in page


@pytest.fixture
def chicago(app):
    with app.test_request_context():
        g.viewer = Identity("p", "d", "D", frozenset(), time_zone="America/Chicago")
        yield


def bound(field_class):
    import wtforms

    class OneField(wtforms.Form):
        it = field_class()

    return OneField().it


@pytest.mark.req("CP-5")
def test_an_instant_is_typed_in_the_viewers_zone_with_the_offset_of_its_date(chicago):
    summer, winter = bound(InstantField), bound(InstantField)

    summer.process_formdata(["2026-06-10T08:00"])
    winter.process_formdata(["2026-12-10T08:00"])

    assert summer.data == dt.datetime(2026, 6, 10, 13, tzinfo=dt.UTC)
    assert winter.data == dt.datetime(2026, 12, 10, 14, tzinfo=dt.UTC)


def test_a_time_that_a_clock_change_leaves_out_is_refused(chicago):
    with pytest.raises(ValueError, match="does not exist"):
        bound(InstantField).process_formdata(["2026-03-08T02:30"])


@pytest.mark.parametrize("text", ["twelve", "1e400", "NaN", "0.0000001"])
def test_what_is_no_amount_is_refused(app, text):
    with pytest.raises(ValueError, match="amount"):
        bound(MoneyField).process_formdata([text, "USD"])


def test_an_amount_is_exact():
    field = bound(MoneyField)

    field.process_formdata(["1,234.56", "usd"])

    assert field.data == Amount(field.data.amount, "USD")
    assert str(field.data.amount) == "1234.56"


@pytest.mark.parametrize(("value", "shown"), [(1_234_567.8, "1234567.8"), (70.0, "70"), (None, "")])
def test_a_number_keeps_all_its_digits_in_a_form(value, shown):
    form = type("Read", (wtforms.Form,), {"meter": NumberField()})(data={"meter": value})

    assert form.meter._value() == shown
