"""Puts notifications together: the only module that names concrete classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import Counter

from services.chassis.actors import service_actor
from services.chassis.clock import ScriptedClock, SystemClock
from services.chassis.host import StartRefused
from services.chassis.kit import KitServicer, kit_servicers
from services.chassis.mesh_service import Foundation, lay_foundation
from services.chassis.settings import load_settings
from services.notifications import directory, shelf
from services.notifications.catalog import Catalog, CatalogBroken
from services.notifications.handlers import MailPolicy, Notices
from services.notifications.layout import Layout, LayoutMissing
from services.notifications.mime import Sender
from services.notifications.resources import resources
from services.notifications.retrying import Retrying
from services.notifications.sender import MailSender
from services.notifications.servicer import MailServicer
from services.notifications.settings import NotificationsSettings
from services.notifications.smtp import SmtpAddress, SmtpTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.process import Process

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
    sender: MailSender
    mail: MailServicer
    kit: dict[str, KitServicer]

    def start(self, *, sends: bool = True) -> None:
        """Shows the shipped mails and begins to send; without `sends`, messages wait for a process that does."""
        with self.database.begin(actor=service_actor(NAME)) as transaction:
            shelf.show(transaction, self.catalog.templates())
        if sends:
            self.sender.start()

    def stop(self) -> None:
        """Finishes the mail at hand."""
        self.sender.stop()


def build(process: Process) -> Application:
    """The service of a process. Raises StartRefused where assets are missing, SchemaMismatch without a migration."""
    settings = process.settings
    if not isinstance(settings, NotificationsSettings):
        # A host that runs several services in one process reads the settings that they share.
        settings = load_settings(NotificationsSettings)
    foundation = lay_foundation(process, projections=directory.PROJECTIONS)
    try:
        graph = assemble(foundation.database, settings, observe=_counter(process))
    except (LayoutMissing, CatalogBroken) as fault:
        foundation.database.close()
        raise StartRefused(str(fault)) from fault
    # While the demo is told there is no mail server yet; what is still news goes out at the first start.
    return Application(foundation, graph, sends=not isinstance(process.clock, ScriptedClock))


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


def _counter(process: Process) -> Callable[[str], object]:
    tries = Counter(
        "fieldmesh_mail_tries", "Tries to hand a mail over.", ["outcome"], registry=process.metrics.registry
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
