"""Mails about returns of parts: that they are wanted, and until when (CP-69, CP-83)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from fieldmesh.common.v1 import types_pb2
from fieldmesh.shipping.v1 import events_pb2, rma_pb2
from fieldmesh.ui.v1 import options_pb2
from fieldmesh.workorders.v1 import events_pb2 as order_events_pb2

from services.chassis.log import get_logger
from services.notifications import directory, facts, wording
from services.notifications.domain.audience import Audience, addressees, selectors
from services.notifications.facts import MoveFacts, OrderFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2

    from services.chassis.unit_of_work import Transaction
    from services.notifications.domain.people import Person
    from services.notifications.handlers import Notices

log = get_logger(__name__)
WORKING, ISSUING = Audience.EXECUTOR_ORGANIZATION, Audience.ISSUER_DISPATCHERS


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail, and whom it goes to."""

    template: str
    audiences: tuple[Audience, ...]


NOTICES: Mapping[int, Notice] = {
    events_pb2.RMA_NEWS_RAISED: Notice("return_raised", (WORKING,)),
    events_pb2.RMA_NEWS_LABEL_SENT: Notice("return_label_sent", (WORKING,)),
    events_pb2.RMA_NEWS_DUE_SOON: Notice("return_due_soon", (WORKING,)),
    events_pb2.RMA_NEWS_OVERDUE: Notice("return_overdue", (WORKING, ISSUING)),
    events_pb2.RMA_NEWS_CANCELLED: Notice("return_cancelled", (WORKING,)),
}
"""What is told by mail; the rest is seen on the work order."""
OFFERED: Final = Notice("return_offered", (ISSUING, WORKING))
"""A return that the partner raised: the vendor's side has to know, and to send a label where it pays one."""


class ReturnNotices:
    """Turns events of shipping about returns into queued messages."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def rma_changed(self, transaction: Transaction, event: envelope_pb2.Event, changed: events_pb2.RmaChanged) -> None:
        """Queues the mail that news of a return calls for, once an event. Raises RecipientUnknown."""
        notice, rma = NOTICES.get(changed.news), changed.rma
        if changed.news == events_pb2.RMA_NEWS_RAISED and _by_executor(event.actor, rma):
            notice = OFFERED
        # What a carrier brings back is nobody's task.
        if notice is None or rma.cause == rma_pb2.RMA_CAUSE_READDRESSED:
            return
        order = order_events_pb2.WorkOrderSnapshot(
            work_order_id=rma.work_order_id, number=rma.work_order_number, parties=rma.parties
        )
        involved = facts.involved(order)
        found: dict[str, list[Person]] = {
            audience: directory.find(transaction.connection, selectors(audience, involved))
            for audience in notice.audiences
        }
        if not any(found.values()):
            log.warning("notice.reaches_nobody", template=notice.template, work_order=rma.work_order_number)
        chosen = addressees(found, event.actor.subject).values()
        move = MoveFacts(_actor(event.actor), reason=rma.reason, comment=rma.remark)
        self._notices.queue(transaction, event, notice.template, chosen, order, move, return_facts(rma))


def return_facts(rma: rma_pb2.Rma) -> OrderFacts:
    """The words of a return, with those of its work order that shipping knows."""
    state = rma_pb2.RmaState.DESCRIPTOR.values_by_number[rma.state].GetOptions().Extensions[options_pb2.value].label
    due = rma.due_date
    return OrderFacts(
        work_order_id=rma.work_order_id,
        number=rma.work_order_number,
        subject="",
        state=state,
        return_number=rma.number,
        return_parts="; ".join(
            wording.one_line(f"{line.quantity} × {line.part_number} {line.part_name}") for line in rma.lines
        ),
        return_due=wording.day(date(due.year, due.month, due.day)) if due.year else "",
        return_label=" ".join(filter(None, (rma.label.carrier, rma.label.tracking_number))),
    )


def _by_executor(actor: types_pb2.Actor, rma: rma_pb2.Rma) -> bool:
    mine = actor.organization_id
    return bool(mine) and mine == rma.parties.executor_org and mine != rma.parties.issuer_org


def _actor(actor: types_pb2.Actor) -> str:
    return "Fieldmesh" if actor.subject.startswith("service:") or not actor.display_name else actor.display_name
