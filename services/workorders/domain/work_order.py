"""The work order with its parts: immutable values whose names are those of the WorkOrder message.

Only the workflow moves `state`; everything else changes through a transition's form or its own assignments, so that
each change has a history row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from services.workorders.domain.approval import ActionItem, Approval, Assignee, Handover
from services.workorders.domain.links import LinkedOrder
from services.workorders.domain.requests import CostRequest, DirectedAction
from services.workorders.domain.target import SlaSummary
from services.workorders.domain.utility import UtilityRequest
from services.workorders.domain.values import Address, Money, Place


class Priority(StrEnum):
    """How urgent an order is."""

    UNSPECIFIED = "unspecified"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class HandlingNeed(StrEnum):
    """What the team needs from the carrier; "neither" is an answer of its own (CP-50)."""

    UNSPECIFIED = "unspecified"
    NEITHER = "neither"
    LIFTGATE = "liftgate"
    PALLET_JACK = "pallet_jack"
    LIFTGATE_AND_PALLET_JACK = "liftgate_and_pallet_jack"


class ClockFold(StrEnum):
    """Which of two instants a local time means when clocks are set back."""

    UNSPECIFIED = "unspecified"
    EARLIER = "earlier"
    LATER = "later"


class LineItemState(StrEnum):
    """How a line item stands."""

    OPEN = "open"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ShipTo:
    """Where parts go (CP-50)."""

    residential: bool = False
    name: str = ""
    phone: str = ""
    party: str = ""
    handling: HandlingNeed = HandlingNeed.UNSPECIFIED
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Travel:
    """Travel that the partner bills (CP-52 to CP-54); miles are kept raw and billable, both for each technician."""

    round_trip_miles: float | None = None
    technicians: int | None = None
    free_miles: float = 0.0
    billable_miles: float = 0.0
    cost_per_mile: Money | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Appointment:
    """When the technician comes: local wall time, zone and the instant that both make (hard-parts 17)."""

    date: date | None = None
    time: str = ""
    fold: ClockFold = ClockFold.UNSPECIFIED
    time_zone: str = ""
    start_time: datetime | None = None
    delay_reason_code: str = ""
    delay_target_version: int = 0
    delay_reason: str = ""


@dataclass(frozen=True, slots=True)
class SiteTechnician:
    """Who comes, as told to the customer."""

    technician_id: str = ""
    person_id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """When the technician was on site (CP-41)."""

    arrive_time: datetime | None = None
    depart_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Costs:
    """Extra costs told at completion; blank where there were none (CP-83)."""

    rental_details: str = ""
    rental_cost: Money | None = None
    permit_details: str = ""
    permit_cost: Money | None = None


@dataclass(frozen=True, slots=True)
class FulfilmentSummary:
    """The parts as last told by shipping."""

    phase: str = ""
    order_number: str = ""
    fulfilment_order_id: str = ""
    expected_delivery_date: date | None = None
    as_of_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Why and until when work waits (CP-30); blank while it does not."""

    resume_date: date | None = None
    reason: str = ""
    start_time: datetime | None = None
    from_state: str = ""


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What the partner asks a hold for (CP-78); blank while nothing is asked."""

    text: str = ""
    request_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """Why an order ended without being completed (CP-33, CP-34); blank while it has not."""

    reason_code: str = ""
    reason: str = ""
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderFlag:
    """Something that deserves a look; some flags keep an order from being closed."""

    code: str
    message: str
    blocks_close: bool = False
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class PartNeed:
    """A part and how many of it."""

    part_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LineItem:
    """One task of an order; tasks are done in number order (CP-44)."""

    id: str
    number: str
    work_type_id: str
    work_type_name: str = ""
    station_id: str = ""
    station_name: str = ""
    description: str = ""
    warranty_type: str = ""
    parts: tuple[PartNeed, ...] = ()
    state: LineItemState = LineItemState.OPEN
    finish_time: datetime | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """An order to do field work at a site, with everything that its workflow looks at."""

    id: str
    number: str
    workflow: str
    workflow_version: int
    state: str
    issuer_org: str
    executor_org: str = ""
    executor_name: str = ""
    facility_org: str = ""
    subject: str = ""
    description: str = ""
    priority: Priority = Priority.NORMAL
    case_id: str = ""
    case_number: str = ""
    account_id: str = ""
    account_name: str = ""
    facility_id: str = ""
    site_address: Address = field(default_factory=Address)
    site_position: Place | None = None
    site_time_zone: str = ""
    station_ids: tuple[str, ...] = ()
    station_count: int = 0
    site_validation_count: int = 0
    contact_id: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    territory_id: str = ""
    territory_name: str = ""
    entitlement_id: str = ""
    entitlement_name: str = ""
    work_type_id: str = ""
    work_type_name: str = ""
    parts_required: bool = False
    customer_service_executive_id: str = ""
    customer_service_executive_name: str = ""
    assigned_time: datetime | None = None
    ship_to: ShipTo = field(default_factory=ShipTo)
    travel: Travel = field(default_factory=Travel)
    acceptance_version: int = 0
    accept_time: datetime | None = None
    appointment: Appointment = field(default_factory=Appointment)
    technician: SiteTechnician = field(default_factory=SiteTechnician)
    further_technicians: tuple[SiteTechnician, ...] = ()
    technicians_needed: int = 0
    scheduling_completed_date: date | None = None
    visit: Visit = field(default_factory=Visit)
    costs: Costs = field(default_factory=Costs)
    sla: SlaSummary = field(default_factory=SlaSummary)
    fulfilment: FulfilmentSummary = field(default_factory=FulfilmentSummary)
    complete_time: datetime | None = None
    close_time: datetime | None = None
    hold: Hold = field(default_factory=Hold)
    hold_request: HoldRequest = field(default_factory=HoldRequest)
    ending: Ending = field(default_factory=Ending)
    predecessor: LinkedOrder = field(default_factory=LinkedOrder)
    successor: LinkedOrder = field(default_factory=LinkedOrder)
    cost_requests: tuple[CostRequest, ...] = ()
    directed_actions: tuple[DirectedAction, ...] = ()
    flags: tuple[OrderFlag, ...] = ()
    creator_id: str = ""
    creator_name: str = ""
    facility_name: str = ""
    content_version: int = 0
    approval: Approval = field(default_factory=Approval)
    assignee: Assignee = field(default_factory=Assignee)
    handover: Handover = field(default_factory=Handover)
    estimate_totals: tuple[Money, ...] = ()
    utility: UtilityRequest = field(default_factory=UtilityRequest)
    action_items: tuple[ActionItem, ...] = ()
    line_items: tuple[LineItem, ...] = ()
    version: int = 1
    scope_version: int = 1
    history_head: str = ""
    history_length: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
