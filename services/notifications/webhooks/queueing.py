"""What a move of an order leads to: a delivery for each endpoint of its parties that asked for such events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notifications.domain.delivery import BACKDATED_AFTER, is_backdated
from services.notifications.domain.webhooks import kind_for
from services.notifications.webhooks import store
from services.notifications.webhooks.body import moved_body
from services.notifications.webhooks.store import NewDelivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.workorders.v1 import events_pb2

    from services.chassis.clock import Clock
    from services.chassis.unit_of_work import Transaction


class Webhooks:
    """Turns events into queued deliveries; `wake` is called after the commit that queued one."""

    def __init__(
        self, clock: Clock, wake: Callable[[], object], *, backdated_after: timedelta = BACKDATED_AFTER
    ) -> None:
        """Takes the system's clock: due times are the machine's business, not the business's."""
        self._clock = clock
        self._wake = wake
        self._backdated_after = backdated_after

    def work_order_moved(
        self, transaction: Transaction, event: envelope_pb2.Event, moved: events_pb2.WorkOrderMoved
    ) -> None:
        """Queues a delivery for each endpoint; none for what happened so long ago that nobody acts on it any more."""
        now = self._clock.now()
        if is_backdated(event.occur_time.ToDatetime(now.tzinfo), now, self._backdated_after):
            return
        order = moved.work_order
        parties = {order.parties.issuer_org, order.parties.executor_org, order.parties.facility_org} - {""}
        for endpoint in store.active_endpoints(transaction.connection, sorted(parties)):
            kind = kind_for(endpoint.event_types, moved.effects)
            if not kind:
                continue
            new = NewDelivery(
                endpoint_id=endpoint.id,
                organization_id=endpoint.organization_id,
                event_id=event.id,
                event_type=kind,
                body=moved_body(kind, event, moved, endpoint.organization_id),
                request_id=event.request_id,
                work_order_id=order.work_order_id,
                work_order_number=order.number,
                sequence=event.sequence,
            )
            store.queue(transaction, new, now)
            transaction.after_commit(self._wake)
