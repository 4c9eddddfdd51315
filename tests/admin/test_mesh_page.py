from __future__ import annotations

import pytest
from fieldmesh.common.v1 import operations_pb2
from fieldmesh.common.v1.types_pb2 import Actor


@pytest.fixture
def parked(mesh):
    entry = operations_pb2.InboxEntry(
        id="e1", handler="shipping.parts", producer="workorders", type="fieldmesh.workorders.v1.WorkOrderMoved",
        state=operations_pb2.INBOX_STATE_PARKED, attempts=5, last_error="disk is full",
    )  # fmt: skip
    mesh.entries["shipping", "e1"] = entry
    return entry


def test_admins_see_every_service_and_its_lanes(sign_in, mesh):
    page = sign_in("admin").get("/mesh/").text

    assert page.count("Serving</span>") == 4
    for name in ("workorders", "technicians", "shipping", "notifications"):
        assert f'aria-label="{name}"' in page
    assert "1 parked" in page
    assert "0.1.0" in page


def test_a_service_that_is_away_leaves_the_others_shown(sign_in, mesh):
    mesh.down.add("shipping")

    page = sign_in("admin").get("/mesh/").text

    assert page.count("Not answering") == 1
    assert page.count("Serving</span>") == 3


def test_a_feed_that_stopped_says_why_and_what_to_run(sign_in, mesh):
    mesh.stopped["shipping"] = "FEED_EPOCH_CHANGED"

    page = sign_in("admin").get("/mesh/").text

    assert page.count("Stopped</span>") == 1
    assert "The events of workorders are not read until somebody runs <code>fieldmesh reconcile</code>" in page
    assert "FEED_EPOCH_CHANGED" in page


@pytest.mark.parametrize("login", ["partner", "dispatcher", "approver", "technician"])
def test_nobody_else_sees_it(sign_in, login):
    person = sign_in(login)

    assert person.get("/mesh/").status_code == 403
    assert person.post("/mesh/events/shipping/e1/retry").status_code in {400, 403}
    assert 'href="/mesh/"' not in person.get("/accounts/").text


def test_a_parked_event_is_tried_again(sign_in, mesh, parked):
    admin = sign_in("admin")
    page = admin.get("/mesh/?tab=events")

    answer = admin.post("/mesh/events/shipping/e1/retry")

    assert "disk is full" in page.text
    assert mesh.asked("RetryInboxEntry")[0].id == "e1"
    assert "tried again" in admin.get(answer.location).text


def test_skipping_needs_a_reason(sign_in, mesh, parked):
    admin = sign_in("admin")
    admin.get("/mesh/events/shipping/e1/skip")

    refused = admin.post("/mesh/events/shipping/e1/skip", {"reason": "  "})
    done = admin.post("/mesh/events/shipping/e1/skip", {"reason": "The order was deleted."})

    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert done.status_code == 302
    assert [request.reason for request in mesh.asked("SkipInboxEntry")] == ["The order was deleted."]


def test_changes_of_master_data_are_listed(sign_in, mesh):
    change = operations_pb2.FieldChange(field="phone", old_value="1", new_value="2")
    mesh.changes["workorders"] = [
        operations_pb2.AuditEntry(id="1", actor=Actor(display_name="Dana Whitlock"), verb="update", changes=[change],
                                  resource_type="fieldmesh.workorders.v1.Account")
    ]  # fmt: skip

    page = sign_in("admin").get("/mesh/?tab=changes").text

    assert "Dana Whitlock" in page
    assert "update Account" in page


def test_an_unknown_service_or_tab_is_not_found(sign_in):
    admin = sign_in("admin")
    admin.get("/mesh/")

    assert admin.get("/mesh/?tab=nope").status_code == 404
    assert admin.post("/mesh/events/nope/e1/retry").status_code == 404
