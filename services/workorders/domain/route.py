"""What history tells of an order's moves: which transition led when from which state to which."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.workorders.domain.definition import Definition
    from services.workorders.domain.history import HistoryRow

STATE = "state"
VERSION = "workflow_version"
# History's name of the move to another version.
MIGRATE = "migrate"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of state; codes are empty where the definition has no state of that label."""

    from_state: str
    to_state: str
    to_label: str
    transition: str
    time: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class RecordedMove:
    """One transition as history has it: what it changed, and where it led; states are codes of `version`."""

    transition: str
    version: int
    from_state: str
    to_state: str
    fields: tuple[str, ...]
    first: int
    last: int
    row: HistoryRow

    @property
    def moved(self) -> bool:
        """Whether it changed the state."""
        return self.from_state != self.to_state


def path_of(definition: Definition, rows: Iterable[HistoryRow]) -> tuple[Step, ...]:
    """The path of an order through the states of a definition, from its rows in order."""
    codes = _codes(definition)
    return tuple(
        Step(
            codes.get(row.old_value, ""),
            codes.get(row.new_value, ""),
            row.new_value,
            row.transition,
            row.change_time,
            row.actor_name,
        )
        for row in rows
        if row.field == STATE
    )


def moves_of(rows: Sequence[HistoryRow], version: int, known: Mapping[int, Definition]) -> tuple[RecordedMove, ...]:
    """The transitions that an order went through, from its rows in order.

    `version` is the one that the order has now; rows of a move to another version tell which it had before. What no
    transition did, such as an edit or what others told, is left out.
    """
    earlier = [int(row.old_value) for row in rows if row.field == VERSION and row.old_value.isdigit()]
    present = earlier[0] if earlier else version
    state, found = "", []
    for (name, _, _), group in groupby(rows, lambda row: (row.transition, row.change_time, row.actor_subject)):
        some = list(group)
        definition = known[present]
        codes = _codes(definition)
        steps = [row for row in some if row.field == STATE]
        begins = codes.get(steps[0].old_value, "") if steps else state
        state = codes.get(steps[-1].new_value, "") if steps else state
        if name in definition.transitions:
            fields = tuple(row.field for row in some if row.field != STATE)
            sequences = some[0].sequence, some[-1].sequence
            found.append(RecordedMove(name, present, begins, state, fields, *sequences, some[0]))
        news = next((row.new_value for row in some if row.field == VERSION), "")
        if news.isdigit():
            present = int(news)
    return tuple(found)


def _codes(definition: Definition) -> dict[str, str]:
    return {state.label: code for code, state in definition.states.items()}
