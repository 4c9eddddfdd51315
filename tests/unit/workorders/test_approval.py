"""Approval, told rule by rule: who may approve what, four eyes, versions, schedules and sums."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.workorders.domain.approval import line_total, totals
from services.workorders.domain.outcome import Outcome, Refusal
from services.workorders.domain.values import Money
from tests.support.approvals import (
    ADMIN,
    ADMIN_THERE,
    COLLEAGUE,
    PEOPLE,
    PROVIDER,
    PROVIDER_ADMIN,
    STAND_IN,
    USER,
    USERS_STAND_IN,
    VISIT,
    WORKFLOW,
    asked,
    fire,
    order,
    scheduled,
)  # fmt: skip

ADMINS_ONLY = {"approval_policy": {"admins_only": True}}


def said(result) -> str:
    assert isinstance(result, Refusal), result
    return str(result.error)


@pytest.mark.req("PT-8")
def test_submitting_remembers_the_version_that_was_submitted_and_who_is_asked():
    outcome = fire(order(content_version=7), "submit", USER, approver_id="person-manager")

    approval = outcome.order.approval
    assert (approval.submitter_name, approval.approver_name) == ("User", "Manager")
    assert (approval.submitted_version, approval.submission) == (7, 1)
    assert [change.field for change in outcome.changes] == ["approval", "state"]


@pytest.mark.req("PT-2")
def test_a_draft_without_action_items_is_not_submitted():
    assert "at least one action item" in said(
        fire(order(action_items=()), "submit", USER, approver_id="person-manager")
    )


@pytest.mark.req("PT-8")
def test_nobody_submits_to_themselves_to_a_stranger_or_to_somebody_who_left():
    gone = {**PEOPLE, "person-manager": {**PEOPLE["person-manager"], "active": False}}

    assert "Somebody else than you" in said(fire(order(), "submit", USER, approver_id="person-user"))
    assert "the facility belongs to" in said(fire(order(), "submit", USER, approver_id="person-stranger"))
    assert "has left" in said(fire(order(), "submit", USER, approver_id="person-manager", people=gone))


@pytest.mark.req("PT-5")
@pytest.mark.req("PT-8")
def test_the_setting_of_the_organisation_decides_who_approves_and_never_widens_a_providers_order():
    own, providers = order(), order(issuer_org=PROVIDER, creator_id="person-planner")

    assert isinstance(fire(own, "submit", USER, approver_id="person-colleague"), Outcome)
    refused = fire(own, "submit", USER, policy=ADMINS_ONLY, approver_id="person-colleague")
    assert "lets only its admins approve" in said(refused)
    assert "approved by an admin" in said(fire(providers, "submit", PROVIDER_ADMIN, approver_id="person-colleague"))
    assert isinstance(fire(providers, "submit", PROVIDER_ADMIN, approver_id="person-manager"), Outcome)


def test_hard_case_12_exactly_the_version_that_was_submitted_and_seen_is_approved():
    submitted = fire(order(), "submit", USER, approver_id="person-manager").order
    edited = replace(fire(submitted, "withdraw", USER).order, content_version=4)
    again = fire(edited, "submit", USER, approver_id="person-manager").order

    stale = fire(again, "approve", ADMIN_THERE, seen_content_version=3)
    assert stale.error.reason == "CONTENT_CHANGED"
    assert fire(replace(again, content_version=5), "approve", ADMIN_THERE).error.reason == "CONTENT_CHANGED"
    assert fire(again, "approve", ADMIN_THERE, seen_content_version=4).order.approval.submitted_version == 4


def test_hard_case_12_a_delegate_decides_in_the_approvers_place_but_never_over_their_own_order():
    submitted = fire(order(), "submit", USER, approver_id="person-manager").order

    decided = fire(submitted, "approve", STAND_IN, comment="For Manager").order
    assert (decided.approval.delegate_name, decided.approval.comment) == ("Deputy", "For Manager")
    own = replace(submitted, approval=replace(submitted.approval, submitter_id=STAND_IN.subject))
    assert fire(own, "approve", STAND_IN).error.reason == "ROLE_NOT_ALLOWED"
    admins = replace(submitted, approval=replace(submitted.approval, submitter_id=ADMIN.subject))
    assert fire(admins, "approve", ADMIN).error.reason == "ROLE_NOT_ALLOWED"


def test_hard_case_12_rights_are_those_of_the_moment_of_the_decision():
    chosen = replace(order("submitted").approval, approver_id="person-colleague")
    users, providers = order("submitted", approval=chosen), order("submitted", issuer_org=PROVIDER)

    assert "any more" in said(fire(users, "approve", COLLEAGUE, policy=ADMINS_ONLY))
    assert isinstance(fire(users, "approve", COLLEAGUE), Outcome)
    assert "any more" in said(fire(providers, "approve", USERS_STAND_IN))


@pytest.mark.req("PT-10")
def test_dispatching_takes_the_whole_schedule_or_none_of_it():
    approved = order("approved")

    plain = fire(approved, "dispatch", USER)
    assert (plain.order.appointment.start_time, plain.notices) == (None, ())
    assert [change.field for change in plain.changes] == ["state"]
    half = fire(approved, "dispatch", USER, {"appointment.date": VISIT["appointment.date"]})
    assert {violation.field for violation in half.error.violations} == {"appointment.time", "inputs.assignee_id"}
    whole = fire(approved, "dispatch", USER, VISIT, assignee_id="person-visitor")
    assert (whole.order.assignee.name, whole.order.assignee.email) == ("Visitor", "visitor@example.com")
    assert [notice.template for notice in whole.notices] == ["visit_assigned", "visit_scheduled"]


@pytest.mark.req("PT-10")
def test_another_assignee_is_told_and_so_is_the_former_one():
    outcome = fire(scheduled(), "schedule", USER, VISIT, assignee_id="person-colleague")

    assert [notice.template for notice in outcome.notices] == ["visit_assigned", "visit_scheduled", "visit_reassigned"]


@pytest.mark.req("PT-4")
def test_a_company_users_order_is_assigned_within_its_organisation():
    assert "does the work" in said(fire(order("dispatched"), "schedule", USER, VISIT, assignee_id="person-planner"))


@pytest.mark.req("PT-6")
def test_after_a_provider_accepted_its_people_go():
    accepted = asked("dispatched", accepted=True)

    assert isinstance(fire(accepted, "schedule", PROVIDER_ADMIN, VISIT, assignee_id="person-planner"), Outcome)
    assert "does the work" in said(fire(accepted, "schedule", USER, VISIT, assignee_id="person-visitor"))


@pytest.mark.req("PT-6")
def test_a_provider_that_declines_leaves_the_order_and_one_that_is_silent_keeps_it_from_being_dispatched():
    assert "has not answered" in said(fire(asked("approved"), "dispatch", USER))
    declined = fire(asked("approved"), "decline_handover", PROVIDER_ADMIN, comment="No crew").order
    assert (declined.executor_org, declined.executor_name, declined.handover.ask_time) == ("", "", None)
    assert isinstance(fire(declined, "dispatch", USER), Outcome)


@pytest.mark.req("PT-11")
@pytest.mark.req("PT-13")
@pytest.mark.parametrize(("before", "name", "inputs", "state"), [
    (scheduled(), "resolve", {}, "Resolved"),
    (order("denied"), "close", {}, "Closed"),
    (order("approved"), "cancel", {"comment": "The dock is rebuilt"}, "Closed"),
])  # fmt: skip
def test_every_action_item_follows_the_order_with_a_row_of_history_each(before, name, inputs, state):
    outcome = fire(before, name, USER, **inputs)

    rows = [(change.old, change.new) for change in outcome.changes if change.field == "action_item"]
    assert rows == [(f"{n}. Broken door {n}: Open", f"{n}. Broken door {n}: {state}") for n in (1, 2)]


@pytest.mark.req("PT-11")
def test_a_visit_that_has_not_begun_is_not_resolved():
    later = scheduled()
    later = replace(
        later, appointment=replace(later.appointment, start_time=later.approval.submit_time.replace(hour=20))
    )

    assert "has not begun" in said(fire(later, "resolve", USER))
    assert "Schedule and assign" in said(fire(order("dispatched"), "resolve", USER))


def test_only_some_create_orders_that_are_approved():
    creators = [who for who in (USER, PROVIDER_ADMIN, ADMIN, ADMIN_THERE) if WORKFLOW.may_create(who)]

    assert creators == [USER, PROVIDER_ADMIN, ADMIN]
    assert not WORKFLOW.may_create(replace(PROVIDER_ADMIN, organization_kind="vendor"))


@pytest.mark.req("PT-2")
def test_estimates_are_rounded_to_cents_and_summed_by_currency():
    assert line_total(2.5, Money("USD", 19_990_000)) == Money("USD", 49_980_000)
    assert line_total(0.333, Money("USD", 10_000_000)) == Money("USD", 3_330_000)
    amounts = [Money("USD", 5_000_000), Money("CAD", 1_000_000), Money("USD", 2_500_000)]
    assert totals(amounts) == (Money("CAD", 1_000_000), Money("USD", 7_500_000))
