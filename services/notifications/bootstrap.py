"""Puts notifications together: the only module that names concrete classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.chassis.actors import service_actor
from services.chassis.clock import SystemClock
from services.chassis.kit import KitServicer, kit_servicers
from services.notifications import shelf
from services.notifications.catalog import Catalog
from services.notifications.handlers import MailPolicy, Notices
from services.notifications.layout import Layout
from services.notifications.mime import Sender
from services.notifications.resources import resources
from services.notifications.retrying import Retrying
from services.notifications.sender import MailSender
from services.notifications.servicer import MailServicer
from services.notifications.smtp import SmtpAddress, SmtpTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.notifications.settings import NotificationsSettings

NAME = "notifications"


@dataclass(frozen=True)
class Notifications:
    """The object graph of the service."""

    database: Database
    catalog: Catalog
    notices: Notices
    sender: MailSender
    mail: MailServicer
    kit: dict[str, KitServicer]

    def start(self) -> None:
        """Shows the shipped mails and begins to send."""
        with self.database.begin(actor=service_actor(NAME)) as transaction:
            shelf.show(transaction, self.catalog.templates())
        self.sender.start()

    def stop(self) -> None:
        """Finishes the mail at hand."""
        self.sender.stop()


def assemble(
    database: Database,
    settings: NotificationsSettings,
    *,
    clock: Clock | None = None,
    layout: Layout | None = None,
    observe: Callable[[str], object] = lambda _outcome: None,
) -> Notifications:
    """The service over a database, without anything that listens.

    `clock` is the machine's; `observe` is told the outcome of every try. Raises LayoutMissing and CatalogBroken.
    """
    machine = clock or SystemClock()
    catalog, layout = Catalog.load(), layout or Layout(settings.public_url)
    identity = Sender(settings.mail_from_name, settings.mail_from)
    sender = MailSender(database, layout, SmtpTransport(_server(settings)), identity, machine, observe=observe)
    policy = MailPolicy(identity.domain, settings.public_url, settings.backdated_after)
    served = resources(layout.text)
    tries = next(resource for resource in served if resource.table.name == "deliveries")
    return Notifications(
        database=database,
        catalog=catalog,
        notices=Notices(catalog, policy, machine, sender.wake),
        sender=sender,
        mail=MailServicer(Retrying(database, tries, machine, sender.wake)),
        kit=kit_servicers(served, database),
    )


def _server(settings: NotificationsSettings) -> SmtpAddress:
    return SmtpAddress(
        host=settings.smtp_host,
        port=settings.smtp_port,
        starttls=settings.smtp_starttls,
        user=settings.smtp_user,
        password=settings.smtp_password,
    )
