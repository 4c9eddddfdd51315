"""A service of gadgets, on both stacks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import google.api.field_behavior_pb2
import google.type.date_pb2  # noqa: F401
import pytest
from fieldmesh.common.v1 import list_pb2, types_pb2
from sqlalchemy import Engine, MetaData, Table, event, text

from services.chassis.actors import service_actor
from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.identity import Call, Caller, calling
from services.chassis.kit import Resource, Shared, kit_servicers, kit_table, list_plan, publish_change
from services.chassis.kit.scope import Scope
from services.chassis.tables import chassis_tables
from tests.support import contracts
from tests.support.servers import postgres  # noqa: F401 - fixture

SERVICE = f"{contracts.compiled('fieldmesh/probe/v1/gadget.proto')}.GadgetService"
Gadget = contracts.message("fieldmesh.probe.v1.Gadget")
GadgetChanged = contracts.message("fieldmesh.probe.v1.GadgetChanged")
METADATA = MetaData()
CHASSIS = chassis_tables(METADATA)
GADGETS: Table = kit_table(
    METADATA,
    Gadget,
    "gadgets",
    scope=("organization_id",),
    unique=(("organization_id", "code"), ("price_currency_code",)),
)
START = datetime(2027, 3, 1, 12, tzinfo=UTC)
BLUEFERN = Caller("p-1", "Pia Partner", roles=frozenset({"partner"}), organization_id="bluefern")
KESTREL = Caller("p-2", "Kim Partner", roles=frozenset({"partner"}), organization_id="kestrel")
ADMIN = Caller("p-9", "Ada Admin", roles=frozenset({"admin"}), organization_id="voltara")


@dataclass
class Shop:
    """The servicer, called as a person."""

    database: Database
    clock: ScriptedClock
    scope: Scope = field(default_factory=Shared)
    events: bool = True

    def __post_init__(self) -> None:
        hook = publish_change(GadgetChanged, "gadget") if self.events else None
        self.resource = Resource(Gadget, GADGETS, scope=self.scope, on_change=hook)
        self.servicer = kit_servicers([self.resource], self.database)[SERVICE]

    def call(self, method: str, caller: Caller = BLUEFERN, **request: Any) -> Any:
        request_type = contracts.message(f"fieldmesh.probe.v1.{method}Request")
        with calling(Call(caller, "r-1")):
            return getattr(self.servicer, method)(request_type(**request), None)

    def make(self, name: str = "Bolt", caller: Caller = BLUEFERN, **fields: Any) -> Any:
        fields.setdefault("code", name.upper().replace(" ", "-"))
        fields.setdefault("price", types_pb2.Money(currency_code=name[:40], micros=1))
        return self.call("CreateGadget", caller, gadget=Gadget(name=name, **fields))

    def change(self, gadget: Any, paths: list[str], caller: Caller = BLUEFERN, **fields: Any) -> Any:
        wanted = Gadget(id=gadget.id, etag=gadget.etag, **fields)
        return self.call("UpdateGadget", caller, gadget=wanted, update_mask={"paths": paths})

    def list(self, caller: Caller = BLUEFERN, **query: Any) -> Any:
        return self.call("ListGadgets", caller, query=list_pb2.ListQuery(**query))

    def names(self, caller: Caller = BLUEFERN, **query: Any) -> list[str]:
        return [gadget.name for gadget in self.list(caller, **query).gadgets]


@pytest.fixture(scope="module")
def _postgresql(postgres: str) -> Iterator[Database]:  # noqa: F811 - the fixture
    opened = Database(postgres)
    with opened.engine.begin() as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
        _create_search(connection)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock(START)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: ScriptedClock) -> Iterator[Database]:
    if request.param == "postgresql":
        opened: Database = request.getfixturevalue("_postgresql")
        opened._clock = clock
        names = ", ".join(table.name for table in METADATA.sorted_tables)
        with opened.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names}"))
        yield opened
        return
    opened = Database(f"sqlite:///{tmp_path}/kit.sqlite3", clock=clock)
    with opened.begin(actor=service_actor("tests")) as transaction:
        METADATA.create_all(transaction.connection)
        _create_search(transaction.connection)
    yield opened
    opened.close()


@pytest.fixture
def shop(database: Database, clock: ScriptedClock) -> Shop:
    return Shop(database, clock)


@pytest.fixture
def statements() -> Callable[[], AbstractContextManager[list[str]]]:
    """Collects the statements that a block runs, whatever the engine."""

    @contextlib.contextmanager
    def collect() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return collect


def _create_search(connection: Any) -> None:
    plan = list_plan(Gadget, GADGETS)
    assert plan.search is not None
    plan.search.create(connection)
