"""The parts of a resource's description: kinds of fields, choices, fields, the resource itself."""

from __future__ import annotations

import dataclasses
import enum
import re
from typing import TYPE_CHECKING

from fieldmesh.ui.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message


class Kind(enum.Enum):
    """How a single value of a field is read, shown and edited."""

    TEXT = "text"
    MULTILINE = "multiline"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    TIME_ZONE = "time-zone"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    BYTES = "bytes"
    INSTANT = "instant"
    DATE = "date"
    MONEY = "money"
    REFERENCE = "reference"
    FIELDS = "fields"
    OPAQUE = "opaque"


@dataclasses.dataclass(frozen=True)
class Choice:
    """One allowed value: an enum's number or a code, and what people read; `most` of it where a number is asked for."""

    value: str
    label: str
    tone: str = ""
    number: int = 0
    most: int = 0


@dataclasses.dataclass(frozen=True)
class Field:
    """One field as its descriptor and options describe it."""

    name: str
    kind: Kind
    label: str
    descriptor: FieldDescriptor
    options: options_pb2.FieldOptions
    repeated: bool = False
    required: bool = False
    output_only: bool = False
    immutable: bool = False
    choices: tuple[Choice, ...] = ()
    children: tuple[Field, ...] = ()

    @property
    def hidden(self) -> bool:
        return bool(self.options.hidden)

    @property
    def reference(self) -> str:
        return str(self.options.reference)

    @property
    def narrowed_by(self) -> tuple[str, ...]:
        """Inputs of the same form that narrow which rows may be chosen."""
        return tuple(self.options.narrowed_by)

    @property
    def fills(self) -> tuple[str, ...]:
        """Inputs of the same form that take over fields of the chosen row."""
        return tuple(self.options.fills)

    @property
    def help(self) -> str:
        return str(self.options.help)

    @property
    def badge(self) -> bool:
        return self.options.widget == options_pb2.WIDGET_BADGE or any(choice.tone for choice in self.choices)

    @property
    def coded(self) -> bool:
        """Whether its text is a code, which people read in words."""
        return self.options.widget == options_pb2.WIDGET_CODE

    @property
    def is_enum(self) -> bool:
        return self.descriptor.type == FieldDescriptor.TYPE_ENUM

    @property
    def max_length(self) -> int:
        """Longest text in characters; the contract's default where it names none."""
        return int(self.options.max_length) or (10_000 if self.kind is Kind.MULTILINE else 255)

    def choice(self, value: object) -> Choice | None:
        """The choice that a stored value (a number for an enum, otherwise a code) stands for."""
        for choice in self.choices:
            if (choice.number if self.is_enum else choice.value) == value:
                return choice
        return None


@dataclasses.dataclass(frozen=True)
class Resource:
    """A resource message with its presentation and the service that serves it."""

    message: type[Message]
    service: ServiceDescriptor
    fields: Mapping[str, Field]
    options: options_pb2.ResourceOptions
    methods: Mapping[str, MethodDescriptor] = dataclasses.field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return str(self.message.DESCRIPTOR.full_name)

    @property
    def singular(self) -> str:
        return str(self.options.singular_label or self.options.singular) or words(self.message.DESCRIPTOR.name)

    @property
    def plural(self) -> str:
        return str(self.options.plural_label or self.options.plural) or f"{self.singular}s"

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", str(self.options.plural or self.plural).lower()).strip("-")

    @property
    def title_field(self) -> str:
        return str(self.options.title_field) or "id"

    def title(self, message: Message) -> str:
        """What people call this row; what kind of row it is where the title is empty."""
        text = str(getattr(message, self.title_field, ""))
        field = self.fields.get(self.title_field)
        if text and field is not None and field.coded:
            return words(text).capitalize()
        return text or self.singular[:1].upper() + self.singular[1:]

    def visible(self) -> list[Field]:
        return [field for field in self.fields.values() if not field.hidden]

    def chosen(self, flag: str) -> list[Field]:
        """Fields whose options set `list`, `search`, `sort` or `filter`."""
        return [field for field in self.visible() if getattr(field.options, flag)]

    def writable(self, *, creating: bool) -> list[Field]:
        return [
            field
            for field in self.visible()
            if not field.output_only and field.kind is not Kind.OPAQUE and (creating or not field.immutable)
        ]


def words(name: str) -> str:
    """`serial_number` and `SerialNumber` become `serial number`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower().strip()
