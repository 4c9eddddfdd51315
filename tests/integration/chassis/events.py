"""Events and handlers as a small service has them."""

from fieldmesh.common.v1 import types_pb2
from fieldmesh.common.v1.events_pb2 import Event
from sqlalchemy import insert, select

from services.chassis.database import Database
from services.chassis.ids import new_id
from services.chassis.inbox import EventHandler, Inbox
from services.chassis.tables import OWN

from .conftest import EFFECTS, ME


def event_of(aggregate_id: str, version: int, *, producer: str = "source", kind=types_pb2.Money) -> Event:
    """An event that tells of one version of one thing."""
    return Event(
        id=new_id(),
        producer=producer,
        epoch="e1",
        sequence=version,
        type=kind.DESCRIPTOR.full_name,
        payload=types_pb2.Money(micros=version).SerializeToString(),
        aggregate_type="Thing",
        aggregate_id=aggregate_id,
        aggregate_version=version,
    )


def record_effect(transaction, event, _payload) -> None:
    """What the handlers do: one row for each time they take effect."""
    transaction.execute(
        insert(EFFECTS).values(event_id=event.id, aggregate_id=event.aggregate_id, version=event.aggregate_version)
    )


def handler_of(handle=record_effect, *, id="tests.thing", kind=types_pb2.Money, lane="") -> EventHandler:  # noqa: A002
    return EventHandler(id=id, producer="source", event=kind, handle=handle, lane=lane)


def accept(inbox: Inbox, *events: Event, redelivered: bool = False) -> None:
    with inbox.database.begin(actor=ME) as transaction:
        inbox.accept(transaction, events, redelivered=redelivered)


def effects(database: Database) -> list[tuple[str, int]]:
    """What took effect, in order: aggregate and version."""
    with database.read() as connection:
        rows = connection.execute(select(EFFECTS.c.aggregate_id, EFFECTS.c.version).order_by(EFFECTS.c.id))
        return [(row.aggregate_id, row.version) for row in rows]


def inbox_rows(database: Database) -> list[tuple[str, int, int, int]]:
    """Each inbox row: aggregate, version, state, attempts."""
    inbox = OWN.inbox.c
    with database.read() as connection:
        rows = connection.execute(
            select(inbox.aggregate_id, inbox.aggregate_version, inbox.state, inbox.attempts).order_by(inbox.sequence)
        )
        return [tuple(row) for row in rows]
