"""Events over a real RabbitMQ, relayed from a real PostgreSQL: in order, none lost, none doubled (hard-parts 6, 7)."""

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from fieldmesh.common.v1 import types_pb2
from kombu.connection import Connection
from sqlalchemy import func, select, text, update

from services.chassis.broker import BrokerConsumer, exchange_of, queue_of
from services.chassis.errors import Unavailable
from services.chassis.inbox import Inbox
from services.chassis.lanes import LaneWorkers
from services.chassis.relay import Relay
from services.chassis.tables import OWN
from tests.support.patience import eventually

from .conftest import ME
from .events import effects, event_of, handler_of


@pytest.fixture
def name(request):
    """A producer of this test's own, so that tests can share a virtual host."""
    return f"source-{abs(hash(request.node.name)) % 10**8}"


@pytest.fixture
def database(make_postgresql):
    return make_postgresql()


@pytest.fixture
def inbox(make_postgresql, name):
    handler = handler_of()
    return Inbox(make_postgresql(), "tests", [type(handler)(handler.id, name, handler.event, handler.handle)])


@pytest.fixture
def relay(database, broker, name):
    made = Relay(database, name, broker, consumers=("tests",))
    yield made
    assert made.stop()


@pytest.fixture
def consumer(inbox, broker):
    made = BrokerConsumer(inbox, broker)
    yield made
    assert made.stop()


def publish(database, aggregate, versions):
    for version in versions:
        with database.begin(actor=ME) as transaction:
            transaction.publish(types_pb2.Money(micros=version), "Thing", aggregate, version)


def unsent(database):
    with database.read() as connection:
        rows = connection.execute(
            select(OWN.outbox.c.aggregate_id, OWN.outbox.c.aggregate_version)
            .where(OWN.outbox.c.sent_time.is_(None))
            .order_by(OWN.outbox.c.sequence)
        )
        return [tuple(row) for row in rows]


def messages(broker, name, consumer="tests"):
    """Takes everything out of a queue: (aggregate, version)."""
    from fieldmesh.common.v1.events_pb2 import Event

    taken = []
    with Connection(broker) as connection:
        queue = queue_of(name, consumer)(connection.default_channel)
        while (message := queue.get(no_ack=True)) is not None:
            event = Event.FromString(bytes(message.body))
            taken.append((event.aggregate_id, event.aggregate_version))
    return taken


def accepted(inbox):
    with inbox.database.read() as connection:
        return connection.execute(select(func.count()).select_from(OWN.inbox)).scalar_one()


def test_what_is_committed_arrives_and_takes_effect_once(database, relay, consumer, inbox):
    relay.start()
    consumer.start()

    publish(database, "a", range(1, 21))
    eventually(lambda: accepted(inbox) == 20)
    LaneWorkers(inbox).run_until_idle()

    assert effects(inbox.database) == [("a", version) for version in range(1, 21)]
    eventually(lambda: unsent(database) == [])


def test_an_event_waits_for_a_consumer_that_has_not_started_yet(database, relay, broker, name):
    publish(database, "a", [1])

    assert relay.run_until_idle() == 1

    assert messages(broker, name) == [("a", 1)]


def test_an_event_without_a_queue_stays_and_holds_back_its_own_aggregate_only(database, broker, name):
    """Without "mandatory" it would vanish; without waiting for its confirm, its successor would overtake it."""
    with Connection(broker) as connection:
        queue = queue_of(name, "tests")(connection.default_channel)
        queue.routing_key = types_pb2.Money.DESCRIPTOR.full_name
        queue.declare()
    with database.begin(actor=ME) as transaction:
        transaction.publish(types_pb2.Position(), "Thing", "a", 1)
    publish(database, "a", [2, 3])
    publish(database, "b", [1])
    relay = Relay(database, name, broker)

    assert relay.run_until_idle() == 1

    assert messages(broker, name) == [("b", 1)]
    assert unsent(database) == [("a", 1), ("a", 2), ("a", 3)]
    with Connection(broker) as connection:
        queue_of(name, "tests")(connection.default_channel).declare()
    with database.begin(actor=ME) as transaction:
        transaction.execute(update(OWN.outbox).values(next_time=None))
    assert relay.run_until_idle() == 3
    assert messages(broker, name) == [("a", 1), ("a", 2), ("a", 3)]


def test_one_relay_at_a_time(database, broker, name):
    first, second = Relay(database, name, broker, consumers=["tests"]), Relay(database, name, broker)
    first.start()
    eventually(lambda: first.elected)

    assert second.run_until_idle() is None
    assert first.stop()
    publish(database, "a", [1])
    assert second.run_until_idle() == 1


def test_another_relay_takes_over_when_the_elected_one_loses_its_connection(database, broker, name):
    first, second = (Relay(database, name, broker, consumers=["tests"]) for _ in range(2))
    first.start()
    eventually(lambda: first.connected)
    second.start()

    with database.engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
            )
        )
    publish(database, "a", [1])

    eventually(lambda: unsent(database) == [])
    assert [each.stop() for each in (first, second)] == [True, True]


@pytest.mark.timeout(120)
def test_two_relays_under_load_send_every_aggregate_in_order(database, broker, name):
    """With SKIP LOCKED and two relays, a third of the events came out of order."""
    relays = [Relay(database, name, broker, consumers=["tests"]) for _ in range(2)]
    for each in relays:
        each.start()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: publish(database, f"a{number}", range(1, 51)), range(6)))
    eventually(lambda: unsent(database) == [])
    for each in relays:
        assert each.stop()

    orders = defaultdict(list)
    for aggregate, version in messages(broker, name):
        orders[aggregate].append(version)
    assert orders == {f"a{number}": list(range(1, 51)) for number in range(6)}


def test_a_consumer_whose_database_is_away_keeps_the_order(database, relay, inbox, consumer, monkeypatch):
    """Putting a single event back lets those that were fetched with it overtake."""
    store, failures = inbox.accept, [Unavailable("away"), Unavailable("away")]

    def flaky(transaction, events, **kwargs):
        if events[0].aggregate_version == 5 and failures:
            raise failures.pop()
        store(transaction, events, **kwargs)

    monkeypatch.setattr(inbox, "accept", flaky)
    publish(database, "a", range(1, 31))
    relay.run_until_idle()

    consumer.start()
    eventually(lambda: accepted(inbox) == 30)

    with inbox.database.read() as connection:
        order = connection.execute(select(OWN.inbox.c.aggregate_version).order_by(OWN.inbox.c.sequence)).scalars()
        assert list(order) == list(range(1, 31))


def test_replicas_of_a_consumer_that_come_and_go_keep_the_order(database, relay, inbox, broker, monkeypatch):
    """A consumer that cancels before it gives back what it was sent lets the next one overtake it."""
    store = inbox.accept

    def slowly(transaction, events, **kwargs):
        time.sleep(0.003)
        store(transaction, events, **kwargs)

    monkeypatch.setattr(inbox, "accept", slowly)
    relay.start()
    replicas = [BrokerConsumer(inbox, broker)]
    replicas[0].start()
    with ThreadPoolExecutor() as pool:
        publishing = pool.submit(publish, database, "a", range(1, 301))
        for _ in range(5):
            replicas.append(BrokerConsumer(inbox, broker))
            replicas[-1].start()
            eventually(lambda: replicas[-1].connected)
            assert replicas[-2].stop()
        publishing.result()
    eventually(lambda: accepted(inbox) == 300)
    assert replicas[-1].stop()

    with inbox.database.read() as connection:
        order = connection.execute(select(OWN.inbox.c.aggregate_version).order_by(OWN.inbox.c.sequence)).scalars()
        assert list(order) == list(range(1, 301))


def test_something_that_is_no_event_is_dropped_and_the_rest_goes_on(broker, name, inbox, consumer):
    with Connection(broker) as connection:
        channel = connection.default_channel
        queue_of(name, "tests")(channel).declare()
        producer = connection.Producer(channel)
        for body in (b"\xff\xfe", event_of("a", 1, producer=name).SerializeToString()):
            producer.publish(
                body,
                exchange=exchange_of(name),
                routing_key="x",
                content_type="application/x-protobuf",
                content_encoding="binary",
            )

    consumer.start()

    eventually(lambda: accepted(inbox) == 1)


def test_a_relay_without_a_broker_waits_and_loses_nothing(database, name):
    relay = Relay(database, name, "amqp://guest:guest@127.0.0.1:1/")
    relay.start()
    publish(database, "a", [1])
    time.sleep(0.5)

    assert relay.stop()
    assert unsent(database) == [("a", 1)]


def test_a_consumer_without_a_broker_can_be_stopped(inbox):
    consumer = BrokerConsumer(inbox, "amqp://guest:guest@127.0.0.1:1/")
    consumer.start()
    time.sleep(0.3)

    assert consumer.stop()
    assert not consumer.connected


def test_a_relay_on_sqlite_is_refused(make_sqlite, broker):
    with pytest.raises(ValueError, match="feed"):
        Relay(make_sqlite(), "source", broker)


def test_threads_are_gone():
    assert not [thread.name for thread in threading.enumerate() if thread.name in {"relay", "broker"}]
