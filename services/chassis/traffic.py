"""Events in and out of one service, at either size: the feed with SQLite, RabbitMQ with PostgreSQL (decision 5).

Handlers, projections and whoever asks for the backlog don't learn which of the two it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fieldmesh.common.v1.events_pb2_grpc import FeedServiceStub

from services.chassis import outbox
from services.chassis.actors import service_actor
from services.chassis.broker import BrokerConsumer
from services.chassis.feed_consumer import FeedConsumer, resume_feed, stopped_feeds
from services.chassis.feed_servicer import RESTORED_REASONS, FeedServicer
from services.chassis.idempotency import purge_answers
from services.chassis.inbox import Inbox
from services.chassis.lanes import LaneWorkers
from services.chassis.log import get_logger
from services.chassis.process import FEED_SUFFIX
from services.chassis.projections import Difference, Projection, doubt, reconcile
from services.chassis.relay import Relay
from services.chassis.versions_servicer import VersionedSource, VersionsServicer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fieldmesh.common.v1.events_pb2 import ReadFeedRequest, ReadFeedResponse
    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.process import Process

log = get_logger(__name__)
# Longer than the producer lets a stream live, so that the producer is the one that ends it.
_STREAM_SECONDS: Final = 300.0
_PAGE_SECONDS: Final = 30.0


class EventTraffic:
    """What a service needs to publish its events and to handle those of others.

    `sources` are the aggregates of which others keep projections, `projections` those that this service keeps, and
    `consumers` names the services that read its events, so that nothing is purged before they did. Serve `servicer` on
    the feed port at both sizes: reconciling asks it.
    """

    def __init__(
        self,
        process: Process,
        database: Database,
        *,
        sources: Mapping[str, VersionedSource] | None = None,
        projections: Sequence[Projection] = (),
        consumers: Collection[str] = (),
    ) -> None:
        self.inbox = Inbox(database, process.name, process.handlers)
        self.projections = tuple(projections)
        self.servicer: VersionsServicer
        self._process = process
        self._database = database
        self._workers = LaneWorkers(self.inbox)
        self._feed: FeedServicer | None = None
        self._relay: Relay | None = None
        self._broker: BrokerConsumer | None = None
        self._feeds: dict[str, FeedConsumer] = {}
        broker_url = process.settings.broker_url
        if broker_url:
            self.servicer = VersionsServicer(database, process.name, sources)
            self._relay = Relay(database, process.name, broker_url, consumers=consumers)
            self._broker = BrokerConsumer(self.inbox, broker_url) if self.inbox.producers else None
        else:
            self.servicer = self._feed = FeedServicer(
                database, process.name, sources=sources, consumers=consumers, draining=process.feed_server.draining
            )
            self._feeds = {producer: self._feed_of(producer) for producer in self.inbox.producers}

    def start(self) -> None:
        """Begin to send, to accept and to handle."""
        for part in self._parts():
            part.start()

    def stop(self) -> None:
        """Accept nothing more, finish what is being handled, and end."""
        for part in self._parts():
            part.stop()

    def is_connected(self, producer: str) -> bool:
        """Whether events of a producer can arrive now."""
        feed = self._feeds.get(producer)
        return feed.connected if feed else bool(self._broker and self._broker.connected)

    def backlog(self, connection: Connection) -> outbox.Backlog:
        """Tell what is not sent or, with the feed, what the slowest consumer did not read."""
        if self._feed is None:
            return outbox.backlog(connection)
        return max(self.feed_backlogs(connection).values(), default=outbox.Backlog(), key=lambda each: each.events)

    def feed_backlogs(self, connection: Connection) -> dict[str, outbox.Backlog]:
        """Tell what each consumer did not read; nothing with a broker, whose queues tell that themselves."""
        return self._feed.backlogs(connection) if self._feed is not None else {}

    def purge(self) -> None:
        """Delete what was kept long enough: sent events, handled events, stored answers."""
        with self._database.begin(actor=service_actor(self._process.name)) as transaction:
            answers, handled = purge_answers(transaction), self.inbox.purge(transaction)
            if self._feed is not None:
                sent = self._feed.purge(transaction)
            else:
                sent = outbox.purge_sent(transaction.connection, transaction.now)
        log.info("events.purged", answers=answers, handled=handled, sent=sent)

    def reconcile(self) -> list[tuple[Projection, Difference]]:
        """Compare every projection with its source and ask for what differs; give the differences.

        Raises Unavailable where a producer does not answer.
        """
        found = []
        for projection in self.projections:
            stub = self._stub(projection.producer)
            difference = reconcile(
                self._database,
                self._process.name,
                projection,
                lambda request, stub=stub: stub.ListVersions(request, timeout=_PAGE_SECONDS),  # type: ignore[misc]
                lambda request, stub=stub: stub.Republish(request, timeout=_PAGE_SECONDS),  # type: ignore[misc]
            )
            found.append((projection, difference))
        return found

    def doubt_restored(self) -> None:
        """Take every copy for old that came over a feed which stopped after a restore; reconcile then asks for all."""
        with self._database.begin(actor=service_actor(self._process.name)) as transaction:
            stopped = stopped_feeds(transaction.connection, self._process.name)
            for projection in self.projections:
                if stopped.get(projection.producer) in RESTORED_REASONS:
                    doubt(transaction, projection)

    def resume(self) -> list[str]:
        """Read feeds from the beginning that stopped after their producer's database was restored; give the producers.

        A step after reconciling: what was accepted before is known to the inbox and changes nothing.
        """
        name = self._process.name
        with self._database.read() as connection:
            stopped = [producer for producer in stopped_feeds(connection, name) if producer in self._feeds]
        for producer in stopped:
            with self._database.begin(actor=service_actor(name)) as transaction:
                resume_feed(transaction, name, producer)
            log.info("feed.resumed", producer=producer)
        return stopped

    def _feed_of(self, producer: str) -> FeedConsumer:
        def open_feed(request: ReadFeedRequest) -> Iterable[ReadFeedResponse]:
            stream: Iterable[ReadFeedResponse] = self._stub(producer).ReadFeed(request, timeout=_STREAM_SECONDS)
            return stream

        return FeedConsumer(self.inbox, producer, open_feed)

    def _stub(self, producer: str) -> FeedServiceStub:
        return self._process.channels.stub(FeedServiceStub, f"{producer}{FEED_SUFFIX}")

    def _parts(self) -> list[FeedConsumer | BrokerConsumer | LaneWorkers | Relay]:
        """In the order of stopping as well: what brings new work goes first."""
        found: list[FeedConsumer | BrokerConsumer | LaneWorkers | Relay] = [*self._feeds.values()]
        if self._broker is not None:
            found.append(self._broker)
        found.append(self._workers)
        if self._relay is not None:
            found.append(self._relay)
        return found
