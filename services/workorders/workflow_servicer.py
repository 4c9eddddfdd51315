"""WorkflowService: one line a method; nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import workflow_pb2, workflow_pb2_grpc

from services.chassis.identity import current_caller
from services.chassis.kit import ResourceEngine
from services.workorders.handlers.describing import Descriptions
from services.workorders.handlers.migrating import Migrations
from services.workorders.handlers.simulating import Simulations
from services.workorders.handlers.versions import Versions
from services.workorders.resources import WORKFLOW_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc
    from google.protobuf import empty_pb2

    from services.chassis.database import Database
    from services.workorders.definitions import Workflows


class WorkflowServicer(workflow_pb2_grpc.WorkflowServiceServicer):
    """Writing, reading, drawing and trying versions of workflows, and moving orders to one."""

    def __init__(self, database: Database, workflows: Workflows) -> None:
        engine = ResourceEngine(WORKFLOW_VERSION)
        self._versions = Versions(database, engine)
        self._descriptions = Descriptions(database, engine)
        self._simulations = Simulations(database, workflows)
        self._migrations = Migrations(database, workflows)

    def DescribeWorkflow(
        self, request: workflow_pb2.DescribeWorkflowRequest, context: grpc.ServicerContext
    ) -> workflow_pb2.DescribeWorkflowResponse:
        del context
        return self._descriptions.describe(current_caller(), request)

    def DrawWorkflow(
        self, request: workflow_pb2.DrawWorkflowRequest, context: grpc.ServicerContext
    ) -> workflow_pb2.DrawWorkflowResponse:
        del context
        return self._descriptions.draw(current_caller(), request)

    def ValidateWorkflow(
        self, request: workflow_pb2.ValidateWorkflowRequest, context: grpc.ServicerContext
    ) -> workflow_pb2.ValidateWorkflowResponse:
        del context
        return self._descriptions.validate(request)

    def SaveDraft(
        self, request: workflow_pb2.SaveDraftRequest, context: grpc.ServicerContext
    ) -> workflow_pb2.SaveDraftResponse:
        del context
        return self._versions.save(current_caller(), request)

    def DeleteDraft(self, request: workflow_pb2.DeleteDraftRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        del context
        return self._versions.discard(current_caller(), request)

    def PublishWorkflow(
        self, request: workflow_pb2.PublishWorkflowRequest, context: grpc.ServicerContext
    ) -> workflow_pb2.WorkflowVersion:
        del context
        return self._versions.publish(current_caller(), request)

    def RetireWorkflow(
        self, request: workflow_pb2.RetireWorkflowRequest, context: grpc.ServicerContext
    ) -> workflow_pb2.WorkflowVersion:
        del context
        return self._versions.retire(current_caller(), request)

    def SimulateWorkflow(
        self, request: workflow_pb2.SimulateWorkflowRequest, context: grpc.ServicerContext
    ) -> Iterator[workflow_pb2.SimulateWorkflowResponse]:
        del context
        return self._simulations.simulate(current_caller(), request)

    def MigrateWorkOrders(
        self, request: workflow_pb2.MigrateWorkOrdersRequest, context: grpc.ServicerContext
    ) -> Iterator[workflow_pb2.MigrateWorkOrdersResponse]:
        del context
        return self._migrations.run(current_caller(), request)
