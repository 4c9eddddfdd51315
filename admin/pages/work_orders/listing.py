"""The work-order list: views, pin, search, sort and the meta line (CP-8 to CP-15); the address bar holds its state."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fieldmesh.common.v1 import list_pb2
from fieldmesh.workorders.v1 import (
    view_service_pb2,
    view_service_pb2_grpc,
    work_order_pb2,
    work_order_service_pb2,
    work_order_service_pb2_grpc,
)
from werkzeug.datastructures import MultiDict

from admin.grpcfab import cells
from admin.grpcfab.context import catalogue, mesh
from admin.grpcfab.interface import BATCH, GrpcInterface, Page
from admin.grpcfab.listing import ListState
from admin.pages.work_orders.crew import UNCHECKED
from admin.pages.work_orders.sla import sla_cell
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask_appbuilder.models.filters import Filters

    from admin.grpcfab.rows import Row
    from admin.grpcfab.spec import Field

TONES = frozenset({"info", "success", "warning", "danger"})
NOT_CHECKED: Final = cells.Cell("badge", "Technician not checked", tone="warning")


ADJUSTED = "adjusted"


@dataclasses.dataclass(frozen=True)
class ViewState(ListState):
    """A list's state with the view that it narrows; `mine`: only orders followed or assigned to.

    A `saved` view brings its own conditions. Once the address bar says what is shown it counts alone, so that a
    condition of the view can be dropped as well.
    """

    view: str = ""
    mine: bool = False
    saved: bool = False

    @classmethod
    def in_view(cls, args: MultiDict[str, str], datamodel: GrpcInterface, view: view_service_pb2.View) -> ViewState:
        """The state of the address bar, in a view."""
        if view.base and ADJUSTED not in args:
            args = _brought_by(view, args)
        state = ListState.parse(args, datamodel)
        known = {field.name: getattr(state, field.name) for field in dataclasses.fields(ListState)}
        return cls(**known, view=view.code, mine=args.get("mine") == "1", saved=bool(view.base))

    def held(self) -> list[tuple[str, str]]:
        pairs = [("view", self.view), *([("mine", "1")] if self.mine else [])]
        return [*pairs, *([(ADJUSTED, "1")] if self.saved else [])]

    def url(self, **changes: Any) -> str:
        kept = {name: changes.pop(name) for name in ("view", "mine") if name in changes}
        pairs = dataclasses.replace(self, **kept).held()
        rest = super().url(**changes).removeprefix("?")
        return "?" + urlencode(pairs) + (f"&{rest}" if rest else "")


def _brought_by(view: view_service_pb2.View, args: MultiDict[str, str]) -> MultiDict[str, str]:
    """What a saved view shows, as the address bar would say it, with paging from the address bar itself."""
    brought = MultiDict({name: args[name] for name in ("size", "page", "after") if name in args})
    for each in view.filters:
        brought.setlist(f"f.{each.field}.{each.condition}", list(each.values))
    if view.search:
        brought["q"] = view.search
    if view.mine:
        brought["mine"] = "1"
    return brought


class WorkOrderInterface(GrpcInterface):
    """Work orders as a data model whose lists stand in a view."""

    def page_of(self, state: ViewState, filters: Filters, default_order: str) -> Page:
        """One page of a view."""
        return self._page(filters, state.query(default_order), state.view, mine=state.mine)

    def pages_of(self, state: ViewState, filters: Filters, default_order: str) -> Iterator[Sequence[Row]]:
        """Every page of a view, one after the other."""
        query = state.query(default_order)
        query.page_size, query.skip, query.page_token = BATCH, 0, ""
        while True:
            asked = list_pb2.ListQuery()
            asked.CopyFrom(query)
            found = self._page(filters, asked, state.view, mine=state.mine)
            yield found.rows
            if not found.next_token:
                return
            query.page_token = found.next_token

    def page(self, filters: Filters | None, query: list_pb2.ListQuery) -> Page:
        return self._page(filters, query, "", mine=False)

    def _page(self, filters: Filters | None, query: list_pb2.ListQuery, view: str, *, mine: bool) -> Page:
        for condition, value in filters.get_filters_values() if filters else ():
            condition.apply(query, value)
        stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
        answer = stub.ListWorkOrders(work_order_service_pb2.ListWorkOrdersRequest(query=query, view=view, mine=mine))
        rows = [self.obj(message) for message in answer.work_orders]
        return Page(rows, answer.page.total_size, answer.page.total_size_exact, answer.page.next_page_token)


def bulk_offers() -> Sequence[work_order_service_pb2.BulkTransition]:
    """What the viewer may do with several orders at once."""
    stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
    return list(stub.ListBulkTransitions(work_order_service_pb2.ListBulkTransitionsRequest()).transitions)


def views() -> Sequence[view_service_pb2.View]:
    """The viewer's views, one of them pinned."""
    stub = mesh().stub(view_service_pb2_grpc.ViewServiceStub)
    return list(stub.ListViews(view_service_pb2.ListViewsRequest()).views)


def own_views() -> Sequence[view_service_pb2.View]:
    """The views of the work-order list; those of a workflow with a list of its own stand there."""
    return [view for view in views() if not view.workflow]


def pin(code: str) -> view_service_pb2.View:
    """Pin a view as the viewer's default (CP-13)."""
    return mesh().stub(view_service_pb2_grpc.ViewServiceStub).PinView(view_service_pb2.PinViewRequest(code=code))


def save_view(view: view_service_pb2.View, request_id: str) -> view_service_pb2.View:
    """Save a view of the viewer's own."""
    request = view_service_pb2.SaveViewRequest(view=view, request_id=request_id)
    return mesh().stub(view_service_pb2_grpc.ViewServiceStub).SaveView(request)


def delete_view(code: str) -> None:
    """Delete a view of the viewer's own."""
    mesh().stub(view_service_pb2_grpc.ViewServiceStub).DeleteView(view_service_pb2.DeleteViewRequest(code=code))


@dataclasses.dataclass(frozen=True)
class Visit:
    """A record that the viewer opened, of any kind."""

    kind: str
    title: str
    url: str
    when: cells.Cell


def visits(limit: int) -> list[Visit]:
    """Records that the viewer opened last (CP-11)."""
    stub = mesh().stub(view_service_pb2_grpc.ViewServiceStub)
    found = []
    for visit in stub.ListVisits(view_service_pb2.ListVisitsRequest(page_size=limit)).visits:
        panel = catalogue().panel(visit.resource_type)
        kind = panel.datamodel.resource.singular if panel else visit.resource_type.rsplit(".", 1)[-1]
        url = panel.url_of(visit.resource_id) if panel and panel.may("show") else ""
        found.append(
            Visit(
                kind[:1].upper() + kind[1:], visit.title, url, cells.instant(visit.visit_time.ToDatetime(tzinfo=dt.UTC))
            )
        )
    return found


def record_visit(resource_type: str, resource_id: str, title: str) -> None:
    """Note that the viewer opened a record; nobody waits for it, and nothing breaks without it."""
    request = view_service_pb2.RecordVisitRequest(resource_type=resource_type, resource_id=resource_id, title=title)
    try:
        mesh().stub(view_service_pb2_grpc.ViewServiceStub).RecordVisit(request)
    except Refusal:
        return


def order_cell(row: Row, field: Field, drawn: cells.Cell) -> cells.Cell:
    """What an order shows in a column where the contract alone does not say it."""
    order: Any = row.message
    if field.name == "state":
        unchecked = any(flag.code == UNCHECKED for flag in order.flags)
        return cells.Cell("list", items=(state_badge(order), NOT_CHECKED)) if unchecked else state_badge(order)
    if field.name == "appointment":
        set_ = order.appointment.HasField("start_time")
        return cells.instant(order.appointment.start_time.ToDatetime(tzinfo=dt.UTC)) if set_ else cells.EMPTY
    if field.name == "sla":
        return sla_cell(order)
    return drawn


def state_badge(order: work_order_pb2.WorkOrder) -> cells.Cell:
    """The state as a badge."""
    return cells.Cell("badge", order.state_label, tone=order.state_tone if order.state_tone in TONES else "")
