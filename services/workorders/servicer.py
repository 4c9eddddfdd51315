"""WorkOrderService: one line a method; nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2_grpc
from fieldmesh.workorders.v1 import work_order_service_pb2 as contract

from services.chassis.identity import current_caller
from services.workorders.handlers.addresses import suggest
from services.workorders.handlers.anchoring import check_anchors, export_anchors
from services.workorders.handlers.following import follow
from services.workorders.handlers.verifying import verify_chains

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc
    from google.protobuf import empty_pb2

    from services.chassis.database import Database
    from services.workorders.handlers.batching import Batches
    from services.workorders.handlers.creating import Orders
    from services.workorders.handlers.transitions import Transitions
    from services.workorders.queries import Queries


class WorkOrderServicer(work_order_service_pb2_grpc.WorkOrderServiceServicer):
    """Reading, creating and moving orders."""

    def __init__(
        self,
        database: Database,
        queries: Queries,
        orders: Orders,
        transitions: Transitions,
        batches: Batches,
    ) -> None:
        self._database = database
        self._queries = queries
        self._orders = orders
        self._transitions = transitions
        self._batches = batches

    def ListWorkOrders(
        self, request: contract.ListWorkOrdersRequest, context: grpc.ServicerContext
    ) -> contract.ListWorkOrdersResponse:
        del context
        return self._queries.list(current_caller(), request)

    def GetWorkOrder(
        self, request: contract.GetWorkOrderRequest, context: grpc.ServicerContext
    ) -> work_order_pb2.WorkOrder:
        del context
        return self._queries.get(current_caller(), request.id)

    def BatchGetWorkOrders(
        self, request: contract.BatchGetWorkOrdersRequest, context: grpc.ServicerContext
    ) -> contract.BatchGetWorkOrdersResponse:
        del context
        return self._queries.batch_get(current_caller(), request.ids)

    def CreateWorkOrder(
        self, request: contract.CreateWorkOrderRequest, context: grpc.ServicerContext
    ) -> work_order_pb2.WorkOrder:
        del context
        return self._orders.create(current_caller(), request)

    def UpdateWorkOrder(
        self, request: contract.UpdateWorkOrderRequest, context: grpc.ServicerContext
    ) -> work_order_pb2.WorkOrder:
        del context
        return self._orders.update(current_caller(), request)

    def CheckSubject(
        self, request: contract.CheckSubjectRequest, context: grpc.ServicerContext
    ) -> contract.CheckSubjectResponse:
        del context
        return self._orders.check_subject(current_caller(), request)

    def DeleteWorkOrder(
        self, request: contract.DeleteWorkOrderRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        del context
        return self._orders.delete(current_caller(), request)

    def ListAvailableTransitions(
        self, request: contract.ListAvailableTransitionsRequest, context: grpc.ServicerContext
    ) -> contract.ListAvailableTransitionsResponse:
        del context
        return self._transitions.available(current_caller(), request)

    def PreviewTransition(
        self, request: contract.PreviewTransitionRequest, context: grpc.ServicerContext
    ) -> contract.PreviewTransitionResponse:
        del context
        return self._transitions.preview(current_caller(), request)

    def TransitionWorkOrder(
        self, request: contract.TransitionWorkOrderRequest, context: grpc.ServicerContext
    ) -> contract.TransitionWorkOrderResponse:
        del context
        return self._transitions.fire(current_caller(), request)

    def BatchTransitionWorkOrders(
        self, request: contract.BatchTransitionWorkOrdersRequest, context: grpc.ServicerContext
    ) -> contract.BatchTransitionWorkOrdersResponse:
        del context
        return self._batches.fire(current_caller(), request)

    def ListBulkTransitions(
        self, request: contract.ListBulkTransitionsRequest, context: grpc.ServicerContext
    ) -> contract.ListBulkTransitionsResponse:
        del request, context
        return self._batches.offers(current_caller())

    def SuggestAddresses(
        self, request: contract.SuggestAddressesRequest, context: grpc.ServicerContext
    ) -> contract.SuggestAddressesResponse:
        del context
        return suggest(self._database, current_caller(), request)

    def FollowWorkOrder(
        self, request: contract.FollowWorkOrderRequest, context: grpc.ServicerContext
    ) -> contract.FollowWorkOrderResponse:
        del context
        followed = follow(self._database, current_caller(), request.work_order_id, wanted=request.follow)
        return contract.FollowWorkOrderResponse(followed=followed)

    def VerifyHistory(
        self, request: contract.VerifyHistoryRequest, context: grpc.ServicerContext
    ) -> Iterator[contract.VerifyHistoryResponse]:
        del context
        return verify_chains(self._database, request.work_order)

    def ExportAnchors(
        self, request: contract.ExportAnchorsRequest, context: grpc.ServicerContext
    ) -> Iterator[contract.ExportAnchorsResponse]:
        del request, context
        return export_anchors(self._database)

    def CheckAnchors(
        self, request: contract.CheckAnchorsRequest, context: grpc.ServicerContext
    ) -> contract.CheckAnchorsResponse:
        del context
        return check_anchors(self._database, request.anchors)
