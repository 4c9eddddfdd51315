"""Lists of the work orders of one other workflow, whose records are those of all work orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2

from admin.grpcfab.panel import Panel
from admin.pages.work_orders import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

    from admin.grpcfab.interface import GrpcInterface

_SERVICE = work_order_service_pb2.DESCRIPTOR.services_by_name["WorkOrderService"]


class WorkflowPanel(Panel):
    """What panels of such lists have in common; what may be done is asked from the service.

    `guarded_by` names for each route of their own the method whose access it takes, `taking_part` the kinds of
    organisations that have such orders at all.
    """

    resource = work_order_pb2.WorkOrder
    service: ClassVar[ServiceDescriptor | None] = _SERVICE
    interface: ClassVar[type[GrpcInterface]] = listing.WorkOrderInterface
    related_resources: ClassVar[Sequence[str] | None] = ()
    exclude_route_methods: ClassVar[set[str]] = {"show", "related", "options", "export", "delete", "changes"}  # type: ignore[misc]
    guarded_by: ClassVar[Mapping[str, str]] = {}
    taking_part: ClassVar[frozenset[str]] = frozenset()

    datamodel: listing.WorkOrderInterface

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        own = {f"can_{route}": _SERVICE.methods_by_name[method] for route, method in self.guarded_by.items()}
        return {**super().permissions(), **own}

    def concerns(self, kind: str, *, everybody: bool) -> bool:
        """Whether somebody of an organisation of a kind takes part in such orders at all."""
        return everybody or kind in self.taking_part

    def may(self, route: str) -> bool:
        """Whoever sees the list opens what is in it."""
        return bool(super().may("list" if route == "show" else route))

    def url_of(self, one: str) -> str:
        """Their records are those of work orders."""
        return f"/work-orders/{one}"
