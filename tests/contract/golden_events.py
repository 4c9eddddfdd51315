"""Bytes of released events, kept so that later programs can be held to decode them (hard-parts 11).

`python -m tests.contract.golden_events` adds the events that have none yet; what is kept is never written again.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor

FOLDER = Path(__file__).parent / "golden_events"
FILES = [f"fieldmesh.{service}.v1.events_pb2" for service in ("workorders", "technicians", "shipping")]
DEPTH = 3


def event_types() -> dict[str, Any]:
    """Every event that an events.proto defines, by full name; messages that are part of one come with it."""
    found = {}
    for name in FILES:
        messages = importlib.import_module(name).DESCRIPTOR.message_types_by_name.values()
        parts = {field.message_type for message in messages for field in message.fields}
        found |= {each.full_name: message_factory.GetMessageClass(each) for each in messages if each not in parts}
    return found


def sample(message_type: Any) -> Any:
    """An event with every field set, three messages deep."""
    message = message_type()
    _fill(message, DEPTH)
    return message


def _fill(message: Any, depth: int) -> None:
    if message.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        message.FromJsonString("2026-12-01T15:30:00.123456Z")
        return
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and field.containing_oneof.fields[0] is not field:
            continue
        if field.message_type is None:
            value = _scalar(field)
            getattr(message, field.name).append(value) if field.is_repeated else setattr(message, field.name, value)
        elif depth:
            holder = getattr(message, field.name)
            _fill(holder.add() if field.is_repeated else holder, depth - 1)
            if not field.is_repeated:
                holder.SetInParent()


def _scalar(field: FieldDescriptor) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    kinds = {
        FieldDescriptor.CPPTYPE_STRING: b"bytes" if field.type == FieldDescriptor.TYPE_BYTES else f"a {field.name}",
        FieldDescriptor.CPPTYPE_BOOL: True,
        FieldDescriptor.CPPTYPE_DOUBLE: field.number + 0.5,
        FieldDescriptor.CPPTYPE_FLOAT: field.number + 0.5,
    }
    return kinds.get(field.cpp_type, field.number)


def main() -> None:
    """Adds what is missing."""
    FOLDER.mkdir(exist_ok=True)
    for name, message_type in event_types().items():
        kept = FOLDER / f"{name}.binpb"
        if not kept.exists():
            message = sample(message_type)
            kept.write_bytes(message.SerializeToString(deterministic=True))
            text = json_format.MessageToJson(message, preserving_proto_field_name=True, sort_keys=True)
            kept.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
            print(f"kept {name}")  # noqa: T201


if __name__ == "__main__":
    main()
