"""What a contract says about a field: its rules, read once from the descriptor's options."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, Final

from fieldmesh.ui.v1 import options_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

TIMESTAMP: Final = "google.protobuf.Timestamp"
DATE: Final = "google.type.Date"
_LONG_TEXT = 10_000
_SHORT_TEXT = 255


class FieldKind(Enum):
    """How a field is stored and compared."""

    TEXT = auto()
    BOOLEAN = auto()
    INTEGER = auto()
    NUMBER = auto()
    ENUM = auto()
    INSTANT = auto()
    DATE = auto()
    BYTES = auto()
    TEXTS = auto()
    """A list of texts."""
    LIST = auto()
    """A list of anything else, or a map."""
    MESSAGE = auto()
    """Fields of its own, each with a column of its own."""


_SCALARS: Final = {
    FieldDescriptor.CPPTYPE_INT32: FieldKind.INTEGER,
    FieldDescriptor.CPPTYPE_INT64: FieldKind.INTEGER,
    FieldDescriptor.CPPTYPE_UINT32: FieldKind.INTEGER,
    FieldDescriptor.CPPTYPE_UINT64: FieldKind.INTEGER,
    FieldDescriptor.CPPTYPE_DOUBLE: FieldKind.NUMBER,
    FieldDescriptor.CPPTYPE_FLOAT: FieldKind.NUMBER,
    FieldDescriptor.CPPTYPE_BOOL: FieldKind.BOOLEAN,
    FieldDescriptor.CPPTYPE_ENUM: FieldKind.ENUM,
}


@dataclass(frozen=True, slots=True)
class FieldRules:
    """One field of a contract with its kind and rules."""

    name: str
    kind: FieldKind
    descriptor: FieldDescriptor
    options: options_pb2.FieldOptions
    required: bool
    output_only: bool
    immutable: bool

    @property
    def has_presence(self) -> bool:
        """Whether unset differs from the type's zero."""
        return bool(self.descriptor.has_presence)

    @property
    def message(self) -> Descriptor:
        """The message of a field that has fields of its own; TypeError for any other."""
        inside: Descriptor | None = self.descriptor.message_type
        if inside is None:
            raise TypeError(f"{self.descriptor.full_name} is no message")
        return inside

    @property
    def label(self) -> str:
        """What people call it."""
        return self.options.label or self.name.replace("_", " ").capitalize()

    @property
    def max_length(self) -> int:
        """Longest text, in characters."""
        wide = self.options.widget == options_pb2.WIDGET_MULTILINE
        return self.options.max_length or (_LONG_TEXT if wide else _SHORT_TEXT)


@cache
def field_rules(descriptor: Descriptor) -> dict[str, FieldRules]:
    """The rules of a message's fields by name, in the contract's order."""
    return {field.name: _rules(field) for field in descriptor.fields}


def resource_options(descriptor: Descriptor) -> options_pb2.ResourceOptions:
    """How a resource presents itself; empty for a message that is none."""
    options: options_pb2.ResourceOptions = descriptor.GetOptions().Extensions[options_pb2.resource]
    return options


def find_rules(descriptor: Descriptor, path: str) -> tuple[FieldRules, ...] | None:
    """The fields that a dotted path leads through, such as `ship_to.city`; None where there is no such field."""
    found: list[FieldRules] = []
    inside: Descriptor | None = descriptor
    for name in path.split("."):
        rules = field_rules(inside).get(name) if inside is not None else None
        if rules is None:
            return None
        found.append(rules)
        inside = rules.message if rules.kind is FieldKind.MESSAGE else None
    return tuple(found)


def kind_of(field: FieldDescriptor) -> FieldKind:
    """How a field is stored and compared."""
    text = field.cpp_type == FieldDescriptor.CPPTYPE_STRING
    if field.is_repeated:
        return FieldKind.TEXTS if text and field.type == FieldDescriptor.TYPE_STRING else FieldKind.LIST
    if text:
        return FieldKind.BYTES if field.type == FieldDescriptor.TYPE_BYTES else FieldKind.TEXT
    if field.message_type is not None:
        return {TIMESTAMP: FieldKind.INSTANT, DATE: FieldKind.DATE}.get(field.message_type.full_name, FieldKind.MESSAGE)
    return _SCALARS[field.cpp_type]


def _rules(field: FieldDescriptor) -> FieldRules:
    options: Any = field.GetOptions()
    behaviors = set(options.Extensions[field_behavior_pb2.field_behavior])
    return FieldRules(
        name=field.name,
        kind=kind_of(field),
        descriptor=field,
        options=options.Extensions[options_pb2.field],
        required=field_behavior_pb2.REQUIRED in behaviors,
        output_only=field_behavior_pb2.OUTPUT_ONLY in behaviors,
        immutable=field_behavior_pb2.IMMUTABLE in behaviors,
    )
