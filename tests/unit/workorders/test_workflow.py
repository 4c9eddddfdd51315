"""The main line of partner service, told move by move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.workorders.domain.outcome import FieldChange, Outcome, Refusal
from services.workorders.domain.requests import CostDecision, CostKind
from services.workorders.domain.values import Money
from services.workorders.domain.work_order import (
    Ending,
    FulfilmentSummary,
    Hold,
    LineItemState,
    OrderFlag,
    SiteTechnician,
)
from tests.support.orders import (
    APPOINTMENT,
    APPROVER,
    DISPATCHER,
    NOW,
    OTHER_PARTNER_USER,
    PARTNER,
    PARTNER_USER,
    SHIPPING,
    SNAPSHOTS,
    SYSTEM,
    TECHNICIAN,
    TRAVEL,
    VISIT,
    WORKFLOW,
    fire,
    line_item,
    order,
)  # fmt: skip


def fields_of(refusal: Refusal) -> set[str]:
    return {violation.field for violation in refusal.error.violations}


def done(**changes):
    items = tuple(replace(line_item(n), state=LineItemState.FINISHED) for n in (1, 2))
    scheduled = fire(order("in_progress"), "save_appointment", PARTNER_USER, APPOINTMENT).order
    visited = fire(scheduled, "set_visit_times", PARTNER_USER, VISIT).order
    return replace(visited, line_items=items, **changes)


@pytest.mark.req("CP-23")
def test_allocating_gives_the_order_to_the_organisation():
    outcome = fire(order(), "allocate", DISPATCHER, executor_org=PARTNER)

    assert outcome.order.state == "assigned"
    assert (outcome.order.executor_org, outcome.order.executor_name) == (PARTNER, "Bluefern Dispatch")
    assert outcome.order.assigned_time == NOW
    assert outcome.notices[0].recipients == ("executor_organization",)
    assert [change.field for change in outcome.changes] == ["executor_name", "assigned_time", "state"]


def test_allocating_to_an_organisation_that_cannot_serve_names_every_reason():
    executor = {"name": "Kestrel Field Co", "kind": "vendor", "active": False, "serves": False}

    refusal = fire(order(), "allocate", DISPATCHER, snapshots={"executor": executor}, executor_org="org-kestrel")

    assert refusal.error.kind == "state"
    assert len(refusal.error.violations) == 3


@pytest.mark.req("CP-50")
@pytest.mark.req("CP-52")
def test_accepting_names_every_starred_field_that_is_missing():
    refusal = fire(order("assigned"), "accept", PARTNER_USER, {"ship_to.name": "Rae Holt"})

    assert refusal.error.kind == "invalid"
    assert fields_of(refusal) == {*SHIPPING, *TRAVEL} - {"ship_to.name"}
    assert "ship_to.residential" not in fields_of(refusal)


@pytest.mark.req("CP-52")
@pytest.mark.req("CP-55")
@pytest.mark.req("CP-24")
def test_accepting_with_parts_writes_shipping_address_and_status_in_one_step():
    outcome = fire(order("assigned"), "accept", PARTNER_USER, {**SHIPPING, **TRAVEL})

    assert outcome.order.state == "ship_to_received"
    assert outcome.order.travel.billable_miles == 70.0
    assert outcome.order.travel.zone == "Zone 2"
    assert outcome.order.acceptance_version == 1
    assert "request_parts" in outcome.effects
    rows = {change.field: change for change in outcome.changes}
    assert "12 Elm St, Waco, TX 76701, US" in rows["ship_to"].new
    assert outcome.changes[-1] == FieldChange("state", "Assigned", "Ship-To Received")


@pytest.mark.req("CP-49")
def test_accepting_without_shipping_information_stays_assigned_and_says_so():
    before = order("assigned")

    outcome = fire(before, "accept", PARTNER_USER, TRAVEL)

    assert not outcome.happened
    assert outcome.order == before
    assert outcome.changes == ()
    assert outcome.warnings[0].message.startswith("If Shipping Information is not added the WO will not be accepted")


@pytest.mark.req("CP-50")
def test_saving_a_draft_changes_nothing_and_fills_the_form_next_time():
    before = order("assigned")

    outcome = fire(before, "save_acceptance_draft", PARTNER_USER, {"ship_to.city": "Austin"})
    offers = WORKFLOW.available(before, PARTNER_USER, NOW, {**SNAPSHOTS, "drafts": {"accept": dict(outcome.draft)}})

    assert outcome.order == before
    assert outcome.changes == ()
    accept = next(offer for offer in offers if offer.transition.name == "accept")
    assert accept.defaults["ship_to.city"] == "Austin"
    assert accept.defaults["ship_to.postal_code"] == "76701"
    assert accept.defaults["travel.cost_per_mile"] == Money("USD", 670_000)


@pytest.mark.req("CP-53")
def test_another_cost_per_mile_than_the_contract_awaits_approval_and_falls_back_where_it_is_declined():
    dearer = {**SHIPPING, **TRAVEL, "travel.cost_per_mile": Money("USD", 900_000)}

    outcome = fire(order("assigned"), "accept", PARTNER_USER, dearer)
    declined = fire(outcome.order, "decline_cost", APPROVER, cost_request_id="1", comment="Not agreed")

    asked = outcome.order.cost_requests[0]
    assert (asked.kind, asked.amount, asked.is_open) == (CostKind.TRAVEL_RATE, Money("USD", 900_000), True)
    assert [notice.template for notice in outcome.notices] == ["work_order_accepted", "cost_requested"]
    assert declined.order.travel.cost_per_mile == Money("USD", 670_000)
    assert declined.order.cost_requests[0].decision is CostDecision.DECLINED


@pytest.mark.req("CP-29")
def test_accepting_without_parts_goes_straight_to_work():
    outcome = fire(order("assigned", parts_required=False), "accept_without_parts", PARTNER_USER, TRAVEL)

    assert outcome.order.state == "in_progress"
    assert "request_parts" not in outcome.effects


def test_only_the_acceptance_that_fits_the_parts_is_offered():
    names = {
        parts: {
            offer.transition.name
            for offer in WORKFLOW.available(order("assigned", parts_required=parts), PARTNER_USER, NOW)
        }
        for parts in (True, False)
    }

    assert "accept" in names[True]
    assert "accept_without_parts" not in names[True]
    assert "accept_without_parts" in names[False]
    assert "accept" not in names[False]


def test_another_partner_may_not_accept():
    refusal = fire(order("assigned"), "accept", OTHER_PARTNER_USER, {**SHIPPING, **TRAVEL})

    assert refusal.error.kind == "forbidden"


def test_fields_outside_the_form_are_refused_by_path():
    refusal = fire(order("assigned"), "accept", PARTNER_USER, {**SHIPPING, **TRAVEL, "subject": "x"}, person_id="p")

    assert refusal.error.reason == "FIELD_NOT_IN_FORM"
    assert fields_of(refusal) == {"subject", "inputs.person_id"}


@pytest.mark.req("CP-28")
@pytest.mark.req("CP-29")
def test_delivery_writes_parts_delivered_and_in_progress_in_order():
    outcome = fire(order("shipped"), "parts_delivered", SYSTEM)

    assert outcome.order.state == "in_progress"
    assert outcome.changes == (
        FieldChange("state", "Shipped", "Parts Delivered"),
        FieldChange("state", "Parts Delivered", "In Progress"),
    )


@pytest.mark.parametrize(
    ("open_ones", "words"),
    [(1, "1 required parcel is not delivered yet."), (2, "2 required parcels are not delivered yet.")],
)
def test_parts_are_not_delivered_while_a_required_parcel_is_open(open_ones, words):
    refusal = fire(
        order("shipped"),
        "parts_delivered",
        SYSTEM,
        snapshots={"parcels": {"required": 3, "untracked": 0, "undelivered": open_ones}},
    )

    assert words in str(refusal.error)


def test_a_guard_without_its_snapshot_refuses_instead_of_guessing():
    without = {name: value for name, value in SNAPSHOTS.items() if name != "deliverables"}

    refusal = WORKFLOW.fire(done(), "complete", fire_inputs(), PARTNER_USER, NOW, without)

    assert refusal.error.reason == "SERVICE_UNAVAILABLE"


def fire_inputs():
    from services.workorders.domain.situation import Inputs

    return Inputs()


@pytest.mark.req("CP-73")
def test_a_changed_expected_delivery_is_a_history_row_with_mail_and_no_move():
    outcome = fire(order("shipping"), "expected_delivery_changed", SYSTEM, comment="Weather")

    assert outcome.order.state == "shipping"
    assert outcome.changes == (FieldChange("fulfilment.expected_delivery_date", "", "2026-03-05"),)


@pytest.mark.req("CP-59")
def test_assigning_a_technician_posts_who_how_and_why():
    eligibility = {**SNAPSHOTS["eligibility"], "missing": ("VT40-CM",), "method": "Manual override"}
    snapshots = {"eligibility": eligibility, "reason": {"label": "Other"}}
    inputs = {"person_id": "person-9", "reason_code": "override_other", "comment": "Trained last week"}

    outcome = fire(order("in_progress"), "assign_technician", PARTNER_USER, snapshots=snapshots, **inputs)

    facts = dict(outcome.post.facts)
    assert facts["Assigned To"] == "Ada Moss"
    assert facts["Method"] == "Manual override"
    assert (facts["Reason"], facts["Explanation"]) == ("Other", "Trained last week")
    assert outcome.order.technician == SiteTechnician("tech-1", "person-9", "Ada Moss", "ada@example.com", "555-0102")


@pytest.mark.req("CP-65")
def test_a_missing_skill_asks_for_a_reason():
    eligibility = {**SNAPSHOTS["eligibility"], "missing": ("VT40-CM",)}

    refusal = fire(
        order("in_progress"), "assign_technician", PARTNER_USER, snapshots={"eligibility": eligibility}, person_id="p"
    )

    assert refusal.error.reason == "SKILLS_MISSING"
    assert refusal.error.metadata == {"missing": "VT40-CM"}


@pytest.mark.req("CP-66")
@pytest.mark.parametrize(
    ("kind", "missing", "refused"),
    [
        ("", (), "FREELANCER_REASON_MISSING"),
        ("", ("VT40-CM",), "FREELANCER_REASON_MISSING"),
        ("override", ("VT40-CM",), "FREELANCER_REASON_MISSING"),
        ("freelancer", (), ""),
        ("freelancer", ("VT40-CM",), ""),
    ],
)
def test_a_freelancer_always_needs_a_reason_of_its_own_kind(kind, missing, refused):
    eligibility = {**SNAPSHOTS["eligibility"], "freelancer": True, "missing": missing}
    snapshots = {"eligibility": eligibility, "reasons": {"only_one": "One"}, "reason": {"label": "One", "kind": kind}}
    inputs = {"person_id": "person-9", "reason_code": "only_one" if kind else ""}

    result = fire(order("in_progress"), "assign_technician", PARTNER_USER, snapshots=snapshots, **inputs)

    assert getattr(getattr(result, "error", None), "reason", "") == refused
    if refused:
        assert result.error.metadata == {"name": "Ada Moss", "missing": ",".join(missing)}
    else:
        assert result.order.technician.name == "Ada Moss"


@pytest.mark.req("CP-65")
def test_the_reason_of_a_freelancer_does_not_override_a_missing_skill():
    eligibility = {**SNAPSHOTS["eligibility"], "missing": ("VT40-CM",)}
    snapshots = {
        "eligibility": eligibility,
        "reasons": {"special_skill": "Special skill"},
        "reason": {"label": "Special skill", "kind": "freelancer"},
    }

    refusal = fire(
        order("in_progress"), "assign_technician", PARTNER_USER, snapshots=snapshots,
        person_id="p", reason_code="special_skill",
    )  # fmt: skip

    assert refusal.error.reason == "SKILLS_MISSING"


@pytest.mark.req("CP-40")
def test_an_appointment_keeps_local_time_zone_and_instant():
    outcome = fire(order("in_progress"), "save_appointment", PARTNER_USER, APPOINTMENT)

    assert outcome.order.appointment.start_time == datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    assert outcome.order.appointment.time_zone == "America/Chicago"
    assert not any(notice.template == "appointment_after_target" for notice in outcome.notices)


@pytest.mark.req("CP-40")
def test_an_appointment_cannot_be_on_a_day_before_the_order_was_created():
    created = datetime(2026, 2, 28, 3, tzinfo=UTC)  # the evening of the 27th at the site
    before = {**APPOINTMENT, "appointment.date": date(2026, 2, 26)}
    on_the_day = {**APPOINTMENT, "appointment.date": date(2026, 2, 27)}

    refusal = fire(order("in_progress", create_time=created), "save_appointment", PARTNER_USER, before)
    assert fields_of(refusal) == {"appointment.date"}
    assert (
        refusal.error.violations[0].description
        == "The appointment is before the work order was created, on 27 Feb 2026."
    )

    outcome = fire(order("in_progress", create_time=created), "save_appointment", PARTNER_USER, on_the_day)
    assert outcome.order.appointment.date == date(2026, 2, 27)


LATE = {**APPOINTMENT, "appointment.date": date(2026, 3, 4)}


@pytest.mark.req("CP-74")
def test_an_appointment_after_the_target_asks_first():
    refusal = fire(order("in_progress"), "save_appointment", PARTNER_USER, LATE)

    assert refusal.error.reason == "APPOINTMENT_AFTER_TARGET"
    assert refusal.error.metadata["target_version"] == "3"
    assert "Selected Appointment Date is not within SLA Completed Date" in str(refusal.error)


@pytest.mark.req("CP-75")
def test_yes_with_a_reason_saves_the_late_appointment_and_tells_the_vendor():
    inputs = {"continue_past_target": True, "seen_target_version": 3, "reason_code": "delay_weather"}

    outcome = fire(order("in_progress"), "save_appointment", PARTNER_USER, LATE, **inputs)

    assert outcome.order.appointment.delay_reason_code == "delay_weather"
    assert outcome.order.appointment.delay_target_version == 3
    assert any(notice.template == "appointment_after_target" for notice in outcome.notices)


@pytest.mark.req("CP-75")
def test_yes_without_a_reason_is_refused():
    refusal = fire(
        order("in_progress"), "save_appointment", PARTNER_USER, LATE, continue_past_target=True, seen_target_version=3
    )

    assert fields_of(refusal) == {"inputs.reason_code"}


def test_a_target_that_changed_since_it_was_shown_asks_again():
    inputs = {"continue_past_target": True, "seen_target_version": 2, "reason_code": "delay_weather"}

    refusal = fire(order("in_progress"), "save_appointment", PARTNER_USER, LATE, **inputs)

    assert refusal.error.reason == "TARGET_CHANGED"


def test_an_unknown_reason_is_refused():
    inputs = {"continue_past_target": True, "seen_target_version": 3, "reason_code": "mood"}

    refusal = fire(order("in_progress"), "save_appointment", PARTNER_USER, LATE, **inputs)

    assert fields_of(refusal) == {"inputs.reason_code"}


@pytest.mark.req("CP-44")
def test_the_second_line_item_waits_for_the_first():
    first_try = fire(order("in_progress"), "finish_line_item", TECHNICIAN, line_item_id="item-2")
    assigned = order("in_progress", technician=SiteTechnician(technician_id="tech-1"))

    refusal = fire(assigned, "finish_line_item", TECHNICIAN, line_item_id="item-2")
    outcome = fire(assigned, "finish_line_item", TECHNICIAN, line_item_id="item-1", comment="New head fitted")

    assert first_try.error.kind == "forbidden"
    assert refusal.error.reason == "LINE_ITEM_OUT_OF_ORDER"
    assert refusal.error.metadata == {"waiting_for": "00000001"}
    assert outcome.order.line_items[0].state is LineItemState.FINISHED
    assert outcome.changes == (FieldChange("line_item", "00000001 Open", "00000001 Finished (New head fitted)"),)


@pytest.mark.req("CP-82")
@pytest.mark.parametrize(
    ("arrive", "depart", "says"),
    [
        (datetime(2026, 3, 2, 14, 0, tzinfo=UTC), datetime(2026, 3, 2, 13, 0, tzinfo=UTC), "after arrival"),
        (datetime(2026, 3, 3, 14, 0, tzinfo=UTC), None, "Arrival cannot be in the future"),
        (None, datetime(2026, 3, 3, 14, 0, tzinfo=UTC), "Departure cannot be in the future"),
    ],
)
def test_implausible_visit_times_are_refused(arrive, depart, says):
    values = {"visit.arrive_time": arrive, "visit.depart_time": depart}

    refusal = fire(order("in_progress"), "set_visit_times", PARTNER_USER, values)

    assert says in str(refusal.error)


@pytest.mark.req("CP-80")
@pytest.mark.req("CP-81")
@pytest.mark.req("CP-82")
def test_completing_lists_every_missing_item_at_once():
    snapshots = {"deliverables": {"required": ("Photo of the serial number", "COI"), "present": ()}}

    refusal = fire(order("in_progress"), "complete", PARTNER_USER, snapshots=snapshots)
    offer = next(
        offer
        for offer in WORKFLOW.available(order("in_progress"), PARTNER_USER, NOW, {**SNAPSHOTS, **snapshots})
        if offer.transition.name == "complete"
    )

    text = str(refusal.error)
    for words in ("Scheduling Completed", "Appointment", "Technician name", "Technician phone", "arrive", "departure"):
        assert words in text
    assert text.count("is not finished") == 2
    assert "“COI”" in text
    assert "“Photo of the serial number”" in text
    assert not offer.allowed
    assert {objection.message for objection in offer.objections} == {v.description for v in refusal.error.violations}


@pytest.mark.req("CP-83")
@pytest.mark.req("CP-84")
@pytest.mark.parametrize("what", ["rental", "permit"])
def test_an_amount_needs_details_and_blank_means_none(what):
    cost = {f"costs.{what}_cost": Money("USD", 80_000_000)}

    refusal = fire(done(), "complete", PARTNER_USER, cost)
    told = fire(done(), "complete", PARTNER_USER, {**cost, f"costs.{what}_details": "A lift for a day."})
    blank = fire(done(), "complete", PARTNER_USER)

    assert fields_of(refusal) == {f"costs.{what}_details"}
    assert getattr(told.order.costs, f"{what}_cost") == Money("USD", 80_000_000)
    assert blank.order.state == told.order.state == "completed"


@pytest.mark.req("CP-85")
@pytest.mark.req("CP-31")
def test_completing_stops_the_clock():
    outcome = fire(done(), "complete", PARTNER_USER)

    assert isinstance(outcome, Outcome)
    assert outcome.order.complete_time == NOW
    assert outcome.effects == ("stop_clock",)


@pytest.mark.req("CP-86")
def test_sending_back_needs_a_comment_and_returns_the_order_to_work():
    completed = order("completed", complete_time=NOW)

    refusal = fire(completed, "send_back", APPROVER)
    outcome = fire(completed, "send_back", APPROVER, comment="The photo is blurred")

    assert fields_of(refusal) == {"inputs.comment"}
    assert outcome.order.state == "in_progress"
    assert outcome.order.complete_time is None


def test_the_organisation_that_completed_never_closes():
    insider = replace(DISPATCHER, organization_id=PARTNER, roles=frozenset({"admin"}))

    refusal = fire(order("completed"), "close", insider)

    assert "cannot confirm it itself" in str(refusal.error)


def test_a_blocking_flag_keeps_the_order_open():
    flagged = order(
        "completed", flags=(OrderFlag("technician_offboarded", "Ada Moss was offboarded.", blocks_close=True),)
    )

    assert "offboarded" in str(fire(flagged, "close", DISPATCHER).error)


@pytest.mark.req("CP-86")
@pytest.mark.req("CP-32")
def test_closed_offers_nothing_to_anybody():
    assert fire(order("completed"), "close", DISPATCHER).order.state == "closed"
    assert WORKFLOW.available(order("closed"), DISPATCHER, NOW, SNAPSHOTS) == ()


def test_an_unknown_transition_and_a_wrong_state_are_told_apart():
    assert fire(order("assigned"), "teleport").error.kind == "invalid"
    assert fire(order("in_progress"), "accept").error.kind == "state"


@pytest.mark.req("CP-61")
def test_asking_for_assistance_posts_and_mentions_the_executive():
    outcome = fire(order("assigned"), "request_assistance", PARTNER_USER, comment="Which door?")

    assert outcome.post.body == "Which door?"
    assert outcome.post.mentions == ("customer_service_executive",)


def test_scheduling_is_completed_on_a_day_that_has_come():
    ahead = {**APPOINTMENT, "scheduling_completed_date": NOW.date() + timedelta(days=2)}

    refused = fire(order("in_progress"), "save_appointment", PARTNER_USER, ahead)

    assert fields_of(refused) == {"scheduling_completed_date"}


HOLD = {"reason_code": "customer_request", "resume_date": NOW.date() + timedelta(days=3), "comment": "Back on Thursday"}


@pytest.mark.req("CP-30")
@pytest.mark.req("CP-78")
def test_a_hold_keeps_why_until_when_and_where_it_began():
    told = {"reason": {"label": "Customer asked to wait"}}
    held = fire(order("shipped"), "hold", DISPATCHER, snapshots=told, **HOLD)
    by_partner = fire(order("shipped"), "hold", PARTNER_USER, **HOLD)

    assert held.order.state == "on_hold"
    assert held.order.hold == Hold(HOLD["resume_date"], "Customer asked to wait: Back on Thursday", NOW, "shipped")
    assert [(change.field, change.old, change.new) for change in held.changes][-1] == ("state", "Shipped", "On Hold")
    assert held.post.body == "On hold until 2026-03-05. Back on Thursday"
    assert isinstance(by_partner, Refusal)


def test_a_hold_ends_on_a_day_after_today_and_within_a_year():
    for day in (NOW.date(), NOW.date() + timedelta(days=400)):
        refused = fire(order("assigned"), "hold", DISPATCHER, **{**HOLD, "resume_date": day})

        assert [violation.field for violation in refused.error.violations] == ["inputs.resume_date"]


@pytest.mark.parametrize(
    ("before", "phase", "after"),
    [
        ("shipped", "shipped", "shipped"),
        ("shipped", "delivered", "in_progress"),
        ("ship_to_received", "opened", "shipping"),
        ("in_progress", "delivered", "in_progress"),
        ("assigned", "", "assigned"),
    ],
)
def test_work_resumes_where_it_was_held_or_where_the_parts_are_by_now(before, phase, after):
    held = order("on_hold", hold=Hold(from_state=before), fulfilment=FulfilmentSummary(phase=phase))

    resumed = fire(held, "resume", DISPATCHER)

    assert (resumed.to_state, resumed.order.state) == (after, after)
    assert resumed.order.hold == Hold()


@pytest.mark.req("CP-33")
@pytest.mark.req("CP-34")
@pytest.mark.req("CP-88")
@pytest.mark.req("CP-89")
@pytest.mark.parametrize(
    ("transition", "state", "who", "reason", "label", "effects"),
    [
        (
            "could_not_complete",
            "in_progress",
            PARTNER_USER,
            "obstruction",
            "Physical obstruction",
            ("stop_clock", "release_parts"),
        ),
        ("reject", "assigned", PARTNER_USER, "mismatch", "Task does not match equipment or site", ("void_clock",)),
        ("cancel", "on_hold", DISPATCHER, "self_resolved", "Resolved by itself", ("void_clock", "release_parts")),
    ],
)
def test_an_end_keeps_its_reason_and_tells_it_in_the_feed(transition, state, who, reason, label, effects):  # noqa: PLR0913, PLR0917
    told = {"reason": {"label": label}}
    ended = fire(order(state), transition, who, snapshots=told, reason_code=reason, comment="Seen on site")

    assert ended.order.ending == Ending(reason, f"{label}: Seen on site", NOW)
    assert ended.effects == effects
    assert (ended.post.body, dict(ended.post.facts)) == ("Seen on site", {"Reason": label})
    assert isinstance(fire(order(state), transition, who), Refusal)
    assert WORKFLOW.available(ended.order, who, NOW, SNAPSHOTS) == ()
