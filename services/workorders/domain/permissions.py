"""Who may use a transition: role, kind of organisation, the order's party columns, and ties to the order itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.workorders.domain.definition import ActorRule, Definition, Transition
    from services.workorders.domain.values import Actor
    from services.workorders.domain.work_order import WorkOrder

SYSTEM = "system"
# Whoever is signed in, where a tie to the order says enough.
ANYBODY = "anybody"
ROLES = frozenset({"partner", "dispatcher", "approver", "requester", "technician", "admin", ANYBODY, SYSTEM})
PARTIES = ("issuer_org", "executor_org", "facility_org")
ORGANIZATION_KINDS = frozenset({"vendor", "partner", "provider", "facility_owner", "utility"})


def _assigned_technician(order: WorkOrder, actor: Actor) -> bool:
    present = (order.technician, *order.further_technicians)
    return bool(actor.technician_id) and any(each.technician_id == actor.technician_id for each in present)


def _stands_in(person_id: str, actor: Actor) -> bool:
    return bool(person_id) and person_id in actor.stands_in_for


TIES: Mapping[str, Callable[[WorkOrder, Actor], bool]] = {
    "assigned_technician": _assigned_technician,
    "creator": lambda order, actor: order.creator_id == actor.subject,
    "submitter": lambda order, actor: order.approval.submitter_id == actor.subject,
    "submitter_stand_in": lambda order, actor: _stands_in(order.approval.submitter_id, actor),
    "chosen_approver": lambda order, actor: order.approval.approver_id == actor.subject,
    "approver_stand_in": lambda order, actor: _stands_in(order.approval.approver_id, actor),
    "assignee": lambda order, actor: order.assignee.person_id == actor.subject,
}


def permitted(definition: Definition, transition: Transition, order: WorkOrder, actor: Actor) -> bool:
    """Whether one of the transition's actor rules fits."""
    return any(fits(definition.actors[name], order, actor) for name in transition.who)


def fits(rule: ActorRule, order: WorkOrder, actor: Actor) -> bool:
    """Whether an actor is who a rule stands for, as to this order."""
    if rule.role not in actor.roles and (rule.role != ANYBODY or SYSTEM in actor.roles):
        return False
    if rule.kinds and actor.organization_kind not in rule.kinds:
        return False
    if rule.party and (not actor.organization_id or getattr(order, rule.party) != actor.organization_id):
        return False
    if rule.never and TIES[rule.never](order, actor):
        return False
    return not rule.owns or TIES[rule.owns](order, actor)
