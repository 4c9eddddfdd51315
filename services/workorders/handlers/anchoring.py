"""Where history chains end, told to be kept elsewhere, and compared with later (B-3).

A chain that somebody rewrote verifies by itself; only what was kept elsewhere tells that it is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import work_order_service_pb2
from sqlalchemy import func, select, tuple_

from services.chassis.errors import InvalidRequest, Violation
from services.workorders.tables import history, work_orders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.chassis.database import Database

BATCH = 500
Anchor = work_order_service_pb2.HistoryAnchor


def export_anchors(database: Database) -> Iterator[work_order_service_pb2.ExportAnchorsResponse]:
    """The ends of all chains, batch by batch."""
    columns = work_orders.c
    named = (columns.id, columns.number, columns.history_length, columns.history_head)
    after, told = "", 0
    with database.read() as connection:
        total = connection.execute(select(func.count()).select_from(work_orders)).scalar_one()
    while True:
        with database.read() as connection:
            rows = connection.execute(select(*named).where(columns.id > after).order_by(columns.id).limit(BATCH)).all()
        told += len(rows)
        yield work_order_service_pb2.ExportAnchorsResponse(
            anchors=[
                Anchor(
                    work_order_id=row.id,
                    work_order_number=row.number,
                    length=row.history_length,
                    head=row.history_head,
                )
                for row in rows
            ],
            total=max(total, told),
        )
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def check_anchors(database: Database, anchors: Sequence[Anchor]) -> work_order_service_pb2.CheckAnchorsResponse:
    """Every chain that does not have the anchored row at its place; InvalidRequest for more than 500 at once."""
    if len(anchors) > BATCH:
        problem = f"Give at most {BATCH} anchors at once."
        raise InvalidRequest(problem, violations=[Violation("anchors", problem)])
    places = [(anchor.work_order_id, anchor.length) for anchor in anchors]
    with database.read() as connection:
        there = set(
            connection.execute(
                select(work_orders.c.id).where(work_orders.c.id.in_([each for each, _ in places]))
            ).scalars()
        )
        place = tuple_(history.c.work_order_id, history.c.sequence)
        named = select(history.c.work_order_id, history.c.sequence, history.c.hash)
        hashes = {(row[0], row[1]): row[2] for row in connection.execute(named.where(place.in_(places)))}
    faults = []
    for anchor in anchors:
        fault = _fault(anchor, hashes.get((anchor.work_order_id, anchor.length), ""), there)
        if fault:
            faults.append(
                work_order_service_pb2.VerifyHistoryResponse(
                    work_order_number=anchor.work_order_number, sequence=anchor.length, fault=fault
                )
            )
    return work_order_service_pb2.CheckAnchorsResponse(faults=faults)


def _fault(anchor: Anchor, now: str, there: set[str]) -> str:
    if anchor.work_order_id not in there:
        return "The work order was deleted with its history."
    if now == anchor.head:
        return ""
    if not now:
        return f"The chain was cut: it had {anchor.length} rows when the anchor was made."
    return f"The chain was rewritten: row {anchor.length} is not the one that the anchor holds."
