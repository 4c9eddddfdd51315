"""Who may use a transition: role, kind of organisation, the order's party columns, and ties to the order itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.workorders.domain.definition import ActorRule, Definition, Transition
    from services.workorders.domain.values import Actor
    from services.workorders.domain.work_order import WorkOrder

SYSTEM = "system"
ROLES = frozenset({"partner", "dispatcher", "approver", "technician", "admin", SYSTEM})
PARTIES = ("issuer_org", "executor_org", "facility_org")
ORGANIZATION_KINDS = frozenset({"vendor", "partner", "provider", "facility_owner", "utility"})


def _assigned_technician(order: WorkOrder, actor: Actor) -> bool:
    return bool(actor.technician_id) and order.technician.technician_id == actor.technician_id


TIES: Mapping[str, Callable[[WorkOrder, Actor], bool]] = {"assigned_technician": _assigned_technician}


def permitted(definition: Definition, transition: Transition, order: WorkOrder, actor: Actor) -> bool:
    """Whether one of the transition's actor rules fits."""
    return any(fits(definition.actors[name], order, actor) for name in transition.who)


def fits(rule: ActorRule, order: WorkOrder, actor: Actor) -> bool:
    """Whether an actor is who a rule stands for, as to this order."""
    if rule.role not in actor.roles:
        return False
    if rule.kinds and actor.organization_kind not in rule.kinds:
        return False
    if rule.party and (not actor.organization_id or getattr(order, rule.party) != actor.organization_id):
        return False
    return not rule.owns or TIES[rule.owns](order, actor)
