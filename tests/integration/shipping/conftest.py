"""Shipping on both databases, called as its service class calls it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fieldmesh.common.v1 import events_pb2 as common_events
from fieldmesh.common.v1 import list_pb2
from fieldmesh.shipping.v1 import events_pb2, shipping_service_pb2
from fieldmesh.workorders.v1 import events_pb2 as work_events
from google.protobuf.message import Message
from google.type import date_pb2
from sqlalchemy import select, text

from services.chassis.actors import service_actor
from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.identity import Call, Caller, calling
from services.chassis.migrations import migrate
from services.chassis.tables import OWN
from services.shipping import seeds, tables
from services.shipping.bootstrap import Shipping, assemble
from tests.support.servers import postgres  # noqa: F401 - fixture

ME = service_actor("tests")
NOW = datetime(2026, 3, 1, 15, tzinfo=UTC)
SYSTEM = Caller("service:carrier", kind="service", roles=frozenset({"service"}))
DISPATCHER = Caller("p-1", roles=frozenset({"dispatcher"}), organization_id="voltara", organization_kind="vendor")
PARTNER = Caller("p-2", roles=frozenset({"partner"}), organization_id="bluefern", organization_kind="partner")
STRANGER = Caller("p-3", roles=frozenset({"partner"}), organization_id="kestrel", organization_kind="partner")
EVENTS: dict[str, type[Message]] = {
    "FulfilmentProgressed": events_pb2.FulfilmentProgressed,
    "SlaTargetChanged": events_pb2.SlaTargetChanged,
}


@dataclass
class Desk:
    """Shipping with the words that stories are told in."""

    app: Shipping
    clock: ScriptedClock
    versions: dict[str, int] = field(default_factory=dict)

    def move(self, order: str = "w1", *, effects: tuple[str, ...] = (), **changes: Any) -> None:
        """The work-order service tells of a transition."""
        self.tell(work_events.WorkOrderMoved(effects=effects), order, **changes)

    def tell(self, moved: work_events.WorkOrderMoved, order: str = "w1", **changes: Any) -> None:
        """The same for an event with more in it than effects."""
        self.versions[order] = self.versions.get(order, 0) + 1
        moved.work_order.CopyFrom(snapshot(order))
        moved.move_time.FromDatetime(self.clock.now())
        for name, value in changes.items():
            target = moved.parts if name == "parts" else moved.work_order
            if isinstance(value, datetime):
                getattr(target, name).FromDatetime(value)
            elif isinstance(value, Message):
                (moved.parts if name == "parts" else getattr(target, name)).CopyFrom(value)
            elif isinstance(value, list):
                getattr(target, name).extend(value)
            else:
                setattr(target, name, value)
        event = common_events.Event(aggregate_id=order, aggregate_version=self.versions[order])
        self.handle("work_order_moved", event, moved)

    def handle(self, handler: str, event: common_events.Event, payload: Message) -> None:
        with self.app.database.begin(actor=ME, now=self.clock.now()) as transaction:
            getattr(self.app.projections, handler)(transaction, event, payload)

    def accept(self, order: str = "w1", acceptance: int = 1, **changes: Any) -> None:
        """The partner accepted an order that needs a head."""
        self.move(order, effects=("accepted", "request_parts"), parts=parts(acceptance), **changes)

    def call(self, servicer: str, method: str, caller: Caller, request: Message) -> Any:
        with calling(Call(caller, "r-1")):
            return getattr(getattr(self.app, servicer), method)(request, None)

    def place(self, caller: Caller = DISPATCHER, order: str = "w1", **more: Any) -> Any:
        request = shipping_service_pb2.PlaceOrderRequest(work_order_id=order, **more)
        return self.call("fulfilment_desk", "PlaceOrder", caller, request)

    def track(self, *updates: shipping_service_pb2.CarrierUpdate, request_id: str = "") -> list[Any]:
        request = shipping_service_pb2.IngestTrackingRequest(updates=updates, request_id=request_id)
        return list(self.call("fulfilment_desk", "IngestTracking", SYSTEM, request).results)

    def list(self, resource: str, caller: Caller = SYSTEM, **query: Any) -> Any:
        """Rows of a resource as a caller sees them: `list("Parcel")`."""
        servicer = self.app.kit[f"fieldmesh.shipping.v1.{resource}Service"]
        method = next(name for name in vars(servicer) if name.startswith("List"))
        with calling(Call(caller, "r-1")):
            from google.protobuf import message_factory

            descriptor = servicer.engine.resource.descriptor.methods_by_name[method].input_type
            request = message_factory.GetMessageClass(descriptor)(query=list_pb2.ListQuery(**query))
            answer = getattr(servicer, method)(request, None)
        return list(getattr(answer, next(each.name for each in answer.DESCRIPTOR.fields if each.name != "page")))

    def told(self, name: str) -> list[Any]:
        """Events of a type in the order in which they were committed."""
        found = []
        with self.app.database.read() as connection:
            for row in connection.execute(select(OWN.outbox).order_by(OWN.outbox.c.sequence)):
                if row.type.endswith(f".{name}"):
                    message = EVENTS[name]()
                    message.ParseFromString(row.payload)
                    found.append(message)
        return found

    def target(self, order: str = "w1") -> Any:
        """The newest target that others were told."""
        told = [each.target for each in self.told("SlaTargetChanged") if each.target.work_order_id == order]
        return told[-1] if told else None


def snapshot(order: str = "w1") -> work_events.WorkOrderSnapshot:
    made = work_events.WorkOrderSnapshot(
        work_order_id=order,
        number="20107925",
        state="assigned",
        category=1,
        clock_running=True,
        calendar_name=seeds.DEFAULT_CALENDAR,
        site_time_zone="America/Chicago",
        entitlement_name="Repair SLA Assure",
        sla_policy_code=seeds.ASSURE,
        parts_required=True,
    )
    made.parties.issuer_org, made.parties.executor_org, made.parties.scope_version = "voltara", "bluefern", 1
    made.assigned_time.FromDatetime(NOW)
    return made


def parts(acceptance: int = 1) -> work_events.PartsWanted:
    wanted = work_events.PartsWanted(acceptance_version=acceptance)
    wanted.ship_to.name, wanted.ship_to.postal_code, wanted.ship_to.country = "Bluefern Dispatch", "43215", "US"
    wanted.lines.add(line_item_id="li1", part_id="p1", part_number="VT40-HEAD", part_name="Head", quantity=1)
    return wanted


def carrier_says(  # noqa: PLR0913 - what a carrier may say
    sequence: int,
    state: int = 0,
    *,
    expected: date | None = None,
    tracking: str = "1Z1",
    order: str = "",
    hour: int = 0,
    **more: Any,
) -> shipping_service_pb2.CarrierUpdate:
    update = shipping_service_pb2.CarrierUpdate(
        carrier="UPS",
        tracking_number=tracking,
        carrier_sequence=sequence,
        state=state,
        fulfilment_order_number=order,
        **more,
    )
    update.occur_time.FromDatetime(NOW.replace(hour=hour))
    if expected:
        update.expected_delivery_date.CopyFrom(
            date_pb2.Date(year=expected.year, month=expected.month, day=expected.day)
        )
    return update


@pytest.fixture(scope="session")
def _postgresql(postgres: str) -> str:  # noqa: F811 - the fixture
    migrate("shipping", postgres)
    return postgres


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, to be copied: migrating takes longer than most of the tests."""
    template = tmp_path_factory.mktemp("shipping") / "template.sqlite3"
    migrate("shipping", f"sqlite:///{template}")
    return template


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: ScriptedClock) -> Iterator[Database]:
    if request.param == "postgresql":
        opened = Database(request.getfixturevalue("_postgresql"), clock=clock)
        names = ", ".join(table.name for table in tables.metadata.sorted_tables)
        with opened.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names}"))
    else:
        copy = tmp_path / "shipping.sqlite3"
        shutil.copyfile(request.getfixturevalue("_sqlite"), copy)
        opened = Database(f"sqlite:///{copy}", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock(NOW)


@pytest.fixture
def desk(database: Database, clock: ScriptedClock) -> Desk:
    app = assemble(database, clock)
    with database.begin(actor=ME) as transaction:
        seeds.seed(transaction.connection)
    return Desk(app, clock)
