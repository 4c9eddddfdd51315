"""Handles what the inbox holds: in order within a lane, with tries that are counted, in one transaction (hard-parts 9).

A lane is what one handler sees of one aggregate. Its oldest unfinished row goes first; while that one waits for its
next try or is parked, the rows behind it wait too, and no other lane does.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from fieldmesh.common.v1.events_pb2 import Event
from sqlalchemy import Row, func, select, update

from services.chassis.actors import service_actor
from services.chassis.errors import Unavailable
from services.chassis.inbox import Inbox
from services.chassis.lane_queue import LaneQueue, claim
from services.chassis.log import get_logger
from services.chassis.tables import DONE, OWN, PARKED, WAITING
from services.chassis.unit_of_work import Transaction

log = get_logger(__name__)

ATTEMPTS = 5
"""Tries before a row is parked for a person to look at."""

BACKOFF_SECONDS = (1.0, 5.0, 30.0, 120.0)
"""Pause after the first, second, … failed try."""

_ERROR_LENGTH = 1000
_POLL_SECONDS = 0.5


class LaneWorkers:
    """Threads that handle the inbox of one service.

    With PostgreSQL several processes may run them: a row is claimed by locking it inside the handling transaction.
    """

    def __init__(self, inbox: Inbox, *, threads: int = 4, backoff: Sequence[float] = BACKOFF_SECONDS) -> None:
        self._inbox = inbox
        self._database = inbox.database
        self._backoff = tuple(backoff)
        self._queue = LaneQueue(self._database)
        self._stopping = threading.Event()
        self._restart_head: int | None = None
        self._restart_lock = threading.Lock()
        self._one_suspect = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"inbox-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to handle."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Finish what is being handled and end; tell whether every thread ended in time."""
        self._stopping.set()
        self._inbox.arrived.ring()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def run_until_idle(self) -> int:
        """Handle everything that is due on the calling thread; give how many rows were touched."""
        touched = 0
        while self.handle_next():
            touched += 1
        return touched

    def handle_next(self) -> bool:
        """Handle, or count, or note the failure of the next due row; False when none is due."""
        self._find_restart_head()
        looked = False
        while True:
            lane = self._queue.take()
            if lane is not None:
                if self._handle_lane(lane):
                    self._queue.put_back(lane)
                    return True
            elif looked:
                return False
            else:
                self._queue.look(self._inbox.clock.now())
                looked = True

    def _handle_lane(self, lane: str) -> bool:
        """Handle the oldest row of a lane where it is due; tell whether there was one."""
        suspects: list[Row[Any]] = []

        def handle_or_suspect(transaction: Transaction, row: Row[Any]) -> None:
            if self._is_suspect(row):
                suspects.append(row)
            else:
                self._handle(transaction, row)

        touched = self._with_oldest(lane, handle_or_suspect, attempt=1)
        if not suspects:
            return touched
        # One suspect at a time, from its count to its end: others would be counted as well when it ends the process.
        with self._one_suspect:
            counted = self._with_oldest(lane, self._count_first, attempt=0)
            if counted:
                self._with_oldest(lane, self._handle, attempt=0)
            return counted

    def _with_oldest(self, lane: str, act: Callable[[Transaction, Row[Any]], None], *, attempt: int) -> bool:
        """Claim the oldest row of a lane and act on it in one transaction; tell whether one was due.

        A failed commit counts like a failed handler: whatever makes it fail each time must not hold up everybody.
        """
        row: Row[Any] | None = None
        try:
            with self._database.begin(actor=service_actor(self._inbox.service)) as transaction:
                row = claim(transaction.connection, lane, self._inbox.clock.now())
                if row is None:
                    return False
                act(transaction, row)
        except Exception as error:
            if row is None:
                raise
            self._note_failure(row, error, row.attempts + attempt)
        return True

    def _work(self) -> None:
        while not self._stopping.is_set():
            seen = self._inbox.arrived.rings
            try:
                busy = self.handle_next()
            except Unavailable:
                log.warning("inbox.storage_unavailable", exc_info=True)
                self._stopping.wait(1.0)
                continue
            except Exception:
                log.exception("inbox.worker_failed")
                self._stopping.wait(1.0)
                continue
            if not busy:
                self._inbox.arrived.wait(seen, _POLL_SECONDS)

    def _is_suspect(self, row: Row[Any]) -> bool:
        """Tell whether the row may have ended a process: it came twice, or was unfinished when this one started."""
        return bool(row.redelivered) or row.sequence <= (self._restart_head or 0)

    def _find_restart_head(self) -> None:
        with self._restart_lock:
            if self._restart_head is None:
                with self._database.read() as connection:
                    head = select(func.coalesce(func.max(OWN.inbox.c.sequence), 0)).where(OWN.inbox.c.state == WAITING)
                    self._restart_head = int(connection.execute(head).scalar_one())

    def _count_first(self, transaction: Transaction, row: Row[Any]) -> None:
        """Commit the attempt before it is made: if it ends the process, the count stays and leads to parking."""
        if row.attempts >= ATTEMPTS:
            values = {"state": PARKED, "last_error": "The process ended while this was handled."}
            log.error("inbox.parked", handler=row.handler, event_id=row.event_id)
        else:
            values = {"attempts": row.attempts + 1}
        transaction.execute(update(OWN.inbox).where(OWN.inbox.c.sequence == row.sequence).values(values))

    def _handle(self, transaction: Transaction, row: Row[Any]) -> None:
        event = Event.FromString(row.event)
        transaction.actor = service_actor(self._inbox.service, event.request_id)
        with structlog.contextvars.bound_contextvars(request_id=event.request_id, handler=row.handler):
            handler = self._inbox.handlers[row.handler]
            handler.handle(transaction, event, handler.event.FromString(event.payload))
        finished = {"state": DONE, "finish_time": self._inbox.clock.now(), "last_error": ""}
        transaction.execute(update(OWN.inbox).where(OWN.inbox.c.sequence == row.sequence).values(finished))

    def _note_failure(self, row: Row[Any], error: Exception, attempts: int) -> None:
        """Store how many attempts there were, and wait or park."""
        parked = attempts >= ATTEMPTS
        pause = timedelta(seconds=self._backoff[min(max(attempts, 1), len(self._backoff)) - 1])
        values = {
            "attempts": attempts,
            "state": PARKED if parked else WAITING,
            "last_error": f"{type(error).__name__}: {error}"[:_ERROR_LENGTH],
            "next_time": self._inbox.clock.now() + pause,
        }
        same = (
            OWN.inbox.c.sequence == row.sequence,
            OWN.inbox.c.state == WAITING,
            OWN.inbox.c.attempts == row.attempts,
        )
        with self._database.begin(actor=service_actor(self._inbox.service)) as transaction:
            transaction.execute(update(OWN.inbox).where(*same).values(values))
        log.warning(
            "inbox.parked" if parked else "inbox.failed",
            handler=row.handler,
            event_id=row.event_id,
            attempts=attempts,
            exc_info=error,
        )
