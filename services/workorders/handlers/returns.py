"""Shipping's returns of an order: completing waits for proof of them, and closing for their arrival (CP-83, row 11)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from fieldmesh.common.v1 import list_pb2
from fieldmesh.shipping.v1 import rma_pb2

from services.chassis.errors import Unavailable
from services.chassis.identity import as_service
from services.chassis.log import get_logger
from services.workorders.domain.history import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

log = get_logger(__name__)
MOST_RETURNS = 200
DIGEST = 16
UNPROVED = frozenset({rma_pb2.RMA_STATE_REQUESTED, rma_pb2.RMA_STATE_LABEL_SENT})
OPEN = UNPROVED | {rma_pb2.RMA_STATE_SHIPPED}
UNKNOWN: Mapping[str, object] = {"known": False, "unproved": (), "open": ()}

Told = tuple["Mapping[str, object]", "Evidence | None"]


class ReturnList(Protocol):
    """What of shipping's contract is used here."""

    def ListRmas(  # noqa: N802 - the contract's name
        self, request: rma_pb2.ListRmasRequest
    ) -> rma_pb2.ListRmasResponse: ...


def told(shipping: ReturnList, work_order_id: str, now: datetime) -> Told:
    """The snapshot of an order's returns, and which versions of them it was made of.

    It is UNKNOWN where shipping does not answer: the guards say what that means for an order. The service asks for
    itself, because shipping may not know yet who was assigned a moment ago.
    """
    return told_of_many(shipping, [work_order_id], now)[work_order_id]


def told_of_many(shipping: ReturnList, work_order_ids: Sequence[str], now: datetime) -> dict[str, Told]:
    """The same for several orders, at most 200, asked for together."""
    try:
        with as_service("workorders"):
            listed = _listed(shipping, work_order_ids)
    except Unavailable as refusal:
        log.info("returns.unknown", work_orders=len(work_order_ids), reason=refusal.reason)
        return dict.fromkeys(work_order_ids, (UNKNOWN, None))
    return {
        work_order_id: _snapshot([rma for rma in listed if rma.work_order_id == work_order_id], now)
        for work_order_id in work_order_ids
    }


def _listed(shipping: ReturnList, work_order_ids: Sequence[str]) -> list[rma_pb2.Rma]:
    theirs = list_pb2.Filter(field="work_order_id", operator=list_pb2.FILTER_OPERATOR_IN, values=work_order_ids)
    query = list_pb2.ListQuery(page_size=MOST_RETURNS, order_by="number", filters=[theirs])
    found: list[rma_pb2.Rma] = []
    while True:
        answer = shipping.ListRmas(rma_pb2.ListRmasRequest(query=query))
        found += answer.rmas
        query.page_token = answer.page.next_page_token
        if not query.page_token:
            return found


def _snapshot(rmas: Sequence[rma_pb2.Rma], now: datetime) -> Told:
    snapshot = {
        "known": True,
        "unproved": tuple(_words(rma) for rma in rmas if rma.state in UNPROVED and rma.proof_required),
        "open": tuple(_words(rma) for rma in rmas if rma.state in OPEN),
    }
    if not rmas:
        return snapshot, None
    versions = hashlib.sha256("\n".join(sorted(f"{each.id} {each.etag}" for each in rmas)).encode()).hexdigest()
    return snapshot, Evidence("shipping's returns", versions[:DIGEST], now)


def _words(rma: rma_pb2.Rma) -> str:
    parts = ", ".join(f"{line.quantity} × {line.part_number}" for line in rma.lines)
    return f"{rma.number} ({parts})" if parts else rma.number
