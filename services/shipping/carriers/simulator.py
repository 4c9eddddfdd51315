"""A carrier for demonstrations: parcels move along by themselves, one step after the other, never out of order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from services.shipping.domain.fulfilment import Outcome, Phase
from services.shipping.domain.packing import Stated
from services.shipping.domain.parcels import ParcelState, Retirement, Sighting
from services.shipping.domain.tracking import Update
from services.shipping.domain.zones import zone_named
from services.shipping.tables import fulfilment_orders, parcels, tracking_events

CARRIER = "Northway Freight"
AT_ONCE = 3
"""How many parcels move in one look, so that a house full of them moves one by one, as in life."""
DAYS_ON_THE_WAY = timedelta(days=2)
_STEPS = {
    ParcelState.ANNOUNCED: (ParcelState.HANDED_OVER, "Picked up by the carrier"),
    ParcelState.HANDED_OVER: (ParcelState.IN_TRANSIT, "Left the sorting centre"),
    ParcelState.IN_TRANSIT: (ParcelState.OUT_FOR_DELIVERY, "Out for delivery"),
    ParcelState.OUT_FOR_DELIVERY: (ParcelState.DELIVERED, "Delivered, signed for at the dock"),
}


@dataclass(frozen=True, slots=True)
class Simulator:
    """Packs what was ordered, and lets each parcel take its next step once `step` has passed since the one before."""

    step: timedelta

    def messages(self, connection: Connection, now: datetime) -> Sequence[Update]:
        """The next step of the parcels that wait longest, and a label for what was ordered; few at once."""
        moving = [_next(row, now) for row in self._waiting(connection, now)]
        packed = [_label(row, now) for row in self._unpacked(connection, now)]
        return [*moving, *packed][:AT_ONCE]

    def _waiting(self, connection: Connection, now: datetime) -> Sequence[Any]:
        columns, orders = parcels.c, fulfilment_orders.c
        last = func.max(tracking_events.c.receive_time)
        wanted = (
            select(
                columns.carrier,
                columns.tracking_number,
                columns.carrier_sequence,
                columns.state,
                columns.ship_to_zone,
                orders.ship_to_city,
            )
            .join(fulfilment_orders, orders.id == columns.fulfilment_order_id)
            .join(tracking_events, tracking_events.c.parcel_id == columns.id)
            .where(
                columns.state.in_([int(state) for state in _STEPS]),
                columns.retirement == int(Retirement.NONE),
                orders.outcome == int(Outcome.COUNTS),
            )
            .group_by(columns.id, orders.id)
            .having(last <= now - self.step)
            .order_by(last, columns.tracking_number)
            .limit(AT_ONCE)
        )
        return connection.execute(wanted).all()

    def _unpacked(self, connection: Connection, now: datetime) -> Sequence[Any]:
        columns = fulfilment_orders.c
        wanted = (
            select(columns.number, columns.ship_to_zone, columns.lines)
            .where(
                columns.phase == int(Phase.PLACED),
                columns.outcome == int(Outcome.COUNTS),
                columns.create_time <= now - self.step,
                ~select(parcels.c.id)
                .where(parcels.c.fulfilment_order_id == columns.id, parcels.c.retirement != int(Retirement.VOID))
                .exists(),
            )
            .order_by(columns.create_time, columns.number)
            .limit(AT_ONCE)
        )
        return connection.execute(wanted).all()


def _next(row: Row[Any], now: datetime) -> Update:
    state, words = _STEPS[ParcelState(row.state)]
    # On the vehicle it is known to arrive today; whatever was expected before.
    expected = _day(row.ship_to_zone, now) if state is ParcelState.OUT_FOR_DELIVERY else None
    where = row.ship_to_city if state >= ParcelState.OUT_FOR_DELIVERY else ""
    sighting = Sighting(row.carrier_sequence + 1, state, now, expected, description=words, location=where)
    return Update(row.carrier, row.tracking_number, sighting)


def _label(row: Row[Any], now: datetime) -> Update:
    expected = _day(row.ship_to_zone, now + DAYS_ON_THE_WAY)
    sighting = Sighting(1, ParcelState.ANNOUNCED, now, expected, description="Label created")
    contents = tuple(
        Stated(line["id"], quantity=left) for line in row.lines if (left := line["quantity"] - line.get("replaced", 0))
    )
    return Update(CARRIER, f"NWS{row.number}", sighting, order_number=row.number, contents=contents)


def _day(zone: str, at: datetime) -> date:
    return at.astimezone(zone_named(zone)).date()
