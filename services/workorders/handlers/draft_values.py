"""Values of a kept draft as JSON and back; a draft is nobody's state until it is submitted (CP-50)."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from services.workorders.domain.values import Money
from services.workorders.schemas import typed

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONEY, _INSTANT, _DATE = "money", "instant", "date"


def encoded(values: Mapping[str, object]) -> dict[str, Any]:
    """Values by path as JSON."""
    return {path: _plain(value) for path, value in values.items() if value is not None}


def decoded(stored: Mapping[str, Any]) -> dict[str, object]:
    """Values by path from their JSON."""
    return {path: typed(path, _value(value)) for path, value in stored.items()}


def _plain(value: object) -> Any:
    if isinstance(value, Money):
        return {_MONEY: [value.currency_code, value.micros]}
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    return value.value if isinstance(value, Enum) else value


def _value(stored: Any) -> object:
    if not isinstance(stored, dict):
        return stored
    ((kind, inner),) = stored.items()
    if kind == _MONEY:
        return Money(*inner)
    return datetime.fromisoformat(inner) if kind == _INSTANT else date.fromisoformat(inner)
