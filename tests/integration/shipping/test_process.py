"""Shipping as a process at both sizes, with the work-order service's events arriving as they do in the mesh."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fieldmesh.common.v1 import events_pb2 as common_events
from fieldmesh.common.v1 import list_pb2, operations_pb2, operations_pb2_grpc
from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    shipping_service_pb2_grpc,
    sla_pb2,
    sla_pb2_grpc,
)
from fieldmesh.shipping.v1 import shipping_service_pb2 as messages
from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import MetaData

from services.chassis.credentials import PersonCredentials
from services.chassis.database import Database
from services.chassis.epoch import ensure_epoch
from services.chassis.errors import InvalidRequest, NotAllowed, NotFound
from services.chassis.feed_servicer import FeedServicer
from services.chassis.grpc_channel import Channels
from services.chassis.keys import ensure_keys
from services.chassis.migrations import migrate
from services.chassis.process import open_process, service_targets
from services.chassis.relay import Relay
from services.chassis.settings import SERVICES, Settings, load_settings
from services.chassis.tables import chassis_tables
from services.chassis.tokens import UserGrant
from services.cli.connection import signer
from services.shipping import seeds
from tests.integration.shipping.conftest import ME, NOW, carrier_says, parts, snapshot
from tests.support import servers
from tests.support.mesh import Mesh, free_ports
from tests.support.patience import eventually

METADATA = MetaData()
chassis_tables(METADATA)
DISPATCHER = UserGrant("p-1", "Dora", frozenset({"dispatcher"}), "voltara", "vendor", "")
PARTNER = UserGrant("p-2", "Pia", frozenset({"partner"}), "bluefern", "partner", "")
STRANGER = UserGrant("p-3", "Kim", frozenset({"partner"}), "kestrel", "partner", "")


@dataclass
class Town:
    """A shipping process, a work-order service that only tells, and people who call."""

    shipping: Mesh
    settings: Settings
    producer: Database
    stack: ExitStack

    def tell(self, version: int, **changes: Any) -> None:
        moved = events_pb2.WorkOrderMoved(work_order=snapshot(), **changes)
        moved.move_time.FromDatetime(NOW)
        with self.producer.begin(actor=ME) as transaction:
            transaction.publish(moved, "WorkOrder", "w1", version)

    def stub(self, kind: Callable[..., Any], who: UserGrant | None) -> Any:
        channels = Channels(service_targets(self.settings), PersonCredentials(signer(self.settings), lambda: who))
        self.stack.callback(channels.close)
        return channels.stub(kind, "shipping")

    def orders(self, who: UserGrant | None) -> list[Any]:
        stub = self.stub(fulfilment_order_pb2_grpc.FulfilmentOrderServiceStub, who)
        return list(stub.ListFulfilmentOrders(fulfilment_order_pb2.ListFulfilmentOrdersRequest()).fulfilment_orders)

    def target(self) -> Any:
        stub = self.stub(sla_pb2_grpc.SlaTargetServiceStub, PARTNER)
        filters = [
            list_pb2.Filter(field="work_order_id", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=["w1"]),
            list_pb2.Filter(field="latest", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=["true"]),
        ]
        found = stub.ListSlaTargets(sla_pb2.ListSlaTargetsRequest(query=list_pb2.ListQuery(filters=filters)))
        return found.sla_targets[0] if found.sla_targets else None


@contextmanager
def _stand_in(settings: Settings, size: str, folder: Path) -> Iterator[Database]:
    """The work-order service, as far as its events: a feed on its port, or a relay to the broker."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/workorders.sqlite3"
        if size == "grown":
            url = stack.enter_context(servers.postgres_database())
        database = Database(url)
        stack.callback(database.close)
        with database.begin(actor=ME) as transaction:
            METADATA.create_all(transaction.connection)
        ensure_epoch(database)
        if size == "grown":
            relay = Relay(database, "workorders", settings.broker_url, consumers=("shipping",))
            relay.start()
            stack.callback(relay.stop)
        else:
            process = open_process("workorders", settings)
            feed = FeedServicer(database, "workorders", consumers=("shipping",), draining=process.feed_server.draining)
            process.feed_server.add_servicer(common_events.DESCRIPTOR.services_by_name["FeedService"], feed)
            process.feed_server.start()
            stack.callback(lambda: process.feed_server.stop(2).wait())
        yield database


@pytest.fixture(params=["embedded", "grown"])
def town(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    with ExitStack() as stack:
        numbers = free_ports(3 * len(SERVICES))
        changed = {"FIELDMESH_DATA": str(tmp_path)}
        ports = {}
        for service in SERVICES:
            ports[service] = numbers[-1]
            for port in ("PORT", "FEED_PORT", "METRICS_PORT"):
                changed[f"FIELDMESH_{service.upper()}_{port}"] = str(numbers.pop())
        if request.param == "grown":
            changed["FIELDMESH_BROKER_URL"] = stack.enter_context(servers.broker_vhost())
            changed["FIELDMESH_SHIPPING_DATABASE_URL"] = stack.enter_context(servers.postgres_database())
        for name, value in changed.items():
            monkeypatch.setenv(name, value)
        settings = load_settings()
        ensure_keys(settings.keys_folder)
        migrate("shipping", settings.service("shipping").database_url)
        producer = stack.enter_context(_stand_in(settings, request.param, tmp_path))
        running = Mesh(tmp_path, dict(os.environ), ports)
        running.start("shipping")
        stack.callback(running.stop, "shipping")
        yield Town(running, settings, producer, stack)


@pytest.mark.req("CP-70")
@pytest.mark.req("CP-71")
def test_parts_are_asked_for_ordered_and_followed(town: Town) -> None:
    town.tell(1, effects=["accepted", "request_parts"], parts=parts())
    desk = town.stub(shipping_service_pb2_grpc.FulfilmentDeskServiceStub, DISPATCHER)
    awaiting = eventually(town.target)
    assert not awaiting.HasField("due_date")

    placed = desk.PlaceOrder(messages.PlaceOrderRequest(work_order_id="w1", request_id="a"))
    carrier = town.stub(shipping_service_pb2_grpc.FulfilmentDeskServiceStub, None)
    update = carrier_says(1, 2, order=placed.number, expected=date(2026, 3, 1))
    taken = carrier.IngestTracking(messages.IngestTrackingRequest(updates=[update], request_id="b"))

    assert placed.number == "00287387"
    assert taken.results[0].applied
    assert town.target().due_date.day == 2
    assert [each.number for each in town.orders(PARTNER)] == ["00287387"]
    assert town.orders(STRANGER) == []


def test_refusals_cross_the_wire_with_their_reason(town: Town) -> None:
    town.tell(1, effects=["request_parts"], parts=parts())
    eventually(town.target)
    place = messages.PlaceOrderRequest(work_order_id="w1")

    with pytest.raises(NotAllowed):
        town.stub(shipping_service_pb2_grpc.FulfilmentDeskServiceStub, PARTNER).PlaceOrder(place)
    with pytest.raises(NotFound) as hidden:
        stranger = UserGrant("p-4", "Udo", frozenset({"dispatcher"}), "millbrook", "utility", "")
        town.stub(shipping_service_pb2_grpc.FulfilmentDeskServiceStub, stranger).PlaceOrder(place)
    assert hidden.value.reason == "NOT_FOUND"
    desk = town.stub(shipping_service_pb2_grpc.SlaDeskServiceStub, PARTNER)
    with pytest.raises(InvalidRequest) as wrong:
        desk.PreviewSlaTarget(messages.PreviewSlaTargetRequest(policy_code=seeds.ASSURE))
    assert [each.field for each in wrong.value.violations] == ["site_time_zone"]


def test_what_was_told_while_it_was_dead_takes_effect_once(town: Town) -> None:
    town.tell(1)
    eventually(town.target)

    town.shipping.kill("shipping")
    town.tell(2, effects=["accepted", "request_parts"], parts=parts())
    town.tell(3, effects=["place_order"])
    town.shipping.start("shipping")

    assert [each.number for each in eventually(lambda: town.orders(DISPATCHER))] == ["00287387"]
    operations = town.stub(operations_pb2_grpc.OperationsServiceStub, None)
    status = operations.GetServiceStatus(operations_pb2.GetServiceStatusRequest())
    assert [(lag.producer, lag.waiting, lag.parked) for lag in status.lags if lag.producer == "workorders"] == [
        ("workorders", 0, 0)
    ]
