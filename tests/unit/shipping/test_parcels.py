"""What carriers say, in whatever order it comes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shipping.domain.parcels import Parcel, ParcelState, Sighting, see
from services.shipping.domain.postal_zones import zone_of_postal_code

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW = Parcel("p", "UPS", "1Z", required=True, ship_to_zone="America/New_York")


def seen(parcel: Parcel, *sightings: Sighting) -> Parcel:
    for sighting in sightings:
        parcel = see(parcel, sighting).parcel
    return parcel


def sighting(sequence: int, state: ParcelState = ParcelState.UNKNOWN, expected: int = 0) -> Sighting:
    day = date(2026, 3, expected) if expected else None
    return Sighting(sequence, state, START + timedelta(hours=sequence), day)


sightings = st.lists(
    st.builds(sighting, st.integers(1, 12), st.sampled_from(ParcelState), st.one_of(st.just(0), st.integers(1, 28))),
    unique_by=lambda each: each.sequence,
    max_size=8,
)


@pytest.mark.req("CP-70")
@given(sightings, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(messages, random) -> None:
    shuffled = list(messages)
    random.shuffle(shuffled)

    first, second = seen(NEW, *sorted(messages, key=lambda each: each.sequence)), seen(NEW, *shuffled, *messages)

    assert (first.state, first.expected, first.delivered) == (second.state, second.expected, second.delivered)


@given(sightings, sightings)
def test_no_message_moves_a_parcel_back(messages, later) -> None:
    before = seen(NEW, *messages)

    after = seen(before, *later)

    assert after.state >= before.state


def test_a_delivery_before_the_shipment_stays_delivered() -> None:
    delivered = seen(NEW, sighting(5, ParcelState.DELIVERED))

    late = see(delivered, sighting(2, ParcelState.HANDED_OVER))

    assert late.parcel.is_delivered
    assert (late.is_new, late.why_not) == (True, "A newer message is known.")


def test_a_repeated_message_is_dropped() -> None:
    parcel = seen(NEW, sighting(1, ParcelState.HANDED_OVER))

    assert not see(parcel, sighting(1, ParcelState.HANDED_OVER)).is_new


def test_an_older_expected_date_does_not_replace_a_newer_one() -> None:
    parcel = seen(NEW, sighting(4, expected=9), sighting(3, expected=5))

    assert parcel.expected == date(2026, 3, 9)


def test_the_expected_date_freezes_on_delivery() -> None:
    parcel = seen(NEW, sighting(1, expected=3), sighting(2, ParcelState.DELIVERED), sighting(3, expected=20))

    assert parcel.expected == date(2026, 3, 3)


def test_a_late_message_from_before_the_delivery_still_tells_what_was_expected() -> None:
    parcel = seen(NEW, sighting(2, ParcelState.DELIVERED), sighting(1, expected=3))

    assert (parcel.expected, parcel.state) == (date(2026, 3, 3), ParcelState.DELIVERED)


def test_an_instant_becomes_a_date_at_the_ship_to_address() -> None:
    midnight = Sighting(1, ParcelState.DELIVERED, datetime(2026, 3, 4, 3, tzinfo=UTC))

    assert seen(NEW, midnight).delivered == date(2026, 3, 3)


def test_the_date_that_a_carrier_writes_counts_as_written() -> None:
    written = Sighting(1, ParcelState.DELIVERED, START, delivery_date=date(2026, 3, 2))

    assert seen(NEW, written).delivered == date(2026, 3, 2)


def test_postal_codes_tell_the_zone_of_the_ship_to() -> None:
    assert zone_of_postal_code("US", "43215", "UTC") == "America/New_York"
    assert zone_of_postal_code("US", "85004-1234", "UTC") == "America/Phoenix"
    assert zone_of_postal_code("US", "32501", "UTC") == "America/Chicago"
    assert zone_of_postal_code("CA", "K1A 0B1", "America/Toronto") == "America/Toronto"
    assert zone_of_postal_code("US", "", "America/Denver") == "America/Denver"
