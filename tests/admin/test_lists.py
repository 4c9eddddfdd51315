from __future__ import annotations

import re
import threading

import pytest
from fieldmesh.common.v1 import list_pb2
from fieldmesh.workorders.v1.account_pb2 import Account
from fieldmesh.workorders.v1.station_pb2 import Station

from tests.support import memory_data


@pytest.mark.req("CP-14")
def test_a_header_sorts_and_a_second_click_reverses(dispatcher, mesh):
    first = dispatcher.get("/accounts/?sort=account_number")
    second = dispatcher.get("/accounts/?sort=-account_number")

    assert 'href="?sort=-account_number"' in first.text
    assert 'aria-sort="ascending"' in first.text
    assert 'aria-sort="descending"' in second.text
    assert [request.query.order_by for request in mesh.asked("ListAccounts")] == ["account_number", "-account_number"]


@pytest.mark.req("CP-10")
def test_searching_and_filtering_travel_as_a_structured_query(dispatcher, mesh):
    facility = memory_data.ident("facility", 1)

    page = dispatcher.get(f"/stations/?q=vt&f.active.is=true&f.facility_id.is={facility}&f.station_model.has=40")

    query = mesh.asked("ListStations")[-1].query
    assert query.search == "vt"
    assert {(each.field, each.operator, tuple(each.values)) for each in query.filters} == {
        ("active", list_pb2.FILTER_OPERATOR_EQUALS, ("true",)),
        ("facility_id", list_pb2.FILTER_OPERATOR_EQUALS, (facility,)),
        ("station_model", list_pb2.FILTER_OPERATOR_CONTAINS, ("40",)),
    }
    assert "Tamsin County Library, garage" in page.text


def test_one_of_several_choices_is_an_in_filter(dispatcher, mesh):
    dispatcher.get("/work-types/?f.kind.in=WORK_TYPE_KIND_REPAIR&f.kind.in=WORK_TYPE_KIND_INSTALLATION")

    (each,) = mesh.asked("ListWorkTypes")[-1].query.filters
    assert each.operator == list_pb2.FILTER_OPERATOR_IN
    assert list(each.values) == ["WORK_TYPE_KIND_REPAIR", "WORK_TYPE_KIND_INSTALLATION"]


@pytest.mark.parametrize(
    "query",
    ["page=abc", "page=-3", "size=100000", "size=x", "sort=notes", "sort=--name", "f.nope.is=1", "f.active.regex=1",
     "f.create_time.from=yesterday", "page_AccountPanel=abc", "_flt_9_name=x", "after=forged-7"],
)  # fmt: skip
def test_no_address_breaks_a_list(dispatcher, query):
    """Flask-AppBuilder answers `?page_X=abc` with a 500."""
    assert dispatcher.get(f"/accounts/?{query}", follow_redirects=True).status_code == 200


def test_the_next_page_is_asked_for_by_its_token_and_a_page_number_by_skipping(dispatcher, mesh):
    page = dispatcher.get("/stations/")
    following = re.search(r'rel="next" href="(/stations/[^"]+)"', page.text)[1].replace("&amp;", "&")

    second = dispatcher.get(following)
    dispatcher.get("/stations/?page=3")

    queries = [request.query for request in mesh.asked("ListStations")]
    assert [(bool(query.page_token), query.skip) for query in queries] == [(False, 0), (True, 0), (False, 50)]
    assert "Page 2 of 3" in second.text


def test_a_page_token_of_another_query_leads_back_to_the_page_number(dispatcher):
    page = dispatcher.get("/stations/")
    following = re.search(r'rel="next" href="(/stations/[^"]+)"', page.text)[1].replace("&amp;", "&")

    answer = dispatcher.get(following + "&q=vt")

    assert answer.status_code == 302
    assert "after=" not in answer.location
    assert "page=2" in answer.location


def test_references_of_a_page_cost_one_batch_get(dispatcher, mesh):
    dispatcher.get("/stations/?size=50")

    assert len(mesh.asked("BatchGetFacilities")) == 1
    assert len(mesh.asked("BatchGetFacilities")[0].ids) == 4
    assert len(mesh.calls) == len({path for path, _, _ in mesh.calls}), "no method is called twice for one page"


def test_a_page_stays_useful_while_the_service_of_its_references_is_away(dispatcher, mesh):
    mesh.down.add("technicians")

    page = dispatcher.get(f"/accounts/{memory_data.ident('account', 1)}")

    assert page.status_code == 200
    assert "Tamsin County Library" in page.text


def test_lists_of_several_threads_do_not_see_each_others_filters(app, sign_in, mesh):
    """Flask-AppBuilder keeps one filters object a view: 11 of 360 lists were wrong."""
    people = [sign_in("dispatcher") for _ in range(4)]
    wrong = []

    def look(person, model):
        for _ in range(12):
            page = person.get(f"/stations/?f.station_model.is={model}&size=200").text
            shown = set(re.findall(r'data-label="Station model">([^<]+)<', page))
            if shown != {model}:
                wrong.append((model, shown))

    models = ["VT-40", "VT-250", "VX-60", "VT-40"]
    threads = [threading.Thread(target=look, args=pair) for pair in zip(people, models, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_an_empty_list_says_what_to_do(dispatcher, sign_in, mesh):
    mesh.rows[Account.DESCRIPTOR.full_name].clear()

    for_dispatcher, for_partner = dispatcher.get("/accounts/").text, sign_in("partner").get("/accounts/").text
    filtered = dispatcher.get("/accounts/?q=zzz").text

    assert "No accounts yet" in for_dispatcher
    assert "/accounts/new" in for_dispatcher
    assert "/accounts/new" not in for_partner
    assert "Nothing matches" in filtered


def test_days_in_a_filter_mean_days_of_the_viewers_zone(dispatcher, mesh):
    from admin.grpcfab.listing import Condition, _wire
    from admin.grpcfab.spec import resource_of

    with dispatcher.client.application.test_request_context():
        from flask import g

        from admin.identity import Identity

        g.viewer = Identity("p", "d", "D", frozenset(), time_zone="America/Chicago")
        field = resource_of(Account).fields["create_time"]
        assert _wire(field, Condition("create_time", "from", ("2026-06-01",))) == ("2026-06-01T05:00:00Z",)
        assert _wire(field, Condition("create_time", "before", ("2026-12-31",))) == ("2027-01-01T06:00:00Z",)


def test_a_search_box_offers_only_what_may_be_chosen(dispatcher, mesh):
    page = dispatcher.get("/stations/options?q=bay", headers={"HX-Request": "true"})

    query = mesh.asked("ListStations")[-1].query
    assert (query.search, query.page_size) == ("bay", 20)
    assert [(each.field, list(each.values)) for each in query.filters] == [("active", ["true"])]
    assert page.text.count('role="option"') == 20


@pytest.mark.req("B-7")
def test_related_lists_are_loaded_only_when_their_tab_is_opened(dispatcher, mesh):
    account = memory_data.ident("account", 1)

    details = dispatcher.get(f"/accounts/{account}").text
    asked = len(mesh.asked("ListContacts"))
    opened = dispatcher.get(f"/accounts/{account}?tab=contacts").text
    rows = dispatcher.get(f"/contacts/related?f.account_id.is={account}").text

    assert "?tab=contacts" in details
    assert asked == 0
    assert f"/contacts/related?f.account_id.is={account}" in opened
    assert "Sam Riley 1" in rows
    assert "Sam Riley 2" not in rows
    assert f"/contacts/new?account_id={account}" in rows


def test_a_hidden_row_is_not_found(dispatcher, mesh):
    assert dispatcher.get("/accounts/no-such-account").status_code == 404


def test_a_page_costs_little(dispatcher, mesh, app):
    """17 permission queries a page in Flask-AppBuilder; here none."""
    import sqlalchemy as sa

    statements = []

    @sa.event.listens_for(app.extensions["logins"], "before_cursor_execute")
    def note(connection, cursor, statement, *rest):
        statements.append(statement)

    dispatcher.get("/stations/")
    sa.event.remove(app.extensions["logins"], "before_cursor_execute", note)

    assert len(statements) == 1, statements
    assert len(mesh.calls) - len(mesh.asked("ResolveLogin")) == 2


def test_unknown_enum_numbers_are_tolerated(dispatcher, mesh):
    station = Station(name="Bay X", facility_id=memory_data.ident("facility", 1), serial_number="1", station_model="Q")
    mesh.put(station)
    work_type = mesh.rows["fieldmesh.workorders.v1.WorkType"][memory_data.ident("work type", "Charging cable")]
    work_type.kind = 77

    listed = dispatcher.get("/work-types/").text
    form = dispatcher.get(f"/work-types/{work_type.id}/edit").text

    assert "Unknown (77)" in listed
    assert '<option value="77" selected>Unknown (77)</option>' in form
