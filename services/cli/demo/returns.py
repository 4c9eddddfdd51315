"""What becomes of the demo's parts that must come back: the partner proves that they were sent, the vendor settles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.shipping.v1 import rma_pb2, rma_pb2_grpc, rma_service_pb2, rma_service_pb2_grpc

from services.chassis.ids import new_id
from services.cli.demo.calls import of_order

if TYPE_CHECKING:
    from services.cli.demo.calls import Desk

CARRIER = "Northway Freight"


def prove(desk: Desk, person: str, order_id: str) -> None:
    """Somebody of the partner records the tracking number of everything that must come back."""
    for rma in _returns(desk, person, order_id, rma_pb2.RMA_STATE_REQUESTED):
        _verbs(desk).RecordReturnProof(
            rma_service_pb2.RecordReturnProofRequest(
                rma_id=rma.id, carrier=CARRIER, tracking_number=f"NWR{rma.number}", request_id=new_id()
            )
        )


def settle(desk: Desk, person: str, order_id: str) -> None:
    """Somebody of the vendor receives everything that is on its way back, and closes its returns."""
    for rma in _returns(desk, person, order_id, rma_pb2.RMA_STATE_SHIPPED):
        _verbs(desk).ReceiveReturn(rma_service_pb2.ReceiveReturnRequest(rma_id=rma.id, request_id=new_id()))
        _verbs(desk).CloseReturn(rma_service_pb2.CloseReturnRequest(rma_id=rma.id, request_id=new_id()))


def _returns(desk: Desk, person: str, order_id: str, state: rma_pb2.RmaState.ValueType) -> list[rma_pb2.Rma]:
    desk.become(person)
    stub = desk.channels.stub(rma_pb2_grpc.RmaServiceStub, "shipping")
    found = stub.ListRmas(rma_pb2.ListRmasRequest(query=of_order(order_id, "number"))).rmas
    return [rma for rma in found if rma.state == state]


def _verbs(desk: Desk) -> rma_service_pb2_grpc.RmaDeskServiceStub:
    return desk.channels.stub(rma_service_pb2_grpc.RmaDeskServiceStub, "shipping")
