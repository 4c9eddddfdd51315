"""The workflow of an order as a diagram, with the order's own path marked on it (B-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import workflow_pb2

from admin.grpcfab.routes import expose, has_access
from admin.pages.workflows import calls

if TYPE_CHECKING:
    from admin.grpcfab.rows import Row


class Diagram:
    """The diagram route of the work orders' panel."""

    @expose("/<pk>/workflow")
    @has_access
    def workflow(self, pk: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        order: Any = row.message
        drawn = calls.drawn(workflow_pb2.WorkflowReference(work_order_id=row.id))
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/workflow.html",
            panel=self,
            title=f"Workflow of {order.number}",
            order=order,
            drawn=drawn,
            picture=calls.picture(drawn.svg),
        )
