"""What somebody probably meant, where a name is not there any more."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.workorders.domain.definition import Definition

CUTOFF = 0.6


def nearest(wanted: str, known: Mapping[str, str]) -> str:
    """The value whose key is most like the wanted word; empty where nothing comes near."""
    folded = {key.casefold(): value for key, value in known.items()}
    found = get_close_matches(wanted.casefold(), folded, 1, CUTOFF)
    return folded[found[0]] if found else ""


def successor(own: Definition, code: str, other: Definition) -> str:
    """The state of another definition that most likely took the place of one: by its label, its code, or its rank."""
    state, fresh = own.states[code], {each: found for each, found in other.states.items() if each not in own.states}
    same = next((each for each, found in other.states.items() if found.label == state.label), "")
    named = nearest(state.label, {found.label: each for each, found in fresh.items()})
    coded = nearest(code, {each: each for each in fresh})
    placed = next((each for each, found in fresh.items() if found.rank == state.rank), "")
    return same or named or coded or placed
