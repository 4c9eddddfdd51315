"""Trying a definition on what really happened: the recorded moves of every order of its workflow (B-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import workflow_pb2
from sqlalchemy import func, select

from services.chassis.errors import InvalidRequest, Violation
from services.workorders.definitions.examining import examine
from services.workorders.domain.permissions import SYSTEM
from services.workorders.domain.replay import FindingKind, replay
from services.workorders.domain.values import Actor
from services.workorders.handlers.describing import rows_of, stored
from services.workorders.handlers.versions import check_text, faulty
from services.workorders.repository import items_of
from services.workorders.rows import order_of
from services.workorders.tables import organizations, people, work_orders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.workorders.definitions import Workflows
    from services.workorders.domain.definition import Definition
    from services.workorders.domain.replay import Finding, Replayed

BATCH = 50
_KINDS = list(FindingKind)
_SERVICE = "service:"


class Simulations:
    """Replays order by order; nothing is stored, and nobody is kept waiting by it."""

    def __init__(self, database: Database, workflows: Workflows) -> None:
        self._database = database
        self._workflows = workflows

    def simulate(
        self, caller: Caller, request: workflow_pb2.SimulateWorkflowRequest
    ) -> Iterator[workflow_pb2.SimulateWorkflowResponse]:
        """One answer an order, by id. Raises NotFound, InvalidRequest with every fault of the definition."""
        draft = self._draft(caller, request)
        wanted = [work_orders.c.workflow == draft.name]
        if request.from_version:
            wanted.append(work_orders.c.workflow_version == request.from_version)
        known = {
            each.definition.version: each.definition
            for each in self._workflows.all()
            if each.definition.name == draft.name
        }
        yield from self._replayed(request, draft, known, wanted)

    def _draft(self, caller: Caller, request: workflow_pb2.SimulateWorkflowRequest) -> Definition:
        which = request.WhichOneof("what")
        if which is None:
            raise InvalidRequest("Name a version or give a text.", violations=[Violation("what", "is required")])
        check_text(request.text)
        text = request.text
        if which == "id":
            with self._database.read() as connection:
                text = stored(connection, caller, request.id)["text"]
        examined = examine(text)
        if examined.definition is None:
            raise faulty(examined.faults)
        return examined.definition

    def _replayed(
        self,
        request: workflow_pb2.SimulateWorkflowRequest,
        draft: Definition,
        known: Mapping[int, Definition],
        wanted: list[ColumnElement[bool]],
    ) -> Iterator[workflow_pb2.SimulateWorkflowResponse]:
        after, done = request.after, 0
        with self._database.read() as connection:
            total = counted(connection, wanted)
            done = counted(connection, [*wanted, work_orders.c.id <= after]) if after else 0
        left = request.limit or total
        while left > 0:
            with self._database.read() as connection:
                rows = following(connection, wanted, after, min(BATCH, left))
                results = [(row, _replay(connection, row, draft, known)) for row in rows]
            for row, result in results:
                done += 1
                yield _answer(row, result, done, max(total, done))
            if not rows:
                return
            after, left = rows[-1]["id"], left - len(rows)


def counted(connection: Connection, wanted: Collection[ColumnElement[bool]]) -> int:
    """How many orders fulfil all conditions."""
    return int(connection.execute(select(func.count()).select_from(work_orders).where(*wanted)).scalar_one())


def following(
    connection: Connection, wanted: Collection[ColumnElement[bool]], after: str, most: int
) -> list[dict[str, Any]]:
    """The next orders by id that fulfil all conditions."""
    asked = select(work_orders).where(*wanted, work_orders.c.id > after).order_by(work_orders.c.id).limit(most)
    return [dict(row) for row in connection.execute(asked).mappings()]


def _replay(
    connection: Connection, row: Mapping[str, Any], draft: Definition, known: Mapping[int, Definition]
) -> Replayed:
    order = order_of(row, items_of(connection, row["id"]))
    rows = rows_of(connection, order.id)
    return replay(order, rows, known, _actors(connection, {each.actor_subject for each in rows}), draft)


def _actors(connection: Connection, subjects: Collection[str]) -> dict[str, Actor]:
    """The people and services behind a history, as the directory knows them now."""
    services = {subject for subject in subjects if subject.startswith(_SERVICE)}
    found = {each: Actor(each, each.removeprefix(_SERVICE), frozenset({SYSTEM})) for each in services}
    asked = (
        select(people, organizations.c.kind)
        .outerjoin(organizations, organizations.c.id == people.c.organization_id)
        .where(people.c.id.in_(subjects))
    )
    for row in connection.execute(asked).mappings():
        found[row["id"]] = Actor(
            row["id"],
            row["name"],
            frozenset(row["roles"]),
            row["organization_id"],
            row["kind"] or "",
            row["technician_id"],
        )
    return found


def _answer(row: Mapping[str, Any], result: Replayed, done: int, total: int) -> workflow_pb2.SimulateWorkflowResponse:
    return workflow_pb2.SimulateWorkflowResponse(
        done=done,
        total=total,
        work_order_id=row["id"],
        work_order_number=row["number"],
        moves=result.moves,
        findings=[_finding(each) for each in result.findings],
    )


def _finding(found: Finding) -> workflow_pb2.SimulationFinding:
    return workflow_pb2.SimulationFinding(
        kind=_KINDS.index(found.kind) + 1,  # type: ignore[arg-type]
        transition=found.transition,
        message=found.message,
        suggestion=found.suggestion,
        sequence=found.sequence,
        refuses=found.refuses,
    )
