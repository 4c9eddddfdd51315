"""The launcher's handle on the process manager: its configuration, its state, its start and its end."""

from __future__ import annotations

import hashlib
import http.client
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.xmlrpc import SupervisorTransport

from deploy.launcher.lifeline import alive
from deploy.launcher.preflight import Refused
from deploy.launcher.programs import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from socket import socket

    from deploy.launcher.programs import Program

ROOT = Path(__file__).resolve().parents[2]
DRAIN_SECONDS = 20
"""How long a process may finish its work before it is killed; each stage of a stop takes that long at most."""


@dataclass(frozen=True)
class ProcessState:
    """One process as the manager sees it; `spawned` changes when it is started again."""

    name: str
    running: bool
    spawned: int
    pid: int
    detail: str


class Manager:
    """The process manager of one data folder, running or not."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._pid_file = data / "run" / "manager.pid"
        self._process: subprocess.Popen[bytes] | None = None

    def log_file(self, name: str) -> Path:
        """Where a process' output goes; the manager's own is `manager`."""
        return self._data / "log" / f"{name}.log"

    def pid(self) -> int | None:
        """The running manager's process, or None; a number left behind by a killed one does not count."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if alive(pid) and self._ask("getPID") == pid else None

    def runs(self) -> bool:
        """Whether there is anything to stop."""
        return (self.pid() or self._starting()) is not None

    def start(
        self, programs: Iterable[Program], environment: Mapping[str, str], held: Sequence[socket], *, foreground: bool
    ) -> None:
        """Starts the manager and through it all programs; with `foreground` it ends when this process does.

        The manager keeps the sockets that hold the programs' ports, so that nobody takes the port of one that starts
        again.
        """
        for folder in ("run", "log"):
            (self._data / folder).mkdir(exist_ok=True)
        configuration = self._data / "run" / "supervisord.conf"
        configuration.write_text(self._configuration(programs))
        tie = [str(os.getpid())] if foreground else []
        with self.log_file("manager").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy.launcher.supervise", str(configuration), *tie],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[each.fileno() for each in held],
                # Ctrl-C reaches the launcher only, which stops the rest in order.
                start_new_session=True,
            )
        for _ in range(200):
            if self.pid() == self._process.pid:
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise Refused(f"The process manager did not start; {self.log_file('manager')} says why.")

    def exit_code(self) -> int | None:
        """How the manager that this object started ended; None while it runs."""
        return self._process.poll() if self._process else None

    def states(self) -> dict[str, ProcessState]:
        """All processes by name; empty where the manager does not answer."""
        found = self._ask("getAllProcessInfo") or []
        return {
            state.name: state
            for state in (
                ProcessState(
                    name=str(info["name"]),
                    running=info["statename"] in {"STARTING", "RUNNING"},
                    spawned=int(info["start"]),
                    pid=int(info["pid"]),
                    detail=str(info["spawnerr"] or info["description"]),
                )
                for info in found
            )
        }

    def stop(self) -> bool:
        """Stops everything in order and waits for it; False where nothing ran."""
        pid = self.pid() or self._starting()
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + (DRAIN_SECONDS + 2) * len(STAGES)
        while time.monotonic() < deadline:
            if self._ended(pid):
                return True
            time.sleep(0.05)
        # The children ask to be told when the manager is gone, so that they end as well.
        os.kill(pid, signal.SIGKILL)
        return True

    def _starting(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def _ended(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is not None
        return not alive(pid)

    def _ask(self, method: str) -> Any:
        """The manager's answer to one question; None where it does not answer."""
        with closing(SupervisorTransport(None, None, f"unix://{self._socket()}")) as transport:
            server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            try:
                return getattr(server.supervisor, method)()
            except (OSError, http.client.HTTPException, xmlrpc.client.Error):
                return None

    def _socket(self) -> Path:
        """A short path, because the kernel takes no long one; only this user may enter its folder."""
        key = hashlib.sha256(str(self._data).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"fieldmesh-{os.getuid()}-{key}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.is_symlink():
            raise Refused(f"The folder {folder} belongs to somebody else: remove it or set TMPDIR to another place.")
        return folder / "manager.sock"

    def _configuration(self, programs: Iterable[Program]) -> str:
        chosen = list(programs)
        sections = [
            _section(
                "supervisord",
                logfile=self.log_file("manager"),
                logfile_maxbytes="1MB",
                pidfile=self._pid_file,
                directory=ROOT,
                silent="true",
            ),
            _section("unix_http_server", file=self._socket(), chmod="0700"),
            _section(
                "rpcinterface:supervisor",
                **{"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
            ),
        ]
        for priority, stage in enumerate(STAGES):
            names = [program.name for program in chosen if program.stage == stage]
            if names:
                sections.append(_section(f"group:{stage}", programs=",".join(names), priority=priority))
        return "\n".join([*sections, *(self._program(program) for program in chosen)])

    def _program(self, program: Program) -> str:
        return _section(
            f"program:{program.name}",
            command=shlex.join(program.command),
            autorestart="true",
            startsecs="1",
            startretries="60",
            stopwaitsecs=DRAIN_SECONDS,
            redirect_stderr="true",
            stdout_logfile=self.log_file(program.name),
            stdout_logfile_maxbytes="5MB",
            stdout_logfile_backups="2",
        )


def _section(title: str, **values: object) -> str:
    lines = [f"{key}={str(value).replace('%', '%%')}" for key, value in values.items()]
    return "\n".join([f"[{title}]", *lines, ""])
