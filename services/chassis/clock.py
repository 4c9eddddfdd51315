"""Clocks as arguments: one drives the business's rules, one drives the machinery (hard-parts 26)."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Give the present instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's time. Drives tokens, leases and retries, which no offset may touch."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class BusinessClock:
    """The machine's time plus an offset that is only ever set locally. Drives rules and what users see."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


class ScriptedClock:
    """Stands still until it is moved; for demo data and tests."""

    def __init__(self, start: datetime) -> None:
        self._lock = threading.Lock()
        self._now = _in_utc(start)

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on by a span and give the new time."""
        with self._lock:
            self._now += by
            return self._now

    def set(self, instant: datetime) -> None:
        """Move to an instant, also backwards."""
        with self._lock:
            self._now = _in_utc(instant)


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a clock needs an aware instant")
    return instant.astimezone(UTC)
