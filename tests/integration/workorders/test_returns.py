"""Completing waits for proof of return, closing for the return itself, whatever shipping says or does not say."""

from __future__ import annotations

import pytest
from fieldmesh.common.v1 import events_pb2 as envelopes
from fieldmesh.shipping.v1 import events_pb2, rma_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2

from services.workorders.domain.errors import WorkOrderError
from services.workorders.handlers.proofs import rma_changed
from services.workorders.handlers.verifying import verify_chains
from tests.integration.workorders.conftest import ADMIN, DISPATCHER, NOW, PARTNER, STRANGER

REQUESTED, CANCELLED, SHIPPED, CLOSED = 1, 2, 4, 6


def rma(order, state=REQUESTED, **more):
    made = rma_pb2.Rma(id="r1", number="00051201", work_order_id=order.id, state=state, proof_required=True, etag="e1")
    made.lines.add(part_number="VT40-HEAD", quantity=1)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def refused(desk, order, transition, who):
    with pytest.raises(WorkOrderError) as found:
        desk.fire(order, transition, who)
    return [each.description for each in found.value.violations] or [str(found.value)]


@pytest.mark.req("CP-83")
def test_completing_without_proof_of_return_is_refused_with_what_to_do(desk):
    order = desk.ready()
    desk.shipping.returns = [rma(order)]

    words = " ".join(refused(desk, order, "complete", PARTNER))
    desk.shipping.returns = [rma(order, SHIPPED)]
    completed = desk.fire(order, "complete", PARTNER).work_order

    for part in ("00051201 (1 × VT40-HEAD)", "tracking number", "upload the receipt", "Related RMA / FSO"):
        assert part in words
    assert completed.state == "completed"


@pytest.mark.req("CP-83")
@pytest.mark.parametrize("kind", [{"state": CANCELLED}, {"proof_required": False}])
def test_a_return_that_needs_no_proof_keeps_nobody_from_completing(desk, kind):
    order = desk.ready()
    desk.shipping.returns = [rma(order, **kind)]

    assert desk.fire(order, "complete", PARTNER).work_order.state == "completed"


@pytest.mark.req("CP-83")
def test_everything_that_completing_lacks_is_named_at_once(desk):
    order = desk.at_work()
    desk.shipping.returns = [rma(order)]

    words = refused(desk, order, "complete", PARTNER)

    assert len(words) > 5
    assert sum("00051201" in each for each in words) == 1


@pytest.mark.req("CP-83")
def test_a_missing_proof_is_told_before_anybody_tries(desk):
    order = desk.ready()
    desk.shipping.returns = [rma(order)]

    asked = {"work_order_id": order.id}
    before = {each.name: each for each in desk.orders("ListAvailableTransitions", PARTNER, **asked).transitions}
    desk.shipping.down = True
    down = {each.name: each for each in desk.orders("ListAvailableTransitions", PARTNER, **asked).transitions}
    desk.shipping.down = False
    desk.shipping.returns = [rma(order, SHIPPED)]
    after = {each.name: each for each in desk.orders("ListAvailableTransitions", PARTNER, **asked).transitions}

    assert not before["complete"].allowed
    assert "00051201 (1 × VT40-HEAD)" in " ".join(each.message for each in before["complete"].refusals)
    assert down["complete"].allowed
    assert after["complete"].allowed


@pytest.mark.req("CP-83")
def test_while_shipping_is_down_completing_with_returnable_parts_is_refused_and_without_goes_through(desk):
    with_parts = desk.ready()
    desk.shipping.down = True

    words = " ".join(refused(desk, with_parts, "complete", PARTNER))
    assert "shipping service does not answer" in words
    assert "try again" in words.lower()
    assert desk.get(with_parts.id).state == "in_progress"

    changed = desk.kit("Part", "GetPart", ADMIN, id=desk.ids["part"])
    changed.returnable = False
    desk.kit("Part", "UpdatePart", ADMIN, part=changed, update_mask={"paths": ["returnable"]}, request_id="p-1")
    assert desk.fire(with_parts, "complete", PARTNER).work_order.state == "completed"


@pytest.mark.req("CP-86")
def test_an_order_is_closed_only_once_its_returns_are_settled(desk):
    order = desk.ready()
    desk.shipping.returns = [rma(order, SHIPPED)]
    desk.fire(order, "complete", PARTNER)

    words = " ".join(refused(desk, order, "close", DISPATCHER))
    many = desk.orders(
        "BatchTransitionWorkOrders",
        DISPATCHER,
        transition="close",
        workflow="partner_service",
        rows=[work_order_service_pb2.BatchRow(work_order_id=order.id)],
        request_id="b-1",
    )
    desk.shipping.down = True
    unknown = " ".join(refused(desk, order, "close", DISPATCHER))
    desk.shipping.down = False
    desk.shipping.returns = [rma(order, CLOSED)]
    closed = desk.fire(order, "close", DISPATCHER).work_order

    assert "00051201" in words
    assert "00051201" in str(many.results[0].refusals)
    assert "does not answer" in unknown
    assert closed.state == "closed"


@pytest.mark.req("CP-83")
def test_history_says_which_versions_of_the_returns_were_looked_at(desk):
    order = desk.ready()
    desk.shipping.returns = [rma(order, SHIPPED)]

    answer = desk.fire(order, "complete", PARTNER)

    told = {evidence.split(",")[0] for entry in answer.history for evidence in entry.evidence.splitlines()}
    assert "shipping's returns" in told


def proved(desk, made, *, actor=True, news=events_pb2.RMA_NEWS_PROVED, **proof):
    """Shipping tells of a proof that Sam recorded, or that nobody in person did."""
    told = events_pb2.RmaChanged(rma=made, news=news)
    for name, value in {"person_name": "Sam Ortiz", **proof}.items():
        setattr(told.rma.proof, name, value)
    told.rma.proof.record_time.FromDatetime(NOW)
    event = envelopes.Event()
    if actor:
        event.actor.subject, event.actor.display_name, event.actor.organization_id = "p-4", "Sam Ortiz", "bluefern"
    with desk.app.database.begin(actor=PARTNER, now=NOW) as transaction:
        rma_changed(transaction, event, told)


def proofs(desk, order, caller=ADMIN):
    return [each for each in desk.history(order, caller) if each.field == "return_proof"]


@pytest.mark.req("CP-45")
@pytest.mark.req("CP-83")
def test_a_proof_of_return_is_a_row_of_history_with_who_and_what(desk):
    order = desk.ready()
    etag = desk.get(order.id).etag

    proved(desk, rma(order, SHIPPED), carrier="Northway Freight", tracking_number="NWR1")
    proved(desk, rma(order, SHIPPED, id="r2", number="00051202"), attachment_title="Receipt.png")

    first, second = proofs(desk, order)
    assert (first.field_label, first.old_value) == ("Proof of return", "")
    assert first.new_value == "00051201: Northway Freight tracking number NWR1"
    assert second.new_value == "00051202: file Receipt.png"
    assert (first.actor.subject, first.actor.display_name, first.actor.organization_id) == (
        "p-4", "Sam Ortiz", "bluefern",
    )  # fmt: skip
    assert first.evidence == f"shipping's return, version 0, told {NOW:%Y-%m-%d %H:%M:%S} UTC"
    assert desk.get(order.id).etag == etag
    assert [each.fault for each in verify_chains(desk.app.database, order.number)] == [""]
    assert proofs(desk, order, STRANGER) == []


@pytest.mark.req("CP-45")
def test_another_proof_of_the_same_return_names_the_one_before_and_a_repeat_is_no_row(desk):
    order = desk.ready()
    made = rma(order, SHIPPED)

    proved(desk, made, carrier="UPS", tracking_number="1Z1")
    for _ in range(2):
        proved(desk, made, carrier="UPS", tracking_number="1Z1", attachment_title="Receipt.png")

    first, second = proofs(desk, order)
    assert second.old_value == first.new_value
    assert second.new_value == "00051201: UPS tracking number 1Z1; file Receipt.png"


@pytest.mark.req("CP-45")
def test_a_proof_that_comes_after_the_order_was_closed_is_noted_and_other_news_are_not(desk):
    order = desk.ready()
    desk.fire(order, "complete", PARTNER)
    desk.fire(order, "close", DISPATCHER)

    proved(desk, rma(order, SHIPPED), actor=False, tracking_number="1Z1")
    proved(desk, rma(order, CLOSED), news=events_pb2.RMA_NEWS_CLOSED, tracking_number="1Z2")
    proved(desk, rma(order, SHIPPED, work_order_id="nobody"), tracking_number="1Z3")

    (row,) = proofs(desk, order)
    assert (row.new_value, row.actor.subject) == ("00051201: tracking number 1Z1", "service:shipping")
    assert [each.fault for each in verify_chains(desk.app.database, order.number)] == [""]
