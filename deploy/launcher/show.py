"""What the launcher tells: steps with the time they took, and one coloured prefix a process."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red", "bright_cyan")


class Screen:
    """Writes to the terminal; plain lines where there is none."""

    def __init__(self) -> None:
        terminal = Console()
        # A file or a pipe has no width: lines stay whole there.
        self._console = terminal if terminal.is_terminal else Console(width=200)
        self._colours: dict[str, str] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Shows that a step runs, and how long it took once it is done."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(f"{title} ..."):
                yield
        else:
            self.say(f"{title} ...")
            yield
        self._console.print(
            Text.assemble(("✓ ", "green"), f"{title} ", (f"({time.monotonic() - started:.1f} s)", "dim"))
        )

    def say(self, sentence: str, style: str = "") -> None:
        """One line."""
        self._console.print(Text(sentence, style=style), soft_wrap=True)

    def log(self, name: str, line: str, width: int) -> None:
        """A line of a process, behind its name."""
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        self._console.print(Text.assemble((f"{name:<{width}} │ ", colour), Text.from_ansi(line)), soft_wrap=True)

    def table(self, title: str, rows: Mapping[str, str]) -> None:
        """Two columns under a title."""
        table = Table(
            title=title, title_justify="left", title_style="bold", show_header=False, box=None, padding=(0, 2)
        )
        for name, value in rows.items():
            table.add_row(Text(name), Text(value))
        self._console.print()
        self._console.print(table)
