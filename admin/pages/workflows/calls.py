"""What the pages of workflows ask the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import workflow_pb2, workflow_pb2_grpc
from markupsafe import Markup

from admin.grpcfab.context import mesh

if TYPE_CHECKING:
    from collections.abc import Sequence

DRAFT = workflow_pb2.WORKFLOW_VERSION_STATE_DRAFT
PUBLISHED = workflow_pb2.WORKFLOW_VERSION_STATE_PUBLISHED
STATES = {DRAFT: ("Draft", "warning"), PUBLISHED: ("Published", "success")}
RETIRED_WORDS = ("Retired", "")


def workflows() -> Any:
    """The service that keeps the versions."""
    return mesh().stub(workflow_pb2_grpc.WorkflowServiceStub)


def described(one: str) -> workflow_pb2.DescribeWorkflowResponse:
    """A version with everything in it. Raises NotFound."""
    named = workflow_pb2.WorkflowReference(id=one)
    found: workflow_pb2.DescribeWorkflowResponse = workflows().DescribeWorkflow(
        workflow_pb2.DescribeWorkflowRequest(version=named)
    )
    return found


def drawn(named: workflow_pb2.WorkflowReference) -> workflow_pb2.DrawWorkflowResponse:
    """The diagram of a version, or of an order's with its path. Raises NotFound."""
    found: workflow_pb2.DrawWorkflowResponse = workflows().DrawWorkflow(workflow_pb2.DrawWorkflowRequest(version=named))
    return found


def picture(svg: str) -> Markup:
    """A diagram for a page; the service draws it, and escapes every word in it."""
    return Markup(svg)  # noqa: S704 - from our own service, not from anybody's input


def faults_of(text: str) -> Sequence[workflow_pb2.WorkflowFault]:
    """Every fault of a text."""
    return list(workflows().ValidateWorkflow(workflow_pb2.ValidateWorkflowRequest(text=text)).faults)


def badge_of(version: workflow_pb2.WorkflowVersion) -> tuple[str, str]:
    """The state of a version in words, and the tone of its badge."""
    return STATES.get(version.state, RETIRED_WORDS)
