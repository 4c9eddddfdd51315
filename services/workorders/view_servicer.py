"""ViewService: the caller's views, pin and visits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import view_service_pb2, view_service_pb2_grpc

from services.chassis.idempotency import run_once
from services.chassis.identity import current_caller
from services.workorders import saved_views, views, wire

if TYPE_CHECKING:
    import grpc

    from services.chassis.database import Database
    from services.chassis.unit_of_work import Transaction

DEFAULT_VISITS = 25


class ViewServicer(view_service_pb2_grpc.ViewServiceServicer):
    """Answers for the caller alone; nobody sees what another person looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ListViews(
        self, request: view_service_pb2.ListViewsRequest, context: grpc.ServicerContext
    ) -> view_service_pb2.ListViewsResponse:
        del request, context
        caller = current_caller()
        with self._database.read() as connection:
            known = saved_views.views_of(connection, caller)
            pinned = views.pinned_code(connection, caller.subject, {view.code for view in known})
        return view_service_pb2.ListViewsResponse(views=[_view(view, pinned=pinned) for view in known])

    def PinView(self, request: view_service_pb2.PinViewRequest, context: grpc.ServicerContext) -> view_service_pb2.View:
        del context
        caller = current_caller()
        with self._database.read() as connection:
            view = saved_views.view_of(connection, caller, request.code)
        return _view(views.pin(self._database, caller, view), pinned=request.code)

    def SaveView(
        self, request: view_service_pb2.SaveViewRequest, context: grpc.ServicerContext
    ) -> view_service_pb2.View:
        del context
        caller = current_caller()

        def work(transaction: Transaction) -> view_service_pb2.View:
            saved = saved_views.save(transaction, caller, request.view, request.request_id)
            known = {view.code for view in saved_views.views_of(transaction.connection, caller)}
            return _view(saved, pinned=views.pinned_code(transaction.connection, caller.subject, known))

        return run_once(self._database, caller, "SaveView", request.request_id, request, view_service_pb2.View, work)

    def DeleteView(
        self, request: view_service_pb2.DeleteViewRequest, context: grpc.ServicerContext
    ) -> view_service_pb2.DeleteViewResponse:
        del context
        caller = current_caller()
        with self._database.begin(actor=caller) as transaction:
            saved_views.remove(transaction, caller, request.code)
        return view_service_pb2.DeleteViewResponse()

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
    filters = [view_service_pb2.ViewFilter(**each) for each in view.filters]
    return wire.fill(view_service_pb2.View(), replace(view, filters=()), pinned=view.code == pinned, filters=filters)
