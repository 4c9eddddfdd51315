"""Shipping's newest target for an appointment: its event may still be on the way to the order's own columns (CP-75)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fieldmesh.shipping.v1 import shipping_service_pb2

from services.chassis.errors import NotFound, Unavailable
from services.chassis.log import get_logger
from services.workorders import wire
from services.workorders.domain.appointments import start_asked
from services.workorders.domain.history import Evidence
from services.workorders.presenting import sla_summary

if TYPE_CHECKING:
    from datetime import datetime

    from services.workorders.domain.situation import Inputs
    from services.workorders.domain.target import SlaSummary
    from services.workorders.domain.work_order import WorkOrder

log = get_logger(__name__)


class SlaDesk(Protocol):
    """What of shipping's contract is used here."""

    def EvaluateAppointment(  # noqa: N802 - the contract's name
        self, request: shipping_service_pb2.EvaluateAppointmentRequest
    ) -> shipping_service_pb2.EvaluateAppointmentResponse: ...


def told(desk: SlaDesk, order: WorkOrder, inputs: Inputs, now: datetime) -> tuple[SlaSummary | None, Evidence | None]:
    """The target that shipping has for the order now, and its version; None where it has none, or does not answer.

    Without an answer the order's own copy counts, which pages show with its "as of".
    """
    copied = evidence_of(order.sla.version, order.sla.as_of_time)
    start = start_asked(order, inputs)
    if start is None:
        return None, None
    request = shipping_service_pb2.EvaluateAppointmentRequest(work_order_id=order.id, start_time=wire.timestamp(start))
    try:
        answer = desk.EvaluateAppointment(request)
    except (Unavailable, NotFound) as refusal:
        log.info("target.as_of", work_order=order.id, reason=refusal.reason)
        return None, copied
    if not answer.target.version:
        return None, copied
    return sla_summary(answer.target), evidence_of(answer.target.version, now)


def evidence_of(version: int, told_time: datetime | None) -> Evidence | None:
    """A target as evidence; None where there is none yet."""
    return Evidence("shipping's SLA target", str(version), told_time) if version and told_time else None
