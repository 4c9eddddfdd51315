"""What a resource's contract says about its fields, its presentation and its methods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.ui.v1 import options_pb2
from google.api import field_behavior_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from admin.grpcfab.kinds import Choice, Field, Kind, Resource, words

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message

__all__ = ["Choice", "Field", "Kind", "Resource", "fields_of", "message_class", "nested_class", "resource_of", "words"]

DEPTH: Final = 3  # Messages within messages; a contract that nests deeper is shown no further.


def resource_of(message: type[Message], service: ServiceDescriptor | None = None) -> Resource:
    """The specification of a resource message.

    The service is `<Message>Service` of the same file or package unless one is given. Raises LookupError without one.
    """
    descriptor = message.DESCRIPTOR
    key = (descriptor.full_name, service.full_name if service else "")
    if key not in _resources:
        _resources[key] = _described(message, service)
    return _resources[key]


_resources: dict[tuple[str, str], Resource] = {}


def _described(message: type[Message], service: ServiceDescriptor | None) -> Resource:
    descriptor: Any = message.DESCRIPTOR
    options = descriptor.GetOptions().Extensions[options_pb2.resource]
    found = service or _service_of(descriptor)
    fields = {field.name: field for field in fields_of(descriptor)}
    return Resource(message, found, fields, options, _standard_methods(message, found, options))


def _of_message(field: FieldDescriptor) -> Descriptor:
    if field.message_type is None:
        raise TypeError(f"{field.full_name} holds no message")
    return field.message_type


def nested_class(field: FieldDescriptor) -> type[Message]:
    """The generated class of what a message field holds."""
    return message_class(_of_message(field))


def message_class(descriptor: Descriptor) -> type[Message]:
    """The generated class of a message descriptor."""
    return message_factory.GetMessageClass(descriptor)


def _service_of(descriptor: Descriptor) -> ServiceDescriptor:
    wanted = f"{descriptor.name}Service"
    if wanted in descriptor.file.services_by_name:
        return descriptor.file.services_by_name[wanted]
    try:
        return descriptor.file.pool.FindServiceByName(f"{descriptor.file.package}.{wanted}")
    except KeyError as error:
        raise LookupError(f"{descriptor.full_name} has no {wanted} in its package: name its service") from error


def _standard_methods(
    message: type[Message], service: ServiceDescriptor, options: options_pb2.ResourceOptions
) -> dict[str, MethodDescriptor]:
    """Standard methods by verb, found by their names: ListAccounts, GetAccount, BatchGetAccounts and so on."""
    name = message.DESCRIPTOR.name
    plural = "".join(word[0].upper() + word[1:] for word in str(options.plural).split()) or f"{name}s"
    wanted = {
        "list": f"List{plural}",
        "get": f"Get{name}",
        "batch_get": f"BatchGet{plural}",
        "create": f"Create{name}",
        "update": f"Update{name}",
        "delete": f"Delete{name}",
    }
    return {
        verb: service.methods_by_name[method] for verb, method in wanted.items() if method in service.methods_by_name
    }


def fields_of(descriptor: Descriptor, depth: int = 0) -> list[Field]:
    """The fields of a message in the contract's order; `depth` counts the messages around it."""
    return [_field(field, depth) for field in descriptor.fields]


def _field(descriptor: FieldDescriptor, depth: int) -> Field:
    options = descriptor.GetOptions().Extensions[options_pb2.field]
    behaviour = list(descriptor.GetOptions().Extensions[field_behavior_pb2.field_behavior])
    kind = _kind(descriptor, options, depth)
    nested = kind is Kind.FIELDS and descriptor.message_type is not None
    return Field(
        name=descriptor.name,
        kind=kind,
        label=str(options.label) or words(descriptor.name).capitalize(),
        descriptor=descriptor,
        options=options,
        repeated=descriptor.is_repeated,
        required=field_behavior_pb2.REQUIRED in behaviour,
        output_only=field_behavior_pb2.OUTPUT_ONLY in behaviour,
        immutable=field_behavior_pb2.IMMUTABLE in behaviour or field_behavior_pb2.IDENTIFIER in behaviour,
        choices=_choices(descriptor, options),
        children=tuple(fields_of(_of_message(descriptor), depth + 1)) if nested else (),
    )


_TEXT_WIDGETS: Final = {
    options_pb2.WIDGET_MULTILINE: Kind.MULTILINE,
    options_pb2.WIDGET_EMAIL: Kind.EMAIL,
    options_pb2.WIDGET_PHONE: Kind.PHONE,
    options_pb2.WIDGET_URL: Kind.URL,
    options_pb2.WIDGET_TIME_ZONE: Kind.TIME_ZONE,
}
_INTEGERS: Final = {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT32,
                    FieldDescriptor.CPPTYPE_UINT64}  # fmt: skip


def _kind(descriptor: FieldDescriptor, options: options_pb2.FieldOptions, depth: int) -> Kind:
    if descriptor.type == FieldDescriptor.TYPE_MESSAGE:
        return _message_kind(descriptor, depth)
    if descriptor.type == FieldDescriptor.TYPE_ENUM or options.choices:
        return Kind.CHOICE
    if descriptor.type == FieldDescriptor.TYPE_BOOL:
        return Kind.BOOLEAN
    if descriptor.type == FieldDescriptor.TYPE_STRING:
        return Kind.REFERENCE if options.reference else _TEXT_WIDGETS.get(options.widget, Kind.TEXT)
    if descriptor.cpp_type in _INTEGERS:
        return Kind.BYTES if options.widget == options_pb2.WIDGET_BYTES else Kind.INTEGER
    return Kind.OPAQUE if descriptor.type == FieldDescriptor.TYPE_BYTES else Kind.NUMBER


def _message_kind(descriptor: FieldDescriptor, depth: int) -> Kind:
    message = _of_message(descriptor)
    if message.full_name == "google.protobuf.Timestamp":
        return Kind.INSTANT
    if message.full_name == "google.type.Date":
        return Kind.DATE
    if {field.name for field in message.fields} == {"currency_code", "micros"}:
        return Kind.MONEY
    deep = depth >= DEPTH or message.GetOptions().map_entry or message.full_name.startswith("google.protobuf.")
    return Kind.OPAQUE if deep else Kind.FIELDS


def _choices(descriptor: FieldDescriptor, options: options_pb2.FieldOptions) -> tuple[Choice, ...]:
    if descriptor.enum_type is None:
        return tuple(Choice(choice.value, choice.label or choice.value) for choice in options.choices)
    return tuple(enum_choice(value) for value in descriptor.enum_type.values if value.number)


_TONES: Final = {
    options_pb2.TONE_INFO: "info",
    options_pb2.TONE_SUCCESS: "success",
    options_pb2.TONE_WARNING: "warning",
    options_pb2.TONE_DANGER: "danger",
}


def enum_choice(value: Any) -> Choice:
    options = value.GetOptions().Extensions[options_pb2.value]
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", value.type.name).upper() + "_"
    label = str(options.label) or words(value.name.removeprefix(prefix)).capitalize()
    return Choice(value.name, label, _TONES.get(options.tone, ""), value.number)
