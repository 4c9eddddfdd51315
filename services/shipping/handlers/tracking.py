"""What carriers say: taken row by row in any order, summed up for each fulfilment order (hard cases 1 and 2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from fieldmesh.shipping.v1 import shipping_service_pb2

from services.chassis.database import Database
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.fulfilment import FulfilmentOrder, progress
from services.shipping.domain.known_order import Fulfilment, KnownOrder, Parties
from services.shipping.domain.parcels import Parcel, see
from services.shipping.domain.zones import zone_named
from services.shipping.handlers.ordering import AGGREGATE
from services.shipping.handlers.targets import Targets
from services.shipping.repository import fulfilment, orders, parcels
from services.shipping.repository.parcels import TrackingEvent
from services.shipping.schemas import TrackingUpdate, tracking_updates

Result = shipping_service_pb2.TrackingResult


@dataclass(slots=True)
class _Open:
    """A fulfilment order while a batch is taken."""

    order: FulfilmentOrder
    parcels: dict[str, Parcel]
    required_parcels: int = 0
    reason: str = ""
    touched: bool = False
    pickups: dict[str, date] = field(default_factory=dict)


@dataclass(slots=True)
class _Batch:
    """What a batch of messages is about, locked and in memory."""

    known: dict[str, KnownOrder]
    open: dict[str, _Open]
    by_number: dict[str, str]
    by_parcel: dict[str, str]
    results: list[Result] = field(default_factory=list)


class Tracking:
    """Takes carriers' messages."""

    def __init__(self, database: Database, targets: Targets) -> None:
        self._database = database
        self._targets = targets

    def ingest_tracking(
        self, caller: Caller, request: shipping_service_pb2.IngestTrackingRequest
    ) -> shipping_service_pb2.IngestTrackingResponse:
        """Takes messages row by row; a refused row never stops the others. Raises InvalidRequest for malformed ones."""
        updates = tracking_updates(request)
        return run_once(
            self._database,
            caller,
            "IngestTracking",
            request.request_id,
            request,
            shipping_service_pb2.IngestTrackingResponse,
            lambda transaction: shipping_service_pb2.IngestTrackingResponse(results=self.take(transaction, updates)),
        )

    def take(self, transaction: Transaction, updates: Sequence[TrackingUpdate]) -> list[Result]:
        """Takes messages inside an open unit of work; answers one result each, in order."""
        batch = _gather(transaction, updates)
        for update in updates:
            batch.results.append(_take_one(transaction, batch, update))
        touched = [each for each in batch.open.values() if each.touched]
        for each in touched:
            _sum_up(transaction, each)
        for work_order_id in dict.fromkeys(each.order.work_order_id for each in touched):
            of_order = [each for each in batch.open.values() if each.order.work_order_id == work_order_id]
            fulfilments = [Fulfilment(each.order, tuple(each.parcels.values())) for each in of_order]
            self._targets.refresh(transaction, batch.known[work_order_id], fulfilments)
        return batch.results


def _gather(transaction: Transaction, updates: Sequence[TrackingUpdate]) -> _Batch:
    connection = transaction.connection
    numbers = fulfilment.work_orders_of_numbers(connection, (each.order_number for each in updates))
    tracked = parcels.work_orders_of(connection, ((each.carrier, each.tracking_number) for each in updates))
    known = orders.lock_orders(connection, [*numbers.values(), *tracked.values()])
    found = parcels.fulfilments_of(connection, known)
    every = [each for of_order in found.values() for each in of_order]
    return _Batch(
        known,
        {each.order.id: _Open(each.order, {parcel.id: parcel for parcel in each.parcels}) for each in every},
        {each.order.number: each.order.id for each in every},
        {parcel.id: each.order.id for each in every for parcel in each.parcels},
    )


def _take_one(transaction: Transaction, batch: _Batch, update: TrackingUpdate) -> Result:
    parcel_id = parcels.parcel_id_of((update.carrier, update.tracking_number))
    named = batch.by_number.get(update.order_number) if update.order_number else None
    order_id = batch.by_parcel.get(parcel_id) or named
    if order_id is None:
        return Result(refused=True, message=_unknown(update))
    if update.order_number and named != order_id:
        return Result(refused=True, message="That parcel belongs to another fulfilment order.")
    one = batch.open[order_id]
    parties = batch.known[one.order.work_order_id].parties
    if parcel_id not in one.parcels:
        one.parcels[parcel_id] = _announce(transaction, one, update, parties)
        batch.by_parcel[parcel_id] = order_id
    one.touched = one.touched or update.required_parcels > one.order.required_parcels
    one.required_parcels = max(one.required_parcels, update.required_parcels)
    why_not = _record(transaction, one, parcel_id, update, parties)
    return Result(parcel_id=parcel_id, applied=not why_not, message=why_not)


def _announce(transaction: Transaction, one: _Open, update: TrackingUpdate, parties: Parties) -> Parcel:
    parcel_id = parcels.parcel_id_of((update.carrier, update.tracking_number))
    parcel = Parcel(parcel_id, update.carrier, update.tracking_number, update.required, one.order.ship_to_zone)
    parcels.add_parcel(transaction.connection, parcel, one.order, parties, transaction.now)
    one.touched = True
    return parcel


def _record(transaction: Transaction, one: _Open, parcel_id: str, update: TrackingUpdate, parties: Parties) -> str:
    """Appends a message and moves its parcel; answers why it changed nothing, empty where it did."""
    before, connection = one.parcels[parcel_id], transaction.connection
    seen = see(before, update.sighting)
    if seen.is_new:
        event = TrackingEvent(one.order.work_order_id, update.sighting, applied=not seen.why_not)
        parcels.add_sighting(connection, before, event, parties, transaction.now)
        parcels.save_parcel(connection, seen.parcel)
        one.parcels[parcel_id] = seen.parcel
    if seen.why_not:
        return seen.why_not
    one.touched = True
    one.reason = update.sighting.description or one.reason
    if seen.parcel.handed_over and not before.handed_over:
        day = update.sighting.occurred.astimezone(zone_named(before.ship_to_zone)).date()
        one.pickups.setdefault(update.carrier, day)
    return ""


def _unknown(update: TrackingUpdate) -> str:
    if update.order_number:
        return f"There is no fulfilment order {update.order_number}."
    parcel = f"{update.carrier} {update.tracking_number}"
    return f"There is no parcel {parcel}; name its fulfilment order to announce it."


def _sum_up(transaction: Transaction, one: _Open) -> None:
    """Writes how far an order is, and tells others where that changed."""
    for carrier, day in one.pickups.items():
        fulfilment.set_pickup_date(transaction.connection, one.order.id, carrier, day)
    after = progress(one.order, list(one.parcels.values()), one.required_parcels)
    if after.order == one.order:
        return
    one.order = after.order
    fulfilment.save_order_progress(transaction.connection, after.order)
    if not after.changed:
        return
    row = fulfilment.order_row(transaction.connection, after.order.id)
    packed = [wire.parcel_message(each) for each in parcels.rows_of(transaction.connection, after.order.id)]
    event = wire.progressed_event(
        row, packed, transaction.now, expected_changed=after.expected_changed, reason=one.reason
    )
    transaction.publish(event, AGGREGATE, after.order.id, after.order.version)
