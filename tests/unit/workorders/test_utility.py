"""Service orders: who goes, and what a meter read must be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.workorders.domain.outcome import Outcome
from services.workorders.domain.utility import MeterUnit, ServiceType, read_in_words, subject_of
from tests.support.service_orders import (
    IDLE,
    LAST,
    NOW,
    OFFICE,
    PARTNER,
    READ,
    TECHNICIAN,
    VISIT,
    assigned,
    fire,
    order,
)


def faults(result) -> dict[str, str]:
    return {each.field: each.description for each in result.error.violations}


@pytest.mark.req("UM-9")
@pytest.mark.parametrize(
    ("given", "blamed"),
    [
        ({}, {"utility.meter_read"}),
        ({"utility.meter_read": 120.0}, {"utility.read_unit"}),
        ({**READ, "utility.meter_read": 99.0}, {"utility.lower_read_reason"}),
        ({**READ, "utility.read_time": NOW + timedelta(minutes=1)}, {"utility.read_time"}),
    ],
)
def test_a_read_is_needed_with_a_unit_not_of_the_future_and_not_less_than_before(given, blamed):
    assert set(faults(fire(order(), "complete", OFFICE, given))) == blamed


@pytest.mark.req("UM-9")
@pytest.mark.parametrize(
    ("given", "last"),
    [
        (READ, LAST),
        ({**READ, "utility.meter_read": 100.0}, LAST),
        ({**READ, "utility.meter_read": 3.0, "utility.lower_read_reason": "New meter"}, LAST),
        ({**READ, "utility.meter_read": 3.0, "utility.read_unit": MeterUnit.CUBIC_METRES}, LAST),
        ({**READ, "utility.meter_read": 0.0}, {}),
    ],
)
def test_a_read_is_kept_with_its_moment_and_the_one_before(given, last):
    done = fire(order(), "complete", OFFICE, given, last=last)

    assert isinstance(done, Outcome)
    assert done.order.utility.read_time == NOW
    same = last and given["utility.read_unit"] is LAST["unit"]
    assert done.order.utility.earlier_read == (100.0 if same else None)


@pytest.mark.req("UM-2")
def test_an_investigation_may_end_without_a_read():
    done = fire(order(kind=ServiceType.METER_INVESTIGATION), "complete", OFFICE, {"utility.remark": "Meter is gone"})

    assert (done.to_state, done.order.utility.read_time) == ("completed", None)


@pytest.mark.req("UM-5")
def test_whoever_goes_is_of_the_directory_or_given_whole():
    typed = {**VISIT, "assignee.name": "Max Out", "assignee.email": "max@example.com"}

    outside = fire(order(), "schedule", OFFICE, typed).order.assignee
    chosen = fire(order(), "schedule", OFFICE, typed, assignee_id=IDLE.subject).order.assignee
    moved = fire(assigned(), "schedule", OFFICE, VISIT).order.assignee
    given_away = fire(assigned(), "schedule", OFFICE, typed).order.assignee

    assert (outside.person_id, outside.name) == ("", "Max Out")
    assert (chosen.person_id, chosen.name) == (IDLE.subject, "Idle")
    assert moved.person_id == TECHNICIAN.subject
    assert (given_away.person_id, given_away.email) == ("", "max@example.com")
    assert set(faults(fire(order(), "schedule", OFFICE, VISIT))) == {"inputs.assignee_id"}
    assert set(faults(fire(order(), "schedule", OFFICE, {**VISIT, "assignee.name": "Max"}))) == {"assignee.email"}
    assert set(faults(fire(order(), "schedule", OFFICE, VISIT, assignee_id="person-nobody"))) == {"inputs.assignee_id"}


@pytest.mark.req("UM-11")
def test_a_declined_order_forgets_the_provider_and_its_reference():
    sent = fire(
        order(), "send_to_provider", OFFICE, {"utility.provider_reference": "U-1"}, provider_org=PARTNER.organization_id
    )

    declined = fire(sent.order, "decline", PARTNER, comment="No crew").order

    assert sent.order.utility.provider_reference == "U-1"
    assert (declined.executor_org, declined.executor_name, declined.utility.provider_reference) == ("", "", "")


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(1234.5, MeterUnit.GALLONS, "1,234.5 gal"), (0.0, MeterUnit.CUBIC_METRES, "0 m³"), (None, MeterUnit.GALLONS, "")],
)
def test_a_read_in_words(value, unit, words):
    assert read_in_words(value, unit) == words


def test_a_subject_follows_from_what_the_order_is_for():
    assert subject_of(ServiceType.SPECIAL_READ, "W-7", "Mill Lane") == "Special read, meter W-7, Mill Lane"
    assert subject_of(ServiceType.CONNECTION, "", "") == "Connection"
