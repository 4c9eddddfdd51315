"""The process manager: supervisor in a process of its own, tied to the launcher and its children tied to it.

    python -m deploy.launcher.supervise CONFIGURATION [LAUNCHER-PID]

Without a launcher it stays in the background until it is told to stop.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any

from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ServerOptions
from supervisor.supervisord import Supervisor

from deploy.launcher.lifeline import LAUNCHER, die_with_parent, end_with_parent


class MeshOptions(ServerOptions):  # type: ignore[misc]
    """supervisor's options, with children that end when supervisor is killed."""

    def execve(self, filename: str, argv: list[str], env: dict[str, str]) -> Any:
        """Runs in the child, between fork and exec."""
        die_with_parent(int(os.environ[LAUNCHER]))
        return super().execve(filename, argv, env)


def main(arguments: list[str]) -> None:
    """Runs until SIGTERM; stops the stages one after the other then."""
    configuration, *launcher = arguments
    if launcher:
        parent = int(launcher[0])
        die_with_parent(parent)
        end_with_parent(parent, lambda: os.kill(os.getpid(), signal.SIGTERM))
    os.environ[LAUNCHER] = str(os.getpid())
    options = MeshOptions()
    options.realize(["-c", configuration, "-n"])
    options.first, options.test = True, False
    with suppress(asyncore.ExitNow):
        Supervisor(options).main()
    options.close_httpservers()


if __name__ == "__main__":
    main(sys.argv[1:])
