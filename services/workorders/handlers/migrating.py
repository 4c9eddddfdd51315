"""Moving open orders to another version of their workflow: previewed, row by row, safe to run again (hard case 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import workflow_pb2
from sqlalchemy import delete, select

from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.history import Entry
from services.workorders.domain.migration import Migrated, Stays, migrate
from services.workorders.domain.route import MIGRATE
from services.workorders.domain.versions import check_target
from services.workorders.handlers import moved
from services.workorders.handlers.describing import stored
from services.workorders.handlers.simulating import counted, following
from services.workorders.handlers.versions import version_of
from services.workorders.tables import drafts, work_orders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.workflow import Workflow
    from services.workorders.repository import Stored

BATCH = 50
Answer = workflow_pb2.MigrateWorkOrdersResponse


class Migrations:
    """Looks at the orders of other versions; each that fits is moved in a unit of work of its own."""

    def __init__(self, database: Database, workflows: Workflows) -> None:
        self._database = database
        self._workflows = workflows

    def run(self, caller: Caller, request: workflow_pb2.MigrateWorkOrdersRequest) -> Iterator[Answer]:
        """One answer an order, by id; with `preview`, what would happen, and nothing is changed.

        Raises NotFound, VersionNotPublished for the target, InvalidRequest for states that it does not have.
        """
        target = self._target(caller, request)
        wanted = [
            work_orders.c.workflow == target.definition.name,
            work_orders.c.workflow_version != target.definition.version,
        ]
        if request.from_version:
            wanted.append(work_orders.c.workflow_version == request.from_version)
        yield from self._results(caller, request, target, wanted)

    def _target(self, caller: Caller, request: workflow_pb2.MigrateWorkOrdersRequest) -> Workflow:
        with self._database.read() as connection:
            version = version_of(stored(connection, caller, request.to_id))
        check_target(version)
        target = self._workflows.of(version.workflow, version.number)
        unknown = sorted(set(request.states.values()) - target.definition.states.keys())
        if unknown:
            text = f"Version {version.number} has no state {', '.join(unknown)}."
            raise InvalidRequest(text, violations=[Violation("states", text)])
        return target

    def _results(
        self,
        caller: Caller,
        request: workflow_pb2.MigrateWorkOrdersRequest,
        target: Workflow,
        wanted: list[ColumnElement[bool]],
    ) -> Iterator[Answer]:
        after = request.after
        with self._database.read() as connection:
            total = counted(connection, wanted)
        done, left = 0, request.limit or total
        while left > 0:
            with self._database.read() as connection:
                rows = following(connection, wanted, after, min(BATCH, left))
            for row in rows:
                done += 1
                answer = self._one(caller, row["id"], target, request)
                answer.done, answer.total = done, max(total, done)
                yield answer
            if not rows:
                return
            after, left = rows[-1]["id"], left - len(rows)

    def _one(
        self, caller: Caller, order_id: str, target: Workflow, request: workflow_pb2.MigrateWorkOrdersRequest
    ) -> Answer:
        renamed = dict(request.states)
        try:
            if request.preview:
                with self._database.read() as connection:
                    return self._judged(repository.load(connection, caller, order_id), target, renamed)[1]
            with self._database.begin(actor=caller) as transaction:
                return self._moved(transaction, caller, order_id, target, renamed)
        except NotFound:
            # It was deleted since the list was read.
            return Answer(work_order_id=order_id, outcome=workflow_pb2.MIGRATION_OUTCOME_UNTOUCHED)

    def _moved(
        self, transaction: Transaction, caller: Caller, order_id: str, target: Workflow, renamed: Mapping[str, str]
    ) -> Answer:
        locked = repository.load(transaction.connection, caller, order_id, lock=True)
        result, answer = self._judged(locked, target, renamed)
        if isinstance(result, Stays):
            return answer
        entry = Entry(order_id, actor_of(caller), transaction.now, MIGRATE)
        order, _ = repository.record(transaction, result.order, entry, result.changes, history_labels())
        saved = repository.save(transaction, target, locked, order)
        _forget_drafts(transaction, order_id, target)
        moved.announce(transaction, saved, MIGRATE, from_state=locked.order.state, before=locked.order)
        return answer

    def _judged(self, before: Stored, target: Workflow, renamed: Mapping[str, str]) -> tuple[Migrated | Stays, Answer]:
        order = before.order
        source = self._workflows.of(order.workflow, order.workflow_version)
        answer = Answer(
            work_order_id=order.id,
            work_order_number=order.number,
            from_state_label=source.state(order.state).label,
            from_version=order.workflow_version,
        )
        if order.workflow_version == target.definition.version:
            # Another run was there first, between the list and the lock.
            answer.outcome = workflow_pb2.MIGRATION_OUTCOME_UNTOUCHED
            return Stays(), answer
        result = migrate(order, source.definition, target.definition, renamed)
        if isinstance(result, Migrated):
            answer.outcome = workflow_pb2.MIGRATION_OUTCOME_MOVED
            answer.to_state_label = target.state(result.order.state).label
        else:
            answer.outcome = (
                workflow_pb2.MIGRATION_OUTCOME_UNTOUCHED if result.ended else workflow_pb2.MIGRATION_OUTCOME_REFUSED
            )
            answer.reasons.extend(result.reasons)
        return result, answer


def _forget_drafts(transaction: Transaction, order_id: str, target: Workflow) -> None:
    """Drop drafts of forms that the new version asks for otherwise; what fits is kept."""
    for row in _drafts(transaction.connection, order_id):
        if not set(row["field_values"]) <= target.definition.input_paths.get(row["transition"], frozenset()):
            transaction.execute(
                delete(drafts).where(drafts.c.work_order_id == order_id, drafts.c.transition == row["transition"])
            )


def _drafts(connection: Connection, order_id: str) -> list[Mapping[str, Any]]:
    found = connection.execute(select(drafts).where(drafts.c.work_order_id == order_id)).mappings()
    return [dict(row) for row in found]
