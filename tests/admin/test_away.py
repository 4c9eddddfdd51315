"""The banner of every page that says which service does not answer, and what goes on without it."""

from __future__ import annotations

import pytest

from admin.away import KNOWN_FOR_SECONDS, WORDS, Watch
from services.chassis.identity import Caller, browser_call
from services.chassis.settings import SERVICES
from tests.admin.conftest import Seen
from tests.support import memory_data

ACCOUNTS, PARCELS = "/accounts/", "/parcels/"


def test_with_everything_there_no_page_says_anything(dispatcher):
    assert "is not answering" not in dispatcher.get(ACCOUNTS).text


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_that_is_away_is_named_with_what_goes_on_without_it(dispatcher, mesh, service):
    mesh.down.add(service)

    page = dispatcher.get(ACCOUNTS if service != "workorders" else PARCELS)

    assert page.status_code == 200
    assert f"The {service} service is not answering." in page.text
    assert WORDS[service] in page.text
    assert page.text.count("is not answering.") == 1


def test_the_page_of_an_error_says_it_as_well(dispatcher, mesh):
    mesh.down.add("workorders")

    page = dispatcher.get(f"/accounts/{memory_data.ident('account', 1)}")

    assert page.status_code == 503
    assert WORDS["workorders"] in page.text


def test_parts_of_pages_do_not_repeat_it(dispatcher, mesh):
    mesh.down.add("shipping")

    assert "is not answering" not in dispatcher.get(ACCOUNTS, headers={"HX-Request": "true"}).text


def test_a_service_is_asked_once_in_some_seconds_and_is_back_when_it_answers(app, mesh, dispatcher):
    now = [100.0]
    watch = Seen(mesh, app.extensions["mesh"], lambda: now[0])
    app.extensions["watch"] = watch
    mesh.down.add("shipping")
    dispatcher.get(ACCOUNTS)
    mesh.down.clear()

    soon = "is not answering" in dispatcher.get(ACCOUNTS).text
    now[0] += KNOWN_FOR_SECONDS
    later = "is not answering" in dispatcher.get(ACCOUNTS).text

    assert (soon, later) == (True, False)


def test_a_page_whose_time_was_used_up_by_one_service_does_not_call_the_others_away(app, mesh):
    watch = Watch(app.extensions["mesh"])

    with browser_call(Caller("p-1"), "r-1", seconds=0.01):
        found = [watch.serves(name) for name in SERVICES]

    assert found == [True] * len(SERVICES)
