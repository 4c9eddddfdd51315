"""The loop that every measure is compared with in the same run: what this machine does today, in plain Python."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

ROUNDS = 200_000
AROUND = 5


class Measured(NamedTuple):
    """Median seconds of something, and how many reference loops fit into them."""

    seconds: float
    ratio: float


def reference_loop() -> int:
    """A fixed amount of work of the interpreter: arithmetic, a dictionary, texts."""
    seen: dict[str, int] = {}
    for number in range(ROUNDS):
        key = f"k{number % 1000}"
        seen[key] = seen.get(key, 0) + number % 7
    return sum(seen.values())


def measured(work: Callable[[], object], times: int) -> Measured:
    """Work and reference loop in turn, so many times; before the first and after the last a few loops more."""
    loops = [_seconds_of(reference_loop) for _ in range(AROUND)]
    works = []
    for _ in range(times):
        works.append(_seconds_of(work))
        loops.append(_seconds_of(reference_loop))
    loops += [_seconds_of(reference_loop) for _ in range(AROUND)]
    seconds = statistics.median(works)
    return Measured(seconds, seconds / statistics.median(loops))


def _seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
