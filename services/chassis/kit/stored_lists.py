"""Lists of messages from the JSON that rows keep of them.

ParseDict does this for any JSON that anybody might write, and spends a quarter of a millisecond on the steps of one
SLA target. What lies in rows was written by `row_of` or by the service itself, so a plan for each message type,
made once from its descriptor, reads it directly. What a plan has no way for is left to ParseDict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.chassis.fields import TIMESTAMP

Write = Callable[[Any, Any], None]
"""Puts the JSON of a field into a message."""

_WELL_KNOWN: Final = "google.protobuf."
_TEXTUAL: Final = frozenset({FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_BOOL})
_WHOLE: Final = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)
_BROKEN: Final = frozenset({FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE})


def write_list(holder: Message, name: str, stored: Sequence[Any]) -> None:
    """Adds stored values to a list of a message; fields that the contract does not have (any more) are left out.

    Raises json_format.ParseError for values that fit no field of their name.
    """
    write = _plan(holder.DESCRIPTOR).get(name)
    if write is None:
        _parse(holder, name, stored)
    else:
        write(holder, stored)


def _parse(holder: Message, name: str, value: Any) -> None:
    json_format.ParseDict({name: value}, holder, ignore_unknown_fields=True)


@cache
def _plan(descriptor: Descriptor) -> Mapping[str, Write]:
    """How each field of a message is written, by its name."""
    return {field.name: _writer(field) for field in descriptor.fields}


def _writer(field: FieldDescriptor) -> Write:
    name = field.name
    inside = field.message_type
    if inside is not None:
        return _message_writer(field, inside)
    convert = _scalar(field)
    if convert is None or field.is_repeated:
        return lambda holder, value: _parse(holder, name, value)
    return lambda holder, value: setattr(holder, name, convert(value))


def _message_writer(field: FieldDescriptor, inside: Descriptor) -> Write:
    name = field.name
    if inside.full_name == TIMESTAMP and not field.is_repeated:
        return lambda holder, value: getattr(holder, name).FromJsonString(value)
    if inside.GetOptions().map_entry or inside.full_name.startswith(_WELL_KNOWN):
        return lambda holder, value: _parse(holder, name, value)
    if field.is_repeated:
        return lambda holder, values: _add_all(getattr(holder, name), _plan(inside), values)

    def write_one(holder: Any, value: Any) -> None:
        one = getattr(holder, name)
        one.SetInParent()
        _fill(one, _plan(inside), value)

    return write_one


def _add_all(into: Any, plan: Mapping[str, Write], values: Sequence[Mapping[str, Any]]) -> None:
    for value in values:
        _fill(into.add(), plan, value)


def _fill(message: Message, plan: Mapping[str, Write], value: Mapping[str, Any]) -> None:
    for name, one in value.items():
        write = plan.get(name)
        if write is None:
            # Also a name as JSON has it, `partNumber`; else a field that the contract does not have.
            _parse(message, name, one)
        elif one is not None:
            try:
                write(message, one)
            except (TypeError, ValueError, AttributeError):  # ParseDict takes more, and says what is wrong
                _parse(message, name, one)


def _scalar(field: FieldDescriptor) -> Callable[[Any], Any] | None:
    """How the JSON of a scalar becomes its value; None where ParseDict knows better."""
    if field.enum_type is not None:
        numbers = {value.name: value.number for value in field.enum_type.values}
        return lambda value: numbers[value] if isinstance(value, str) and value in numbers else _fits(int, value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return None
    if field.cpp_type in _TEXTUAL:
        return lambda value: value
    if field.cpp_type in _WHOLE:
        return lambda value: _fits(int, value)
    if field.cpp_type in _BROKEN:
        return lambda value: _fits(float, value)
    return None


def _fits(kind: type, value: Any) -> Any:
    """A number as JSON has it. Raises TypeError for a truth value or a text, ValueError for a broken one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    made = kind(value)
    if made != value:
        raise ValueError(value)
    return made
