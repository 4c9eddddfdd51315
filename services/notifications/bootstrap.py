"""Puts notifications together: the only module that names concrete classes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import Counter

from services.chassis import links
from services.chassis.actors import service_actor
from services.chassis.clock import ScriptedClock, SystemClock
from services.chassis.host import StartRefused
from services.chassis.keys import signing_key
from services.chassis.kit import KitServicer, kit_servicers
from services.chassis.mesh_service import Foundation, lay_foundation
from services.chassis.settings import load_settings
from services.notifications import directory, shelf
from services.notifications.catalog import Catalog, CatalogBroken
from services.notifications.handlers import MailPolicy, Notices
from services.notifications.invitations import InvitationMails
from services.notifications.layout import Layout, LayoutMissing
from services.notifications.leaving import Leaving
from services.notifications.mime import Sender
from services.notifications.reminders import Reminders
from services.notifications.resources import resources
from services.notifications.retrying import Retrying
from services.notifications.returns import ReturnNotices
from services.notifications.sender import MailSender
from services.notifications.servicer import MailServicer
from services.notifications.settings import NotificationsSettings
from services.notifications.smtp import SmtpAddress, SmtpTransport
from services.notifications.webhooks import bootstrap as webhooks
from services.notifications.webhooks.secret_keys import WebhookKeyFault, master_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.keys import SigningKey
    from services.chassis.process import Process

    Count = Callable[[str], object]

NAME = "notifications"


@dataclass(frozen=True)
class Application:
    """The running service: its graph, and what stands under it."""

    foundation: Foundation
    graph: Notifications
    sends: bool = True

    @property
    def kit(self) -> dict[str, KitServicer]:
        """The servicers of resources, by the full name of their gRPC service."""
        return self.graph.kit

    @property
    def mail(self) -> MailServicer:
        """Serves what goes beyond reading."""
        return self.graph.mail

    @property
    def notices(self) -> Notices:
        """Handles events of workorders."""
        return self.graph.notices

    @property
    def reminders(self) -> Reminders:
        """Handles what technicians tells of certificates."""
        return self.graph.reminders

    @property
    def leaving(self) -> Leaving:
        """Handles technicians who were offboarded."""
        return self.graph.leaving

    @property
    def returns(self) -> ReturnNotices:
        """Handles events of shipping about returns."""
        return self.graph.returns

    @property
    def invitations(self) -> InvitationMails:
        """Handles what technicians tells of invitations."""
        return self.graph.invitations

    @property
    def webhooks(self) -> webhooks.WebhookGraph:
        """Tells other systems of events, and accepts what they report."""
        return self.graph.webhooks

    def start(self) -> None:
        """Begins to send, then to handle events."""
        self.graph.start(sends=self.sends)
        self.foundation.start()

    def stop(self) -> None:
        """Finishes the mail and the events at hand."""
        self.graph.stop()
        self.foundation.stop()


@dataclass(frozen=True)
class Notifications:
    """The object graph of the service."""

    database: Database
    catalog: Catalog
    notices: Notices
    reminders: Reminders
    returns: ReturnNotices
    leaving: Leaving
    invitations: InvitationMails
    sender: MailSender
    mail: MailServicer
    kit: dict[str, KitServicer]
    webhooks: webhooks.WebhookGraph

    def start(self, *, sends: bool = True) -> None:
        """Shows the shipped mails and begins to send; without `sends`, messages wait for a process that does."""
        with self.database.begin(actor=service_actor(NAME)) as transaction:
            shelf.show(transaction, self.catalog.templates())
        if sends:
            self.sender.start()
            self.webhooks.sender.start()

    def stop(self) -> None:
        """Finishes the mail and the deliveries at hand."""
        self.sender.stop()
        self.webhooks.sender.stop()


def build(process: Process) -> Application:
    """The service of a process. Raises StartRefused where assets are missing, SchemaMismatch without a migration."""
    settings = process.settings
    if not isinstance(settings, NotificationsSettings):
        # A host that runs several services in one process reads the settings that they share.
        settings = load_settings(NotificationsSettings)
    foundation = lay_foundation(process, projections=directory.PROJECTIONS)
    try:
        key = signing_key(settings.keys_folder, NAME)
        made = Links(partial(_decision_link, key, settings), partial(_invitation_link, key, settings))
        master = master_key(settings.keys_folder, settings.webhook_secret)
        counters = _counter(process), _webhook_counter(process)
        graph = assemble(foundation.database, settings, made=made, master=master, counters=counters)
    except (LayoutMissing, CatalogBroken, WebhookKeyFault) as fault:
        foundation.database.close()
        raise StartRefused(str(fault)) from fault
    # While the demo is told there is no mail server yet; what is still news goes out at the first start.
    return Application(foundation, graph, sends=not isinstance(process.clock, ScriptedClock))


@dataclass(frozen=True)
class Links:
    """What makes the addresses at which readers of mails act without signing in; None: mails lead to plain pages."""

    decision: Callable[[str, str, int], str] | None = None
    invitation: Callable[[links.Invited], str] | None = None


def _uncounted(outcome: str) -> None:
    del outcome


def assemble(  # noqa: PLR0913 - what the service is made of
    database: Database,
    settings: NotificationsSettings,
    *,
    clock: Clock | None = None,
    layout: Layout | None = None,
    made: Links | None = None,
    master: bytes = b"",
    counters: tuple[Count, Count] = (_uncounted, _uncounted),
) -> Notifications:
    """The service over a database, without anything that listens.

    `clock` is the machine's; `made` signs what lets somebody act from a mail; `master` is what the secrets of
    webhooks are derived from, empty: they last as long as this process; `counters` are told the outcome of every try of
    mails and of webhooks. Raises LayoutMissing and CatalogBroken.
    """
    mails, deliveries = counters
    machine = clock or SystemClock()
    catalog, layout = Catalog.load(), layout or Layout(settings.public_url)
    identity = Sender(settings.mail_from_name, settings.mail_from)
    links_made = made or Links()
    sender = MailSender(
        database,
        layout,
        SmtpTransport(_server(settings)),
        identity,
        machine,
        link=links_made.decision,
        invitation_link=links_made.invitation,
        observe=mails,
    )
    policy = MailPolicy(identity.domain, settings.public_url, settings.backdated_after)
    served = resources(layout.text)
    tries = next(resource for resource in served if resource.table.name == "deliveries")
    post = webhooks.Post(catalog, policy, sender.wake)
    graph = webhooks.assemble(database, settings, master or secrets.token_bytes(32), machine, post, observe=deliveries)
    notices = Notices(catalog, policy, machine, sender.wake)
    return Notifications(
        database=database,
        catalog=catalog,
        notices=notices,
        reminders=Reminders(catalog, policy, machine, sender.wake),
        returns=ReturnNotices(notices),
        leaving=Leaving(notices),
        invitations=InvitationMails(catalog, policy, machine, sender.wake),
        sender=sender,
        mail=MailServicer(Retrying(database, tries, machine, sender.wake)),
        kit={**kit_servicers(served, database), **graph.kit},
        webhooks=graph,
    )


def _decision_link(
    key: SigningKey, settings: NotificationsSettings, person_id: str, work_order_id: str, submission: int
) -> str:
    token = links.sign(
        key, links.Decision(person_id, work_order_id, submission), timedelta(days=settings.mail_link_days)
    )
    return f"{settings.public_url.rstrip('/')}/decide/{token}"


def _invitation_link(key: SigningKey, settings: NotificationsSettings, invited: links.Invited) -> str:
    return f"{settings.public_url.rstrip('/')}/invited/{links.sign_invitation(key, invited)}"


def _counter(process: Process) -> Count:
    tries = Counter(
        "fieldmesh_mail_tries", "Tries to hand a mail over.", ["outcome"], registry=process.metrics.registry
    )
    return lambda outcome: tries.labels(outcome).inc()


def _webhook_counter(process: Process) -> Count:
    tries = Counter(
        "fieldmesh_webhook_tries", "Tries to post a webhook.", ["outcome"], registry=process.metrics.registry
    )
    return lambda outcome: tries.labels(outcome).inc()


def _server(settings: NotificationsSettings) -> SmtpAddress:
    return SmtpAddress(
        host=settings.smtp_host,
        port=settings.smtp_port,
        starttls=settings.smtp_starttls,
        user=settings.smtp_user,
        password=settings.smtp_password,
    )
