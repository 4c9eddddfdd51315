"""Mails that invite people: one each time it is asked for, with a link that is made as it is sent, stored nowhere."""

from __future__ import annotations

import pytest
from fieldmesh.common.v1 import events_pb2 as envelope_pb2
from fieldmesh.technicians.v1 import events_pb2, invitation_pb2
from sqlalchemy import select

from services.chassis.links import Invited
from services.notifications.catalog import Catalog
from services.notifications.handlers import MailPolicy
from services.notifications.invitations import InvitationMails
from services.notifications.sender import MailSender
from services.notifications.tables import messages
from tests.integration.notifications.conftest import ACTOR, NOW, SENDER

pytestmark = pytest.mark.req("R-1")


@pytest.fixture
def invite(database, clock):
    mails = InvitationMails(Catalog.load(), MailPolicy("example.com", "https://fm.example.com"), clock, lambda: None)

    def told(number, event_id):
        event = envelope_pb2.Event(id=event_id, producer="technicians")
        event.occur_time.FromDatetime(NOW)
        invitation = invitation_pb2.Invitation(
            id="inv-1", name="Noor Haddad", email="noor@bluefern.example.com", roles=["partner", "technician"],
            organization_id="bluefern", inviter_name="Megan Ortiz", round=number,
        )  # fmt: skip
        invitation.expire_time.FromDatetime(NOW)
        payload = events_pb2.PersonInvited(invitation=invitation, organization_name="Bluefern Dispatch")
        with database.begin(actor=ACTOR, now=NOW) as transaction:
            mails.person_invited(transaction, event, payload)

    return told


@pytest.fixture
def made():
    """What links were made for."""
    return []


@pytest.fixture
def sender(database, layout, transport, clock, made):
    def link(invited):
        made.append(invited)
        return f"https://fm.example.com/invited/signed-{invited.round}"

    return MailSender(database, layout, transport, SENDER, clock, invitation_link=link)


def test_whoever_is_invited_gets_a_link_of_each_mail_that_stands_nowhere_else(invite, database, sender, made, server):
    invite(1, "event-1")
    invite(1, "event-1")
    invite(2, "event-2")
    while sender.send_next():
        pass

    assert sorted(each.round for each in made) == [1, 2]
    assert made[0] == Invited("inv-1", made[0].round, int(NOW.timestamp()))
    texts = [mail.get_body(("plain",)).get_content() for mail in server.received]
    assert [mail["To"].addresses[0].addr_spec for mail in server.received] == ["noor@bluefern.example.com"] * 2
    assert sum("/invited/signed-2" in text for text in texts) == 1
    for words in (
        "Megan Ortiz invites you to sign in for Bluefern Dispatch",
        "partner and technician",
        "entered your address",
    ):
        assert all(words in text for text in texts)
    with database.read() as connection:
        assert "/invited/" not in str(connection.execute(select(messages.c.content)).all())
