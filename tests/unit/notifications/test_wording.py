"""Dates, times and addresses in mails."""

from datetime import UTC, date, datetime

import pytest
from fieldmesh.common.v1 import types_pb2

from services.notifications import wording


@pytest.mark.req("CP-5")
@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        (datetime(2026, 6, 2, 14, 30, tzinfo=UTC), "America/Chicago", "Tue 2 Jun 2026, 09:30 CDT"),
        (datetime(2026, 12, 2, 15, 30, tzinfo=UTC), "America/Chicago", "Wed 2 Dec 2026, 09:30 CST"),
        (datetime(2026, 12, 2, 19, 0, tzinfo=UTC), "America/Phoenix", "Wed 2 Dec 2026, 12:00 MST"),
        (datetime(2026, 12, 2, 7, 5, tzinfo=UTC), "America/Phoenix", "Wed 2 Dec 2026, 00:05 MST"),
        (datetime(2026, 12, 2, 7, 5, tzinfo=UTC), "Nowhere/Else", "Wed 2 Dec 2026, 07:05 UTC"),
        (datetime(2026, 12, 2, 7, 5, tzinfo=UTC), "../../etc/passwd", "Wed 2 Dec 2026, 07:05 UTC"),
        (datetime(2026, 12, 2, 7, 5, tzinfo=UTC), "", "Wed 2 Dec 2026, 07:05 UTC"),
    ],
)
def test_times_carry_the_zone_of_the_date_shown(instant, zone, expected):
    assert wording.instant(instant, zone) == expected


def test_a_date_names_the_place_that_it_is_the_date_of():
    assert wording.day_at(date(2026, 12, 2), "America/Chicago") == "Wed 2 Dec 2026 (America/Chicago)"
    assert wording.day_at(date(2026, 12, 2), "") == "Wed 2 Dec 2026"


def test_an_address_leaves_out_what_is_empty():
    full = types_pb2.Address(street="1 A St", city="Austin", state="TX", postal_code="78701", country="US")

    assert wording.address(full) == "1 A St, Austin, TX 78701"
    assert wording.address(types_pb2.Address(city="Toronto", state="ON", country="CA")) == "Toronto, ON, CA"
    assert wording.address(types_pb2.Address()) == ""


def test_a_long_text_is_cut_at_a_word():
    assert wording.excerpt("one two, three", 12) == "one two…"
    assert wording.excerpt("  short ", 12) == "short"
