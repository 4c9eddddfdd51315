"""Endpoints and deliveries: the generic lists, with secrets shown once, test events, and what happened last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.notifications.v1 import webhook_pb2, webhook_pb2_grpc
from flask import current_app, flash, redirect, request

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import sentence
from admin.grpcfab.panel import Panel
from admin.grpcfab.routes import expose, has_access
from admin.pages.webhooks.event_types import webhook_form
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import MethodDescriptor

    from admin.grpcfab.rows import Row

_SERVICE = webhook_pb2.DESCRIPTOR.services_by_name["WebhookService"]
_GUARDED_BY = {"secret": "RotateWebhookSecret", "test": "SendTestEvent"}


class WebhookEndpointPanel(Panel):
    """The page "Webhooks"."""

    resource = webhook_pb2.WebhookEndpoint
    route_base = "/webhooks"
    menu = "System"
    list_title = "Webhooks"
    columns = ("name", "url", "event_types", "organization_id", "active", "failing_since")
    list_template = "pages/webhooks/list.html"
    show_template = "pages/webhooks/show.html"

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        own = {f"can_{route}": _SERVICE.methods_by_name[method] for route, method in _GUARDED_BY.items()}
        return {**super().permissions(), **own}

    def _init_forms(self) -> None:
        super()._init_forms()
        spec = self.datamodel.resource
        self.add_form = webhook_form(spec.writable(creating=True), "WebhookEndpointAddForm")
        self.edit_form = webhook_form(spec.writable(creating=False), "WebhookEndpointEditForm")

    @expose("/<pk>/secret", methods=["POST"])
    @has_access
    def secret(self, pk: str) -> Any:
        """Give an endpoint a new secret, and show it this once."""
        asked = webhook_pb2.RotateWebhookSecretRequest(id=self.row(pk).id, request_id=_request_key())
        try:
            endpoint = mesh().stub(webhook_pb2_grpc.WebhookServiceStub).RotateWebhookSecret(asked)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return redirect(self.url_of(pk))
        return self._told(endpoint)

    @expose("/<pk>/test", methods=["POST"])
    @has_access
    def test(self, pk: str) -> Any:
        """Send an endpoint an event that tells of nothing."""
        asked = webhook_pb2.SendTestEventRequest(id=self.row(pk).id, request_id=_request_key())
        try:
            mesh().stub(webhook_pb2_grpc.WebhookServiceStub).SendTestEvent(asked)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash("A test event is on its way; what became of it stands below in a moment.", "success")
        return redirect(f"{self.url_of(pk)}?tab=webhook-deliveries")

    def created(self, row: Row) -> Any:
        return self._told(row.message)

    def report_url(self, pk: str) -> str:
        """Where the other side reports for an endpoint."""
        return f"{current_app.config['PUBLIC_URL']}/api/webhooks/{pk}"

    def _told(self, endpoint: Any) -> Any:
        page = self.render_template(
            "pages/webhooks/secret.html",
            panel=self,
            title=f"Secret of {endpoint.name}",
            endpoint=endpoint,
            report_url=self.report_url(endpoint.id),
        )
        # Neither the browser nor anything on the way keeps it.
        return page, 200, {"Cache-Control": "no-store"}


class WebhookDeliveryPanel(Panel):
    """What was sent, to whom, and what they answered."""

    resource = webhook_pb2.WebhookDelivery
    menu = "System"
    list_title = "Webhook deliveries"
    columns = (
        "event_type",
        "work_order_number",
        "endpoint_id",
        "state",
        "attempts",
        "http_status",
        "error",
        "next_time",
        "create_time",
    )


def _request_key() -> str:
    return request.form.get("request_key", "") or new_id()


PANELS = (WebhookEndpointPanel, WebhookDeliveryPanel)
