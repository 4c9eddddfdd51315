"""Puts shipping together: the only module that names concrete classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fieldmesh.workorders.v1 import attachment_pb2, attachment_pb2_grpc

from services.chassis.actors import service_actor
from services.chassis.clock import BusinessClock, Clock, ScriptedClock, SystemClock
from services.chassis.database import Database
from services.chassis.errors import Unavailable
from services.chassis.kit import KitServicer, kit_servicers
from services.chassis.mesh_service import Foundation, lay_foundation
from services.chassis.process import Process
from services.chassis.settings import load_settings
from services.shipping import seeds
from services.shipping.carriers.port import Carrier
from services.shipping.carriers.signed import SignedCarrier
from services.shipping.handlers.amending import Amending
from services.shipping.handlers.asking_carriers import AskingCarriers
from services.shipping.handlers.carrier_reports import CarrierReports
from services.shipping.handlers.drafting import Drafting
from services.shipping.handlers.ordering import Ordering
from services.shipping.handlers.packing import ParcelPacking
from services.shipping.handlers.projections import Projections
from services.shipping.handlers.publishing import Publishing
from services.shipping.handlers.recalculating import Recalculating
from services.shipping.handlers.reminding import Reminders
from services.shipping.handlers.republishing import versioned_sources
from services.shipping.handlers.return_desk import FileList, ReturnDesk
from services.shipping.handlers.returning import RETURN_DAYS, Returning
from services.shipping.handlers.sla_desk import SlaDesk
from services.shipping.handlers.targets import Targets
from services.shipping.handlers.tracking import Tracking
from services.shipping.handlers.warning import SlaWarnings
from services.shipping.repository import reference
from services.shipping.resources import resources
from services.shipping.servicer import CarrierDesk, FulfilmentDesk, RmaDesk, SlaDeskServicer, SlaDraftServicer
from services.shipping.settings import ShippingSettings

NAME = "shipping"
CONSUMERS = ("workorders", "notifications")
"""Services that handle the events of this one."""


@dataclass(frozen=True)
class Application:
    """What the service class is given: the graph, and what stands under it."""

    foundation: Foundation
    graph: Shipping

    def start(self) -> None:
        """Adds what every installation starts with, then begins to handle events."""
        with self.foundation.database.begin(actor=service_actor(NAME)) as transaction:
            seeds.seed(transaction.connection)
        self.foundation.start()

    def stop(self) -> None:
        """Finishes the events at hand."""
        self.foundation.stop()


@dataclass(frozen=True)
class Shipping:
    """The object graph of the service."""

    database: Database
    ordering: Ordering
    tracking: Tracking
    projections: Projections
    fulfilment_desk: FulfilmentDesk
    sla_desk: SlaDeskServicer
    sla_drafts: SlaDraftServicer
    recalculating: Recalculating
    warnings: SlaWarnings
    rma_desk: RmaDesk
    reminders: Reminders
    carriers: AskingCarriers
    carrier_desk: CarrierDesk
    clock: Clock
    kit: dict[str, KitServicer]

    def recalculate(self) -> None:
        """Goes on computing open orders anew after a publication."""
        self.recalculating.run_due(self.clock.now())

    def warn(self) -> None:
        """Tells of targets that come near or are missed."""
        self.warnings.run_due(self.clock.now())

    def remind(self) -> None:
        """Reminds of returns whose day comes near, or has passed."""
        self.reminders.run_due(self.clock.now())

    def ask_carriers(self) -> None:
        """Takes what the carriers tell that can be asked."""
        self.carriers.run_due(self.clock.now())


@dataclass(frozen=True)
class Outside:
    """What the graph is given beside its database: other services, and what the installation sets."""

    files: FileList
    return_days: int = RETURN_DAYS
    reminder_days: int = 3
    carriers: Sequence[Carrier] = ()
    signed: Mapping[str, SignedCarrier] = field(default_factory=dict)
    machine: Clock = field(default_factory=SystemClock)


class NoFiles:
    """Files where there is no other service to ask."""

    def GetAttachment(self, request: attachment_pb2.GetAttachmentRequest) -> attachment_pb2.Attachment:  # noqa: N802
        """Raises Unavailable."""
        raise Unavailable("The workorders service does not answer; try again.", metadata={"file": request.id})


def build(process: Process) -> Application:
    """The service of a process. Raises SchemaMismatch without a migration."""
    settings = process.settings
    if not isinstance(settings, ShippingSettings):
        # A host that runs several services in one process reads the settings that they share.
        settings = load_settings(ShippingSettings)
    foundation = lay_foundation(
        process, sources=versioned_sources(), projections=[reference.ORGANIZATIONS], consumers=CONSUMERS
    )
    outside = Outside(
        process.channels.stub(attachment_pb2_grpc.AttachmentServiceStub, "workorders"),
        settings.return_days,
        settings.return_reminder_days,
        # A demo is told by its own script.
        () if isinstance(process.clock, ScriptedClock) else settings.simulated(),
        settings.signed_carriers(),
    )
    return Application(foundation, assemble(foundation.database, process.clock, outside))


def assemble(database: Database, clock: Clock | None = None, outside: Outside | None = None) -> Shipping:
    """The service over a database, without anything that listens."""
    time, others = clock or BusinessClock(), outside or Outside(NoFiles())
    calendars = reference.Calendars()
    targets = Targets(calendars, time)
    returning = Returning(others.return_days)
    ordering = Ordering(database)
    tracking = Tracking(database, targets, returning)
    return Shipping(
        database=database,
        ordering=ordering,
        tracking=tracking,
        projections=Projections(ordering, Amending(ordering, returning), targets),
        fulfilment_desk=FulfilmentDesk(ordering, tracking, ParcelPacking(database)),
        sla_desk=SlaDeskServicer(SlaDesk(database, targets, time)),
        sla_drafts=SlaDraftServicer(Drafting(database), Publishing(database, targets)),
        recalculating=Recalculating(database, targets),
        warnings=SlaWarnings(database, calendars),
        rma_desk=RmaDesk(ReturnDesk(database, returning, others.files, time)),
        reminders=Reminders(database, others.reminder_days),
        carrier_desk=CarrierDesk(CarrierReports(database, tracking, others.signed, others.machine)),
        carriers=AskingCarriers(database, tracking, others.carriers),
        clock=time,
        kit=kit_servicers(resources(), database),
    )
