"""`fieldmesh verify`: walks the history chains, and compares them with an anchor (hard-parts 23, B-3)."""

from pathlib import Path
from typing import Annotated

import typer
from fieldmesh.workorders.v1 import work_order_service_pb2 as orders_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2_grpc as orders_grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.cli.anchors import LONGEST_SECONDS, AnchorFileDamaged, compared, read_anchors
from services.cli.connection import OPERATOR, connected


def verify(
    order: Annotated[str, typer.Argument(help="Number or id of one work order; all unless given.")] = "",
    anchor: Annotated[
        Path | None,
        typer.Option(
            help="A file of `fieldmesh anchor`: finds rewritten histories as well.", exists=True, dir_okay=False
        ),
    ] = None,
) -> None:
    """Check that no history row was altered, removed, inserted or cut off; names the first bad row of each order."""
    console = Console()
    anchors = _anchors(console, anchor, order)
    faults: list[orders_pb2.VerifyHistoryResponse] = []
    checked = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with connected(OPERATOR) as channels, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Checking histories", total=None)
        stub = channels.stub(orders_grpc.WorkOrderServiceStub, "workorders")
        request = orders_pb2.VerifyHistoryRequest(work_order=order)
        for step in stub.VerifyHistory(request, timeout=LONGEST_SECONDS):
            checked = max(checked, step.checked)
            progress.update(task, completed=step.checked, total=step.total or None)
            if step.work_order_number:
                faults.append(step)
        damaged = {fault.work_order_number for fault in faults}
        if anchors:
            comparing = progress.add_task("Comparing with the anchor", total=len(anchors))
            for at, found in compared(stub, anchors):
                progress.update(comparing, completed=at)
                faults += [fault for fault in found if fault.work_order_number not in damaged]
    for fault in faults:
        console.print(f"[red]{fault.work_order_number}[/], row {fault.sequence}: {fault.fault}", highlight=False)
    if faults:
        console.print(f"[red]{len(faults)} of {_histories(max(checked, len(anchors)))} damaged.[/]")
        raise typer.Exit(1)
    console.print(f"[green]{_histories(checked)} whole.[/]")
    if anchor:
        console.print(f"[green]{len(anchors)} of them as the anchor holds them.[/]")


def _anchors(console: Console, file: Path | None, order: str) -> list[orders_pb2.HistoryAnchor]:
    """The anchors to compare with: all of a file, or that of one order."""
    if file is None:
        return []
    try:
        found = read_anchors(file)
    except AnchorFileDamaged as damage:
        console.print(f"[red]{damage}[/]", soft_wrap=True)
        raise typer.Exit(1) from None
    return [each for each in found if not order or order in {each.work_order_id, each.work_order_number}]


def _histories(count: int) -> str:
    return "1 history is" if count == 1 else f"{count} histories are"
