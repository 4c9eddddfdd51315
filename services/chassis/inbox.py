"""The inbox: every event that arrives is stored first, once for each handler, and handled from there (hard-parts 6)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from fieldmesh.common.v1.events_pb2 import Event
from google.protobuf.message import Message
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.clock import Clock, SystemClock
from services.chassis.database import Database
from services.chassis.ids import new_id
from services.chassis.outbox import KEPT
from services.chassis.signals import Signal
from services.chassis.tables import IGNORED, OWN, UNFINISHED, WAITING, unfinished
from services.chassis.unit_of_work import Transaction

_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EventHandler:
    """What a service does on one type of event of one producer.

    ``id`` is permanent: it decides whether an event was handled, so it must survive any renaming. ``handle`` runs
    inside one transaction together with its own bookkeeping and gets the envelope and the decoded message. Handlers
    that name the same ``lane`` see the events of an aggregate in one common order; by default each is its own lane.
    """

    id: str
    producer: str
    event: type[Message]
    handle: Callable[[Transaction, Event, Any], None]
    lane: str = ""

    @property
    def event_type(self) -> str:
        return str(self.event.DESCRIPTOR.full_name)


class Inbox:
    """Accepts events for the handlers of one service; ``arrived`` rings when there is something to do."""

    def __init__(
        self, database: Database, service: str, handlers: Iterable[EventHandler], *, clock: Clock | None = None
    ) -> None:
        self.database = database
        self.service = service
        self.clock = clock or SystemClock()
        self.arrived = Signal()
        listed = tuple(handlers)
        doubled = [each for each, times in Counter(handler.id for handler in listed).items() if times > 1]
        if doubled:
            raise ValueError(f"handler ids must be unique: {', '.join(sorted(doubled))}")
        self.handlers: Mapping[str, EventHandler] = MappingProxyType({handler.id: handler for handler in listed})

    @property
    def producers(self) -> tuple[str, ...]:
        """The services whose events are handled here."""
        return tuple(sorted({handler.producer for handler in self.handlers.values()}))

    def accept(self, transaction: Transaction, events: Sequence[Event], *, redelivered: bool = False) -> None:
        """Store events in their order; those that are known already change nothing.

        An event without a handler is stored as ignored. ``redelivered`` marks events that may have ended the process
        before: their attempt is counted before they are handled.
        """
        rows = [row for event in events for row in self._rows(event, redelivered=redelivered)]
        if not rows:
            return
        insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
        transaction.execute(
            insert(OWN.inbox).on_conflict_do_nothing(index_elements=["event_id", "handler"]),
            rows,
        )
        transaction.after_commit(self.arrived.ring)

    def purge(self, transaction: Transaction) -> int:
        """Delete finished rows of more than thirty-one days: they outlive the outbox, so a repeat is always known."""
        inbox = OWN.inbox.c
        old = inbox.accept_time < self.clock.now() - KEPT - _MARGIN
        done = delete(OWN.inbox).where(old, inbox.state.not_in(UNFINISHED))
        return int(transaction.execute(done).rowcount)

    def unfinished(self) -> int:
        """Count the rows that wait or are parked."""
        with self.database.read() as connection:
            counted = select(func.count()).select_from(OWN.inbox).where(unfinished(OWN.inbox))
            return int(connection.execute(counted).scalar_one())

    def _rows(self, event: Event, *, redelivered: bool) -> list[dict[str, Any]]:
        mine = [
            handler
            for handler in self.handlers.values()
            if handler.producer == event.producer and handler.event_type == event.type
        ]
        if not mine:
            return [self._row(event, "", "", IGNORED, redelivered=False)]
        return [
            self._row(
                event,
                handler.id,
                f"{handler.lane or handler.id}/{event.aggregate_id}",
                WAITING,
                redelivered=redelivered,
            )
            for handler in mine
        ]

    def _row(self, event: Event, handler: str, lane: str, state: int, *, redelivered: bool) -> dict[str, Any]:
        return {
            "id": new_id(),
            "event_id": event.id,
            "handler": handler,
            "lane": lane,
            "producer": event.producer,
            "type": event.type,
            "event": event.SerializeToString(),
            "aggregate_id": event.aggregate_id,
            "aggregate_version": event.aggregate_version,
            "state": state,
            "attempts": 0,
            "redelivered": redelivered,
            "accept_time": self.clock.now(),
        }
