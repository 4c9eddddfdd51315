"""What others tell: work orders that move, organisations that change. Each event takes effect once, in order."""

from dataclasses import replace
from datetime import UTC, datetime

from fieldmesh.common.v1.events_pb2 import Event
from fieldmesh.technicians.v1.events_pb2 import OrganizationChanged
from fieldmesh.workorders.v1 import events_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.unit_of_work import Transaction
from services.shipping.domain.fulfilment import RequestState
from services.shipping.domain.known_order import KnownOrder, Parties
from services.shipping.domain.order_clock import Category, Move, after_move
from services.shipping.domain.policy import WorkClass
from services.shipping.handlers.amending import RELEASE_PARTS, Amending
from services.shipping.handlers.ordering import Ordering
from services.shipping.handlers.targets import Targets
from services.shipping.handlers.telling import case_of
from services.shipping.repository import fulfilment, orders, reference

# Effects of the workflow definitions that shipping knows.
REQUEST_PARTS = "request_parts"
PLACE_ORDER = "place_order"
STOP_CLOCK = "stop_clock"


class Projections:
    """Handles the events of workorders and technicians."""

    def __init__(self, ordering: Ordering, amending: Amending, targets: Targets) -> None:
        self._ordering = ordering
        self._amending = amending
        self._targets = targets

    def work_order_moved(self, transaction: Transaction, event: Event, moved: events_pb2.WorkOrderMoved) -> None:
        """Keeps what is known of an order, opens and places what its effects ask for, computes its target anew."""
        snapshot = moved.work_order
        connection = transaction.connection
        before = orders.lock_orders(connection, [snapshot.work_order_id]).get(snapshot.work_order_id)
        if before is not None and before.source_version >= event.aggregate_version:
            return
        order = _known(before, event, moved)
        orders.save_order(connection, order, before)
        if RELEASE_PARTS in moved.effects:
            # The clock ended with the parts as they were; what becomes of them measures nothing any more.
            self._targets.refresh(transaction, [case_of(connection, order)])
        if REQUEST_PARTS in moved.effects and moved.HasField("parts"):
            self._ordering.open_request(transaction, order, moved.parts)
        self._amending.follow(transaction, order, event, moved)
        if PLACE_ORDER in moved.effects:
            request = fulfilment.find_request(connection, order.id)
            if request is not None and request.state is RequestState.REQUESTED:
                self._ordering.place(transaction, order, request)
        self._targets.refresh(transaction, [case_of(connection, order)])

    def work_order_deleted(self, transaction: Transaction, event: Event, deleted: events_pb2.WorkOrderDeleted) -> None:
        """Forgets an order that was never allocated."""
        del event
        orders.forget_order(transaction.connection, deleted.work_order_id)

    def organization_changed(self, transaction: Transaction, event: Event, changed: OrganizationChanged) -> None:
        """Keeps an organisation's settings; where its orders place themselves from now on, the open ones are placed."""
        del event
        told = changed.organization
        values = {
            "name": told.name,
            "auto_place_orders": told.auto_place_orders and not changed.deleted,
            "return_days": told.return_days,
        }
        write = reference.ORGANIZATIONS.bury if changed.deleted else reference.ORGANIZATIONS.upsert
        if not write(transaction, told.id, told.version, values) or not values["auto_place_orders"]:
            return
        connection = transaction.connection
        waiting = fulfilment.open_requests_of(connection, told.id)
        known = orders.lock_orders(connection, (order_id for order_id, _ in waiting))
        for order_id, acceptance_version in waiting:
            request = fulfilment.find_request(connection, order_id, acceptance_version)
            if request is not None:
                self._ordering.place(transaction, known[order_id], request)


def _known(before: KnownOrder | None, event: Event, moved: events_pb2.WorkOrderMoved) -> KnownOrder:
    snapshot = moved.work_order
    category = Category(snapshot.category)
    earlier = before or KnownOrder(snapshot.work_order_id, snapshot.number, 0, Parties(), category)
    move = Move(
        _instant(moved.move_time if moved.HasField("move_time") else event.occur_time),
        earlier.category,
        category,
        departed=_instant(snapshot.visit.depart_time) if snapshot.visit.HasField("depart_time") else None,
        stops=STOP_CLOCK in moved.effects,
    )
    return replace(
        earlier,
        number=snapshot.number,
        source_version=event.aggregate_version,
        parties=_parties(earlier.parties, moved),
        category=category,
        entitlement_name=snapshot.entitlement_name,
        policy_code=snapshot.sla_policy_code,
        calendar_name=snapshot.calendar_name,
        site_time_zone=snapshot.site_time_zone or "UTC",
        parts_required=snapshot.parts_required,
        acceptance_version=snapshot.acceptance_version,
        work_classes=tuple(reference.WORK_CLASSES.get(kind, WorkClass.UNKNOWN) for kind in snapshot.work_type_kinds),
        assigned=_instant(snapshot.assigned_time) if snapshot.HasField("assigned_time") else None,
        clock=after_move(earlier.clock, move),
    )


def _parties(before: Parties, moved: events_pb2.WorkOrderMoved) -> Parties:
    told = moved.work_order.parties
    if told.scope_version < before.scope_version:
        return before
    return Parties(
        told.issuer_org, told.executor_org, told.facility_org, tuple(told.technician_ids), told.scope_version
    )


def _instant(stamp: Timestamp) -> datetime:
    found: datetime = stamp.ToDatetime(UTC)
    return found
