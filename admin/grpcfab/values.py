"""Field values between protobuf messages and plain Python."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from admin.grpcfab.spec import Kind, nested_class

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from admin.grpcfab.spec import Field

MICROS: Final = 1_000_000


class Money(NamedTuple):
    """An exact amount in a currency's unit, with its ISO 4217 code."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}".strip()


def read(message: Message, field: Field) -> Any:
    """The field's value as plain Python.

    None where a message, a date or an optional scalar is unset; a list for repeated fields; an aware UTC datetime for
    an instant; an enum's number, so that numbers unknown to this process survive.
    """
    raw = getattr(message, field.name)
    if field.repeated:
        return [_plain(field, item) for item in raw]
    if field.descriptor.has_presence and not message.HasField(field.name):
        return None
    return _plain(field, raw)


def write(message: Message, field: Field, value: Any) -> None:
    """Set the field to a plain value; None and empty lists clear it."""
    message.ClearField(field.name)
    if value is None:
        return
    if field.repeated:
        if field.descriptor.message_type is not None:
            getattr(message, field.name).extend(_stored(field, item) for item in value)
        else:
            getattr(message, field.name).extend(value)
    elif field.descriptor.message_type is not None:
        getattr(message, field.name).CopyFrom(_stored(field, value))
    else:
        setattr(message, field.name, value)


def is_empty(value: Any) -> bool:
    """Whether there is nothing to show; zero and false are something."""
    return value is None or value in ("", [])


def _plain(field: Field, raw: Any) -> Any:
    match field.kind:
        case Kind.INSTANT:
            return raw.ToDatetime(tzinfo=dt.UTC)
        case Kind.DATE:
            return dt.date(raw.year, raw.month, raw.day) if raw.year and raw.month and raw.day else None
        case Kind.MONEY:
            return Money(Decimal(raw.micros) / MICROS, raw.currency_code)
        case _:
            return raw


def _stored(field: Field, value: Any) -> Message:
    fresh = nested_class(field.descriptor)()
    store: Any = fresh
    match field.kind:
        case Kind.INSTANT:
            store.FromDatetime(value.astimezone(dt.UTC))
        case Kind.DATE:
            store.year, store.month, store.day = value.year, value.month, value.day
        case Kind.MONEY:
            store.micros, store.currency_code = int(value.amount * MICROS), value.currency
        case _:
            store.CopyFrom(value)
    return fresh
