"""Reasons to choose from: those of every installation, and what an issuer makes of them."""

from __future__ import annotations

import pytest

from services.chassis.errors import Refusal
from services.workorders import seeds
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import DISPATCHER, ME, PARTNER, STRANGER

DELAY, OVERRIDE = 1, 2


@pytest.fixture
def seeded(desk):
    for _start in range(2):
        with desk.app.database.begin(actor=ME, now=desk.clock.now()) as transaction:
            seeds.seed(transaction.connection)
    return desk


def offered(desk, order, caller=PARTNER, transition="save_appointment"):
    transitions = desk.orders("ListAvailableTransitions", caller, work_order_id=order.id).transitions
    return next(each.reasons for each in transitions if each.name == transition)


def add(desk, **fields):
    return desk.kit("ReasonCode", "CreateReasonCode", DISPATCHER, reason_code=fields, request_id=desk.request_id())


def change(desk, reason, **fields):
    return desk.kit(
        "ReasonCode",
        "UpdateReasonCode",
        DISPATCHER,
        reason_code={"id": reason.id, "etag": reason.etag, **fields},
        update_mask={"paths": list(fields)},
        request_id=desk.request_id(),
    )


@pytest.mark.req("CP-77")
def test_every_installation_offers_the_nine_delay_reasons_with_guidance(seeded):
    order = seeded.allocated()

    reasons = offered(seeded, order)

    # The issuer of these tests has a reason "weather" of its own.
    assert [each.label for each in reasons] == [
        "Delay due to weather",
        "Delay due to Unresponsive POC",
        "Delay due to POC Schedule Preference",
        "O&M Partner Work Order Management Performance",
        "Technician Availability",
        "Delay due to Special On-Site Requirement",
        "Delay due to local Regulatory/Compliance",
        "Part delivery is later than expected delivery date",
        "Parts arrived damaged or are missing",
    ]
    assert all(each.guidance for each in reasons[1:])


@pytest.mark.req("CP-65")
def test_an_assignment_offers_override_reasons_with_other_among_them(seeded):
    order = seeded.allocated()

    codes = [each.code for each in offered(seeded, order, transition="assign_technician")]

    assert "only_available" in codes
    assert "override_other" in codes
    assert "technician_availability" not in codes
    kinds = [each.kind for each in offered(seeded, order, transition="assign_technician")]
    assert kinds == ["override"] * 6 + ["freelancer"] * 3


@pytest.mark.req("CP-59")
@pytest.mark.req("CP-66")
def test_a_freelancer_is_assigned_with_a_reason_for_freelancers_and_nothing_else(seeded):
    order = seeded.at_work()
    seeded.technicians.freelancer = True

    with pytest.raises(WorkOrderError) as unexplained:
        seeded.fire(order, "assign_technician", PARTNER, person_id="tech")
    with pytest.raises(WorkOrderError) as of_another_kind:
        seeded.fire(order, "assign_technician", PARTNER, person_id="tech", reason_code="only_available")
    nobody = list(seeded.technicians.reserved)
    assigned = seeded.fire(
        order, "assign_technician", PARTNER, person_id="tech", reason_code="special_skill"
    ).work_order

    assert unexplained.value.reason == of_another_kind.value.reason == "FREELANCER_REASON_MISSING"
    assert unexplained.value.metadata == {"name": "Ada Moss", "missing": ""}
    assert [violation.field for violation in unexplained.value.violations] == ["inputs.reason_code"]
    assert nobody == []
    assert assigned.technician.name == "Ada Moss"
    posts = seeded.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts
    facts = {fact.label: fact.value for fact in posts[0].facts}
    assert (facts["Method"], facts["Reason"]) == ("Freelancer", "Special skill needed")


def test_an_issuer_replaces_a_reason_by_one_of_the_same_code_and_hides_one_by_deactivating_its_own(seeded):
    order = seeded.allocated()
    add(seeded, code="part_late", kind=DELAY, label="Voltara's parts are late", sort_rank=1, active=True)
    change(seeded, add(seeded, code="regulatory", kind=DELAY, label="Not asked here"), active=False)

    reasons = {each.code: each.label for each in offered(seeded, order)}

    assert reasons["part_late"] == "Voltara's parts are late"
    assert "regulatory" not in reasons
    assert reasons["unresponsive_poc"] == "Delay due to Unresponsive POC"


def test_shipped_reasons_are_read_by_everyone_and_changed_by_no_issuer(seeded):
    seen = seeded.kit("ReasonCode", "ListReasonCodes", STRANGER, query={"page_size": 200}).reason_codes
    shipped = next(each for each in seen if each.code == "mismatch")

    assert len(seen) == len(seeds.REASONS)
    with pytest.raises(Refusal) as refused:
        change(seeded, shipped, label="Mine now")
    assert refused.value.kind in {"forbidden", "missing"}
