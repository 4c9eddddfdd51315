"""Contacts of organisations, kept by their own office, on both databases (R-1)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from services.chassis.errors import InvalidRequest, NotFound, StaleEtag
from services.chassis.tables import OWN
from tests.integration.technicians.conftest import CLI, House

pytestmark = pytest.mark.req("R-1")
GIVEN = {
    "contact_name": "Megan Ortiz",
    "office_email": "office@bluefern.example.com",
    "phone": "+1 312 555 0101",
    "address": {"street": "2 Oak Rd", "city": "Chicago", "state": "IL", "postal_code": "60601", "country": "US"},
}


def update(house: House, caller: Any = None, **more: Any) -> Any:
    etag = house.call("GetOrganization", id=house.bluefern.id).etag
    return house.call("UpdateOrganizationContacts", caller or house.partner, **{**GIVEN, "etag": etag, **more})


def test_an_office_changes_how_its_own_organisation_is_reached_and_nothing_else(house: House) -> None:
    before = house.call("GetOrganization", id=house.bluefern.id)

    after = update(house)

    assert (after.contact_name, after.office_email, after.phone) == (
        "Megan Ortiz",
        GIVEN["office_email"],
        GIVEN["phone"],
    )
    assert after.address.street == "2 Oak Rd"
    assert (after.name, list(after.domains), after.free_miles) == (before.name, list(before.domains), before.free_miles)
    assert house.events("Organization")[-1].organization.office_email == GIVEN["office_email"]
    assert update(house, contact_name="").contact_name == ""


def test_the_change_is_recorded_with_who_made_it(house: House) -> None:
    update(house)

    with house.database.read() as connection:
        rows = (
            connection.execute(
                select(OWN.audit).where(OWN.audit.c.resource_id == house.bluefern.id).order_by(OWN.audit.c.id)
            )
            .mappings()
            .all()
        )
    assert rows[-1]["actor_subject"] == "person-partner"


def test_another_organisation_is_not_there(house: House) -> None:
    for caller in (house.partner2, house.caller("x", None, "partner")):
        with pytest.raises(NotFound):
            update(house, caller, organization_id=house.bluefern.id)
    assert update(house, CLI, organization_id=house.bluefern.id).contact_name == "Megan Ortiz"


def test_wrong_contacts_are_named_and_stale_ones_refused(house: House) -> None:
    with pytest.raises(InvalidRequest) as refused:
        update(house, office_email="nobody", contact_name="x" * 200)
    with pytest.raises(StaleEtag):
        update(house, etag="0" * 16)

    assert {each.field for each in refused.value.violations} == {"office_email", "contact_name"}
