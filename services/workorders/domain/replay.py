"""The recorded moves of an order, judged by another definition: what it would have refused or done otherwise (B-2).

History keeps texts, so an order as it was then is taken from what it is now: a field that had no value then has none,
one that had a value has its present one. What a guard needs beyond that is said to be unknown, never guessed.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from services.workorders.domain import paths
from services.workorders.domain.likeness import nearest, successor
from services.workorders.domain.permissions import permitted
from services.workorders.domain.predicates import asked_paths, judge, needed_snapshots
from services.workorders.domain.route import STATE, moves_of
from services.workorders.domain.situation import Situation
from services.workorders.domain.wording import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from services.workorders.domain.definition import Condition, Definition, Transition
    from services.workorders.domain.history import HistoryRow
    from services.workorders.domain.route import RecordedMove
    from services.workorders.domain.values import Actor
    from services.workorders.domain.work_order import WorkOrder

# What a guard may look at and history does not keep.
UNKEPT = ("inputs.", "line_item.", "snapshots.")


class FindingKind(StrEnum):
    """What a replay can find; in the contract's order, whose numbers begin with 1."""

    TRANSITION_MISSING = "transition_missing"
    STATE_MISSING = "state_missing"
    NOT_FROM_HERE = "not_from_here"
    LEADS_ELSEWHERE = "leads_elsewhere"
    NOT_PERMITTED = "not_permitted"
    FIELD_REQUIRED = "field_required"
    GUARD_REFUSES = "guard_refuses"
    FIELD_DROPPED = "field_dropped"
    NOT_JUDGED = "not_judged"


DIFFERENCES = frozenset({FindingKind.LEADS_ELSEWHERE, FindingKind.FIELD_DROPPED, FindingKind.NOT_JUDGED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that would have gone otherwise; `sequence` is the first row of the move, 0 for the present state."""

    kind: FindingKind
    message: str
    transition: str = ""
    suggestion: str = ""
    sequence: int = 0

    @property
    def refuses(self) -> bool:
        """Whether the move would not have happened."""
        return self.kind not in DIFFERENCES


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many moves of an order were replayed, and what was found."""

    moves: int
    findings: tuple[Finding, ...]


def replay(
    order: WorkOrder,
    rows: Sequence[HistoryRow],
    known: Mapping[int, Definition],
    actors: Mapping[str, Actor],
    draft: Definition,
) -> Replayed:
    """Judge every recorded move of an order by a draft; `known` are the versions that it went through.

    `actors` are the people and services behind the rows, by subject, as the directory knows them now.
    """
    moves = moves_of(rows, order.workflow_version, known)
    found = [finding for move in moves for finding in _judged(order, rows, move, known[move.version], actors, draft)]
    if order.state not in draft.states:
        found.append(_state_missing(known[order.workflow_version], order.state, draft, "", 0))
    return Replayed(len(moves), tuple(dict.fromkeys(found)))


def _judged(  # noqa: PLR0913, PLR0917 - the move, what is known of it, and by what it is judged
    order: WorkOrder,
    rows: Sequence[HistoryRow],
    move: RecordedMove,
    own: Definition,
    actors: Mapping[str, Actor],
    draft: Definition,
) -> Iterator[Finding]:
    old, new = own.transitions[move.transition], draft.transitions.get(move.transition)
    if new is None:
        yield _transition_missing(own, old, draft, move)
        return
    yield from _place_findings(own, draft, new, move)
    before, after = _as_of(order, rows, move.first - 1), _as_of(order, rows, move.last)
    before, after = replace(before, state=move.from_state), replace(after, state=move.from_state)
    actor = actors.get(move.row.actor_subject)
    if actor and permitted(own, old, before, actor) and not permitted(draft, new, before, actor):
        roles = ", ".join(sorted(actor.roles))
        yield _finding(FindingKind.NOT_PERMITTED, move, f"“{new.label}” would not have been open to the {roles}.")
    yield from _field_findings(own, draft, old, new, move, after)
    if actor:
        situations = (Situation(order=seen, before=before, actor=actor, now=move.row.change_time)
                      for seen in (before, after))  # fmt: skip
        yield from _guard_findings(draft, old, new, move, *situations)


def _place_findings(own: Definition, draft: Definition, new: Transition, move: RecordedMove) -> Iterator[Finding]:
    for code in dict.fromkeys((move.from_state, move.to_state)):
        if code and code not in draft.states:
            yield _state_missing(own, code, draft, move.transition, move.first)
    if move.from_state in draft.states and move.from_state not in new.starts:
        label = draft.states[move.from_state].label
        yield _finding(FindingKind.NOT_FROM_HERE, move, f"“{new.label}” does not start from {label}.")
    leads = {*new.ends, *new.through} if not new.stays else {move.from_state}
    if move.to_state in draft.states and move.to_state not in leads:
        there = " or ".join(draft.states[code].label for code in new.ends) or "no other state"
        then = draft.states[move.to_state].label
        yield _finding(FindingKind.LEADS_ELSEWHERE, move, f"“{new.label}” led to {then}; here it leads to {there}.")


def _field_findings(  # noqa: PLR0913, PLR0917 - both transitions and both definitions
    own: Definition, draft: Definition, old: Transition, new: Transition, move: RecordedMove, after: WorkOrder
) -> Iterator[Finding]:
    asked_then = own.input_paths[old.name]
    for path in sorted(_required(new) - _required(old)):
        given = path in asked_then if path.startswith("inputs.") else paths.is_set(paths.read(after, path))
        if not given:
            label = draft.labels.get(path, path)
            yield _finding(FindingKind.FIELD_REQUIRED, move, f"“{new.label}” needs {label}, which was not given then.")
    touched = {*draft.input_paths[new.name], *(item.path for item in (*new.derives, *new.sets))}
    for field in move.fields:
        if not any(path == field or path.startswith(f"{field}.") for path in touched):
            yield _finding(FindingKind.FIELD_DROPPED, move, f"“{new.label}” does not set {field} any more.")


def _guard_findings(  # noqa: PLR0913, PLR0917 - both transitions, before and after
    draft: Definition, old: Transition, new: Transition, move: RecordedMove, before: Situation, after: Situation
) -> Iterator[Finding]:
    fresh = [(guard, after) for guard in new.guards if guard not in old.guards]
    if new.when and new.when != old.when:
        fresh.append((new.when, before))
    for condition, situation in fresh:
        if not _is_kept(condition):
            words = in_words(condition, draft.labels)
            text = f"“{new.label}” asks whether {words}; history does not keep what that looks at."
            yield _finding(FindingKind.NOT_JUDGED, move, text)
            continue
        for objection in judge(condition, situation):
            yield _finding(FindingKind.GUARD_REFUSES, move, f"“{new.label}”: {objection.message}")


def _is_kept(condition: Condition) -> bool:
    return not needed_snapshots(condition) and not any(path.startswith(UNKEPT) for path in asked_paths(condition))


def _required(move: Transition) -> set[str]:
    return {field.path for field in move.form_fields() if field.required} | set(move.requires)


def _finding(kind: FindingKind, move: RecordedMove, message: str, suggestion: str = "") -> Finding:
    return Finding(kind, message, move.transition, suggestion, move.first)


def _transition_missing(own: Definition, old: Transition, draft: Definition, move: RecordedMove) -> Finding:
    fresh = {name: each for name, each in draft.transitions.items() if name not in own.transitions}
    same_label = next((name for name, each in fresh.items() if each.label == old.label), "")
    named = nearest(old.name, {name: name for name in fresh}) or nearest(
        old.label, {each.label: name for name, each in fresh.items()}
    )
    same_way = next(
        (name for name, each in fresh.items() if not old.stays and set(each.ends) & set(old.ends)
         and set(each.starts) & set(old.starts)), "",
    )  # fmt: skip
    meant = same_label or named or same_way
    hint = f"Perhaps it is {meant} (“{fresh[meant].label}”) now." if meant else ""
    return _finding(FindingKind.TRANSITION_MISSING, move, f"There is no transition {old.name} (“{old.label}”).", hint)


def _state_missing(own: Definition, code: str, draft: Definition, transition: str, sequence: int) -> Finding:
    label, meant = own.states[code].label, successor(own, code, draft)
    hint = f"Perhaps it is {meant} (“{draft.states[meant].label}”) now." if meant else ""
    return Finding(FindingKind.STATE_MISSING, f"There is no state {code} (“{label}”).", transition, hint, sequence)


def _as_of(order: WorkOrder, rows: Sequence[HistoryRow], sequence: int) -> WorkOrder:
    """The order as it was after a row, as far as its history tells."""
    unset: dict[str, object] = {}
    told: dict[str, str] = {}
    for row in rows:
        if row.sequence <= sequence:
            told[row.field] = row.new_value
        elif row.field not in told:
            told[row.field] = row.old_value
    later = {row.field for row in rows if row.sequence > sequence and row.field != STATE}
    for field in later:
        if not told[field] and (found := _default(type(order), field)) is not MISSING:
            unset[field] = found
    return paths.write(order, unset) if unset else order


def _default(kind: Any, path: str) -> object:
    """What a field has before anybody gave it a value; MISSING where there is no such field."""
    head, _, rest = path.partition(".")
    member = next((each for each in fields(kind) if each.name == head), None)
    if member is None:
        return MISSING
    value = member.default if member.default_factory is MISSING else member.default_factory()
    return _default(type(value), rest) if rest and value is not MISSING else value
