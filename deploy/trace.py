"""`make trace`: which tests show which requirement of the specification.

Tests name requirements with the marker `req`. With SPEC=<file> in the environment, the requirements that the file
names and no test shows are listed as well.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

ID = re.compile(r"\b(?:CP|PT|UM|B|R)-\d+\b")


class Collector:
    """A pytest plugin that notes the marked requirements of every collected test."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Called by pytest for each test; parameters of one test count once."""
        for marker in item.iter_markers("req"):
            for requirement in marker.args:
                self.tests[requirement].add(item.nodeid.split("[")[0])


def main() -> int:
    """Prints the table; 1 where the tests cannot be collected."""
    collector = Collector()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[collector])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        print(said.getvalue(), file=sys.stderr)
        return 1
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table("requirement", "tests", box=None)
    for requirement in in_order(collector.tests):
        table.add_row(requirement, "\n".join(sorted(collector.tests[requirement])))
    console.print(table)
    missing = in_order(_named(os.environ.get("SPEC", "")) - set(collector.tests))
    if missing:
        console.print(f"\nNo test shows: {', '.join(missing)}")
    return 0


def in_order(requirements: Iterable[str]) -> list[str]:
    """Requirements by document, then by number."""
    return sorted(requirements, key=lambda name: (name.rpartition("-")[0], int(re.sub(r"\D", "", name) or 0)))


def _named(specification: str) -> set[str]:
    return set(ID.findall(Path(specification).read_text())) if specification else set()


if __name__ == "__main__":
    raise SystemExit(main())
