"""`make start` and `make stop` over the mesh itself: from nothing to everything serving, and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from deploy.launcher.lifeline import alive
from deploy.launcher.manager import Manager
from services.chassis.settings import SERVICES
from tests.support.mesh import free_ports

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(tmp_path):
    names = ["ADMIN_PORT", "MAILBOX_PORT", "SMTP_PORT"]
    names += [f"{service.upper()}_{kind}" for service in SERVICES for kind in ("PORT", "FEED_PORT", "METRICS_PORT")]
    ports = {f"FIELDMESH_{name}": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    (tmp_path / "home").mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    own = {"HOME": str(tmp_path / "home"), "FIELDMESH_DATA": str(tmp_path / "data"), "FIELDMESH_DEMO_ORDERS": "1"}
    yield {**inherited, **ports, **own}
    Manager(tmp_path / "data").stop()


def launch(command, environment, *, module="deploy.launcher"):
    done = subprocess.run(
        [sys.executable, "-m", module, command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def fetched(environment, port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{environment[port]}{path}", timeout=10) as answer:
        return answer.read()


@pytest.mark.req("B-10")
@pytest.mark.timeout(900)
def test_the_mesh_starts_from_nothing_stops_and_starts_again(environment):
    said = launch("start", environment)
    data = Path(environment["FIELDMESH_DATA"])

    assert f"http://127.0.0.1:{environment['FIELDMESH_ADMIN_PORT']}" in said
    assert (data / "demo-password").read_text().strip() in said
    assert b"<form" in fetched(environment, "FIELDMESH_ADMIN_PORT", "/login/")
    assert "messages" in json.loads(fetched(environment, "FIELDMESH_MAILBOX_PORT", "/api/messages"))
    pids = [state.pid for state in Manager(data).states().values()]
    assert len(pids) == len(SERVICES) + 2
    assert "4 histories are whole." in launch("verify", environment, module="services.cli.main")

    launch("stop", environment)
    assert not any(map(alive, pids))

    again = launch("start", environment)
    assert "Demo data" not in again
    assert "Databases" not in again
    launch("stop", environment)
    assert list(Path(environment["HOME"]).iterdir()) == []
