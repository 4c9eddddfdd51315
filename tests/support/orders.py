"""Work orders, people and snapshots for tests of the domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from services.workorders.definitions import load_workflows
from services.workorders.domain.situation import Inputs
from services.workorders.domain.target import SlaState, SlaSummary
from services.workorders.domain.values import Actor, Money
from services.workorders.domain.work_order import LineItem, PartNeed, WorkOrder

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
WORKFLOW = load_workflows().latest("partner_service")

VENDOR, PARTNER, OTHER_PARTNER = "org-voltara", "org-bluefern", "org-kestrel"


def actor(role: str, organization: str = "", kind: str = "", technician: str = "") -> Actor:
    return Actor(f"person-{role}-{organization}", role.title(), frozenset({role}), organization, kind, technician)


DISPATCHER = actor("dispatcher", VENDOR, "vendor")
APPROVER = actor("approver", VENDOR, "vendor")
PARTNER_USER = actor("partner", PARTNER, "partner")
OTHER_PARTNER_USER = actor("partner", OTHER_PARTNER, "partner")
TECHNICIAN = actor("technician", PARTNER, "partner", "tech-1")
OTHER_TECHNICIAN = actor("technician", PARTNER, "partner", "tech-2")
ADMIN = actor("admin")
SYSTEM = Actor("service:workorders", "workorders", frozenset({"system"}))
EVERYONE = (
    DISPATCHER, APPROVER, PARTNER_USER, OTHER_PARTNER_USER, TECHNICIAN, OTHER_TECHNICIAN, ADMIN, SYSTEM,
    actor("dispatcher", "org-utility", "utility"), actor("partner", PARTNER, "vendor"),
)  # fmt: skip

SNAPSHOTS = {
    "executor": {"name": "Bluefern Dispatch", "kind": "partner", "active": True, "serves": True},
    "organization": {
        "name": "Bluefern Dispatch",
        "phone": "555-0101",
        "address": {"street": "1 Elm St", "city": "Waco", "state": "TX", "postal_code": "76701", "country": "US"},
        "free_miles": 50.0,
        "cost_per_mile": Money("USD", 670_000),
    },
    "territory": {"zone": "Zone 2"},
    "returns": {"known": True, "unproved": (), "open": ()},
    "old_parts": {"return": True},
    "deliverables": {"required": ("Photo of the serial number",), "present": ("Photo of the serial number",)},
    "eligibility": {
        "technician_id": "tech-1",
        "name": "Ada Moss",
        "email": "ada@example.com",
        "phone": "555-0102",
        "method": "Skill match",
        "missing": (),
        "refusals": (),
    },
    "reasons": {
        "delay_weather": "Delay due to weather",
        "override_other": "Other",
        "customer_request": "Customer asked to wait",
        "obstruction": "Physical obstruction",
        "mismatch": "Task does not match equipment or site",
        "self_resolved": "Resolved by itself",
        "part_damaged": "Part arrived damaged",
    },
    "continuation": {"open_number": ""},
    "parcels": {
        "required": 1,
        "untracked": 0,
        "undelivered": 0,
        "on_the_way": ("parcel-1",),
        "chosen": "UPS 1Z0001",
    },
    "part": {"label": "VT40-HEAD Head"},
    "fulfilment": {"expected_delivery_date": datetime(2026, 3, 5, tzinfo=UTC).date()},
}

SHIPPING = {
    "ship_to.name": "Rae Holt",
    "ship_to.phone": "555-0103",
    "ship_to.party": "Bluefern Dispatch",
    "ship_to.handling": "neither",
    "ship_to.street": "12 Elm St",
    "ship_to.city": "Waco",
    "ship_to.state": "TX",
    "ship_to.postal_code": "76701",
    "ship_to.country": "US",
}
TRAVEL = {"travel.round_trip_miles": 120.0, "travel.technicians": 2, "travel.cost_per_mile": Money("USD", 670_000)}
APPOINTMENT = {
    "appointment.date": NOW.date(),
    "appointment.time": "09:00",
    "technician.name": "Ada Moss",
    "technician.phone": "555-0102",
    "scheduling_completed_date": NOW.date(),
}
VISIT = {
    "visit.arrive_time": datetime(2026, 3, 2, 13, 0, tzinfo=UTC),
    "visit.depart_time": datetime(2026, 3, 2, 14, 0, tzinfo=UTC),
}


def line_item(number: int = 1) -> LineItem:
    parts = (PartNeed("part-head", 1),)
    return LineItem(f"item-{number}", f"{number:08d}", "type-head", "Head replacement", parts=parts)


def order(state: str = "unallocated", **changes) -> WorkOrder:
    base = WorkOrder(
        id="order-1",
        number="20107925",
        workflow="partner_service",
        workflow_version=1,
        state=state,
        issuer_org=VENDOR,
        executor_org="" if state == "unallocated" else PARTNER,
        site_time_zone="America/Chicago",
        territory_name="Texas - Waco",
        parts_required=True,
        line_items=(line_item(1), line_item(2)),
        sla=SlaSummary("sla-1", 3, SlaState.RUNNING, datetime(2026, 3, 4, 6, 0, tzinfo=UTC), NOW.date()),
    )
    return replace(base, **changes)


def fire(work_order: WorkOrder, name: str, who: Actor = ADMIN, values=None, snapshots=None, **inputs):
    given = Inputs(values=values or {}, **inputs)
    known = SNAPSHOTS if snapshots is None else {**SNAPSHOTS, **snapshots}
    return WORKFLOW.fire(work_order, name, given, who, NOW, known)
