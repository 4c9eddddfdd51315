"""Untrusted requests as commands: typed values by path, with every wrong field named (hard-parts 19)."""

from __future__ import annotations

import re
from dataclasses import fields as members
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from services.chassis.errors import InvalidRequest, Violation
from services.chassis.kit.validation import check_message
from services.workorders import wire
from services.workorders.definitions.contract import WORK_ORDER, field_at, is_leaf
from services.workorders.domain.replacing import AffectedPart
from services.workorders.domain.situation import Inputs
from services.workorders.domain.values import Money
from services.workorders.domain.work_order import WorkOrder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2

LONGEST_COMMENT = 10_000
LONGEST_CODE = 60
LONGEST_ID = 40
MOST_AFFECTED = 200
_IDS = (
    "person_id", "executor_org", "cost_request_id", "directed_action_id", "parcel_id", "part_id",
    "approver_id", "assignee_id", "provider_org", "present_person_id",
)  # fmt: skip
CURRENCY = re.compile(r"[A-Z]{3}\Z")


def inputs_of(
    order: work_order_pb2.WorkOrder, paths: Iterable[str], given: work_order_service_pb2.TransitionInputs
) -> Inputs:
    """What a caller gives with a transition. InvalidRequest names every path and value that is none."""
    asked = list(dict.fromkeys(paths))
    wrong = [Violation(path, problem) for path in asked if (problem := _path_problem(path))]
    sound = {violation.field for violation in wrong}
    leaves = [path for path in asked if path not in sound]
    wrong += _value_problems(order, leaves)
    wrong += _input_problems(given)
    if wrong:
        raise InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=wrong)
    values = {path: typed(path, wire.read(order, path)) for path in leaves}
    apart = {"values", "affected_parts"}
    rest = {member.name: wire.read(given, member.name) for member in members(Inputs) if member.name not in apart}
    affected = tuple(AffectedPart(each.line_item_id, each.part_id, each.quantity) for each in given.affected_parts)
    return Inputs(values=values, affected_parts=affected, **rest)  # type: ignore[arg-type]


def values_of(order: work_order_pb2.WorkOrder, paths: Iterable[str]) -> Mapping[str, object]:
    """The typed values at paths of an order that is edited; InvalidRequest names every wrong one."""
    leaves = list(paths)
    wrong = _value_problems(order, leaves)
    if wrong:
        raise InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=wrong)
    return {path: typed(path, wire.read(order, path)) for path in leaves}


def typed(path: str, value: object) -> object:
    """A value of the contract as the domain holds it: enums by their type, blank amounts as None, no None texts."""
    kind = _kind_at(path)
    if isinstance(value, Money) and not value.micros and not value.currency_code:
        return None
    if kind is not None and issubclass(kind, Enum):
        return kind(value)
    return value.strip() if isinstance(value, str) else value


def _path_problem(path: str) -> str:
    found = field_at(WORK_ORDER, path)
    if found is None:
        return f"A work order has no field “{path}”."
    return "" if is_leaf(found[-1]) else "It has fields of its own; name those that are given."


def _value_problems(order: work_order_pb2.WorkOrder, leaves: list[str]) -> list[Violation]:
    heads = {path.partition(".")[0] for path in leaves}
    found = check_message(order, heads)
    named = [violation for violation in found if any(_covers(path, violation.field) for path in leaves)]
    wrong_paths = {violation.field for violation in named}
    amounts = ((path, wire.read(order, path)) for path in leaves if path not in wrong_paths and _is_money(path))
    return named + [Violation(path, problem) for path, amount in amounts if (problem := _money_problem(amount))]


def _covers(path: str, blamed: str) -> bool:
    return blamed == path or blamed.startswith((f"{path}.", f"{path}["))


def _is_money(path: str) -> bool:
    return _kind_at(path) is Money


def _money_problem(amount: object) -> str:
    return amount_problem(amount) if isinstance(amount, Money) and amount != Money("", 0) else ""


def amount_problem(amount: Money) -> str:
    """What is wrong with an amount of money; empty where nothing is."""
    if amount.micros < 0:
        return "An amount cannot be negative."
    return "" if CURRENCY.match(amount.currency_code) else "Give the currency as three capital letters, such as USD."


def _input_problems(given: work_order_service_pb2.TransitionInputs) -> list[Violation]:
    checked = check_message(given, {"resume_date", "due_date", "title", "cost_kind", "quantity"})
    wrong = [Violation(f"inputs.{each.field}", each.description) for each in checked]
    amount = wire.read(given, "amount")
    wrong += [Violation("inputs.amount", problem) for problem in filter(None, [_money_problem(amount)])]
    if len(given.affected_parts) > MOST_AFFECTED:
        wrong.append(Violation("inputs.affected_parts", f"It has at most {MOST_AFFECTED} parts."))
    ids = dict.fromkeys(_IDS, LONGEST_ID)
    limits = {"comment": LONGEST_COMMENT, "reason_text": LONGEST_COMMENT, "reason_code": LONGEST_CODE, **ids}
    return wrong + [
        Violation(f"inputs.{name}", f"It has at most {limit:,} characters.")
        for name, limit in limits.items()
        if len(getattr(given, name)) > limit
    ]


@cache
def _kind_at(path: str) -> type[Any] | None:
    """The type of a member of the aggregate, without its "or None"."""
    kind: Any = WorkOrder
    for name in path.split("."):
        kind = get_type_hints(kind).get(name)
        named = [part for part in get_args(kind) if isinstance(part, type) and part is not type(None)]
        kind = named[0] if len(named) == 1 and getattr(kind, "__origin__", None) is None else kind
    return kind if isinstance(kind, type) else None
