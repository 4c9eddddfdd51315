"""Mails of service orders: all that whoever goes there has to know, also where the directory does not know them."""

import pytest
from fieldmesh.workorders.v1 import work_order_pb2
from google.type import date_pb2
from sqlalchemy import select

from services.notifications.tables import messages
from tests.support.notices import moved, snapshot

ASKED = work_order_pb2.UtilityRequest(
    type=work_order_pb2.SERVICE_TYPE_CONNECTION,
    meter="W-77",
    instructions="Behind the stairs",
    materials="Seal",
    requested_date=date_pb2.Date(year=2026, month=12, day=2),
)
OUTSIDE = work_order_pb2.Assignee(name="Max Out", email="max@example.com")
ORDER = snapshot(
    workflow="utility_request", utility=ASKED, issuer_name="City Light", facility_name="Mill Lane 12",
    access_notes="Ring twice", contact_name="Lee Park", contact_phone="512-555-0109",
)  # fmt: skip


@pytest.mark.req("UM-5")
def test_somebody_outside_is_told_everything_and_whoever_went_before_that_it_is_off(people, tell, database):
    order = snapshot(assignee=OUTSIDE)
    order.MergeFrom(ORDER)
    before = work_order_pb2.Assignee(name="Una Gone", email="una@example.com")
    told = moved(
        ("service_order_assigned", ["assignee"]),
        ("service_order_withdrawn", ["former_assignee"]),
        order=order,
        former_assignee=before,
    )

    tell(told)
    tell(told)

    with database.read() as connection:
        rows = connection.execute(select(messages).order_by(messages.c.template)).all()
    assert [(row.recipient_name, row.recipient_email, row.template) for row in rows] == [
        ("Max Out", "max@example.com", "service_order_assigned"),
        ("Una Gone", "una@example.com", "service_order_withdrawn"),
    ]
    facts = {fact["label"]: fact["value"] for fact in rows[0].content["facts"]}
    assert (
        facts
        | {
            "Service": "Connection",
            "Meter": "W-77",
            "Instructions": "Behind the stairs",
            "Materials": "Seal",
            "Access": "Ring twice",
            "Contact": "Lee Park, 512-555-0109",
            "Facility": "Mill Lane 12",
        }
        == facts
    )
    assert {"Requested for", "Appointment", "Site"} <= facts.keys()


@pytest.mark.req("UM-5")
def test_a_technician_of_the_directory_is_told_at_the_address_that_stands_there(people, tell, database):
    order = snapshot(assignee=work_order_pb2.Assignee(person_id="dana", name="Dana Ruiz", email="old@example.com"))
    order.MergeFrom(ORDER)

    tell(moved(("service_order_assigned", ["assignee"]), order=order))

    with database.read() as connection:
        rows = connection.execute(select(messages.c.recipient_id, messages.c.recipient_email)).all()
    assert [row.recipient_id for row in rows] == ["dana"]
    assert rows[0].recipient_email != "old@example.com"
