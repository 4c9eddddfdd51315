"""Domain values as messages of the contract, and values of messages as the domain takes them.

Names agree on both sides, so that one walk over a descriptor serves every message; what differs stands in this module.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from fieldmesh.common.v1 import types_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2

from services.workorders.domain.values import Money

if TYPE_CHECKING:
    from google.protobuf.descriptor import EnumDescriptor
    from google.protobuf.message import Message

M = TypeVar("M", bound="Message")

_TIMESTAMP = Timestamp.DESCRIPTOR.full_name
_DATE = date_pb2.Date.DESCRIPTOR.full_name
_MONEY = types_pb2.Money.DESCRIPTOR.full_name


def fill(message: M, value: object, **more: object) -> M:
    """Copy every member of `value` that the message has a field for; `more` wins over members of that name."""
    for field in message.DESCRIPTOR.fields:
        inner = more[field.name] if field.name in more else getattr(value, field.name, None)
        if inner is None:
            continue
        _set(message, field, inner)
    return message


def read(message: Message, path: str) -> object:
    """The value at a path of a message, as the domain takes it; None where an optional field or a message is unset."""
    head, _, rest = path.partition(".")
    field = message.DESCRIPTOR.fields_by_name[head]
    value = getattr(message, head)
    if field.is_repeated:
        return tuple(value)
    if field.message_type is not None:
        if rest:
            return read(value, rest)
        return _plain_message(field, value) if message.HasField(head) else None
    if field.has_presence and not message.HasField(head):
        return None
    return enum_code(field.enum_type, value) if field.enum_type is not None else value


def enum_code(kind: Any, number: int) -> str:
    """The domain's code of an enum value: `handling_need.HANDLING_NEED_LIFTGATE` is "liftgate"."""
    return _codes(kind)[number]


def enum_number(kind: EnumDescriptor, code: str) -> int:
    """The number of a domain code; ValueError where the contract has none."""
    numbers = {text: number for number, text in _codes(kind).items()}
    if code not in numbers:
        raise ValueError(f"{kind.full_name} has no value for {code!r}")
    return numbers[code]


def timestamp(instant: datetime) -> Timestamp:
    """An aware instant as the contract carries it."""
    made = Timestamp()
    made.FromDatetime(instant.astimezone(UTC).replace(tzinfo=None))
    return made


def date_message(day: date) -> date_pb2.Date:
    """A date as the contract carries it."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def _set(message: Message, field: Any, value: object) -> None:
    if field.is_repeated:
        _extend(getattr(message, field.name), field, value)
    elif field.message_type is not None:
        _write_message(getattr(message, field.name), value)
    elif field.enum_type is not None:
        setattr(message, field.name, enum_number(field.enum_type, str(value)))
    else:
        setattr(message, field.name, value)


def _extend(target: Any, field: Any, values: Any) -> None:
    if field.message_type is None:
        target.extend(values)
        return
    for value in values:
        _write_message(target.add(), value)


def _write_message(target: Any, value: object) -> None:
    if isinstance(value, datetime):
        target.CopyFrom(timestamp(value))
    elif isinstance(value, date):
        target.CopyFrom(date_message(value))
    elif is_dataclass(value):
        fill(target, value)
        target.SetInParent()
    else:
        target.CopyFrom(value)


def _plain_message(field: Any, value: Any) -> object:
    kind = field.message_type.full_name
    if kind == _TIMESTAMP:
        return value.ToDatetime(tzinfo=UTC)
    if kind == _DATE:
        return date(value.year, value.month, value.day)
    if kind == _MONEY:
        return Money(value.currency_code, value.micros)
    raise ValueError(f"{field.full_name} is a group of fields: name one of them")


@lru_cache(maxsize=64)
def _codes(kind: EnumDescriptor) -> dict[int, str]:
    prefix = _prefix(kind)
    return {value.number: value.name.removeprefix(prefix).lower() for value in kind.values}


def _prefix(kind: EnumDescriptor) -> str:
    zero = kind.values_by_number[0].name
    return str(zero.removesuffix("UNSPECIFIED"))


__all__ = ["date_message", "enum_code", "enum_number", "fill", "read", "timestamp"]
