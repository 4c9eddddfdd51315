"""Endpoints and deliveries as the kit serves them: an organisation's own, kept by its dispatchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.notifications.v1 import webhook_pb2

from services.chassis.errors import NotAllowed, Violation
from services.chassis.kit.resource import Resource
from services.chassis.kit.scope import OwnerOrganization, is_unbound
from services.notifications import tables
from services.notifications.domain.webhooks import url_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.chassis.kit.resource import Change
    from services.chassis.unit_of_work import Transaction


def _complete(transaction: Transaction, change: Change) -> None:
    """Fills what the server derives: owner and first secret of a new endpoint, a fresh start of one that is back."""
    endpoint = change.after
    kinds = list(dict.fromkeys(endpoint.event_types))
    del endpoint.event_types[:]
    endpoint.event_types.extend(kinds)
    if change.verb == "create":
        if endpoint.organization_id not in {"", change.caller.organization_id} and not is_unbound(change.caller):
            raise NotAllowed("Endpoints of another organisation are not yours to make.")
        endpoint.organization_id = endpoint.organization_id or change.caller.organization_id
        endpoint.secret_version = 1
        endpoint.rotate_time.FromDatetime(transaction.now)
    elif endpoint.active and not change.before.active:
        endpoint.disabled_reason = ""
        endpoint.ClearField("failing_since")


def _check(transaction: Transaction, change: Change) -> Iterable[Violation]:
    """The rules of endpoints that no option of the contract can say."""
    del transaction
    problem = url_problem(change.after.url) if change.after.url else ""
    if problem:
        yield Violation("url", problem)
    if not change.after.organization_id:
        yield Violation("organization_id", "is required")


ENDPOINTS = Resource(
    webhook_pb2.WebhookEndpoint,
    tables.webhook_endpoints,
    scope=OwnerOrganization(),
    prepare=_complete,
    validate=_check,
)
DELIVERIES = Resource(webhook_pb2.WebhookDelivery, tables.webhook_deliveries, scope=OwnerOrganization())
