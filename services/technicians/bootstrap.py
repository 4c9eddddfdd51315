"""Puts technicians together: the only module that names concrete classes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fieldmesh.technicians.v1 import events_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2_grpc

from services.chassis.kit import message_of
from services.chassis.mesh_service import Foundation, lay_foundation
from services.chassis.settings import load_settings
from services.chassis.versions_servicer import VersionedSource
from services.technicians import tables
from services.technicians.booking import Booking
from services.technicians.calendars import Calendars
from services.technicians.contacts import Contacts
from services.technicians.credentials import Credentials
from services.technicians.desk import Desk
from services.technicians.domain.suggesting import Weights
from services.technicians.domain.travel import Pace
from services.technicians.evidence import Evidence
from services.technicians.evidence_servicer import EvidenceServicer
from services.technicians.expiring import Expiring, Orders
from services.technicians.finding import RosterSearch
from services.technicians.following import WORK_ORDERS, WORK_TYPES, Following
from services.technicians.invitations import DAYS, Invitations
from services.technicians.logins import Logins
from services.technicians.photos import Photos
from services.technicians.reminding import Reminding
from services.technicians.resources import Directory, directory
from services.technicians.roster import Roster
from services.technicians.search import Search
from services.technicians.servicer import (
    AssignmentDeskServicer,
    AvailabilityServicer,
    ContactServicer,
    CredentialServicer,
    DirectoryServicer,
    InvitationDesk,
    PhotoServicer,
    ProfileServicer,
    RosterServicer,
)
from services.technicians.settings import TechniciansSettings
from services.technicians.suggestions import Suggestions
from services.technicians.travel import Travel

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message
    from sqlalchemy import Row, Table

    from services.chassis.blobs import BlobStore
    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.kit import KitServicer
    from services.chassis.process import Process
    from services.chassis.unit_of_work import Transaction

NAME = "technicians"
CONSUMERS = ("workorders", "shipping", "notifications")


@dataclass(frozen=True)
class Technicians:
    """The object graph of the service."""

    clock: Clock
    kit: dict[str, KitServicer]
    directory: Directory
    desk: AssignmentDeskServicer
    logins: DirectoryServicer
    profiles: ProfileServicer
    roster: RosterServicer
    credentials: CredentialServicer
    photos: PhotoServicer
    evidence_files: EvidenceServicer
    evidence: Evidence
    availability: AvailabilityServicer
    contacts: ContactServicer
    invitation_desk: InvitationDesk
    invitations: Invitations
    following: Following
    expiring: Expiring
    reminding: Reminding

    def servicer(self, resource: str) -> KitServicer:
        """Give the servicer of a resource, such as `Person`."""
        return self.kit[f"fieldmesh.technicians.v1.{resource}Service"]

    def run_due(self) -> None:
        """End reservations and invitations, apply memberships and tell of expiring certificates that are due now."""
        now = self.clock.now()
        self.directory.memberships.run_due(now)
        self.expiring.run_due(now)
        self.reminding.run_due(now)
        self.invitations.run_due(now)

    def sweep_evidence(self) -> None:
        """Remove contents that nothing points at."""
        self.evidence.sweep(self.clock.now())


@dataclass(frozen=True)
class Files:
    """Where files are kept, and how many megabytes one of them may have."""

    blobs: BlobStore
    megabytes: int


@dataclass(frozen=True)
class Running:
    """The graph on its foundation."""

    foundation: Foundation
    technicians: Technicians

    def start(self) -> None:
        self.foundation.start()

    def stop(self) -> None:
        self.foundation.stop()


def assemble(  # noqa: PLR0913 - what the installation sets
    database: Database,
    clock: Clock,
    orders: Orders,
    files: Files,
    *,
    weights: Weights | None = None,
    pace: Pace | None = None,
    invitation_days: float = DAYS,
) -> Technicians:
    """Give the service over a database, without anything that listens.

    `files` says where evidence is kept, `weights` are those of suggestions, `pace` that of drives between visits,
    `invitation_days` those of links.
    """
    wired = directory(NAME, database, clock)
    booking = Booking(wired.assignments)
    evidence = Evidence(NAME, database, wired.held, files.blobs, files.megabytes)
    desk = Desk(database, clock, booking, Travel(pace or Pace()))
    logins = Logins(NAME, database, wired.people)
    lifetime = timedelta(days=invitation_days)
    invitations = Invitations(NAME, database, wired.invitations, wired.people, wired.teams, lifetime)
    roster = Roster(database, clock, wired.technicians, wired.membership, wired.assignments, orders)
    return Technicians(
        clock=clock,
        kit=wired.servicers(database),
        directory=wired,
        desk=AssignmentDeskServicer(desk, Search(database, desk), Suggestions(database, desk, weights or Weights())),
        logins=DirectoryServicer(logins),
        profiles=ProfileServicer(logins),
        roster=RosterServicer(roster, RosterSearch(database, clock, wired.membership)),
        credentials=CredentialServicer(Credentials(database, clock, wired.held)),
        photos=PhotoServicer(Photos(NAME, database, wired.technicians)),
        evidence_files=EvidenceServicer(evidence),
        evidence=evidence,
        availability=AvailabilityServicer(Calendars(database)),
        contacts=ContactServicer(Contacts(NAME, database, wired.organizations)),
        invitation_desk=InvitationDesk(invitations),
        invitations=invitations,
        following=Following(booking),
        expiring=Expiring(NAME, database, booking, orders),
        reminding=Reminding(NAME, database),
    )


def build(process: Process) -> Running:
    """Give the service as the host runs it. Raises SchemaMismatch and Unavailable."""
    foundation = lay_foundation(process, sources=sources(), projections=(WORK_ORDERS, WORK_TYPES), consumers=CONSUMERS)
    orders = process.channels.stub(work_order_service_pb2_grpc.WorkOrderServiceStub, "workorders")
    settings = process.settings
    if not isinstance(settings, TechniciansSettings):
        # A host that runs several services in one process reads the settings that they share.
        settings = load_settings(TechniciansSettings)
    technicians = assemble(
        foundation.database,
        process.clock,
        orders,
        Files(settings.open_evidence(), settings.evidence_megabytes),
        weights=settings.weights,
        pace=settings.pace,
        invitation_days=settings.invitation_days,
    )
    return Running(foundation, technicians)


def sources() -> dict[str, VersionedSource]:
    """Give the aggregates of which others keep projections."""
    wired: tuple[tuple[str, Table, type[Message], str], ...] = (
        ("Organization", tables.organizations, events_pb2.OrganizationChanged, "organization"),
        ("Person", tables.people, events_pb2.PersonChanged, "person"),
        ("Team", tables.teams, events_pb2.TeamChanged, "team"),
        ("Technician", tables.technicians, events_pb2.TechnicianChanged, "technician"),
    )
    return {name: VersionedSource(table, _again(name, event, part)) for name, table, event, part in wired}


def _again(name: str, event: type[Message], part: str) -> Callable[[Transaction, Row[Any]], object]:
    """Tell others once more of a row as it is now."""

    def publish(transaction: Transaction, row: Row[Any]) -> object:
        told: Any = event()
        message = getattr(told, part)
        message.CopyFrom(message_of(type(message), row._mapping))  # type: ignore[arg-type]  # noqa: SLF001
        return transaction.publish(told, name, row.id, row.version)

    return publish
