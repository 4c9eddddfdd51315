"""Parts on their way, and until when work must be done."""

from fieldmesh.shipping.v1.fulfilment_order_pb2 import FulfilmentOrder
from fieldmesh.shipping.v1.parts_request_pb2 import PartsRequest
from fieldmesh.shipping.v1.rma_pb2 import Rma
from fieldmesh.shipping.v1.shipment_pb2 import Parcel, Shipment, TrackingEvent
from fieldmesh.shipping.v1.sla_pb2 import SlaTarget

from admin.grpcfab.panel import Panel


class PartsRequestPanel(Panel):
    resource = PartsRequest
    menu = "Shipping"


class FulfilmentOrderPanel(Panel):
    resource = FulfilmentOrder
    menu = "Shipping"


class RmaPanel(Panel):
    resource = Rma
    menu = "Shipping"
    columns = ("number", "work_order_number", "state", "cause", "due_date", "reason", "create_time")


class ShipmentPanel(Panel):
    resource = Shipment
    menu = "Shipping"
    columns = ("carrier", "pickup_date", "fulfilment_order_id", "work_order_id", "create_time")


class ParcelPanel(Panel):
    resource = Parcel
    menu = "Shipping"
    columns = (
        "tracking_number",
        "carrier",
        "state",
        "required",
        "expected_delivery_date",
        "delivery_date",
        "work_order_id",
    )


class TrackingEventPanel(Panel):
    resource = TrackingEvent
    menu = "Shipping"
    columns = ("parcel_id", "occur_time", "state", "description", "location", "applied")


class SlaTargetPanel(Panel):
    resource = SlaTarget
    menu = "Service levels"
    list_title = "SLA targets"
    columns = ("work_order_id", "version", "state", "due_time", "due_date", "policy_code", "compute_time")


PANELS = (
    PartsRequestPanel,
    FulfilmentOrderPanel,
    RmaPanel,
    ShipmentPanel,
    ParcelPanel,
    TrackingEventPanel,
    SlaTargetPanel,
)
