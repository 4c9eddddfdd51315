"""Orders that are approved before they are dispatched, and the people around them, for tests of the domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.workorders.definitions import load_workflows
from services.workorders.domain.approval import ActionItem, Approval, Assignee, Handover
from services.workorders.domain.situation import Inputs
from services.workorders.domain.values import Actor
from services.workorders.domain.work_order import Appointment, WorkOrder

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
WORKFLOW = load_workflows().latest("facility_approval")
OWNER, PROVIDER, OTHER = "org-larkspur", "org-northstar", "org-other"


def someone(name: str, role: str, organization: str, kind: str, *stands_in_for: str) -> Actor:
    roles = frozenset({role})
    return Actor(f"person-{name}", name.title(), roles, organization, kind, stands_in_for=frozenset(stands_in_for))


USER = someone("user", "requester", OWNER, "facility_owner")
COLLEAGUE = someone("colleague", "requester", OWNER, "facility_owner")
ADMIN_THERE = someone("manager", "approver", OWNER, "facility_owner")
STAND_IN = someone("deputy", "approver", OWNER, "facility_owner", "person-manager", "person-colleague")
USERS_STAND_IN = someone("temp", "requester", OWNER, "facility_owner", "person-user", "person-manager")
PROVIDER_ADMIN = someone("planner", "dispatcher", PROVIDER, "provider")
ASSIGNEE = someone("visitor", "technician", OWNER, "facility_owner")
STRANGER = someone("stranger", "requester", OTHER, "facility_owner")
VENDORS_DISPATCHER = someone("dana", "dispatcher", "org-voltara", "vendor")
ADMIN = Actor("person-root", "Root", frozenset({"admin"}))
SYSTEM = Actor("service:workorders", "workorders", frozenset({"system"}))
EVERYONE = (
    USER, COLLEAGUE, ADMIN_THERE, STAND_IN, USERS_STAND_IN, PROVIDER_ADMIN, ASSIGNEE, STRANGER, VENDORS_DISPATCHER,
    ADMIN, SYSTEM,
)  # fmt: skip

PEOPLE = {
    who.subject: {
        "name": who.name,
        "email": f"{who.name.lower()}@example.com",
        "active": True,
        "organization_id": who.organization_id,
        "roles": who.roles,
    }
    for who in EVERYONE
}
POLICY = {"approval_policy": {"admins_only": False}}
PROVIDERS = {PROVIDER: {"name": "Northstar Facilities", "kind": "provider", "active": True, "serves": True}}
VISIT = {"appointment.date": NOW.date(), "appointment.time": "08:00"}


def items(count: int = 2) -> tuple[ActionItem, ...]:
    return tuple(ActionItem(f"item-{n}", n, f"Broken door {n}") for n in range(1, count + 1))


def order(state: str = "draft", **changes) -> WorkOrder:
    submitted = Approval("person-user", "User", "person-manager", "Manager", "", "", NOW, None, 3, "", 1)
    base = WorkOrder(
        id="order-1",
        number="20107925",
        workflow="facility_approval",
        workflow_version=1,
        state=state,
        issuer_org=OWNER,
        facility_org=OWNER,
        facility_name="Larkspur Distribution Center",
        subject="Dock doors",
        site_time_zone="America/Chicago",
        creator_id="person-user",
        creator_name="User",
        content_version=3,
        action_items=items(),
        approval=Approval() if state == "draft" else submitted,
    )
    return replace(base, **changes)


def scheduled(state: str = "dispatched", **changes) -> WorkOrder:
    visit = Appointment(NOW.date(), "08:00", start_time=NOW - timedelta(hours=1), time_zone="America/Chicago")
    return order(state, appointment=visit, assignee=Assignee("person-visitor", "Visitor"), **changes)


def asked(state: str = "draft", *, accepted: bool = False, **changes) -> WorkOrder:
    handover = Handover(NOW, NOW if accepted else None)
    return order(state, executor_org=PROVIDER, executor_name="Northstar Facilities", handover=handover, **changes)


def known(policy=POLICY, people=PEOPLE, **inputs):
    """The snapshots that the service gives for inputs."""
    return {
        **policy,
        "approver": people.get(inputs.get("approver_id", ""), {}),
        "assignee": people.get(inputs.get("assignee_id", ""), {}),
        "provider": PROVIDERS.get(inputs.get("provider_org", ""), {}),
    }


def fire(  # noqa: PLR0913 - what a move is made of
    work_order: WorkOrder, name: str, who: Actor, values=None, *, policy=POLICY, people=PEOPLE, **inputs
):
    given = Inputs(values=values or {}, **inputs)
    return WORKFLOW.fire(work_order, name, given, who, NOW, known(policy, people, **inputs))
