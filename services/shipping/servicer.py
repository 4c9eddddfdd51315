"""The verbs of shipping over gRPC: one line each."""

from typing import Any

from fieldmesh.shipping.v1 import (
    carrier_service_pb2,
    fulfilment_order_pb2,
    rma_pb2,
    shipment_pb2,
    sla_draft_service_pb2,
    sla_pb2,
)
from fieldmesh.shipping.v1 import rma_service_pb2 as verbs
from fieldmesh.shipping.v1 import shipping_service_pb2 as messages
from google.protobuf.empty_pb2 import Empty

from services.chassis.identity import current_caller
from services.shipping.handlers.carrier_reports import CarrierReports
from services.shipping.handlers.drafting import Drafting
from services.shipping.handlers.ordering import Ordering
from services.shipping.handlers.packing import ParcelPacking
from services.shipping.handlers.publishing import Publishing
from services.shipping.handlers.return_desk import ReturnDesk
from services.shipping.handlers.sla_desk import SlaDesk
from services.shipping.handlers.tracking import Tracking


class FulfilmentDesk:
    """Serves FulfilmentDeskService."""

    def __init__(self, ordering: Ordering, tracking: Tracking, packing: ParcelPacking) -> None:
        self._ordering = ordering
        self._tracking = tracking
        self._packing = packing

    def PlaceOrder(self, request: messages.PlaceOrderRequest, _context: Any) -> fulfilment_order_pb2.FulfilmentOrder:
        return self._ordering.place_order(current_caller(), request)

    def IngestTracking(self, request: messages.IngestTrackingRequest, _context: Any) -> messages.IngestTrackingResponse:
        return self._tracking.ingest_tracking(current_caller(), request)

    def PackParcel(self, request: messages.PackParcelRequest, _context: Any) -> shipment_pb2.Parcel:
        return self._packing.pack_parcel(current_caller(), request)


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


class SlaDraftServicer:
    """Serves SlaDraftService."""

    def __init__(self, drafting: Drafting, publishing: Publishing) -> None:
        self._drafting = drafting
        self._publishing = publishing

    def StartCalendarDraft(
        self, request: sla_draft_service_pb2.StartCalendarDraftRequest, _context: Any
    ) -> sla_pb2.BusinessCalendar:
        return self._drafting.start_calendar(current_caller(), request)

    def SaveCalendarDraft(
        self, request: sla_draft_service_pb2.SaveCalendarDraftRequest, _context: Any
    ) -> sla_pb2.BusinessCalendar:
        return self._drafting.save_calendar(current_caller(), request)

    def SetCalendarDays(
        self, request: sla_draft_service_pb2.SetCalendarDaysRequest, _context: Any
    ) -> sla_pb2.BusinessCalendar:
        return self._drafting.set_days(current_caller(), request)

    def ImportHolidays(
        self, request: sla_draft_service_pb2.ImportHolidaysRequest, _context: Any
    ) -> sla_pb2.BusinessCalendar:
        return self._drafting.import_holidays(current_caller(), request)

    def StartPolicyDraft(
        self, request: sla_draft_service_pb2.StartPolicyDraftRequest, _context: Any
    ) -> sla_pb2.SlaPolicy:
        return self._drafting.start_policy(current_caller(), request)

    def SavePolicyDraft(
        self, request: sla_draft_service_pb2.SavePolicyDraftRequest, _context: Any
    ) -> sla_pb2.SlaPolicy:
        return self._drafting.save_policy(current_caller(), request)

    def DiscardDraft(self, request: sla_draft_service_pb2.DiscardDraftRequest, _context: Any) -> Empty:
        return self._drafting.discard(current_caller(), request)

    def PreviewPublication(
        self, request: sla_draft_service_pb2.PreviewPublicationRequest, _context: Any
    ) -> sla_draft_service_pb2.PreviewPublicationResponse:
        return self._publishing.preview(current_caller(), request)

    def PublishVersion(
        self, request: sla_draft_service_pb2.PublishVersionRequest, _context: Any
    ) -> sla_pb2.SlaRecalculation:
        return self._publishing.publish(current_caller(), request)


class CarrierDesk:
    """Serves CarrierDeskService."""

    def __init__(self, reports: CarrierReports) -> None:
        self._reports = reports

    def AcceptCarrierReport(
        self, request: carrier_service_pb2.AcceptCarrierReportRequest, _context: Any
    ) -> carrier_service_pb2.AcceptCarrierReportResponse:
        return self._reports.accept(current_caller(), request)


class RmaDesk:
    """Serves RmaDeskService."""

    def __init__(self, desk: ReturnDesk) -> None:
        self._desk = desk

    def RaiseRma(self, request: verbs.RaiseRmaRequest, _context: Any) -> rma_pb2.Rma:
        return self._desk.raise_rma(current_caller(), request)

    def SendReturnLabel(self, request: verbs.SendReturnLabelRequest, _context: Any) -> rma_pb2.Rma:
        return self._desk.send_label(current_caller(), request)

    def RecordReturnProof(self, request: verbs.RecordReturnProofRequest, _context: Any) -> rma_pb2.Rma:
        return self._desk.record_proof(current_caller(), request)

    def ReceiveReturn(self, request: verbs.ReceiveReturnRequest, _context: Any) -> rma_pb2.Rma:
        return self._desk.receive(current_caller(), request)

    def CloseReturn(self, request: verbs.CloseReturnRequest, _context: Any) -> rma_pb2.Rma:
        return self._desk.close(current_caller(), request)

    def CancelRma(self, request: verbs.CancelRmaRequest, _context: Any) -> rma_pb2.Rma:
        return self._desk.cancel(current_caller(), request)
