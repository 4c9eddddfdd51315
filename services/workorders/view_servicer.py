"""ViewService: the caller's views, pin and visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import view_service_pb2, view_service_pb2_grpc

from services.chassis.identity import current_caller
from services.workorders import views, wire

if TYPE_CHECKING:
    import grpc

    from services.chassis.database import Database

DEFAULT_VISITS = 25


class ViewServicer(view_service_pb2_grpc.ViewServiceServicer):
    """Answers for the caller alone; nobody sees what another person looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ListViews(
        self, request: view_service_pb2.ListViewsRequest, context: grpc.ServicerContext
    ) -> view_service_pb2.ListViewsResponse:
        del request, context
        with self._database.read() as connection:
            pinned = views.pinned_code(connection, current_caller().subject)
        return view_service_pb2.ListViewsResponse(views=[_view(view, pinned=pinned) for view in views.VIEWS])

    def PinView(self, request: view_service_pb2.PinViewRequest, context: grpc.ServicerContext) -> view_service_pb2.View:
        del context
        return _view(views.pin(self._database, current_caller(), request.code), pinned=request.code)

    def RecordVisit(
        self, request: view_service_pb2.RecordVisitRequest, context: grpc.ServicerContext
    ) -> view_service_pb2.VisitedRecord:
        del context
        visited = views.record_visit(
            self._database, current_caller(), request.resource_type, request.resource_id, request.title
        )
        return wire.fill(view_service_pb2.VisitedRecord(), visited)

    def ListVisits(
        self, request: view_service_pb2.ListVisitsRequest, context: grpc.ServicerContext
    ) -> view_service_pb2.ListVisitsResponse:
        del context
        limit = min(request.page_size or DEFAULT_VISITS, views.KEPT_VISITS)
        with self._database.read() as connection:
            found = views.visits(connection, current_caller().subject, limit)
        return view_service_pb2.ListVisitsResponse(
            visits=[wire.fill(view_service_pb2.VisitedRecord(), visited) for visited in found]
        )


def _view(view: views.View, *, pinned: str) -> view_service_pb2.View:
    return wire.fill(view_service_pb2.View(), view, pinned=view.code == pinned)
