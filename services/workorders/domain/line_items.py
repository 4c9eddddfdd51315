"""The order of line items within an order (CP-44)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.workorders.domain.work_order import LineItem, LineItemState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def first_open(items: Iterable[LineItem]) -> LineItem | None:
    """The open line item with the lowest number: the one to do next."""
    return min((item for item in items if item.state is LineItemState.OPEN), key=lambda item: item.number, default=None)


def first_unfinished(items: Iterable[LineItem]) -> LineItem | None:
    """The line item with the lowest number that is not finished, failed ones included."""
    unfinished = (item for item in items if item.state is not LineItemState.FINISHED)
    return min(unfinished, key=lambda item: item.number, default=None)


def changed(items: tuple[LineItem, ...], item_id: str, values: Mapping[str, object]) -> tuple[LineItem, ...]:
    """The line items with new values for one of them."""
    return tuple(replace(item, **values) if item.id == item_id else item for item in items)  # type: ignore[arg-type]
