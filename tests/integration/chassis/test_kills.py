"""Producer and consumer are killed, and the broker is cut off, under load: nothing lost, doubled or out of order."""

import random
import subprocess
import sys
import time
from collections import defaultdict
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support.mesh import ROOT, free_ports
from tests.support.proxy import proxy_to

from .events import effects

COUNT = 250


class Processes:
    """The two sides, started and killed by name."""

    def __init__(self, urls, way, log):
        self._urls, self._way, self._log = urls, way, log
        self._running = {}

    def start(self, role):
        command = [sys.executable, "-m", "tests.integration.chassis.event_process"]
        url = self._urls[role].render_as_string(hide_password=False)
        self._running[role] = subprocess.Popen(
            [*command, role, url, self._way, str(COUNT)], cwd=ROOT, stdout=self._log, stderr=self._log
        )

    def kill(self, role):
        self._running[role].kill()
        self._running[role].wait()

    def kill_all(self):
        for role in self._running:
            self.kill(role)


def complete(databases):
    return len(effects(databases["consumer"])) >= COUNT * 5


def check(databases):
    orders = defaultdict(list)
    for aggregate, version in effects(databases["consumer"]):
        orders[aggregate].append(version)
    assert orders == {f"a{number}": list(range(1, COUNT + 1)) for number in range(5)}


def run(databases, processes, disturbances):
    try:
        for role in databases:
            processes.start(role)
        for disturb in disturbances:
            time.sleep(random.uniform(1.5, 3))  # noqa: S311 - a test's dice
            disturb()
        ends = time.monotonic() + 60
        while not complete(databases):
            assert time.monotonic() < ends, f"only {len(effects(databases['consumer']))} of {COUNT * 5} took effect"
            time.sleep(0.2)
        time.sleep(0.5)
    finally:
        processes.kill_all()
    check(databases)


def kill_one(processes):
    def disturb():
        role = random.choice(["producer", "consumer"])  # noqa: S311 - a test's dice
        processes.kill(role)
        processes.start(role)

    return disturb


@pytest.mark.timeout(180)
def test_kills_over_the_feed(make_sqlite, tmp_path):
    databases = {"producer": make_sqlite(), "consumer": make_sqlite()}
    with (tmp_path / "log").open("wb") as log:
        way = str(free_ports(1)[0])
        processes = Processes({role: each.url for role, each in databases.items()}, way, log)
        run(databases, processes, [kill_one(processes)] * 5)


@pytest.mark.timeout(180)
def test_kills_over_the_broker_and_a_cut_line_to_it(make_postgresql, broker, tmp_path):
    databases = {"producer": make_postgresql(), "consumer": make_postgresql()}
    parts = urlsplit(broker)
    with (tmp_path / "log").open("wb") as log, proxy_to(parts.hostname, parts.port or 5672) as proxy:
        account = parts.netloc.rpartition("@")[0]
        way = urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{proxy.port}"))
        processes = Processes({role: each.url for role, each in databases.items()}, way, log)
        kill, cut = kill_one(processes), cut_for_a_while(proxy)
        run(databases, processes, [kill, cut, kill, cut, kill])


def cut_for_a_while(proxy):
    def disturb():
        proxy.cut()
        time.sleep(1)
        proxy.mend()

    return disturb
