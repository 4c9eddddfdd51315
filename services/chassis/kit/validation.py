"""Checks a message against its own contract, naming every wrong field (``ship_to.postal_code``)."""

from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from fieldmesh.ui.v1 import options_pb2
from google.protobuf.message import Message

from services.chassis.errors import Violation
from services.chassis.fields import FieldKind, FieldRules, field_rules

LONGEST_LIST: Final = 200
_EARLIEST, _LATEST = 1900, 2999
_PHONE_DIGITS: Final = 5


def check_message(message: Message, fields: Collection[str] | None = None) -> list[Violation]:
    """Give what is wrong with a message, or with the named fields of it; what the server sets is passed over."""
    wrong: list[Violation] = []
    for name, rules in field_rules(message.DESCRIPTOR).items():
        if rules.output_only or (fields is not None and name not in fields):
            continue
        wrong += _check_field(message, name, rules)
    return wrong


def _check_field(message: Any, name: str, rules: FieldRules) -> list[Violation]:
    if rules.descriptor.is_repeated:
        return _check_list(name, rules, list(getattr(message, name)))
    if rules.has_presence and not message.HasField(name):
        return [Violation(name, "is required")] if rules.required else []
    value = getattr(message, name)
    if rules.kind is FieldKind.MESSAGE:
        return [Violation(f"{name}.{each.field}", each.description) for each in check_message(value)]
    problem = _problem(value, rules, required=rules.required)
    return [Violation(name, problem)] if problem else []


def _check_list(name: str, rules: FieldRules, values: list[Any]) -> list[Violation]:
    if rules.required and not values:
        return [Violation(name, "is required")]
    if len(values) > LONGEST_LIST:
        return [Violation(name, f"must have at most {LONGEST_LIST} entries")]
    wrong: list[Violation] = []
    for index, value in enumerate(values):
        if isinstance(value, Message):
            wrong += [Violation(f"{name}[{index}].{each.field}", each.description) for each in check_message(value)]
        elif problem := _problem(value, rules, required=True):
            wrong.append(Violation(f"{name}[{index}]", problem))
    return wrong


def _problem(value: Any, rules: FieldRules, *, required: bool) -> str:
    """What is wrong with one value; empty where nothing is."""
    check = _CHECKS.get(FieldKind.TEXT if rules.kind is FieldKind.TEXTS else rules.kind)
    return check(value, rules, required) if check else ""


def _check_text(value: str, rules: FieldRules, required: bool) -> str:  # noqa: FBT001 - one signature for all checks
    if not value.strip():
        return "is required" if required else ""
    if "\0" in value:
        return "must not hold a zero character"
    if len(value) > rules.max_length:
        return f"must be at most {rules.max_length:,} characters"
    options = rules.options
    if options.choices and value not in {choice.value for choice in options.choices}:
        return "must be one of " + ", ".join(choice.value for choice in options.choices)
    if options.pattern and not re.fullmatch(options.pattern, value):
        return options.pattern_help or "is not written as it should be"
    widget = _WIDGETS.get(options.widget)
    return widget(value) if widget else ""


def _check_number(value: float, rules: FieldRules, required: bool) -> str:  # noqa: FBT001
    del required  # zero is a number
    options = rules.options
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a number"
    if options.HasField("minimum") and value < options.minimum:
        return f"must be at least {options.minimum:,g}"
    if options.HasField("maximum") and value > options.maximum:
        return f"must be at most {options.maximum:,g}"
    return ""


def _check_enum(value: int, rules: FieldRules, required: bool) -> str:  # noqa: FBT001
    if value == 0:
        return "is required" if required else ""
    enum = rules.descriptor.enum_type
    return "" if enum is not None and value in enum.values_by_number else "is no value of this field"


def _check_date(value: Any, rules: FieldRules, required: bool) -> str:  # noqa: FBT001
    del rules, required
    try:
        found = date(value.year, value.month, value.day)
    except ValueError:
        return "must be a whole date: year, month and day"
    return "" if _EARLIEST <= found.year <= _LATEST else f"must be between {_EARLIEST} and {_LATEST}"


def _check_instant(value: Any, rules: FieldRules, required: bool) -> str:  # noqa: FBT001
    del rules, required
    try:
        found = value.ToDatetime()
    except (ValueError, OverflowError):
        return "must be an instant"
    return "" if _EARLIEST <= found.year <= _LATEST else f"must be between {_EARLIEST} and {_LATEST}"


_CHECKS: Final[Mapping[FieldKind, Callable[[Any, FieldRules, bool], str]]] = {
    FieldKind.TEXT: _check_text,
    FieldKind.INTEGER: _check_number,
    FieldKind.NUMBER: _check_number,
    FieldKind.ENUM: _check_enum,
    FieldKind.DATE: _check_date,
    FieldKind.INSTANT: _check_instant,
}


def _check_email(value: str) -> str:
    return "" if re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+", value) else "must be an e-mail address"


def _check_phone(value: str) -> str:
    digits = sum(character.isdigit() for character in value)
    fits = re.fullmatch(r"\+?[0-9(][0-9()./ -]*(\s*(x|ext\.?)\s*[0-9]+)?", value)
    return "" if fits and digits >= _PHONE_DIGITS else "must be a telephone number"


def _check_time_zone(value: str) -> str:
    return "" if value in _zones() else "must be an IANA time zone such as America/Chicago"


def _check_url(value: str) -> str:
    return "" if re.fullmatch(r"https?://[^\s/]+(/\S*)?", value) else "must be an address that begins with https://"


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


_WIDGETS: Final[Mapping[int, Callable[[str], str]]] = {
    options_pb2.WIDGET_EMAIL: _check_email,
    options_pb2.WIDGET_PHONE: _check_phone,
    options_pb2.WIDGET_TIME_ZONE: _check_time_zone,
    options_pb2.WIDGET_URL: _check_url,
}
