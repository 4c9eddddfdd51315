"""Endpoints and deliveries in the database: queued, claimed for one try, and settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldmesh.notifications.v1 import message_pb2
from sqlalchemy import and_, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.ids import derive_id
from services.notifications.domain.webhooks import LEASE
from services.notifications.tables import webhook_deliveries, webhook_endpoints, webhook_reports

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection, Row

    from services.chassis.unit_of_work import Transaction
    from services.notifications.domain.webhooks import Answer, Verdict

QUEUED = message_pb2.DELIVERY_STATE_QUEUED
SENDING = message_pb2.DELIVERY_STATE_SENDING
SENT = message_pb2.DELIVERY_STATE_SENT
FAILED = message_pb2.DELIVERY_STATE_FAILED
DEFERRED = message_pb2.DELIVERY_STATE_DEFERRED
UNDER_WAY = (QUEUED, SENDING, DEFERRED)
SWITCHED_OFF = "Not tried again: the endpoint was switched off."


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """An event for an endpoint, before it is queued; `sequence` grows with the events of an order, 0 for a test."""

    endpoint_id: str
    organization_id: str
    event_id: str
    event_type: str
    body: str
    request_id: str = ""
    work_order_id: str = ""
    work_order_number: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process may try once, with its endpoint as it is now."""

    delivery_id: str
    attempt: int
    body: str
    accepted: datetime
    endpoint_id: str
    url: str
    secret_version: int
    rotated: datetime


def delivery_id(endpoint_id: str, event_id: str) -> str:
    """The id of an event's delivery to an endpoint: the same however often the event is handled."""
    return derive_id("notifications.webhook", endpoint_id, event_id)


def active_endpoints(connection: Connection, organizations: Collection[str]) -> Sequence[Row[Any]]:
    """The endpoints of organisations that are told something."""
    columns = webhook_endpoints.c
    wanted = select(webhook_endpoints).where(columns.organization_id.in_(organizations), columns.active)
    return connection.execute(wanted.order_by(columns.id)).all()


def endpoint(connection: Connection, endpoint_id: str) -> Row[Any] | None:
    """One endpoint, active or not."""
    return connection.execute(select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)).one_or_none()


def locked_endpoint(transaction: Transaction, endpoint_id: str) -> Row[Any]:
    """An endpoint that is known to exist, locked until the unit of work ends."""
    found = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)
    return transaction.execute(found.with_for_update()).one()


def queue(transaction: Transaction, new: NewDelivery, now: datetime) -> str:
    """Queues a delivery and gives its id; an endpoint is told of an event once, whatever happens."""
    identity = delivery_id(new.endpoint_id, new.event_id)
    values = {
        "id": identity,
        "endpoint_id": new.endpoint_id,
        "organization_id": new.organization_id,
        "event_id": new.event_id,
        "event_type": new.event_type,
        "body": new.body,
        "request_id": new.request_id[:80],
        "work_order_id": new.work_order_id,
        "work_order_number": new.work_order_number,
        "sequence": new.sequence,
        "state": QUEUED,
        "create_time": now,
        "accept_time": now,
        "next_time": now,
    }
    statement = _insert(transaction)(webhook_deliveries).values(values)
    transaction.execute(statement.on_conflict_do_nothing(index_elements=["endpoint_id", "event_id"]))
    return identity


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether a delivery waits for a try; asked before a unit of work is opened for it."""
    return connection.execute(_due(now).limit(1)).first() is not None


def claim(transaction: Transaction, now: datetime, lease: timedelta = LEASE) -> Claimed | None:
    """Takes the delivery that is due longest and records the try before it is made; None where nothing is due.

    An endpoint gets one at a time, and of one order the earlier before the later.
    """
    row = transaction.execute(_due(now).limit(1).with_for_update(skip_locked=True, of=webhook_deliveries)).one_or_none()
    if row is None:
        return None
    attempt = row.attempts + 1
    sending = {"state": SENDING, "attempts": attempt, "try_time": now, "next_time": now + lease}
    transaction.execute(_changed(row.id, sending))
    return Claimed(
        delivery_id=row.id,
        attempt=attempt,
        body=row.body,
        accepted=row.accept_time,
        endpoint_id=row.endpoint_id,
        url=row.url,
        secret_version=row.secret_version,
        rotated=row.rotate_time,
    )


def settle(transaction: Transaction, claimed: Claimed, answer: Answer, verdict: Verdict) -> bool:
    """Records how a try ended; False, and nothing is recorded, where a later try was begun meanwhile."""
    state = SENT if answer.arrived else FAILED if verdict.given_up else DEFERRED
    values = {"state": state, "http_status": answer.status, "error": answer.told, "next_time": verdict.next_try}
    current = and_(webhook_deliveries.c.attempts == claimed.attempt, webhook_deliveries.c.state == SENDING)
    settled = bool(transaction.execute(_changed(claimed.delivery_id, values).where(current)).rowcount)
    if settled:
        # No change of the row that people edit: their etag stays good.
        since = {"failing_since": verdict.failing_since}
        transaction.execute(
            update(webhook_endpoints).where(webhook_endpoints.c.id == claimed.endpoint_id).values(since)
        )
    return settled


def fail_waiting(transaction: Transaction, endpoint_id: str) -> int:
    """Gives up what waits for an endpoint that was switched off; gives the number of deliveries."""
    waiting = and_(webhook_deliveries.c.endpoint_id == endpoint_id, webhook_deliveries.c.state.in_((QUEUED, DEFERRED)))
    values = {"state": FAILED, "next_time": None, "error": SWITCHED_OFF, "version": webhook_deliveries.c.version + 1}
    return int(transaction.execute(update(webhook_deliveries).where(waiting).values(values)).rowcount)


def release_interrupted(transaction: Transaction, now: datetime) -> int:
    """Makes due at once the tries that this process's predecessor left; only where no other process sends."""
    left = webhook_deliveries.c.state == SENDING
    return int(transaction.execute(update(webhook_deliveries).where(left).values(next_time=now)).rowcount)


def locked_delivery(transaction: Transaction, identity: str) -> Row[Any]:
    """A delivery that is known to exist, locked until the unit of work ends."""
    found = select(webhook_deliveries).where(webhook_deliveries.c.id == identity)
    return transaction.execute(found.with_for_update()).one()


def requeue(transaction: Transaction, identity: str, now: datetime) -> None:
    """Makes a delivery due now; its five days begin anew."""
    transaction.execute(_changed(identity, {"state": QUEUED, "next_time": now, "accept_time": now}))


def keep_report(transaction: Transaction, endpoint_id: str, webhook_id: str, body_hash: str, now: datetime) -> bool:
    """Notes what came under an id; False where another body came under it."""
    values = {"endpoint_id": endpoint_id, "webhook_id": webhook_id, "body_hash": body_hash, "create_time": now}
    transaction.execute(_insert(transaction)(webhook_reports).values(values).on_conflict_do_nothing())
    columns = webhook_reports.c
    kept = select(columns.body_hash).where(columns.endpoint_id == endpoint_id, columns.webhook_id == webhook_id)
    return bool(transaction.execute(kept).scalar_one() == body_hash)


def forget(transaction: Transaction, before: datetime) -> int:
    """Deletes what ended before an instant: deliveries with what they told, and ids of reports; gives their number."""
    ended = webhook_deliveries.c.state.in_((SENT, FAILED))
    old = delete(webhook_deliveries).where(ended, webhook_deliveries.c.create_time < before)
    gone = delete(webhook_reports).where(webhook_reports.c.create_time < before)
    return sum(int(transaction.execute(statement).rowcount) for statement in (old, gone))


def _due(now: datetime) -> Any:
    """Deliveries that may be tried now, with where they go, the one that is due longest first."""
    mine, other = webhook_deliveries, webhook_deliveries.alias("other")
    target = webhook_endpoints
    earlier = and_(
        mine.c.work_order_id != "",
        other.c.work_order_id == mine.c.work_order_id,
        other.c.sequence < mine.c.sequence,
        other.c.state.in_(UNDER_WAY),
    )
    busy = and_(other.c.id != mine.c.id, other.c.state == SENDING, other.c.next_time > now)
    held_up = exists().where(other.c.endpoint_id == mine.c.endpoint_id, or_(earlier, busy))
    waits: ColumnElement[bool] = and_(mine.c.state.in_(UNDER_WAY), mine.c.next_time <= now, target.c.active)
    return (
        select(mine, target.c.url, target.c.secret_version, target.c.rotate_time)
        .join(target, target.c.id == mine.c.endpoint_id)
        .where(waits, ~held_up)
        .order_by(mine.c.next_time, mine.c.sequence, mine.c.id)
    )


def _changed(identity: str, values: dict[str, Any]) -> Any:
    counted = {"version": webhook_deliveries.c.version + 1, **values}
    return update(webhook_deliveries).where(webhook_deliveries.c.id == identity).values(counted)


def _insert(transaction: Transaction) -> Any:
    return postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
