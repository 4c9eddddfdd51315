"""One run of the mesh: started and waited for, followed, stopped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from deploy.launcher.follow import Follower, tail
from deploy.launcher.health import serves
from deploy.launcher.preflight import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from socket import socket

    from deploy.launcher.manager import Manager
    from deploy.launcher.programs import Program
    from deploy.launcher.show import Screen


class Session:
    """Drives one manager over one set of programs."""

    def __init__(
        self, manager: Manager, programs: Sequence[Program], screen: Screen, held: Sequence[socket] = ()
    ) -> None:
        self._manager = manager
        self._programs = programs
        self._screen = screen
        self._held = held

    def start(self, environment: Mapping[str, str], *, foreground: bool, seconds: float) -> Follower:
        """Starts everything and waits until all of it serves; gives the processes' log from then on.

        Refused, with the end of its log shown, where a process ends instead or takes longer than `seconds`.
        """
        with self._screen.step(f"Starting {', '.join(program.name for program in self._programs)}"):
            self._manager.start(self._programs, environment, self._held, foreground=foreground)
            self._wait(time.monotonic() + seconds)
        return Follower({program.name: self._manager.log_file(program.name) for program in self._programs})

    def follow(self, log: Follower) -> int:
        """Shows the processes' log until the manager ends; answers 0 where it was told to, 1 otherwise."""
        width = max(len(program.name) for program in self._programs)
        try:
            while True:
                code = self._manager.exit_code()
                for name, line in log.lines():
                    self._screen.log(name, line, width)
                if code is not None:
                    break
                time.sleep(0.1)
        finally:
            log.close()
        if code == 0:
            self._screen.say("Fieldmesh was stopped.")
            return 0
        self._screen.say("The process manager ended unexpectedly, and everything with it: `make up` starts it again.")
        return 1

    def stop(self) -> bool:
        """Stops everything in order; False where nothing ran."""
        if not self._manager.runs():
            return False
        with self._screen.step("Stopping"):
            return self._manager.stop()

    def _wait(self, deadline: float) -> None:
        waiting = {program.name: program for program in self._programs}
        first_spawn: dict[str, int] = {}
        while waiting:
            if self._manager.exit_code() is not None:
                raise Refused(f"The process manager ended; {self._manager.log_file('manager')} says why.")
            for name, state in self._manager.states().items():
                died = not state.running or first_spawn.setdefault(name, state.spawned) != state.spawned
                if died and name in waiting:
                    self._give_up(name, "ended instead of serving")
            for name in [name for name, program in waiting.items() if serves(program.health)]:
                del waiting[name]
            if waiting and time.monotonic() > deadline:
                self._give_up(next(iter(waiting)), "did not say that it serves in time (FIELDMESH_START_SECONDS)")
            time.sleep(0.1)

    def _give_up(self, name: str, reason: str) -> None:
        log = self._manager.log_file(name)
        for line in tail(log):
            self._screen.log(name, line, len(name))
        raise Refused(f"{name} {reason}: the lines above are the end of {log}; everything was stopped.")
