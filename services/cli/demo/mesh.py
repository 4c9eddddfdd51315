"""The mesh in one process and under a scripted clock, for the demo data: the same services, unknown to anybody else.

Demo data is made by the handlers themselves at the times that the stories tell (hard-parts 26), so that afterwards
projections, histories and mails are what they would be had it all happened.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import operations_pb2, operations_pb2_grpc

from services.chassis import container as _silenced  # noqa: F401 - silences eventlet's announcement before its import
from services.chassis.grpc_channel import Channels
from services.chassis.host import Host
from services.chassis.settings import PREFIX, SERVICES, Settings, load_settings

import eventlet  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.chassis.clock import ScriptedClock

SETTLE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.01
_QUIET_LOOKS: Final = 2


class DemoStuck(Exception):
    """Events did not come to rest; the message names what waits."""


@contextmanager
def hidden_mesh(clock: ScriptedClock) -> Iterator[Settings]:
    """Run the four services of this data folder on ports that nobody knows; the block runs on a thread of its own.

    Whoever uses it must be the main thread: nameko's hub runs there, see `beside_hub`.
    """
    settings = _with_free_ports()
    hosts: list[Host] = []
    with ExitStack() as stack:
        for name in SERVICES:
            service = import_module(f"services.{name}.service")
            kind = next(value for value in vars(service).values() if getattr(value, "name", None) == name)
            host = Host(kind, settings)
            host.process.clock = clock
            hosts.append(host)
            host.start()
            stack.callback(host.stop)
        yield settings


def beside_hub(work: Callable[[], None]) -> None:
    """Run `work` on a thread while the hub keeps turning here; raises what it raised."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - raised again below, on the thread that waits
            failures.append(failure)

    thread = threading.Thread(target=run, name="demo")
    thread.start()
    while thread.is_alive():
        eventlet.sleep(_LOOK_SECONDS)
    thread.join()
    if failures:
        raise failures[0]


def settle(channels: Channels) -> None:
    """Wait until every event has been handled everywhere. Raises DemoStuck after a minute, or at a parked event."""
    stubs = {name: channels.stub(operations_pb2_grpc.OperationsServiceStub, name) for name in SERVICES}
    deadline = time.monotonic() + SETTLE_SECONDS
    quiet = 0
    while quiet < _QUIET_LOOKS:
        waiting = {name: text for name, stub in stubs.items() if (text := _waiting(stub))}
        parked = [text for text in waiting.values() if "parked" in text]
        if parked or time.monotonic() > deadline:
            raise DemoStuck("; ".join(f"{name}: {text}" for name, text in waiting.items()))
        quiet = 0 if waiting else quiet + 1
        if waiting:
            time.sleep(_LOOK_SECONDS)


def _waiting(stub: Any) -> str:
    status = stub.GetServiceStatus(operations_pb2.GetServiceStatusRequest())
    found = [f"{lag.waiting} events of {lag.producer} wait" for lag in status.lags if lag.waiting]
    found += [f"{lag.parked} events of {lag.producer} are parked" for lag in status.lags if lag.parked]
    found += [f"{status.outbox_backlog} events are not read"] if status.outbox_backlog else []
    return ", ".join(found)


def _with_free_ports() -> Settings:
    """Settings of this environment, with ports that are free now."""
    changed = {}
    with ExitStack() as stack:
        for name in SERVICES:
            for port in ("PORT", "FEED_PORT", "METRICS_PORT"):
                taken = stack.enter_context(socket.socket())
                taken.bind(("127.0.0.1", 0))
                changed[f"{PREFIX}{name.upper()}_{port}"] = str(taken.getsockname()[1])
    before = dict(os.environ)
    os.environ.update(changed)
    try:
        return load_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)
