"""History as a salted hash chain for each order (CP-45, B-3, hard-parts 23).

A row's hash covers the hash of the row before, the row's place, and a commitment: the hash of its values with a salt of
its own. Erasing a person deletes values and salt; the commitment stays, so the chain still verifies. The order stores
the head and the length, so that a cut tail shows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from services.workorders.domain.outcome import FieldChange
    from services.workorders.domain.values import Actor

START = ""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One recorded change; `salt` is None where the values were erased."""

    work_order_id: str
    sequence: int
    change_time: datetime
    field: str
    old_value: str
    new_value: str
    actor_subject: str
    actor_name: str
    actor_organization_id: str
    transition: str
    reason: str
    salt: str | None
    evidence: str = ""
    commitment: str = ""
    hash: str = ""

    def committed(self) -> str:
        """The commitment of the row's values; they cannot be guessed from it without the salt."""
        values = (self.salt, self.old_value, self.new_value, self.actor_name, self.reason)
        return _digest((*values, self.evidence) if self.evidence else values)

    def chained(self, previous: str) -> str:
        """The row's hash after the hash of the row before."""
        place = (self.work_order_id, self.sequence, round(self.change_time.timestamp() * 1_000_000))
        what = (self.field, self.actor_subject, self.actor_organization_id, self.transition, self.commitment)
        return _digest((previous, *place, *what))

    def erased(self) -> HistoryRow:
        """The row without what tells of a person; its commitment and hash stay."""
        return replace(self, old_value="", new_value="", actor_name="", reason="", evidence="", salt=None)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain as the order stores it."""

    hash: str = START
    length: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where a chain does not hold, and what is wrong there."""

    sequence: int
    fault: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What another service told before a move: what it is, its version where it has one, and when (hard-parts 21)."""

    source: str
    version: str
    told_time: datetime

    def __str__(self) -> str:
        version = f", version {self.version}" if self.version else ""
        return f"{self.source}{version}, told {self.told_time:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Entry:
    """Who changed something, when, by which transition, why and on what: what the rows of one move share."""

    work_order_id: str
    actor: Actor
    now: datetime
    transition: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()


def append(
    head: Head, entry: Entry, changes: Iterable[FieldChange], new_salt: Callable[[], str]
) -> tuple[tuple[HistoryRow, ...], Head]:
    """The rows for the changes, in order, and the head afterwards."""
    rows = []
    for change in changes:
        row = HistoryRow(
            work_order_id=entry.work_order_id,
            sequence=head.length + 1,
            change_time=entry.now,
            field=change.field,
            old_value=change.old,
            new_value=change.new,
            actor_subject=entry.actor.subject,
            actor_name=entry.actor.name,
            actor_organization_id=entry.actor.organization_id,
            transition=entry.transition,
            reason=entry.reason,
            salt=new_salt(),
            evidence="; ".join(map(str, entry.evidence)),
        )
        row = replace(row, commitment=row.committed())
        row = replace(row, hash=row.chained(head.hash))
        head = Head(row.hash, row.sequence)
        rows.append(row)
    return tuple(rows), head


def verify(rows: Sequence[HistoryRow], head: Head) -> Broken | None:
    """The first altered, missing, inserted or cut row of a chain; None where it holds. Rows come by sequence."""
    previous, expected = START, 1
    for row in rows:
        fault = _fault(row, expected, previous, head)
        if fault:
            return Broken(min(row.sequence, expected), fault)
        previous, expected = row.hash, expected + 1
    if expected - 1 < head.length:
        return Broken(expected, f"The chain is cut: it ends at {expected - 1}, the order knows {head.length} rows.")
    return None if previous == head.hash else Broken(expected - 1, "The last row is not the one that the order knows.")


def _fault(row: HistoryRow, expected: int, previous: str, head: Head) -> str:
    if row.sequence > expected:
        return f"Row {expected} is missing."
    if row.sequence < expected:
        return f"Row {row.sequence} stands here twice: one was inserted."
    if row.sequence > head.length:
        return f"Row {row.sequence} was inserted: the order knows {head.length} rows."
    if row.salt is not None and row.commitment != row.committed():
        return f"Row {row.sequence} was altered: its values are not those that were recorded."
    if row.hash != row.chained(previous):
        return f"Row {row.sequence} was altered: its hash does not follow from the row before."
    return ""


def _digest(parts: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
