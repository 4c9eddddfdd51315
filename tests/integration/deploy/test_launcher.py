"""The local launcher on real processes: stand-ins for the mesh's own, everything else as `make up` does it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.launcher.lifeline import alive
from deploy.launcher.manager import Manager
from tests.support.mesh import free_ports
from tests.support.patience import eventually

SCRIPT = Path(__file__).parents[2] / "support" / "stand_in_launcher.py"


class Mesh:
    """One launcher run over stand-ins, with what it printed and what its processes noted."""

    def __init__(self, folder):
        self.data = folder / "data"
        self.notes = folder / "notes"
        self.output = folder / "output"
        self.ports = free_ports(4)
        self.processes = []

    def launch(self, command, *options):
        arguments = [sys.executable, str(SCRIPT), command, str(self.notes), *map(str, self.ports), *options]
        root = SCRIPT.parents[2]
        environment = {**os.environ, "FIELDMESH_DATA": str(self.data), "PYTHONPATH": str(root)}
        with self.output.open("ab") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=output, env=environment, cwd=root)
        self.processes.append(process)
        return process

    def run(self, command, *options):
        process = self.launch(command, *options)
        return process.wait(40)

    def said(self):
        return self.output.read_text()

    def noted(self):
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [(float(when), name, what, int(pid)) for when, name, what, pid in map(str.split, lines)]

    def pid_of(self, name):
        return [pid for _, noted, what, pid in self.noted() if (noted, what) == (name, "started")][-1]

    def all_gone(self):
        return not any(alive(pid) for _, _, _, pid in self.noted())


@pytest.fixture
def mesh(tmp_path):
    mesh = Mesh(tmp_path)
    yield mesh
    Manager(mesh.data).stop()
    for process in mesh.processes:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def test_what_dies_is_started_again_and_ctrl_c_stops_all_in_order(mesh):
    launcher = mesh.launch("up", "--slow", "shipping")
    eventually(lambda: "Fieldmesh is up" in mesh.said())
    first = mesh.pid_of("shipping")

    os.kill(first, signal.SIGKILL)
    eventually(lambda: mesh.pid_of("shipping") != first)
    launcher.send_signal(signal.SIGINT)

    assert launcher.wait(30) == 0
    assert mesh.all_gone()
    stops = [name for _, name, what, _ in mesh.noted() if what == "stopped"]
    assert stops == ["admin", "workorders", "shipping", "mailbox"]


def test_addresses_logins_and_one_prefixed_log_are_shown(mesh):
    launcher = mesh.launch("up")
    eventually(lambda: "Fieldmesh is up" in mesh.said())
    with (mesh.data / "log" / "shipping.log").open("a") as log:
        log.write("a line of shipping\n")
    eventually(lambda: re.search(r"shipping +│ a line of shipping", mesh.said()))
    launcher.send_signal(signal.SIGTERM)
    launcher.wait(30)

    password = (mesh.data / "demo-password").read_text().strip()
    assert "http://127.0.0.1:8080" in mesh.said()
    assert f"Sign in with the password {password}" in mesh.said()
    assert (mesh.data / "demo-password").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("victim", ["launcher", "manager"])
def test_processes_end_when_their_launcher_is_killed(mesh, victim):
    launcher = mesh.launch("up")
    eventually(lambda: "Fieldmesh is up" in mesh.said())

    os.kill(launcher.pid if victim == "launcher" else Manager(mesh.data).pid(), signal.SIGKILL)

    eventually(mesh.all_gone)
    assert launcher.wait(10) == (-signal.SIGKILL if victim == "launcher" else 1)


def test_a_process_that_ends_instead_of_serving_stops_everything_and_shows_its_log(mesh):
    code = mesh.run("up", "--dies", "shipping")

    assert code == 1
    assert "cannot go on, the moon is full" in mesh.said()
    assert "shipping ended instead of serving" in mesh.said()
    assert mesh.all_gone()


def test_taken_ports_are_named_and_nothing_is_started(mesh):
    with socket.create_server(("127.0.0.1", mesh.ports[1])), socket.create_server(("127.0.0.1", mesh.ports[3])):
        code = mesh.run("up")

    assert code == 1
    assert f"Port {mesh.ports[1]} of the workorders is taken (FIELDMESH_WORKORDERS_PORT chooses another)" in mesh.said()
    assert f"port {mesh.ports[3]} of the admin is taken (FIELDMESH_ADMIN_PORT chooses another)" in mesh.said()
    assert mesh.noted() == []
    assert "Traceback" not in mesh.said()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't let a server listen on a port that is held")
def test_nobody_gets_the_port_of_a_process_that_is_just_starting_again(mesh):
    mesh.launch("up")
    eventually(lambda: "Fieldmesh is up" in mesh.said())
    first = mesh.pid_of("shipping")

    os.kill(first, signal.SIGKILL)
    while mesh.pid_of("shipping") == first:
        # as an outgoing connection takes one: without saying that it may be shared
        with socket.socket() as stranger, pytest.raises(OSError, match="Address already in use"):
            stranger.bind(("127.0.0.1", mesh.ports[2]))


def test_a_folder_that_cannot_be_written_is_named(mesh):
    mesh.data.parent.joinpath("file").touch()
    mesh.data = mesh.data.parent / "file" / "data"

    assert mesh.run("up") == 1
    assert re.search(r"The data folder .*file/data cannot be written", mesh.said())
    assert "Traceback" not in mesh.said()


def test_somebody_elses_folder_is_left_alone(mesh):
    mesh.data.mkdir()
    (mesh.data / "thesis.txt").touch()

    assert mesh.run("up") == 1
    assert mesh.run("reset") == 1
    assert (mesh.data / "thesis.txt").exists()


def test_in_the_background_it_starts_once_stops_and_is_reset(mesh):
    assert mesh.run("start") == 0
    assert mesh.run("start") == 0
    assert mesh.run("up") == 1
    assert mesh.run("reset") == 1
    assert [what for _, _, what, _ in mesh.noted()] == ["started"] * 4
    assert not mesh.all_gone()

    assert mesh.run("stop") == 0
    assert mesh.all_gone()
    assert mesh.run("stop") == 0
    assert mesh.run("reset") == 0

    assert not mesh.data.exists()
    assert "already running" in mesh.said()
    assert "Fieldmesh is not running." in mesh.said()


def test_faulty_settings_are_named_before_anything_starts(mesh, monkeypatch):
    monkeypatch.setenv("FIELDMESH_ADMIN_PORT", "many")

    assert mesh.run("up") == 1
    assert "FIELDMESH_ADMIN_PORT" in mesh.said()
    assert "Traceback" not in mesh.said()


def test_a_process_that_ended_and_was_not_collected_does_not_run_any_more():
    ended = subprocess.Popen([sys.executable, "-c", "pass"])

    eventually(lambda: not alive(ended.pid))

    assert ended.returncode is None
    assert ended.wait() == 0
    assert alive(os.getpid())
