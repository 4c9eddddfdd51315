"""Refusals of drafts in the words of their forms."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from admin.grpcfab.errors import form_sentence
from admin.grpcfab.kinds import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.chassis.errors import Refusal

MOST_LINES: Final = 12
_WORDS: Final = {
    "cut_off": "Cut-off", "due_time": "Due at", "first_warning": "First warning", "second_warning": "At risk from",
    "morning_warning": "Warning on the due day", "note": "Why this version is made", "opens": "Opening",
    "closes": "Closing", "region": "State or region", "first_year": "From", "last_year": "To",
}  # fmt: skip
_NO_PLACES: Final[Mapping[str, str]] = MappingProxyType({})


def said(refusal: Refusal, places: Mapping[str, str] = _NO_PLACES) -> list[str]:
    """A refusal in lines: the sentence, and every wrong field as its form calls it.

    `places` says what the form calls what is at a path, such as "Monday" for `windows[0]`.
    """
    wrong = (f"{_label(each.field, places)}: {each.description}" for each in refusal.violations[:MOST_LINES])
    return [form_sentence(refusal), *wrong]


def _label(path: str, places: Mapping[str, str]) -> str:
    if path in places:
        return places[path]
    place = max((each for each in places if path.startswith((f"{each}.", f"{each}["))), key=len, default="")
    last = path.rpartition(".")[2].partition("[")[0]
    word = _WORDS.get(last) or (words(last).capitalize() if last.islower() else last)
    return f"{places[place]}, {word.lower()}" if place else word
