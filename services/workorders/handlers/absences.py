"""Technicians who will be absent at an appointment: the order is flagged, and whoever does it is told (PT-10).

An absence moves nothing: somebody decides whether another technician comes, or another time is agreed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from services.chassis.ids import derive_id
from services.chassis.log import get_logger
from services.workorders import repository
from services.workorders.domain.computations import ABSENT_FLAG
from services.workorders.domain.definition import Category, Notice
from services.workorders.domain.schedule_flags import absent_words
from services.workorders.domain.work_order import OrderFlag
from services.workorders.handlers import collaboration, moved
from services.workorders.handlers.departing import author_of
from services.workorders.handlers.directory import TECHNICIANS, drop_flag, has_technician, person_of, raise_flag
from services.workorders.tables import work_orders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.technicians.v1 import events_pb2

    from services.chassis.unit_of_work import Transaction

log = get_logger(__name__)
ABSENT: Final = "technician_absent"
_NOTICES: Final = (Notice(ABSENT, ("executor_organization",)),)


def absence_changed(
    transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.TechnicianAbsenceChanged
) -> None:
    """Flag the orders under way at whose appointment the technician is absent now, and clear those where not any more.

    Orders that have somebody else by now stay as they are. Told twice, it changes nothing more.
    """
    person_id = person_of(transaction, payload.technician_id)
    flag = OrderFlag(ABSENT_FLAG, absent_words(payload.technician_name), person_id=person_id)
    for order_id in _still(transaction, payload.technician_id, payload.absent_work_order_ids):
        _tell(transaction, event, payload, order_id, flag)
    for order_id in _still(transaction, payload.technician_id, payload.free_work_order_ids):
        drop_flag(transaction, order_id, ABSENT_FLAG, person_id)


def _still(transaction: Transaction, technician_id: str, order_ids: Iterable[str]) -> list[str]:
    """Those of the orders that are under way and have the technician."""
    columns = work_orders.c
    rows = select(columns.id).where(
        columns.id.in_(list(order_ids)),
        has_technician(technician_id),
        columns.category.in_([Category.OPEN, Category.HELD]),
    )
    return list(transaction.execute(rows.order_by(columns.id)).scalars())


def _tell(
    transaction: Transaction,
    event: envelope_pb2.Event,
    payload: events_pb2.TechnicianAbsenceChanged,
    order_id: str,
    flag: OrderFlag,
) -> None:
    if not raise_flag(transaction, order_id, flag):
        return
    author = author_of(payload.actor)
    post_id = derive_id("post", order_id, ABSENT, event.id or payload.absence_id)
    collaboration.write_post(transaction, author, order_id, flag.message, [], post_id=post_id)
    stored = repository.load(transaction.connection, TECHNICIANS, order_id, lock=True)
    moved.announce(
        transaction,
        stored,
        ABSENT,
        from_state=stored.order.state,
        effects=(ABSENT,),
        notices=_NOTICES,
        reason_label=f"{payload.technician_name} is absent",
    )
    log.info("work_order.technician_absent", work_order=stored.order.number)
