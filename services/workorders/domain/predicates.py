"""Named conditions of workflow definitions: combinators, comparisons and primitives.

Each is registered under its name with a docstring that the UI shows. A definition combines them; only a new primitive
is Python. A predicate answers every reason why it does not hold, and an empty tuple where it does.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

from services.workorders.domain.paths import is_set
from services.workorders.domain.texts import text_of

if TYPE_CHECKING:
    from services.workorders.domain.definition import Condition
    from services.workorders.domain.situation import Situation


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason for a refusal: which guard, why in words, the field to blame, and a code where programs act on it."""

    guard: str
    message: str
    field: str = ""
    code: str = ""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


Objections = tuple[Objection, ...]
HOLDS: Objections = ()


Check = Callable[..., Objections]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A registered condition.

    `asks` are the paths that it looks at, `paths` the parameters that hold further ones, and `snapshot` is the one
    without which it cannot be judged; `prefers` is one that makes it sharper where it can be had.
    """

    name: str
    description: str
    check: Check
    parameters: tuple[str, ...]
    asks: tuple[str, ...] = ()
    snapshot: str = ""
    paths: tuple[str, ...] = ()
    prefers: str = ""


PREDICATES: dict[str, Predicate] = {}
COMBINATORS = ("all", "any", "not")
COMPARISONS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (eq, "must be"),
    "differs": (ne, "must not be"),
    "more_than": (gt, "must be after"),
    "at_least": (ge, "must be at least"),
    "less_than": (lt, "must be before"),
    "at_most": (le, "must not be after"),
    "one_of": (lambda value, options: value in options, "must be one of"),
}


def predicate(
    *, asks: tuple[str, ...] = (), snapshot: str = "", paths: tuple[str, ...] = (), prefers: str = ""
) -> Callable[[Check], Check]:
    """Register a function as a named predicate."""

    def register(check: Check) -> Check:
        name = getattr(check, "__name__", "")
        parameters = tuple(list(inspect.signature(check).parameters)[1:])
        PREDICATES[name] = Predicate(
            name, inspect.getdoc(check) or "", check, parameters, asks, snapshot, paths, prefers
        )
        return check

    return register


def judge(condition: Condition, situation: Situation) -> Objections:
    """Every reason why a condition does not hold; a condition's own words replace those of its parts."""
    objections = _judge(condition, situation)
    if objections and condition.says:
        first = objections[0]
        field = condition.blames or first.field
        return (Objection(first.guard, condition.says, field, first.code, first.metadata),)
    return objections


def _judge(condition: Condition, situation: Situation) -> Objections:
    if condition.name == "all":
        return tuple(objection for part in condition.parts for objection in judge(part, situation))
    if condition.name == "any":
        judged = [judge(part, situation) for part in condition.parts]
        return HOLDS if not all(judged) else tuple(objection for part in judged for objection in part)
    if condition.name == "not":
        return HOLDS if judge(condition.parts[0], situation) else (Objection("not", "It must not be so."),)
    return PREDICATES[condition.name].check(situation, **condition.arguments)


def asked_paths(condition: Condition) -> frozenset[str]:
    """The paths that a condition looks at, as far as they are written down in the definition or the registry."""
    if condition.name in COMBINATORS:
        return frozenset(path for part in condition.parts for path in asked_paths(part))
    registered = PREDICATES[condition.name]
    given = (condition.arguments.get(name) for name in registered.paths)
    written = (path for value in given if value for path in (value if isinstance(value, tuple) else (value,)))
    return frozenset((*registered.asks, *map(str, written)))


def needed_snapshots(condition: Condition) -> frozenset[str]:
    """The snapshots without which a condition cannot be judged."""
    if condition.name in COMBINATORS:
        return frozenset(name for part in condition.parts for name in needed_snapshots(part))
    named = {PREDICATES[condition.name].snapshot} - {""}
    read = {path.split(".")[1] for path in asked_paths(condition) if path.startswith("snapshots.")}
    return frozenset(named | read)


def preferred_snapshots(condition: Condition) -> frozenset[str]:
    """The snapshots that make a condition sharper, and without which it is judged all the same."""
    if condition.name in COMBINATORS:
        return frozenset(name for part in condition.parts for name in preferred_snapshots(part))
    return frozenset({PREDICATES[condition.name].prefers} - {""})


@predicate(paths=("field", "other"))
def compare(situation: Situation, *, field: str, by: str, value: object = None, other: str = "") -> Objections:
    """A field stands in a relation to a value or to another field; unset fields are no objection."""
    left = situation.read(field)
    right = situation.read(other) if other else value
    relation, words = COMPARISONS[by]
    if not is_set(left) or (other and not is_set(right)) or relation(left, right):
        return HOLDS
    return (Objection("compare", f"{field} {words} {text_of(right)}.", field),)


@predicate(paths=("path",))
def field_set(situation: Situation, *, path: str) -> Objections:
    """A field has a value."""
    return HOLDS if is_set(situation.read(path)) else (Objection("field_set", "This is required.", path),)


@predicate(paths=("paths",))
def any_field_changes(situation: Situation, *, paths: tuple[str, ...]) -> Objections:
    """At least one of several fields of the order gets another value than it had."""
    if any(situation.read(path) != situation.read(f"before.{path}") for path in paths):
        return HOLDS
    return (Objection("any_field_changes", "Nothing changes.", paths[0]),)


@predicate(paths=("paths",))
def any_field_set(situation: Situation, *, paths: tuple[str, ...]) -> Objections:
    """At least one of several fields has a value."""
    if any(is_set(situation.read(path)) for path in paths):
        return HOLDS
    return tuple(Objection("any_field_set", "This is required.", path) for path in paths)
