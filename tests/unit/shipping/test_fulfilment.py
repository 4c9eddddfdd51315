"""Fulfilment orders: numbered once, never going back, waiting for the last required parcel."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shipping.domain.fulfilment import (
    FulfilmentOrder,
    PartLine,
    PartsRequest,
    Phase,
    RequestState,
    place,
    progress,
    required_deliveries,
)
from services.shipping.domain.parcels import Parcel, ParcelState
from services.shipping.domain.ship_to import ShipTo

LINES = (PartLine("l1", "li1", "p1", "VT40-HEAD", "Head", 1),)
REQUEST = PartsRequest("r1", "w1", 1, LINES, ShipTo(), "UTC")
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def order(**changes: object) -> FulfilmentOrder:
    values = {"id": "f1", "number": "00287387", "order_class": "", "parts_request_id": "r1"}
    values |= {
        "work_order_id": "w1",
        "acceptance_version": 1,
        "lines": LINES,
        "ship_to": ShipTo(),
        "ship_to_zone": "UTC",
    }
    return FulfilmentOrder(**{**values, **changes})


def parcel(name: str, state: ParcelState, expected: int = 0, *, required: bool = True) -> Parcel:
    delivered = state is ParcelState.DELIVERED
    return Parcel(
        name,
        "UPS",
        name,
        required,
        "UTC",
        state,
        date(2026, 3, expected) if expected else None,
        NOON.date() if delivered else None,
        NOON if delivered else None,
    )


@pytest.mark.req("CP-17")
@pytest.mark.req("CP-47")
@pytest.mark.req("CP-25")
def test_placing_numbers_the_order_and_marks_the_request() -> None:
    request, placed = place(REQUEST, "f1", 287387, "Repair SLA Assure")

    assert (placed.number, placed.order_class) == ("00287387", "Assure Fulfillment Sales Order")
    assert placed.phase is Phase.PLACED
    assert (request.state, request.fulfilment_order_id) == (RequestState.PLACED, "f1")


@pytest.mark.req("CP-26")
def test_an_announced_parcel_opens_the_order() -> None:
    assert progress(order(), [parcel("a", ParcelState.ANNOUNCED)]).order.phase is Phase.OPENED


@pytest.mark.req("CP-26")
@pytest.mark.req("CP-27")
def test_every_required_parcel_is_handed_over_before_the_order_is_shipped() -> None:
    one = progress(order(), [parcel("a", ParcelState.IN_TRANSIT), parcel("b", ParcelState.ANNOUNCED)]).order
    both = progress(one, [parcel("a", ParcelState.IN_TRANSIT), parcel("b", ParcelState.HANDED_OVER)]).order

    assert (one.phase, both.phase) == (Phase.OPENED, Phase.SHIPPED)


def test_one_of_three_delivered_parcels_delivers_nothing() -> None:
    parcels = [parcel("a", ParcelState.DELIVERED, 3), parcel("b", ParcelState.IN_TRANSIT, 9)]

    partly = progress(order(), parcels, required_parcels=3)

    assert partly.order.phase is Phase.OPENED
    assert partly.order.expected is None
    assert [each.counted for each in required_deliveries(partly.order, parcels)] == [
        date(2026, 3, 3),
        date(2026, 3, 9),
        None,
    ]


def test_the_last_required_parcel_delivers_the_order() -> None:
    parcels = [parcel("a", ParcelState.DELIVERED, 3), parcel("b", ParcelState.DELIVERED, 2)]
    optional = parcel("c", ParcelState.IN_TRANSIT, 20, required=False)

    done = progress(order(phase=Phase.SHIPPED), [*parcels, optional])

    assert done.order.phase is Phase.DELIVERED
    assert done.order.expected == date(2026, 3, 3)
    assert done.phase_changed


def test_an_order_never_goes_back() -> None:
    delivered = order(phase=Phase.DELIVERED)

    assert progress(delivered, [parcel("late", ParcelState.ANNOUNCED)]).order.phase is Phase.DELIVERED


def test_a_new_expected_date_is_told_though_the_phase_stays() -> None:
    before = progress(order(), [parcel("a", ParcelState.IN_TRANSIT, 3)]).order

    after = progress(before, [parcel("a", ParcelState.IN_TRANSIT, 5)])

    assert (after.phase_changed, after.expected_changed, after.order.version) == (False, True, before.version + 1)


def test_nothing_new_gives_no_new_version() -> None:
    before = progress(order(), [parcel("a", ParcelState.IN_TRANSIT, 3)]).order

    again = progress(before, [parcel("a", ParcelState.OUT_FOR_DELIVERY, 3)])

    assert not again.changed
    assert again.order.version == before.version


def test_an_order_without_parcels_waits_for_one() -> None:
    assert [each.counted for each in required_deliveries(order(), [])] == [None]


@given(st.lists(st.lists(st.tuples(st.sampled_from(list(ParcelState)[1:]), st.booleans()), max_size=4), max_size=6))
def test_phases_only_grow_whatever_is_reported(reports) -> None:
    current = order()
    for report in reports:
        parcels = [parcel(str(index), state, 3, required=need) for index, (state, need) in enumerate(report)]
        after = progress(current, parcels).order
        assert after.phase >= current.phase
        assert after.version >= current.version
        current = after
