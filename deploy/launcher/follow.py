"""One log from many: the lines of all processes as they come, each behind its process' name."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Follower:
    """Reads what is added to log files, from the end that each has now; follows a file that was turned over."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._open: dict[str, IO[bytes]] = {}
        self._partial: dict[str, bytes] = {}
        for name in self._files:
            self._reopen(name, at_end=True)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Pairs of process and line that were completed since the last call."""
        for name, path in self._files.items():
            if name not in self._open:
                self._reopen(name, at_end=False)
            file = self._open.get(name)
            if file is None:
                continue
            *complete, self._partial[name] = (self._partial.get(name, b"") + file.read()).split(b"\n")
            for line in complete:
                yield name, line.decode(errors="replace").rstrip("\r")
            if _turned_over(file, path):
                self._open.pop(name).close()

    def close(self) -> None:
        """Closes the files."""
        while self._open:
            self._open.popitem()[1].close()

    def _reopen(self, name: str, *, at_end: bool) -> None:
        try:
            file = self._files[name].open("rb")
        except FileNotFoundError:
            return
        if at_end:
            file.seek(0, os.SEEK_END)
        self._open[name] = file


def _turned_over(file: IO[bytes], path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return True
    return there.st_ino != os.fstat(file.fileno()).st_ino or there.st_size < file.tell()


def tail(path: Path, count: int = 15) -> list[str]:
    """The last lines of a log; empty where there is none."""
    try:
        return path.read_text(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []
