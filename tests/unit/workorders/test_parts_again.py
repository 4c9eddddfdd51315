"""Parts that go elsewhere, get lost or are faulty (workflows.md, rows 6b and 7a), and what ends with the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.workorders.domain.outcome import Outcome, Refusal
from services.workorders.domain.replacing import AffectedPart, in_words
from services.workorders.domain.work_order import (
    Appointment,
    FulfilmentSummary,
    LineItemState,
    PartNeed,
    ShipTo,
    SiteTechnician,
)
from tests.support.orders import DISPATCHER, NOW, PARTNER_USER, SHIPPING, fire, line_item, order

ON_THE_WAY = FulfilmentSummary("shipped", "00287387", "f1", date(2026, 3, 5))
HEAD = AffectedPart("item-1", "part-head", 1)
NAMES = {"part-head": "VT40-HEAD Head", "part-fan": "VT40-FAN Fan"}


def under_way(state="shipped", **changes):
    known = {path.removeprefix("ship_to."): value for path, value in SHIPPING.items()}
    return order(state, acceptance_version=1, ship_to=ShipTo(**known), fulfilment=ON_THE_WAY, **changes)


def fields_of(refusal: Refusal) -> set[str]:
    return {violation.field for violation in refusal.error.violations}


def told(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(change.field, change.old, change.new) for change in outcome.changes]


@pytest.mark.req("CP-51")
def test_a_corrected_address_asks_for_the_parts_anew_and_awaits_a_date():
    moved = fire(
        under_way(), "correct_address", DISPATCHER, {**SHIPPING, "ship_to.street": "9 Oak Rd"}, comment="Moved"
    )

    after = moved.order
    assert (after.state, after.ship_to.street, after.acceptance_version) == ("ship_to_received", "9 Oak Rd", 2)
    assert after.fulfilment == FulfilmentSummary("requested")
    fields = [field for field, _, _ in told(moved)]
    assert fields == ["ship_to", "fulfilment.order_number", "fulfilment.expected_delivery_date", "state"]
    assert ("fulfilment.expected_delivery_date", "2026-03-05", "") in told(moved)
    assert moved.effects == ("correct_ship_to",)
    assert dict(moved.post.facts)["Ship to"] == "Rae Holt, 9 Oak Rd, Waco, TX 76701, US"


def test_the_same_address_is_no_correction_and_a_partner_corrects_none():
    same = fire(under_way(), "correct_address", DISPATCHER, SHIPPING)
    partner = fire(under_way(), "correct_address", PARTNER_USER, {**SHIPPING, "ship_to.street": "9 Oak Rd"})

    assert fields_of(same) == {"ship_to.street"}
    assert partner.error.kind == "forbidden"


def test_correcting_before_anything_is_ordered_leads_nowhere_and_says_so_once():
    received = replace(under_way("ship_to_received"), fulfilment=FulfilmentSummary())

    moved = fire(received, "correct_address", DISPATCHER, {**SHIPPING, "ship_to.city": "Austin"})

    assert [field for field, _, _ in told(moved)] == ["ship_to"]


def test_a_lost_parcel_leads_back_to_ship_to_received():
    moved = fire(under_way(), "report_parcel_lost", DISPATCHER, parcel_id="parcel-1", comment="Search was closed")

    assert (moved.order.state, moved.order.acceptance_version) == ("ship_to_received", 2)
    assert moved.order.fulfilment.expected_delivery_date is None
    assert moved.effects == ("replace_parcel",)
    assert dict(moved.post.facts)["Parcel"] == "UPS 1Z0001"


@pytest.mark.parametrize(
    ("inputs", "blamed"),
    [
        ({"parcel_id": "delivered-already"}, "inputs.parcel_id"),
        ({"parcel_id": "parcel-1", "part_id": "other"}, "inputs.part_id"),
        ({}, "inputs.parcel_id"),
    ],
)
def test_only_a_parcel_on_its_way_with_a_part_of_the_order_is_lost(inputs, blamed):
    assert fields_of(fire(under_way(), "report_parcel_lost", DISPATCHER, **inputs)) == {blamed}


def faulty(*affected, **changes):
    """What dispatchers give for parts that came damaged, and the names that are known of them."""
    told = {"part": {"again": in_words(affected, under_way().line_items, NAMES), "names": NAMES}}
    return {"affected_parts": affected, "reason_code": "part_damaged", "snapshots": told, **changes}


@pytest.mark.req("CP-77")
def test_faulty_parts_are_ordered_again_together_and_work_waits_for_them():
    both = (HEAD, AffectedPart("item-2", "part-head", 1))

    moved = fire(under_way("in_progress"), "order_replacement", DISPATCHER, **faulty(*both))

    assert (moved.order.state, moved.order.acceptance_version) == ("parts_ordered", 2)
    assert moved.order.fulfilment == FulfilmentSummary("requested")
    assert moved.effects == ("replace_parts", "place_order")
    assert dict(moved.post.facts) == {
        "Parts": "1 × VT40-HEAD Head for 00000001; 1 × VT40-HEAD Head for 00000002",
    }


@pytest.mark.req("CP-77")
@pytest.mark.parametrize(
    ("wrong", "blamed", "said"),
    [
        (AffectedPart("item-9", "part-head", 1), "line_item_id", "Choose a line item of this order."),
        (AffectedPart("item-2", "part-head", 1), "line_item_id", "Line item 00000002 is finished"),
        (AffectedPart("item-1", "part-fan", 1), "part_id", "Line item 00000001 does not take VT40-FAN Fan."),
        (AffectedPart("item-3", "part-head", 3), "quantity", "takes 2 of VT40-HEAD Head: give from 1 to 2."),
        (AffectedPart("item-3", "part-head", 0), "quantity", "takes 2 of VT40-HEAD Head: give from 1 to 2."),
    ],
)
def test_each_part_is_for_an_open_line_item_and_no_more_of_it_and_a_refusal_names_its_line(wrong, blamed, said):
    items = (line_item(1), replace(line_item(2), state=LineItemState.FINISHED),
             replace(line_item(3), parts=(PartNeed("part-head", 2),)))  # fmt: skip
    order = under_way("in_progress", line_items=items)

    refused = fire(order, "order_replacement", DISPATCHER, **faulty(HEAD, wrong))

    (violation,) = refused.error.violations
    assert violation.field == f"inputs.affected_parts[1].{blamed}"
    assert said in violation.description


@pytest.mark.req("CP-77")
@pytest.mark.parametrize(
    ("given", "blamed"),
    [
        (faulty(), {"inputs.affected_parts"}),
        (faulty(HEAD, HEAD), {"inputs.affected_parts[0].part_id", "inputs.affected_parts[1].part_id"}),
        (faulty(HEAD, reason_code="mood"), {"inputs.reason_code"}),
    ],
)
def test_parts_are_named_once_each_with_one_of_the_reasons(given, blamed):
    assert fields_of(fire(under_way("in_progress"), "order_replacement", DISPATCHER, **given)) == blamed


@pytest.mark.req("CP-87")
def test_cancelling_withdraws_the_technicians_appointment():
    planned = under_way(
        technician=SiteTechnician("tech-1", "person-9", "Ada Moss"), appointment=Appointment(start_time=NOW)
    )

    withdrawn = fire(planned, "cancel", DISPATCHER, reason_code="self_resolved").notices
    unplanned = fire(under_way(), "cancel", DISPATCHER, reason_code="self_resolved").notices

    assert [(notice.template, notice.recipients) for notice in withdrawn] == [
        ("appointment_withdrawn", ("technician",)),
        ("work_order_cancelled", ("executor_organization", "technician")),
    ]
    assert [notice.template for notice in unplanned] == ["work_order_cancelled"]
