"""POST /api/webhooks/<endpoint>: what another system reports of an order, signed, becomes a transition.

The endpoint's signature stands for its organisation and for nobody else: the order is read and moved as that
organisation, so that its rows and its transitions are all that a report can reach (hard-parts 5).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.notifications.v1 import webhook_pb2, webhook_pb2_grpc
from fieldmesh.technicians.v1 import organization_pb2, organization_pb2_grpc
from fieldmesh.workorders.v1 import work_order_service_pb2, work_order_service_pb2_grpc
from flask import current_app, g, request

from admin.grpcfab.context import mesh
from admin.pages.signed_reports import answered, signed_body
from admin.pages.webhooks import mapping
from services.chassis.errors import AlreadyExists, NotAllowed, StaleEtag
from services.chassis.ids import derive_id
from services.chassis.log import get_logger
from services.chassis.tokens import UserGrant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

log = get_logger(__name__)

ENDPOINT: Final = "webhook_report"
_TRIES: Final = 2
_Organization = organization_pb2.OrganizationKind


class ReportsPage:
    """Registers the address; it needs no login, since every request proves itself by its signature."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        """Add the route; a signed request comes from no page, so it carries no CSRF token."""
        del builder, roles
        current_app.add_url_rule("/api/webhooks/<endpoint_id>", ENDPOINT, report, methods=["POST"])
        current_app.extensions["csrf"].exempt(report)


def report(endpoint_id: str) -> Any:
    """Answer 200 with the order's state, also for a repeat, or a problem in JSON that says what to mend."""
    return answered("webhook", endpoint_id, lambda: _taken(endpoint_id))


def _taken(endpoint_id: str) -> dict[str, str]:
    body = signed_body()
    webhook_id = request.headers.get("webhook-id", "")
    accepted = mesh().stub(webhook_pb2_grpc.WebhookServiceStub).AcceptReport(
        webhook_pb2.AcceptReportRequest(
            endpoint_id=endpoint_id,
            webhook_id=webhook_id,
            timestamp=request.headers.get("webhook-timestamp", ""),
            signature=request.headers.get("webhook-signature", ""),
            body=body,
        )
    )  # fmt: skip
    found = mapping.read(body)
    grant = _grant(endpoint_id, accepted)
    with _acting(grant):
        answer = _moved(found, derive_id("webhook-report", endpoint_id, webhook_id))
    log.info("webhook.reported", endpoint=endpoint_id, action=found.action, result=answer["result"])
    return answer


def _grant(endpoint_id: str, accepted: webhook_pb2.AcceptReportResponse) -> UserGrant:
    """Who reports: nobody in person, but somebody who may do what the office of that organisation may."""
    organization = mesh().stub(organization_pb2_grpc.OrganizationServiceStub).GetOrganization(
        organization_pb2.GetOrganizationRequest(id=accepted.organization_id)
    )  # fmt: skip
    if not organization.active:
        raise NotAllowed("The organisation of this endpoint is not active any more.")
    kind = _Organization.Name(organization.kind).removeprefix("ORGANIZATION_KIND_").lower()
    return UserGrant(
        subject=endpoint_id,
        name=f"{organization.name} ({accepted.endpoint_name})",
        roles=frozenset({"partner"}),
        organization_id=organization.id,
        organization_kind=kind,
    )


@contextmanager
def _acting(grant: UserGrant) -> Iterator[None]:
    g.granted = grant
    try:
        yield
    finally:
        del g.granted


def _moved(found: mapping.Report, request_id: str) -> dict[str, str]:
    """The order after the report; it may have changed between being read and being moved, so that is tried twice."""
    orders = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
    for attempt in range(_TRIES):
        order = orders.GetWorkOrder(work_order_service_pb2.GetWorkOrderRequest(id=found.work_order))
        rule = mapping.rule_for(order.workflow, found.action)
        asked = work_order_service_pb2.TransitionWorkOrderRequest(
            work_order_id=order.id, transition=rule.transition, etag=order.etag, request_id=request_id
        )
        mapping.fill(asked, rule.values_of(found))
        try:
            answer = orders.TransitionWorkOrder(asked)
        except StaleEtag:
            if attempt + 1 == _TRIES:
                raise
            continue
        except AlreadyExists as refusal:
            if refusal.reason != "REQUEST_ID_REUSED":
                raise
            # The same report as before, for its id stands for one body, and only the etag is another: it was done.
            return _told(order, "done before")
        return _told(answer.work_order, "done" if answer.happened else "nothing changed")
    raise AssertionError("unreachable")


def _told(order: Any, result: str) -> dict[str, str]:
    return {
        "work_order": order.id,
        "number": order.number,
        "state": order.state,
        "state_label": order.state_label,
        "result": result,
    }
