"""The verbs of shipping over gRPC: one line each."""

from typing import Any

from fieldmesh.shipping.v1 import fulfilment_order_pb2
from fieldmesh.shipping.v1 import shipping_service_pb2 as messages

from services.chassis.identity import current_caller
from services.shipping.handlers.ordering import Ordering
from services.shipping.handlers.sla_desk import SlaDesk
from services.shipping.handlers.tracking import Tracking


class FulfilmentDesk:
    """Serves FulfilmentDeskService."""

    def __init__(self, ordering: Ordering, tracking: Tracking) -> None:
        self._ordering = ordering
        self._tracking = tracking

    def PlaceOrder(self, request: messages.PlaceOrderRequest, _context: Any) -> fulfilment_order_pb2.FulfilmentOrder:
        return self._ordering.place_order(current_caller(), request)

    def IngestTracking(self, request: messages.IngestTrackingRequest, _context: Any) -> messages.IngestTrackingResponse:
        return self._tracking.ingest_tracking(current_caller(), request)


class SlaDeskServicer:
    """Serves SlaDeskService."""

    def __init__(self, desk: SlaDesk) -> None:
        self._desk = desk

    def EvaluateAppointment(
        self, request: messages.EvaluateAppointmentRequest, _context: Any
    ) -> messages.EvaluateAppointmentResponse:
        return self._desk.evaluate_appointment(current_caller(), request)

    def PreviewSlaTarget(
        self, request: messages.PreviewSlaTargetRequest, _context: Any
    ) -> messages.PreviewSlaTargetResponse:
        return self._desk.preview_sla_target(current_caller(), request)
