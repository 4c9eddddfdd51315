"""Views of the work-order list that people save: made, shown, adjusted, changed, deleted (CP-13)."""

from __future__ import annotations

import pytest

from tests.support.markup import read

pytestmark = pytest.mark.req("CP-13")
LIST = "/work-orders/"
SHOWN = "view=all&q=head&f.state.is=in_progress&sort=number"
NAMED = {"label": "Heads", "column": ["number", "contact_name"]}


@pytest.fixture
def partner(portal, sign_in):
    person = sign_in("partner")
    person.get(f"{LIST}views/edit?{SHOWN}")
    return person


def saved(partner, portal, **changes):
    answer = partner.post(f"{LIST}views/save?{SHOWN}", {**NAMED, **changes})
    return answer, next(iter(portal.saved.values()), None)


def main(answer):
    return read(answer.text).one("main")


def test_a_view_keeps_what_the_list_shows_with_the_columns_chosen(partner, portal):
    answer, view = saved(partner, portal, shared="1", pinned="1")

    assert answer.headers["Location"] == f"{LIST}?view={view.code}"
    assert (view.label, list(view.columns), view.shared) == ("Heads", NAMED["column"], True)
    assert (view.base, view.default_order, view.search) == ("all", "number", "head")
    assert [(each.field, each.condition, list(each.values)) for each in view.filters] == [
        ("state", "is", ["in_progress"])
    ]
    assert portal.pins[next(iter(portal.pins))] == view.code


def test_a_saved_view_shows_its_conditions_until_they_are_adjusted(partner, portal, mesh):
    _, view = saved(partner, portal)

    shown = partner.get(f"{LIST}?view={view.code}")
    asked = mesh.asked("ListWorkOrders")[-1]
    partner.get(f"{LIST}?view={view.code}&adjusted=1")
    adjusted = mesh.asked("ListWorkOrders")[-1]

    headers = [cell.text for cell in main(shown).all("th") if cell.attributes.get("role") == "columnheader"]
    assert [header.strip() for header in headers] == ["Work Order Number", "Contact"]
    assert (asked.query.search, [each.field for each in asked.query.filters]) == ("head", ["state"])
    assert (adjusted.query.search, list(adjusted.query.filters)) == ("", [])
    assert "adjusted=1" in shown.text


def test_a_view_without_a_name_is_drawn_again_with_what_was_chosen(partner, portal):
    answer, _ = saved(partner, portal, label="")

    chosen = [
        box.attributes["value"]
        for box in main(answer).all("input")
        if box.attributes.get("name") == "column" and "checked" in box.attributes
    ]
    assert (answer.status_code, chosen) == (422, NAMED["column"])
    assert "Give a name." in main(answer).text


def test_a_view_is_changed_and_deleted_by_its_owner(partner, portal):
    _, view = saved(partner, portal)
    partner.get(f"{LIST}?view={view.code}")
    drawn = partner.get(f"{LIST}views/edit?view={view.code}&change=1")
    partner.post(f"{LIST}views/save?view={view.code}&change=1", {**NAMED, "label": "Renamed", "etag": "seen"})
    renamed = dict(portal.saved)
    partner.post(f"{LIST}views/{view.code}/delete")

    assert "Heads" in drawn.text
    assert [each.label for each in renamed.values()] == ["Renamed"]
    assert portal.saved == {}


def test_the_form_of_filters_stays_in_its_view(partner):
    page = main(partner.get(f"{LIST}?view=ended"))

    filters = next(form for form in page.all("form") if form.all("fieldset") or "filters-body" in str(form.attributes))
    assert ("view", "ended") in [
        (box.attributes.get("name"), box.attributes.get("value")) for box in filters.all("input")
    ]
