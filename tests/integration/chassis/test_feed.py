"""The feed between two services with SQLite: nothing lost or doubled over restarts and restores (hard-parts 8)."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import grpc
import pytest
from fieldmesh.common.v1 import events_pb2, events_pb2_grpc, types_pb2
from sqlalchemy import delete, select, update

from services.chassis.database import Database
from services.chassis.epoch import ensure_epoch, renew_epoch
from services.chassis.errors import NotAllowed, Refusal, Unavailable, WrongState, refusal_status
from services.chassis.feed_consumer import FeedConsumer, read_cursor, resume_feed
from services.chassis.feed_servicer import EPOCH_CHANGED, PURGED, REWOUND, FeedNeedsSqlite, FeedPace, FeedServicer
from services.chassis.identity import Call, enter, service_caller
from services.chassis.inbox import Inbox
from services.chassis.lanes import LaneWorkers
from services.chassis.tables import OWN
from tests.support.patience import eventually

from .conftest import ME, METADATA
from .events import effects, handler_of

QUICK = FeedPace(heartbeat_seconds=0.05, stream_seconds=0.3)


class _Refusing(grpc.ServerInterceptor):
    """Stands in for the host's interceptor: an identity before, a status after."""

    def intercept_service(self, continuation, details):
        handler = continuation(details)
        consumer = dict(details.invocation_metadata)["consumer"]

        def behaviour(request, context):
            enter(Call(service_caller(consumer), "r"))
            try:
                yield from handler.unary_stream(request, context)
            except Refusal as refusal:
                from grpc_status import rpc_status

                context.abort_with_status(rpc_status.to_status(refusal_status(refusal)))

        return grpc.unary_stream_rpc_method_handler(
            behaviour, handler.request_deserializer, handler.response_serializer
        )


class Producer:
    """A service with a feed on a real port, which can be stopped and started, and its database backed up."""

    def __init__(self, folder, *, pace=QUICK, workers=4, consumers=()):
        self.path = folder / "source.sqlite3"
        self.pace, self.workers, self.consumers = pace, workers, consumers
        self.version = 0
        self.port = 0
        self.database = self.server = self.servicer = None
        self.open()

    def open(self):
        self.database = Database(f"sqlite:///{self.path}")
        with self.database.begin(actor=ME) as transaction:
            METADATA.create_all(transaction.connection)
        ensure_epoch(self.database)
        self.draining = threading.Event()
        self.servicer = FeedServicer(
            self.database, "source", pace=self.pace, draining=self.draining, consumers=self.consumers
        )
        self.server = grpc.server(ThreadPoolExecutor(self.workers), interceptors=[_Refusing()])
        events_pb2_grpc.add_FeedServiceServicer_to_server(self.servicer, self.server)
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        self.server.start()

    def close(self):
        self.draining.set()
        self.server.stop(1).wait()
        self.database.close()

    def publish(self, count=1, aggregate="a"):
        for _ in range(count):
            self.version += 1
            with self.database.begin(actor=ME) as transaction:
                transaction.publish(types_pb2.Money(micros=self.version), "Thing", aggregate, self.version)

    def back_up(self, to):
        self.close()
        shutil.copy(self.path, to)
        self.open()

    def restore(self, backup):
        self.close()
        for each in self.path.parent.glob(f"{self.path.name}*"):
            each.unlink()
        shutil.copy(backup, self.path)
        self.open()


@pytest.fixture
def producer(tmp_path):
    made = Producer(tmp_path)
    yield made
    made.close()


@pytest.fixture
def channel(producer):
    with grpc.insecure_channel(
        f"127.0.0.1:{producer.port}",
        options=[("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 50)],
    ) as opened:
        yield opened


@pytest.fixture
def open_feed(channel):
    stub = events_pb2_grpc.FeedServiceStub(channel)

    def opened(request, consumer="tests"):
        return stub.ReadFeed(request, timeout=30, metadata=[("consumer", consumer)], wait_for_ready=True)

    return opened


@pytest.fixture
def inbox(make_sqlite):
    return Inbox(make_sqlite(), "tests", [handler_of()])


@pytest.fixture
def consumer(inbox, open_feed):
    return FeedConsumer(inbox, "source", open_feed, pause=0.01)


def handled(inbox) -> list[int]:
    LaneWorkers(inbox).run_until_idle()
    return [version for _, version in effects(inbox.database)]


@contextmanager
def running(consumer):
    consumer.start()
    try:
        yield
    finally:
        assert consumer.stop()


def test_events_are_accepted_in_order_with_the_cursor(producer, consumer, inbox):
    producer.publish(450)

    consumer.read_once()

    assert handled(inbox) == list(range(1, 451))
    assert read_cursor(inbox.database, "tests", "source").sequence == 450


def test_an_event_arrives_at_once_while_the_stream_is_open(tmp_path, inbox, consumer, producer):
    with running(consumer):
        eventually(lambda: consumer.connected)
        started = time.monotonic()
        producer.publish()
        eventually(lambda: inbox.unfinished() == 1)

    assert time.monotonic() - started < 1


def test_a_new_consumer_after_a_restart_goes_on_at_the_cursor(producer, inbox, open_feed):
    """Handlers have permanent ids and the cursor has no handler in it: renaming a method repeats nothing."""
    producer.publish(3)
    FeedConsumer(inbox, "source", open_feed).read_once()
    producer.publish(2)
    seen = []

    def recording(request):
        for response in open_feed(request):
            seen.extend(event.sequence for event in response.events)
            yield response

    FeedConsumer(inbox, "source", recording).read_once()

    assert seen == [4, 5]
    assert handled(inbox) == [1, 2, 3, 4, 5]


def test_a_crash_between_accepting_and_the_cursor_neither_loses_nor_doubles(producer, inbox, consumer, monkeypatch):
    producer.publish(3)
    accepted = Inbox.accept

    def accept_and_crash(self, transaction, events, **kwargs):
        accepted(self, transaction, events, **kwargs)
        raise ConnectionError

    monkeypatch.setattr(Inbox, "accept", accept_and_crash)
    with pytest.raises(ConnectionError):
        consumer.read_once()
    monkeypatch.undo()
    assert inbox.unfinished() == 0

    consumer.read_once()

    assert handled(inbox) == [1, 2, 3]


def test_a_restored_producer_stops_the_consumer_and_reconciling_loses_nothing(producer, inbox, consumer, tmp_path):
    """With max(seq) as the cursor, the events that reuse numbers after the restore would all be taken for old ones."""
    producer.publish(20)
    producer.back_up(tmp_path / "backup")
    producer.publish(40)
    consumer.read_once()
    assert len(handled(inbox)) == 60

    producer.restore(tmp_path / "backup")
    renew_epoch(producer.database)
    producer.version = 100
    producer.publish(60)
    with pytest.raises(WrongState) as stopped:
        consumer.read_once()

    assert stopped.value.reason == EPOCH_CHANGED
    assert read_cursor(inbox.database, "tests", "source").stopped_reason == EPOCH_CHANGED
    assert len(handled(inbox)) == 60
    consumer.read_once()  # stays stopped
    assert len(handled(inbox)) == 60

    with inbox.database.begin(actor=ME) as transaction:
        resume_feed(transaction, "tests", "source")
    consumer.read_once()

    assert handled(inbox) == [*range(1, 61), *range(101, 161)]


def test_a_restore_that_nobody_declared_is_noticed_where_the_numbers_ran_back(producer, inbox, consumer, tmp_path):
    producer.publish(20)
    producer.back_up(tmp_path / "backup")
    producer.publish(40)
    consumer.read_once()

    producer.restore(tmp_path / "backup")
    with pytest.raises(WrongState) as stopped:
        consumer.read_once()

    assert stopped.value.reason == REWOUND


def test_a_gap_is_noticed_instead_of_passed_over(producer, inbox, consumer):
    producer.publish(3)
    consumer.read_once()
    producer.publish(3)
    with producer.database.begin(actor=ME) as transaction:
        transaction.execute(delete(OWN.outbox).where(OWN.outbox.c.sequence < 6))

    with pytest.raises(WrongState) as stopped:
        consumer.read_once()

    assert stopped.value.reason == PURGED


def test_only_what_every_consumer_has_accepted_is_purged(producer, inbox, consumer, open_feed):
    producer.publish(3)
    consumer.read_once()
    list(open_feed(events_pb2.ReadFeedRequest(consumer="slow"), "slow"))
    producer.publish(3)
    consumer.read_once()
    consumer.read_once()  # opens with its cursor at 6
    later = None
    with producer.database.begin(actor=ME) as transaction:
        later = transaction.now + timedelta(days=31)

    def purge():
        with producer.database.begin(actor=ME, now=later) as transaction:
            return producer.servicer.purge(transaction)

    assert purge() == 0  # slow never accepted anything
    epoch = read_cursor(inbox.database, "tests", "source").epoch
    list(open_feed(events_pb2.ReadFeedRequest(consumer="slow", epoch=epoch, after_sequence=2), "slow"))
    assert purge() == 2


def test_nothing_is_purged_before_an_expected_consumer_came(tmp_path):
    producer = Producer(tmp_path, consumers=("shipping",))
    producer.publish(3)
    with producer.database.begin(actor=ME) as transaction:
        transaction.execute(update(OWN.outbox).values(occur_time=transaction.now - timedelta(days=90)))
        assert producer.servicer.purge(transaction) == 0
    producer.close()


def test_the_backlog_of_a_consumer_is_what_it_was_not_sent(producer, consumer, open_feed):
    producer.publish(3)
    with producer.database.read() as connection:
        assert producer.servicer.backlogs(connection) == {}

    consumer.read_once()
    list(open_feed(events_pb2.ReadFeedRequest(consumer="slow"), "slow"))
    producer.publish(2)

    with producer.database.read() as connection:
        behind = producer.servicer.backlogs(connection)
        fourth = connection.execute(select(OWN.outbox.c.occur_time).where(OWN.outbox.c.sequence == 4)).scalar_one()
    assert behind == {"tests": (2, fourth), "slow": (2, fourth)}


def test_a_feed_is_read_by_its_own_consumer_only(producer, open_feed):
    with pytest.raises(grpc.RpcError) as refused:
        list(open_feed(events_pb2.ReadFeedRequest(consumer="shipping"), "tests"))

    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert NotAllowed.kind == "forbidden"


def test_one_stream_a_consumer_however_often_it_comes_back(tmp_path):
    """Sixteen idle streams held sixteen threads, and nobody else was answered (hard-parts 18)."""
    producer = Producer(tmp_path, pace=FeedPace(heartbeat_seconds=0.05, stream_seconds=60), workers=2)
    request = events_pb2.ReadFeedRequest(consumer="tests")
    with grpc.insecure_channel(f"127.0.0.1:{producer.port}") as channel:
        stub = events_pb2_grpc.FeedServiceStub(channel)
        streams = []
        for _ in range(16):
            stream = stub.ReadFeed(request, timeout=30, metadata=[("consumer", "tests")])
            next(stream)  # answered although only two threads serve
            streams.append(stream)

        ended = [sum(1 for _ in stream) >= 0 for stream in streams[:-1]]

        assert len(ended) == 15
        assert len(next(streams[-1]).events) == 0
        streams[-1].cancel()
    producer.close()


def test_a_producer_that_stops_ends_its_streams_and_is_found_again(producer, inbox, consumer):
    with running(consumer):
        eventually(lambda: consumer.connected)
        producer.publish(5)
        eventually(lambda: inbox.unfinished() == 5)
        producer.close()
        eventually(lambda: not consumer.connected)
        producer.open()
        producer.publish(5)
        eventually(lambda: inbox.unfinished() == 10)

    assert handled(inbox) == list(range(1, 11))


def test_a_producer_that_is_not_there_is_unavailable(inbox):
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        stub = events_pb2_grpc.FeedServiceStub(channel)
        consumer = FeedConsumer(inbox, "source", lambda request: stub.ReadFeed(request, timeout=5))

        with pytest.raises(Unavailable):
            consumer.read_once()


def test_writers_while_the_feed_is_read_are_neither_lost_nor_reordered(producer, inbox, consumer):
    def write(aggregate):
        for version in range(1, 26):
            with producer.database.begin(actor=ME) as transaction:
                transaction.publish(types_pb2.Money(micros=version), "Thing", aggregate, version)

    with running(consumer), ThreadPoolExecutor() as pool:
        list(pool.map(write, [f"a{number}" for number in range(8)]))
        eventually(lambda: inbox.unfinished() == 200)

    LaneWorkers(inbox).run_until_idle()
    for number in range(8):
        mine = [version for aggregate, version in effects(inbox.database) if aggregate == f"a{number}"]
        assert mine == list(range(1, 26))


def test_the_feed_with_postgresql_is_refused_at_start(make_postgresql):
    with pytest.raises(FeedNeedsSqlite, match="FIELDMESH_BROKER_URL"):
        FeedServicer(make_postgresql(), "source")


def test_the_outbox_of_the_feed_keeps_the_envelope(producer, inbox, consumer):
    producer.publish()
    consumer.read_once()

    with inbox.database.read() as connection:
        stored = connection.execute(select(OWN.inbox.c.event)).scalar_one()
    event = events_pb2.Event.FromString(stored)

    assert (event.producer, event.sequence, event.type) == ("source", 1, "fieldmesh.common.v1.Money")
    assert event.actor.subject == "service:tests"
    assert event.epoch
