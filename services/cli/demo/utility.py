"""The demo's utility: its customers and meters, and service orders in every state, some of them by events (UM)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fieldmesh.workorders.v1 import (
    account_pb2,
    account_pb2_grpc,
    facility_pb2,
    facility_pb2_grpc,
    territory_pb2,
    territory_pb2_grpc,
    utility_event_service_pb2,
    work_order_pb2,
)

from services.chassis.ids import derive_id
from services.cli.demo.plans import later
from services.cli.demo.world import address_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.chassis.grpc_channel import Channels
    from services.cli.demo.calls import Desk, Speaker
    from services.cli.demo.world import World

    Moment = tuple[datetime, Callable[[datetime], object]]

OFFICE, READER, PROVIDER = "ruth", "ivo", "nadia"
AREA = "Millbrook Service Area"
ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Customer:
    """Somebody who is supplied, the place, and the meter there."""

    name: str
    number: str
    street: str
    meter: str
    access: str = ""
    city: str = "Millbrook"
    state: str = "NY"
    postal_code: str = "12545"


CUSTOMERS = (
    Customer("Ada Finch", "M-1001", "4 Mill Pond Rd", "MW-20417", "Meter pit left of the drive."),
    Customer("Corner Bakery", "M-1002", "18 Franklin Ave", "MW-20555", "Ask at the counter; meter in the cellar."),
    Customer("Hollis Apartments", "M-1003", "77 North Ave", "MW-31880", "Caretaker has the key: 845-555-0171."),
    Customer("Pine Lane School", "M-1004", "2 Pine Ln", "MW-31902", "Not during breaks."),
    Customer("Ted Varga", "M-1005", "9 Church St", "MW-20733"),
    Customer("Orchard Garage", "M-1006", "140 Washington Ave", "MW-20791", "Dog in the yard."),
)


@dataclass(frozen=True)
class Errand:
    """What is wanted at a customer's, by event where it has a kind, and how far it gets."""

    customer: int
    type: str
    instructions: str
    fate: str
    begun: int
    kind: str = ""
    materials: str = ""
    read: float = 0.0


ERRANDS = (
    Errand(0, "CONNECTION", "Open the curb valve and read the meter.", "new", 0, "MOVE_IN"),
    Errand(1, "DISCONNECTION", "Three bills are unpaid; leave the notice.", "new", 1, materials="Valve key, notice"),
    Errand(2, "SPECIAL_READ", "The tenant of 2B changes in the middle of the month.", "scheduled", 1, "SPECIAL_READ"),
    Errand(3, "METER_INVESTIGATION", "Usage doubled since March; look for a leak.", "outside", 2,
           materials="Spare register"),
    Errand(4, "FINAL_READ", "Last read before the house is sold.", "sent", 2, "FINAL_READ"),
    Errand(5, "DISCONNECTION", "Close the curb valve and seal it.", "set_up", 3, "MOVE_OUT", "Seal"),
    Errand(1, "SPECIAL_READ", "The customer doubts the last bill.", "completed", 6, read=1_284.6),
    Errand(5, "CONNECTION", "Open the curb valve and read the meter.", "provided", 8, "MOVE_IN", read=402.0),
    Errand(3, "METER_INVESTIGATION", "The display is blank.", "cancelled", 5),
    Errand(4, "SPECIAL_READ", "The reader of last month could not get in.", "declined", 4),
)  # fmt: skip


def make_utility(channels: Channels, speaker: Speaker, world: World) -> None:
    """Make the utility's territory, customers and sites."""
    speaker.grant = world.grants[OFFICE]
    territory = territory_pb2.Territory(
        name=AREA, zone="Zone 1", time_zone=str(ZONE), served_by=[world.organizations["northline"]], active=True
    )
    world.territories[AREA] = (
        channels.stub(territory_pb2_grpc.TerritoryServiceStub, "workorders")
        .CreateTerritory(
            territory_pb2.CreateTerritoryRequest(territory=territory, request_id=derive_id("demo", "territory", AREA))
        )
        .id
    )
    accounts = channels.stub(account_pb2_grpc.AccountServiceStub, "workorders")
    facilities = channels.stub(facility_pb2_grpc.FacilityServiceStub, "workorders")
    for customer in CUSTOMERS:
        account = account_pb2.Account(name=customer.name, account_number=customer.number, active=True)
        world.accounts[customer.name] = accounts.CreateAccount(
            account_pb2.CreateAccountRequest(account=account, request_id=derive_id("demo", "account", customer.number))
        ).id
        facility = facility_pb2.Facility(
            name=customer.street,
            account_id=world.accounts[customer.name],
            address=address_of(customer),
            territory_id=world.territories[AREA],
            access_notes=customer.access,
            active=True,
        )
        world.facilities[customer.street] = facilities.CreateFacility(
            facility_pb2.CreateFacilityRequest(
                facility=facility, request_id=derive_id("demo", "facility", customer.number)
            )
        ).id


def service_stories(world: World, desk: Desk, today: date, first: int, most: int) -> list[ServiceStory]:
    """A story for each errand, but not more than `most`; numbered after other stories."""
    return [ServiceStory(first + place, errand, world, desk, today) for place, errand in enumerate(ERRANDS[:most])]


class ServiceStory:
    """Tells one errand through the verbs of work orders."""

    def __init__(self, number: int, errand: Errand, world: World, desk: Desk, today: date) -> None:
        self.number = number
        self.errand = errand
        self.order_id = ""
        self._customer = CUSTOMERS[errand.customer]
        self._world = world
        self._desk = desk
        self._begun = later(today, -errand.begun)

    def moments(self) -> Iterator[Moment]:
        """Everything that happens, in the order of time."""
        fate = self.errand.fate
        yield self._at(0, 8), self.tell if self.errand.kind else self.write
        if fate in {"scheduled", "outside", "completed"}:
            yield self._at(0, 8, 40), self.schedule
        if fate in {"sent", "set_up", "provided", "declined"}:
            provider = self._world.organizations["northline"]
            yield self._at(0, 9), partial(self._fire, OFFICE, "send_to_provider", provider_org=provider)
        if fate in {"set_up", "provided"}:
            yield self._at(0, 11), self.set_up
        if fate == "declined":
            yield self._at(0, 12), partial(self._fire, PROVIDER, "decline", comment="No crew in Millbrook this week.")
        if fate == "cancelled":
            yield self._at(0, 15), partial(self._fire, OFFICE, "cancel", comment="The display works again.")
        if fate in {"completed", "provided"}:
            yield self._at(2, 10), self.complete

    def tell(self, _now: datetime) -> None:
        """An event of the billing system."""
        kind = utility_event_service_pb2.UtilityEventKind.Value(f"UTILITY_EVENT_KIND_{self.errand.kind}")
        event = utility_event_service_pb2.RecordEventRequest(
            event_id=f"BILL-{7000 + self.errand.customer}-{self.errand.kind}",
            kind=kind,
            source="billing",
            account=self._customer.number,
            meter=self._customer.meter,
            instructions=self.errand.instructions,
            materials=self.errand.materials,
        )
        wanted = later(self._begun, 2)
        event.date.year, event.date.month, event.date.day = wanted.year, wanted.month, wanted.day
        self.order_id = self._desk.tell_event(OFFICE, event).id

    def write(self, _now: datetime) -> None:
        """The order by hand."""
        order = work_order_pb2.WorkOrder(
            account_id=self._world.accounts[self._customer.name],
            facility_id=self._world.facilities[self._customer.street],
        )
        order.utility.type = work_order_pb2.ServiceType.Value(f"SERVICE_TYPE_{self.errand.type}")
        order.utility.meter = self._customer.meter
        order.utility.instructions, order.utility.materials = self.errand.instructions, self.errand.materials
        self.order_id = self._desk.request(OFFICE, order).id

    def schedule(self, _now: datetime) -> None:
        """A visit, by the utility's own technician or by somebody outside."""
        values: dict[str, object] = {"appointment.date": later(self._begun, 2), "appointment.time": "09:30"}
        if self.errand.fate == "outside":
            values |= {"assignee.name": "Hal Brook", "assignee.email": "hal.brook@example.com"}
            self._desk.fire(OFFICE, self.order_id, "schedule", values)
        else:
            self._desk.fire(OFFICE, self.order_id, "schedule", values, assignee_id=self._world.people[READER])

    def set_up(self, _now: datetime) -> None:
        """The provider's yes, with its own reference."""
        reference = {"utility.provider_reference": f"NL-{4400 + self.errand.customer}"}
        self._desk.fire(PROVIDER, self.order_id, "set_up", reference)

    def complete(self, _now: datetime) -> None:
        """The read, and the end."""
        values: dict[str, object] = {
            "utility.meter_read": self.errand.read,
            "utility.read_unit": work_order_pb2.METER_UNIT_CUBIC_METRES,
            "utility.remark": "Read and resealed.",
        }
        self._desk.fire(PROVIDER if self.errand.fate == "provided" else READER, self.order_id, "complete", values)

    def _fire(self, who: str, transition: str, _now: datetime, **inputs: Any) -> None:
        self._desk.fire(who, self.order_id, transition, **inputs)

    def _at(self, days: int, hour: int, minute: int = 0) -> datetime:
        local = datetime.combine(later(self._begun, days) if days else self._begun, time(hour, minute), ZONE)
        return local.astimezone(UTC) + timedelta(seconds=self.number % 50)
