"""Puts shipping together: the only module that names concrete classes."""

from dataclasses import dataclass

from services.chassis.actors import service_actor
from services.chassis.clock import BusinessClock, Clock
from services.chassis.database import Database
from services.chassis.kit import KitServicer, kit_servicers
from services.shipping import seeds
from services.shipping.handlers.ordering import Ordering
from services.shipping.handlers.projections import Projections
from services.shipping.handlers.sla_desk import SlaDesk
from services.shipping.handlers.targets import Targets
from services.shipping.handlers.tracking import Tracking
from services.shipping.repository.reference import Calendars
from services.shipping.resources import resources
from services.shipping.servicer import FulfilmentDesk, SlaDeskServicer

NAME = "shipping"


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


def assemble(database: Database, clock: Clock | None = None) -> Shipping:
    """The service over a database, without anything that listens."""
    targets = Targets(Calendars())
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


def seed(database: Database) -> None:
    """Adds the calendar and policies that every installation starts with."""
    with database.begin(actor=service_actor(NAME)) as transaction:
        seeds.seed(transaction.connection)
