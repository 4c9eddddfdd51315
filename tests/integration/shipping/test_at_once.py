"""Several at once: a double click, carriers that interleave (hard cases 1 and 6)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from tests.integration.shipping.conftest import Desk, carrier_says

AT_ONCE = 6


@pytest.mark.req("CP-71")
def test_many_clicks_at_once_place_one_order(desk: Desk) -> None:
    desk.accept()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        placed = list(pool.map(lambda click: desk.place(request_id=f"click-{click}"), range(AT_ONCE)))

    assert {each.number for each in placed} == {"00287387"}
    assert len(desk.told("FulfilmentProgressed")) == 1


def test_orders_placed_at_once_have_numbers_of_their_own(desk: Desk) -> None:
    orders = [f"w{number}" for number in range(AT_ONCE)]
    for order in orders:
        desk.accept(order)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        numbers = [each.number for each in pool.map(lambda order: desk.place(order=order), orders)]

    assert sorted(numbers) == [f"{287387 + place:08d}" for place in range(AT_ONCE)]


def test_interleaved_batches_about_the_same_parcels_end_as_if_told_in_order(desk: Desk) -> None:
    orders = [f"w{number}" for number in range(AT_ONCE)]
    for order in orders:
        desk.accept(order)
    numbers = [desk.place(order=order).number for order in orders]
    for place, number in enumerate(numbers):
        desk.track(carrier_says(1, 1, tracking=f"T{place}", order=number))

    def batch(sequence: int) -> None:
        places = list(range(AT_ONCE))
        if sequence % 2:
            places.reverse()
        state = 5 if sequence == 9 else 3
        desk.track(
            *(carrier_says(sequence, state, tracking=f"T{place}", expected=date(2026, 3, sequence)) for place in places)
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(batch, [9, 4, 7, 2, 8, 3, 6, 5]))

    parcels = desk.list("Parcel")
    assert {(each.state, each.expected_delivery_date.day, each.carrier_sequence) for each in parcels} == {(5, 9, 9)}
    assert {each.phase for each in desk.list("FulfilmentOrder")} == {4}
    for order in orders:
        told = [each.target.version for each in desk.told("SlaTargetChanged") if each.target.work_order_id == order]
        assert told == sorted(set(told))
        assert desk.target(order).due_date.day == 10
