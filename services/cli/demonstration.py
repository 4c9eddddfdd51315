"""`fieldmesh demo`: loads lifelike data into an empty mesh."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.chassis.settings import load_settings
from services.cli.connection import answers, connected

_SIZE = 60
_LARGEST = 20_000


def demo(
    size: Annotated[int, typer.Option(min=1, max=_LARGEST, help="How many work orders.")] = _SIZE,
) -> None:
    """Load demo data into an empty mesh: companies, people, sites, and work orders in every state.

    Run it after `fieldmesh migrate` and before the services start. Everything is made by the services' own verbs, at
    the times that its stories tell; the same size gives the same stories.
    """
    # Loading hosts all four services in this process, which other commands need not pay for.
    from services.cli.demo.loading import DemoExists, load_demo
    from services.cli.demo.mesh import DemoStuck

    console = Console(highlight=False)
    running = _running()
    if running:
        console.print(f"[red]Stop {', '.join(running)} first: demo data is loaded before the services listen.[/]")
        raise typer.Exit(1)
    columns = (TextColumn("Telling the stories of the demo"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    try:
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
            task = progress.add_task("demo", total=None)
            load_demo(size, lambda done, total: progress.update(task, completed=done, total=total))
    except DemoExists as there:
        console.print(str(there))
        return
    except DemoStuck as stuck:
        console.print(f"[red]Events did not come to rest: {stuck}[/]")
        raise typer.Exit(1) from stuck
    console.print(f"Loaded {size} work orders.")


def _running() -> list[str]:
    settings = load_settings()
    with connected(settings=settings) as channels:
        return [name for name in settings.services if answers(channels, name)]
