"""What people do with webhooks beside editing them: new secrets, test events, trying again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.notifications.v1 import webhook_pb2

from services.chassis.idempotency import run_once
from services.chassis.ids import derive_id, new_id
from services.chassis.kit.engine import ResourceEngine
from services.chassis.kit.servicer import KitServicer
from services.notifications.domain import signing
from services.notifications.domain.webhooks import TEST, DeliveryNotRetryable, EndpointSwitchedOff
from services.notifications.webhooks import store
from services.notifications.webhooks.body import test_body
from services.notifications.webhooks.store import NewDelivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.kit.references import References
    from services.chassis.kit.resource import Resource
    from services.chassis.unit_of_work import Transaction

SERVICE = "fieldmesh.notifications.v1.WebhookService"
Endpoint = webhook_pb2.WebhookEndpoint
Delivery = webhook_pb2.WebhookDelivery


class Managing:
    """The verbs behind the buttons of the page "Webhooks"."""

    def __init__(
        self,
        database: Database,
        served: tuple[Resource, Resource],
        master: bytes,
        clock: Clock,
        wake: Callable[[], object],
    ) -> None:
        """Takes the resources of endpoints and of deliveries, the key of all secrets, and the system's clock."""
        self._database = database
        self._endpoints, self._deliveries = (ResourceEngine(resource) for resource in served)
        self._master = master
        self._clock = clock
        self._wake = wake

    def rotate_secret(self, caller: Caller, request: webhook_pb2.RotateWebhookSecretRequest) -> Endpoint:
        """Gives an endpoint its next secret, and answers with it. Raises NotFound."""

        def work(transaction: Transaction) -> Endpoint:
            self._endpoints.get(transaction.connection, caller, request.id)
            row = store.locked_endpoint(transaction, request.id)
            wanted = self._endpoints.message(row)
            wanted.secret_version = row.secret_version + 1
            wanted.rotate_time.FromDatetime(self._clock.now())
            made: Endpoint = self._endpoints.rewrite(
                transaction, caller, row, wanted, ("secret_version", "rotate_time")
            )
            return made

        answer = self._once("RotateWebhookSecret", caller, request, Endpoint, work)
        return with_secret(answer, self._master)

    def send_test_event(self, caller: Caller, request: webhook_pb2.SendTestEventRequest) -> Delivery:
        """Queues a delivery that tells of nothing. Raises NotFound, EndpointSwitchedOff."""

        def work(transaction: Transaction) -> Delivery:
            endpoint = self._endpoints.get(transaction.connection, caller, request.id)
            if not endpoint.active:
                raise EndpointSwitchedOff(endpoint.id)
            now = self._clock.now()
            new = NewDelivery(
                endpoint_id=endpoint.id,
                organization_id=endpoint.organization_id,
                event_id=derive_id(TEST, caller.subject, request.request_id or new_id()),
                event_type=TEST,
                body=test_body(endpoint.name, now),
                request_id=caller.request_id,
            )
            queued = store.queue(transaction, new, now)
            transaction.after_commit(self._wake)
            made: Delivery = self._deliveries.get(transaction.connection, caller, queued)
            return made

        answer: Delivery = self._once("SendTestEvent", caller, request, Delivery, work)
        return answer

    def retry_delivery(self, caller: Caller, request: webhook_pb2.RetryWebhookDeliveryRequest) -> Delivery:
        """Makes a delivery due now. Raises NotFound, DeliveryNotRetryable, EndpointSwitchedOff."""

        def work(transaction: Transaction) -> Delivery:
            found = self._deliveries.get(transaction.connection, caller, request.id)
            row = store.locked_delivery(transaction, found.id)
            if row.state in {store.SENT, store.SENDING}:
                raise DeliveryNotRetryable(found.id)
            endpoint = store.endpoint(transaction.connection, row.endpoint_id)
            if endpoint is None or not endpoint.active:
                raise EndpointSwitchedOff(row.endpoint_id)
            store.requeue(transaction, found.id, self._clock.now())
            transaction.after_commit(self._wake)
            answer: Delivery = self._deliveries.get(transaction.connection, caller, found.id)
            return answer

        answer: Delivery = self._once("RetryWebhookDelivery", caller, request, Delivery, work)
        return answer

    def _once(self, method: str, caller: Caller, request: Any, answer: Any, work: Callable[[Transaction], Any]) -> Any:
        return run_once(self._database, caller, f"{SERVICE}.{method}", request.request_id, request, answer, work)


class EndpointServicer(KitServicer):
    """The standard methods of endpoints; whoever creates one is told its secret, this once."""

    def __init__(
        self, resource: Resource, database: Database, master: bytes, references: References | None = None
    ) -> None:
        """Takes the key of all secrets."""
        super().__init__(resource, database, references)
        create = self.CreateWebhookEndpoint  # type: ignore[has-type] # set by the kit from the contract

        def create_and_tell(request: Any, context: Any) -> Endpoint:
            # The kept answer of a repeated call holds no secret: it is added on the way out.
            return with_secret(create(request, context), master)

        self.CreateWebhookEndpoint = create_and_tell


def with_secret(endpoint: Endpoint, master: bytes) -> Endpoint:
    """An endpoint with the secret that its number stands for, for the one answer that tells it."""
    endpoint.secret = signing.derive_secret(master, endpoint.id, endpoint.secret_version)
    return endpoint
