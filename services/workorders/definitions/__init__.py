"""Loading workflow definitions: YAML, schema, consistency and contract, with every fault at once and its line."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from marshmallow import ValidationError

from services.workorders.definitions.contract import contract_faults, labels_of
from services.workorders.definitions.schema import DefinitionSchema
from services.workorders.definitions.source import DefinitionInvalid, Fault, Path, Source, read_yaml
from services.workorders.domain.check import faults_of
from services.workorders.domain.definition import Definition
from services.workorders.domain.work_order import LineItem, WorkOrder
from services.workorders.domain.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.workorders.domain.definition import Assignment, Transition

__all__ = ["DefinitionInvalid", "Fault", "Workflows", "load_definition", "load_workflows"]

SHIPPED = FilePath(__file__).parents[1] / "workflows"


def load_definition(text: str, name: str = "definition") -> Definition:
    """A checked definition; DefinitionInvalid holds every fault with its line."""
    source = read_yaml(text)
    if source.data is None:
        raise DefinitionInvalid(name, source.faults or [Fault(1, "", "The file is empty.")])
    try:
        data = DefinitionSchema().load(source.data)
    except ValidationError as error:
        raise DefinitionInvalid(name, source.faults + list(_schema_faults(source, error.messages_dict))) from None
    definition = _definition(data)
    found = (*faults_of(definition), *contract_faults(definition), *_literal_faults(definition))
    faults = source.faults + [source.fault(path, message) for path, message in found]
    if faults:
        raise DefinitionInvalid(name, faults)
    transitions = {key: _typed(move) for key, move in definition.transitions.items()}
    return replace(definition, transitions=transitions, labels=labels_of(definition))


class Workflows:
    """The published workflows by name and version; an order keeps the version it began with."""

    def __init__(self, definitions: list[Definition]) -> None:
        self._all = {(definition.name, definition.version): Workflow(definition) for definition in definitions}
        self._latest = {name: max(v for n, v in self._all if n == name) for name, _ in self._all}

    def of(self, name: str, version: int) -> Workflow:
        """One version; KeyError where it was never published."""
        return self._all[name, version]

    def latest(self, name: str) -> Workflow:
        """The version that new orders begin with; KeyError where there is no such workflow."""
        return self._all[name, self._latest[name]]

    def names(self) -> tuple[str, ...]:
        """The names of all workflows."""
        return tuple(self._latest)

    def all(self) -> tuple[Workflow, ...]:
        """Every version of every workflow."""
        return tuple(self._all.values())


@cache
def load_workflows(folder: FilePath = SHIPPED) -> Workflows:
    """The definitions of a folder, one version a file."""
    files = sorted(folder.glob("*.yaml"))
    return Workflows([load_definition(file.read_text(encoding="utf-8"), file.name) for file in files])


def _definition(data: Mapping[str, Any]) -> Definition:
    return Definition(
        name=data["workflow"],
        version=data["version"],
        label=data["label"],
        initial=data["initial"],
        creators=tuple(data["creators"]),
        states=data["states"],
        actors=data["actors"],
        transitions=data["transitions"],
        history_groups=tuple(data.get("history_groups", ())),
        history_omits=tuple(data.get("history_omits", ())),
    )


def _schema_faults(source: Source, messages: Mapping[Any, Any], path: Path = ()) -> Iterator[Fault]:
    for key, value in messages.items():
        here = path if key in {"_schema", "value", "key"} else (*path, key)
        if isinstance(value, dict):
            yield from _schema_faults(source, value, here)
        else:
            yield from (source.fault(here, message) for message in value)


def _enum_of(path: str) -> type[Enum] | None:
    whole, names = (LineItem, path.split(".")[1:]) if path.startswith("line_item.") else (WorkOrder, path.split("."))
    kind: Any = whole
    for name in names:
        kind = get_type_hints(kind).get(name)
        kind = next((part for part in get_args(kind) if isinstance(part, type)), kind)
    return kind if isinstance(kind, type) and issubclass(kind, Enum) else None


def _literal_faults(definition: Definition) -> Iterator[tuple[Path, str]]:
    for transition in definition.transitions.values():
        for part, items in (("derives", transition.derives), ("sets", transition.sets)):
            for item in items:
                kind, literal = _enum_of(item.path), item.source.literal
                if kind and literal is not None and literal not in {member.value for member in kind}:
                    yield (
                        ("transitions", transition.name, part, item.path),
                        f"“{literal}” is not a value of this field.",
                    )


def _typed(transition: Transition) -> Transition:
    return replace(
        transition, derives=tuple(map(_typed_item, transition.derives)), sets=tuple(map(_typed_item, transition.sets))
    )


def _typed_item(item: Assignment) -> Assignment:
    kind, literal = _enum_of(item.path), item.source.literal
    return replace(item, source=replace(item.source, literal=kind(literal))) if kind and literal is not None else item
