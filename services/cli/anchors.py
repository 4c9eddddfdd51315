"""`fieldmesh anchor`: where every history chain ends, in a file to keep elsewhere (B-3).

One line of JSON an order; the last line counts them and holds their hash, so that half a file is not taken for a whole.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from fieldmesh.workorders.v1 import work_order_service_pb2 as orders_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2_grpc as orders_grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.cli.connection import OPERATOR, connected

LONGEST_SECONDS: Final = 3600.0
BATCH: Final = 500


class AnchorFileDamaged(ValueError):
    """A file that is no anchor file, or not a whole one."""


def anchor(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.", dir_okay=False)],
) -> None:
    """Write where every history ends now; kept elsewhere, it shows later whether histories were rewritten."""
    console = Console()
    if file.exists():
        console.print(f"[red]{file} exists already.[/] An anchor is only worth what it said when it was made.")
        raise typer.Exit(1)
    unfinished = file.with_name(f"{file.name}.part")
    digest, count = hashlib.sha256(), 0
    columns = (TextColumn("Noting where histories end"), BarColumn(), MofNCompleteColumn())
    with connected(OPERATOR) as channels, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("anchor", total=None)
        stub = channels.stub(orders_grpc.WorkOrderServiceStub, "workorders")
        with unfinished.open("w", encoding="utf-8") as out:
            for page in stub.ExportAnchors(orders_pb2.ExportAnchorsRequest(), timeout=LONGEST_SECONDS):
                for each in page.anchors:
                    line = _line(each)
                    digest.update(line.encode())
                    out.write(line)
                count += len(page.anchors)
                progress.update(task, completed=count, total=page.total or None)
            out.write(
                json.dumps({"anchors": count, "sha256": digest.hexdigest(), "time": datetime.now(UTC).isoformat()})
                + "\n"
            )
    unfinished.rename(file)
    console.print(f"[green]{count} {'history' if count == 1 else 'histories'} anchored in {file}.[/]", soft_wrap=True)


def read_anchors(file: Path) -> list[orders_pb2.HistoryAnchor]:
    """The anchors of a file. Raises AnchorFileDamaged, in words."""
    *lines, last = file.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
    try:
        end = json.loads(last)
        digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        whole = end["anchors"] == len(lines) and end["sha256"] == digest
        found = [_anchor(json.loads(line)) for line in lines]
    except (ValueError, KeyError, TypeError):
        raise AnchorFileDamaged(f"{file} is no anchor file, or not a whole one.") from None
    if not whole:
        raise AnchorFileDamaged(f"{file} was changed or cut since it was written.")
    return found


def compared(
    stub: orders_grpc.WorkOrderServiceStub, anchors: list[orders_pb2.HistoryAnchor]
) -> Iterator[tuple[int, list[orders_pb2.VerifyHistoryResponse]]]:
    """Batch by batch, how many anchors were compared so far, and what chains do not hold any more."""
    for start in range(0, len(anchors), BATCH):
        batch = anchors[start : start + BATCH]
        answer = stub.CheckAnchors(orders_pb2.CheckAnchorsRequest(anchors=batch))
        yield start + len(batch), list(answer.faults)


def _line(each: orders_pb2.HistoryAnchor) -> str:
    known = {
        "order": each.work_order_id,
        "number": each.work_order_number,
        "length": each.length,
        "head": each.head,
    }
    return json.dumps(known) + "\n"


def _anchor(known: dict[str, object]) -> orders_pb2.HistoryAnchor:
    return orders_pb2.HistoryAnchor(
        work_order_id=str(known["order"]),
        work_order_number=str(known["number"]),
        length=int(str(known["length"])),
        head=str(known["head"]),
    )
