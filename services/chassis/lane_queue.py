"""Finds lanes with something to do, without looking through everything that waits for each single event.

A look costs a pass over all unfinished rows, however many wait behind a parked one; so it finds many lanes at once.
Claiming the oldest row of a known lane costs one step in an index.
"""

import threading
import time
from collections import deque
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    Select,
    bindparam,
    func,
    or_,
    select,
)

from services.chassis.database import Database
from services.chassis.tables import OWN, WAITING, unfinished
from services.chassis.types import Instant

_LANES_A_LOOK = 200
_LOOK_SECONDS = 0.05


def _due(rows: FromClause) -> tuple[ColumnElement[bool], ...]:
    now = bindparam("now", type_=Instant())
    return unfinished(rows), rows.c.state == WAITING, or_(rows.c.next_time.is_(None), rows.c.next_time <= now)


def _oldest(lane: ColumnElement[str]) -> ScalarSelect[int]:
    """The oldest unfinished row of a lane, as a minimum: of "not exists" PostgreSQL makes a join over all rows."""
    rows = OWN.inbox.alias("lane")
    return select(func.min(rows.c.sequence)).where(rows.c.lane == lane, unfinished(rows)).scalar_subquery()


def _lanes() -> Select[tuple[str]]:
    rows = OWN.inbox.alias("due")
    first = rows.c.sequence == _oldest(rows.c.lane).correlate(rows)
    return select(rows.c.lane).where(*_due(rows), first).order_by(rows.c.sequence).limit(_LANES_A_LOOK)


def _claim() -> Select[tuple[object, ...]]:
    rows = OWN.inbox
    first = rows.c.sequence == _oldest(bindparam("lane", type_=rows.c.lane.type))
    return select(rows).where(*_due(rows), first).with_for_update(skip_locked=True, of=rows)


_LANES = _lanes()
_CLAIM = _claim()


def claim(connection: Connection, lane: str, now: datetime) -> Row[tuple[object, ...]] | None:
    """Lock and give the oldest unfinished row of a lane; None where it isn't due, or somebody else has it.

    Locking re-checks its state: a row that another process finished meanwhile is not given.
    """
    return connection.execute(_CLAIM, {"lane": lane, "now": now}).first()


class LaneQueue:
    """Lanes that had something due at the last look, shared by the workers of a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._lanes: deque[str] = deque()
        self._again: deque[str] = deque()
        self._looked = float("-inf")

    def take(self) -> str | None:
        """Give a lane to try, None when the last look's are used up."""
        with self._lock:
            if not self._lanes and time.monotonic() - self._looked < _LOOK_SECONDS:
                # A lane that just had something may have more; but look for others now and then.
                self._lanes, self._again = self._again, self._lanes
            return self._lanes.popleft() if self._lanes else None

    def put_back(self, lane: str) -> None:
        """Have a lane tried again, after those that are in line."""
        with self._lock:
            self._again.append(lane)

    def look(self, now: datetime) -> None:
        """Find the lanes whose oldest unfinished row is due, oldest first."""
        with self._database.read() as connection:
            found = [row.lane for row in connection.execute(_LANES, {"now": now})]
        with self._lock:
            self._looked = time.monotonic()
            self._again.clear()
            self._lanes = deque(found)
