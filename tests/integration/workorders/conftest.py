"""Work orders on both databases, called as the service class calls them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fieldmesh.common.v1 import events_pb2 as common_events
from fieldmesh.common.v1 import list_pb2, types_pb2
from fieldmesh.shipping.v1 import events_pb2 as shipping_events
from fieldmesh.shipping.v1 import rma_pb2, shipment_pb2, shipping_service_pb2, sla_pb2
from fieldmesh.technicians.v1 import assignment_pb2, technicians_service_pb2
from fieldmesh.technicians.v1 import events_pb2 as directory_events
from fieldmesh.workorders.v1 import (
    attachment_pb2,
    events_pb2,
    work_order_pb2,
    work_order_service_pb2,
    workflow_pb2,
)
from google.protobuf import message_factory
from google.protobuf.message import Message
from google.type import date_pb2
from PIL import Image
from sqlalchemy import select, text

from services.chassis.actors import service_actor
from services.chassis.blobs import BlobStore
from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.errors import Unavailable
from services.chassis.identity import Call, Caller, calling
from services.chassis.migrations import migrate
from services.chassis.tables import OWN
from services.workorders import shipped, tables
from services.workorders.bootstrap import Workorders, assemble
from services.workorders.handlers.transitions import Others
from tests.support.servers import postgres  # noqa: F401 - fixture

ME = service_actor("workorders")
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
VENDOR, BLUEFERN, KESTREL = "voltara", "bluefern", "kestrel"


def person(role: str, organization: str, kind: str, technician: str = "") -> Caller:
    return Caller(
        f"{role}-{organization}",
        f"{role} of {organization}".title(),
        roles=frozenset({role}),
        organization_id=organization,
        organization_kind=kind,
        technician_id=technician,
    )


DISPATCHER = person("dispatcher", VENDOR, "vendor")
APPROVER = person("approver", VENDOR, "vendor")
PARTNER = person("partner", BLUEFERN, "partner")
STRANGER = person("partner", KESTREL, "partner")
TECHNICIAN = person("technician", BLUEFERN, "partner", "t-1")
UTILITY = person("dispatcher", "city-light", "utility")
ADMIN = Caller("root", "Ada Admin", roles=frozenset({"admin"}))

OFFICE = types_pb2.Address(street="7 Oak Rd", city="Waco", state="TX", postal_code="76701", country="US")
SHIP_TO = work_order_pb2.ShipTo(
    name="Rae Holt", phone="512-555-0103", party="Bluefern Dispatch", handling=work_order_pb2.HANDLING_NEED_NEITHER,
    street="12 Elm St", city="Waco", state="TX", postal_code="76701", country="US",
)  # fmt: skip
SHIP_TO_PATHS = [
    f"ship_to.{name}"
    for name in ("name", "phone", "party", "handling", "street", "city", "state", "postal_code", "country")
]
TRAVEL_PATHS = ["travel.round_trip_miles", "travel.technicians", "travel.cost_per_mile"]


@dataclass
class Technicians:
    """Technicians' desk as this service knows it."""

    missing: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    busy: bool = False
    freelancer: bool = False
    drives: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    absent: bool = False
    shifts: list[str] = field(default_factory=list)
    down: bool = False
    needed: int = 1
    busy_ids: set[str] = field(default_factory=set)
    checked: list[technicians_service_pb2.CheckEligibilityRequest] = field(default_factory=list)
    reserved: list[technicians_service_pb2.ReserveRequest] = field(default_factory=list)

    def CheckEligibility(self, request):  # noqa: N802 - the contract's name
        self._refuse_down()
        self.checked.append(request)
        return technicians_service_pb2.CheckEligibilityResponse(
            busy=self.busy or request.technician_id in self.busy_ids,
            technicians_needed=self.needed,
            freelancer=self.freelancer,
            travel_conflicts=self.drives,
            unexplained_skills=self.unexplained,
            absent=self.absent,
            unexplained_absence=self.absent,
            shift_conflicts=self.shifts,
            eligible=not self.missing and not self.problems and not self.absent,
            eligible_with_reason=not self.problems,
            missing_skills=self.missing,
            problems=self.problems,
        )

    def Reserve(self, request):  # noqa: N802 - the contract's name
        self._refuse_down()
        self.reserved.append(request)
        return assignment_pb2.Assignment(
            id=request.request_id,
            technician_id=request.technician_id,
            method=3 if self.freelancer else 2 if self.missing or self.absent else 1,
            missing_skills=self.missing,
            etag="held-1",
        )

    def _refuse_down(self) -> None:
        if self.down:
            raise Unavailable("technicians does not answer.", reason="SERVICE_UNAVAILABLE")


@dataclass
class Shipping:
    """Shipping as this service knows it: one required parcel on its way, and at most one target."""

    target: Any = None
    down: bool = False
    returns: list[rma_pb2.Rma] = field(default_factory=list)
    contents: list[dict[str, Any]] = field(default_factory=list)

    def ListRmas(self, request):  # noqa: N802 - the contract's name
        if self.down:
            raise Unavailable("shipping does not answer.", reason="SERVICE_UNAVAILABLE")
        asked = set(request.query.filters[0].values)
        return rma_pb2.ListRmasResponse(rmas=[each for each in self.returns if each.work_order_id in asked])

    def EvaluateAppointment(self, request):  # noqa: N802 - the contract's name
        if self.down:
            raise Unavailable("shipping does not answer.", reason="SERVICE_UNAVAILABLE")
        return shipping_service_pb2.EvaluateAppointmentResponse(target=self.target)

    def ListParcels(self, request):  # noqa: N802 - the contract's name
        if self.down:
            raise Unavailable("shipping does not answer.", reason="SERVICE_UNAVAILABLE")
        parcel = {
            "id": "parcel-1", "carrier": "UPS", "required": True, "tracking_number": "1Z1", "state": 3,
            "contents": self.contents,
        }  # fmt: skip
        asked = request.query.filters[0].values
        return shipment_pb2.ListParcelsResponse(parcels=[{"work_order_id": each, **parcel} for each in asked])


@dataclass
class Desk:
    """The service with the words that stories are told in."""

    app: Workorders
    clock: ScriptedClock
    technicians: Technicians
    shipping: Shipping
    ids: dict[str, str] = field(default_factory=dict)
    requests: int = 100

    def call(self, servicer: Any, method: str, caller: Caller, request: Message) -> Any:
        with calling(Call(caller, "r-1")):
            return getattr(servicer, method)(request, None)

    def orders(self, method: str, caller: Caller, **request: Any) -> Any:
        kind = getattr(work_order_service_pb2, f"{method}Request")
        return self.call(self.app.work_orders, method, caller, kind(**request))

    def kit(self, resource: str, method: str, caller: Caller, **request: Any) -> Any:
        servicer = self.app.kit[f"fieldmesh.workorders.v1.{resource}Service"]
        descriptor = servicer.engine.resource.descriptor.methods_by_name[method].input_type
        return self.call(servicer, method, caller, message_factory.GetMessageClass(descriptor)(**request))

    def create(self, caller: Caller = DISPATCHER, line_items: int = 2, *, parts: bool = True, **fields: Any) -> Any:
        needs = [work_order_pb2.PartNeed(part_id=self.ids["part"], quantity=1)] if parts else []
        work_type = self.ids["head" if parts else "wiring"]
        order = work_order_pb2.WorkOrder(
            **{
                "subject": "Assure - VT-40 - Head replacement (Ver 01)",
                "account_id": self.ids["account"],
                "facility_id": self.ids["facility"],
                "territory_id": self.ids["territory"],
                "entitlement_id": self.ids["assure"],
                "case_id": self.ids["case"],
                "station_ids": [self.ids["station"]],
                "customer_service_executive_id": "cse",
                **fields,
            }
        )
        tasks = [
            work_order_pb2.NewLineItem(work_type_id=work_type, station_id=self.ids["station"], parts=needs)
            for _ in range(line_items)
        ]
        return self.orders("CreateWorkOrder", caller, work_order=order, line_items=tasks, request_id=self.request_id())

    def fire(self, order: Any, transition: str, caller: Caller, paths: tuple[str, ...] | list[str] = (), **more: Any):
        values = more.pop("values", None) or work_order_pb2.WorkOrder()
        etag = more.pop("etag", None)
        request_id = more.pop("request_id", None) or self.request_id()
        return self.orders(
            "TransitionWorkOrder",
            caller,
            work_order_id=order.id,
            transition=transition,
            work_order=values,
            update_mask={"paths": list(paths)},
            inputs=work_order_service_pb2.TransitionInputs(**more),
            etag=etag or self.get(order.id, ADMIN).etag,
            request_id=request_id,
        )

    def get(self, order_id: str, caller: Caller = ADMIN) -> Any:
        return self.orders("GetWorkOrder", caller, id=order_id)

    def workflows(self, method: str, caller: Caller = ADMIN, **request: Any) -> Any:
        kind = getattr(workflow_pb2, f"{method}Request")
        answer = self.call(self.app.workflows, method, caller, kind(**request))
        return list(answer) if method in {"SimulateWorkflow", "MigrateWorkOrders"} else answer

    def list(self, caller: Caller, *, view: str = "", mine: bool = False, **query: Any) -> Any:
        return self.orders("ListWorkOrders", caller, query=list_pb2.ListQuery(**query), view=view, mine=mine)

    def allocated(self, **fields: Any) -> Any:
        return self.fire(self.create(**fields), "allocate", DISPATCHER, executor_org=BLUEFERN).work_order

    def accepted(self) -> Any:
        return self.fire(self.allocated(), "accept", PARTNER, **acceptance()).work_order

    def at_work(self) -> Any:
        order = self.accepted()
        self.parts(order, 4, 1)
        return self.get(order.id)

    def ready(self, caller: Caller = PARTNER) -> Any:
        """An order with everything that completing asks for."""
        order = self.at_work()
        self.fire(order, "assign_technician", PARTNER, person_id="tech")
        values = work_order_pb2.WorkOrder()
        values.appointment.date.year, values.appointment.date.month, values.appointment.date.day = 2026, 3, 3
        values.appointment.time = "09:00"
        values.scheduling_completed_date.CopyFrom(values.appointment.date)
        paths = ["appointment.date", "appointment.time", "scheduling_completed_date"]
        self.fire(order, "save_appointment", PARTNER, paths, values=values)
        for item in self.items(order):
            self.fire(order, "finish_line_item", caller, line_item_id=item.id)
        self.visited(order, caller, "arrive_time", 12)
        self.visited(order, caller, "depart_time", 13)
        self.deliver(order, caller)
        return self.get(order.id)

    def visited(self, order: Any, caller: Caller, name: str, hour: int) -> Any:
        """Save one time of the visit, and none else."""
        values = work_order_pb2.WorkOrder()
        getattr(values.visit, name).FromDatetime(NOW.replace(hour=hour))
        return self.fire(order, "set_visit_times", caller, [f"visit.{name}"], values=values).work_order.visit

    def parts(self, order: Any, phase: int, version: int, **fields: Any) -> None:
        """Shipping tells how far the parts are; `fields` are those of the whole, or of the event."""
        ordered = {"fulfilment_order_id": "fso-1", "order_number": "00287387"} if phase else {}
        told = shipping_events.FulfilmentProgressed(work_order_id=order.id, phase=phase, version=version, **ordered)
        told.parts.MergeFrom(
            shipping_events.PartsSummary(
                version=version,
                acceptance_version=1,
                phase=phase,
                parcels=[{"required": True, "tracking_number": "1Z1", "state": 5 if phase == 4 else 2}],
                **ordered,
            )
        )
        for name, value in fields.items():
            whole = told.parts if name in told.parts.DESCRIPTOR.fields_by_name else told
            if isinstance(value, Message):
                getattr(whole, name).CopyFrom(value)
            else:
                setattr(whole, name, value)
        self.handle("progress", "fulfilment_progressed", told, version)

    def items(self, order: Any, caller: Caller = PARTNER) -> list[Any]:
        """The line items of an order, in number order."""
        mine = [{"field": "work_order_id", "operator": 1, "values": [order.id]}]
        query = list_pb2.ListQuery(filters=mine, order_by="number")
        return list(self.kit("LineItem", "ListLineItems", caller, query=query).line_items)

    def deliver(self, order: Any, caller: Caller = PARTNER, name: str = "Photo of the serial number") -> None:
        """Store a file that stands for a deliverable."""
        target = io.BytesIO()
        Image.new("RGB", (20, 20), "teal").save(target, "PNG")
        described = {"work_order_id": order.id, "title": "serial.png", "deliverable": name,
                     "request_id": self.request_id()}  # fmt: skip
        requests = [
            attachment_pb2.UploadAttachmentRequest(description=described),
            attachment_pb2.UploadAttachmentRequest(chunk=target.getvalue()),
        ]
        self.call(self.app.file_contents, "UploadAttachment", caller, iter(requests))

    def target(self, order: Any, version: int, due: datetime) -> None:
        told = shipping_events.SlaTargetChanged(target=self.computed(order, version, due))
        self.handle("progress", "sla_target_changed", told, version)

    def computed(self, order: Any, version: int, due: datetime) -> sla_pb2.SlaTarget:
        target = sla_pb2.SlaTarget()
        target.id, target.work_order_id, target.version, target.state = f"sla-{version}", order.id, version, 3
        target.due_time.FromDatetime(due)
        target.compute_time.FromDatetime(self.clock.now())
        day = due.date()
        target.due_date.CopyFrom(date_pb2.Date(year=day.year, month=day.month, day=day.day - 1))
        target.time_zone = "America/Chicago"
        return target

    def handle(self, part: str, handler: str, payload: Message, version: int) -> None:
        event = common_events.Event(aggregate_version=version)
        with self.app.database.begin(actor=ME, now=self.clock.now()) as transaction:
            getattr(getattr(self.app, part), handler)(transaction, event, payload)

    def told(self, kind: type[Message] = events_pb2.WorkOrderMoved) -> list[Any]:
        found = []
        with self.app.database.read() as connection:
            for row in connection.execute(select(OWN.outbox).order_by(OWN.outbox.c.sequence)):
                if row.type == kind.DESCRIPTOR.full_name:
                    message = kind()
                    message.ParseFromString(row.payload)
                    found.append(message)
        return found

    def history(self, order: Any, caller: Caller = ADMIN) -> list[Any]:
        mine = [{"field": "work_order_id", "operator": 1, "values": [order.id]}]
        query = list_pb2.ListQuery(filters=mine, order_by="sequence", page_size=200)
        return list(self.kit("HistoryEntry", "ListHistoryEntries", caller, query=query).history_entries)

    def request_id(self) -> str:
        self.requests += 1
        return f"request-{self.requests}"


def acceptance(**ship_to: Any) -> dict[str, Any]:
    order = work_order_pb2.WorkOrder(ship_to=SHIP_TO)
    for name, value in ship_to.items():
        setattr(order.ship_to, name, value)
    order.travel.round_trip_miles, order.travel.technicians = 120, 2
    order.travel.cost_per_mile.currency_code, order.travel.cost_per_mile.micros = "USD", 670_000
    return {"paths": SHIP_TO_PATHS + TRAVEL_PATHS, "values": order}


APPOINTMENT_PATHS = [
    "appointment.date", "appointment.time", "technician.name", "technician.phone", "scheduling_completed_date",
]  # fmt: skip


def appointment(day: date = date(2026, 3, 3)) -> dict:
    order = work_order_pb2.WorkOrder(scheduling_completed_date=on(NOW.date()))
    order.appointment.date.CopyFrom(on(day))
    order.appointment.time = "09:00"
    order.technician.name, order.technician.phone = "Ada Moss", "512-555-0102"
    return {"paths": APPOINTMENT_PATHS, "values": order}


@pytest.fixture(scope="module")
def _postgresql(postgres: str) -> str:  # noqa: F811 - the fixture
    migrate("workorders", postgres)
    return postgres


@pytest.fixture(scope="session")
def _furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A SQLite file with directory and master data in it, to copy, and the ids of the latter."""
    folder = tmp_path_factory.mktemp("furnished")
    file = folder / "workorders.sqlite3"
    migrate("workorders", f"sqlite:///{file}")
    opened = Database(f"sqlite:///{file}", clock=ScriptedClock(NOW))
    desk = _desk(opened, ScriptedClock(NOW), folder)
    _furnish(desk)
    opened.close()
    return file, desk.ids


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: ScriptedClock) -> Iterator[Database]:
    if request.param == "postgresql":
        opened = Database(request.getfixturevalue("_postgresql"), clock=clock)
        names = ", ".join(t.name for t in tables.metadata.sorted_tables if t.name != "number_series")
        with opened.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names}"))
    else:
        copied = shutil.copy(request.getfixturevalue("_furnished")[0], tmp_path / "workorders.sqlite3")
        opened = Database(f"sqlite:///{copied}", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock(NOW)


@pytest.fixture
def desk(request: pytest.FixtureRequest, database: Database, clock: ScriptedClock, tmp_path: Path) -> Desk:
    made = _desk(database, clock, tmp_path)
    if database.dialect == "sqlite":
        made.ids = request.getfixturevalue("_furnished")[1]
    else:
        _furnish(made)
    return made


def _desk(database: Database, clock: ScriptedClock, folder: Path) -> Desk:
    technicians, shipping = Technicians(), Shipping()
    others = Others(technicians, shipping, shipping, shipping)
    return Desk(assemble(database, BlobStore.in_folder(folder / "files"), others, clock), clock, technicians, shipping)


def _furnish(desk: Desk) -> None:
    with desk.app.database.begin(actor=ME) as transaction:
        shipped.publish_shipped(transaction)
    _directory(desk)
    _master_data(desk)
    # Requests of the tests themselves begin elsewhere, whether or not these were made just now.
    desk.requests = 100


def _directory(desk: Desk) -> None:
    for number, (name, kind) in enumerate(((VENDOR, 1), (BLUEFERN, 2), (KESTREL, 2), ("city-light", 5)), 1):
        told = directory_events.OrganizationChanged()
        told.organization.id, told.organization.name, told.organization.kind = name, name.title(), kind
        told.organization.active, told.organization.phone, told.organization.free_miles = True, "512-555-0100", 50
        told.organization.travel_cost_per_mile.currency_code = "USD"
        told.organization.travel_cost_per_mile.micros = 670_000
        told.organization.address.CopyFrom(OFFICE)
        desk.handle("directory", "organization_changed", told, number)
    people = (("cse", "Cora Vale", VENDOR, ""), ("tech", "Ada Moss", BLUEFERN, "t-1"))
    for row_id, name, organization, technician in people:
        told_person = directory_events.PersonChanged()
        someone = told_person.person
        someone.id, someone.name, someone.organization_id, someone.active = row_id, name, organization, True
        someone.technician_id, someone.email, someone.phone = technician, f"{row_id}@example.com", "512-555-0102"
        desk.handle("directory", "person_changed", told_person, 1)


def _master_data(desk: Desk) -> None:
    def make(resource: str, key: str, **fields: Any) -> None:
        part = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in resource).lstrip("_")
        made = desk.kit(resource, f"Create{resource}", DISPATCHER, **{part: fields, "request_id": desk.request_id()})
        desk.ids[key] = made.id

    make("Account", "account", name="Harbor Glen Apartments", account_number="A-1")
    make(
        "Territory", "territory", name="Texas - Waco", zone="Zone 2", time_zone="America/Chicago", served_by=[BLUEFERN]
    )
    make(
        "Facility",
        "facility",
        name="Harbor Glen",
        account_id=desk.ids["account"],
        territory_id=desk.ids["territory"],
        time_zone="America/Chicago",
        address={"street": "9 Quay", "city": "Waco", "state": "TX", "postal_code": "76701", "country": "US"},
    )
    make(
        "Station",
        "station",
        name="North 1",
        facility_id=desk.ids["facility"],
        serial_number="S-1",
        station_model="VT-40",
    )
    make(
        "Contact",
        "contact",
        name="Lee Park",
        account_id=desk.ids["account"],
        email="lee@example.com",
        phone="512-555-0109",
    )
    make("Case", "case", subject="Head broken", account_id=desk.ids["account"], contact_id=desk.ids["contact"])
    make("Entitlement", "assure", name="Repair SLA Assure", plan="Assure", sla_policy_code="assure")
    make("Entitlement", "other", name="Repair SLA NonAssure", plan="NonAssure", sla_policy_code="nonassure")
    make("Part", "part", part_number="VT40-HEAD", name="Head", returnable=True)
    make(
        "WorkType",
        "head",
        name="Head replacement",
        kind=1,
        needs_parts=True,
        deliverables=["Photo of the serial number"],
    )
    make("WorkType", "wiring", name="Wiring verification", kind=1, duration_minutes=60)
    make("ReasonCode", "weather", code="weather", kind=1, label="Delay due to weather")
    make("ReasonCode", "override", code="other", kind=2, label="Other")


def on(day: date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)
