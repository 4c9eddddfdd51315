"""The `fieldmesh` command: what those who run the mesh do from a terminal."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from services.chassis.keys import ISSUERS, ensure_keys
from services.chassis.log import configure_logging
from services.chassis.settings import SERVICES, load_settings
from services.cli.anchors import anchor
from services.cli.connection import connected, grant_for, signer
from services.cli.demonstration import demo
from services.cli.faults import ExplainingGroup
from services.cli.history import verify
from services.cli.repair import reconcile
from services.cli.restoring import restored
from services.cli.schema import migrate
from services.cli.status import health
from services.cli.tracking import track
from services.cli.workflows import workflow

app = typer.Typer(
    cls=ExplainingGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Runs and inspects a Fieldmesh. Addresses and folders come from FIELDMESH_… variables (docs/operations.md).",
)


@app.callback()
def prepare() -> None:
    """Keep logs off standard output, which belongs to the answer."""
    configure_logging("cli", level="warning", stream=sys.stderr)


@app.command()
def keys() -> None:
    """Create the signing keys that are missing, in the data folder."""
    settings = load_settings()
    created = ensure_keys(settings.keys_folder)
    console = Console(highlight=False)
    if created:
        console.print(f"Created keys for {', '.join(created)} in {settings.keys_folder}", soft_wrap=True)
    else:
        console.print(f"All {len(ISSUERS)} keys are in {settings.keys_folder}", soft_wrap=True)


@app.command()
def token(
    login: Annotated[str, typer.Option("--as", help="Login name of the person to call as.")],
    audience: Annotated[str, typer.Option(help=f"Service to call: {', '.join(SERVICES)}.")] = SERVICES[0],
) -> None:
    """Print a caller token that lives for a minute, for grpcurl and the like.

    For example: grpcurl -plaintext -H "authorization: Bearer $(fieldmesh token --as dispatcher)" 127.0.0.1:50051 list
    """
    settings = load_settings()
    if audience not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(SERVICES)}", param_hint="--audience")
    with connected(settings=settings) as channels:
        grant = grant_for(channels, login)
    sys.stdout.write(signer(settings).user_token(grant, audience) + "\n")


app.command()(migrate)
app.command()(demo)
app.command()(track)
app.command()(verify)
app.command()(anchor)
app.command()(reconcile)
app.command()(restored)
app.command()(health)
app.add_typer(workflow, name="workflow")


if __name__ == "__main__":
    app()
