"""The workflows' panel: the generic list, with a page of its own for a version, drafts and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import workflow_pb2
from flask import g, request

from admin.grpcfab.panel import Panel
from admin.grpcfab.routes import expose, has_access
from admin.pages.workflows import calls
from admin.pages.workflows.drafting import Drafting
from admin.pages.workflows.runs import Runs
from services.chassis.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import MethodDescriptor

_SERVICE = workflow_pb2.DESCRIPTOR.services_by_name["WorkflowService"]
_GUARDED_BY = {
    "compose": "SaveDraft",
    "recompose": "SaveDraft",
    "publish": "PublishWorkflow",
    "retire": "RetireWorkflow",
    "discard": "DeleteDraft",
    "simulate": "SimulateWorkflow",
    "migrate": "MigrateWorkOrders",
}
TABS = {"": "Diagram", "states": "States", "transitions": "Transitions", "text": "Text", "versions": "Versions"}


class WorkflowPanel(Drafting, Runs, Panel):
    """Versions of workflows; what may be done with one is asked from the service."""

    resource = workflow_pb2.WorkflowVersion
    route_base = "/workflows"
    menu = "System"
    list_title = "Workflows"
    list_template = "pages/workflows/list.html"

    badge_of = staticmethod(calls.badge_of)

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        own = {f"can_{route}": _SERVICE.methods_by_name[method] for route, method in _GUARDED_BY.items()}
        return {**super().permissions(), **own}

    @expose("/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        found = calls.described(pk)
        version = found.version
        g.opened = (self.datamodel.resource.full_name, version.id, version.title)
        tab = request.args.get("tab", "")
        tab = tab if tab in TABS else ""
        return self.render_template(
            "pages/workflows/show.html",
            panel=self,
            title=version.title,
            found=found,
            version=version,
            badge=calls.badge_of(version),
            draft=version.state == calls.DRAFT,
            published=version.state == calls.PUBLISHED,
            tabs=TABS,
            tab=tab,
            picture=_picture(pk) if not tab else "",
        )


def _picture(one: str) -> Any:
    """The diagram; nothing for a draft whose faults keep it from being drawn."""
    try:
        return calls.picture(calls.drawn(workflow_pb2.WorkflowReference(id=one)).svg)
    except InvalidRequest:
        return ""


PANELS = (WorkflowPanel,)
