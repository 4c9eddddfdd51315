"""Runs a service class as a process: start in order, serve, stop in order (docs/adr/0003).

    class WorkordersService:
        name = "workorders"
        app = Application(bootstrap.build)

        @serves(work_order_service_pb2.DESCRIPTOR.services_by_name["WorkOrderService"])
        def work_orders(self):
            return self.app.work_orders

        @on_event("shipping", SlaTargetChanged, handler="workorders.sla-target")
        def sla_target_changed(self, tx, event, payload):
            self.app.projections.sla_target(tx, event, payload)

        @every(seconds=30)
        def run_due(self):
            self.app.run_due()

`python -m services.workorders` calls `serve(WorkordersService)`.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from services.chassis.container import (
    CONTAINER_PATH,
    PROCESS_KEY,
    Application,
    ThreadContainer,
    every,
    on_event,
    serves,
)
from services.chassis.errors import Unavailable
from services.chassis.grpc_server import PortTaken
from services.chassis.keys import KeyFault
from services.chassis.log import configure_logging, get_logger
from services.chassis.migrations import SchemaMismatch
from services.chassis.process import Launcher, Process, open_process
from services.chassis.settings import Settings, SettingsFault, load_settings

import eventlet  # isort: skip - after container, which silences its announcement
from nameko.runners import ServiceRunner  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Application", "Host", "Process", "StartRefused", "ThreadContainer", "every", "on_event", "serve", "serves"]

log = get_logger(__name__)
# nameko and eventlet cannot be woken by a signal on an idle hub: the hub looks by itself (nameko.md).
_LOOK_SECONDS: Final = 0.1
_STOPPED_LOOK_SECONDS: Final = 0.01
# Threads that ignore the grace are left behind after this.
_LAST_SECONDS: Final = 5.0
EXIT_FAILED: Final = 1
EXIT_REFUSED: Final = 2


class StartRefused(Exception):
    """The process cannot start; the message is one clear sentence for the one who started it."""


class Host:
    """One service in this process."""

    def __init__(self, service_class: type, settings: Settings) -> None:
        self.process = open_process(service_class.name, settings)  # type: ignore[attr-defined]
        self._launcher = Launcher(settings.launcher_pid)
        self._runner = ServiceRunner({"SERVICE_CONTAINER_CLS": CONTAINER_PATH, PROCESS_KEY: self.process})
        self._runner.add_service(service_class)
        self._close_metrics: Callable[[], None] | None = None
        self._ended: Any = None

    def start(self) -> None:
        """Set everything up, then listen, then say SERVING. Raises StartRefused; nothing is left half started."""
        process = self.process
        try:
            self._runner.start()
            self._ended = eventlet.spawn(self._runner.wait)
            self._close_metrics = _serve_metrics(process)
            process.server.start()
            process.feed_server.start()
        except BaseException:
            self.stop()
            raise
        process.server.serving()
        process.feed_server.serving()
        log.info("process.serving", listening=process.server.address, feed=process.feed_server.address)

    def wait(self) -> None:
        """Let timers tick until the process is to stop: a signal, a failure, or a launcher that is gone."""
        stopping = self.process.stopping
        while not stopping.is_set():
            eventlet.sleep(_LOOK_SECONDS)
            if self._launcher.gone:
                log.info("process.launcher_gone")
                stopping.set()
            if self._ended.dead:
                self.process.fail("the container ended by itself")

    def stop(self) -> None:
        """Stop in order: health, calls, timers and handlers, then what they used."""
        process = self.process
        process.stopping.set()
        grace = process.settings.stop_grace_seconds
        servers = (process.server, process.feed_server)
        stopped = [server.stop(grace) for server in servers]
        patience = time.monotonic() + grace + 1
        # Also for threads whose callers have left: they still use what is closed next.
        while not all(event.is_set() for event in stopped) or any(server.in_flight for server in servers):
            if time.monotonic() > patience:
                log.warning("process.calls_left_behind", calls=sum(server.in_flight for server in servers))
                break
            eventlet.sleep(_STOPPED_LOOK_SECONDS)
        self._runner.stop()
        if self._close_metrics is not None:
            self._close_metrics()
        process.channels.close()
        log.info("process.stopped", failure=process.failure)


def serve(service_class: type, settings_kind: type[Settings] = Settings) -> None:
    """Run a service until it is told to stop, then exit: 0, 1 after a failure, 2 where it could not start."""
    try:
        settings = load_settings(settings_kind)
        configure_logging(
            service_class.name,  # type: ignore[attr-defined]
            form=settings.log_format,
            level=settings.log_level,
        )
        host = Host(service_class, settings)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: host.process.stopping.set())
        host.start()
    except (SettingsFault, KeyFault, PortTaken, SchemaMismatch, StartRefused) as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(EXIT_REFUSED)
    except Unavailable as absence:
        # Such as a database that starts at the same time; whoever supervises this process tries again.
        sys.stderr.write(f"{absence}\n")
        sys.exit(EXIT_FAILED)
    host.wait()
    host.stop()
    _exit(EXIT_FAILED if host.process.failure else 0)


def _serve_metrics(process: Process) -> Callable[[], None]:
    port = process.own.metrics_port
    try:
        return process.metrics.serve(process.settings.bind, port)
    except OSError as error:
        raise PortTaken(f"{process.settings.bind}:{port} is taken or cannot be bound") from error


def _exit(code: int) -> None:
    """Exit, also where a thread outlived the grace: a supervisor waits for the process, not for its threads."""
    logging.shutdown()
    last = threading.Timer(_LAST_SECONDS, os._exit, [code or EXIT_FAILED])
    last.daemon = True
    last.start()
    sys.exit(code)
