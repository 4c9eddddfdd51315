"""The panel of service orders: the queue of open ones in three groups, and all lists (UM-6, UM-8 to UM-10)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Final

from flask import redirect, request

from admin.grpcfab import cells
from admin.grpcfab.context import viewer
from admin.grpcfab.listing import PAGE_SIZES
from admin.grpcfab.routes import expose, has_access
from admin.pages.service_orders.record import service_badge
from admin.pages.service_orders.writing import WORKFLOW, Requesting
from admin.pages.work_orders import listing
from admin.pages.work_orders.beside import WorkflowPanel
from admin.pages.work_orders.bulk import MOST_ORDERS, Bulk
from services.chassis.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.workorders.v1 import view_service_pb2, work_order_service_pb2

    from admin.grpcfab.interface import Page
    from admin.grpcfab.rows import Row
    from admin.grpcfab.spec import Field

QUEUE: Final = ("service_scheduled", "service_new", "service_sent")
# So many of each group stand in the queue; a group that holds more has a list of its own.
SHOWN: Final = 25
# Kinds of organisations that take part in service orders.
TAKING_PART: Final = frozenset({"utility", "provider"})
_GUARDED_BY = {
    "listed": "ListWorkOrders",
    "edit": "UpdateWorkOrder",
    "bulk": "BatchTransitionWorkOrders",
    "bulk_run": "BatchTransitionWorkOrders",
}


@dataclasses.dataclass(frozen=True)
class Group:
    """One group of the queue."""

    view: view_service_pb2.View
    found: Page
    table: Mapping[str, Any]
    state: listing.ViewState


class ServiceOrderPanel(Requesting, Bulk, WorkflowPanel):
    """Work orders of utilities; what may be done is asked from the service."""

    route_base = "/service-orders"
    list_title = "Service orders"
    listed_elsewhere: ClassVar[frozenset[str]] = frozenset({"requester", "approver"})
    guarded_by: ClassVar[Mapping[str, str]] = _GUARDED_BY
    taking_part: ClassVar[frozenset[str]] = TAKING_PART

    @property
    def icon(self) -> str:
        return "droplet"

    @property
    def may_create(self) -> bool:
        """Whether the viewer may begin one: dispatchers of utilities, and admins."""
        who: Any = viewer()
        if who is None:
            return False
        return "admin" in who.roles or (who.organization_kind == "utility" and "dispatcher" in who.roles)

    @expose("/")
    @has_access
    def list(self) -> Any:
        """The queue of open orders: scheduled and assigned, newly created, sent or set up (UM-6)."""
        views = self._views()
        known = {view.code: view for view in views}
        groups = [self._group(known[code]) for code in QUEUE]
        return self.render_template(
            "pages/service_orders/queue.html",
            panel=self,
            title=self.list_title,
            views=views,
            # Whoever gives no orders out has no use for groups that nothing of theirs can be in.
            groups=[group for group in groups if self.may_create or group.table["rows"]],
            bulk=self._bulk(),
            most=MOST_ORDERS,
            shown=SHOWN,
        )

    @expose("/views/")
    @has_access
    def listed(self) -> Any:
        """One view as a list, with search and pages."""
        views = self._views()
        view = self._view(views)
        state = self._state(view)
        try:
            found = self.datamodel.page_of(state, self.filters(state), view.default_order)
        except InvalidRequest:
            if not state.after:
                raise
            return redirect(self.url("views/") + state.url(page=state.page))
        return self.render_template(
            "pages/service_orders/list.html",
            panel=self,
            title=view.label,
            views=views,
            view=view,
            state=state,
            found=found,
            table=self.table(found.rows, self._columns(view)),
            sizes=PAGE_SIZES,
            default_order=view.default_order,
            bulk=self._bulk() if view.code in QUEUE else (),
            most=MOST_ORDERS,
        )

    def drawn(self, row: Row, field: Field, known: cells.References) -> cells.Cell:
        order: Any = row.message
        if field.name == "utility":
            return service_badge(order)
        if field.name == "assignee":
            return cells.Cell("text", order.assignee.name) if order.assignee.name else cells.EMPTY
        return listing.order_cell(row, field, super().drawn(row, field, known))

    def _group(self, view: view_service_pb2.View) -> Group:
        state = dataclasses.replace(self._state(view), size=SHOWN, page=1, after="")
        found = self.datamodel.page_of(state, self.filters(state), view.default_order)
        return Group(view, found, self.table(found.rows, self._columns(view)), state)

    def _columns(self, view: view_service_pb2.View) -> Sequence[Field]:
        return [self.datamodel.resource.fields[name] for name in view.columns]

    def _state(self, view: view_service_pb2.View) -> listing.ViewState:
        return listing.ViewState.in_view(request.args, self.datamodel, view)

    @staticmethod
    def _views() -> Sequence[view_service_pb2.View]:
        return [view for view in listing.views() if view.workflow == WORKFLOW]

    @staticmethod
    def _bulk() -> Sequence[work_order_service_pb2.BulkTransition]:
        return [offer for offer in listing.bulk_offers() if offer.workflow == WORKFLOW]

    @staticmethod
    def _view(views: Sequence[view_service_pb2.View]) -> view_service_pb2.View:
        codes = {view.code: view for view in views}
        return codes.get(request.args.get("view", ""), codes[QUEUE[1]])
