"""Orders that go on with the task of another: given to somebody else, or for what could not be completed (CP-90)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from services.chassis.ids import derive_id
from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.changes import changes_between, state_changes
from services.workorders.domain.definition import Carried
from services.workorders.domain.history import Entry
from services.workorders.domain.links import LinkedOrder
from services.workorders.domain.work_order import LineItemState, WorkOrder
from services.workorders.handlers import moved, tasks
from services.workorders.tables import attachments

if TYPE_CHECKING:
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.definition import Continuation
    from services.workorders.domain.work_order import LineItem
    from services.workorders.domain.workflow import Workflow
    from services.workorders.repository import Stored

# What the task is, wherever it is done; nothing of who did it before (hard-parts 4).
TASK: Final = (
    "issuer_org", "facility_org", "subject", "description", "priority", "case_id", "case_number", "account_id",
    "account_name", "facility_id", "site_address", "site_position", "site_time_zone", "station_ids", "station_count",
    "site_validation_count", "contact_id", "contact_name", "contact_email", "contact_phone", "territory_id",
    "territory_name", "entitlement_id", "entitlement_name", "customer_service_executive_id",
    "customer_service_executive_name",
)  # fmt: skip


def begin(
    transaction: Transaction, caller: Caller, workflow: Workflow, ended: WorkOrder, continuation: Continuation
) -> Stored:
    """A new order in its workflow's first state that goes on with the task of another, whose row is locked."""
    order_id = derive_id("continuation", ended.id, ended.version)
    items = _carried(ended, order_id, continuation.line_items)
    task: dict[str, Any] = {name: getattr(ended, name) for name in TASK} | dict(
        tasks.summary(transaction.connection, items)
    )
    order = WorkOrder(
        id=order_id,
        number=repository.next_number(transaction, "work_order"),
        workflow=workflow.definition.name,
        workflow_version=workflow.definition.version,
        state=workflow.definition.initial,
        predecessor=LinkedOrder(ended.id, ended.number, continuation.link),
        line_items=items,
        **task,
    )
    changes = state_changes(["", workflow.state(order.state).label])
    blank = replace(order, predecessor=LinkedOrder())
    changes += changes_between(blank, order, ("predecessor",), ("predecessor",))
    entry = Entry(order.id, actor_of(caller), transaction.now, "create")
    order, _ = repository.record(transaction, order, entry, changes, history_labels())
    stored = repository.add(transaction, workflow, order)
    if continuation.files:
        _carry_files(transaction, ended, order)
    moved.announce(transaction, stored, "create", from_state="")
    return stored


def link_to(successor: WorkOrder) -> LinkedOrder:
    """What the order that is continued keeps of the one that goes on."""
    return LinkedOrder(successor.id, successor.number, successor.predecessor.kind)


def _carried(ended: WorkOrder, order_id: str, which: Carried) -> tuple[LineItem, ...]:
    """The line items that go over, open again and numbered anew; all of them where none is unfinished."""
    unfinished = [item for item in ended.line_items if item.state is not LineItemState.FINISHED]
    items = unfinished if which is Carried.UNFINISHED and unfinished else ended.line_items
    return tuple(
        replace(
            item,
            id=derive_id("line-item", order_id, position),
            number=tasks.number_of(position),
            state=LineItemState.OPEN,
            finish_time=None,
            result="",
        )
        for position, item in enumerate(items, 1)
    )


def _carry_files(transaction: Transaction, ended: WorkOrder, order: WorkOrder) -> None:
    """The files of an order stand with the one that continues it too; their contents are kept once.

    They do not stand for its deliverables: those are of the work that was done, not of what is left.
    """
    columns = attachments.c
    rows = transaction.execute(select(attachments).where(columns.work_order_id == ended.id)).mappings().all()
    copies = [
        {
            **row,
            "id": derive_id("attachment", order.id, row["id"]),
            "work_order_id": order.id,
            "deliverable": "",
            "feed_post_id": "",
            "content_id": row["content_id"] or row["id"],
        }
        for row in rows
    ]
    if copies:
        transaction.execute(insert(attachments), copies)
