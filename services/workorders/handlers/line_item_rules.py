"""What holds for line items that are edited: their order is not allocated yet, and follows them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import line_item_pb2
from sqlalchemy import func, select

from services.chassis.errors import NotFound, Violation, WrongState
from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.history import Entry
from services.workorders.domain.outcome import FieldChange
from services.workorders.handlers import tasks
from services.workorders.handlers.creating import refuse_allocated
from services.workorders.tables import line_items

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.chassis.kit import Change
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.repository import Stored


class LineItemRules:
    """Hooks of the kit; the order's row is locked by the first of them that runs."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows

    def prepare(self, transaction: Transaction, change: Change) -> None:
        """Fill number, names and state."""
        item = change.after
        connection = transaction.connection
        stored = self._editable(transaction, change)
        if stored is None:
            return
        if change.verb == "create":
            highest = connection.execute(
                select(func.max(line_items.c.number)).where(line_items.c.work_order_id == item.work_order_id)
            ).scalar_one()
            item.number = tasks.number_of(int(highest or 0) + 1)
            item.state = line_item_pb2.LINE_ITEM_STATE_OPEN
        work_type = tasks.work_type_row(connection, stored.order.issuer_org, item.work_type_id)
        item.work_type_name = work_type.name if work_type else ""
        item.station_name = tasks.station_name(connection, item.station_id)

    def validate(self, transaction: Transaction, change: Change) -> Iterable[Violation]:
        """Name references that lead nowhere, and parts that the work type needs."""
        stored = self._editable(transaction, change)
        if stored is None:
            return [Violation("work_order_id", "names no work order that you can see")]
        order = stored.order
        return tasks.problems(transaction.connection, order.issuer_org, order.facility_id, change.after)

    def on_change(self, transaction: Transaction, change: Change) -> None:
        """Bring the order up to date: what it shows of its line items, and its history."""
        stored = self._editable(transaction, change)
        if stored is None:
            raise NotFound(f"There is no work order {change.after.work_order_id} that you may see.")
        order = stored.order
        summary: dict[str, Any] = dict(tasks.summary(transaction.connection, order.line_items))
        after = replace(order, **summary)
        old, new = _told(change.before), "" if change.verb == "delete" else _told(change.after)
        workflow = self._workflows.of(order.workflow, order.workflow_version)
        changes = [FieldChange("line_item", old, new)]
        entry = Entry(after.id, actor_of(change.caller), transaction.now, "edit")
        after, _ = repository.record(transaction, after, entry, changes, history_labels())
        repository.save(transaction, workflow, stored, after)

    def _editable(self, transaction: Transaction, change: Change) -> Stored | None:
        try:
            stored = repository.load(transaction.connection, change.caller, change.after.work_order_id, lock=True)
        except NotFound:
            return None
        refuse_allocated(self._workflows, change.caller, stored)
        if stored.order.content_version:
            raise WrongState("This work order has action items, and no line items.", reason="ALREADY_ALLOCATED")
        return stored


def _told(item: Any) -> str:
    if item is None:
        return ""
    count = sum(need.quantity for need in item.parts)
    facts = (
        item.number,
        item.work_type_name,
        item.station_name,
        ("1 part" if count == 1 else f"{count} parts") if count else "",
    )
    return " ".join(filter(None, facts))
