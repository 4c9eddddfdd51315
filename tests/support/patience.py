"""Waiting in tests for what happens by itself: generous, since a busy machine says nothing about the code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 120
T = TypeVar("T")


def eventually(
    read: Callable[[], T], *, pause: float = 0.05, excusing: type[Exception] | tuple[type[Exception], ...] = ()
) -> T:
    """What `read` gives as soon as it is true, while it may raise what is excused.

    Raises:
        AssertionError: with what it gave last, when it did not come true in time.
    """
    deadline = time.monotonic() + SECONDS
    while True:
        found: T | Exception
        try:
            found = read()
        except excusing as problem:
            found = problem
        else:
            if found:
                return found
        assert time.monotonic() < deadline, f"still {found!r} after {SECONDS} s"
        time.sleep(pause)
