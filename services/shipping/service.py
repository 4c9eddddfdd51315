"""The shipping service: what it serves, and which events it handles."""

from typing import Any

from fieldmesh.shipping.v1 import (
    carrier_service_pb2,
    fulfilment_order_pb2,
    parts_request_pb2,
    rma_pb2,
    rma_service_pb2,
    shipment_pb2,
    shipping_service_pb2,
    sla_draft_service_pb2,
    sla_pb2,
)
from fieldmesh.technicians.v1 import events_pb2 as directory_events_pb2
from fieldmesh.workorders.v1 import events_pb2

from services.chassis.host import Application, every, on_event, serves
from services.chassis.mesh_service import MeshService
from services.shipping import bootstrap

_PACKAGE = "fieldmesh.shipping.v1"
_DESKS = shipping_service_pb2.DESCRIPTOR.services_by_name
_SHIPMENTS = shipment_pb2.DESCRIPTOR.services_by_name
_SLA = sla_pb2.DESCRIPTOR.services_by_name
_DRAFTS = sla_draft_service_pb2.DESCRIPTOR.services_by_name
_ORDERS = fulfilment_order_pb2.DESCRIPTOR.services_by_name
_RETURNS = rma_pb2.DESCRIPTOR.services_by_name
_RETURN_DESK = rma_service_pb2.DESCRIPTOR.services_by_name
_REQUESTS = parts_request_pb2.DESCRIPTOR.services_by_name
# One lane, so that an order is never forgotten before what came earlier was handled.
_WORK_ORDERS = "shipping.work-orders"
_SECOND = 1.0
_TEN_SECONDS = 10.0
_QUARTER = 900.0
_TICK = 15.0


class ShippingService(MeshService):
    """Orders parts, follows parcels, and says until when work must be done."""

    name = bootstrap.NAME
    app = Application(bootstrap.build)

    @serves(_DESKS["FulfilmentDeskService"])
    def fulfilment_desk(self) -> Any:
        return self.app.graph.fulfilment_desk

    @serves(_DESKS["SlaDeskService"])
    def sla_desk(self) -> Any:
        return self.app.graph.sla_desk

    @serves(_REQUESTS["PartsRequestService"])
    def parts_requests(self) -> Any:
        return self._kit("PartsRequest")

    @serves(_ORDERS["FulfilmentOrderService"])
    def fulfilment_orders(self) -> Any:
        return self._kit("FulfilmentOrder")

    @serves(_SHIPMENTS["ShipmentService"])
    def shipments(self) -> Any:
        return self._kit("Shipment")

    @serves(_SHIPMENTS["ParcelService"])
    def parcels(self) -> Any:
        return self._kit("Parcel")

    @serves(_SHIPMENTS["TrackingEventService"])
    def tracking_events(self) -> Any:
        return self._kit("TrackingEvent")

    @serves(_RETURNS["RmaService"])
    def rmas(self) -> Any:
        return self._kit("Rma")

    @serves(carrier_service_pb2.DESCRIPTOR.services_by_name["CarrierDeskService"])
    def carrier_desk(self) -> Any:
        return self.app.graph.carrier_desk

    @serves(_RETURN_DESK["RmaDeskService"])
    def rma_desk(self) -> Any:
        return self.app.graph.rma_desk

    @serves(_SLA["BusinessCalendarService"])
    def business_calendars(self) -> Any:
        return self._kit("BusinessCalendar")

    @serves(_SLA["SlaPolicyService"])
    def sla_policies(self) -> Any:
        return self._kit("SlaPolicy")

    @serves(_SLA["SlaRecalculationService"])
    def sla_recalculations(self) -> Any:
        return self._kit("SlaRecalculation")

    @serves(_DRAFTS["SlaDraftService"])
    def sla_drafts(self) -> Any:
        return self.app.graph.sla_drafts

    @serves(_SLA["SlaTargetService"])
    def sla_targets(self) -> Any:
        return self._kit("SlaTarget")

    @on_event("workorders", events_pb2.WorkOrderMoved, handler="shipping.work-order-moved", lane=_WORK_ORDERS)
    def work_order_moved(self, tx: Any, event: Any, payload: events_pb2.WorkOrderMoved) -> None:
        self.app.graph.projections.work_order_moved(tx, event, payload)

    @on_event("workorders", events_pb2.WorkOrderDeleted, handler="shipping.work-order-deleted", lane=_WORK_ORDERS)
    def work_order_deleted(self, tx: Any, event: Any, payload: events_pb2.WorkOrderDeleted) -> None:
        self.app.graph.projections.work_order_deleted(tx, event, payload)

    @on_event("technicians", directory_events_pb2.OrganizationChanged, handler="shipping.organization")
    def organization_changed(self, tx: Any, event: Any, payload: directory_events_pb2.OrganizationChanged) -> None:
        self.app.graph.projections.organization_changed(tx, event, payload)

    @every(seconds=_SECOND, eager=True)
    def recalculate(self) -> None:
        self.app.graph.recalculate()

    @every(seconds=_TEN_SECONDS, eager=True)
    def warn(self) -> None:
        self.app.graph.warn()

    @every(seconds=_QUARTER)
    def remind(self) -> None:
        self.app.graph.remind()

    @every(seconds=_TICK)
    def ask_carriers(self) -> None:
        self.app.graph.ask_carriers()

    def _kit(self, resource: str) -> Any:
        return self.app.graph.kit[f"{_PACKAGE}.{resource}Service"]
