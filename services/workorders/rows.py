"""Domain values as table rows and back: nested values are flat columns named by their path.

`ship_to.postal_code` is the column `ship_to_postal_code`; an amount of money is two, `…_currency_code` and `…_micros`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast, get_type_hints

from services.workorders.domain.approval import ActionItem, ActionItemState
from services.workorders.domain.requests import CostRequest, DirectedAction
from services.workorders.domain.values import Money, Place
from services.workorders.domain.work_order import (
    LineItem,
    LineItemState,
    OrderFlag,
    PartNeed,
    SiteTechnician,
    WorkOrder,
)
from services.workorders.json_values import records, values_of

Value = TypeVar("Value")
Row = Mapping[str, Any]

# Kept elsewhere: line items and action items have rows of their own.
_APART = frozenset({"line_items", "action_items"})
# Lists of values that stand in a JSON column of the order.
_LISTS: Mapping[str, type[object]] = {
    "flags": OrderFlag,
    "further_technicians": SiteTechnician,
    "cost_requests": CostRequest,
    "directed_actions": DirectedAction,
    "estimate_totals": Money,
}
# In the contract's order, whose numbers begin with 1; the kit serves line items and stores enums by number.
_ITEM_STATES = list(LineItemState)
_ACTION_STATES = list(ActionItemState)


def flatten(value: object, prefix: str = "") -> dict[str, Any]:
    """A dataclass as columns."""
    found: dict[str, Any] = {}
    for name, kind in _members(cast("Any", type(value))):
        column = prefix + name
        inner = getattr(value, name)
        if kind is Money:
            found[f"{column}_currency_code"] = inner.currency_code if inner else None
            found[f"{column}_micros"] = inner.micros if inner else None
        elif kind is Place:
            found[f"{column}_latitude"] = inner.latitude if inner else None
            found[f"{column}_longitude"] = inner.longitude if inner else None
        elif is_dataclass(kind):
            found |= flatten(inner, f"{column}_")
        elif name not in _APART:
            found[column] = inner
    return found


def unflatten(kind: type[Value], row: Row, prefix: str = "") -> Value:
    """A dataclass from columns; members without a column keep their default."""
    values: dict[str, Any] = {}
    for name, member in _members(cast("Any", kind)):
        column = prefix + name
        if member is Money:
            currency = row[f"{column}_currency_code"]
            values[name] = Money(currency, row[f"{column}_micros"]) if currency else None
        elif member is Place:
            latitude = row[f"{column}_latitude"]
            values[name] = Place(latitude, row[f"{column}_longitude"]) if latitude is not None else None
        elif is_dataclass(member):
            values[name] = unflatten(cast("type[object]", member), row, f"{column}_")
        elif column in row:
            values[name] = row[column]
    return kind(**values)


def order_row(order: WorkOrder) -> dict[str, Any]:
    """The columns of an order that its aggregate holds; labels, rank and clock come from its workflow."""
    return flatten(order) | {name: records(getattr(order, name)) for name in _LISTS}


def order_of(row: Row, items: tuple[LineItem, ...] = (), actions: tuple[ActionItem, ...] = ()) -> WorkOrder:
    """The aggregate from its row and those of its line items and action items."""
    lists = {name: values_of(kind, row[name]) for name, kind in _LISTS.items()}
    return unflatten(WorkOrder, {**row, **lists, "line_items": items, "action_items": actions})


def line_item_row(item: LineItem, work_order_id: str) -> dict[str, Any]:
    """The columns of a line item."""
    parts = [asdict(part) for part in item.parts]
    return flatten(item) | {"work_order_id": work_order_id, "parts": parts, "state": _ITEM_STATES.index(item.state) + 1}


def line_item_of(row: Row) -> LineItem:
    """A line item from its row."""
    parts = tuple(PartNeed(**part) for part in row["parts"])
    return unflatten(LineItem, {**row, "parts": parts, "state": _ITEM_STATES[row["state"] - 1]})


def action_item_of(row: Row) -> ActionItem:
    """An action item from its row."""
    return unflatten(ActionItem, {**row, "state": _ACTION_STATES[row["state"] - 1]})


def action_state_number(state: ActionItemState) -> int:
    """An action item's state as its column holds it."""
    return _ACTION_STATES.index(state) + 1


@lru_cache(maxsize=64)
def _members(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, _plain(hints[field.name])) for field in fields(kind))


def _plain(hint: Any) -> Any:
    """The type behind `Money | None`."""
    arguments = getattr(hint, "__args__", ())
    named = [argument for argument in arguments if argument is not type(None)]
    return named[0] if arguments and len(named) == 1 and not _is_generic(hint) else hint


def _is_generic(hint: Any) -> bool:
    origin: Callable[..., Any] | None = getattr(hint, "__origin__", None)
    return origin in {tuple, list, dict}
