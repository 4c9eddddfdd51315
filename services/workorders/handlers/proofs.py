"""Proofs of return in an order's history: what was recorded, by whom and when (CP-45, CP-83)."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from fieldmesh.shipping.v1 import events_pb2
from sqlalchemy import select

from services.chassis.errors import NotFound
from services.chassis.identity import SUBJECT_PREFIX, Caller, service_caller
from services.chassis.log import get_logger
from services.workorders import repository
from services.workorders.domain.history import Evidence
from services.workorders.domain.outcome import FieldChange
from services.workorders.handlers.copying import note
from services.workorders.tables import history

if TYPE_CHECKING:
    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.shipping.v1 import rma_pb2
    from sqlalchemy import Connection

    from services.chassis.unit_of_work import Transaction

log = get_logger(__name__)
SHIPPING: Final = service_caller("shipping")
# History's name of it; a row begins with the number of its return.
FIELD: Final = "return_proof"


def rma_changed(transaction: Transaction, event: envelope_pb2.Event, told: events_pb2.RmaChanged) -> None:
    """Note a proof that was recorded, also of an order that has ended; told twice, it is one row.

    Other news of a return are seen where returns are, and change nothing here.
    """
    rma = told.rma
    if told.news != events_pb2.RMA_NEWS_PROVED or not rma.HasField("proof"):
        return
    try:
        stored = repository.load(transaction.connection, SHIPPING, rma.work_order_id, lock=True)
    except NotFound:
        log.info("order.unknown", work_order=rma.work_order_id)
        return
    proof = f"{rma.number}: {_words(rma.proof)}"
    before = _earlier(transaction.connection, stored.order.id, rma.number)
    if before == proof:
        return
    version = Evidence("shipping's return", str(rma.version), rma.proof.record_time.ToDatetime(tzinfo=UTC))
    change = FieldChange(FIELD, before, proof)
    note(transaction, _author(event, rma.proof), stored.order, [change], evidence=version)


def _words(proof: rma_pb2.ReturnProof) -> str:
    number = f"tracking number {proof.tracking_number}" if proof.tracking_number else ""
    sent = " ".join(filter(None, (proof.carrier, number)))
    return "; ".join(filter(None, (sent, f"file {proof.attachment_title}" if proof.attachment_title else "")))


def _earlier(connection: Connection, order_id: str, number: str) -> str:
    """The proof that was noted before for a return; empty where there was none, or it was erased."""
    columns = history.c
    asked = (
        select(columns.new_value)
        .where(columns.work_order_id == order_id, columns.field == FIELD, columns.new_value.startswith(f"{number}: "))
        .order_by(columns.sequence.desc())
        .limit(1)
    )
    return connection.execute(asked).scalar_one_or_none() or ""


def _author(event: envelope_pb2.Event, proof: rma_pb2.ReturnProof) -> Caller:
    """Whoever recorded it; shipping itself where no person did."""
    actor = event.actor
    if not actor.subject or actor.subject.startswith(SUBJECT_PREFIX):
        return SHIPPING
    return Caller(actor.subject, actor.display_name or proof.person_name, organization_id=actor.organization_id)
