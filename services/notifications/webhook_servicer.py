"""WebhookService: what goes beyond standard methods with webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.notifications.v1 import webhook_pb2, webhook_pb2_grpc

from services.chassis.identity import current_caller

if TYPE_CHECKING:
    import grpc

    from services.notifications.webhooks.managing import Managing
    from services.notifications.webhooks.reports import Reports


class WebhookServicer(webhook_pb2_grpc.WebhookServiceServicer):
    """New secrets, test events, trying again, and what comes back."""

    def __init__(self, managing: Managing, reports: Reports) -> None:
        """Takes the handlers."""
        self._managing = managing
        self._reports = reports

    def RotateWebhookSecret(
        self, request: webhook_pb2.RotateWebhookSecretRequest, context: grpc.ServicerContext
    ) -> webhook_pb2.WebhookEndpoint:
        """Gives an endpoint a new secret."""
        del context
        return self._managing.rotate_secret(current_caller(), request)

    def SendTestEvent(
        self, request: webhook_pb2.SendTestEventRequest, context: grpc.ServicerContext
    ) -> webhook_pb2.WebhookDelivery:
        """Queues a delivery that tells of nothing."""
        del context
        return self._managing.send_test_event(current_caller(), request)

    def RetryWebhookDelivery(
        self, request: webhook_pb2.RetryWebhookDeliveryRequest, context: grpc.ServicerContext
    ) -> webhook_pb2.WebhookDelivery:
        """Makes a delivery due now."""
        del context
        return self._managing.retry_delivery(current_caller(), request)

    def AcceptReport(
        self, request: webhook_pb2.AcceptReportRequest, context: grpc.ServicerContext
    ) -> webhook_pb2.AcceptReportResponse:
        """Tells whose signed report it is."""
        del context
        return self._reports.accept(request)
