"""Loading workflow definitions: YAML, schema, consistency and contract, with every fault at once and its line."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from enum import Enum
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Protocol, get_args, get_type_hints

from marshmallow import ValidationError

from services.workorders.definitions.contract import contract_faults, labels_of
from services.workorders.definitions.schema import DefinitionSchema
from services.workorders.definitions.source import DefinitionInvalid, Fault, Path, read_yaml
from services.workorders.domain.check import faults_of
from services.workorders.domain.definition import Definition
from services.workorders.domain.work_order import LineItem, WorkOrder
from services.workorders.domain.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from services.workorders.definitions.contract import Found
    from services.workorders.domain.definition import Assignment, Transition

__all__ = ["DefinitionInvalid", "Fault", "LoadedWorkflows", "Workflows", "load_definition", "load_workflows"]

SHIPPED = FilePath(__file__).parents[1] / "workflows"


def load_definition(text: str, name: str = "definition") -> Definition:
    """A checked definition; DefinitionInvalid holds every fault with its line."""
    source = read_yaml(text)
    if source.data is None:
        raise DefinitionInvalid(name, source.faults or [Fault(1, "", "The file is empty.")])
    try:
        data = DefinitionSchema().load(source.data)
    except ValidationError as error:
        misshapen = dict.fromkeys(_schema_faults(error.messages_dict))
        found = (*misshapen, *_beside(source.data, [path for path, _ in misshapen]))
        raise DefinitionInvalid(name, source.faults + [source.fault(*each) for each in found]) from None
    definition = _definition(data)
    faults = source.faults + [source.fault(*each) for each in _consistency_faults(definition)]
    if faults:
        raise DefinitionInvalid(name, faults)
    transitions = {key: _typed(move) for key, move in definition.transitions.items()}
    return replace(definition, transitions=transitions, labels=labels_of(definition))


class Workflows(Protocol):
    """The workflows that were ever published, by name and version; an order keeps the version it began with."""

    def of(self, name: str, version: int) -> Workflow:
        """One version; KeyError where it was never published."""

    def latest(self, name: str) -> Workflow:
        """The version that new orders begin with; KeyError where there is no such workflow."""

    def names(self) -> tuple[str, ...]:
        """The names of all workflows that take new orders."""

    def all(self) -> tuple[Workflow, ...]:
        """Every version of every workflow in which orders may be."""


class LoadedWorkflows:
    """Workflows as a folder of files holds them, without a database."""

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
def load_workflows(folder: FilePath = SHIPPED) -> LoadedWorkflows:
    """The definitions of a folder, one version a file."""
    files = sorted(folder.glob("*.yaml"))
    return LoadedWorkflows([load_definition(file.read_text(encoding="utf-8"), file.name) for file in files])


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


def _schema_faults(messages: Mapping[Any, Any], path: Path = ()) -> Iterator[Found]:
    for key, value in messages.items():
        here = path if key in {"_schema", "value", "key"} else (*path, key)
        if isinstance(value, dict):
            yield from _schema_faults(value, here)
        else:
            yield from ((here, message) for message in value)


def _consistency_faults(definition: Definition) -> tuple[Found, ...]:
    return (*faults_of(definition), *contract_faults(definition), *_literal_faults(definition))


def _beside(data: Any, misshapen: Sequence[Path]) -> tuple[Found, ...]:
    """Faults of consistency beside those of shape: what they are about is left out, where it may be.

    None where the rest does not stand for itself; those of an element that lost something could be of the loss, and
    come once it has its shape.
    """
    rest = deepcopy(data)
    for path in misshapen:
        parent = _parent(rest, path)
        if not isinstance(parent, dict) or path[-1] not in parent:
            return ()
        del parent[path[-1]]
    try:
        definition = _definition(DefinitionSchema().load(rest))
    except ValidationError:
        return ()
    touched = {path[:2] for path in misshapen}
    return tuple(found for found in _consistency_faults(definition) if found[0][:2] not in touched)


def _parent(data: Any, path: Path) -> Any:
    for key in path[:-1]:
        known = (isinstance(data, dict) and key in data) or (isinstance(data, list) and key in range(len(data)))
        if not known:
            return None
        data = data[key]
    return data if path else None


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
