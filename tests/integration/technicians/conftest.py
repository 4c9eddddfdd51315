"""The technicians service over a real database of either kind, called as people and services."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fieldmesh.common.v1 import events_pb2 as common_events
from fieldmesh.common.v1 import list_pb2, types_pb2
from fieldmesh.technicians.v1 import (
    certification_pb2,
    membership_pb2,
    organization_pb2,
    person_pb2,
    technician_certification_pb2,
    technician_pb2,
    technicians_service_pb2,
)
from fieldmesh.workorders.v1 import events_pb2, work_order_pb2
from google.protobuf import descriptor_pool, message_factory
from google.type.date_pb2 import Date
from sqlalchemy import Engine, event, select, text

from services.chassis.actors import service_actor
from services.chassis.blobs import BlobStore
from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.errors import NotFound
from services.chassis.identity import Call, Caller, calling, service_caller
from services.chassis.migrations import migrate
from services.chassis.tables import OWN
from services.technicians import tables
from services.technicians.bootstrap import Files, Technicians, assemble
from tests.support.servers import postgres  # noqa: F401 - fixture

NOON = datetime(2027, 3, 1, 18, tzinfo=UTC)  # noon in Chicago
TODAY = date(2027, 3, 1)
CLI = service_caller("cli")
WORKORDERS = service_caller("workorders")
MEGABYTES = 1  # the largest evidence


def day(value: date) -> Date:
    return Date(year=value.year, month=value.month, day=value.day)


class Orders:
    """What workorders says of its orders: the technician that each has."""

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}
        self.failure: Exception | None = None

    def GetWorkOrder(self, request: Any) -> work_order_pb2.WorkOrder:  # noqa: N802 - the contract's name
        if self.failure is not None:
            raise self.failure
        if request.id not in self.holders:
            raise NotFound("no such order")
        return work_order_pb2.WorkOrder(
            id=request.id, technician=work_order_pb2.SiteTechnician(technician_id=self.holders[request.id])
        )


@dataclass
class House:
    """The service, and a vendor with two partners in it."""

    database: Database
    clock: ScriptedClock
    blobs: BlobStore
    orders: Orders = field(default_factory=Orders)
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app: Technicians = assemble(self.database, self.clock, self.orders, Files(self.blobs, MEGABYTES))
        self.voltara = self.organization("Voltara", "VENDOR")
        self.bluefern = self.organization("Bluefern", "PARTNER", domains=["bluefern.example.com"], free_miles=50)
        self.kestrel = self.organization("Kestrel", "PARTNER", domains=["kestrel.example.com"])
        self.partner = self.caller("partner", self.bluefern, "partner")
        self.partner2 = self.caller("partner2", self.kestrel, "partner")
        self.dispatcher = self.caller("dispatcher", self.voltara, "vendor")

    @property
    def verbs(self) -> tuple[Any, ...]:
        app = self.app
        assigning = (app.desk, app.roster, app.credentials, app.photos, app.evidence_files, app.availability)
        return (*assigning, app.logins, app.profiles, app.contacts, app.invitation_desk)

    def call(self, method: str, caller: Caller = CLI, **request: Any) -> Any:
        kind = _request_type(method)
        service = next(servicer for servicer in (*self.app.kit.values(), *self.verbs) if hasattr(servicer, method))
        with calling(Call(caller, "r-1")):
            return getattr(service, method)(kind(**request), None)

    def caller(self, login: str, organization: Any, kind: str, technician_id: str = "") -> Caller:
        role = "technician" if technician_id else "dispatcher" if kind == "vendor" else "partner"
        return Caller(
            f"person-{login}",
            login.title(),
            roles=frozenset({role}),
            organization_id=organization.id if organization else "",
            organization_kind=kind,
            technician_id=technician_id,
        )

    def organization(self, name: str, kind: str, **fields: Any) -> Any:
        wanted = organization_pb2.Organization(
            name=name, kind=f"ORGANIZATION_KIND_{kind}", time_zone="America/Chicago", **fields
        )
        return self.call("CreateOrganization", organization=wanted)

    def technician(self, name: str, organization: Any = None, codes: Any = (), **fields: Any) -> Any:
        email = fields.pop("email", f"{name.split(maxsplit=1)[0].lower()}@example.com")
        wanted = technician_pb2.Technician(name=name, email=email, **fields)
        made = self.call("CreateTechnician", technician=wanted)
        if organization is not None:
            self.join(made, organization)
        for code in codes:
            self.certify(made, code)
        return self.call("GetTechnician", id=made.id)

    def join(self, technician: Any, organization: Any, caller: Caller = CLI, **fields: Any) -> Any:
        fields.setdefault("start_date", day(date(2026, 1, 1)))
        wanted = membership_pb2.Membership(technician_id=technician.id, organization_id=organization.id, **fields)
        return self.call("CreateMembership", caller, membership=wanted)

    def certification(self, code: str) -> str:
        listed = self.call("ListCertifications", query=list_pb2.ListQuery(search=code)).certifications
        if listed:
            return str(listed[0].id)
        wanted = certification_pb2.Certification(code=code, name=f"About {code}", valid_months=24)
        return str(self.call("CreateCertification", self.dispatcher, certification=wanted).id)

    def certify(self, technician: Any, code: str, issued: date = date(2026, 6, 1), **fields: Any) -> Any:
        wanted = technician_certification_pb2.TechnicianCertification(
            technician_id=technician.id, certification_id=self.certification(code), issue_date=day(issued), **fields
        )
        return self.call("CreateTechnicianCertification", self.dispatcher, technician_certification=wanted)

    def work_type(self, work_type_id: str, *codes: str, name: str = "Head replacement", **fields: Any) -> None:
        told = events_pb2.WorkTypeChanged(
            work_type_id=work_type_id, name=name, certification_codes=codes, version=1, active=True, **fields
        )
        self.hear("work_type_changed", told, work_type_id)

    def need(self, order: str = "o-1", start: datetime | None = NOON, **fields: Any) -> Any:
        made = technicians_service_pb2.WorkNeed(
            work_order_id=order,
            work_order_number=f"N-{order}",
            parties=self.parties(),
            work_type_ids=["head"],
            duration_minutes=60,
            site_time_zone="America/Chicago",
            **fields,
        )
        if start is not None:
            made.start_time.FromDatetime(start)
        return made

    def parties(self, executor: Any = None, version: int = 2) -> types_pb2.Parties:
        return types_pb2.Parties(
            issuer_org=self.voltara.id, executor_org=(executor or self.bluefern).id, scope_version=version
        )

    def reserve(self, technician: Any, need: Any = None, caller: Caller = WORKORDERS, **fields: Any) -> Any:
        return self.call("Reserve", caller, need=need or self.need(), technician_id=technician.id, **fields)

    def moved(self, order: str = "o-1", technician: Any = None, **fields: Any) -> None:
        """Workorders tells that an order moved."""
        start = fields.pop("start", None)
        snapshot = events_pb2.WorkOrderSnapshot(
            work_order_id=order,
            number=f"N-{order}",
            category=fields.pop("category", work_order_pb2.STATE_CATEGORY_OPEN),
            parties=fields.pop("parties", self.parties()),
        )
        for each in fields.pop("further", ()):
            snapshot.further_technicians.add(technician_id=each.id)
        if technician is not None:
            snapshot.technician.technician_id = technician.id
        if start is not None:
            snapshot.appointment.start_time.FromDatetime(start)
        self.hear("work_order_moved", events_pb2.WorkOrderMoved(work_order=snapshot, **fields), order)

    def hear(self, handler: str, payload: Any, aggregate_id: str, version: int = 0) -> None:
        self.versions[aggregate_id] = version or self.versions.get(aggregate_id, 0) + 1
        event = common_events.Event(aggregate_id=aggregate_id, aggregate_version=self.versions[aggregate_id])
        with self.database.begin(actor=service_actor("technicians")) as transaction:
            getattr(self.app.following, handler)(transaction, event, payload)

    def assignment(self, assignment_id: str) -> Any:
        return self.call("GetAssignment", id=assignment_id)

    def events(self, aggregate_type: str) -> list[Any]:
        """What was published of a kind of aggregate, decoded, in order."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(OWN.outbox).where(OWN.outbox.c.aggregate_type == aggregate_type).order_by(OWN.outbox.c.sequence)
            ).all()
        return [_class(row.type).FromString(row.payload) for row in rows]

    def person(self, name: str, login: str = "", organization: Any = None, roles: Any = ("partner",)) -> Any:
        wanted = person_pb2.Person(
            id=f"person-{login or name}",
            name=name,
            login=login,
            email=f"{name.lower()}@example.com",
            organization_id=organization.id if organization else "",
            roles=roles,
            active=True,
        )
        return self.call("UpsertPerson", person=wanted)


def _class(full_name: str) -> Any:
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(full_name))


def _request_type(method: str) -> Any:
    return _class(f"fieldmesh.technicians.v1.{method}Request")


@pytest.fixture(scope="module")
def _postgresql(postgres: str) -> Iterator[Database]:  # noqa: F811 - the fixture
    migrate("technicians", postgres)
    opened = Database(postgres)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("technicians") / "empty.sqlite3"
    migrate("technicians", f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return path


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock(NOON)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: ScriptedClock) -> Iterator[Database]:
    if request.param == "postgresql":
        opened: Database = request.getfixturevalue("_postgresql")
        opened._clock = clock
        names = ", ".join(table.name for table in tables.metadata.sorted_tables if table.name != "database_epoch")
        with opened.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names}"))
        yield opened
        return
    shutil.copy(request.getfixturevalue("_migrated"), tmp_path / "technicians.sqlite3")
    opened = Database(f"sqlite:///{tmp_path}/technicians.sqlite3", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that is sent, in order; clear it before what counts."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def house(database: Database, clock: ScriptedClock, tmp_path: Path) -> House:
    return House(database, clock, BlobStore.in_folder(tmp_path / "evidence"))
