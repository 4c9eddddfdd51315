"""Messages and their tries in the database: queued, claimed for one try, and settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldmesh.notifications.v1 import message_pb2
from sqlalchemy import and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.ids import derive_id
from services.notifications.domain.content import MailContent
from services.notifications.domain.delivery import LEASE, MessageState, Outcome, Result, Standing
from services.notifications.tables import deliveries, messages

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from fieldmesh.common.v1 import types_pb2
    from sqlalchemy import ColumnElement, Connection, Row

    from services.chassis.unit_of_work import Transaction

STORED = {
    MessageState.QUEUED: message_pb2.DELIVERY_STATE_QUEUED,
    MessageState.SENDING: message_pb2.DELIVERY_STATE_SENDING,
    MessageState.SENT: message_pb2.DELIVERY_STATE_SENT,
    MessageState.FAILED: message_pb2.DELIVERY_STATE_FAILED,
}
STATES = {number: state for state, number in STORED.items()}
TEXT_LENGTH = 255
INTERRUPTED = "Ended without the mail server's answer; the mail may have arrived."
BACKDATED = "Marked as sent, though nobody was written to: what it tells was more than a day old already."


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A mail to one person about one event, before it is queued."""

    event_id: str
    request_id: str
    template: str
    recipient_id: str
    recipient_name: str
    recipient_email: str
    work_order_id: str
    content: MailContent
    parties: types_pb2.Parties
    written: datetime
    not_before: datetime | None = None
    """When it may be sent first; None: at once."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process may try once, with the number of the try, which is recorded already."""

    message_id: str
    mail_message_id: str
    delivery_id: str
    attempt: int
    template: str
    recipient_id: str
    recipient_name: str
    recipient_email: str
    work_order_id: str
    content: MailContent
    written: datetime
    accepted: datetime


def message_id(event_id: str, recipient_id: str) -> str:
    """The id of an event's message to a person: the same however often the event is handled."""
    return derive_id("notifications.message", event_id, recipient_id)


def queue(transaction: Transaction, new: NewMessage, domain: str, now: datetime, *, backdated: bool) -> bool:
    """Queues a message and tells whether it is new; an event is told to a person once, whatever happens."""
    identity = message_id(new.event_id, new.recipient_id)
    state = MessageState.SENT if backdated else MessageState.QUEUED
    values = {
        "id": identity,
        "event_id": new.event_id,
        "request_id": new.request_id,
        "template": new.template,
        "recipient_id": new.recipient_id,
        "recipient_name": new.recipient_name,
        "recipient_email": new.recipient_email,
        "subject": new.content.subject,
        "work_order_id": new.work_order_id,
        "mail_message_id": f"{identity}@{domain}",
        "state": STORED[state],
        "content": new.content.as_json(),
        "create_time": new.written,
        "accept_time": now,
        "next_time": None if backdated else new.not_before or now,
        "last_outcome": Outcome.BACKDATED if backdated else "",
        "attempts": 1 if backdated else 0,
        **_parties(new.parties),
    }
    insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(messages).values(values).on_conflict_do_nothing(index_elements=["event_id", "recipient_id"])
    queued = transaction.execute(statement.returning(messages)).one_or_none()
    if queued is not None and backdated:
        result = Result(Outcome.BACKDATED, 0, BACKDATED)
        delivery_id = derive_id("notifications.delivery", identity, "1")
        transaction.execute(deliveries.insert().values(_try(queued, delivery_id, 1, new.written)))
        _settle_try(transaction, identity, 1, result, None)
    return queued is not None


def told_by_request(connection: Connection, request_id: str, work_order_id: str) -> set[str]:
    """Who was told of an order by another event of the same command; nobody where the command is unknown."""
    if not request_id:
        return set()
    same = and_(messages.c.work_order_id == work_order_id, messages.c.request_id == request_id)
    return set(connection.scalars(select(messages.c.recipient_id).where(same)))


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether a message waits for a try; asked before a unit of work is opened for it."""
    return connection.execute(select(messages.c.id).where(_due(now)).limit(1)).first() is not None


def claim(transaction: Transaction, now: datetime, lease: timedelta = LEASE) -> Claimed | None:
    """Takes the message that is due longest, and records the try before it is made; None where nothing is due.

    One process gets it: the row is locked until the record is committed, and is not due again before the lease ends.
    """
    due = select(messages).where(_due(now)).order_by(messages.c.next_time, messages.c.id).limit(1)
    row = transaction.execute(due.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    if row.state == message_pb2.DELIVERY_STATE_SENDING:
        _settle_try(transaction, row.id, row.attempts, Result(Outcome.INTERRUPTED, 0, INTERRUPTED), None)
    attempt = row.attempts + 1
    delivery_id = derive_id("notifications.delivery", row.id, str(attempt))
    transaction.execute(deliveries.insert().values(_try(row, delivery_id, attempt, now)))
    sending = {"state": message_pb2.DELIVERY_STATE_SENDING, "attempts": attempt, "next_time": now + lease}
    transaction.execute(_changed(row.id, sending))
    return _claimed(row, delivery_id, attempt)


def settle(transaction: Transaction, claimed: Claimed, result: Result, standing: Standing) -> bool:
    """Records how a try ended and where the message stands; False where a later try was begun meanwhile."""
    values = {"state": STORED[standing.state], "next_time": standing.next_try, "last_outcome": result.outcome}
    settled = _changed(claimed.message_id, values).where(messages.c.attempts == claimed.attempt)
    _settle_try(transaction, claimed.message_id, claimed.attempt, result, standing.next_try)
    return bool(transaction.execute(settled).rowcount)


def hasten(transaction: Transaction, now: datetime) -> int:
    """Makes due at once what waits only because no mail server could be reached; gives the number of messages."""
    waiting = and_(messages.c.state == message_pb2.DELIVERY_STATE_QUEUED, messages.c.next_time > now)
    unreached = and_(waiting, messages.c.last_outcome == Outcome.UNREACHABLE)
    return int(transaction.execute(update(messages).where(unreached).values(next_time=now)).rowcount)


def release_interrupted(transaction: Transaction, now: datetime) -> int:
    """Makes due at once the tries that this process's predecessor left; only where no other process sends."""
    left = messages.c.state == message_pb2.DELIVERY_STATE_SENDING
    return int(transaction.execute(update(messages).where(left).values(next_time=now)).rowcount)


def locked_message(transaction: Transaction, identity: str) -> Row[Any] | None:
    """A message, locked until the unit of work ends."""
    return transaction.execute(select(messages).where(messages.c.id == identity).with_for_update()).one_or_none()


def requeue(transaction: Transaction, identity: str, email: str, now: datetime) -> None:
    """Makes a message due now, at an address that may have been mended; its three days begin anew."""
    values = {
        "state": message_pb2.DELIVERY_STATE_QUEUED,
        "next_time": now,
        "accept_time": now,
        "recipient_email": email,
    }
    transaction.execute(_changed(identity, values))


def _due(now: datetime) -> ColumnElement[bool]:
    waiting = (message_pb2.DELIVERY_STATE_QUEUED, message_pb2.DELIVERY_STATE_SENDING)
    return and_(messages.c.state.in_(waiting), messages.c.next_time <= now)


def _changed(identity: str, values: dict[str, Any]) -> Any:
    counted = {"version": messages.c.version + 1, **values}
    return update(messages).where(messages.c.id == identity).values(counted)


def _try(row: Row[Any], delivery_id: str, attempt: int, now: datetime) -> dict[str, Any]:
    return {
        "id": delivery_id,
        "message_id": row.id,
        "subject": row.subject,
        "recipient_email": row.recipient_email,
        "attempt": attempt,
        "state": message_pb2.DELIVERY_STATE_SENDING,
        "start_time": now,
        "issuer_org": row.parties_issuer_org or "",
        "outcome": Outcome.PENDING,
    }


def _settle_try(
    transaction: Transaction, identity: str, attempt: int, result: Result, next_try: datetime | None
) -> None:
    states = {
        Outcome.ACCEPTED: message_pb2.DELIVERY_STATE_SENT,
        Outcome.BACKDATED: message_pb2.DELIVERY_STATE_SENT,
        Outcome.REFUSED: message_pb2.DELIVERY_STATE_FAILED,
    }
    deferred = message_pb2.DELIVERY_STATE_DEFERRED
    given_up = next_try is None and result.outcome is not Outcome.INTERRUPTED
    state = states.get(result.outcome, message_pb2.DELIVERY_STATE_FAILED if given_up else deferred)
    values = {
        "state": state,
        "outcome": result.outcome,
        "smtp_code": result.code,
        "smtp_text": result.text[:TEXT_LENGTH],
        "next_time": next_try,
        "version": deliveries.c.version + 1,
    }
    which = and_(deliveries.c.message_id == identity, deliveries.c.attempt == attempt)
    transaction.execute(update(deliveries).where(which, deliveries.c.outcome == Outcome.PENDING).values(values))


def _claimed(row: Row[Any], delivery_id: str, attempt: int) -> Claimed:
    return Claimed(
        message_id=row.id,
        mail_message_id=row.mail_message_id,
        delivery_id=delivery_id,
        attempt=attempt,
        template=row.template,
        recipient_id=row.recipient_id,
        recipient_name=row.recipient_name,
        recipient_email=row.recipient_email,
        work_order_id=row.work_order_id,
        content=MailContent.from_json(row.content),
        written=row.create_time,
        accepted=row.accept_time,
    )


def _parties(parties: types_pb2.Parties) -> dict[str, Any]:
    return {
        "parties_issuer_org": parties.issuer_org,
        "parties_executor_org": parties.executor_org,
        "parties_facility_org": parties.facility_org,
        "parties_technician_ids": list(parties.technician_ids),
        "parties_scope_version": parties.scope_version,
    }


def postpone_latest(transaction: Transaction, identity: str, next_time: datetime) -> str:
    """Shows at the latest try of a message when the next one is due, and gives the try's id."""
    of_message = select(deliveries.c.id).where(deliveries.c.message_id == identity)
    latest: str = transaction.execute(of_message.order_by(deliveries.c.attempt.desc()).limit(1)).scalar_one()
    values = {"next_time": next_time, "version": deliveries.c.version + 1}
    transaction.execute(update(deliveries).where(deliveries.c.id == latest).values(values))
    return latest
