"""Assignments that a dispatcher made while technicians did not answer: checked when it does (domain.md).

The assignment is committed on the order and flagged. A few times a minute this service asks technicians again. What
is found takes nobody off the order, for people may be on their way: it is flagged, posted and mailed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from services.chassis.errors import NotFound, Unavailable
from services.chassis.identity import service_caller
from services.chassis.ids import derive_id
from services.chassis.log import get_logger
from services.workorders import repository
from services.workorders.domain.crew import FOUND_LATER, crew_of, flags_without
from services.workorders.domain.definition import Category, Notice
from services.workorders.domain.situation import Inputs
from services.workorders.domain.work_order import OrderFlag
from services.workorders.handlers import assigning, collaboration, moved
from services.workorders.handlers.copying import copy
from services.workorders.json_values import records
from services.workorders.tables import unchecked_assignments, work_orders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.work_order import SiteTechnician, WorkOrder

log = get_logger(__name__)
ITSELF: Final = service_caller("workorders")
CHECKED: Final = "assignment_checked"
QUESTIONED: Final = (Notice("assignment_questioned", ("issuer_dispatchers",)),)
BATCH: Final = 100


def keep(transaction: Transaction, caller: Caller, order: WorkOrder, inputs: Inputs) -> None:
    """Remember that an assignment was not checked, in the unit of work that commits it."""
    columns = unchecked_assignments.c
    same = (columns.work_order_id == order.id) & (columns.person_id == inputs.person_id)
    transaction.execute(delete(unchecked_assignments).where(same))
    transaction.execute(
        insert(unchecked_assignments).values(
            work_order_id=order.id,
            person_id=inputs.person_id,
            reason_code=inputs.reason_code,
            reason_text=inputs.comment,
            assign_time=transaction.now,
        )
    )
    log.info("assignment.unchecked", work_order=order.number, by=caller.subject)


class Unchecked:
    """Looks at assignments that nobody checked; several replicas may look at once, each is settled once."""

    def __init__(self, database: Database, desk: assigning.AssignmentDesk) -> None:
        self._database = database
        self._desk = desk

    def run_due(self, now: datetime) -> int:
        """Check what waits and give how many were settled; where technicians does not answer, all wait on."""
        settled = 0
        for row in self._waiting():
            try:
                settled += self._settle(row, now)
            except Unavailable:
                log.info("assignment.check_postponed", work_order=row.work_order_id)
                return settled
        return settled

    def _waiting(self) -> Sequence[Row[Any]]:
        columns = unchecked_assignments.c
        oldest = select(unchecked_assignments).order_by(columns.assign_time, columns.work_order_id, columns.person_id)
        with self._database.read() as connection:
            return connection.execute(oldest.limit(BATCH)).all()

    def _settle(self, row: Row[Any], now: datetime) -> bool:
        with self._database.read() as connection:
            order = _order_of(connection, row)
            candidate = assigning.candidate_of(connection, order, row.person_id) if order else None
        found: tuple[str, ...] = ()
        assignment_id = ""
        if candidate is not None:
            found, assignment_id = assigning.check_committed(self._desk, candidate, row)
        with self._database.begin(actor=ITSELF, now=now) as transaction:
            return self._write(transaction, row, found, assignment_id)

    def _write(self, transaction: Transaction, row: Row[Any], found: tuple[str, ...], assignment_id: str) -> bool:
        # The order first, as everywhere: whoever assigns anew meanwhile holds it, and leaves a row of their own.
        transaction.execute(select(work_orders.c.id).where(work_orders.c.id == row.work_order_id).with_for_update())
        columns = unchecked_assignments.c
        same = (columns.work_order_id == row.work_order_id) & (columns.person_id == row.person_id)
        gone = delete(unchecked_assignments).where(same, columns.assign_time == row.assign_time)
        if not transaction.execute(gone).rowcount:
            return False
        order = _order_of(transaction.connection, row)
        present = next((each for each in crew_of(order) if each.person_id == row.person_id), None) if order else None
        if order is None or present is None:
            return False
        flags = flags_without(order, {row.person_id})
        if found:
            text = f"{present.name} was assigned unchecked. Technicians found since: {' '.join(found)}"
            flags = (*flags, OrderFlag(FOUND_LATER, text, person_id=row.person_id))
        after = replace(order, flags=flags)
        copy(transaction, ITSELF, order, after, ("flags",), {"flags": records(flags)})
        _tell(transaction, order, present, found, assignment_id)
        log.info("assignment.checked", work_order=order.number, found=len(found))
        return True


def _order_of(connection: Any, row: Row[Any]) -> WorkOrder | None:
    """The order while work on it is under way and the technician is on it; None otherwise."""
    try:
        order = repository.load(connection, ITSELF, row.work_order_id)
    except NotFound:
        return None
    at_work = order.row["category"] in {Category.OPEN, Category.HELD}
    on_it = any(each.person_id == row.person_id for each in crew_of(order.order))
    return order.order if at_work and on_it else None


def _tell(
    transaction: Transaction, order: WorkOrder, present: SiteTechnician, found: tuple[str, ...], assignment_id: str
) -> None:
    """Post what was found, and tell others: technicians confirms the reservation, dispatchers get a mail."""
    words = " ".join(found)
    if found:
        body = f"{present.name} was assigned while technicians did not answer. The check found: {words}"
        post_id = derive_id("post", order.id, CHECKED, assignment_id or present.person_id)
        collaboration.write_post(transaction, ITSELF, order.id, body, [], post_id=post_id)
    moved.announce(
        transaction,
        repository.load(transaction.connection, ITSELF, order.id),
        CHECKED,
        from_state=order.state,
        effects=(CHECKED,),
        notices=QUESTIONED if found else (),
        inputs=Inputs(person_id=present.person_id, comment=words),
        reason_label=present.name,
        assignment_id=assignment_id,
    )
