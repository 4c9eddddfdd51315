"""A text that somebody writes, as far as it is a definition already."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from services.workorders.definitions import DefinitionInvalid, load_definition
from services.workorders.definitions.source import read_yaml

if TYPE_CHECKING:
    from services.workorders.definitions.source import Fault
    from services.workorders.domain.definition import Definition

LONGEST_TEXT = 500_000
LONGEST_NAME = 60
LONGEST_LABEL = 200
HIGHEST_NUMBER = 1_000_000
# The same text is checked, saved, drawn and published one after the other.
KEPT = 32


@dataclass(frozen=True, slots=True)
class Examined:
    """What a text says that it is, and either the definition or every fault; blank where it does not say."""

    workflow: str
    number: int
    label: str
    definition: Definition | None
    faults: tuple[Fault, ...]


@lru_cache(maxsize=KEPT)
def examine(text: str) -> Examined:
    """Read a text as far as it goes; it never raises for what stands in it."""
    try:
        definition = load_definition(text)
    except DefinitionInvalid as invalid:
        return _as_far_as_it_goes(text, tuple(invalid.faults))
    return Examined(definition.name, definition.version, definition.label, definition, ())


def _as_far_as_it_goes(text: str, faults: tuple[Fault, ...]) -> Examined:
    found = read_yaml(text).data
    data = found if isinstance(found, dict) else {}
    workflow, number, label = data.get("workflow"), data.get("version"), data.get("label")
    return Examined(
        workflow=workflow[:LONGEST_NAME] if isinstance(workflow, str) else "",
        number=number if type(number) is int and 0 < number <= HIGHEST_NUMBER else 0,
        label=label[:LONGEST_LABEL] if isinstance(label, str) else "",
        definition=None,
        faults=faults,
    )
