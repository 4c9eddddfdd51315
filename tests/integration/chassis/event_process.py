"""One side of an event stream as a process of its own, for tests that kill it.

`python -m … <role> <database> <way> <count>`, where the way is the feed's port or the broker's address. The producer
writes versions 1 to `count` of five things, going on where it was killed; the consumer applies them.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from fieldmesh.common.v1 import events_pb2_grpc, types_pb2
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.broker import BrokerConsumer
from services.chassis.database import Database
from services.chassis.feed_consumer import FeedConsumer
from services.chassis.feed_servicer import FeedPace, FeedServicer
from services.chassis.identity import Call, enter, service_caller
from services.chassis.inbox import Inbox
from services.chassis.lanes import LaneWorkers
from services.chassis.relay import Relay

from .conftest import ME, THINGS
from .events import handler_of

AGGREGATES = tuple(f"a{number}" for number in range(5))


class OpenFeed(FeedServicer):
    """Asks nobody for a token: what is tested here is not who calls."""

    def ReadFeed(self, request, context):  # noqa: N802 - the contract's name
        enter(Call(service_caller(request.consumer), "r"))
        return super().ReadFeed(request, context)


def produce(url: str, way: str, count: int) -> None:
    database = Database(url)
    if way.isdecimal():
        server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
        events_pb2_grpc.add_FeedServiceServicer_to_server(
            OpenFeed(database, "source", pace=FeedPace(heartbeat_seconds=0.5)), server
        )
        server.add_insecure_port(f"127.0.0.1:{way}")
        server.start()
    else:
        Relay(database, "source", way, consumers=["tests"]).start()
    insert = postgresql.insert if database.dialect == "postgresql" else sqlite.insert
    for _ in range(count):
        for aggregate in AGGREGATES:
            with database.begin(actor=ME) as transaction:
                written = insert(THINGS).values(id=aggregate, version=1)
                again = written.on_conflict_do_update(index_elements=["id"], set_={"version": THINGS.c.version + 1})
                version = transaction.execute(again.returning(THINGS.c.version)).scalar_one()
                if version <= count:
                    transaction.publish(types_pb2.Money(micros=version), "Thing", aggregate, version)
            time.sleep(0.006)


def consume(url: str, way: str) -> None:
    inbox = Inbox(Database(url), "tests", [handler_of()])
    if way.isdecimal():
        channel = grpc.insecure_channel(f"127.0.0.1:{way}", options=[("grpc.max_reconnect_backoff_ms", 200)])
        stub = events_pb2_grpc.FeedServiceStub(channel)
        FeedConsumer(inbox, "source", lambda request: stub.ReadFeed(request, timeout=60), pause=0.1).start()
    else:
        BrokerConsumer(inbox, way).start()
    LaneWorkers(inbox, threads=2).start()


if __name__ == "__main__":
    role, address, path, total = sys.argv[1:]
    if role == "producer":
        produce(address, path, int(total))
    else:
        consume(address, path)
    while True:
        time.sleep(1)
