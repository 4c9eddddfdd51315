"""Costs that the partner asks for (CP-60, CP-84) and actions that the vendor directs (CP-37), on both databases."""

from __future__ import annotations

from datetime import date

import pytest
from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import work_order_pb2
from fieldmesh.workorders.v1.view_service_pb2 import ListViewsRequest

from services.chassis.errors import InvalidRequest
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import APPROVER, DISPATCHER, PARTNER, acceptance, on

LIFT = types_pb2.Money(currency_code="USD", micros=240_000_000)
ASKED = {"cost_kind": work_order_pb2.COST_KIND_RENTAL, "amount": LIFT, "comment": "A lift for the canopy"}


def offered(desk, order, caller):
    answer = desk.orders("ListAvailableTransitions", caller, work_order_id=order.id)
    return {each.name: each for each in answer.transitions}


@pytest.mark.req("CP-60")
@pytest.mark.req("R-3")
def test_a_partner_asks_for_a_cost_and_an_approver_decides_on_it_once(desk):
    order = desk.accepted()

    asked = desk.fire(order, "request_cost", PARTNER, **ASKED).work_order
    choice = offered(desk, order, APPROVER)["approve_cost"].steps[0].fields[0].choices[0]
    decided = desk.fire(order, "approve_cost", APPROVER, cost_request_id=choice.value, comment="Go on").work_order
    with pytest.raises(WorkOrderError) as twice:
        desk.fire(order, "decline_cost", APPROVER, cost_request_id="1", comment="No")

    request = asked.cost_requests[0]
    assert (request.kind, request.amount, request.requested_by) == (work_order_pb2.COST_KIND_RENTAL, LIFT, PARTNER.name)
    assert choice.label == "Rental 240.00 USD (A lift for the canopy)"
    assert decided.cost_requests[0].decision == work_order_pb2.COST_DECISION_APPROVED
    assert decided.cost_requests[0].decided_by == APPROVER.name
    assert "“Decline cost” is not possible" in str(twice.value)
    mails = [[notice.template for notice in moved.notices] for moved in desk.told()[-2:]]
    assert mails == [["cost_requested"], ["cost_decided"]]
    assert "approve_cost" not in offered(desk, order, PARTNER)
    row = desk.history(order)[-1]
    assert row.new_value == "Rental 240.00 USD (A lift for the canopy): approved (Go on)"


@pytest.mark.req("R-3")
def test_an_approver_has_a_view_of_what_awaits_a_review(desk):
    asked, quiet, completed = desk.accepted(), desk.accepted(), desk.ready()
    desk.fire(asked, "request_cost", PARTNER, **ASKED)
    desk.fire(completed, "complete", PARTNER)

    def codes(caller):
        return [view.code for view in desk.call(desk.app.views, "ListViews", caller, ListViewsRequest()).views]

    def awaiting(caller=APPROVER):
        return {order.id for order in desk.list(caller, view="review_awaiting").work_orders}

    assert awaiting() == {asked.id, completed.id}
    assert quiet.id not in awaiting()
    assert awaiting(PARTNER) == set()
    assert "review_awaiting" in codes(APPROVER)
    assert "review_awaiting" not in codes(PARTNER) + codes(DISPATCHER)

    desk.fire(asked, "approve_cost", APPROVER, cost_request_id="1", comment="Go on")
    desk.fire(completed, "close", APPROVER)
    assert awaiting() == set()


@pytest.mark.req("CP-60")
def test_a_request_needs_a_kind_an_amount_and_a_currency(desk):
    order = desk.accepted()

    with pytest.raises(WorkOrderError) as empty:
        desk.fire(order, "request_cost", PARTNER)
    with pytest.raises(InvalidRequest) as odd:
        desk.fire(order, "request_cost", PARTNER, **{**ASKED, "amount": {"currency_code": "dollars", "micros": 5}})

    blamed = {violation.field for violation in empty.value.violations}
    assert blamed == {"inputs.cost_kind", "inputs.amount", "inputs.comment"}
    assert [violation.field for violation in odd.value.violations] == ["inputs.amount"]
    assert list(desk.get(order.id).cost_requests) == []


@pytest.mark.req("CP-53")
def test_another_rate_than_the_contracts_is_requested_with_the_acceptance(desk):
    order = desk.allocated()
    given = acceptance()
    given["values"].travel.cost_per_mile.micros = 900_000

    accepted = desk.fire(order, "accept", PARTNER, **given).work_order
    withdrawn = desk.fire(order, "withdraw_cost", PARTNER, cost_request_id="1").work_order

    assert accepted.cost_requests[0].details == "The cost per mile is 0.90 USD, the contract says 0.67 USD."
    assert accepted.travel.cost_per_mile.micros == 900_000
    assert withdrawn.travel.cost_per_mile.micros == 670_000


@pytest.mark.req("CP-37")
def test_a_directed_action_stands_with_the_partner_until_it_is_done(desk):
    order = desk.accepted()
    until = on(date(2026, 3, 9))

    with pytest.raises(WorkOrderError) as past:
        desk.fire(order, "direct_action", DISPATCHER, title="Measure the panel", due_date=on(date(2026, 3, 1)))
    desk.fire(order, "direct_action", DISPATCHER, title="Measure the panel", due_date=until)
    choices = offered(desk, order, PARTNER)["finish_directed_action"].steps[0].fields[0].choices
    done = desk.fire(order, "finish_directed_action", PARTNER, directed_action_id="1", comment="40 A").work_order

    assert past.value.violations[0].field == "inputs.due_date"
    assert [(choice.value, choice.label) for choice in choices] == [("1", "Measure the panel until 2026-03-09")]
    action = done.directed_actions[0]
    assert (action.done_by, action.result, action.directed_by) == (PARTNER.name, "40 A", DISPATCHER.name)
    assert "finish_directed_action" not in offered(desk, order, PARTNER)
    mails = [[notice.template for notice in moved.notices] for moved in desk.told()[-2:]]
    assert mails == [["action_directed"], ["action_done"]]


@pytest.mark.req("CP-83")
@pytest.mark.req("CP-84")
def test_costs_told_at_completion_await_the_vendors_decision_before_the_order_is_closed(desk):
    order = desk.ready()
    costs = work_order_pb2.WorkOrder()
    costs.costs.rental_details = "A lift for the canopy"
    costs.costs.rental_cost.CopyFrom(LIFT)
    paths = ["costs.rental_details", "costs.rental_cost"]

    completed = desk.fire(order, "complete", PARTNER, paths, values=costs).work_order
    with pytest.raises(WorkOrderError) as undecided:
        desk.fire(order, "close", DISPATCHER)
    desk.fire(order, "decline_cost", DISPATCHER, cost_request_id="1", comment="There was one on site")
    closed = desk.fire(order, "close", DISPATCHER).work_order

    assert completed.cost_requests[0].decision == work_order_pb2.COST_DECISION_REQUESTED
    assert "Decide on this first: Rental, 240.00 USD, A lift for the canopy." in str(undecided.value)
    assert closed.state == "closed"
