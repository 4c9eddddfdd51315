"""A definition in words that people read: conditions, actors and recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.workorders.domain.predicates import COMBINATORS, COMPARISONS, PREDICATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.workorders.domain.definition import ActorRule, Condition, Notice

_PARTIES = {"issuer_org": "issuer", "executor_org": "executor", "facility_org": "facility owner"}
# Spelt out where they stand, and explained by nothing further.
_PLAIN = frozenset({"compare", "field_set", "any_field_set"})


def in_words(condition: Condition, labels: Mapping[str, str]) -> str:
    """A condition as it is combined: "any of: Appointment date is set; needs parts"."""
    if condition.name in {"all", "any"}:
        parts = "; ".join(in_words(part, labels) for part in condition.parts)
        return f"{condition.name} of: {parts}" if len(condition.parts) > 1 else parts
    if condition.name == "not":
        inner = condition.parts[0]
        if inner.name == "field_set":
            return f"{_label(inner.arguments['path'], labels)} is not set"
        return f"not: {in_words(inner, labels)}"
    return _primitive(condition, labels)


def explanations(condition: Condition) -> tuple[str, ...]:
    """What the named primitives of a condition are, in their own words, and what it says when it refuses."""
    said = (f"Says: {condition.says}",) if condition.says else ()
    if condition.name in COMBINATORS:
        inner = (text for part in condition.parts for text in explanations(part))
        return tuple(dict.fromkeys((*said, *inner)))
    known = () if condition.name in _PLAIN else (" ".join(PREDICATES[condition.name].description.split()),)
    return (*said, *known)


def who_in_words(rule: ActorRule) -> str:
    """Whom a rule stands for: "dispatcher of the issuer (vendor)"."""
    whose = f" of the {_PARTIES.get(rule.party, rule.party)}" if rule.party else ""
    kinds = f" ({' or '.join(kind.replace('_', ' ') for kind in rule.kinds)})" if rule.kinds else ""
    tie = f", as {rule.owns.replace('_', ' ')}" if rule.owns else ""
    return f"{rule.role}{whose}{kinds}{tie}"


def notice_in_words(notice: Notice, labels: Mapping[str, str]) -> str:
    """A mail with its recipients: "work order assigned to executor organization"."""
    when = f", when {in_words(notice.when, labels)}" if notice.when else ""
    return f"{_spaced(notice.template)} to {', '.join(map(_spaced, notice.recipients))}{when}"


def _primitive(condition: Condition, labels: Mapping[str, str]) -> str:
    given = condition.arguments
    if condition.name == "field_set":
        return f"{_label(given['path'], labels)} is set"
    if condition.name == "any_field_set":
        return f"one of these is set: {', '.join(_label(path, labels) for path in _several(given['paths']))}"
    if condition.name == "compare":
        right = _label(given["other"], labels) if given.get("other") else _literal(given.get("value"))
        return f"{_label(given['field'], labels)} {COMPARISONS[str(given['by'])][1]} {right}"
    rest = ", ".join(f"{key} {_literal(value)}" if key else _literal(value) for key, value in given.items())
    return f"{_spaced(condition.name)} ({rest})" if rest else _spaced(condition.name)


def _label(path: object, labels: Mapping[str, str]) -> str:
    return labels.get(str(path), str(path))


def _several(value: object) -> Iterable[object]:
    return value if isinstance(value, (tuple, list)) else (value,)


def _literal(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def _spaced(code: str) -> str:
    return code.replace("_", " ")
