"""An action on many orders: what the list offers, the form once, and the answers that its page makes a report of."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import work_order_pb2
from werkzeug.datastructures import MultiDict

from services.chassis.errors import Unavailable
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, SERVICE

BATCH = f"{SERVICE}.WorkOrderService/BatchTransitionWorkOrders"
HOLD = "partner_service/hold"
ENTERED = {"inputs__reason_code": "customer_request", "inputs__resume_date": "2026-03-05", "inputs__comment": "Closed"}


@pytest.fixture
def office(portal, dispatcher):
    dispatcher.get("/work-orders/?view=all")
    return dispatcher


def values(answer, selector="form"):
    """The hidden values of the page's forms."""
    main = read(answer.text).one("main")
    return {
        box.attributes["name"]: box.attributes.get("value", "") for box in main.all("input") if "name" in box.attributes
    }


@pytest.mark.req("UM-9")
def test_the_list_offers_what_may_be_done_with_several_orders_to_those_who_may(office, sign_in):
    mine = read(office.get("/work-orders/?view=all").text).one("main")
    theirs = read(sign_in("partner").get("/work-orders/?view=all").text).one("main")

    offered = [
        button.attributes["value"] for button in mine.all("button") if button.attributes.get("name") == "transition"
    ]
    assert {HOLD, "partner_service/cancel", "partner_service/close"} <= set(offered)
    assert [box for box in theirs.all("input") if box.attributes.get("name") == "rowid"] == []


@pytest.mark.req("B-4")
def test_the_form_is_filled_in_once_and_what_is_missing_is_said(office):
    asked = office.post("/work-orders/bulk", {"transition": HOLD, "rowid": [ORDER, "another"]})
    wrong = office.post("/work-orders/bulk", {"transition": HOLD, "rows": f"{ORDER},another", "step": "check"})
    right = office.post(
        "/work-orders/bulk", {"transition": HOLD, "rows": f"{ORDER},another", "step": "check", **ENTERED}
    )

    assert (asked.status_code, wrong.status_code, right.status_code) == (200, 422, 200)
    assert "2 work orders" in read(asked.text).one("main").text
    assert "Something is missing or wrong" in read(wrong.text).one("main").text
    assert values(wrong)["rows"] == f"{ORDER},another"
    assert values(right) | ENTERED == values(right)


def test_an_action_that_asks_for_nothing_leads_straight_to_its_preview(office):
    answer = office.post("/work-orders/bulk", {"transition": "partner_service/close", "rowid": ORDER})

    main = read(answer.text).one("main")
    assert main.one("progress")
    assert "It cannot be changed afterwards" in main.text


def test_all_of_a_view_are_those_that_its_filters_leave(office, mesh):
    for number in range(230):
        mesh.put(work_order_pb2.WorkOrder(id=ident("bulk", number), number=f"3{number:07d}", state="in_progress"))

    answer = office.post("/work-orders/bulk?view=all&f.state.is=in_progress", {"transition": HOLD, "all": "1"})

    assert len(values(answer)["rows"].split(",")) == 231
    assert mesh.asked("ListWorkOrders")[-1].query.filters[0].values == ["in_progress"]


def test_nothing_selected_and_an_unknown_action_are_answered(office):
    nothing = office.post("/work-orders/bulk", {"transition": HOLD})
    told = office.get(nothing.headers["Location"])
    unknown = office.post("/work-orders/bulk", {"transition": "partner_service/accept", "rowid": ORDER})
    typed = office.get("/work-orders/bulk")

    assert (nothing.status_code, unknown.status_code, typed.status_code) == (302, 404, 302)
    assert "Select work orders first" in told.text


@pytest.mark.req("B-4")
def test_a_batch_carries_rows_etags_and_inputs_and_every_row_is_answered(office, portal):
    portal.refused[ORDER] = "The day has passed."
    sent = MultiDict({"transition": HOLD, "request_key": "key-1", "csrf_token": office.token, **ENTERED})
    sent.setlist("rowid", [ORDER, "another"])
    sent.setlist("etag", ["e-1", "e-2"])

    answer = office.client.post("/work-orders/bulk/run", data=sent)
    office.client.post("/work-orders/bulk/run", data=sent)

    first, second = answer.json["results"]
    assert (first["outcome"], first["reasons"], first["url"]) == (
        "refused",
        ["The day has passed."],
        f"/work-orders/{ORDER}",
    )
    assert (second["outcome"], second["state"]) == ("done", "On Hold")
    asked, again = portal.batches
    assert [(row.work_order_id, row.etag) for row in asked.rows] == [(ORDER, "e-1"), ("another", "e-2")]
    assert (asked.workflow, asked.inputs.comment, asked.validate_only) == ("partner_service", "Closed", False)
    assert asked.request_id == again.request_id != ""


def test_a_batch_that_cannot_be_sent_is_told_in_words(office, mesh):
    def down(request, caller):
        raise Unavailable("Down.", metadata={"service": "workorders"})

    mesh.verbs[BATCH] = down
    failed = office.post("/work-orders/bulk/run", {"transition": HOLD, "rowid": ORDER, "etag": "", **ENTERED})
    wrong = office.post("/work-orders/bulk/run", {"transition": HOLD, "rowid": ORDER, "etag": ""})

    assert (failed.status_code, failed.json["problem"]) == (
        503,
        "The workorders service is not answering. Try again in a moment.",
    )
    assert (wrong.status_code, wrong.json["problem"]) == (
        422,
        "What was entered is not complete: go back and look at it again.",
    )
