"""Mails about returns of parts: who is told what, and what they say."""

from __future__ import annotations

import pytest
from fieldmesh.common.v1 import events_pb2 as envelope_pb2
from fieldmesh.shipping.v1 import events_pb2, rma_pb2
from google.type import date_pb2
from sqlalchemy import select

from services.notifications.returns import NOTICES, ReturnNotices
from services.notifications.tables import messages
from tests.integration.notifications.conftest import ACTOR, NOW


def rma(cause=rma_pb2.RMA_CAUSE_OLD_PARTS):
    made = rma_pb2.Rma(
        id="rma-1", number="00051201", work_order_id="order-1", work_order_number="20107925", state=1, cause=cause,
        reason="Old parts that were replaced", due_date=date_pb2.Date(year=2026, month=12, day=15),
    )  # fmt: skip
    made.lines.add(part_number="VT40-HEAD", part_name="Head", quantity=2)
    made.parties.issuer_org, made.parties.executor_org = "voltara", "bluefern"
    return made


@pytest.fixture
def queued(database, notices, people):
    def tell(news, told=None, by=""):
        event = envelope_pb2.Event(id=f"event-{news}", producer="shipping")
        event.actor.subject, event.actor.display_name, event.actor.organization_id = "p-9", "Megan Ortiz", by
        event.occur_time.FromDatetime(NOW)
        with database.begin(actor=ACTOR, now=NOW) as transaction:
            changed = events_pb2.RmaChanged(rma=told or rma(), news=news)
            ReturnNotices(notices).rma_changed(transaction, event, changed)
        with database.read() as connection:
            return list(connection.execute(select(messages).order_by(messages.c.recipient_email)).mappings())

    return tell


@pytest.mark.req("CP-69")
def test_the_partner_is_told_what_to_send_back_until_when_and_where_to_prove_it(queued):
    mails = queued(events_pb2.RMA_NEWS_RAISED)

    assert {mail["recipient_email"].rpartition("@")[2] for mail in mails} == {"bluefern.example.com"}
    said = str(dict(mails[0]))
    for words in ("20107925", "00051201", "2 × VT40-HEAD Head", "15 Dec 2026", "Record proof of return", "order-1"):
        assert words in said


@pytest.mark.req("R-1")
def test_a_return_that_the_partner_raised_is_told_to_those_who_gave_the_work_out(queued):
    mails = queued(events_pb2.RMA_NEWS_RAISED, by="bluefern")

    assert "voltara.example.com" in {mail["recipient_email"].rpartition("@")[2] for mail in mails}
    said = str(dict(mails[0]))
    for words in ("Megan Ortiz sends parts", "2 × VT40-HEAD Head", "send a label"):
        assert words in said


@pytest.mark.req("CP-83")
def test_a_return_that_is_overdue_is_told_to_those_who_wait_for_it_as_well(queued):
    domains = {mail["recipient_email"].rpartition("@")[2] for mail in queued(events_pb2.RMA_NEWS_OVERDUE)}

    assert domains == {"bluefern.example.com", "voltara.example.com"}


def test_what_a_carrier_brings_back_and_what_is_only_seen_on_the_page_makes_no_mail(queued):
    assert queued(events_pb2.RMA_NEWS_RAISED, rma(rma_pb2.RMA_CAUSE_READDRESSED)) == []
    for news in set(events_pb2.RmaNews.values()) - set(NOTICES):
        assert queued(news) == []
