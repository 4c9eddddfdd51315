"""A command takes effect once per request id, and a repeat gets the same answer (hard-parts 15)."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from google.protobuf.message import Message
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.actors import Acting
from services.chassis.database import Database
from services.chassis.errors import AlreadyExists
from services.chassis.tables import OWN
from services.chassis.unit_of_work import Transaction

KEPT = timedelta(days=7)

Answer = TypeVar("Answer", bound=Message)


def run_once(  # noqa: PLR0913, PLR0917 - the key, the request and the two things to do with it
    database: Database,
    caller: Acting,
    method: str,
    request_id: str,
    request: Message,
    response_type: type[Answer],
    work: Callable[[Transaction], Answer],
    *,
    authorize: Callable[[Transaction], None] | None = None,
    now: datetime | None = None,
) -> Answer:
    """Run ``work`` in a unit of work unless the same caller sent the same request under this id in the last seven days.

    A repeat gets the stored answer, after ``authorize`` raised nothing; another request under the id is refused as
    AlreadyExists (REQUEST_ID_REUSED). Refusals of ``work`` are not stored: the command may be tried again. Without a
    request id it simply runs.
    """
    with database.begin(actor=caller, now=now) as transaction:
        if authorize is not None:
            authorize(transaction)
        if not request_id:
            return work(transaction)
        key = (caller.subject, method, request_id)
        stored = _claim(transaction, key, _hash(request))
        if stored is not None:
            return _replay(stored, request, response_type)
        answer = work(transaction)
        transaction.execute(
            update(OWN.idempotency).where(_is(key)).values(response=answer.SerializeToString(deterministic=True))
        )
        return answer


def find_replay(  # noqa: PLR0913, PLR0917 - the same key and request
    connection: Connection,
    caller: Acting,
    method: str,
    request_id: str,
    request: Message,
    response_type: type[Answer],
) -> Answer | None:
    """Give the stored answer of an earlier run, None where there is none; authorise before asking.

    For commands that gather remote snapshots first: a repeat then needs none of them, and is not refused because the
    first run changed what they show. Raises AlreadyExists as ``run_once`` does.
    """
    if not request_id:
        return None
    row = connection.execute(select(OWN.idempotency).where(_is((caller.subject, method, request_id)))).first()
    return None if row is None else _replay(row, request, response_type)


def purge_answers(transaction: Transaction) -> int:
    """Delete answers older than seven days; give their number."""
    old = OWN.idempotency.c.create_time < transaction.now - KEPT
    return int(transaction.execute(delete(OWN.idempotency).where(old)).rowcount)


def _claim(transaction: Transaction, key: tuple[str, str, str], request_hash: str) -> Row[tuple[object, ...]] | None:
    """Insert the key, or give the row that has it.

    Inserting first makes a concurrent repeat on PostgreSQL wait for the first one, instead of doing the work twice.
    """
    expired = OWN.idempotency.c.create_time < transaction.now - KEPT
    transaction.execute(delete(OWN.idempotency).where(_is(key), expired))
    insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
    subject, method, request_id = key
    values = {
        "subject": subject,
        "method": method,
        "request_id": request_id,
        "request_hash": request_hash,
        "create_time": transaction.now,
    }
    claimed = insert(OWN.idempotency).values(values).on_conflict_do_nothing().returning(OWN.idempotency.c.request_id)
    if transaction.execute(claimed).first() is not None:
        return None
    return transaction.execute(select(OWN.idempotency).where(_is(key))).one()


def _replay(row: Row[tuple[object, ...]], request: Message, response_type: type[Answer]) -> Answer:
    if row.request_hash != _hash(request):
        raise AlreadyExists("This request id was used for another request.", reason="REQUEST_ID_REUSED")
    answer = response_type()
    answer.ParseFromString(row.response or b"")
    return answer


def _is(key: tuple[str, str, str]) -> ColumnElement[bool]:
    subject, method, request_id = key
    columns = OWN.idempotency.c
    return and_(columns.subject == subject, columns.method == method, columns.request_id == request_id)


def _hash(request: Message) -> str:
    named = request.DESCRIPTOR.full_name.encode() + b"\0" + request.SerializeToString(deterministic=True)
    return hashlib.sha256(named).hexdigest()
