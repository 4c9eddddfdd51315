"""`fieldmesh restored`: what must be said after a backup of one service was put back (hard-parts 8)."""

from typing import Annotated

import typer
from rich.console import Console

from services.chassis.database import normal_url
from services.chassis.restoring import RestoreRefused, declare_restored
from services.chassis.settings import SERVICES, Settings, load_settings
from services.cli.connection import answers, connected

_BEFORE = """\
{url} is taken for a backup of {service}, whose newest events are lost.
It gets a new epoch: who reads the events of {service} stops until `fieldmesh reconcile`."""
_AFTER_FEED = """\
{service} has a new epoch.
1. Start {service}. {readers} will stop reading its events, since their numbers are given again: see `fieldmesh health`.
2. When all services serve, run `fieldmesh reconcile`. It corrects what the others copied, and they read on."""
_AFTER_BROKER = """\
{service} has a new epoch.
1. Start {service}. Its events go on through RabbitMQ, nobody stops.
2. When all services serve, run `fieldmesh reconcile`. It corrects what the others copied, and what {service} missed."""


def restored(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Declare that a service's database was replaced by a backup; run it before the service starts again.

    The database gets a new epoch, so that nobody mistakes its next events for those that were lost. Refused while the
    service runs. See "Restoring a backup" in docs/operations.md.
    """
    if service not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(SERVICES)}", param_hint="SERVICE")
    settings = load_settings()
    _refuse_running(settings, service)
    address = settings.service(service).database_url
    console = Console(highlight=False)
    shown = normal_url(address).render_as_string(hide_password=True)
    console.print(_BEFORE.format(service=service, url=shown), soft_wrap=True)
    if not yes:
        typer.confirm("Go on?", abort=True)
    readers = declare_restored(service, address)
    after = _AFTER_BROKER if settings.broker_url else _AFTER_FEED
    console.print(after.format(service=service, readers=_listed(readers)), soft_wrap=True)


def _refuse_running(settings: Settings, service: str) -> None:
    with connected(settings=settings) as channels:
        if answers(channels, service):
            raise RestoreRefused(f"{service} runs: stop it first.")


def _listed(readers: tuple[str, ...]) -> str:
    if not readers:
        return "Its readers"
    return f"{', '.join(readers[:-1])} and {readers[-1]}" if len(readers) > 1 else readers[0]
