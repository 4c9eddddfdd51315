"""Which rows history gets from a move: one for each field, or group of fields, whose value changed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from services.workorders.domain import paths
from services.workorders.domain.outcome import FieldChange
from services.workorders.domain.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.workorders.domain.work_order import LineItem, WorkOrder

LINE_ITEM = "line_item"
ACTION_ITEMS, ACTION_ITEM = "action_items", "action_item"
# Bookkeeping that stands beside what people changed: versions, and ids whose names have rows of their own.
UNTOLD = frozenset({"scope_version", "acceptance_version", "executor_org", "content_version"})


def changes_between(
    old: WorkOrder, new: WorkOrder, touched: Iterable[str], groups: Sequence[str], line_item: LineItem | None = None
) -> tuple[FieldChange, ...]:
    """One change for each touched path whose value differs; paths below a group make one row together."""
    fields = dict.fromkeys(_field(path, groups) for path in touched if path not in UNTOLD)
    changes = []
    for field in fields:
        if field == ACTION_ITEMS:
            changes += _action_items(old, new)
            continue
        before, after = (
            (_line_item(old, line_item), _line_item(new, line_item)) if field == LINE_ITEM else _values(old, new, field)
        )
        if before != after:
            changes.append(FieldChange(field, text_of(before), text_of(after)))
    return tuple(changes)


def state_changes(labels: Sequence[str]) -> tuple[FieldChange, ...]:
    """One change for each step of a route of states, given as labels; none where a transition leads back at once."""
    return tuple(FieldChange("state", old, new) for old, new in pairwise(labels) if old != new)


def _action_items(old: WorkOrder, new: WorkOrder) -> list[FieldChange]:
    """One change for each action item whose state changed (PT-11, PT-13)."""
    known = {item.id: item for item in old.action_items}
    return [
        FieldChange(ACTION_ITEM, text_of(known[item.id]), text_of(item))
        for item in new.action_items
        if item.id in known and known[item.id] != item
    ]


def _field(path: str, groups: Sequence[str]) -> str:
    head = path.partition(".")[0]
    return head if head in groups or head == LINE_ITEM else path


def _values(old: WorkOrder, new: WorkOrder, field: str) -> tuple[object, object]:
    return paths.read(old, field), paths.read(new, field)


def _line_item(order: WorkOrder, chosen: LineItem | None) -> LineItem | None:
    return next((item for item in order.line_items if chosen and item.id == chosen.id), None)
