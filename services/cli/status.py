"""`fieldmesh health`: one table of the mesh."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from fieldmesh.common.v1 import operations_pb2, operations_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rich.console import Console
from rich.table import Table

from services.chassis.errors import Refusal
from services.chassis.feed_servicer import EPOCH_CHANGED, PURGED, REWOUND
from services.chassis.grpc_channel import Channels
from services.chassis.settings import load_settings
from services.cli.connection import connected

_PATIENCE_SECONDS = 2.0
_STOPPED = {
    EPOCH_CHANGED: "its database was restored",
    REWOUND: "its database is older than what was read, as after a restore that nobody declared",
    PURGED: "it does not keep all of them any more",
}


@dataclass(frozen=True)
class Seen:
    """What one service answered; `status` is None where it told nothing of itself."""

    health: str
    status: operations_pb2.ServiceStatus | None = None

    @property
    def serving(self) -> bool:
        return self.health == "SERVING"


def health() -> None:
    """Show health, version, backlog and lag of every service; exits 1 unless all are serving."""
    settings = load_settings()
    table = Table()
    table.add_column("Service", no_wrap=True)
    for title in ("Health", "Version", "Storage", "To send", "Waiting", "Parked"):
        table.add_column(title)
    notes: list[str] = []
    seen: dict[str, Seen] = {}
    with connected(settings=settings) as channels:
        for name, service in settings.services.items():
            seen[name] = _look(channels, name)
            table.add_row(f"{name}\n[dim]{service.target}[/]", *_cells(seen[name]))
            notes += _notes(name, seen[name])
    console = Console(highlight=False)
    console.print(table)
    for note in notes:
        console.print(f"[yellow]{note}[/]")
    if not all(each.serving for each in seen.values()):
        raise typer.Exit(1)


def _look(channels: Channels, name: str) -> Seen:
    try:
        stub: Any = channels.stub(health_pb2_grpc.HealthStub, name)
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=_PATIENCE_SECONDS)
    except Refusal:
        return Seen("unreachable")
    word = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    try:
        status = channels.stub(operations_pb2_grpc.OperationsServiceStub, name).GetServiceStatus(
            operations_pb2.GetServiceStatusRequest(), timeout=_PATIENCE_SECONDS
        )
    except Refusal:
        return Seen(word)
    return Seen(word, status)


def _cells(seen: Seen) -> list[str]:
    color = "green" if seen.serving else "red"
    word = f"[{color}]{seen.health}[/]"
    status = seen.status
    if status is None:
        return [word, *["?"] * 5]
    waiting = sum(lag.waiting for lag in status.lags)
    parked = sum(lag.parked for lag in status.lags)
    minutes = int((datetime.now(UTC) - status.start_time.ToDatetime(UTC)).total_seconds() // 60)
    return [
        f"{word}\n[dim]{_age(minutes)}[/]",
        f"{status.version}\n[dim]rev. {status.schema_revision}[/]",
        f"{status.database}\n[dim]{status.transport}[/]",
        str(status.outbox_backlog),
        str(waiting),
        f"[red]{parked}[/]" if parked else "0",
    ]


def _notes(name: str, seen: Seen) -> list[str]:
    lags = seen.status.lags if seen.status else ()
    return [note for lag in lags if (note := _note(name, lag))]


def _note(name: str, lag: operations_pb2.Lag) -> str:
    if lag.stopped_reason:
        why = _STOPPED.get(lag.stopped_reason, lag.stopped_reason)
        return f"{name} stopped reading the events of {lag.producer}: {why}. Run `fieldmesh reconcile`."
    return "" if lag.connected else f"{name} gets no events from {lag.producer} now."


def _age(minutes: int) -> str:
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
