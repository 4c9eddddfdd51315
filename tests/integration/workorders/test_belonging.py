"""What an order refers to must go together: account, facility, contact, case, territory and stations."""

from __future__ import annotations

import pytest

from services.chassis.errors import InvalidRequest
from services.chassis.ids import new_id
from tests.integration.workorders.conftest import DISPATCHER


@pytest.fixture
def town(desk):
    """Another customer of the same vendor, with a site in another territory."""

    def make(resource: str, part: str, **fields) -> str:
        return desk.kit(resource, f"Create{resource}", DISPATCHER, **{part: fields, "request_id": new_id()}).id

    ids = {"account": make("Account", "account", name="City of Knoxville")}
    ids["territory"] = make("Territory", "territory", name="Tennessee", zone="Zone 3", time_zone="America/New_York")
    place = {"street": "1 Elm", "city": "Knoxville", "state": "TN", "postal_code": "37902", "country": "US"}
    ids["facility"] = make(
        "Facility", "facility", name="Pinecrest Knoxville", account_id=ids["account"], territory_id=ids["territory"],
        time_zone="America/New_York", address=place,
    )  # fmt: skip
    ids["depot"] = make("Facility", "facility", name="Depot", account_id=ids["account"], address=place)
    ids["station"] = make(
        "Station", "station", name="Pine 1", facility_id=ids["facility"], serial_number="P-1", station_model="VT-40"
    )
    ids["contact"] = make("Contact", "contact", name="Rae Holt", account_id=ids["account"])
    ids["case"] = make("Case", "case", subject="Dark", account_id=ids["account"], facility_id=ids["facility"])
    return ids


def wrong(desk, **fields) -> dict[str, str]:
    """What is said of an order at Harbor Glen with some other references, by field."""
    with pytest.raises(InvalidRequest) as caught:
        desk.create(**fields)
    return {each.field: each.description for each in caught.value.violations}


def test_an_orders_references_that_contradict_each_other_are_named_at_their_fields(desk, town):
    found = wrong(
        desk, facility_id=town["facility"], contact_id=town["contact"], case_id=town["case"],
        station_ids=[desk.ids["station"]], line_items=0,
    )  # fmt: skip

    assert found == {
        "facility_id": "Pinecrest Knoxville belongs to City of Knoxville, not to Harbor Glen Apartments.",
        "contact_id": "Rae Holt belongs to City of Knoxville, not to Harbor Glen Apartments.",
        "case_id": found["case_id"],
        "territory_id": "Pinecrest Knoxville lies in Tennessee, not in Texas - Waco.",
        "station_ids": "North 1 stands at Harbor Glen, not at Pinecrest Knoxville.",
    }
    assert found["case_id"].startswith("Case 1")
    assert found["case_id"].endswith(" belongs to City of Knoxville, not to Harbor Glen Apartments.")


def test_a_case_about_one_site_is_not_answered_at_another_of_the_same_account(desk, town):
    found = wrong(
        desk, account_id=town["account"], facility_id=town["depot"], territory_id=town["territory"],
        case_id=town["case"], station_ids=[], line_items=0,
    )  # fmt: skip

    assert list(found) == ["case_id"]
    assert found["case_id"].endswith(" is about Pinecrest Knoxville, not about Depot.")


def test_a_line_items_station_stands_at_the_orders_facility(desk, town):
    found = wrong(
        desk, account_id=town["account"], facility_id=town["facility"], territory_id=town["territory"],
        case_id=town["case"], station_ids=[],
    )  # fmt: skip

    told = "North 1 stands at Harbor Glen, not at Pinecrest Knoxville."
    assert found == {"line_items[0].station_id": told, "line_items[1].station_id": told}


def test_without_a_territory_the_order_takes_that_of_its_facility(desk, town):
    taken = desk.create(territory_id="")
    none = wrong(
        desk, account_id=town["account"], facility_id=town["depot"], territory_id="", case_id="", station_ids=[],
        line_items=0,
    )  # fmt: skip

    assert (taken.territory_id, taken.territory_name) == (desk.ids["territory"], "Texas - Waco")
    assert none == {"territory_id": "Depot lies in no territory: choose one."}


def test_an_order_does_not_leave_its_line_items_behind_at_another_site(desk, town):
    order = desk.create(line_items=1)
    moved = {
        "id": order.id, "etag": order.etag, "account_id": town["account"], "facility_id": town["facility"],
        "territory_id": town["territory"],
    }  # fmt: skip
    paths = ["account_id", "facility_id", "territory_id", "case_id", "contact_id", "station_ids"]

    with pytest.raises(InvalidRequest) as caught:
        desk.orders("UpdateWorkOrder", DISPATCHER, work_order=moved, update_mask={"paths": paths})

    told = "Line item 00000001: North 1 stands at Harbor Glen, not at Pinecrest Knoxville."
    assert [(each.field, each.description) for each in caught.value.violations] == [("facility_id", told)]


def test_what_belongs_to_other_kinds_of_orders_is_refused_by_name(desk):
    order = desk.create()
    meter = {"id": order.id, "etag": order.etag, "utility": {"meter": "MB-1"}}

    with pytest.raises(InvalidRequest) as caught:
        desk.orders("UpdateWorkOrder", DISPATCHER, work_order=meter, update_mask={"paths": ["utility.meter"]})

    assert [(each.field, each.description) for each in caught.value.violations] == [
        ("utility.meter", "stays what it is")
    ]
    assert desk.get(order.id).etag == order.etag
