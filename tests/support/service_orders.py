"""Service orders of a utility, and the people around them, for tests of the domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from services.workorders.definitions import load_workflows
from services.workorders.domain.situation import Inputs
from services.workorders.domain.utility import MeterUnit, ServiceType, UtilityRequest
from services.workorders.domain.values import Actor
from services.workorders.domain.work_order import Assignee, WorkOrder

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
WORKFLOW = load_workflows().latest("utility_request")
UTILITY, PROVIDER = "org-millbrook", "org-northstar"


def someone(name: str, role: str, organization: str, kind: str) -> Actor:
    return Actor(f"person-{name}", name.title(), frozenset({role}), organization, kind)


OFFICE = someone("office", "dispatcher", UTILITY, "utility")
TECHNICIAN = someone("reader", "technician", UTILITY, "utility")
IDLE = someone("idle", "technician", UTILITY, "utility")
PARTNER = someone("partner", "partner", PROVIDER, "provider")
PLANNER = someone("planner", "dispatcher", PROVIDER, "provider")
OTHER_UTILITY = someone("other", "dispatcher", "org-other", "utility")
VENDORS_DISPATCHER = someone("dana", "dispatcher", "org-voltara", "vendor")
VENDORS_PARTNER = someone("pat", "partner", "org-bluefern", "partner")
ADMIN = Actor("person-root", "Root", frozenset({"admin"}))
SYSTEM = Actor("service:workorders", "workorders", frozenset({"system"}))
EVERYONE = (
    OFFICE, TECHNICIAN, IDLE, PARTNER, PLANNER, OTHER_UTILITY, VENDORS_DISPATCHER, VENDORS_PARTNER, ADMIN, SYSTEM,
)  # fmt: skip

PEOPLE = {
    who.subject: {"name": who.name, "email": f"{who.name}@example.com", "active": True, "organization_id": UTILITY}
    for who in (TECHNICIAN, IDLE)
}
PROVIDERS = {PROVIDER: {"name": "Northstar", "kind": "provider", "active": True, "serves": True}}
VISIT = {"appointment.date": NOW.date(), "appointment.time": "08:00"}
READ = {"utility.meter_read": 120.0, "utility.read_unit": MeterUnit.GALLONS}
LAST = {"value": 100.0, "unit": MeterUnit.GALLONS, "read_time": NOW}


def order(state: str = "new", kind: ServiceType = ServiceType.CONNECTION, **changes) -> WorkOrder:
    """An order in a state; whoever has it then stands in it."""
    sent = state in {"sent", "set_up"}
    base = WorkOrder(
        id="order-1",
        number="20107925",
        workflow="utility_request",
        workflow_version=1,
        state=state,
        issuer_org=UTILITY,
        executor_org=PROVIDER if sent else "",
        executor_name="Northstar" if sent else "",
        site_time_zone="America/Chicago",
        utility=UtilityRequest(kind, meter="W-77"),
    )
    return replace(base, **changes)


def assigned(state: str = "new", **changes) -> WorkOrder:
    return order(state, assignee=Assignee(TECHNICIAN.subject, "Reader", "Reader@example.com"), **changes)


def known(last=LAST, **inputs):
    """The snapshots that the service gives for inputs."""
    return {
        "meter": last,
        "assignee": PEOPLE.get(inputs.get("assignee_id", ""), {}),
        "provider": PROVIDERS.get(inputs.get("provider_org", ""), {}),
    }


def fire(work_order: WorkOrder, name: str, who: Actor, values=None, *, last=LAST, **inputs):
    return WORKFLOW.fire(work_order, name, Inputs(values=values or {}, **inputs), who, NOW, known(last, **inputs))
