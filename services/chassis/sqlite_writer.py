"""The one writer of a SQLite database: units of work take turns on one connection and share commits (hard-parts 12).

Each unit runs on its caller's thread inside a SAVEPOINT, also when it is alone. A unit that ends while others wait
hands the open transaction on; whoever finds nobody waiting, or a full batch, commits for all. Every unit returns to its
caller only after that COMMIT, so an answer is never given for a write that is lost. One fsync then serves many callers.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from services.chassis.errors import Unavailable
from services.chassis.log import get_logger

log = get_logger(__name__)

_BUSY, _LOCKED = 5, 6
_EXIT_BROKEN = 70


def end_process(error: BaseException) -> None:
    """End the process at once: with a broken writer nothing can be answered truthfully, and a supervisor restarts."""
    log.critical("writer.broken", exc_info=error)
    sys.stdout.flush()
    os._exit(_EXIT_BROKEN)


class _Batch:
    """Units that share one COMMIT."""

    __slots__ = ("done", "error", "opened", "units")

    def __init__(self) -> None:
        self.opened = time.monotonic()
        self.units = 0
        self.error: BaseException | None = None
        self.done = threading.Event()


class SqliteWriter:
    """Lends the writing connection to one unit of work at a time and groups their commits.

    ``connection`` must be in the driver's autocommit mode: transactions are begun and ended here only.
    ``max_seconds`` bounds how long the first unit of a batch waits for those behind it; ``patience`` how long a unit
    waits for its turn before it is refused as Unavailable.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        max_units: int = 64,
        max_seconds: float = 0.02,
        patience: float = 15.0,
        on_broken: Callable[[BaseException], None] = end_process,
    ) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.dbapi_connection
        self._max_units = max_units
        self._max_seconds = max_seconds
        self._patience = patience
        self._on_broken = on_broken
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False
        self._batch: _Batch | None = None
        self.commits = 0

    @contextmanager
    def unit(self) -> Iterator[Connection]:
        """Run one unit of work; it is durable when the block ends without an error.

        Raises Unavailable when the turn or the database's lock is not had in time, and when the shared COMMIT failed.
        """
        batch = self._enter()
        try:
            yield self._connection
        except BaseException:
            self._leave(batch, keep=False)
            raise
        self._leave(batch, keep=True)
        batch.done.wait()
        if batch.error is not None:
            raise _not_stored() from batch.error

    def close(self) -> None:
        """Close the connection once the unit that has it, if any, is done."""
        self._take_turn()
        try:
            self._connection.close()
        finally:
            self._pass_turn()

    def _enter(self) -> _Batch:
        self._take_turn()
        try:
            if self._batch is None:
                self._driver.execute("BEGIN IMMEDIATE")
                self._batch = _Batch()
            self._driver.execute("SAVEPOINT unit_of_work")
        except BaseException as error:
            if self._batch is not None:
                self._abandon(self._batch, error)
            elif not _is_busy(error):
                self._on_broken(error)
            self._pass_turn()
            raise _not_stored() from error
        return self._batch

    def _leave(self, batch: _Batch, *, keep: bool) -> None:
        try:
            if not keep:
                self._driver.execute("ROLLBACK TO unit_of_work")
            self._driver.execute("RELEASE unit_of_work")
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing of the batch is left
            # A full disk or an I/O error makes SQLite roll back the whole transaction, the savepoint with it.
            self._abandon(batch, error)
            self._pass_turn()
            return
        batch.units += keep
        if not self._hand_on(batch):
            self._finish(batch)
            self._pass_turn()

    def _finish(self, batch: _Batch) -> None:
        """Commit for everybody in the batch, or fail everybody in it."""
        try:
            self._driver.execute("COMMIT" if batch.units else "ROLLBACK")
        except Exception as error:  # noqa: BLE001 - reported to every unit of the batch
            self._abandon(batch, error)
            return
        self.commits += bool(batch.units)
        self._batch = None
        batch.done.set()

    def _abandon(self, batch: _Batch, error: BaseException) -> None:
        """Fail a whole batch and leave the connection ready for the next one."""
        batch.error = error
        self._batch = None
        try:
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
            log.error("writer.batch_failed", units=batch.units, exc_info=error)
        except Exception as broken:  # noqa: BLE001 - handed to the one who ends the process
            self._on_broken(broken)
        finally:
            batch.done.set()

    def _take_turn(self) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(self._patience):
            return
        with self._mutex:
            if turn.is_set():
                return
            self._waiting.remove(turn)
        raise Unavailable("The database is busy; try again.")

    def _hand_on(self, batch: _Batch) -> bool:
        """Give the turn to the next in line within the same batch, where there is one and the batch may grow."""
        with self._mutex:
            late = time.monotonic() - batch.opened > self._max_seconds
            if not self._waiting or late or batch.units >= self._max_units:
                return False
            self._waiting.popleft().set()
            return True

    def _pass_turn(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return (code & 0xFF) in {_BUSY, _LOCKED} if isinstance(code, int) else "locked" in str(error)


def _not_stored() -> Unavailable:
    return Unavailable("The change could not be stored; try again.")
