"""The primitive predicates and computations of orders that are approved before they are dispatched (PT-6 to PT-13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from services.workorders.domain import paths
from services.workorders.domain.approval import ActionItem, ActionItemState, ended, may_approve
from services.workorders.domain.computations import computation
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate

if TYPE_CHECKING:
    from services.workorders.domain.situation import Situation

APPROVER, ASSIGNEE, PROVIDER = "inputs.approver_id", "inputs.assignee_id", "inputs.provider_org"


@predicate()
def has_action_items(situation: Situation) -> Objections:
    """The order has at least one action item (PT-2)."""
    if situation.order.action_items:
        return HOLDS
    return (Objection("has_action_items", "Add at least one action item before you submit.", "action_items"),)


@predicate(asks=(APPROVER,), snapshot="approver")
def approver_can_approve(situation: Situation) -> Objections:
    """The chosen approver is active, belongs to the facility's organisation and may approve there (PT-5, PT-8)."""
    order = situation.order
    approver = cast("Mapping[str, object]", situation.snapshots["approver"])
    if not approver or approver["organization_id"] != order.facility_org:
        text = "Choose somebody of the organisation that the facility belongs to."
        return (Objection("approver_can_approve", text, APPROVER),)
    if not approver["active"]:
        text = f"{approver['name']} has left; choose somebody else."
        return (Objection("approver_can_approve", text, APPROVER),)
    if not _allowed(situation, cast("frozenset[str]", approver["roles"])):
        text = f"{approver['name']} may not approve this work order; {_who_may(situation)}"
        return (Objection("approver_can_approve", text, APPROVER),)
    return HOLDS


@predicate(snapshot="approval_policy")
def actor_may_approve(situation: Situation) -> Objections:
    """Whoever decides may still approve under the rules of this moment, which may have changed since the submission."""
    if "admin" in situation.actor.roles or _allowed(situation, situation.actor.roles):
        return HOLDS
    return (Objection("actor_may_approve", f"You may not approve this work order any more; {_who_may(situation)}"),)


@predicate(asks=("inputs.seen_content_version",))
def submitted_version_stands(situation: Situation) -> Objections:
    """What is decided on is what was submitted, and what the approver saw (hard case 12)."""
    order = situation.order
    seen = situation.inputs.seen_content_version
    if order.content_version == order.approval.submitted_version and seen in {None, order.content_version}:
        return HOLDS
    text = "The work order was submitted again since you opened it. Look at it once more, then decide."
    metadata = {"submitted_version": str(order.approval.submitted_version)}
    return (Objection("submitted_version_stands", text, "", "CONTENT_CHANGED", metadata),)


@predicate(asks=("appointment.date", "appointment.time", ASSIGNEE))
def scheduled_whole_or_not(situation: Situation) -> Objections:
    """Date, time and assignee are given together, or none of them."""
    appointment = situation.order.appointment
    given = {
        "appointment.date": appointment.date is not None,
        "appointment.time": bool(appointment.time),
        ASSIGNEE: bool(situation.inputs.assignee_id),
    }
    if all(given.values()) or not any(given.values()):
        return HOLDS
    text = "Give date, time and assignee together, or none of them."
    return tuple(Objection("scheduled_whole_or_not", text, path) for path, there in given.items() if not there)


@predicate(asks=(ASSIGNEE,), snapshot="assignee")
def assignee_can_go(situation: Situation) -> Objections:
    """The assignee is an active person of the organisation that does the work (PT-4, PT-6)."""
    if not situation.inputs.assignee_id:
        return HOLDS
    order = situation.order
    assignee = cast("Mapping[str, object]", situation.snapshots["assignee"])
    home = order.executor_org if order.handover.accept_time else order.issuer_org
    # An admin may submit for an organisation without belonging to it.
    if assignee and assignee["active"] and assignee["organization_id"] == home:
        return HOLDS
    return (Objection("assignee_can_go", "Choose somebody of the organisation that does the work.", ASSIGNEE),)


@predicate(asks=(PROVIDER,), snapshot="provider")
def provider_can_take_over(situation: Situation) -> Objections:
    """The chosen organisation is an active provider that serves the order's territory (PT-6)."""
    provider = cast("Mapping[str, object]", situation.snapshots["provider"])
    if not provider or provider["kind"] != "provider":
        return (Objection("provider_can_take_over", "Choose a provider.", PROVIDER),)
    checks = (
        (provider["active"], f"{provider['name']} is not active."),
        (provider["serves"], f"{provider['name']} does not serve {situation.order.territory_name}."),
    )
    return tuple(Objection("provider_can_take_over", text, PROVIDER) for holds, text in checks if not holds)


@computation
def action_items_resolved(situation: Situation) -> tuple[ActionItem, ...]:
    """The action items, those that were open resolved (PT-11)."""
    return ended(situation.order.action_items, ActionItemState.RESOLVED, situation.now)


@computation
def action_items_closed(situation: Situation) -> tuple[ActionItem, ...]:
    """The action items, those that were open closed: they will not be addressed (PT-13)."""
    return ended(situation.order.action_items, ActionItemState.CLOSED, situation.now)


@computation
def next_submission(situation: Situation) -> int:
    """One more submission of the order."""
    return situation.order.approval.submission + 1


@computation
def approver_name(situation: Situation) -> str:
    """The name of the approver who was chosen."""
    return str(paths.read(situation.snapshots, "approver.name") or "")


@computation
def deciding_delegate(situation: Situation) -> str:
    """Who decides in the approver's place; nobody where the approver does."""
    actor = situation.actor.subject
    return "" if actor == situation.order.approval.approver_id else actor


@computation
def deciding_delegate_name(situation: Situation) -> str:
    """The name of who decides in the approver's place."""
    return situation.actor.name if deciding_delegate(situation) else ""


@computation
def appointment_zone(situation: Situation) -> str:
    """The site's zone where there is an appointment."""
    return situation.order.site_time_zone if situation.order.appointment.date else ""


@computation
def assignee_name(situation: Situation) -> str:
    """The name of the assignee who was chosen."""
    return str(paths.read(situation.snapshots, "assignee.name") or "")


@computation
def assignee_email(situation: Situation) -> str:
    """The e-mail address of the assignee who was chosen."""
    return str(paths.read(situation.snapshots, "assignee.email") or "")


def _allowed(situation: Situation, roles: frozenset[str]) -> bool:
    order = situation.order
    admins_only = bool(paths.read(situation.snapshots, "approval_policy.admins_only"))
    return may_approve(roles, admins_only=admins_only, own_order=order.issuer_org == order.facility_org)


def _who_may(situation: Situation) -> str:
    if situation.order.issuer_org != situation.order.facility_org:
        return "a provider's order is approved by an admin of the facility's organisation."
    return "their organisation lets only its admins approve."
