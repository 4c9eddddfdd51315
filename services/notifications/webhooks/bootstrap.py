"""Puts the part of notifications together that other systems are told by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.chassis.kit import KitServicer
from services.chassis.kit.references import References
from services.notifications.webhook_servicer import WebhookServicer
from services.notifications.webhooks.managing import EndpointServicer, Managing
from services.notifications.webhooks.posting import HttpPoster
from services.notifications.webhooks.queueing import Webhooks
from services.notifications.webhooks.reports import Reports
from services.notifications.webhooks.resources import DELIVERIES, ENDPOINTS
from services.notifications.webhooks.sender import WebhookSender
from services.notifications.webhooks.switching import Switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.notifications.catalog import Catalog
    from services.notifications.handlers import MailPolicy
    from services.notifications.settings import NotificationsSettings


@dataclass(frozen=True)
class Post:
    """How mails about webhooks are made, and what makes them go out."""

    catalog: Catalog
    policy: MailPolicy
    wake: Callable[[], object]


@dataclass(frozen=True)
class WebhookGraph:
    """Handles events of workorders, sends, and serves what people and other systems do with webhooks."""

    queueing: Webhooks
    sender: WebhookSender
    reports: Reports
    servicer: WebhookServicer
    kit: dict[str, KitServicer]


def assemble(  # noqa: PLR0913 - what the graph stands on
    database: Database,
    settings: NotificationsSettings,
    master: bytes,
    clock: Clock,
    post: Post,
    *,
    observe: Callable[[str], object],
) -> WebhookGraph:
    """The graph; `master` is what the secrets of endpoints are derived from, `clock` the machine's."""
    poster = HttpPoster(private_networks=settings.webhook_private_networks)
    switch = Switch(ENDPOINTS, post.catalog, post.policy, clock, post.wake)
    sender = WebhookSender(database, poster, master, switch, clock, observe=observe)
    reports = Reports(database, master, clock)
    references = References((ENDPOINTS, DELIVERIES))
    return WebhookGraph(
        queueing=Webhooks(clock, sender.wake, backdated_after=settings.backdated_after),
        sender=sender,
        reports=reports,
        servicer=WebhookServicer(Managing(database, (ENDPOINTS, DELIVERIES), master, clock, sender.wake), reports),
        kit={
            str(ENDPOINTS.descriptor.full_name): EndpointServicer(ENDPOINTS, database, master, references),
            str(DELIVERIES.descriptor.full_name): KitServicer(DELIVERIES, database, references),
        },
    )
