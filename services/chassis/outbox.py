"""The outbox: events, committed with the state they tell of (hard-parts 6 and 11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from fieldmesh.common.v1 import events_pb2, types_pb2
from google.protobuf.message import Message
from sqlalchemy import Connection, Row, delete, func, insert, select

from services.chassis.actors import Acting
from services.chassis.ids import new_id
from services.chassis.tables import OWN

KEPT = timedelta(days=30)
"""How long sent and handled events are kept."""


class Backlog(NamedTuple):
    """Events still to be sent: how many, and when the first of them was committed, None where there is none."""

    events: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that the open unit of work will write."""

    event_id: str
    type: str
    payload: bytes
    aggregate_type: str
    aggregate_id: str
    aggregate_version: int

    @classmethod
    def of(cls, event: Message, aggregate_type: str, aggregate_id: str, aggregate_version: int) -> Self:
        return cls(
            new_id(),
            event.DESCRIPTOR.full_name,
            event.SerializeToString(deterministic=True),
            aggregate_type,
            aggregate_id,
            aggregate_version,
        )


def write(connection: Connection, events: Sequence[PendingEvent], actor: Acting, now: datetime) -> None:
    """Insert events in the order in which they were recorded."""
    if not events:
        return
    connection.execute(
        insert(OWN.outbox),
        [
            {
                "event_id": event.event_id,
                "type": event.type,
                "payload": event.payload,
                "aggregate_type": event.aggregate_type,
                "aggregate_id": event.aggregate_id,
                "aggregate_version": event.aggregate_version,
                "occur_time": now,
                "actor_subject": actor.subject,
                "actor_name": actor.name,
                "actor_organization_id": actor.organization_id,
                "request_id": actor.request_id,
            }
            for event in events
        ],
    )


def event_of(row: Row[Any], producer: str, epoch: str) -> events_pb2.Event:
    """Give an outbox row as it travels."""
    event = events_pb2.Event(
        id=row.event_id,
        producer=producer,
        epoch=epoch,
        sequence=row.sequence,
        type=row.type,
        payload=row.payload,
        aggregate_type=row.aggregate_type,
        aggregate_id=row.aggregate_id,
        aggregate_version=row.aggregate_version,
        actor=types_pb2.Actor(
            subject=row.actor_subject, display_name=row.actor_name, organization_id=row.actor_organization_id
        ),
        request_id=row.request_id,
    )
    event.occur_time.FromDatetime(row.occur_time)
    return event


def head(connection: Connection) -> int:
    """Give the highest sequence in the outbox, zero when it is empty."""
    return int(connection.execute(select(func.coalesce(func.max(OWN.outbox.c.sequence), 0))).scalar_one())


def backlog(connection: Connection, after: int | None = None) -> Backlog:
    """Give what the relay has not sent or, with the feed, what comes after a consumer's position."""
    rows = OWN.outbox.c
    waiting = rows.sent_time.is_(None) if after is None else rows.sequence > after
    return Backlog(*connection.execute(select(func.count(), func.min(rows.occur_time)).where(waiting)).one())


def purge_sent(connection: Connection, now: datetime) -> int:
    """Delete events that the relay sent more than thirty days ago; give their number."""
    sent = OWN.outbox.c.sent_time
    result = connection.execute(delete(OWN.outbox).where(sent < now - KEPT))
    return int(result.rowcount)
