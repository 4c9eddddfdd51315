"""Reading versions of workflows: what is in one, whether a text is one, and how either is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import workflow_pb2
from sqlalchemy import select

from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, Violation
from services.workorders.definitions.examining import examine
from services.workorders.domain.diagram import diagram
from services.workorders.domain.route import path_of
from services.workorders.domain.wording import who_in_words
from services.workorders.drawing import svg_of
from services.workorders.handlers.versions import check_text, faulty
from services.workorders.presenting_versions import (
    fault_messages,
    orders_by_state,
    path_messages,
    state_messages,
    transition_message,
)
from services.workorders.registry import latest_version, next_version
from services.workorders.repository import history_row
from services.workorders.scope import visible_order
from services.workorders.tables import history
from services.workorders.tables.workflows import DRAFT, workflow_versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.kit import ResourceEngine
    from services.workorders.domain.definition import Definition
    from services.workorders.domain.history import HistoryRow


class Descriptions:
    """Answers about versions; drafts are shown to admins only, and an order's version to whoever sees the order."""

    def __init__(self, database: Database, engine: ResourceEngine) -> None:
        self._database = database
        self._engine = engine

    def describe(
        self, caller: Caller, request: workflow_pb2.DescribeWorkflowRequest
    ) -> workflow_pb2.DescribeWorkflowResponse:
        """A version with everything in it. Raises NotFound, and InvalidRequest where none is named."""
        with self._database.read() as connection:
            row = self._row(connection, caller, request.version)
            version = self._engine.get(connection, caller, row["id"])
            draft = row["state"] == DRAFT
            orders = {} if draft else orders_by_state(connection, row["workflow"], row["workflow_version"])
            siblings = self._siblings(connection, caller, row)
        examined = examine(row["text"])
        answer = workflow_pb2.DescribeWorkflowResponse(
            version=version, text=row["text"], faults=fault_messages(examined.faults), siblings=siblings
        )
        definition = examined.definition
        if definition is not None:
            answer.states.extend(state_messages(definition, orders))
            moves = (transition_message(definition, move) for move in definition.transitions.values())
            answer.transitions.extend(moves)
            answer.creators.extend(who_in_words(definition.actors[name]) for name in definition.creators)
        return answer

    def validate(self, request: workflow_pb2.ValidateWorkflowRequest) -> workflow_pb2.ValidateWorkflowResponse:
        """Every fault of a text, at once. InvalidRequest for one that is too long."""
        check_text(request.text)
        examined = examine(request.text)
        with self._database.read() as connection:
            following = next_version(connection, examined.workflow)
        return workflow_pb2.ValidateWorkflowResponse(
            faults=fault_messages(examined.faults),
            workflow=examined.workflow,
            workflow_version=examined.number,
            next_version=following,
        )

    def draw(self, caller: Caller, request: workflow_pb2.DrawWorkflowRequest) -> workflow_pb2.DrawWorkflowResponse:
        """The diagram of a version or text, for an order with its path.

        Raises NotFound, InvalidRequest with every fault of a text, NotAllowed for a text of somebody who is no admin.
        """
        if request.WhichOneof("what") == "text":
            if not caller.is_admin:
                raise NotAllowed("Only admins draw what is not published.", reason="ROLE_NOT_ALLOWED")
            check_text(request.text)
            return _drawn(_sound(request.text), ())
        with self._database.read() as connection:
            row = self._row(connection, caller, request.version)
            rows: tuple[HistoryRow, ...] = ()
            if request.version.WhichOneof("by") == "work_order_id":
                order = visible_order(connection, caller, request.version.work_order_id)
                rows = rows_of(connection, order["id"])
            version = self._engine.get(connection, caller, row["id"])
        answer = _drawn(_sound(row["text"]), rows)
        answer.version.CopyFrom(version)
        return answer

    def _row(self, connection: Connection, caller: Caller, named: workflow_pb2.WorkflowReference) -> Mapping[str, Any]:
        """The row that a reference names; NotFound for a draft, unless for admins."""
        by, columns = named.WhichOneof("by"), workflow_versions.c
        if by == "id":
            return stored(connection, caller, named.id)
        if by == "work_order_id":
            order = visible_order(connection, caller, named.work_order_id)
            name, number = order["workflow"], order["workflow_version"]
        elif by == "workflow":
            name = named.workflow
            number = named.workflow_version or latest_version(connection, name)
        else:
            raise InvalidRequest("Name a version.", violations=[Violation("version", "Name a version.")])
        found = connection.execute(
            select(columns.id).where(
                columns.workflow == name, columns.workflow_version == number, columns.state != DRAFT
            )
        ).scalar_one_or_none()
        if found is None:
            raise NotFound(f"There is no version {number} of the workflow {name}.")
        return stored(connection, caller, found)

    def _siblings(
        self, connection: Connection, caller: Caller, row: Mapping[str, Any]
    ) -> list[workflow_pb2.WorkflowVersion]:
        columns = workflow_versions.c
        family = select(columns.id).where(columns.workflow == row["workflow"], columns.workflow != "")
        ids = connection.execute(
            family.order_by(columns.workflow_version.desc(), columns.create_time.desc()).limit(100)
        )
        found, _ = self._engine.batch_get(connection, caller, list(ids.scalars()))
        return list(found)


def stored(connection: Connection, caller: Caller, row_id: str) -> Mapping[str, Any]:
    """The row of a version with its text; NotFound where it is missing, and for a draft unless for admins."""
    found = connection.execute(select(workflow_versions).where(workflow_versions.c.id == row_id)).mappings().first()
    if found is None or (found["state"] == DRAFT and not caller.is_admin):
        raise NotFound(f"There is no workflow version {row_id} that you may see.")
    return dict(found)


def rows_of(connection: Connection, order_id: str) -> tuple[HistoryRow, ...]:
    """The history of an order, in order."""
    asked = select(history).where(history.c.work_order_id == order_id).order_by(history.c.sequence)
    return tuple(history_row(dict(row)) for row in connection.execute(asked).mappings())


def _sound(text: str) -> Definition:
    examined = examine(text)
    if examined.definition is None:
        raise faulty(examined.faults)
    return examined.definition


def _drawn(definition: Definition, rows: tuple[HistoryRow, ...]) -> workflow_pb2.DrawWorkflowResponse:
    path = path_of(definition, rows)
    return workflow_pb2.DrawWorkflowResponse(
        mermaid=diagram(definition), svg=svg_of(definition, path), path=path_messages(path)
    )
