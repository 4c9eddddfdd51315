"""Puts work orders together: the only module that names concrete classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.chassis.clock import BusinessClock, Clock
from services.chassis.kit import KitServicer, kit_servicers
from services.workorders.creating import Orders
from services.workorders.definitions import load_workflows
from services.workorders.directory import Directory
from services.workorders.feed_servicer import CollaborationServicer, FeedPostServicer
from services.workorders.file_servicer import FileServicer
from services.workorders.files import Files
from services.workorders.line_item_rules import LineItemRules
from services.workorders.progress import Progress
from services.workorders.queries import Queries
from services.workorders.resources import resources
from services.workorders.servicer import WorkOrderServicer
from services.workorders.transitions import Transitions
from services.workorders.view_servicer import ViewServicer

if TYPE_CHECKING:
    from services.chassis.blobs import BlobStore
    from services.chassis.database import Database
    from services.workorders.assigning import AssignmentDesk

NAME = "workorders"


@dataclass(frozen=True)
class Workorders:
    """The object graph of the service."""

    database: Database
    files: Files
    progress: Progress
    directory: Directory
    work_orders: WorkOrderServicer
    collaboration: CollaborationServicer
    file_contents: FileServicer
    views: ViewServicer
    kit: dict[str, KitServicer]


def assemble(database: Database, blobs: BlobStore, desk: AssignmentDesk, clock: Clock | None = None) -> Workorders:
    """The service over a database, without anything that listens."""
    time = clock or BusinessClock()
    workflows = load_workflows()
    files = Files(database, blobs)
    posts = FeedPostServicer(database)
    return Workorders(
        database=database,
        files=files,
        progress=Progress(workflows),
        directory=Directory(),
        work_orders=WorkOrderServicer(
            database,
            Queries(database, workflows, time),
            Orders(database, workflows),
            Transitions(database, workflows, desk, time),
        ),
        collaboration=CollaborationServicer(database),
        file_contents=FileServicer(files),
        views=ViewServicer(database),
        kit=kit_servicers(resources(LineItemRules(workflows)), database)
        | {str(posts.engine.resource.descriptor.full_name): posts},
    )
