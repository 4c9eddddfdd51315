"""`fieldmesh workflow`: checks, draws, publishes and tries definitions, and moves orders from version to version."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from fieldmesh.workorders.v1 import workflow_pb2, workflow_pb2_grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from services.chassis.errors import Refusal
from services.chassis.ids import new_id
from services.cli.connection import OPERATOR, connected
from services.workorders.definitions import DefinitionInvalid, load_definition
from services.workorders.domain.diagram import diagram as mermaid_of
from services.workorders.drawing import svg_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.chassis.grpc_channel import Channels

workflow = typer.Typer(no_args_is_help=True, help="Workflows: definitions as files, versions, and orders in them.")
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The definition, a YAML file.")]
Name = Annotated[str, typer.Argument(help="Code of the workflow, such as partner_service.")]
_LONGEST_SECONDS = 3600.0
_MOVED, _REFUSED = workflow_pb2.MIGRATION_OUTCOME_MOVED, workflow_pb2.MIGRATION_OUTCOME_REFUSED


@workflow.command()
def validate(file: File) -> None:
    """Check a definition and name every fault with its line; needs no running service."""
    definition = _loaded(file)
    states, moves = len(definition.states), len(definition.transitions)
    _console().print(
        f"[green]{definition.label} {definition.version} is sound:[/] {states} states, {moves} transitions."
    )


@workflow.command()
def diagram(
    file: File,
    *,
    svg: Annotated[bool, typer.Option("--svg", help="SVG instead of Mermaid.")] = False,
) -> None:
    """Draw a definition on standard output, as Mermaid for documents or as SVG; needs no running service."""
    definition = _loaded(file)
    sys.stdout.write(f"{svg_of(definition)}\n" if svg else mermaid_of(definition))


@workflow.command()
def publish(
    file: File, note: Annotated[str, typer.Option(help="Why this version is made; kept with it.")] = ""
) -> None:
    """Publish a definition as the next version of its workflow; new orders begin with it at once."""
    _loaded(file)
    text = file.read_text(encoding="utf-8")
    with connected(OPERATOR) as channels:
        stub = _stub(channels)
        draft = stub.SaveDraft(workflow_pb2.SaveDraftRequest(text=text, note=note, request_id=new_id())).version
        try:
            asked = workflow_pb2.PublishWorkflowRequest(id=draft.id, etag=draft.etag, request_id=new_id())
            done = stub.PublishWorkflow(asked)
        except Refusal:
            # The file stays the one place where it is written: a draft that was refused would only lie about.
            gone = workflow_pb2.DeleteDraftRequest(id=draft.id, etag=draft.etag, request_id=new_id())
            stub.DeleteDraft(gone)
            raise
    _console().print(f"[green]Published:[/] {done.title}. New orders begin with it; others keep their version.")


@workflow.command()
def simulate(
    file: File,
    from_version: Annotated[int, typer.Option(help="Replay orders of this version only; 0: of all.")] = 0,
) -> None:
    """Replay what really happened to orders against a definition. Exits 1 where it would have refused something."""
    _loaded(file)
    asked = workflow_pb2.SimulateWorkflowRequest(text=file.read_text(encoding="utf-8"), from_version=from_version)
    sums: Counter[tuple[str, str, str, str]] = Counter()
    orders = refused = moves = 0
    with connected(OPERATOR) as channels:
        for answer in _counted("Replaying", _stub(channels).SimulateWorkflow(asked, timeout=_LONGEST_SECONDS)):
            orders, moves = orders + 1, moves + answer.moves
            refused += any(each.refuses for each in answer.findings)
            sums.update((_kind(each.kind), each.transition, each.message, each.suggestion) for each in answer.findings)
    console = _console()
    if sums:
        table = Table("What", "Transition", "Found", "Suggestion", "Times")
        for key, count in sums.most_common():
            table.add_row(*key, str(count))
        console.print(table)
    colour = "red" if refused else "green"
    console.print(f"[{colour}]{moves} moves of {orders} orders replayed; {refused} orders would meet a refusal.[/]")
    if refused:
        raise typer.Exit(1)


@workflow.command()
def migrate(
    name: Name,
    *,
    to: Annotated[int, typer.Option(help="Number of the version to move to; 0: the latest published one.")] = 0,
    from_version: Annotated[int, typer.Option(help="Move orders of this version only; 0: of all others.")] = 0,
    state: Annotated[
        list[str] | None, typer.Option(help="A state that is called otherwise there, as old=new; may be repeated.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Move them; without it, only says what would happen.")] = False,
) -> None:
    """Move open orders to another version of their workflow; previews unless --run is given.

    Safe to run again: orders that were moved are passed over. Exits 1 where an order stays that has not ended.
    """
    renamed = dict(_pair(each) for each in state or ())
    console = _console()
    counts: Counter[int] = Counter()
    with connected(OPERATOR) as channels:
        stub = _stub(channels)
        named = workflow_pb2.WorkflowReference(workflow=name, workflow_version=to)
        target = stub.DescribeWorkflow(workflow_pb2.DescribeWorkflowRequest(version=named)).version
        asked = workflow_pb2.MigrateWorkOrdersRequest(
            to_id=target.id, from_version=from_version, states=renamed, preview=not run
        )
        words = "Moving" if run else "Looking"
        for answer in _counted(words, stub.MigrateWorkOrders(asked, timeout=_LONGEST_SECONDS), console):
            counts[answer.outcome] += 1
            if answer.outcome == _REFUSED:
                console.print(f"[red]{answer.work_order_number}[/] stays: {' '.join(answer.reasons)}")
    moved, refused = counts[_MOVED], counts[_REFUSED]
    ended = counts.total() - moved - refused
    done = "moved" if run else "would move"
    console.print(f"To {target.title}: {moved} {done}, {refused} stay, {ended} have ended and keep their version.")
    if moved and not run:
        console.print("Run it again with --run to move them.")
    if refused:
        raise typer.Exit(1)


def _loaded(file: Path) -> Any:
    """The definition of a file; says every fault and exits where it has any."""
    try:
        return load_definition(file.read_text(encoding="utf-8"), file.name)
    except DefinitionInvalid as invalid:
        say = Console(stderr=True, highlight=False)
        for fault in invalid.faults:
            say.print(f"{file.name}:{fault}", style="red", markup=False, soft_wrap=True)
        count = len(invalid.faults)
        say.print(f"{count} fault{'s' if count > 1 else ''}; nothing was done.", style="red")
        raise typer.Exit(1) from None


def _counted(words: str, answers: Iterable[Any], console: Console | None = None) -> Iterator[Any]:
    """Answers as they come, with a bar that says how many of how many."""
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console or _console(), transient=True) as progress:
        task = progress.add_task(words, total=None)
        for answer in answers:
            progress.update(task, completed=answer.done, total=answer.total or None)
            yield answer


def _pair(given: str) -> tuple[str, str]:
    old, _, new = given.partition("=")
    if not old or not new:
        raise typer.BadParameter("a state is given as old=new", param_hint="--state")
    return old, new


def _kind(number: int) -> str:
    return workflow_pb2.FindingKind.Name(number).removeprefix("FINDING_KIND_").replace("_", " ").capitalize()  # type: ignore[arg-type]


def _stub(channels: Channels) -> Any:
    return channels.stub(workflow_pb2_grpc.WorkflowServiceStub, "workorders")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)
