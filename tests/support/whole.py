"""Everything as `make up` runs it, on free ports: the launcher, the services, the admin and the mailbox."""

from __future__ import annotations

import json
import os
import re
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

PASSWORD = "Walk-along-2026"


@dataclass
class Whole:
    """A running system; `environment` lets a process join it."""

    data: Path
    environment: dict[str, str]

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


@contextmanager
def whole(data: Path, *, orders: int = 3) -> Iterator[Whole]:
    """Runs `make start` without the shell, and `make stop` at the end."""
    names = ["ADMIN_PORT", "MAILBOX_PORT", "SMTP_PORT"]
    names += [f"{service.upper()}_{kind}" for service in SERVICES for kind in ("PORT", "FEED_PORT", "METRICS_PORT")]
    ports = {f"FIELDMESH_{name}": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    environment = {
        **os.environ,
        **ports,
        "FIELDMESH_DATA": str(data),
        "FIELDMESH_DEMO_ORDERS": str(orders),
        "FIELDMESH_DEMO_PASSWORD": PASSWORD,
        # Tests say themselves what carriers tell.
        "FIELDMESH_CARRIER_SIMULATOR": "0",
        "FIELDMESH_PUBLIC_URL": f"http://127.0.0.1:{ports['FIELDMESH_ADMIN_PORT']}",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.launcher", "start"],
            cwd=ROOT, env=environment, text=True, capture_output=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        yield Whole(data, environment)
    finally:
        Manager(data).stop()
