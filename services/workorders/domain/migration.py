"""Moving an order to another version of its workflow: only on purpose, and only where it fits (hard case 10)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.workorders.domain import paths
from services.workorders.domain.definition import Category
from services.workorders.domain.likeness import successor
from services.workorders.domain.outcome import FieldChange
from services.workorders.domain.route import STATE, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.workorders.domain.definition import Definition, Transition
    from services.workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class Migrated:
    """The order in its new version, with what its history gets."""

    order: WorkOrder
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Stays:
    """Why an order keeps its version: every reason in a sentence, or none because it has ended."""

    reasons: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nobody wanted to move it."""
        return not self.reasons


def has_ended(definition: Definition, code: str) -> bool:
    """Whether an order in a state is over: nothing is done there any more that a new version could change."""
    state = definition.states[code]
    if state.category is Category.DEAD or state.frozen:
        return True
    return state.category is Category.DONE and all(move.stays for move in definition.by_state[code])


def migrate(order: WorkOrder, source: Definition, target: Definition, renamed: Mapping[str, str]) -> Migrated | Stays:
    """The order in the target version, or why it stays; `renamed` gives the new codes of states called otherwise."""
    if has_ended(source, order.state):
        return Stays()
    code = renamed.get(order.state, order.state)
    waiting = order.hold.from_state and renamed.get(order.hold.from_state, order.hold.from_state)
    reasons = tuple(_reasons(order, source, target, code, waiting))
    if reasons:
        return Stays(reasons)
    moved = paths.write(order, {"workflow_version": target.version, "hold.from_state": waiting})
    moved = replace(moved, state=code)
    old, new = source.states[order.state].label, target.states[code].label
    changes = [FieldChange(VERSION, str(source.version), str(target.version))]
    if old != new:
        changes.append(FieldChange(STATE, old, new))
    return Migrated(moved, tuple(changes))


def _reasons(order: WorkOrder, source: Definition, target: Definition, code: str, waiting: str) -> Iterator[str]:
    for wanted, before in ((code, order.state), (waiting, order.hold.from_state)):
        if wanted and wanted not in target.states:
            yield _unknown(source, before, wanted, target)
    if code not in target.states:
        return
    if has_ended(target, code):
        yield f"It would end: {target.states[code].label} is an end in version {target.version}."
    yield from (f"{target.labels.get(path, path)} is missing, which {label} needs." for path, label in
                _missing(order, target, code))  # fmt: skip


def _unknown(source: Definition, before: str, wanted: str, target: Definition) -> str:
    label, near = source.states[before].label, successor(source, before, target)
    hint = f", perhaps {target.states[near].label}." if near else "."
    return f"Version {target.version} has no state “{wanted}” for {label}. Say which state takes its place{hint}"


def _missing(order: WorkOrder, target: Definition, code: str) -> Iterator[tuple[str, str]]:
    """What every way into a state requires, and the order lacks; a computed way only leads back to where it was."""
    moves = (move for move in target.transitions.values() if not move.computes)
    ways = [move for move in moves if code in {*move.ends, *move.through}]
    needed = [_required(move) for move in ways]
    common = set.intersection(*needed) if needed else set()
    label = target.states[code].label
    for path in sorted(common):
        if not paths.is_set(paths.read(order, path)):
            yield path, label


def _required(move: Transition) -> set[str]:
    asked = {field.path for field in move.form_fields() if field.required}
    return {path for path in asked | set(move.requires) if not path.startswith("inputs.")}
