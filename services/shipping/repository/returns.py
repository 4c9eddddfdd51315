"""Returns of parts as rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from services.shipping.domain.known_order import KnownOrder
from services.shipping.domain.returns import (
    FIRST_NUMBER,
    ORDER_CLASS,
    UNPROVED,
    Cause,
    Condition,
    Label,
    Proof,
    Reminder,
    Rma,
    RmaLine,
    RmaState,
)
from services.shipping.repository.numbering import take_number
from services.shipping.repository.orders import party_columns
from services.shipping.tables import rmas

_NUMBER = "rma"
# Conditions stand in JSON by the names that the contract gives them.
_PREFIX = "PART_CONDITION_"


def next_number(connection: Connection) -> int:
    """The next number of a return."""
    return take_number(connection, _NUMBER, FIRST_NUMBER)


def add_return(connection: Connection, rma: Rma, order: KnownOrder, now: datetime) -> None:
    """Stores a new return."""
    connection.execute(
        insert(rmas).values(
            id=rma.id,
            number=rma.number,
            order_class=ORDER_CLASS,
            work_order_id=rma.work_order_id,
            work_order_number=order.number,
            fulfilment_order_id=rma.fulfilment_order_id,
            cause=int(rma.cause),
            reason=rma.reason,
            due_date=rma.due,
            proof_required=rma.proof_required,
            create_time=now,
            version=rma.version,
            **_facts(rma),
            **party_columns(order.parties),
        )
    )


def save_return(connection: Connection, rma: Rma) -> Rma:
    """Writes what may change of a return, and gives it in its new version."""
    version = rma.version + 1
    connection.execute(update(rmas).where(rmas.c.id == rma.id).values(version=version, **_facts(rma)))
    row = connection.execute(select(rmas).where(rmas.c.id == rma.id)).mappings().one()
    return _rma(row)


def work_order_of(connection: Connection, rma_id: str) -> str:
    """The work order of a return; empty where there is no such return."""
    return str(connection.execute(select(rmas.c.work_order_id).where(rmas.c.id == rma_id)).scalar_one_or_none() or "")


def find_return(connection: Connection, rma_id: str) -> Rma:
    """A return that exists."""
    return _rma(connection.execute(select(rmas).where(rmas.c.id == rma_id)).mappings().one())


def row_of(connection: Connection, rma_id: str) -> RowMapping:
    """A return that exists, as its row, for answers and events."""
    return connection.execute(select(rmas).where(rmas.c.id == rma_id)).mappings().one()


def returns_of(connection: Connection, work_order_ids: Iterable[str]) -> list[Rma]:
    """All returns of work orders, by number."""
    wanted = select(rmas).where(rmas.c.work_order_id.in_(sorted(set(work_order_ids)))).order_by(rmas.c.number)
    return [_rma(row) for row in connection.execute(wanted).mappings()]


def returns_due(connection: Connection, soon: date, passed: date, limit: int) -> list[tuple[str, str]]:
    """Returns without proof whose reminder may be due, with their work orders: the earliest due day first.

    `soon` is the latest day that the first reminder is for, `passed` the latest that the second one is for.
    """
    columns = rmas.c
    first = (columns.reminded == int(Reminder.NONE)) & (columns.due_date <= soon)
    second = (columns.reminded == int(Reminder.DUE_SOON)) & (columns.due_date <= passed)
    wanted = (
        select(columns.id, columns.work_order_id)
        .where(columns.state.in_(sorted(int(each) for each in UNPROVED)), or_(first, second))
        .order_by(columns.due_date, columns.id)
        .limit(limit)
    )
    return [(row.id, row.work_order_id) for row in connection.execute(wanted)]


def _facts(rma: Rma) -> dict[str, Any]:
    return {
        "state": int(rma.state),
        "lines": [_line_json(line) for line in rma.lines],
        "label_carrier": rma.label.carrier if rma.label else None,
        "label_tracking_number": rma.label.tracking_number if rma.label else None,
        "label_send_time": rma.label.sent if rma.label else None,
        "proof_carrier": rma.proof.carrier if rma.proof else None,
        "proof_tracking_number": rma.proof.tracking_number if rma.proof else None,
        "proof_attachment_id": rma.proof.attachment_id if rma.proof else None,
        "proof_attachment_title": rma.proof.attachment_title if rma.proof else None,
        "proof_person_name": rma.proof.person_name if rma.proof else None,
        "proof_record_time": rma.proof.recorded if rma.proof else None,
        "receive_time": rma.received,
        "end_time": rma.ended,
        "remark": rma.remark,
        "reminded": int(rma.reminded),
    }


def _line_json(line: RmaLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "line_item_id": line.line_item_id,
        "part_id": line.part_id,
        "part_number": line.part_number,
        "part_name": line.part_name,
        "quantity": line.quantity,
        "condition": _condition_name(line.condition),
        "received": line.received,
        "received_condition": _condition_name(line.received_condition),
    }


def _condition_name(condition: Condition) -> str:
    return f"{_PREFIX}{'UNSPECIFIED' if condition is Condition.UNKNOWN else condition.name}"


def _condition(name: str) -> Condition:
    return Condition.__members__.get(name.removeprefix(_PREFIX), Condition.UNKNOWN)


def _line(values: Mapping[str, Any]) -> RmaLine:
    return RmaLine(
        id=values.get("id", ""),
        line_item_id=values.get("line_item_id", ""),
        part_id=values.get("part_id", ""),
        part_number=values.get("part_number", ""),
        part_name=values.get("part_name", ""),
        quantity=values.get("quantity", 0),
        condition=_condition(values.get("condition", "")),
        received=values.get("received", 0),
        received_condition=_condition(values.get("received_condition", "")),
    )


def _rma(row: RowMapping) -> Rma:
    lines: Sequence[Mapping[str, Any]] = row["lines"]
    return Rma(
        id=row["id"],
        number=row["number"],
        work_order_id=row["work_order_id"],
        fulfilment_order_id=row["fulfilment_order_id"],
        cause=Cause(row["cause"]),
        reason=row["reason"],
        lines=tuple(_line(values) for values in lines),
        due=row["due_date"],
        proof_required=bool(row["proof_required"]),
        state=RmaState(row["state"]),
        label=_label(row),
        proof=_proof(row),
        received=row["receive_time"],
        ended=row["end_time"],
        remark=row["remark"],
        reminded=Reminder(row["reminded"]),
        version=row["version"],
    )


def _label(row: RowMapping) -> Label | None:
    if row["label_send_time"] is None:
        return None
    return Label(row["label_carrier"] or "", row["label_tracking_number"] or "", row["label_send_time"])


def _proof(row: RowMapping) -> Proof | None:
    if row["proof_record_time"] is None:
        return None
    return Proof(
        row["proof_carrier"] or "",
        row["proof_tracking_number"] or "",
        row["proof_attachment_id"] or "",
        row["proof_attachment_title"] or "",
        row["proof_person_name"] or "",
        row["proof_record_time"],
    )
