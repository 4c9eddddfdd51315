"""Puts work orders together: the only module that names concrete classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fieldmesh.shipping.v1 import rma_pb2_grpc, shipment_pb2_grpc, shipping_service_pb2_grpc
from fieldmesh.technicians.v1 import technicians_service_pb2_grpc

from services.chassis.actors import service_actor
from services.chassis.clock import BusinessClock, Clock
from services.chassis.kit import KitServicer, kit_servicers
from services.chassis.mesh_service import Foundation, lay_foundation
from services.chassis.settings import load_settings
from services.workorders import seeds, shipped
from services.workorders.feed_servicer import CollaborationServicer, FeedPostServicer
from services.workorders.file_servicer import FileServicer
from services.workorders.handlers.batching import Batches, Services
from services.workorders.handlers.content_rules import ContentRules
from services.workorders.handlers.creating import Orders
from services.workorders.handlers.departing import Departing
from services.workorders.handlers.directory import PROJECTIONS, Directory
from services.workorders.handlers.due import DueMoves
from services.workorders.handlers.files import Files
from services.workorders.handlers.line_item_rules import LineItemRules
from services.workorders.handlers.progress import Progress
from services.workorders.handlers.reporting import ServiceReports
from services.workorders.handlers.republishing import sources
from services.workorders.handlers.transitions import Others, Transitions
from services.workorders.handlers.unchecked import Unchecked
from services.workorders.handlers.utility_events import UtilityEvents
from services.workorders.queries import Queries
from services.workorders.registry import WorkflowRegistry
from services.workorders.resources import resources
from services.workorders.servicer import WorkOrderServicer
from services.workorders.settings import WorkordersSettings
from services.workorders.sla_report_servicer import SlaReportServicer
from services.workorders.utility_servicer import UtilityEventServicer
from services.workorders.view_servicer import ViewServicer
from services.workorders.workflow_servicer import WorkflowServicer

if TYPE_CHECKING:
    from services.chassis.blobs import BlobStore
    from services.chassis.database import Database
    from services.chassis.process import Process

NAME = "workorders"
CONSUMERS = ("technicians", "shipping", "notifications")


@dataclass(frozen=True)
class Workorders:
    """The object graph of the service."""

    database: Database
    files: Files
    progress: Progress
    directory: Directory
    departing: Departing
    work_orders: WorkOrderServicer
    collaboration: CollaborationServicer
    file_contents: FileServicer
    views: ViewServicer
    sla_report: SlaReportServicer
    utility_events: UtilityEventServicer
    workflows: WorkflowServicer
    clock: Clock
    due: DueMoves
    unchecked: Unchecked
    kit: dict[str, KitServicer]

    def servicer(self, resource: str) -> KitServicer:
        """The servicer of a resource, such as `Account`."""
        return self.kit[f"fieldmesh.workorders.v1.{resource}Service"]

    def run_due(self) -> None:
        """Fire the transitions whose day has come."""
        self.due.run_due(self.clock.now())

    def check_assignments(self) -> None:
        """Ask technicians about assignments that were made while it did not answer."""
        self.unchecked.run_due(self.clock.now())

    def sweep_files(self) -> None:
        """Remove contents that no row tells of, a day after their upload."""
        self.files.sweep(self.clock.now())


@dataclass(frozen=True)
class Running:
    """The graph on its foundation."""

    foundation: Foundation
    graph: Workorders

    def start(self) -> None:
        """Add what every installation starts with, then begin to send and to handle events."""
        with self.foundation.database.begin(actor=service_actor(NAME)) as transaction:
            seeds.seed(transaction.connection)
            shipped.publish_shipped(transaction)
        self.foundation.start()

    def stop(self) -> None:
        """Finish the events at hand."""
        self.foundation.stop()


def build(process: Process) -> Running:
    """The service as the host runs it. Raises SchemaMismatch, Unavailable and DefinitionInvalid."""
    settings = process.settings
    if not isinstance(settings, WorkordersSettings):
        # A host that runs several services in one process reads the settings that they share.
        settings = load_settings(WorkordersSettings)
    foundation = lay_foundation(process, sources=sources(), projections=PROJECTIONS, consumers=CONSUMERS)
    others = Others(
        desk=process.channels.stub(technicians_service_pb2_grpc.AssignmentDeskServiceStub, "technicians"),
        parcels=process.channels.stub(shipment_pb2_grpc.ParcelServiceStub, "shipping"),
        sla=process.channels.stub(shipping_service_pb2_grpc.SlaDeskServiceStub, "shipping"),
        returns=process.channels.stub(rma_pb2_grpc.RmaServiceStub, "shipping"),
    )
    graph = assemble(foundation.database, settings.open_files(), others, process.clock)
    return Running(foundation, graph)


def assemble(database: Database, blobs: BlobStore, others: Others, clock: Clock | None = None) -> Workorders:
    """The service over a database, without anything that listens."""
    time = clock or BusinessClock()
    workflows = WorkflowRegistry(database)
    files = Files(database, blobs, workflows)
    posts = FeedPostServicer(database)
    transitions = Transitions(database, workflows, others, time)
    return Workorders(
        database=database,
        files=files,
        progress=Progress(workflows),
        directory=Directory(),
        departing=Departing(workflows),
        work_orders=WorkOrderServicer(
            database,
            Queries(database, time),
            Orders(database, workflows),
            transitions,
            Batches(database, Services(transitions, workflows, others.parcels, others.returns, time)),
        ),
        collaboration=CollaborationServicer(database, posts),
        file_contents=FileServicer(files, ServiceReports(database, files, time)),
        views=ViewServicer(database),
        sla_report=SlaReportServicer(database, time),
        utility_events=UtilityEventServicer(UtilityEvents(database, workflows)),
        workflows=WorkflowServicer(database, workflows),
        clock=time,
        due=DueMoves(database, workflows),
        unchecked=Unchecked(database, others.desk),
        kit=kit_servicers(resources(LineItemRules(workflows), partial(ContentRules, workflows)), database)
        | {str(posts.engine.resource.descriptor.full_name): posts},
    )
