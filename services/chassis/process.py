"""What a host gives to the service it runs."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.chassis.clock import BusinessClock, Clock
from services.chassis.credentials import ServiceCredentials
from services.chassis.grpc_channel import Channels
from services.chassis.grpc_server import RpcServer, ServerLimits
from services.chassis.keys import PublicKeys, signing_key
from services.chassis.log import get_logger
from services.chassis.metrics import RpcMetrics
from services.chassis.settings import PREFIX, SettingsFault
from services.chassis.tokens import TokenSigner, TokenVerifier

if TYPE_CHECKING:
    from services.chassis.inbox import EventHandler
    from services.chassis.settings import ServiceSettings, Settings

log = get_logger(__name__)
FEED_SUFFIX = ".feed"


@dataclass
class Process:
    """One running service: its settings, its ways in and out, and the handlers that its class declares.

    `channels` leads to the other services by name, and to their feeds as `<name>.feed`. `clock` drives the business's
    rules; demo data runs under a scripted one. `stopping` is set when the process is about to end; `fail` ends it as
    broken.
    """

    name: str
    settings: Settings
    channels: Channels
    metrics: RpcMetrics
    server: RpcServer
    feed_server: RpcServer
    clock: Clock = field(default_factory=BusinessClock)
    handlers: list[EventHandler] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    failure: str = ""

    @property
    def own(self) -> ServiceSettings:
        """Settings of this very service."""
        return self.settings.service(self.name)

    def fail(self, reason: str) -> None:
        """Stop in order and exit with an error; for threads without which nothing works, such as the writer."""
        self.failure = self.failure or reason
        log.error("process.failed", reason=reason)
        self.stopping.set()


def open_process(name: str, settings: Settings) -> Process:
    """Put together what a service runs with; nothing listens yet.

    Raises KeyFault without a signing key, SettingsFault for a broker with SQLite.
    """
    if settings.broker_url and settings.service(name).database == "sqlite":
        # The relay elects itself by a lock of PostgreSQL; only this service's own address is of interest here.
        variable = f"{PREFIX}{name.upper()}_DATABASE_URL"
        raise SettingsFault([f"{variable}: a PostgreSQL address is needed beside {PREFIX}BROKER_URL."])
    keys = settings.keys_folder
    signer = TokenSigner(signing_key(keys, name))
    verifier = TokenVerifier(name, PublicKeys(keys))
    metrics = RpcMetrics(name)
    own = settings.service(name)
    return Process(
        name=name,
        settings=settings,
        channels=Channels(service_targets(settings), ServiceCredentials(signer)),
        metrics=metrics,
        server=RpcServer(f"{settings.bind}:{own.port}", ServerLimits.main(settings.rpc_workers), verifier, metrics),
        feed_server=RpcServer(
            f"{settings.bind}:{own.feed_port}", ServerLimits.feed(settings.feed_workers), verifier, metrics
        ),
    )


def service_targets(settings: Settings) -> dict[str, str]:
    """Addresses of all services and their feeds, as `Channels` takes them."""
    targets = {name: service.target for name, service in settings.services.items()}
    return targets | {f"{name}{FEED_SUFFIX}": service.feed_target for name, service in settings.services.items()}


class Launcher:
    """The process that started this one, where it asked to be watched: services end with it, however it ended."""

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._born = _birth(pid) if pid else None

    @property
    def gone(self) -> bool:
        if self._pid is None:
            return False
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        # A zombie, or another process that was given the same number, is no launcher any more.
        return _birth(self._pid) != self._born


def _birth(pid: int) -> str:
    """When a process began, as Linux tells; empty where it cannot be told, or where the process is a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - no file but a window
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    state, begun = fields[0], fields[19]
    return "" if state == "Z" else begun
