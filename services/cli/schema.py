"""`fieldmesh migrate`: brings every service's tables to this program's revision (hard-parts 16)."""

from typing import Annotated

import typer
from rich.console import Console

from services.chassis.migrations import migrate as migrate_service
from services.chassis.settings import SERVICES, load_settings


def migrate(
    service: Annotated[str, typer.Option(help=f"One of {', '.join(SERVICES)}; all unless given.")] = "",
) -> None:
    """Bring the databases to this program's revision; run it before the services start.

    Safe to repeat and to run from several machines: one works, the others wait.
    """
    if service and service not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(SERVICES)}", param_hint="--service")
    settings = load_settings()
    console = Console(highlight=False)
    for name in [service] if service else SERVICES:
        with console.status(f"Migrating {name}"):
            before, after = migrate_service(name, settings.service(name).database_url)
        console.print(f"{name}: {_said(before, after)}")


def _said(before: str, after: str) -> str:
    if before == after:
        return f"already on revision {after}"
    return f"from revision {before} to {after}" if before else f"new, on revision {after}"
