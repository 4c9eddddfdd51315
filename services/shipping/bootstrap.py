"""Puts shipping together: the only module that names concrete classes."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.actors import service_actor
from services.chassis.clock import BusinessClock, Clock
from services.chassis.database import Database
from services.chassis.kit import KitServicer, kit_servicers
from services.chassis.mesh_service import Foundation, lay_foundation
from services.chassis.process import Process
from services.shipping import seeds
from services.shipping.handlers.ordering import Ordering
from services.shipping.handlers.projections import Projections
from services.shipping.handlers.republishing import versioned_sources
from services.shipping.handlers.sla_desk import SlaDesk
from services.shipping.handlers.targets import Targets
from services.shipping.handlers.tracking import Tracking
from services.shipping.repository import reference
from services.shipping.resources import resources
from services.shipping.servicer import FulfilmentDesk, SlaDeskServicer

NAME = "shipping"
CONSUMERS = ("workorders",)
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
    kit: dict[str, KitServicer]


def build(process: Process) -> Application:
    """The service of a process. Raises SchemaMismatch without a migration."""
    foundation = lay_foundation(
        process, sources=versioned_sources(), projections=[reference.ORGANIZATIONS], consumers=CONSUMERS
    )
    return Application(foundation, assemble(foundation.database, process.clock))


def assemble(database: Database, clock: Clock | None = None) -> Shipping:
    """The service over a database, without anything that listens."""
    targets = Targets(reference.Calendars())
    ordering = Ordering(database)
    tracking = Tracking(database, targets)
    desk = SlaDesk(database, targets, clock or BusinessClock())
    return Shipping(
        database=database,
        ordering=ordering,
        tracking=tracking,
        projections=Projections(ordering, targets),
        fulfilment_desk=FulfilmentDesk(ordering, tracking),
        sla_desk=SlaDeskServicer(desk),
        kit=kit_servicers(resources(), database),
    )
