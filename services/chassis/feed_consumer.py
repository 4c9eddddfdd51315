"""The consumer's side of the feed: reads each producer's stream into the inbox, with a cursor (hard-parts 8)."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace

import grpc
from fieldmesh.common.v1.events_pb2 import ReadFeedRequest, ReadFeedResponse
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.errors import Refusal, WrongState, remote_refusal
from services.chassis.feed_servicer import EPOCH_CHANGED, STOPPING_REASONS
from services.chassis.inbox import Inbox
from services.chassis.log import get_logger
from services.chassis.tables import OWN
from services.chassis.unit_of_work import Transaction

log = get_logger(__name__)

OpenFeed = Callable[[ReadFeedRequest], Iterable[ReadFeedResponse]]
"""Opens the stream of one producer, such as ``lambda request: stub.ReadFeed(request, timeout=300)``."""

_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a consumer has accepted a producer's events; ``stopped_reason`` is empty while it may go on."""

    epoch: str = ""
    sequence: int = 0
    stopped_reason: str = ""


class FeedConsumer:
    """Reads one producer's feed on a thread of its own for as long as the service runs."""

    def __init__(self, inbox: Inbox, producer: str, open_feed: OpenFeed, *, pause: float = _PAUSE_SECONDS) -> None:
        self.producer = producer
        self.connected = False
        self._inbox = inbox
        self._open_feed = open_feed
        self._pause = pause
        self._stopping = threading.Event()
        self._stream: Iterable[ReadFeedResponse] | None = None
        self._thread = threading.Thread(target=self._work, name=f"feed-{producer}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """End the stream and the thread; tell whether it ended in time. What was not accepted comes again."""
        self._stopping.set()
        cancel = getattr(self._stream, "cancel", None)
        if cancel is not None:
            cancel()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def read_once(self) -> None:
        """Read one stream until it ends. Raises what the producer refused, and Unavailable where it is not there.

        A reason after which going on would lose events stops this cursor until somebody reconciles.
        """
        service = self._inbox.service
        cursor = read_cursor(self._inbox.database, service, self.producer)
        if cursor.stopped_reason:
            return
        try:
            self._read(cursor, ReadFeedRequest(consumer=service, epoch=cursor.epoch, after_sequence=cursor.sequence))
        except grpc.RpcError as error:
            raise self._halted(remote_refusal(error, self.producer)) from error
        except Refusal as refusal:
            raise self._halted(refusal) from None
        finally:
            self.connected = False

    def _read(self, cursor: Cursor, request: ReadFeedRequest) -> None:
        self._stream = self._open_feed(request)
        for response in self._stream:
            if cursor.epoch and response.epoch != cursor.epoch:
                raise WrongState("The producer's database was restored.", reason=EPOCH_CHANGED)
            self.connected = True
            if response.events:
                self._accept(response)
            if self._stopping.is_set():
                return

    def _accept(self, response: ReadFeedResponse) -> None:
        """Store events and cursor in one transaction: neither a repeat nor a gap can come of a crash in between."""
        cursor = Cursor(response.epoch, response.events[-1].sequence)
        with self._inbox.database.begin(actor=service_actor(self._inbox.service)) as transaction:
            self._inbox.accept(transaction, response.events)
            _write_cursor(transaction, self._inbox.service, self.producer, cursor)

    def _halted(self, refusal: Refusal) -> Refusal:
        """Remember a reason to stop, so that no restart goes on over a gap."""
        if refusal.reason in STOPPING_REASONS:
            log.error("feed.stopped", producer=self.producer, reason=refusal.reason, remedy="fieldmesh reconcile")
            with self._inbox.database.begin(actor=service_actor(self._inbox.service)) as transaction:
                cursor = _find_cursor(transaction.connection, self._inbox.service, self.producer)
                stopped = replace(cursor, stopped_reason=refusal.reason)
                _write_cursor(transaction, self._inbox.service, self.producer, stopped)
        return refusal

    def _work(self) -> None:
        pause = self._pause
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self.read_once()
            except Refusal as refusal:
                log.info("feed.interrupted", producer=self.producer, reason=refusal.reason)
            except Exception:
                log.exception("feed.failed", producer=self.producer)
            if time.monotonic() - started > _LONGEST_PAUSE_SECONDS:
                pause = self._pause
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def read_cursor(database: Database, consumer: str, producer: str) -> Cursor:
    """Give how far a consumer is with a producer; the very beginning where it never read."""
    with database.read() as connection:
        return _find_cursor(connection, consumer, producer)


def stopped_feeds(connection: Connection, consumer: str) -> dict[str, str]:
    """Give the producers whose feeds a consumer must not read on, each with the reason."""
    cursors = OWN.feed_cursors.c
    stopped = select(cursors.producer, cursors.stopped_reason).where(
        cursors.consumer == consumer, cursors.stopped_reason != ""
    )
    return {row.producer: row.stopped_reason for row in connection.execute(stopped)}


def resume_feed(transaction: Transaction, consumer: str, producer: str) -> None:
    """Let a stopped consumer read again, from the first event that the producer still keeps.

    Events that were accepted before are known to the inbox by their ids and change nothing. A step of reconciling.
    """
    _write_cursor(transaction, consumer, producer, Cursor())


def _find_cursor(connection: Connection, consumer: str, producer: str) -> Cursor:
    cursors = OWN.feed_cursors.c
    found = connection.execute(
        select(cursors.epoch, cursors.sequence, cursors.stopped_reason).where(
            cursors.consumer == consumer, cursors.producer == producer
        )
    ).first()
    return Cursor() if found is None else Cursor(*found)


def _write_cursor(transaction: Transaction, consumer: str, producer: str, cursor: Cursor) -> None:
    values = asdict(cursor) | {"update_time": transaction.now}
    insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(OWN.feed_cursors).values(consumer=consumer, producer=producer, **values)
    transaction.execute(statement.on_conflict_do_update(index_elements=["consumer", "producer"], set_=values))
