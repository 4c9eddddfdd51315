"""Reading and writing a value by its dotted path, such as `ship_to.postal_code`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Whole = TypeVar("Whole")

UNSPECIFIED = "unspecified"


@lru_cache(maxsize=1024)
def getter(path: str) -> Callable[[object], object]:
    """A fast reader of one path of a dataclass."""
    return attrgetter(path)


def read(whole: object, path: str) -> object:
    """The value at a path of nested dataclasses and mappings; None where a mapping lacks it."""
    value = whole
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        if value is None:
            return None
    return value


def write(whole: Whole, values: Mapping[str, object]) -> Whole:
    """A copy of a dataclass in which the paths have new values; `whole` itself stays as it is."""
    direct: dict[str, object] = {}
    nested: dict[str, dict[str, object]] = {}
    for path, value in values.items():
        head, _, rest = path.partition(".")
        if rest:
            nested.setdefault(head, {})[rest] = value
        else:
            direct[head] = value
    for head, inner in nested.items():
        direct[head] = write(direct.get(head, getattr(whole, head)), inner)
    return replace(whole, **direct)  # type: ignore[type-var]


def is_set(value: object) -> bool:
    """Whether somebody gave a value: not None, not empty, not an enum's zero, and for a message, any field of it."""
    if value is None or value in ((), "", UNSPECIFIED):
        return False
    if isinstance(value, str):
        return bool(value.strip())
    if is_dataclass(value):
        return any(
            is_set(getattr(value, part.name)) for part in fields(value) if getattr(value, part.name) != part.default
        )
    return True
