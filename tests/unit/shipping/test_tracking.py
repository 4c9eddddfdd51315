"""A batch of carriers' messages, in memory."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.shipping.domain.fulfilment import FulfilmentOrder, Phase
from services.shipping.domain.known_order import Parties
from services.shipping.domain.parcels import ParcelState, Sighting
from services.shipping.domain.ship_to import ShipTo
from services.shipping.domain.tracking import Batch, TrackedOrder, Update

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def order(number: str) -> TrackedOrder:
    placed = FulfilmentOrder(f"f{number}", number, "", f"r{number}", f"w{number}", 1, (), ShipTo(), "UTC")
    return TrackedOrder(placed, Parties(), {})


def says(tracking: str, state: ParcelState, sequence: int = 1, *, number: str = "", **more) -> Update:
    return Update("UPS", tracking, Sighting(sequence, state, NOON, description=f"{state.name}"), number, **more)


def batch(*orders: TrackedOrder) -> Batch:
    return Batch(orders, "/".join, NOON)


def test_a_parcel_is_announced_and_moves_within_one_batch() -> None:
    one = order("1")

    results = batch(one).take([says("A", ParcelState.ANNOUNCED, 1, number="1"), says("A", ParcelState.DELIVERED, 2)])

    assert [each.parcel_id for each in results] == ["UPS/A", "UPS/A"]
    assert one.order.phase is Phase.DELIVERED
    assert (one.is_told, one.reason) == (True, "DELIVERED")
    assert one.announced == {("UPS", "A")}
    assert one.pickups == {"UPS": date(2026, 3, 3)}


@pytest.mark.req("B-9")
def test_a_delivery_cannot_be_told_before_it_happens() -> None:
    one = order("1")
    foretold = Sighting(1, ParcelState.DELIVERED, NOON, delivery_date=date(2026, 3, 5))
    further_east = Sighting(2, ParcelState.DELIVERED, NOON, delivery_date=date(2026, 3, 4))

    results = batch(one).take([Update("UPS", "A", each, "1") for each in (foretold, further_east)])

    assert [each.refused for each in results] == [True, False]
    assert results[0].message == "Its delivery date 2026-03-05 is after the day on which it happened."


def test_announcing_a_parcel_opens_the_order() -> None:
    one = order("1")

    (result,) = batch(one).take([says("A", ParcelState.ANNOUNCED, number="1")])

    assert (result.applied, result.message) == (True, "")
    assert (one.order.phase, one.is_told) == (Phase.OPENED, True)


def test_times_that_cannot_be_meant_are_refused_and_change_nothing() -> None:
    one = order("1")
    ahead = Sighting(1, ParcelState.DELIVERED, NOON + timedelta(days=2))
    long_ago = Sighting(2, ParcelState.IN_TRANSIT, NOON, expected=date(2020, 1, 1))
    a_clock_ahead = Sighting(3, ParcelState.IN_TRANSIT, NOON + timedelta(hours=20), expected=date(2026, 3, 9))

    results = batch(one).take([Update("UPS", "A", each, "1") for each in (ahead, long_ago, a_clock_ahead)])

    assert [each.refused for each in results] == [True, True, False]
    assert results[0].message == "It happened at 2026-03-05 12:00 UTC, which is in the future."
    assert "expected date 2020-01-01" in results[1].message
    assert one.order.expected == date(2026, 3, 9)


def test_a_refused_message_stops_no_other() -> None:
    one, two = order("1"), order("2")
    taking = batch(one, two)

    results = taking.take(
        [
            says("A", ParcelState.ANNOUNCED),
            says("A", ParcelState.HANDED_OVER, number="1"),
            says("A", ParcelState.DELIVERED, 2, number="2"),
            says("B", ParcelState.HANDED_OVER, number="9"),
            says("B", ParcelState.HANDED_OVER, number="2"),
        ]
    )

    assert [each.message for each in results if each.refused] == [
        "There is no parcel UPS A; name its fulfilment order to announce it.",
        "That parcel belongs to another fulfilment order.",
        "There is no fulfilment order 9.",
    ]
    assert [each.order.phase for each in taking.orders] == [Phase.SHIPPED, Phase.SHIPPED]


def test_a_batch_that_says_nothing_new_tells_nobody() -> None:
    one = order("1")
    batch(one).take([says("A", ParcelState.IN_TRANSIT, number="1")])

    batch(one).take([says("A", ParcelState.IN_TRANSIT)])

    assert (one.is_saved, one.is_told) == (True, False)
