"""Switches an endpoint off that does not answer, and tells the dispatchers of its organisation by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.common.v1 import types_pb2

from services.chassis.identity import service_caller
from services.chassis.kit.engine import ResourceEngine
from services.chassis.log import get_logger
from services.notifications import directory, repository
from services.notifications.domain.audience import Audience, Involved, addressees, selectors
from services.notifications.domain.people import RecipientUnknown
from services.notifications.facts import MoveFacts, OrderFacts
from services.notifications.repository import NewMessage
from services.notifications.webhooks import store

if TYPE_CHECKING:
    from collections.abc import Callable

    from fieldmesh.notifications.v1 import webhook_pb2

    from services.chassis.clock import Clock
    from services.chassis.kit.resource import Resource
    from services.chassis.unit_of_work import Transaction
    from services.notifications.catalog import Catalog
    from services.notifications.handlers import MailPolicy

log = get_logger(__name__)

TEMPLATE = "webhook_switched_off"


class Switch:
    """Switches endpoints off; `wake` makes the mail go out."""

    def __init__(
        self, endpoints: Resource, catalog: Catalog, policy: MailPolicy, clock: Clock, wake: Callable[[], object]
    ) -> None:
        """Takes the resource of endpoints, so that the change stands in its audit trail."""
        self._endpoints = ResourceEngine(endpoints)
        self._catalog = catalog
        self._policy = policy
        self._clock = clock
        self._wake = wake

    def off(self, transaction: Transaction, endpoint_id: str, reason: str) -> None:
        """Switches an endpoint off, gives up what waits for it, and queues the mails that say so."""
        row = self._endpoints.find_for_update(transaction.connection, endpoint_id)
        if row is None:
            return
        wanted = self._endpoints.message(row)
        wanted.active, wanted.disabled_reason = False, reason
        caller = service_caller("notifications")
        changed = self._endpoints.rewrite(transaction, caller, row, wanted, ("active", "disabled_reason"))
        given_up = store.fail_waiting(transaction, endpoint_id)
        log.warning("webhook.switched_off", endpoint=endpoint_id, given_up=given_up)
        self._tell(transaction, changed, row.version + 1, reason)
        transaction.after_commit(self._wake)

    def _tell(self, transaction: Transaction, endpoint: webhook_pb2.WebhookEndpoint, version: int, reason: str) -> None:
        involved = Involved(issuer_org=endpoint.organization_id)
        audience = Audience.ENDPOINT_DISPATCHERS
        try:
            found = directory.find(transaction.connection, selectors(audience, involved))
        except RecipientUnknown:
            # Nobody told us of the organisation yet; the endpoint's page says it as well.
            log.warning("webhook.notice_reaches_nobody", endpoint=endpoint.id)
            return
        # A mail is filled with an order's words; here the endpoint's name stands for the number.
        order = OrderFacts(work_order_id="", number=endpoint.name, subject=endpoint.url, state="Switched off")
        now = self._clock.now()
        for person, _ in addressees({audience: found}, author="").values():
            template = self._catalog.find(TEMPLATE, person.locale)
            content = self._catalog.fill(
                template,
                order,
                MoveFacts("Fieldmesh", comment=reason),
                audience=audience,
                url=self._policy.webhooks_url,
            )
            new = NewMessage(
                event_id=f"webhook-off:{endpoint.id}:{version}",
                request_id="",
                template=TEMPLATE,
                recipient_id=person.person_id,
                recipient_name=person.name,
                recipient_email=person.email,
                work_order_id="",
                content=content,
                parties=_parties(endpoint.organization_id),
                written=now,
            )
            repository.queue(transaction, new, self._policy.domain, now, backdated=False)


def _parties(organization_id: str) -> types_pb2.Parties:
    return types_pb2.Parties(issuer_org=organization_id)
