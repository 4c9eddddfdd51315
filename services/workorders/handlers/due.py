"""Transitions that fire by themselves on a day at the site, such as the end of a hold (CP-78)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from services.chassis.errors import NotFound
from services.chassis.identity import service_caller
from services.chassis.log import get_logger
from services.workorders import repository
from services.workorders.domain import paths
from services.workorders.domain.appointments import FURTHEST_AHEAD, day_at
from services.workorders.domain.errors import WorkOrderError
from services.workorders.domain.situation import Inputs
from services.workorders.handlers import moving
from services.workorders.handlers.moving import Move
from services.workorders.tables import work_orders

if TYPE_CHECKING:
    from datetime import date, datetime

    from services.chassis.database import Database
    from services.workorders.definitions import Workflows
    from services.workorders.domain.definition import Definition, Transition
    from services.workorders.repository import Stored

log = get_logger(__name__)
ITSELF = service_caller("workorders")
BATCH = 200


class DueMoves:
    """Looks for orders whose day has come; several replicas may look at once, each order moves once."""

    def __init__(self, database: Database, workflows: Workflows) -> None:
        self._database = database
        self._workflows = workflows

    def run_due(self, now: datetime) -> int:
        """Fire what is due at `now`, order by order in a unit of work each; gives how many moved."""
        moved = 0
        for path in sorted({move.due_on for workflow in self._workflows.all() for move in _timed(workflow.definition)}):
            for order_id in self._candidates(path, (now + FURTHEST_AHEAD).date()):
                moved += self._fire(order_id, path, now)
        return moved

    def _candidates(self, path: str, latest: date) -> list[str]:
        column = work_orders.c[path.replace(".", "_")]
        with self._database.read() as connection:
            found = connection.execute(
                select(work_orders.c.id).where(column <= latest).order_by(column, work_orders.c.id).limit(BATCH)
            )
            return list(found.scalars())

    def _fire(self, order_id: str, path: str, now: datetime) -> bool:
        with self._database.begin(actor=ITSELF, now=now) as transaction:
            try:
                stored = repository.load(transaction.connection, ITSELF, order_id, lock=True)
            except NotFound:
                return False
            workflow = self._workflows.of(stored.order.workflow, stored.order.workflow_version)
            due = next((move for move in workflow.definition.by_state[stored.order.state] if move.due_on == path), None)
            if due is None or not _has_come(stored, due, now):
                return False
            try:
                moving.commit(transaction, ITSELF, workflow, stored, Move(due.name, Inputs()))
            except WorkOrderError as refusal:
                log.warning("due.refused", work_order=stored.order.number, transition=due.name, reason=str(refusal))
                return False
        log.info("due.moved", work_order=stored.order.number, transition=due.name)
        return True


def _timed(definition: Definition) -> list[Transition]:
    return [move for move in definition.transitions.values() if move.due_on]


def _has_come(stored: Stored, move: Transition, now: datetime) -> bool:
    day = paths.read(stored.order, move.due_on)
    return day is not None and day <= day_at(stored.order, now)  # type: ignore[operator]
