"""What carriers say: taken row by row in any order, summed up for each fulfilment order (hard cases 1 and 2)."""

from collections import defaultdict
from collections.abc import Sequence

from fieldmesh.shipping.v1 import shipping_service_pb2

from services.chassis.database import Database
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.known_order import Fulfilment, KnownOrder
from services.shipping.domain.tracking import Batch, Taken, TrackedOrder, Update
from services.shipping.handlers.returning import Returning
from services.shipping.handlers.targets import Targets
from services.shipping.handlers.telling import Case, News, tell
from services.shipping.repository import fulfilment, orders, parcels, shipments
from services.shipping.schemas import tracking_updates

Results = shipping_service_pb2.IngestTrackingResponse


class Tracking:
    """Takes carriers' messages."""

    def __init__(self, database: Database, targets: Targets, returning: Returning) -> None:
        self._database = database
        self._targets = targets
        self._returning = returning

    def ingest_tracking(self, caller: Caller, request: shipping_service_pb2.IngestTrackingRequest) -> Results:
        """Takes messages row by row; a refused row never stops the others. Raises InvalidRequest for malformed ones."""
        updates = tracking_updates(request)
        return run_once(
            self._database,
            caller,
            "IngestTracking",
            request.request_id,
            request,
            Results,
            lambda transaction: wire.tracking_results(self.take(transaction, updates)),
        )

    def take(self, transaction: Transaction, updates: Sequence[Update]) -> list[Taken]:
        """Takes messages inside an open unit of work; answers one result each, in order."""
        connection = transaction.connection
        numbers = fulfilment.work_orders_of_numbers(connection, (each.order_number for each in updates))
        tracked = parcels.work_orders_of(connection, (each.tracking for each in updates))
        known = orders.lock_orders(connection, [*numbers.values(), *tracked.values()])
        batch = _gather(transaction, known)
        results = batch.take(updates)
        _save(transaction, batch)
        cases = _cases(batch, known)
        news = {each.order.id: News(each.expected_changed, each.reason) for each in batch.orders if each.is_told}
        tell(transaction, cases, news)
        self._returning.old_parts(transaction, cases)
        self._targets.refresh(transaction, cases)
        return results


def _gather(transaction: Transaction, known: dict[str, KnownOrder]) -> Batch:
    """The fulfilment orders of work orders, with their parcels, in memory."""
    found = parcels.fulfilments_of(transaction.connection, known)
    return Batch(
        (
            TrackedOrder(
                each.order,
                known[each.order.work_order_id].parties,
                {(parcel.carrier, parcel.tracking_number): parcel for parcel in each.parcels},
            )
            for of_order in found.values()
            for each in of_order
        ),
        parcels.parcel_id_of,
        transaction.now,
    )


def _save(transaction: Transaction, batch: Batch) -> None:
    connection, now = transaction.connection, transaction.now
    parcels.add_parcels(connection, batch.orders, now)
    parcels.save_parcels(connection, batch.orders)
    parcels.add_events(connection, batch.orders, now)
    for one in batch.orders:
        for carrier, day in one.pickups.items():
            shipments.set_pickup_date(connection, one.order.id, carrier, day)
    fulfilment.save_progress(connection, [one.order for one in batch.orders if not one.is_saved])


def _cases(batch: Batch, known: dict[str, KnownOrder]) -> list[Case]:
    """The work orders that the batch is about, each with all its fulfilment orders."""
    found: defaultdict[str, list[Fulfilment]] = defaultdict(list)
    for one in batch.orders:
        found[one.order.work_order_id].append(Fulfilment(one.order, tuple(one.parcels.values())))
    return [(order, found[order.id]) for order in known.values()]
