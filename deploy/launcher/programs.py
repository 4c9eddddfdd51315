"""The processes of the mesh: what starts each, which ports it takes, and how its health is asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deploy.launcher.settings import LauncherSettings

Stage = Literal["mailbox", "services", "admin"]
STAGES: tuple[Stage, ...] = ("mailbox", "services", "admin")
"""Started in this order and stopped in the opposite one; the processes of one stage stop side by side."""


@dataclass(frozen=True)
class PortUse:
    """One address a process listens on, with the variable that moves it."""

    host: str
    port: int
    purpose: str
    variable: str


@dataclass(frozen=True)
class Program:
    """One process. `health` is `grpc://host:port` (its health service) or an http address that must answer."""

    name: str
    stage: Stage
    command: tuple[str, ...]
    ports: tuple[PortUse, ...]
    health: str


def mesh(settings: LauncherSettings) -> list[Program]:
    """All processes of a local mesh."""
    return [mailbox(settings), *(_service(settings, name) for name in settings.services), _admin(settings)]


def _service(settings: LauncherSettings, name: str) -> Program:
    own = settings.service(name)
    prefix = f"FIELDMESH_{name.upper()}_"
    return Program(
        name=name,
        stage="services",
        command=(sys.executable, "-m", f"services.{name}"),
        ports=(
            PortUse(settings.bind, own.port, name, f"{prefix}PORT"),
            PortUse(settings.bind, own.feed_port, f"{name}' event feed", f"{prefix}FEED_PORT"),
            PortUse(settings.bind, own.metrics_port, f"{name}' metrics", f"{prefix}METRICS_PORT"),
        ),
        health=f"grpc://{own.target}",
    )


def _admin(settings: LauncherSettings) -> Program:
    # One worker process is enough on one machine: a page waits for the services, and threads wait well.
    options = ("--worker-class", "gthread", "--workers", "1", "--threads", str(settings.admin_threads))
    return Program(
        name="admin",
        stage="admin",
        command=(
            *(sys.executable, "-m", "gunicorn", *options, "--graceful-timeout", "10", "--log-level", "warning"),
            *("--bind", f"{settings.admin_host}:{settings.admin_port}"),
            *("--config", "python:deploy.launcher.gunicorn_settings", "admin.wsgi:app"),
        ),
        ports=(PortUse(settings.admin_host, settings.admin_port, "admin", "FIELDMESH_ADMIN_PORT"),),
        health=f"http://{settings.admin_host}:{settings.admin_port}/healthz",
    )


def mailbox(settings: LauncherSettings) -> Program:
    """The local mailbox."""
    return Program(
        name="mailbox",
        stage="mailbox",
        command=(sys.executable, "-m", "deploy.mailbox"),
        ports=(
            PortUse(settings.mailbox_host, settings.mailbox_port, "mailbox page", "FIELDMESH_MAILBOX_PORT"),
            PortUse(settings.smtp_host, settings.smtp_port, "SMTP", "FIELDMESH_SMTP_PORT"),
        ),
        health=f"{settings.mailbox_url}/healthz",
    )
