"""The producer's side of the feed: one stream a consumer carries every event of a service that has no broker.

The order relies on SQLite's single writer: sequences are given and become visible in one order, so "after n" misses
nothing. PostgreSQL commits in another order than it numbers; there the feed is refused (hard-parts 8 and 18).
"""

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from fieldmesh.common.v1 import events_pb2
from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.sqlite import insert

from services.chassis import outbox
from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.epoch import read_epoch
from services.chassis.errors import NotAllowed, WrongState
from services.chassis.identity import SUBJECT_PREFIX, current_caller
from services.chassis.log import get_logger
from services.chassis.tables import OWN
from services.chassis.unit_of_work import Transaction
from services.chassis.versions_servicer import VersionedSource, VersionsServicer

log = get_logger(__name__)

EPOCH_CHANGED = "FEED_EPOCH_CHANGED"
REWOUND = "FEED_REWOUND"
PURGED = "FEED_PURGED"
RESTORED_REASONS = frozenset({EPOCH_CHANGED, REWOUND})
"""Reasons that tell of a restore: what was read since the backup may be otherwise now."""

STOPPING_REASONS = RESTORED_REASONS | {PURGED}
"""Reasons after which a consumer must not go on by itself: reconcile first."""

_BATCH = 200
_POLL_SECONDS = 1.0


class FeedNeedsSqlite(ValueError):
    """Feed and PostgreSQL were asked for together."""

    def __init__(self) -> None:
        super().__init__(
            "The feed needs SQLite: its order relies on a single writer. "
            "With PostgreSQL, name a RabbitMQ server in FIELDMESH_BROKER_URL."
        )


@dataclass(frozen=True, slots=True)
class FeedPace:
    """How often a stream beats when it is idle, and after how long the consumer has to open the next one.

    The next one comes with the consumer's cursor, which is how the producer learns what may be purged.
    """

    heartbeat_seconds: float = 5.0
    stream_seconds: float = 240.0


class FeedServicer(VersionsServicer):
    """Serves the outbox to consumers, and versions for their reconciling.

    ``consumers`` names the services that are expected to read, so that nothing is purged before they did. ``draining``
    ends every stream soon after it is set.
    """

    def __init__(  # noqa: PLR0913 - what a feed is made of
        self,
        database: Database,
        service: str,
        *,
        sources: Mapping[str, VersionedSource] | None = None,
        consumers: Collection[str] = (),
        draining: threading.Event | None = None,
        pace: FeedPace | None = None,
    ) -> None:
        if database.dialect != "sqlite":
            raise FeedNeedsSqlite
        super().__init__(database, service, sources)
        self._consumers = frozenset(consumers)
        self._draining = draining or threading.Event()
        self._pace = pace or FeedPace()
        self._lock = threading.Lock()
        self._streams: dict[str, object] = {}
        self._positions: dict[str, int] = {}

    def ReadFeed(
        self, request: events_pb2.ReadFeedRequest, context: grpc.ServicerContext
    ) -> Iterator[events_pb2.ReadFeedResponse]:
        """Stream events after a position. WrongState with a stopping reason where the position means nothing here."""
        if current_caller().subject != f"{SUBJECT_PREFIX}{request.consumer}":
            raise NotAllowed("A service reads its own feed only.", reason="NOT_YOUR_FEED")
        with self._database.read() as connection:
            epoch = read_epoch(connection)
            _check_position(connection, request, epoch)
        self._register(request.consumer, request.after_sequence)
        return self._stream(request.consumer, request.after_sequence, epoch, context)

    def backlogs(self, connection: Connection) -> dict[str, outbox.Backlog]:
        """Tell what each consumer was not sent yet, those included that are expected and never came."""
        with self._lock:
            positions = dict(self._positions)
        return {
            consumer: outbox.backlog(connection, max(registered, positions.get(consumer, 0)))
            for consumer, registered in self._cursors(connection).items()
        }

    def purge(self, transaction: Transaction) -> int:
        """Delete events of more than thirty days that lie below every consumer's cursor; give their number."""
        below = min(self._cursors(transaction.connection).values(), default=None)
        old = delete(OWN.outbox).where(OWN.outbox.c.occur_time < transaction.now - outbox.KEPT)
        if below is not None:
            old = old.where(OWN.outbox.c.sequence <= below)
        return int(transaction.execute(old).rowcount)

    def _cursors(self, connection: Connection) -> dict[str, int]:
        """The registered cursor of each consumer, zero for one that is expected and never came."""
        registered = connection.execute(select(OWN.feed_consumers.c.consumer, OWN.feed_consumers.c.sequence))
        return dict.fromkeys(self._consumers, 0) | {row.consumer: row.sequence for row in registered}

    def _register(self, consumer: str, sequence: int) -> None:
        with self._database.begin(actor=service_actor(self._service)) as transaction:
            values = {"sequence": sequence, "seen_time": transaction.now}
            statement = insert(OWN.feed_consumers).values(consumer=consumer, **values)
            transaction.execute(statement.on_conflict_do_update(index_elements=["consumer"], set_=values))

    def _stream(
        self, consumer: str, position: int, epoch: str, context: grpc.ServicerContext
    ) -> Iterator[events_pb2.ReadFeedResponse]:
        mine = object()
        with self._lock:
            # A consumer that came back has the newest stream; an older one that lingers ends.
            self._streams[consumer] = mine
            self._positions[consumer] = position
        ends = time.monotonic() + self._pace.stream_seconds
        beat = float("-inf")
        while self._goes_on(consumer, mine, context) and time.monotonic() < ends:
            seen = self._database.published.rings
            events = self._after(position, epoch)
            if events:
                position = events[-1].sequence
                self._note_position(consumer, mine, position)
            if events or time.monotonic() - beat >= self._pace.heartbeat_seconds:
                beat = time.monotonic()
                yield events_pb2.ReadFeedResponse(epoch=epoch, events=events)
            else:
                self._database.published.wait(seen, min(_POLL_SECONDS, self._pace.heartbeat_seconds))

    def _goes_on(self, consumer: str, mine: object, context: grpc.ServicerContext) -> bool:
        return not self._draining.is_set() and context.is_active() and self._streams.get(consumer) is mine

    def _note_position(self, consumer: str, mine: object, position: int) -> None:
        with self._lock:
            if self._streams.get(consumer) is mine:
                self._positions[consumer] = position

    def _after(self, position: int, epoch: str) -> list[events_pb2.Event]:
        newer = select(OWN.outbox).where(OWN.outbox.c.sequence > position).order_by(OWN.outbox.c.sequence)
        with self._database.read() as connection:
            rows: Sequence[Any] = connection.execute(newer.limit(_BATCH)).all()
        return [outbox.event_of(row, self._service, epoch) for row in rows]


def _check_position(connection: Connection, request: events_pb2.ReadFeedRequest, epoch: str) -> None:
    """Refuse a position of another epoch, beyond the end, or before what is kept: going on would lose events."""
    if not request.epoch:
        return
    first = connection.execute(select(func.min(OWN.outbox.c.sequence))).scalar_one()
    last = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")).scalar_one_or_none() or 0
    oldest = first or last + 1
    reason = ""
    if request.epoch != epoch:
        reason = EPOCH_CHANGED
    elif request.after_sequence > last:
        reason = REWOUND
    elif request.after_sequence + 1 < oldest:
        reason = PURGED
    if reason:
        log.warning("feed.refused", consumer=request.consumer, reason=reason)
        raise WrongState("This position cannot be continued; reconcile first.", reason=reason)
