"""One transition on several orders over the servicers, on both databases: every row answered, nothing done twice."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import work_order_service_pb2 as contract

from services.chassis.errors import InvalidRequest
from services.workorders import seeds
from services.workorders.handlers import batching
from tests.integration.workorders.conftest import (
    ADMIN,
    APPROVER,
    BLUEFERN,
    DISPATCHER,
    ME,
    PARTNER,
    STRANGER,
    TECHNICIAN,
    UTILITY,
)

ALLOCATE = {"transition": "allocate", "inputs": {"executor_org": BLUEFERN}}
CANCEL = {"transition": "cancel", "inputs": {"reason_code": "customer_upgrade", "comment": "All are replaced"}}

OFFERED = {"allocate", "place_order", "parts_shipped", "parts_delivered", "hold", "resume", "cancel", "close"}


@pytest.fixture
def office(desk):
    with desk.app.database.begin(actor=ME, now=desk.clock.now()) as transaction:
        seeds.seed(transaction.connection)
    return desk


def batch(desk, orders, caller=DISPATCHER, **request):
    rows = [{"work_order_id": getattr(order, "id", order), "etag": getattr(order, "etag", "")} for order in orders]
    request = {"request_id": "batch-1", **request}
    return list(desk.orders("BatchTransitionWorkOrders", caller, rows=rows, **request).results)


def outcomes(results):
    return [contract.BatchOutcome.Name(each.outcome).removeprefix("BATCH_OUTCOME_") for each in results]


@pytest.mark.req("B-4")
@pytest.mark.req("UM-10")
def test_a_refused_row_and_a_missing_one_stop_no_other_and_say_why(office):
    ready, ended, later = office.create(), office.create(), office.create()
    office.fire(ended, "cancel", DISPATCHER, reason_code="customer_upgrade")

    results = batch(office, [ready, ended.id, "nowhere", later], **ALLOCATE)

    assert outcomes(results) == ["DONE", "REFUSED", "MISSING", "DONE"]
    assert [each.state_label for each in results] == ["Assigned", "", "", "Assigned"]
    assert [each.number for each in results] == [ready.number, ended.number, "", later.number]
    assert (results[1].code, results[2].code) == ("FAILED_PRECONDITION", "NOT_FOUND")
    assert [each.message for each in results[1].refusals] == [
        "“Allocate” is not possible while the work order is Cancelled."
    ]
    assert [office.get(order.id).state for order in (ready, ended, later)] == ["assigned", "cancelled", "assigned"]
    assert results[0].etag == office.get(ready.id).etag


@pytest.mark.req("B-4")
def test_the_same_batch_again_does_nothing_twice_and_gives_the_first_answers(office):
    orders = [office.create() for _ in range(3)]

    first = batch(office, orders[:2], **ALLOCATE)
    again = batch(office, orders, **ALLOCATE)

    assert again[:2] == first
    assert outcomes(again) == ["DONE"] * 3
    assert [moved.transition for moved in office.told()].count("allocate") == 3
    assert [office.get(order.id).etag for order in orders] == [result.etag for result in again]


def test_a_row_that_changed_since_it_was_read_is_refused(office):
    order = office.create()
    office.orders("UpdateWorkOrder", DISPATCHER, work_order={"id": order.id, "etag": order.etag, "subject": "Other"},
                  update_mask={"paths": ["subject"]}, request_id="edit")  # fmt: skip

    (result,) = batch(office, [order], **ALLOCATE)

    assert (outcomes([result]), result.code) == (["REFUSED"], "ABORTED")
    assert office.get(order.id).state == "unallocated"


@pytest.mark.req("B-4")
def test_a_preview_tells_what_would_become_of_each_row_and_stores_nothing(office):
    ready, held = office.create(), office.allocated()
    before = len(office.told())

    results = batch(office, [ready.id, held.id], validate_only=True, **ALLOCATE)

    assert outcomes(results) == ["DONE", "REFUSED"]
    assert (results[0].state_label, results[0].etag) == ("Assigned", ready.etag)
    assert results[1].refusals[0].message == "“Allocate” is not possible while the work order is Assigned."
    assert office.get(ready.id).state == "unallocated"
    assert len(office.told()) == before


def test_every_reason_of_a_row_is_told_and_wrong_inputs_refuse_the_batch(office):
    order = office.create()

    (result,) = batch(office, [order], validate_only=True, transition="cancel")
    with pytest.raises(InvalidRequest) as wrong:
        batch(office, [order], transition="cancel", update_mask={"paths": ["no_such_field"]})

    assert [each.field for each in result.refusals] == ["inputs.reason_code"]
    assert result.code == "INVALID_ARGUMENT"
    assert [each.field for each in wrong.value.violations] == ["no_such_field"]


@pytest.mark.parametrize("count", [0, batching.MOST_ROWS + 1])
def test_a_batch_holds_between_one_row_and_two_hundred(office, count):
    with pytest.raises(InvalidRequest) as refused:
        batch(office, [f"order-{number}" for number in range(count)], **ALLOCATE)

    assert refused.value.violations[0].field == "rows"


def test_a_transition_for_one_order_at_a_time_and_one_of_another_workflow_are_refused(office):
    order = office.allocated()

    (accepted,) = batch(office, [order], PARTNER, transition="accept_without_parts")
    (other,) = batch(office, [order], workflow="other", **CANCEL)

    assert accepted.refusals[0].message == "“Accept” is for one work order at a time."
    assert other.refusals[0].message.startswith("This work order is moved by Partner service")


def test_nobody_moves_what_they_may_not_see_or_do(office):
    order = office.allocated()

    (hidden,) = batch(office, [order.id], STRANGER, **CANCEL)
    (elsewhere,) = batch(office, [order.id], UTILITY, **CANCEL)
    (refused,) = batch(office, [order.id], PARTNER, **CANCEL)

    assert outcomes([hidden, elsewhere, refused]) == ["MISSING", "MISSING", "REFUSED"]
    assert (hidden.number, refused.code) == ("", "PERMISSION_DENIED")


def test_parcels_of_a_whole_batch_are_asked_for_once(office, monkeypatch):
    orders = [office.accepted() for _ in range(3)]
    asked = []
    answer = type(office.shipping).ListParcels

    def counted(shipping, request):
        asked.append(list(request.query.filters[0].values))
        return answer(shipping, request)

    monkeypatch.setattr(type(office.shipping), "ListParcels", counted)

    results = batch(office, [order.id for order in orders], transition="parts_shipped")

    assert outcomes(results) == ["DONE"] * 3, results
    assert asked == [sorted(order.id for order in orders)]


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (DISPATCHER, OFFERED),
        (APPROVER, {"close"}),
        (PARTNER, set()),
        (TECHNICIAN, set()),
        (UTILITY, set()),
    ],
)
def test_each_role_is_offered_its_own(office, caller, expected):
    offered = office.orders("ListBulkTransitions", caller).transitions

    found = {each.transition.name for each in offered if each.workflow == "partner_service"}
    assert found == expected


def test_what_is_offered_comes_with_its_form_reasons_and_choices(office):
    found = office.orders("ListBulkTransitions", ADMIN).transitions
    offered = {each.transition.name: each for each in found if each.workflow == "partner_service"}

    field = offered["allocate"].transition.steps[0].fields[0]
    assert (BLUEFERN in [each.value for each in field.choices], field.choices_only) == (True, True)
    assert "customer_upgrade" in [each.code for each in offered["cancel"].transition.reasons]
    assert offered["cancel"].workflow_label == "Partner service"
