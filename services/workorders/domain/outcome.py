"""What a transition did, or every reason why it did nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.workorders.domain.errors import FieldsInvalid, GuardsRefuse, Violation, WorkOrderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.workorders.domain.definition import Notice, Transition
    from services.workorders.domain.predicates import Objection
    from services.workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One row of history to be: the path that changed, with both values as people read them."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something that the user should know; it stops nothing, but may have kept the order as it was."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FeedDraft:
    """A post that the transition writes into the feed; mentions are symbolic."""

    body: str
    facts: tuple[tuple[str, str], ...]
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The order afterwards and everything that follows from the move; where nothing `happened`, only warnings do."""

    transition: Transition
    order: WorkOrder
    from_state: str
    to_state: str
    happened: bool = True
    changes: tuple[FieldChange, ...] = ()
    effects: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    post: FeedDraft | None = None
    draft: Mapping[str, object] | None = None
    warnings: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing happened: the error to raise, and the objections it was made of."""

    error: WorkOrderError
    objections: tuple[Objection, ...] = ()


def refuse(label: str, wrong_fields: Iterable[Objection], refusing_guards: Iterable[Objection]) -> Refusal:
    """One refusal out of everything that is wrong.

    Guards win over fields, because filling in the form would not help. The reason is a guard's own code where it is the
    only one, so that programs can act on it.
    """
    fields, guards = tuple(wrong_fields), tuple(refusing_guards)
    violations = [Violation(objection.field, objection.message) for objection in (*fields, *guards)]
    text = f"{label}: " + " ".join(dict.fromkeys(violation.description for violation in violations))
    if not guards:
        invalid = FieldsInvalid(text, violations=violations)
        invalid.reason = _only_code(fields) or invalid.reason
        return Refusal(invalid, fields)
    metadata = {key: value for objection in guards for key, value in objection.metadata.items()}
    reason = _only_code(guards) or "TRANSITION_REFUSED"
    return Refusal(GuardsRefuse(text, reason=reason, violations=violations, metadata=metadata), (*fields, *guards))


def _only_code(objections: tuple[Objection, ...]) -> str:
    codes = {objection.code for objection in objections}
    return codes.pop() if len(codes) == 1 else ""
