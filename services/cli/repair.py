"""`fieldmesh reconcile`: compares what services copied from each other with the originals (hard-parts 10)."""

import typer
from fieldmesh.common.v1 import operations_pb2, operations_pb2_grpc
from rich.console import Console
from rich.table import Table

from services.chassis.errors import Refusal
from services.chassis.settings import SERVICES
from services.cli.connection import OPERATOR, connected

_LONGEST_SECONDS = 600.0


def reconcile() -> None:
    """Compare every projection with its source, and send again what differs.

    Also lets feeds go on that stopped because a database was restored. Exits 1 where a service could not be asked.
    """
    console = Console(highlight=False)
    table = Table()
    for title in ("Service", "Copies of", "From", "Compared", "Old", "Ahead", "Extra"):
        table.add_column(title, no_wrap=True)
    refused = False
    with connected(OPERATOR) as channels:
        for name in SERVICES:
            stub = channels.stub(operations_pb2_grpc.OperationsServiceStub, name)
            try:
                with console.status(f"Comparing {name}"):
                    answer = stub.Reconcile(operations_pb2.ReconcileRequest(), timeout=_LONGEST_SECONDS)
            except Refusal as refusal:
                refused = True
                console.print(f"[red]{name}:[/] {refusal}")
                continue
            for found in answer.types:
                numbers = (found.checked, found.behind, found.ahead, found.surplus)
                table.add_row(name, found.aggregate_type, found.producer, *(str(number) for number in numbers))
            for producer in answer.resumed_producers:
                console.print(f"{name} reads the feed of {producer} again.")
    if table.row_count:
        console.print(table)
    if refused:
        raise typer.Exit(1)
