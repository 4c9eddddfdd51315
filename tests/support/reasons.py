"""Finds the reasons that code can put into google.rpc.ErrorInfo, by reading it.

A reason is a word in capitals that is given as `reason` (by keyword, by position, by assignment or as a class's
attribute), as `default_reason`, or as the `code` of an objection; a name of a constant counts as what it stands for.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

SPELLING = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
NAMES = frozenset({"reason", "default_reason"})
# gRPC's own codes go by that name as well, but never in a domain.
CODED = frozenset({"Objection"})


class Sources:
    """Modules that are read together: constants and signatures of one are known in all."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._trees = {place: ast.parse(source) for place, source in modules.items()}
        self._constants: defaultdict[str, set[str]] = defaultdict(set)
        self._signatures: defaultdict[str, list[list[str]]] = defaultdict(list)
        for tree in self._trees.values():
            self._learn(tree)

    @classmethod
    def below(cls, folder: Path) -> Sources:
        return cls({str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*.py"))})

    def reasons(self) -> dict[str, set[str]]:
        """Each reason, with the modules that give it."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for place, tree in self._trees.items():
            for node in ast.walk(tree):
                for value in self._given(node):
                    for reason in self._spelled(value):
                        found[reason].add(place)
        return dict(found)

    def _learn(self, tree: ast.Module) -> None:
        for node in tree.body:
            for name, value in _assigned(node):
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    self._constants[name].add(value.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                self._signatures[node.name].append([each.arg for each in node.args.posonlyargs + node.args.args])
            elif isinstance(node, ast.ClassDef):
                self._signatures[node.name].append(_made_of(node))

    def _given(self, node: ast.AST) -> Iterator[ast.expr]:
        """The values that a node gives as a reason."""
        yield from (value for name, value in _assigned(node) if name in NAMES)
        if not isinstance(node, ast.Call):
            return
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        wanted = NAMES | {"code"} if called in CODED else NAMES
        yield from (each.value for each in node.keywords if each.arg in wanted)
        for names in self._signatures[called]:
            # Of a method that is called on something, the first argument is that something.
            offset = 1 if names[:1] in (["self"], ["cls"]) else 0
            yield from (value for name, value in zip(names[offset:], node.args, strict=False) if name in wanted)

    def _spelled(self, value: ast.expr) -> Iterator[str]:
        for node in ast.walk(value):
            words: set[str] = set()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = {node.value}
            elif isinstance(node, ast.Name | ast.Attribute):
                words = self._constants.get(node.id if isinstance(node, ast.Name) else node.attr, set())
            yield from (word for word in words if SPELLING.fullmatch(word))


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names that a statement gives a value, with the value."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    elif isinstance(node, ast.Assign):
        targets = [*node.targets]
    else:
        return
    for target in targets:
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        yield name, node.value


def _made_of(node: ast.ClassDef) -> list[str]:
    """What a class takes by position: the arguments of its `__init__`, or its fields."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return [one.arg for one in each.args.args]
    return [
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
