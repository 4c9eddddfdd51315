"""The mail to a technician who was offboarded: which visits are not theirs any more (CP-94)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import events_pb2 as order_events_pb2

from services.chassis.log import get_logger
from services.notifications import directory
from services.notifications.domain.audience import Audience, Involved, addressees, selectors
from services.notifications.facts import MoveFacts, OrderFacts, actor_words

if TYPE_CHECKING:
    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.technicians.v1 import events_pb2

    from services.chassis.unit_of_work import Transaction
    from services.notifications.handlers import Notices

log = get_logger(__name__)
TEMPLATE: Final = "offboarded"


class Leaving:
    """Tells technicians that they left."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def technician_offboarded(
        self, transaction: Transaction, event: envelope_pb2.Event, told: events_pb2.TechnicianOffboarded
    ) -> None:
        """Queues one mail to the technician, at an address of their own, unless they did it themselves.

        Raises RecipientUnknown.
        """
        involved = Involved(released_technician_ids=(told.person_id,))
        audience = Audience.RELEASED_TECHNICIANS
        people = directory.find(transaction.connection, selectors(audience, involved))
        found = {str(audience): [replace(person, email=told.email or person.email) for person in people]}
        chosen = list(addressees(found, told.actor.subject).values())
        if not chosen:
            log.info("offboarding.reaches_nobody", technician=told.technician_id)
        order = order_events_pb2.WorkOrderSnapshot(parties=types_pb2.Parties(executor_org=told.organization_id))
        numbers = ", ".join(told.work_order_numbers)
        known = OrderFacts(work_order_id="", number=numbers, subject="", state="", executor=told.organization_name)
        move = MoveFacts(actor_words(told.actor.display_name, told.actor.subject), comment=told.reason)
        self._notices.queue(transaction, event, TEMPLATE, chosen, order, move, known)
