"""Everything as `make up` runs it, on free ports: the launcher, the services, the admin and the mailbox.

The first start loads the demo, which takes long: tests that need it start from copies of what it left.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.launcher.manager import Manager
from services.chassis.settings import SERVICES
from tests.support.mesh import ROOT, free_ports


@dataclass(frozen=True)
class FirstStart:
    """What a first start said and left: its data, stopped in order, and the processes that it had."""

    data: Path
    home: Path
    said: str
    pids: tuple[int, ...]

    def copied(self, to: Path) -> Path:
        """A copy to start from."""
        shutil.copytree(self.data, to)
        return to


@dataclass
class Whole:
    """A running system; `environment` lets a process join it, and `said` is what its start printed."""

    data: Path
    environment: dict[str, str]
    said: str

    @property
    def password(self) -> str:
        """That of the demo logins."""
        return (self.data / "demo-password").read_text().strip()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes under the launcher's manager."""
        return tuple(state.pid for state in Manager(self.data).states().values())

    @property
    def admin(self) -> str:
        return f"http://127.0.0.1:{self.environment['FIELDMESH_ADMIN_PORT']}"

    @property
    def mailbox(self) -> str:
        return f"http://127.0.0.1:{self.environment['FIELDMESH_MAILBOX_PORT']}"

    def mails(self) -> list[dict[str, Any]]:
        """What the mailbox holds."""
        with urllib.request.urlopen(f"{self.mailbox}/api/messages", timeout=10) as answer:  # noqa: S310 - loopback
            return list(json.loads(answer.read())["messages"])

    def fieldmesh(self, *arguments: str) -> str:
        """Runs the command line and gives what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "services.cli.main", *arguments],
            cwd=ROOT, env=self.environment, text=True, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def first_start(folder: Path, *, orders: int) -> FirstStart:
    """Starts from nothing, with a home of its own, and stops again."""
    home = folder / "home"
    home.mkdir(parents=True)
    with whole(folder / "data", HOME=str(home), FIELDMESH_DEMO_ORDERS=str(orders)) as running:
        return FirstStart(running.data, home, running.said, running.pids)


@contextmanager
def whole(data: Path, **more: str) -> Iterator[Whole]:
    """Runs `make start` without the shell, and `make stop` at the end."""
    names = ["ADMIN_PORT", "MAILBOX_PORT", "SMTP_PORT"]
    names += [f"{service.upper()}_{kind}" for service in SERVICES for kind in ("PORT", "FEED_PORT", "METRICS_PORT")]
    ports = {f"FIELDMESH_{name}": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
        **ports,
        "FIELDMESH_DATA": str(data),
        # Tests say themselves what carriers tell.
        "FIELDMESH_CARRIER_SIMULATOR": "0",
        "FIELDMESH_PUBLIC_URL": f"http://127.0.0.1:{ports['FIELDMESH_ADMIN_PORT']}",
        **more,
    }

    def launch(command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.launcher", command],
            cwd=ROOT, env=environment, text=True, capture_output=True, timeout=600, check=False,
        )  # fmt: skip
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        assert done.returncode == 0, said
        return said

    try:
        yield Whole(data, environment, launch("start"))
        launch("stop")
    finally:
        Manager(data).stop()
