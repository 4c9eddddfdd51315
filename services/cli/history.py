"""`fieldmesh verify`: walks the history chains (hard-parts 23)."""

from typing import Annotated

import typer
from fieldmesh.workorders.v1 import work_order_service_pb2 as orders_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2_grpc as orders_grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.cli.connection import OPERATOR, connected

_LONGEST_SECONDS = 3600.0


def verify(
    order: Annotated[str, typer.Argument(help="Number or id of one work order; all unless given.")] = "",
) -> None:
    """Check that no history row was altered, removed, inserted or cut off; names the first bad row of each order."""
    faults: list[orders_pb2.VerifyHistoryResponse] = []
    checked = 0
    console = Console()
    columns = (TextColumn("Checking histories"), BarColumn(), MofNCompleteColumn())
    with connected(OPERATOR) as channels, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("verify", total=None)
        stub = channels.stub(orders_grpc.WorkOrderServiceStub, "workorders")
        request = orders_pb2.VerifyHistoryRequest(work_order=order)
        for step in stub.VerifyHistory(request, timeout=_LONGEST_SECONDS):
            checked = max(checked, step.checked)
            progress.update(task, completed=step.checked, total=step.total or None)
            if step.work_order_number:
                faults.append(step)
    for fault in faults:
        console.print(f"[red]{fault.work_order_number}[/], row {fault.sequence}: {fault.fault}", highlight=False)
    if faults:
        console.print(f"[red]{len(faults)} of {_histories(checked)} damaged.[/]")
        raise typer.Exit(1)
    console.print(f"[green]{_histories(checked)} whole.[/]")


def _histories(count: int) -> str:
    return "1 history is" if count == 1 else f"{count} histories are"
