"""YAML as plain data with the line of every value, so that each fault of a definition can be shown where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

# The one in C where there is one: it reads a workflow ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Aliases let a short text stand for a very long one; a workflow has some thousand values.
MOST_VALUES = 50_000
DEEPEST = 40


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong with a definition: line (from 1), the path within the file, and what to say."""

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.message}" if self.path else f"line {self.line}: {self.message}"


class DefinitionInvalid(Exception):
    """A definition cannot be used; `faults` holds everything that is wrong with it, by line."""

    def __init__(self, name: str, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join((f"{name} has {len(faults)} faults:", *map(str, self.faults))))


@dataclass
class Source:
    """The plain data of a file, where each value begins, and the keys that stand in it twice."""

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    construct: Any = field(default_factory=yaml.constructor.SafeConstructor)

    def line_of(self, path: Path) -> int:
        """The line of the longest known beginning of a path."""
        return next(
            (self.lines[path[:length]] for length in range(len(path), -1, -1) if path[:length] in self.lines), 1
        )

    def fault(self, path: Path, message: str) -> Fault:
        """A fault at a path."""
        return Fault(self.line_of(path), ".".join(map(str, path)), message)


def read_yaml(text: str) -> Source:
    """Parse a definition; text that is no YAML is a fault as well."""
    source = Source(None)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        source.faults.append(Fault(line, "", error.problem or "This is not YAML."))
        return source
    except yaml.YAMLError as error:
        source.faults.append(Fault(1, "", f"This is not YAML: {error}."))
        return source
    if node is not None:
        source.data = _plain(node, (), source)
    return source


def _plain(node: yaml.Node, path: Path, source: Source) -> Any:
    source.lines[path] = node.start_mark.line + 1
    if len(path) > DEEPEST or len(source.lines) > MOST_VALUES:
        _complain(source, node, path, "It is too large or too deep: perhaps it refers to itself.")
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, source)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, index), source) for index, child in enumerate(node.value)]
    try:
        return source.construct.construct_object(node)
    except (yaml.YAMLError, ValueError):
        _complain(source, node, path, f"“{node.value}” cannot be read as a value.")
        return None


def _complain(source: Source, node: yaml.Node, path: Path, message: str) -> None:
    fault = Fault(node.start_mark.line + 1, ".".join(map(str, path[:DEEPEST])), message)
    if all(fault.message != each.message or fault.line != each.line for each in source.faults):
        source.faults.append(fault)


def _mapping(node: yaml.MappingNode, path: Path, source: Source) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in values:
            source.faults.append(
                Fault(key_node.start_mark.line + 1, ".".join(map(str, (*path, key))), "It stands here twice.")
            )
        values[key] = _plain(value_node, (*path, key), source)
        source.lines[(*path, key)] = key_node.start_mark.line + 1
    return values
