"""Contract messages as table rows, by the descriptor (hard-parts 27).

A column is named after its field; the fields of a nested message, such as an address or an amount of money, become
columns of their own, ``address_street``; all of them NULL means that the message is unset. Enums are stored by number,
lists of texts as StringList, other lists as JSON, instants and dates in their own types. ``etag`` is never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from typing import Any, Final, TypeVar

from google.protobuf import json_format, timestamp_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from sqlalchemy import BigInteger, Boolean, Float, Integer, LargeBinary, String, Text, TextClause, text
from sqlalchemy.types import TypeEngine

from services.chassis.fields import FieldKind, FieldRules, field_rules
from services.chassis.kit.stored_lists import write_list
from services.chassis.types import Instant, JsonText, LocalDate, StringList

Resource = TypeVar("Resource", bound=Message)

COMPUTED: Final = frozenset({"etag"})
_LONGEST_STRING: Final = 1000
_AS_THEY_ARE: Final = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.BOOLEAN,
        FieldKind.INTEGER,
        FieldKind.NUMBER,
        FieldKind.ENUM,
        FieldKind.BYTES,
        FieldKind.TEXTS,
    }
)


@dataclass(frozen=True)
class FieldColumn:
    """A leaf of a message, and the column that holds it."""

    path: tuple[str, ...]
    rules: FieldRules
    nullable: bool

    @cached_property
    def name(self) -> str:
        return "_".join(self.path)

    @cached_property
    def dotted(self) -> str:
        return ".".join(self.path)

    @property
    def is_reference(self) -> bool:
        return bool(self.rules.options.reference) and self.rules.kind is FieldKind.TEXT

    def type(self) -> TypeEngine[Any]:
        """The column's type."""
        if self.rules.kind is FieldKind.TEXT:
            if self.is_reference or self.dotted == "id":
                return String(40)
            return String(self.rules.max_length) if self.rules.max_length <= _LONGEST_STRING else Text()
        return _TYPES[self.rules.kind]()

    def default(self) -> str | TextClause | None:
        """What a row holds that was written before the column was added; None: NULL."""
        return None if self.nullable else _DEFAULTS[self.rules.kind]


_TYPES: Final[Mapping[FieldKind, type[TypeEngine[Any]]]] = {
    FieldKind.BOOLEAN: Boolean,
    FieldKind.INTEGER: BigInteger,
    FieldKind.NUMBER: Float,
    FieldKind.ENUM: Integer,
    FieldKind.INSTANT: Instant,
    FieldKind.DATE: LocalDate,
    FieldKind.BYTES: LargeBinary,
    FieldKind.TEXTS: StringList,
    FieldKind.LIST: JsonText,
}
_DEFAULTS: Final[Mapping[FieldKind, str | TextClause]] = {
    FieldKind.TEXT: "",
    FieldKind.BOOLEAN: text("false"),  # quoted, SQLite would keep it as text
    FieldKind.INTEGER: "0",
    FieldKind.NUMBER: "0",
    FieldKind.ENUM: "0",
    FieldKind.BYTES: "",
    FieldKind.TEXTS: "[]",
    FieldKind.LIST: "[]",
}


@cache
def field_columns(descriptor: Descriptor) -> tuple[FieldColumn, ...]:
    """The columns of a message, in the contract's order."""
    return tuple(_columns(descriptor, (), nullable=False))


def row_of(message: Message) -> dict[str, Any]:
    """Give a message as column values."""
    return {column.name: read_leaf(message, column) for column in field_columns(message.DESCRIPTOR)}


def message_of(message_type: type[Resource], row: Mapping[str, Any]) -> Resource:
    """Give a row as a message; fields without a column in the row stay unset."""
    simple, others = _leaves(message_type.DESCRIPTOR)
    # what the constructor takes as it is goes in at once: lists of rows are read all day
    message = message_type(**{name: row[name] for name in simple if row.get(name) is not None})
    for column in others:
        value = row.get(column.name)
        if value is not None and value != []:
            _write_leaf(message, column, value)
    return message


@cache
def _leaves(descriptor: Descriptor) -> tuple[tuple[str, ...], tuple[FieldColumn, ...]]:
    """The names of top-level scalars, and all other columns."""
    columns = field_columns(descriptor)
    simple = tuple(each.name for each in columns if len(each.path) == 1 and each.rules.kind in _AS_THEY_ARE)
    return simple, tuple(each for each in columns if each.name not in simple)


def read_leaf(message: Message, column: FieldColumn) -> Any:
    """Give a leaf's value as its column stores it; None where it, or a message around it, is unset."""
    holder: Any = message
    for name in column.path[:-1]:
        if not holder.HasField(name):
            return None
        holder = getattr(holder, name)
    name, kind = column.path[-1], column.rules.kind
    if column.rules.has_presence and not holder.HasField(name):
        return None
    if kind is FieldKind.LIST:
        return _json(holder, name)
    value = getattr(holder, name)
    convert = _CONVERSIONS.get(kind)
    return convert(value) if convert else value


def instant_of(stamp: timestamp_pb2.Timestamp) -> datetime:
    """Give a timestamp as an aware datetime, to the microsecond."""
    return stamp.ToDatetime(UTC)


_CONVERSIONS: Final[Mapping[FieldKind, Callable[[Any], Any]]] = {
    FieldKind.INSTANT: instant_of,
    FieldKind.DATE: lambda value: date(value.year, value.month, value.day),
    FieldKind.TEXTS: tuple,
}


def _columns(descriptor: Descriptor, prefix: tuple[str, ...], *, nullable: bool) -> list[FieldColumn]:
    found: list[FieldColumn] = []
    for name, rules in field_rules(descriptor).items():
        if not prefix and name in COMPUTED:
            continue
        path = (*prefix, name)
        if rules.kind is FieldKind.MESSAGE:
            found += _columns(rules.message, path, nullable=True)
        else:
            found.append(FieldColumn(path, rules, nullable or rules.has_presence))
    return found


def _write_leaf(message: Message, column: FieldColumn, value: Any) -> None:
    holder: Any = message
    for name in column.path[:-1]:
        holder = getattr(holder, name)
        holder.SetInParent()
    name, kind = column.path[-1], column.rules.kind
    if kind is FieldKind.INSTANT:
        getattr(holder, name).FromDatetime(value)
    elif kind is FieldKind.DATE:
        stored = getattr(holder, name)
        stored.year, stored.month, stored.day = value.year, value.month, value.day
    elif kind is FieldKind.TEXTS:
        getattr(holder, name).extend(value)
    elif kind is FieldKind.LIST:
        write_list(holder, name, value)
    else:
        setattr(holder, name, value)


def _json(holder: Message, name: str) -> Any:
    """A list as JSON, enums by name: it outlives a field that is renumbered or removed."""
    only = type(holder)()
    getattr(only, name).MergeFrom(getattr(holder, name))
    whole = json_format.MessageToDict(only, preserving_proto_field_name=True)
    return whole.get(name, [])
