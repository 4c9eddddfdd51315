"""A second vendor of the demo, which orders parts by hand: its orders wait in Ship-To Received until somebody does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import (
    account_pb2,
    account_pb2_grpc,
    facility_pb2,
    facility_pb2_grpc,
    part_pb2,
    part_pb2_grpc,
    territory_pb2,
    territory_pb2_grpc,
    work_order_pb2,
    work_type_pb2,
    work_type_pb2_grpc,
)

from services.chassis.ids import derive_id
from services.cli.demo import catalogue
from services.cli.demo.calls import cents
from services.cli.demo.deliveries import shipping_to
from services.cli.demo.plans import later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.chassis.grpc_channel import Channels
    from services.cli.demo.calls import Desk, Speaker
    from services.cli.demo.world import World

    Moment = tuple[datetime, Callable[[datetime], object]]

DISPATCHER, PARTNER, EXECUTOR = "noah", "megan", "bluefern"
AREA, SITE, ACCOUNT = "Redwood - Central Ohio", "Ridgeline Office Park", "Ridgeline Properties"
PART, TASK = "RW22-CABLE", "RW-22 Cable Replacement"
ZONE = ZoneInfo("America/New_York")
ERRANDS = ("Cable of bay 3 is cut", "Cable of bay 7 does not lock")


def make_second_vendor(channels: Channels, speaker: Speaker, world: World) -> None:
    """Make what its work orders refer to."""
    speaker.grant = world.grants[DISPATCHER]
    territory = territory_pb2.Territory(
        name=AREA, zone="Zone 1", time_zone=str(ZONE), served_by=[world.organizations[EXECUTOR]], active=True
    )
    world.territories[AREA] = (
        channels.stub(territory_pb2_grpc.TerritoryServiceStub, "workorders")
        .CreateTerritory(territory_pb2.CreateTerritoryRequest(territory=territory, request_id=_request(AREA)))
        .id
    )
    account = account_pb2.Account(name=ACCOUNT, account_number="R-0001", active=True)
    world.accounts[ACCOUNT] = (
        channels.stub(account_pb2_grpc.AccountServiceStub, "workorders")
        .CreateAccount(account_pb2.CreateAccountRequest(account=account, request_id=_request(ACCOUNT)))
        .id
    )
    facility = facility_pb2.Facility(
        name=SITE,
        account_id=world.accounts[ACCOUNT],
        address=types_pb2.Address(street="600 Vine St", city="Columbus", state="OH", postal_code="43215", country="US"),
        territory_id=world.territories[AREA],
        active=True,
    )
    world.facilities[SITE] = (
        channels.stub(facility_pb2_grpc.FacilityServiceStub, "workorders")
        .CreateFacility(facility_pb2.CreateFacilityRequest(facility=facility, request_id=_request(SITE)))
        .id
    )
    part = part_pb2.Part(part_number=PART, name="RW-22 charging cable", returnable=True, active=True)
    world.parts[PART] = (
        channels.stub(part_pb2_grpc.PartServiceStub, "workorders")
        .CreatePart(part_pb2.CreatePartRequest(part=part, request_id=_request(PART)))
        .id
    )
    work_type = work_type_pb2.WorkType(
        name=TASK,
        kind=work_type_pb2.WORK_TYPE_KIND_REPAIR,
        needs_parts=True,
        duration_minutes=90,
        technicians_needed=1,
        instructions="Replace the cable and test the lock.",
        active=True,
    )
    world.work_types[TASK] = (
        channels.stub(work_type_pb2_grpc.WorkTypeServiceStub, "workorders")
        .CreateWorkType(work_type_pb2.CreateWorkTypeRequest(work_type=work_type, request_id=_request(TASK)))
        .id
    )


def vendor_stories(world: World, desk: Desk, today: date, first: int, most: int) -> list[VendorStory]:
    """A story for each errand, but not more than `most`; numbered after other stories."""
    return [VendorStory(first + place, subject, world, desk, today) for place, subject in enumerate(ERRANDS[:most])]


class VendorStory:
    """Tells an order until the partner said where the parts go."""

    def __init__(self, number: int, subject: str, world: World, desk: Desk, today: date) -> None:
        self.number = number
        self.order_id = ""
        self._subject = subject
        self._world = world
        self._desk = desk
        self._day = later(today, -2)

    def moments(self) -> Iterator[Moment]:
        """Everything that happens, in the order of time."""
        yield self._at(9), self.create
        allocate = partial(self._fire, DISPATCHER, "allocate", executor_org=self._world.organizations[EXECUTOR])
        yield self._at(9, 20), allocate
        yield self._at(11), self.accept

    def create(self, _now: datetime) -> None:
        """The dispatcher writes the order."""
        world = self._world
        order = work_order_pb2.WorkOrder(
            subject=self._subject,
            account_id=world.accounts[ACCOUNT],
            facility_id=world.facilities[SITE],
            territory_id=world.territories[AREA],
            customer_service_executive_id=world.people[DISPATCHER],
        )
        item = work_order_pb2.NewLineItem(
            work_type_id=world.work_types[TASK],
            parts=[work_order_pb2.PartNeed(part_id=world.parts[PART], quantity=1)],
        )
        self.order_id = self._desk.create(DISPATCHER, order, [item]).id

    def accept(self, _now: datetime) -> None:
        """The partner says where the parts go; nobody orders them yet."""
        company = next(each for each in catalogue.COMPANIES if each.key == EXECUTOR)
        values = {
            "travel.round_trip_miles": 40.0,
            "travel.technicians": 1,
            "travel.cost_per_mile": cents(company.cents_per_mile),
        }
        self._fire(PARTNER, "accept", _now, values=values | shipping_to(company, PARTNER))

    def _fire(
        self, who: str, transition: str, _now: datetime, values: dict[str, object] | None = None, **inputs: str
    ) -> None:
        self._desk.fire(who, self.order_id, transition, values, **inputs)

    def _at(self, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(self._day, time(hour, minute, self.number % 50), ZONE).astimezone(UTC)


def _request(name: str) -> str:
    return derive_id("demo", "second vendor", name)
