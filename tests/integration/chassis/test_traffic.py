"""Events between two services as the settings say, what each tells of itself, and repairs: the same at both sizes."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fieldmesh.common.v1 import events_pb2, operations_pb2, types_pb2
from kombu.connection import Connection
from prometheus_client import CollectorRegistry
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select

from services.chassis import backlog
from services.chassis.backlog import BacklogCollector
from services.chassis.broker import queue_of
from services.chassis.credentials import PersonCredentials
from services.chassis.database import Database
from services.chassis.epoch import renew_epoch
from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, Unavailable, WrongState
from services.chassis.feed_consumer import read_cursor
from services.chassis.grpc_channel import Channels
from services.chassis.inbox import EventHandler
from services.chassis.keys import ensure_keys, signing_key
from services.chassis.operations_servicer import OperationsServicer
from services.chassis.process import open_process, service_targets
from services.chassis.projections import Projection
from services.chassis.settings import load_settings
from services.chassis.tables import OWN
from services.chassis.tokens import TokenSigner, UserGrant
from services.chassis.traffic import EventTraffic
from services.chassis.versions_servicer import VersionedSource
from tests.support.mesh import free_ports
from tests.support.patience import eventually
from tests.support.servers import broker_vhost

from .conftest import ME, THINGS

FEED = events_pb2.DESCRIPTOR.services_by_name["FeedService"]
OPERATIONS = operations_pb2.DESCRIPTOR.services_by_name["OperationsService"]
COPIES = Table(
    "things",
    MetaData(),
    Column("id", String(60), primary_key=True),
    Column("version", Integer),
    Column("value", String(60)),
    Column("deleted", Integer),
)
COPY = Projection("shipping", "Thing", COPIES, version_column="version")
ADMIN = UserGrant("p-1", "Ada", frozenset({"admin"}))
PARTNER = UserGrant("p-2", "Pat", frozenset({"partner"}))


class Poison(Exception):
    """What a handler cannot digest."""


class Node:
    """One of the two services, on real sockets."""

    def __init__(self, name, settings, database, **events):
        self.process = open_process(name, settings)
        self.database = database
        self.handlers(name)
        self.traffic = EventTraffic(self.process, database, **events)
        self.process.server.add_servicer(OPERATIONS, OperationsServicer(self.process, database, self.traffic))
        self.process.feed_server.add_servicer(FEED, self.traffic.servicer)

    def handlers(self, name):
        if name == "workorders":
            self.process.handlers.append(EventHandler("workorders.thing", "shipping", types_pb2.Money, copy))

    def start(self):
        for server in (self.process.server, self.process.feed_server):
            server.start()
            server.serving()
        self.traffic.start()

    def stop(self):
        stopped = [server.stop(1) for server in (self.process.server, self.process.feed_server)]
        self.traffic.stop()
        for event in stopped:
            event.wait(5)
        self.process.channels.close()


def copy(transaction, event, payload):
    if payload.currency_code == "BAD":
        raise Poison("cannot digest")
    COPY.upsert(transaction, event.aggregate_id, event.aggregate_version, {"value": payload.currency_code})


def tell(transaction, row):
    transaction.publish(types_pb2.Money(currency_code=row.value), "Thing", row.id, row.version)


@pytest.fixture(params=["embedded", "grown"])
def settings(request, monkeypatch, tmp_path):
    ensure_keys(tmp_path / "keys")
    monkeypatch.setenv("FIELDMESH_DATA", str(tmp_path))
    ports = iter(free_ports(6))
    for name in ("WORKORDERS", "SHIPPING"):
        for kind in ("PORT", "FEED_PORT", "METRICS_PORT"):
            monkeypatch.setenv(f"FIELDMESH_{name}_{kind}", str(next(ports)))
        if request.param == "grown":
            monkeypatch.setenv(f"FIELDMESH_{name}_DATABASE_URL", "postgresql://for.the/record")
    if request.param == "grown":
        monkeypatch.setenv("FIELDMESH_BROKER_URL", request.getfixturevalue("own_broker"))
    return load_settings()


@pytest.fixture(scope="module")
def own_host():
    """A virtual host of this module's own: queues carry the names of real services here."""
    with broker_vhost() as url:
        yield url


@pytest.fixture
def own_broker(own_host):
    """The same, with nothing left in the queue from the test before."""
    yield own_host
    with Connection(own_host) as connection:
        queue_of("shipping", "workorders")(connection.default_channel).delete()


@pytest.fixture
def make(settings, request):
    return request.getfixturevalue("make_postgresql" if settings.broker_url else "make_sqlite")


@pytest.fixture
def shipping(settings, make):
    node = Node(
        "shipping", settings, make(), sources={"Thing": VersionedSource(THINGS, tell)}, consumers=("workorders",)
    )
    node.start()
    yield node
    with suppress(ValueError):
        node.stop()


@pytest.fixture
def workorders(settings, make, shipping):
    node = Node("workorders", settings, make(), projections=(COPY,))
    node.start()
    yield node
    node.stop()


@pytest.fixture
def operations(settings):
    """OperationsService of workorders, called as a person."""
    opened = []

    def make(grant=ADMIN):
        signer = TokenSigner(signing_key(settings.keys_folder, "admin"))
        channels = Channels(service_targets(settings), PersonCredentials(signer, lambda: grant))
        opened.append(channels)
        from fieldmesh.common.v1.operations_pb2_grpc import OperationsServiceStub

        return channels.stub(OperationsServiceStub, "workorders")

    yield make
    for channels in opened:
        channels.close()


def write(node, thing, version, value):
    with node.database.begin(actor=ME) as transaction:
        if version == 1:
            transaction.execute(insert(THINGS).values(id=thing, version=1, value=value))
        else:
            transaction.execute(THINGS.update().where(THINGS.c.id == thing).values(version=version, value=value))
        row = transaction.execute(select(THINGS).where(THINGS.c.id == thing)).one()
        tell(transaction, row)


def copies(node):
    with node.database.read() as connection:
        rows = connection.execute(select(COPIES.c.id, COPIES.c.version, COPIES.c.value, COPIES.c.deleted))
        return {row.id: (row.version, row.value) for row in rows if not row.deleted}


def gauge(node, name, database=None, **labels):
    """A gauge of a node, read as a scrape reads it; None where there is no such number."""
    registry = CollectorRegistry()
    registry.register(BacklogCollector(node.process, database or node.database, node.traffic))
    return registry.get_sample_value(f"fieldmesh_{name}", labels)


def test_events_arrive_and_nothing_is_left_over(shipping, workorders, operations):
    for version in range(1, 6):
        write(shipping, "t-1", version, f"v{version}")

    eventually(lambda: copies(workorders) == {"t-1": (5, "v5")})
    eventually(lambda: gauge(shipping, "outbox_events") == 0)
    status = operations().GetServiceStatus(operations_pb2.GetServiceStatusRequest())
    (lag,) = status.lags
    assert (status.service, lag.producer, lag.waiting, lag.parked, lag.connected) == (
        "workorders",
        "shipping",
        0,
        0,
        True,
    )
    assert status.transport == ("rabbitmq" if workorders.process.settings.broker_url else "feed")
    assert abs((datetime.now(UTC) - status.start_time.ToDatetime(UTC)).total_seconds()) < 60


def park(workorders, shipping, monkeypatch):
    monkeypatch.setattr(workorders.traffic._workers, "_backoff", (0.01,))
    write(shipping, "t-1", 1, "BAD")
    write(shipping, "t-1", 2, "good")
    write(shipping, "t-2", 1, "fine")
    eventually(lambda: copies(workorders) == {"t-2": (1, "fine")})


def parked(operations):
    stub = operations()
    found = []

    def look():
        request = operations_pb2.ListInboxEntriesRequest(state=operations_pb2.INBOX_STATE_PARKED)
        found[:] = stub.ListInboxEntries(request).entries
        return found

    eventually(look)
    (entry,) = found
    return stub, entry


def test_a_parked_event_holds_its_own_lane_until_it_is_skipped_with_a_reason(
    shipping, workorders, operations, monkeypatch
):
    park(workorders, shipping, monkeypatch)
    stub, entry = parked(operations)
    assert (entry.attempts, entry.handler, entry.aggregate_id) == (5, "workorders.thing", "t-1")
    assert entry.last_error == "Poison: cannot digest"

    with pytest.raises(InvalidRequest):
        stub.SkipInboxEntry(operations_pb2.SkipInboxEntryRequest(id=entry.id, reason="  "))
    skipped = stub.SkipInboxEntry(operations_pb2.SkipInboxEntryRequest(id=entry.id, reason="Superseded."))

    assert skipped.state == operations_pb2.INBOX_STATE_SKIPPED
    eventually(lambda: copies(workorders).get("t-1") == (2, "good"))
    with workorders.database.read() as connection:
        row = connection.execute(select(OWN.inbox).where(OWN.inbox.c.id == entry.id)).one()
    assert (row.skip_reason, row.skip_subject) == ("Superseded.", "p-1")


def test_a_parked_event_is_tried_again(shipping, workorders, operations, monkeypatch):
    park(workorders, shipping, monkeypatch)
    stub, entry = parked(operations)

    again = stub.RetryInboxEntry(operations_pb2.RetryInboxEntryRequest(id=entry.id))

    assert (again.state, again.attempts) == (operations_pb2.INBOX_STATE_WAITING, 0)
    _, entry = parked(operations)
    assert entry.attempts == 5


def test_only_parked_events_can_be_moved_and_only_by_admins(shipping, workorders, operations):
    write(shipping, "t-1", 1, "fine")
    eventually(lambda: copies(workorders) == {"t-1": (1, "fine")})
    stub = operations()
    (done,) = stub.ListInboxEntries(
        operations_pb2.ListInboxEntriesRequest(state=operations_pb2.INBOX_STATE_DONE)
    ).entries

    with pytest.raises(WrongState):
        stub.RetryInboxEntry(operations_pb2.RetryInboxEntryRequest(id=done.id))
    with pytest.raises(NotFound):
        stub.RetryInboxEntry(operations_pb2.RetryInboxEntryRequest(id="nothing"))
    with pytest.raises(NotAllowed):
        operations(PARTNER).GetServiceStatus(operations_pb2.GetServiceStatusRequest())


def test_inbox_entries_come_page_by_page(shipping, workorders, operations):
    for number in range(5):
        write(shipping, f"t-{number}", 1, "fine")
    eventually(lambda: len(copies(workorders)) == 5)
    stub = operations()
    request = operations_pb2.ListInboxEntriesRequest(state=operations_pb2.INBOX_STATE_DONE)
    request.query.page_size = 2

    seen = []
    while True:
        answer = stub.ListInboxEntries(request)
        seen += [entry.aggregate_id for entry in answer.entries]
        assert answer.page.total_size == 5
        request.query.page_token = answer.page.next_page_token
        if not request.query.page_token:
            break

    assert seen == [f"t-{number}" for number in range(5)]
    request.query.page_token = "x"
    with pytest.raises(InvalidRequest):
        stub.ListInboxEntries(request)


def test_reconciling_repairs_what_a_projection_lost_or_invented(shipping, workorders, operations):
    write(shipping, "t-1", 1, "one")
    write(shipping, "t-2", 1, "two")
    eventually(lambda: len(copies(workorders)) == 2)
    with workorders.database.begin(actor=ME) as transaction:
        transaction.execute(delete(COPIES).where(COPIES.c.id == "t-1"))
        transaction.execute(insert(COPIES).values(id="ghost", version=3, value="boo", deleted=0))

    stub = operations()
    (found,) = stub.Reconcile(operations_pb2.ReconcileRequest()).types

    assert (found.producer, found.aggregate_type) == ("shipping", "Thing")
    assert (found.checked, found.behind, found.ahead, found.surplus) == (2, 1, 0, 1)
    eventually(lambda: copies(workorders) == {"t-1": (1, "one"), "t-2": (1, "two")})
    (again,) = stub.Reconcile(operations_pb2.ReconcileRequest()).types
    assert (again.checked, again.behind, again.ahead, again.surplus) == (2, 0, 0, 0)


def test_reconciling_without_the_producer_says_so(shipping, workorders):
    shipping.stop()

    with pytest.raises(Unavailable):
        workorders.traffic.reconcile()


def restore(shipping, workorders):
    """Stands for what was lost with the backup, and the new epoch; then the consumer has noticed."""
    renew_epoch(shipping.database)
    workorders.traffic._feeds["shipping"]._stream.cancel()
    eventually(lambda: read_cursor(workorders.database, "workorders", "shipping").stopped_reason)


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_a_feed_that_stopped_after_a_restore_goes_on_once_it_was_reconciled(shipping, workorders, operations):
    write(shipping, "t-1", 1, "one")
    eventually(lambda: copies(workorders) == {"t-1": (1, "one")})
    restore(shipping, workorders)
    write(shipping, "t-2", 1, "two")
    time.sleep(0.3)
    assert "t-2" not in copies(workorders)
    (lag,) = operations().GetServiceStatus(operations_pb2.GetServiceStatusRequest()).lags
    assert (lag.connected, lag.stopped_reason) == (False, "FEED_EPOCH_CHANGED")
    assert gauge(workorders, "feed_stopped", producer="shipping") == 1

    answer = operations().Reconcile(operations_pb2.ReconcileRequest())

    assert answer.resumed_producers == ["shipping"]
    eventually(lambda: copies(workorders) == {"t-1": (1, "one"), "t-2": (1, "two")})


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_versions_that_are_counted_a_second_time_after_a_restore_deceive_nobody(shipping, workorders, operations):
    """The lost version two and the new one tell of different things under one number."""
    write(shipping, "t-1", 1, "one")
    write(shipping, "t-1", 2, "lost")
    eventually(lambda: copies(workorders) == {"t-1": (2, "lost")})
    restore(shipping, workorders)
    write(shipping, "t-1", 2, "new")

    (found,) = operations().Reconcile(operations_pb2.ReconcileRequest()).types

    assert (found.checked, found.behind) == (1, 1)
    eventually(lambda: copies(workorders) == {"t-1": (2, "new")})


def test_gauges_tell_what_is_not_sent_and_for_how_long(shipping, settings):
    shipping.traffic.stop()
    assert (gauge(shipping, "outbox_events"), gauge(shipping, "outbox_oldest_seconds")) == (0, 0)

    write(shipping, "t-1", 1, "one")
    time.sleep(0.2)
    write(shipping, "t-2", 1, "two")

    assert gauge(shipping, "outbox_events") == 2
    assert 0.2 < gauge(shipping, "outbox_oldest_seconds") < 30
    # RabbitMQ tells by itself how long its queues are.
    of_consumer = None if settings.broker_url else 2
    assert gauge(shipping, "feed_lag_events", consumer="workorders") == of_consumer
    assert (gauge(shipping, "feed_lag_seconds", consumer="workorders") or 0) < 30


def test_gauges_tell_what_waits_what_is_tried_again_and_what_is_parked(shipping, workorders, operations, monkeypatch):
    labels = {"producer": "shipping"}
    states = ("waiting", "retrying", "parked")
    assert [gauge(workorders, "inbox_events", **labels, state=state) for state in states] == [0, 0, 0]
    park(workorders, shipping, monkeypatch)
    parked(operations)
    monkeypatch.setattr(workorders.traffic._workers, "_backoff", (60,))
    write(shipping, "t-3", 1, "BAD")
    eventually(lambda: gauge(workorders, "inbox_events", **labels, state="retrying") == 1)

    assert [gauge(workorders, "inbox_events", **labels, state=state) for state in states] == [1, 1, 1]
    assert all(0 < gauge(workorders, "inbox_oldest_seconds", **labels, state=state) < 60 for state in states)
    assert gauge(workorders, "feed_connected", **labels) == 1
    assert gauge(workorders, "feed_stopped", **labels) == 0


def test_counting_the_inbox_passes_over_what_is_finished(workorders):
    database = workorders.database
    counting = backlog._UNFINISHED.compile(database.engine, compile_kwargs={"literal_binds": True})

    with database.read() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # of an empty table it would read all
        explain = "EXPLAIN" if database.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{explain} {counting}").all())

    # Both hold unfinished rows only.
    assert "ix_inbox_unfinished" in plan or "ix_inbox_lane" in plan


def test_gauges_of_a_database_that_is_away_say_just_that(workorders):
    away = Database("postgresql://127.0.0.1:1/nothing")

    assert gauge(workorders, "database_up", away) == 0
    assert gauge(workorders, "outbox_events", away) is None
    assert gauge(workorders, "database_up") == 1
    away.close()


def test_purging_keeps_what_is_young(shipping, workorders):
    write(shipping, "t-1", 1, "one")
    eventually(lambda: copies(workorders) == {"t-1": (1, "one")})

    shipping.traffic.purge()
    workorders.traffic.purge()

    with shipping.database.read() as connection:
        assert connection.execute(select(OWN.outbox.c.event_id)).all()


def test_audit_entries_come_newest_first(workorders, operations):
    with workorders.database.begin(actor=ME) as transaction:
        for number in range(3):
            values = {
                "id": f"a-{number}",
                "create_time": transaction.now,
                "actor_subject": "p-1",
                "actor_name": "Ada",
                "actor_organization_id": "",
                "resource_type": "Account" if number else "Part",
                "resource_id": "r-1",
                "verb": "update",
                "changes": [{"field": "name", "old_value": "a", "new_value": "b"}],
            }
            transaction.execute(insert(OWN.audit).values(values))
    stub = operations()

    every = stub.ListAuditEntries(operations_pb2.ListAuditEntriesRequest()).entries
    accounts = stub.ListAuditEntries(
        operations_pb2.ListAuditEntriesRequest(resource_type="Account", resource_id="r-1")
    ).entries

    assert [entry.id for entry in every] == ["a-2", "a-1", "a-0"]
    assert [entry.id for entry in accounts] == ["a-2", "a-1"]
    assert accounts[0].changes[0].new_value == "b"


def test_a_feed_is_read_by_services_only(settings, shipping):
    from fieldmesh.common.v1.events_pb2_grpc import FeedServiceStub

    signer = TokenSigner(signing_key(settings.keys_folder, "admin"))
    channels = Channels(service_targets(settings), PersonCredentials(signer, lambda: ADMIN))

    with pytest.raises(NotAllowed):
        list(channels.stub(FeedServiceStub, "shipping.feed").ReadFeed(events_pb2.ReadFeedRequest(consumer="admin")))
    channels.close()
