"""Versions of workflows: drafts, what was published, and what takes no new orders any more (B-2)."""

from __future__ import annotations

from fieldmesh.workorders.v1 import workflow_pb2
from sqlalchemy import Column, Index, Text, text

from services.chassis.kit.table import kit_table
from services.workorders.tables.base import metadata

DRAFT = workflow_pb2.WORKFLOW_VERSION_STATE_DRAFT
PUBLISHED = workflow_pb2.WORKFLOW_VERSION_STATE_PUBLISHED
RETIRED = workflow_pb2.WORKFLOW_VERSION_STATE_RETIRED

workflow_versions = kit_table(
    metadata,
    workflow_pb2.WorkflowVersion,
    "workflow_versions",
    Column("text", Text, nullable=False, server_default=""),
    skip=("open_orders",),
)

# Several people may draft the next version; only one of them publishes it.
_NUMBERED = text(f"state <> {DRAFT}")
Index(
    "uq_workflow_versions_published",
    workflow_versions.c.workflow,
    workflow_versions.c.workflow_version,
    unique=True,
    sqlite_where=_NUMBERED,
    postgresql_where=_NUMBERED,
)
