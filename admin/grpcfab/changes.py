"""Who changed what in a row, as the service recorded it; for those whom the contract lets read that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2, operations_pb2
from werkzeug.exceptions import Forbidden

from admin.grpcfab.base import PanelBase
from admin.grpcfab.context import mesh, viewer_roles
from admin.grpcfab.routes import expose
from services.chassis.access import allowed_roles

if TYPE_CHECKING:
    from admin.grpcfab.rows import Row

_METHOD: Final = operations_pb2.DESCRIPTOR.services_by_name["OperationsService"].methods_by_name["ListAuditEntries"]


class Changes(PanelBase):
    """The tab of recorded changes."""

    @expose("/<pk>/changes")
    def changes(self, pk: str) -> Any:
        if not self.shows_changes():
            raise Forbidden
        row: Row = self.row(pk)
        full_name = self.datamodel.resource.full_name
        request = operations_pb2.ListAuditEntriesRequest(
            resource_type=full_name, resource_id=row.id, query=list_pb2.ListQuery(page_size=100)
        )
        entries = mesh().call(_METHOD, request, mesh().service_of(full_name)).entries
        return self.render_template("panel/_changes.html", panel=self, entries=entries)

    def shows_changes(self) -> bool:
        """Whether rows of this resource change through forms, and the viewer may see who changed them."""
        written = {"create", "update", "delete"} & self.datamodel.resource.methods.keys()
        return bool(written) and not viewer_roles().isdisjoint(allowed_roles(_METHOD))
