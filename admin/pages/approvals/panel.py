"""The panel of facility approvals: lists, the inbox "Awaiting me" (R-3), and drafts; records open as work orders do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flask import redirect, request

from admin.grpcfab import cells
from admin.grpcfab.context import viewer
from admin.grpcfab.listing import PAGE_SIZES
from admin.grpcfab.routes import expose, has_access
from admin.pages.approvals.content import Content
from admin.pages.approvals.drafting import WORKFLOW, Drafting
from admin.pages.approvals.record import money_sum
from admin.pages.work_orders import listing
from admin.pages.work_orders.beside import WorkflowPanel
from services.chassis.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.workorders.v1 import view_service_pb2, work_order_pb2

    from admin.grpcfab.rows import Row
    from admin.grpcfab.spec import Field

AWAITING = "approvals_awaiting"
DEFAULT = "approvals_open"
# Kinds of organisations that take part in approvals.
TAKING_PART = frozenset({"facility_owner", "provider"})
_GUARDED_BY = {
    "discard": "DeleteWorkOrder",
    "edit": "UpdateWorkOrder",
    "new_part": "CreateWorkOrder",
    "add_part": "UpdateWorkOrder",
    "edit_part": "UpdateWorkOrder",
    "remove_part": "UpdateWorkOrder",
}


class ApprovalPanel(Drafting, Content, WorkflowPanel):
    """Work orders that are approved before they are dispatched; what may be done is asked from the service."""

    route_base = "/approvals"
    list_title = "Facility approvals"
    guarded_by: ClassVar[Mapping[str, str]] = _GUARDED_BY
    taking_part: ClassVar[frozenset[str]] = TAKING_PART

    @property
    def icon(self) -> str:
        return "clipboard2-check"

    @property
    def may_create(self) -> bool:
        """Whether the viewer may begin one: company users, provider admins, admins (PT-3)."""
        who: Any = viewer()
        if who is None:
            return False
        pairs = {("facility_owner", "requester"), ("provider", "dispatcher")}
        return "admin" in who.roles or bool({(who.organization_kind, role) for role in who.roles} & pairs)

    @expose("/")
    @has_access
    def list(self) -> Any:
        views = [view for view in listing.views() if view.workflow == WORKFLOW]
        view = self._view(views)
        state = listing.ViewState.in_view(request.args, self.datamodel, view)
        try:
            found = self.datamodel.page_of(state, self.filters(state), view.default_order)
        except InvalidRequest:
            if not state.after:
                raise
            return redirect(self.url("") + state.url(page=state.page))
        columns = [self.datamodel.resource.fields[name] for name in view.columns]
        return self.render_template(
            "pages/approvals/list.html",
            panel=self,
            title=view.label,
            views=views,
            view=view,
            state=state,
            found=found,
            table=self.table(found.rows, columns),
            sizes=PAGE_SIZES,
            default_order=view.default_order,
            awaiting=view.code == AWAITING,
        )

    def drawn(self, row: Row, field: Field, known: cells.References) -> cells.Cell:
        order: Any = row.message
        if field.name == "estimate_totals":
            text = money_sum(order.estimate_totals)
            return cells.Cell("number", text) if text else cells.EMPTY
        if field.name == "approval":
            return cells.Cell("text", order.approval.submitter_name)
        return listing.order_cell(row, field, super().drawn(row, field, known))

    @staticmethod
    def total(order: work_order_pb2.WorkOrder) -> str:
        """What an order is expected to cost."""
        return money_sum(order.estimate_totals)

    @staticmethod
    def _view(views: Sequence[view_service_pb2.View]) -> view_service_pb2.View:
        """The one that is asked for; at first what awaits an approver, and for everybody else what is open."""
        who: Any = viewer()
        codes = {view.code: view for view in views}
        first = AWAITING if who is not None and set(who.roles) == {"approver"} else DEFAULT
        return codes.get(request.args.get("view", ""), codes[first])
