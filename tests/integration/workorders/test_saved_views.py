"""Views that people save, over the servicers, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fieldmesh.workorders.v1 import view_service_pb2

from services.chassis.errors import InvalidRequest, NotFound, StaleEtag
from tests.integration.workorders.conftest import DISPATCHER, PARTNER, STRANGER

pytestmark = pytest.mark.req("CP-13")
COLLEAGUE = replace(PARTNER, subject="partner-2", name="Pat Partner")
OPEN = {
    "label": "Texas, by appointment",
    "columns": ["number", "appointment", "technician"],
    "base": "my_open",
    "default_order": "appointment",
    "filters": [{"field": "state", "condition": "is", "values": ["in_progress"]}],
    "search": "Head",
}


def view(desk, method, caller, **request):
    kind = getattr(view_service_pb2, f"{method}Request")
    return desk.call(desk.app.views, method, caller, kind(**request))


def save(desk, caller=PARTNER, request_id="", **changes):
    return view(desk, "SaveView", caller, view={**OPEN, **changes}, request_id=request_id)


def listed(desk, caller):
    return {each.label: each for each in view(desk, "ListViews", caller).views}


def test_a_saved_view_is_there_for_its_owner_with_everything_it_says(desk):
    made, again = save(desk, request_id="one"), save(desk, request_id="one")

    mine = listed(desk, PARTNER)[OPEN["label"]]
    assert made == again
    assert (mine.code, mine.own, mine.base, mine.default_order, mine.search) == (
        made.code,
        True,
        "my_open",
        "appointment",
        "Head",
    )
    assert (list(mine.columns), mine.filters[0].values) == (OPEN["columns"], ["in_progress"])
    assert OPEN["label"] not in listed(desk, COLLEAGUE)


def test_a_shared_view_is_seen_by_the_organisation_and_changed_by_its_owner_only(desk):
    made = save(desk, shared=True)

    theirs = listed(desk, COLLEAGUE)[OPEN["label"]]
    assert (theirs.own, theirs.owner_name, theirs.etag) == (False, PARTNER.name, "")
    assert OPEN["label"] not in listed(desk, STRANGER)
    assert OPEN["label"] not in listed(desk, DISPATCHER)
    with pytest.raises(NotFound):
        save(desk, COLLEAGUE, code=made.code, label="Mine now")
    with pytest.raises(NotFound):
        view(desk, "DeleteView", COLLEAGUE, code=made.code)


def test_a_view_is_renamed_and_a_stale_change_is_refused(desk):
    made = save(desk)

    renamed = save(desk, code=made.code, etag=made.etag, label="Texas")

    assert renamed.etag != made.etag
    assert "Texas" in listed(desk, PARTNER)
    with pytest.raises(StaleEtag):
        save(desk, code=made.code, etag=made.etag, label="Again")


def test_a_pinned_view_opens_first_until_it_is_deleted(desk):
    made = save(desk, shared=True)
    view(desk, "PinView", PARTNER, code=made.code)
    view(desk, "PinView", COLLEAGUE, code=made.code)
    before = [each.label for each in view(desk, "ListViews", COLLEAGUE).views if each.pinned]

    view(desk, "DeleteView", PARTNER, code=made.code)

    after = [each.code for each in view(desk, "ListViews", COLLEAGUE).views if each.pinned]
    assert (before, after) == ([OPEN["label"]], ["my_open"])
    with pytest.raises(NotFound):
        view(desk, "DeleteView", PARTNER, code=made.code)


def test_a_list_of_a_saved_view_is_that_of_its_base_in_its_order(desk):
    order = desk.allocated()
    made = save(desk)

    assert [each.id for each in desk.list(PARTNER, view=made.code).work_orders] == [order.id]
    with pytest.raises(InvalidRequest):
        desk.list(STRANGER, view=made.code)


def test_everything_wrong_with_a_view_is_named(desk):
    with pytest.raises(InvalidRequest) as refused:
        save(desk, label=" ", columns=["no_such"], base="recently_viewed", default_order="-description")

    assert [each.field for each in refused.value.violations] == [
        "view.label", "view.columns", "view.base", "view.default_order",
    ]  # fmt: skip
