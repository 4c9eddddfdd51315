"""The relay: sends what the outbox holds to the broker, in order for each aggregate (hard-parts 7).

One process at a time relays for a service. It holds a PostgreSQL session lock on a connection of its own, and reads and
marks rows over that same connection: when it loses the lock it can't go on. An event that cannot be sent holds back
later events of its own aggregate and no others.
"""

import hashlib
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, NullPool, Row, Select, bindparam, create_engine, exists, func, select, update
from sqlalchemy.exc import DBAPIError

from services.chassis import outbox
from services.chassis.broker import Publisher, connect
from services.chassis.clock import Clock, SystemClock
from services.chassis.database import Database
from services.chassis.epoch import read_epoch
from services.chassis.log import get_logger
from services.chassis.tables import OWN
from services.chassis.types import Instant

log = get_logger(__name__)

_BATCH = 500
_POLL_SECONDS = 0.25
_ELECTION_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300
_ERROR_LENGTH = 500


def _due() -> Select[Any]:
    """Select the rows unsent at ``now``, in order, without the aggregates that a failed row holds back."""
    row, held = OWN.outbox.alias("due"), OWN.outbox.alias("held")
    held_back = exists().where(
        held.c.aggregate_id == row.c.aggregate_id,
        held.c.aggregate_type == row.c.aggregate_type,
        held.c.sequence <= row.c.sequence,
        held.c.sent_time.is_(None),
        held.c.next_time > bindparam("now", type_=Instant()),
    )
    return select(row).where(row.c.sent_time.is_(None), ~held_back).order_by(row.c.sequence).limit(_BATCH)


_DUE = _due()


class Relay:
    """Relays one service's outbox on a thread, when this process is the elected one.

    ``consumers`` names the services that consume its events, so that their queues exist before they first start.
    """

    def __init__(
        self,
        database: Database,
        service: str,
        broker_url: str,
        *,
        consumers: Collection[str] = (),
        clock: Clock | None = None,
    ) -> None:
        if database.dialect != "postgresql":
            raise ValueError("The relay elects itself by a lock of PostgreSQL; with SQLite use the feed.")
        self.elected = False
        self.connected = False
        self._database = database
        self._service = service
        self._broker_url = broker_url
        self._consumers = tuple(consumers)
        self._clock = clock or SystemClock()
        self._engine = create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="relay", daemon=True)

    def start(self) -> None:
        """Stand for election, and relay once elected."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Finish the batch and end; tell whether the thread ended in time."""
        self._stopping.set()
        self._database.published.ring()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def run_until_idle(self) -> int | None:
        """Relay everything that is due on the calling thread; give how many rows were sent, None when not elected."""
        with self._election() as connection:
            if connection is None:
                return None
            with connect(self._broker_url) as broker:
                publisher = Publisher(broker, self._service, self._consumers)
                sent = 0
                while batch := self._relay_batch(connection, publisher):
                    sent += batch
                return sent

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._election() as connection:
                    if connection is not None:
                        self._relay(connection)
            except DBAPIError:
                log.warning("relay.database_unavailable", exc_info=True)
            except Exception as error:  # noqa: BLE001 - the broker's errors have no common class
                log.info("relay.interrupted", error=f"{type(error).__name__}: {error}")
            self._stopping.wait(_ELECTION_SECONDS)

    def _relay(self, connection: Connection) -> None:
        log.info("relay.elected")
        with connect(self._broker_url) as broker:
            publisher = Publisher(broker, self._service, self._consumers)
            self.connected = True
            try:
                while not self._stopping.is_set():
                    seen = self._database.published.rings
                    if not self._relay_batch(connection, publisher):
                        self._database.published.wait(seen, _POLL_SECONDS)
                        publisher.keep_alive()
            finally:
                self.connected = False

    @contextmanager
    def _election(self) -> Iterator[Connection | None]:
        """Give the connection that holds the lock, None when another process has it. Closing it gives the lock back."""
        with self._engine.connect() as connection:
            self.elected = connection.execute(select(func.pg_try_advisory_lock(lock_key(self._service)))).scalar_one()
            try:
                yield connection if self.elected else None
            finally:
                self.elected = False

    def _relay_batch(self, connection: Connection, publisher: Publisher) -> int:
        """Send one batch; give how many rows were sent. Failed ones are put off, so they don't fill every batch."""
        rows = connection.execute(_DUE, {"now": self._clock.now()}).all()
        if not rows:
            return 0
        epoch = read_epoch(connection)
        sent: list[int] = []
        failed: dict[int, str] = {}
        try:
            for wave in _waves(rows, failed):
                failed |= self._publish(publisher, wave, epoch)
                sent += [row.sequence for row in wave if row.sequence not in failed]
        finally:
            self._mark(connection, rows, sent, failed)
        return len(sent)

    def _publish(self, publisher: Publisher, wave: Sequence[Row[Any]], epoch: str) -> dict[int, str]:
        """Publish rows of different aggregates; where one breaks the channel, find it by halves."""
        try:
            return dict(publisher.publish([outbox.event_of(row, self._service, epoch) for row in wave]))
        except publisher.channel_errors as error:
            if len(wave) == 1:
                return {wave[0].sequence: f"{type(error).__name__}: {error}"[:_ERROR_LENGTH]}
            middle = len(wave) // 2
            first = self._publish(publisher, wave[:middle], epoch)
            return first | self._publish(publisher, wave[middle:], epoch)

    def _mark(self, connection: Connection, rows: Sequence[Row[Any]], sent: list[int], failed: dict[int, str]) -> None:
        now = self._clock.now()
        if sent:
            connection.execute(
                update(OWN.outbox).where(OWN.outbox.c.sequence.in_(sent)).values(sent_time=now, last_error="")
            )
        for row in rows:
            if row.sequence not in failed:
                continue
            pause = timedelta(seconds=min(2.0**row.attempts, _LONGEST_PAUSE_SECONDS))
            log.warning("relay.held_back", event_id=row.event_id, type=row.type, error=failed[row.sequence])
            connection.execute(
                update(OWN.outbox)
                .where(OWN.outbox.c.sequence == row.sequence)
                .values(attempts=row.attempts + 1, next_time=now + pause, last_error=failed[row.sequence])
            )


def lock_key(service: str) -> int:
    """Give the advisory lock's number: the same for every process of a service."""
    return int.from_bytes(hashlib.sha256(f"fieldmesh.relay.{service}".encode()).digest()[:8], "big", signed=True)


def _waves(rows: Sequence[Row[Any]], failed: dict[int, str]) -> Iterator[list[Row[Any]]]:
    """Split a batch into waves with one row of each aggregate.

    A wave is confirmed before the next is sent: a refused event is then known before its successor leaves. Aggregates
    that failed, in ``failed`` by sequence, are left out of later waves.
    """
    lanes: defaultdict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        lanes[row.aggregate_type, row.aggregate_id].append(row)
    for position in range(max(map(len, lanes.values()), default=0)):
        wave = [
            lane[position]
            for lane in lanes.values()
            if position < len(lane) and not any(row.sequence in failed for row in lane[:position])
        ]
        if wave:
            yield wave
