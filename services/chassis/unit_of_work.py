"""One unit of work: everything a command writes, its events and its counters, committed together or not at all."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import Connection, CursorResult, Executable

from services.chassis import outbox
from services.chassis.actors import Acting
from services.chassis.counters import apply_counters

_open = threading.local()


class RemoteCallInUnitOfWork(RuntimeError):
    """A remote call while a unit of work is open: it would hold locks for as long as another service takes."""


def forbid_remote_calls() -> None:
    """Raise RemoteCallInUnitOfWork while this thread has a unit of work open (hard-parts 13)."""
    if getattr(_open, "transaction", None) is not None:
        raise RemoteCallInUnitOfWork("gather remote answers before the unit of work is opened")


class Transaction:
    """What a handler writes through while its unit of work is open.

    ``now`` is the one business instant of everything in it, ``actor`` the one on whose behalf it is written.
    """

    def __init__(self, connection: Connection, actor: Acting, now: datetime) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        self._events: list[outbox.PendingEvent] = []
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._after_commit: list[Callable[[], object]] = []

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run a Core statement inside the unit of work."""
        return self.connection.execute(statement, parameters)

    def publish(self, event: Message, aggregate_type: str, aggregate_id: str, aggregate_version: int) -> str:
        """Record an event for the outbox and give its id.

        It is written after everything else, so that on PostgreSQL its sequence is taken while the aggregate's row is
        locked: sequences then grow in the order of commits, aggregate by aggregate (hard-parts 7).
        """
        pending = outbox.PendingEvent.of(event, aggregate_type, aggregate_id, aggregate_version)
        self._events.append(pending)
        return pending.event_id

    def count(self, name: str, deltas: Mapping[str, int]) -> None:
        """Add to counters of a name, by key; applied last and sorted, so that transactions don't deadlock."""
        for key, delta in deltas.items():
            self._counts[name, key] += delta

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call something on this thread once the commit is durable; for wake-ups, not for effects."""
        self._after_commit.append(call)

    @property
    def has_events(self) -> bool:
        return bool(self._events)

    def flush(self) -> None:
        """Write what was recorded: events first, counters last. Called by the database at the end of the block."""
        outbox.write(self.connection, self._events, self.actor, self.now)
        apply_counters(self.connection, self._counts)

    def committed(self) -> None:
        """Make the calls asked for. Called by the database after the commit."""
        for call in self._after_commit:
            call()


class open_unit:  # noqa: N801 - used as a statement: with open_unit(transaction)
    """Mark a unit of work as open on this thread, so that remote calls and nesting can be refused."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def __enter__(self) -> Transaction:
        _open.transaction = self._transaction
        return self._transaction

    def __exit__(self, *_: object) -> None:
        _open.transaction = None


def refuse_nesting() -> None:
    """Raise RuntimeError when this thread already has a unit of work open."""
    if getattr(_open, "transaction", None) is not None:
        raise RuntimeError("a unit of work is open already: one per call")
