"""The mail to a technician who was offboarded, on both databases."""

from __future__ import annotations

import pytest
from fieldmesh.common.v1 import events_pb2 as envelope_pb2
from fieldmesh.technicians.v1 import events_pb2

from services.notifications.leaving import Leaving
from tests.integration.notifications.conftest import ACTOR, NOW
from tests.integration.notifications.test_notices import queued


def told(database, notices, **more):
    event = envelope_pb2.Event(id="event-1", request_id="request-1")
    event.occur_time.FromDatetime(NOW)
    payload = events_pb2.TechnicianOffboarded(
        technician_id="t-1",
        technician_name="Dana Ruiz",
        person_id="dana",
        organization_id="bluefern",
        organization_name="Bluefern Dispatch",
        reason="Moved away",
        actor={"subject": "riley", "display_name": "Riley Chen"},
        work_order_numbers=["20107925", "20107926"],
        **more,
    )
    with database.begin(actor=ACTOR) as transaction:
        Leaving(notices).technician_offboarded(transaction, event, payload)


@pytest.mark.req("CP-94")
def test_who_was_offboarded_is_told_which_visits_are_not_theirs_any_more(database, people, notices):
    told(database, notices)

    (mail,) = queued(database)
    assert (mail.recipient_id, mail.template) == ("dana", "offboarded")
    assert "20107925, 20107926" in mail.content["subject"]
    assert "Riley Chen ended your membership in Bluefern Dispatch." in mail.content["lead"]
    assert "Moved away" in str(mail.content)


@pytest.mark.req("CP-94")
def test_it_goes_to_their_own_address_whichever_event_comes_first(database, people, notices):
    told(database, notices, email="dana.ruiz@home.example.com")

    (mail,) = queued(database)
    assert mail.recipient_email == "dana.ruiz@home.example.com"
