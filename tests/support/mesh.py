"""The real mesh for tests: the four services as processes of their own, on free ports and fresh data."""

from __future__ import annotations

import itertools
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.keys import ensure_keys
from services.chassis.settings import SERVICES
from tests.support import servers
from tests.support.patience import SECONDS

ROOT = Path(__file__).resolve().parents[2]
FIRST_PORT, PORTS, SHARES = 12_000, 4_000, 5


def _own_ports() -> Iterator[int]:
    """Ports of this test process alone, round and round.

    They lie below those that the system gives to connections: one of these would take a port before it is used.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + worker % SHARES * PORTS
    begin = secrets.randbelow(PORTS)
    yield from itertools.cycle([*range(first + begin, first + PORTS), *range(first, first + begin)])


_PORTS = _own_ports()


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, all different, and not given out lately."""
    return list(itertools.islice(filter(_is_free, _PORTS), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Mesh:
    """Running services. `environment` is what a process needs to join them, such as the command line."""

    data: Path
    environment: dict[str, str]
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def target(self, service: str) -> str:
        return f"127.0.0.1:{self.ports[service]}"

    def start(self, *services: str) -> None:
        """Starts services side by side and waits until each serves."""
        for service in services:
            with (self.data / f"{service}.log").open("ab") as log:
                self.processes[service] = subprocess.Popen(
                    [sys.executable, "-m", f"services.{service}"],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                )
        for service in services:
            self.wait_until_serving(service)

    def wait_until_serving(self, service: str) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if self.processes[service].poll() is not None:
                break
            if serving(self.target(service)):
                return
            time.sleep(0.05)
        raise AssertionError(f"{service} does not serve:\n{self.log(service)[-4000:]}")

    def kill(self, service: str) -> None:
        """Kills a service without warning, as a power cut would."""
        self.processes[service].send_signal(signal.SIGKILL)
        self.processes[service].wait(10)

    def stop(self, service: str) -> int:
        """Stops a service in order and gives its exit code."""
        self.processes[service].terminate()
        return self.processes[service].wait(20)

    def log(self, service: str) -> str:
        return (self.data / f"{service}.log").read_text(errors="replace")

    def fieldmesh(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs the command line against this mesh."""
        command = [sys.executable, "-m", "services.cli.main", *arguments]
        options.setdefault("timeout", 120)
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, text=True, capture_output=True, check=False, **options
        )


def serving(target: str) -> bool:
    with grpc.insecure_channel(target) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@contextmanager
def mesh(
    data: Path,
    *,
    size: str = "embedded",
    services: tuple[str, ...] = SERVICES,
    extra: Mapping[str, str] | None = None,
    broker: Callable[[str], str] = str,
) -> Iterator[Mesh]:
    """Runs services until the block ends: `size` is "embedded" (SQLite, feed) or "grown" (PostgreSQL, RabbitMQ).

    `broker` may lead the services to the broker's address by a detour, such as a proxy that can be cut.
    """
    data.mkdir(parents=True, exist_ok=True)
    numbers = free_ports(3 * len(SERVICES) + 1)
    environment = {
        **os.environ,
        "FIELDMESH_DATA": str(data),
        "FIELDMESH_SMTP_PORT": str(numbers.pop()),
        "PYTHONFAULTHANDLER": "1",
    }
    environment.pop("FIELDMESH_LAUNCHER_PID", None)
    ports = {}
    for service in SERVICES:
        ports[service] = numbers.pop()
        prefix = f"FIELDMESH_{service.upper()}_"
        environment |= {
            f"{prefix}PORT": str(ports[service]),
            f"{prefix}FEED_PORT": str(numbers.pop()),
            f"{prefix}METRICS_PORT": str(numbers.pop()),
        }
    environment.update(extra or {})
    with ExitStack() as stack:
        if size == "grown":
            environment["FIELDMESH_BROKER_URL"] = broker(stack.enter_context(servers.broker_vhost()))
            for service in SERVICES:
                address = stack.enter_context(servers.postgres_database())
                environment[f"FIELDMESH_{service.upper()}_DATABASE_URL"] = address
        ensure_keys(data / "keys")
        running = Mesh(data, environment, ports)
        stack.callback(_end, running)
        migrated = running.fieldmesh("migrate")
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
        running.start(*services)
        yield running


def _end(running: Mesh) -> None:
    for process in running.processes.values():
        if process.poll() is None:
            process.terminate()
    stuck = []
    for service, process in running.processes.items():
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # its log tells then what each thread does
            process.wait()
            stuck.append(f"{service} does not stop:\n{running.log(service)[-8000:]}")
    assert not stuck, "\n".join(stuck)
