"""MailService: what goes beyond reading mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.notifications.v1 import message_pb2, message_pb2_grpc

from services.chassis.identity import current_caller

if TYPE_CHECKING:
    import grpc

    from services.notifications.retrying import Retrying


class MailServicer(message_pb2_grpc.MailServiceServicer):
    """Tries mails again."""

    def __init__(self, retrying: Retrying) -> None:
        """Takes the handler."""
        self._retrying = retrying

    def RetryDelivery(
        self, request: message_pb2.RetryDeliveryRequest, context: grpc.ServicerContext
    ) -> message_pb2.Delivery:
        """Makes the message of a try due now."""
        del context
        return self._retrying.retry_delivery(current_caller(), request)
