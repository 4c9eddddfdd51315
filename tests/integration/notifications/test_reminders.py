"""Mails before certificates expire, on both databases (CP-92)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fieldmesh.common.v1 import events_pb2 as envelope_pb2
from fieldmesh.technicians.v1 import events_pb2
from sqlalchemy import select

from services.notifications.catalog import Catalog
from services.notifications.domain.people import RecipientUnknown
from services.notifications.handlers import MailPolicy
from services.notifications.reminders import Reminders
from services.notifications.tables import messages

from .conftest import ACTOR, NOW


@pytest.fixture
def remind(database, clock):
    reminders = Reminders(
        Catalog.load(), MailPolicy("mail.example.com", "http://127.0.0.1:8080"), clock, wake=lambda: None
    )

    def deliver(told: Any, *, event_id: str = "event-1", at: Any = NOW) -> None:
        event = envelope_pb2.Event(id=event_id, producer="technicians")
        event.occur_time.FromDatetime(at)
        with database.begin(actor=ACTOR, now=NOW) as transaction:
            reminders.credential_expiring(transaction, event, told)

    return deliver


def expiring(**more: Any) -> Any:
    told = events_pb2.CredentialExpiring(
        **{"person_id": "dana", "organization_id": "bluefern", "organization_name": "Bluefern", **more}
    )
    told.threshold_days = 30
    told.credential.id, told.credential.code, told.credential.name = "c-1", "VT40-CM", "VT-40 corrective maintenance"
    told.credential.technician_name, told.credential.days_left = "Dana Moss", 26
    told.credential.expiry_date.year, told.credential.expiry_date.month, told.credential.expiry_date.day = 2026, 12, 17
    return told


def queued(database: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(messages).order_by(messages.c.recipient_email)))


@pytest.mark.req("CP-92")
def test_the_technician_and_the_office_are_told_once(database, people, remind):
    told = expiring(office_email="office@bluefern.example.com")

    remind(told)
    remind(told)

    rows = queued(database)
    assert [(row.recipient_email, row.template) for row in rows] == [
        ("dana@bluefern.example.com", "credential_expiring"),
        ("office@bluefern.example.com", "technician_credential_expiring"),
    ]
    assert rows[0].subject == "Your certificate VT40-CM expires on Thu 17 Dec 2026"
    assert rows[0].content["url"] == "http://127.0.0.1:8080/university/"
    assert "in 26 days" in rows[0].content["lead"][0]
    assert rows[1].subject == "VT40-CM of Dana Moss expires on Thu 17 Dec 2026"
    assert rows[1].parties_executor_org == "bluefern"


@pytest.mark.req("CP-92")
def test_without_an_address_of_its_own_the_offices_people_are_told(database, people, remind):
    remind(expiring())

    assert [row.recipient_id for row in queued(database)] == ["dana", "riley", "sam"]


@pytest.mark.req("CP-92")
def test_a_freelancer_is_told_alone_and_somebody_unknown_later(database, people, remind):
    remind(expiring(organization_id="", organization_name=""))
    with pytest.raises(RecipientUnknown):
        remind(expiring(person_id="nobody"), event_id="event-2")

    assert [row.recipient_id for row in queued(database)] == ["dana"]


def test_what_is_no_news_any_more_is_not_sent(database, people, remind):
    remind(expiring(), at=NOW - timedelta(days=30))

    assert all(row.next_time is None for row in queued(database))
