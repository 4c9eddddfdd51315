"""Orders in the database: loading the aggregate, saving what a move changed, and numbers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from services.chassis.errors import WrongState
from services.chassis.ids import new_id
from services.workorders.domain import history as chain
from services.workorders.domain.approval import ActionItem
from services.workorders.domain.work_order import LineItem, WorkOrder
from services.workorders.rows import (
    action_item_of,
    action_state_number,
    line_item_of,
    line_item_row,
    order_of,
    order_row,
)
from services.workorders.scope import visible_order
from services.workorders.tables import (
    PARTY_COLUMNS,
    action_items,
    attachments,
    comments,
    drafts,
    estimates,
    feed_posts,
    follows,
    further_technicians,
    history,
    line_items,
    notes,
    number_series,
    post_likes,
    post_views,
    unchecked_assignments,
    visited_records,
    work_orders,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.outcome import FieldChange
    from services.workorders.domain.workflow import Workflow

COUNTER = "work_orders"
NUMBER_DIGITS = 8
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Stored:
    """An order as it stands in the database: its row, and the aggregate made of it."""

    row: Mapping[str, Any]
    order: WorkOrder


def load(connection: Connection, caller: Caller, order_id: str, *, lock: bool = False) -> Stored:
    """An order by id or number, with its line items and action items. NotFound where it is missing or hidden."""
    row = visible_order(connection, caller, order_id, lock=lock)
    # Only what is approved has action items: others are spared the question.
    actions = action_items_of(connection, row["id"]) if row["content_version"] else ()
    return Stored(row, order_of(row, items_of(connection, row["id"]), actions))


def action_items_of(connection: Connection, order_id: str) -> tuple[ActionItem, ...]:
    """The action items of an order, by number."""
    rows = connection.execute(
        select(action_items).where(action_items.c.work_order_id == order_id).order_by(action_items.c.number)
    )
    return tuple(action_item_of(dict(row)) for row in rows.mappings())


def items_of(connection: Connection, order_id: str) -> tuple[LineItem, ...]:
    """The line items of an order, by number."""
    rows = connection.execute(
        select(line_items).where(line_items.c.work_order_id == order_id).order_by(line_items.c.number)
    )
    return tuple(line_item_of(dict(row)) for row in rows.mappings())


def add(transaction: Transaction, workflow: Workflow, order: WorkOrder) -> Stored:
    """Insert a new order with its line items."""
    order = replace(order, create_time=transaction.now, update_time=transaction.now)
    row = order_row(order) | _state_columns(workflow, order)
    transaction.execute(insert(work_orders).values(**row))
    for item in order.line_items:
        transaction.execute(insert(line_items).values(**line_item_row(item, order.id), version=1))
    transaction.count(COUNTER, _counts(row, 1))
    return Stored({**row, "event_version": 0}, order)


def save(transaction: Transaction, workflow: Workflow, before: Stored, order: WorkOrder) -> Stored:
    """Write an order that was loaded under its lock in this unit of work; its version grows."""
    order = replace(order, version=before.order.version + 1, update_time=transaction.now)
    row = order_row(order) | _state_columns(workflow, order)
    changed = {name: value for name, value in row.items() if before.row[name] != value}
    transaction.execute(update(work_orders).where(work_orders.c.id == order.id).values(**changed))
    _save_items(transaction, before.order, order)
    _save_crew(transaction, before.order, order)
    old, new = _counts(before.row, -1), _counts(row, 1)
    transaction.count(COUNTER, {key: old.get(key, 0) + new.get(key, 0) for key in old | new})
    return Stored({**before.row, **row}, order)


def remove(transaction: Transaction, stored: Stored) -> None:
    """Delete an order with everything that hangs on it; WrongState where files were uploaded to it."""
    order_id = stored.order.id
    if transaction.execute(select(attachments.c.id).where(attachments.c.work_order_id == order_id).limit(1)).first():
        raise WrongState("Remove the files of the work order first.", reason="STILL_REFERENCED")
    crew = (further_technicians, unchecked_assignments)
    parts_of_it = (line_items, action_items, notes, estimates)
    for table in (comments, post_likes, post_views, feed_posts, follows, drafts, history, *crew, *parts_of_it):
        transaction.execute(delete(table).where(table.c.work_order_id == order_id))
    transaction.execute(delete(visited_records).where(visited_records.c.resource_id == order_id))
    transaction.execute(delete(work_orders).where(work_orders.c.id == order_id))
    transaction.count(COUNTER, _counts(stored.row, -1))


def record(
    transaction: Transaction,
    order: WorkOrder,
    entry: chain.Entry,
    changes: Iterable[FieldChange],
    labels: Mapping[str, str],
) -> tuple[WorkOrder, list[dict[str, Any]]]:
    """Append changes to the chain of an order whose row is locked; gives the order with its new head, and the rows."""
    head = chain.Head(order.history_head, order.history_length)
    rows, head = chain.append(head, entry, changes, lambda: secrets.token_hex(SALT_BYTES))
    written = [history_columns(row, labels.get(row.field, row.field)) for row in rows]
    if written:
        transaction.execute(insert(history), written)
    return replace(order, history_head=head.hash, history_length=head.length), written


def history_columns(row: chain.HistoryRow, label: str) -> dict[str, Any]:
    """The columns of a history row."""
    return {
        "id": new_id(),
        "work_order_id": row.work_order_id,
        "sequence": row.sequence,
        "change_time": row.change_time,
        "field": row.field,
        "field_label": label,
        "actor_subject": row.actor_subject,
        "actor_display_name": row.actor_name,
        "actor_organization_id": row.actor_organization_id,
        "old_value": row.old_value,
        "new_value": row.new_value,
        "transition": row.transition,
        "reason": row.reason,
        "evidence": row.evidence,
        "salt": row.salt,
        "commitment": row.commitment,
        "hash": row.hash,
        "erased": False,
    }


def history_row(row: Mapping[str, Any]) -> chain.HistoryRow:
    """A history row as the chain sees it."""
    return chain.HistoryRow(
        work_order_id=row["work_order_id"],
        sequence=row["sequence"],
        change_time=row["change_time"],
        field=row["field"],
        old_value=row["old_value"],
        new_value=row["new_value"],
        actor_subject=row["actor_subject"],
        actor_name=row["actor_display_name"],
        actor_organization_id=row["actor_organization_id"],
        transition=row["transition"],
        reason=row["reason"],
        salt=row["salt"],
        evidence=row["evidence"],
        commitment=row["commitment"],
        hash=row["hash"],
    )


def next_number(transaction: Transaction, series: str) -> str:
    """The next number of a series, eight digits; given once and in order (CP-17)."""
    last = transaction.execute(
        update(number_series)
        .where(number_series.c.name == series)
        .values(last=number_series.c.last + 1)
        .returning(number_series.c.last)
    ).scalar_one()
    return f"{last:0{NUMBER_DIGITS}d}"


def _save_items(transaction: Transaction, before: WorkOrder, after: WorkOrder) -> None:
    known = {item.id: item for item in before.line_items}
    for item in after.line_items:
        if known.get(item.id) != item:
            values = line_item_row(item, after.id) | {"version": line_items.c.version + 1}
            transaction.execute(update(line_items).where(line_items.c.id == item.id).values(**values))
    actions = {item.id: item for item in before.action_items}
    for action in after.action_items:
        if actions.get(action.id) != action:
            moved: dict[str, Any] = {"state": action_state_number(action.state), "end_time": action.end_time}
            moved["version"] = action_items.c.version + 1
            transaction.execute(update(action_items).where(action_items.c.id == action.id).values(**moved))


def _save_crew(transaction: Transaction, before: WorkOrder, after: WorkOrder) -> None:
    if before.further_technicians == after.further_technicians:
        return
    transaction.execute(delete(further_technicians).where(further_technicians.c.work_order_id == after.id))
    for each in after.further_technicians:
        ids = {"work_order_id": after.id, "person_id": each.person_id, "technician_id": each.technician_id}
        transaction.execute(insert(further_technicians).values(**ids))


def _state_columns(workflow: Workflow, order: WorkOrder) -> dict[str, Any]:
    state = workflow.state(order.state)
    return {
        "state_label": state.label,
        "state_rank": state.rank,
        "state_tone": state.tone,
        "category": state.category,
        "clock_running": state.clock_running,
        "frozen": state.frozen,
    }


def _counts(row: Mapping[str, Any], step: int) -> dict[str, int]:
    """One count for each party column that holds somebody, by state; and one for everybody who sees all."""
    parties = {f"{column}:{row[column]}:{row['state']}": step for column in PARTY_COLUMNS if row[column]}
    return {**parties, f"*::{row['state']}": step}
