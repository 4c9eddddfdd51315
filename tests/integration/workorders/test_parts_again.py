"""Parts that go elsewhere, get lost or are faulty, over the servicers: what is offered, asked for and believed."""

from __future__ import annotations

from datetime import date

import pytest
from fieldmesh.workorders.v1 import work_order_pb2

from services.chassis.errors import Unavailable
from services.workorders import seeds
from services.workorders.domain.errors import GuardsRefuse
from tests.integration.workorders.conftest import DISPATCHER, ME, PARTNER, on

FRIDAY = on(date(2026, 3, 6))


@pytest.fixture
def shipped(desk):
    """An order whose parts are on their way, with a date."""
    with desk.app.database.begin(actor=ME, now=desk.clock.now()) as transaction:
        seeds.seed(transaction.connection)
    order = desk.accepted()
    desk.parts(order, 3, 1, expected_delivery_date=FRIDAY)
    return desk.get(order.id)


def form(desk, order, name):
    offered = desk.orders("ListAvailableTransitions", DISPATCHER, work_order_id=order.id).transitions
    found = next(each for each in offered if each.name == name)
    return {field.path: field for step in found.steps for field in step.fields}


def again(items, part, *quantities):
    """Parts that are ordered again: one of each line item, or as many as are given."""
    numbers = quantities or (1,) * len(items)
    named = zip(items, numbers, strict=True)
    return {
        "affected_parts": [{"line_item_id": each.id, "part_id": part, "quantity": number} for each, number in named]
    }


def elsewhere(desk, order, street="9 Oak Rd"):
    values = work_order_pb2.WorkOrder()
    values.ship_to.street = street
    return desk.fire(order, "correct_address", DISPATCHER, ["ship_to.street"], values=values).work_order


@pytest.mark.req("CP-51")
def test_a_corrected_address_is_asked_for_once_more_and_only_what_knows_of_it_is_believed(desk, shipped):
    corrected = elsewhere(desk, shipped)
    asked = desk.told()[-1]

    desk.parts(shipped, 4, 2, expected_delivery_date=FRIDAY)
    stale = desk.get(shipped.id)
    desk.parts(shipped, 1, 3, acceptance_version=2)
    fresh = desk.get(shipped.id)

    assert (corrected.state, corrected.acceptance_version) == ("ship_to_received", 2)
    assert not corrected.fulfilment.HasField("expected_delivery_date")
    assert (asked.parts.acceptance_version, asked.parts.ship_to.street, list(asked.parts.lines)) == (2, "9 Oak Rd", [])
    assert (stale.state, stale.fulfilment.phase) == ("ship_to_received", "requested")
    assert (fresh.state, fresh.fulfilment.order_number) == ("parts_ordered", "00287387")


def test_the_address_may_be_corrected_before_anything_is_ordered(desk):
    order = desk.accepted()

    corrected = elsewhere(desk, order)

    rows = [row.field for row in desk.history(order) if row.transition == "correct_address"]
    assert (corrected.state, rows) == ("ship_to_received", ["ship_to"])


def test_a_lost_parcel_is_chosen_among_those_on_their_way(desk, shipped):
    choices = form(desk, shipped, "report_parcel_lost")["inputs.parcel_id"].choices

    lost = desk.fire(shipped, "report_parcel_lost", DISPATCHER, parcel_id="parcel-1").work_order

    assert [(each.value, each.label) for each in choices] == [("parcel-1", "UPS 1Z1")]
    assert lost.state == "ship_to_received"
    asked = desk.told()[-1].parts
    assert (asked.lost_parcel_id, list(asked.lines)) == ("parcel-1", [])
    post = desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0]
    assert {fact.label: fact.value for fact in post.facts} == {"Parcel": "UPS 1Z1"}


@pytest.mark.req("CP-47")
def test_the_parcels_to_choose_from_say_what_is_in_them(desk, shipped):
    desk.shipping.contents = [{"part_number": "VT40-HEAD", "quantity": 2}, {"part_number": "VT40-FAN", "quantity": 1}]

    (choice,) = form(desk, shipped, "report_parcel_lost")["inputs.parcel_id"].choices

    assert choice.label == "UPS 1Z1 (2 × VT40-HEAD; 1 × VT40-FAN)"


def test_without_shipping_the_form_says_so_and_nothing_is_reported(desk, shipped):
    desk.shipping.down = True

    field = form(desk, shipped, "report_parcel_lost")["inputs.parcel_id"]
    with pytest.raises(Unavailable):
        desk.fire(shipped, "report_parcel_lost", DISPATCHER, parcel_id="parcel-1")

    assert (list(field.choices), field.choices_only) == ([], True)
    assert "shipping does not answer" in field.help


@pytest.mark.req("CP-77")
@pytest.mark.parametrize(("reason", "returns"), [("part_damaged", True), ("part_missing", False)])
def test_faulty_parts_are_ordered_again_together_and_go_back_unless_they_are_missing(desk, shipped, reason, returns):
    desk.parts(shipped, 4, 2, expected_delivery_date=FRIDAY)
    items, part = desk.items(shipped), desk.ids["part"]
    choices = form(desk, shipped, "order_replacement")["inputs.affected_parts"].choices

    ordered = desk.fire(shipped, "order_replacement", DISPATCHER, reason_code=reason, **again(items, part)).work_order

    assert [(each.value, each.label, each.most) for each in choices] == [
        (f"{item.id}/{part}", f"{item.number} {item.work_type_name}: VT40-HEAD Head", 1) for item in items
    ]
    assert (ordered.state, ordered.fulfilment.order_number) == ("parts_ordered", "")
    moved = desk.told()[-1]
    lines = [(line.line_item_id, line.part_number, line.quantity) for line in moved.parts.lines]
    assert lines == [(item.id, "VT40-HEAD", 1) for item in items]
    assert (moved.parts.faulty_returns, list(moved.effects)) == (returns, ["replace_parts", "place_order"])


@pytest.mark.req("CP-45")
def test_history_and_feed_say_which_parts_were_ordered_again(desk, shipped):
    desk.parts(shipped, 4, 2, expected_delivery_date=FRIDAY)
    items, part = desk.items(shipped), desk.ids["part"]

    desk.fire(shipped, "order_replacement", DISPATCHER, reason_code="part_damaged", **again(items, part))

    words = "; ".join(f"1 × VT40-HEAD Head for {item.number}" for item in items)
    rows = [row for row in desk.history(shipped) if row.field == "ordered_again"]
    assert [(row.field_label, row.new_value, row.reason) for row in rows] == [
        ("Parts ordered again", words, "Part arrived damaged"),
    ]
    post = desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0]
    assert {fact.label: fact.value for fact in post.facts} == {"Parts": words, "Reason": "Part arrived damaged"}


@pytest.mark.req("CP-77")
def test_a_part_that_does_not_fit_is_named_by_its_line_and_nothing_is_ordered(desk, shipped):
    desk.parts(shipped, 4, 2, expected_delivery_date=FRIDAY)
    items, part = desk.items(shipped), desk.ids["part"]
    before = len(desk.told())

    with pytest.raises(GuardsRefuse) as refused:
        given = again(items, part, 1, 7)
        desk.fire(shipped, "order_replacement", DISPATCHER, reason_code="part_damaged", **given)

    (violation,) = refused.value.violations
    assert violation.field == "inputs.affected_parts[1].quantity"
    assert violation.description == f"Line item {items[1].number} takes 1 of VT40-HEAD Head: give 1."
    assert (desk.get(shipped.id).state, len(desk.told())) == ("in_progress", before)


@pytest.mark.req("CP-77")
def test_a_replacement_that_is_sent_twice_is_ordered_once(desk, shipped):
    desk.parts(shipped, 4, 2, expected_delivery_date=FRIDAY)
    given = again(desk.items(shipped), desk.ids["part"])
    same = {"request_id": desk.request_id(), "etag": desk.get(shipped.id).etag, "reason_code": "part_damaged"}

    answers = [desk.fire(shipped, "order_replacement", DISPATCHER, **same, **given) for _ in range(2)]

    assert answers[0] == answers[1]
    assert [event.transition for event in desk.told()].count("order_replacement") == 1


@pytest.mark.req("CP-87")
def test_the_end_tells_which_parts_were_used_and_keeps_the_order_as_it_is(desk, shipped):
    desk.parts(shipped, 4, 2, expected_delivery_date=FRIDAY)
    first = desk.items(shipped)[0]
    desk.fire(shipped, "finish_line_item", PARTNER, line_item_id=first.id)

    ended = desk.fire(
        shipped, "could_not_complete", PARTNER, reason_code="obstruction", comment="A wall stands there"
    ).work_order
    desk.parts(shipped, 0, 3)

    moved = desk.told()[-1]
    assert list(moved.finished_line_item_ids) == [first.id]
    assert "release_parts" in moved.effects
    assert (ended.frozen, shipped.frozen) == (True, False)
    assert desk.get(shipped.id).state == "cannot_complete"
