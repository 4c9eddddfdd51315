"""Field masks with a setter of our own (hard-parts 19).

FieldMask.MergeMessage appends to lists and cannot clear; here every masked field is replaced whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from services.chassis.errors import InvalidRequest, Violation
from services.chassis.fields import FieldKind, FieldRules, field_rules, find_rules

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message


def checked_paths(descriptor: Descriptor, paths: Iterable[str], source: Message) -> list[str]:
    """Give the leaf paths that an update's mask names.

    A path to a message stands for all its fields; "*" for every field that may be changed; an empty mask for those
    that `source` sets (AIP-134). Raises InvalidRequest naming every path that is unknown, output-only or immutable.
    """
    asked = list(dict.fromkeys(paths))
    if not asked:
        asked = [
            name for name, rules in field_rules(descriptor).items() if _changeable(rules) and _is_set(source, rules)
        ]
    elif asked == ["*"]:
        asked = [name for name, rules in field_rules(descriptor).items() if _changeable(rules)]
    wrong = [Violation(path, problem) for path in asked if (problem := _problem(descriptor, path))]
    if wrong:
        raise InvalidRequest(
            "The update mask names fields that cannot be changed.", reason="INVALID_FIELDS", violations=wrong
        )
    return list(dict.fromkeys(leaf for path in asked for leaf in leaf_paths(descriptor, path)))


def leaf_paths(descriptor: Descriptor, path: str = "") -> list[str]:
    """Give the leaves below a path, or of a whole message: fields without fields of their own.

    Lists, instants and dates are leaves. Raises KeyError for an unknown path.
    """
    if path:
        found = find_rules(descriptor, path)
        if found is None:
            raise KeyError(path)
        if found[-1].kind is not FieldKind.MESSAGE:
            return [path]
        return [f"{path}.{leaf}" for leaf in leaf_paths(found[-1].message)]
    leaves: list[str] = []
    for name in field_rules(descriptor):
        leaves += leaf_paths(descriptor, name)
    return leaves


def apply_paths(target: Message, source: Message, paths: Sequence[str]) -> None:
    """Set in `target` what `source` has at each path; what `source` leaves unset is cleared, lists are replaced."""
    for path in paths:
        _assign(target, source, path.split("."))
    for name in {path.partition(".")[0] for path in paths if "." in path}:
        if not source.HasField(name) and target.HasField(name) and getattr(target, name).ByteSize() == 0:
            target.ClearField(name)


def value_at(message: Message, path: str) -> Any:
    """Give what stands at a dotted path; None where a message or optional on the way is unset."""
    value: Any = message
    for name in path.split("."):
        if value.DESCRIPTOR.fields_by_name[name].has_presence and not value.HasField(name):
            return None
        value = getattr(value, name)
    return value


def _assign(target: Any, source: Any, names: Sequence[str]) -> None:
    name, rest = names[0], names[1:]
    field = target.DESCRIPTOR.fields_by_name[name]
    if rest:
        if source.HasField(name) or target.HasField(name):
            _assign(getattr(target, name), getattr(source, name), rest)
            if source.HasField(name):
                getattr(target, name).SetInParent()
        return
    target.ClearField(name)
    if field.is_repeated:
        getattr(target, name).MergeFrom(getattr(source, name))
    elif field.message_type is not None:
        if source.HasField(name):
            getattr(target, name).CopyFrom(getattr(source, name))
    elif not field.has_presence or source.HasField(name):
        setattr(target, name, getattr(source, name))


def _changeable(rules: FieldRules) -> bool:
    return not (rules.output_only or rules.immutable)


def _is_set(source: Message, rules: FieldRules) -> bool:
    return any(field.name == rules.name for field, _ in source.ListFields())


def _problem(descriptor: Descriptor, path: str) -> str:
    found = find_rules(descriptor, path)
    if found is None:
        return "is no field"
    if any(rules.output_only for rules in found):
        return "is set by the server"
    if any(rules.immutable for rules in found):
        return "cannot be changed once it is set"
    return ""
