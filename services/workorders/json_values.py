"""Domain values in JSON columns and back: amounts, instants and dates say what they are, enums stand by their value."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_type_hints

from services.workorders.domain.values import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value = TypeVar("Value")
_MONEY, _INSTANT, _DATE = "money", "instant", "date"


def plain(value: object) -> Any:
    """One value as JSON."""
    if isinstance(value, Money):
        return {_MONEY: [value.currency_code, value.micros]}
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    return value.value if isinstance(value, Enum) else value


def restored(stored: Any) -> Any:
    """One value from its JSON; enums stay texts."""
    if not isinstance(stored, dict):
        return stored
    ((kind, inner),) = stored.items()
    if kind == _MONEY:
        return Money(*inner)
    return datetime.fromisoformat(inner) if kind == _INSTANT else date.fromisoformat(inner)


def records(values: Iterable[object]) -> list[dict[str, Any]]:
    """Dataclasses as JSON objects, one each."""
    return [{part.name: plain(getattr(value, part.name)) for part in fields(value)} for value in values]  # type: ignore[arg-type]


def values_of(kind: type[Value], stored: Iterable[Mapping[str, Any]]) -> tuple[Value, ...]:
    """Dataclasses from JSON objects; members that were added since keep their default."""
    enums = _enums(cast("Any", kind))
    return tuple(
        kind(**{name: enums.get(name, _as_is)(restored(value)) for name, value in each.items()}) for each in stored
    )


def _as_is(value: Any) -> Any:
    return value


@lru_cache(maxsize=64)
def _enums(kind: Any) -> dict[str, type[Enum]]:
    hints = get_type_hints(kind).items()
    return {name: hint for name, hint in hints if isinstance(hint, type) and issubclass(hint, Enum)}
