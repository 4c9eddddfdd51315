"""The work orders' panel: the generic list and export, with pages of its own for everything else."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING, Any, ClassVar

from fieldmesh.workorders.v1 import attachment_pb2, line_item_pb2, work_order_pb2, work_order_service_pb2
from flask import flash, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import cells
from admin.grpcfab.context import viewer_roles
from admin.grpcfab.errors import sentence
from admin.grpcfab.export import csv_response
from admin.grpcfab.listing import PAGE_SIZES
from admin.grpcfab.panel import Panel
from admin.grpcfab.routes import expose, has_access
from admin.grpcfab.rows import Row
from admin.grpcfab.spec import resource_of
from admin.pages.work_orders import listing
from admin.pages.work_orders.addresses import Addresses
from admin.pages.work_orders.bulk import MOST_ORDERS, Bulk
from admin.pages.work_orders.collaboration import Collaboration
from admin.pages.work_orders.creation import Creation
from admin.pages.work_orders.diagram import Diagram
from admin.pages.work_orders.line_items import LineItems
from admin.pages.work_orders.moving import Moving
from admin.pages.work_orders.own_views import OwnViews
from admin.pages.work_orders.packing import Packing
from admin.pages.work_orders.record import Record
from admin.pages.work_orders.returning import Returning
from services.chassis.errors import InvalidRequest, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.common.v1 import types_pb2
    from fieldmesh.workorders.v1 import view_service_pb2
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

    from admin.grpcfab.interface import GrpcInterface
    from admin.grpcfab.spec import Field

_SERVICE = work_order_service_pb2.DESCRIPTOR.services_by_name["WorkOrderService"]
_FILES = attachment_pb2.DESCRIPTOR.services_by_name["FileService"]
_DATE = re.compile(r"\b(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_GUARDED_BY = {
    "pin": "ListWorkOrders",
    "edit_view": "ListWorkOrders",
    "save_view": "ListWorkOrders",
    "delete_view": "ListWorkOrders",
    "move": "TransitionWorkOrder",
    "bulk": "BatchTransitionWorkOrders",
    "bulk_run": "BatchTransitionWorkOrders",
    "follow": "FollowWorkOrder",
    "share": "GetWorkOrder",
    "answer": "GetWorkOrder",
    "like": "GetWorkOrder",
    "mentions": "GetWorkOrder",
    "upload": "GetWorkOrder",
    "open_file": "GetWorkOrder",
    "remove_file": "GetWorkOrder",
    "target": "GetWorkOrder",
    "workflow": "GetWorkOrder",
    "suggest_addresses": "SuggestAddresses",
    "suggest_places": "GetWorkOrder",
    "subject_check": "CheckSubject",
    "line_item_fields": "CreateWorkOrder",
    "add_line_item": "UpdateWorkOrder",
    "edit_line_item": "UpdateWorkOrder",
    "remove_line_item": "UpdateWorkOrder",
    "change_return": "GetWorkOrder",
    "raise_return": "GetWorkOrder",
    "pack_parcel": "GetWorkOrder",
}


class WorkOrderPanel(  # every page of an order, in one view
    Record, Moving, Bulk, OwnViews, Collaboration, Creation, LineItems, Returning, Packing, Addresses, Diagram, Panel
):
    """Pages of work orders; who may do what is asked from the service at every step."""

    resource = work_order_pb2.WorkOrder
    service: ClassVar[ServiceDescriptor | None] = _SERVICE
    interface: ClassVar[type[GrpcInterface]] = listing.WorkOrderInterface
    route_base = "/work-orders"
    list_title = "Work Orders"
    listed_elsewhere: ClassVar[frozenset[str]] = frozenset({"requester"})
    related_resources: ClassVar[Sequence[str] | None] = ()
    list_template = "pages/work_orders/list.html"
    edit_template = "pages/work_orders/edit.html"

    datamodel: listing.WorkOrderInterface

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        own = {f"can_{route}": _SERVICE.methods_by_name[method] for route, method in _GUARDED_BY.items()}
        return {**super().permissions(), **own, "can_report": _FILES.methods_by_name["CreateServiceReport"]}

    @expose("/")
    @has_access
    def list(self) -> Any:
        views = listing.own_views()
        view = self._view(views)
        if view.mixed:
            return self._draw_visits(views, view)
        state = self._state(view)
        try:
            found = self.datamodel.page_of(state, self.filters(state), view.default_order)
        except InvalidRequest:
            if not state.after:
                raise
            return redirect(self.url("") + state.url(page=state.page))
        columns = self._columns_of(view)
        return self.render_template(
            self.list_template,
            panel=self,
            title=view.label,
            views=views,
            view=view,
            state=state,
            found=found,
            table=self.table(found.rows, columns),
            sizes=PAGE_SIZES,
            filter_fields=self.filter_fields(),
            chips=self.chips(state),
            bulk=listing.bulk_offers(),
            most=MOST_ORDERS,
            default_order=view.default_order,
        )

    @expose("/export.csv")
    @has_access
    def export(self) -> Any:
        view = self._view(listing.own_views())
        if view.mixed:
            raise PageMissing
        state = self._state(view)
        columns = self._columns_of(view)
        pages = self.datamodel.pages_of(state, self.filters(state), view.default_order)
        return csv_response(self.datamodel.resource.slug, pages, self.exported(columns), self.drawn)

    def drawn(self, row: Row, field: Field, known: cells.References) -> cells.Cell:
        return listing.order_cell(row, field, super().drawn(row, field, known))

    @staticmethod
    def _view(views: Sequence[view_service_pb2.View]) -> view_service_pb2.View:
        """The view that the address bar names, or the pinned one."""
        codes = {view.code: view for view in views}
        pinned = next((view for view in views if view.pinned), views[0])
        return codes.get(request.args.get("view", ""), pinned)

    def _columns_of(self, view: view_service_pb2.View) -> Sequence[Field]:
        """A view's columns; one that somebody saved may name a field that is gone by now."""
        fields = self.datamodel.resource.fields
        return [fields[name] for name in view.columns if name in fields]

    def _state(self, view: view_service_pb2.View) -> listing.ViewState:
        state = listing.ViewState.in_view(request.args, self.datamodel, view)
        return dataclasses.replace(state, mine=False) if state.mine and not view.offers_mine else state

    def _draw_visits(self, views: Sequence[Any], view: Any) -> Any:
        return self.render_template(
            "pages/work_orders/visits.html",
            panel=self,
            title=view.label,
            views=views,
            view=view,
            visits=listing.visits(100),
            read_at=dt.datetime.now(dt.UTC),
        )

    @expose("/pin", methods=["POST"])
    @has_access
    def pin(self) -> Any:
        code = request.form.get("view", "")
        try:
            pinned = listing.pin(code)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return redirect(self.url(""))
        flash(f"{pinned.label} opens first from now on.", "success")
        return redirect(f"{self.url('')}?view={pinned.code}")

    def shown(self, row: Row, name: str) -> cells.Cell:
        """A field of an order, or of a message in it such as `ship_to.handling`, as lists show it."""
        head, _, inner = name.partition(".")
        field = self.datamodel.resource.fields[head]
        if not inner:
            return cells.cell(row, field, {})
        child = next(child for child in field.children if child.name == inner)
        return cells.cell(Row(getattr(row.message, head)), child, {})

    @staticmethod
    def told(text: str) -> str:
        """A recorded value for people: instants become the viewer's, and dates are written as everywhere else."""
        if _INSTANT.fullmatch(text):
            return cells.instant(dt.datetime.fromisoformat(text)).text
        return _DATE.sub(lambda day: f"{dt.date.fromisoformat(day[0]):%-d %b %Y}", text)

    @staticmethod
    def actor(who: types_pb2.Actor) -> str:
        """Who did something, for people: other services say that they are none."""
        return (
            f"{who.display_name.capitalize()} (system)"
            if who.subject == f"service:{who.display_name}"
            else who.display_name
        )

    @staticmethod
    def item_badge(item: line_item_pb2.LineItem) -> cells.Cell:
        """The state of a line item as a badge."""
        choice = resource_of(line_item_pb2.LineItem).fields["state"].choice(item.state)
        return cells.Cell("badge", choice.label, tone=choice.tone) if choice else cells.EMPTY

    @staticmethod
    def concerns(kind: str, *, everybody: bool) -> bool:
        """Whether somebody of an organisation of a kind works with this list; others have one of their own."""
        return everybody or kind not in {"facility_owner", "utility"}

    @property
    def may_create(self) -> bool:
        """Whether the viewer's roles may create orders at all."""
        return bool({"dispatcher", "admin"} & viewer_roles())
