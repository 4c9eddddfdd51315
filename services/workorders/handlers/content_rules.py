"""What holds for action items, notes and estimates that are edited: in a draft, and each change counts (PT-7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import action_item_pb2

from services.chassis.errors import NotFound, Violation, WrongState
from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.history import Entry
from services.workorders.domain.outcome import FieldChange
from services.workorders.domain.values import Money, digits
from services.workorders.handlers import drafting
from services.workorders.handlers.creating import refuse_allocated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.chassis.kit import Change
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.repository import Stored

ACTION_ITEM, NOTE, ESTIMATE = "action_item", "note", "estimate"


class ContentRules:
    """Hooks of the kit for one kind of content; the order's row is locked by the first of them that runs."""

    def __init__(self, workflows: Workflows, kind: str) -> None:
        self._workflows = workflows
        self._kind = kind

    def prepare(self, transaction: Transaction, change: Change) -> None:
        """Fill what the server knows: number, state, names, author, total."""
        if self._editable(transaction, change) is None:
            return
        part = change.after
        if self._kind == NOTE and change.verb == "create":
            drafting.author_of(part, change.caller)
        if self._kind == ESTIMATE:
            drafting.price(part)
        if self._kind == ACTION_ITEM:
            if change.verb == "create":
                part.number = drafting.next_number(transaction.connection, part.work_order_id)
                part.state = action_item_pb2.ACTION_ITEM_STATE_OPEN
            part.station_name = drafting.station_name(transaction.connection, part.station_id)

    def validate(self, transaction: Transaction, change: Change) -> Iterable[Violation]:
        """Name an order that is none, a station elsewhere, and a price that is none."""
        stored = self._editable(transaction, change)
        if stored is None:
            return [Violation("work_order_id", "names no work order that you can see")]
        if self._kind == ESTIMATE:
            return drafting.price_problems(change.after)
        if self._kind == ACTION_ITEM and change.after.station_id:
            here = stored.order.facility_id
            found = drafting.misplaced(transaction.connection, [change.after.station_id], here)
            return [Violation("station_id", each.description) for each in found]
        return ()

    def on_change(self, transaction: Transaction, change: Change) -> None:
        """Bring the order up to date: its content version, its sums and its history."""
        stored = self._editable(transaction, change)
        if stored is None:
            raise NotFound(f"There is no work order {change.after.work_order_id} that you may see.")
        order = stored.order
        after = replace(
            order,
            content_version=order.content_version + 1,
            estimate_totals=drafting.sums(transaction.connection, order.id),
        )
        old, new = self._told(change.before), "" if change.verb == "delete" else self._told(change.after)
        entry = Entry(order.id, actor_of(change.caller), transaction.now, "edit")
        after, _ = repository.record(transaction, after, entry, [FieldChange(self._kind, old, new)], history_labels())
        workflow = self._workflows.of(order.workflow, order.workflow_version)
        repository.save(transaction, workflow, stored, after)

    def _editable(self, transaction: Transaction, change: Change) -> Stored | None:
        try:
            stored = repository.load(transaction.connection, change.caller, change.after.work_order_id, lock=True)
        except NotFound:
            return None
        refuse_allocated(self._workflows, change.caller, stored)
        if not stored.order.content_version:
            raise WrongState("This work order is not one that is approved.", reason="NOT_A_DRAFT")
        return stored

    def _told(self, part: Any) -> str:
        if part is None:
            return ""
        if self._kind == NOTE:
            return str(part.text)
        if self._kind == ACTION_ITEM:
            return ": ".join(filter(None, (f"{part.number}. {part.title}", part.description)))
        each = Money(part.unit_price.currency_code, part.unit_price.micros)
        total = Money(part.line_total.currency_code, part.line_total.micros)
        return f"{part.description}: {digits(part.quantity)} × {each} = {total}"
