"""Addresses that the beginning of a street suggests (CP-51)."""

from __future__ import annotations

import pytest

from services.chassis.errors import NotFound
from tests.integration.workorders.conftest import PARTNER, STRANGER, acceptance

pytestmark = pytest.mark.req("CP-51")


def suggested(desk, order, street, caller=PARTNER):
    answer = desk.orders("SuggestAddresses", caller, work_order_id=order.id, street=street)
    return [(each.label, each.address.street, each.address.city) for each in answer.suggestions]


def test_earlier_addresses_come_the_latest_first_and_each_once(desk):
    for street in ("12 Elm St", "80 Elm St", "12 Elm St"):
        desk.fire(desk.allocated(), "accept", PARTNER, **acceptance(street=street))
        desk.clock.set(desk.clock.now().replace(minute=desk.clock.now().minute + 1))
    order = desk.allocated()

    assert suggested(desk, order, "elm") == [
        ("Bluefern Dispatch", "12 Elm St", "Waco"),
        ("Bluefern Dispatch", "80 Elm St", "Waco"),
    ]
    assert suggested(desk, order, "80 e") == [("Bluefern Dispatch", "80 Elm St", "Waco")]


def test_the_site_is_suggested_with_everything_that_the_form_asks_for(desk):
    order = desk.allocated()

    answer = desk.orders("SuggestAddresses", PARTNER, work_order_id=order.id, street="QUAY")

    address = answer.suggestions[0].address
    assert answer.suggestions[0].label == "The site"
    assert (address.street, address.city, address.state) == ("9 Quay", "Waco", "TX")
    assert (address.postal_code, address.country) == ("76701", "US")


def test_one_letter_a_wildcard_and_an_unknown_street_suggest_nothing(desk):
    desk.accepted()
    order = desk.allocated()

    for street in ("", "9", "%%", "__", "Nowhere"):
        assert suggested(desk, order, street) == []


def test_nobody_is_told_of_another_organisations_addresses(desk):
    order = desk.accepted()

    with pytest.raises(NotFound):
        suggested(desk, order, "elm", STRANGER)
