"""Asking for parts and placing the order for them, once each (CP-71, hard case 6)."""

from fieldmesh.shipping.v1 import fulfilment_order_pb2, shipping_service_pb2
from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import RowMapping

from services.chassis.database import Database
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.ids import derive_id
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.errors import OrderHidden
from services.shipping.domain.fulfilment import PartsNotRequested, PartsRequest, RequestState, place
from services.shipping.domain.known_order import KnownOrder
from services.shipping.handlers import asking
from services.shipping.handlers.telling import NO_NEWS, case_of, tell
from services.shipping.repository import fulfilment, orders, reference
from services.shipping.schemas import check_place_order
from services.shipping.scope import may_see


class Ordering:
    """Opens requests for parts and places their orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place_order(
        self, caller: Caller, request: shipping_service_pb2.PlaceOrderRequest
    ) -> fulfilment_order_pb2.FulfilmentOrder:
        """Places the order of an acceptance; again, answers the one that was placed.

        Raises InvalidRequest, OrderHidden and PartsNotRequested.
        """
        check_place_order(request)

        def work(transaction: Transaction) -> fulfilment_order_pb2.FulfilmentOrder:
            order = lock_visible(transaction, caller, request.work_order_id)
            wanted = fulfilment.find_request(transaction.connection, order.id, request.acceptance_version)
            if wanted is None or wanted.state is RequestState.CANCELLED:
                raise PartsNotRequested(order.id)
            return wire.fulfilment_order_message(self.place(transaction, order, wanted))

        def authorize(transaction: Transaction) -> None:
            lock_visible(transaction, caller, request.work_order_id)

        return run_once(
            self._database,
            caller,
            "PlaceOrder",
            request.request_id,
            request,
            fulfilment_order_pb2.FulfilmentOrder,
            work,
            authorize=authorize,
        )

    def open_request(self, transaction: Transaction, order: KnownOrder, wanted: events_pb2.PartsWanted) -> PartsRequest:
        """Stores what an acceptance asks for, once; places the order at once where the issuer's setting says so."""
        connection, version = transaction.connection, wanted.acceptance_version
        known = fulfilment.find_request(connection, order.id, version)
        if known is None:
            ship_to = asking.ship_to(wanted)
            known = PartsRequest(
                asking.request_id(order.id, version),
                order.id,
                version,
                asking.part_lines(wanted, asking.line_ids(order.id, version)),
                ship_to,
                ship_to.zone(order.site_time_zone),
            )
            fulfilment.add_request(connection, known, order, transaction.now)
        self.place_by_setting(transaction, order, known)
        return known

    def place_by_setting(self, transaction: Transaction, order: KnownOrder, request: PartsRequest) -> None:
        """Places the order at once where the issuer's setting says so."""
        if reference.places_orders_itself(transaction.connection, order.parties.issuer_org):
            self.place(transaction, order, request)

    def place(self, transaction: Transaction, order: KnownOrder, request: PartsRequest) -> RowMapping:
        """Places the order for a request, or finds the one that was placed; the work order is locked by the caller.

        A request that was cancelled has none.
        """
        connection = transaction.connection
        order_id = derive_id("fulfilment-order", request.id)
        if request.state is RequestState.REQUESTED:
            number = fulfilment.next_number(connection)
            after, placed = place(request, order_id, number, order.entitlement_name)
            fulfilment.add_order(connection, placed, after, order, transaction.now)
            tell(transaction, [case_of(connection, order)], {order_id: NO_NEWS})
        return fulfilment.order_row(connection, order_id)


def lock_visible(transaction: Transaction, caller: Caller, work_order_id: str) -> KnownOrder:
    """A work order that the caller may see, locked; raises OrderHidden."""
    order = orders.lock_orders(transaction.connection, [work_order_id]).get(work_order_id)
    if order is None or not may_see(caller, order.parties):
        raise OrderHidden(work_order_id)
    return order
