"""Processes that end with the one that started them, however that one ended (kill -9 too)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LAUNCHER = "FIELDMESH_LAUNCHER_PID"
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Asks the kernel (Linux) for SIGTERM when `parent` ends; ends at once where it is gone already.

    What is asked for survives exec, so that it can be said between fork and exec for any program.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(0)


def end_with_parent(parent: int, stop: Callable[[], None]) -> None:
    """Calls `stop` once this process was handed to another parent: for systems without the kernel's help."""
    _watch(lambda: os.getppid() != parent, stop)


def end_with_launcher(stop: Callable[[], None]) -> None:
    """Calls `stop` once the process named by FIELDMESH_LAUNCHER_PID is gone; does nothing without one."""
    launcher = int(os.environ.get(LAUNCHER) or 0)
    if launcher:
        _watch(lambda: not alive(launcher), stop)


def alive(pid: int) -> bool:
    """Whether a process of that number runs; one that ended and was not collected yet does not (Linux)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _ended(pid)


def _ended(pid: int) -> bool:
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # The name before the state may hold spaces and brackets itself.
    return told.rpartition(")")[2].split()[:1] == ["Z"]


def _watch(gone: Callable[[], bool], stop: Callable[[], None]) -> None:
    def watch() -> None:
        while not gone():
            time.sleep(0.5)
        stop()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
