"""Mails of approvals: who gets them, and the link that lets an approver decide, which is stored nowhere."""

import pytest
from fieldmesh.workorders.v1 import events_pb2, work_order_pb2
from sqlalchemy import select

from services.notifications.sender import MailSender
from services.notifications.tables import messages
from tests.support.notices import moved, snapshot

from .conftest import SENDER

SUBMITTED = snapshot(
    approval=work_order_pb2.Approval(
        submitter_id="riley", submitter_name="Riley Chen", approver_id="lee", approver_name="Lee Park", submission=2
    ),
    approver_delegate_id="cse",
)
NOTICES = (
    events_pb2.Notice(template="approval_requested", recipients=["approver", "approver_delegate"]),
    events_pb2.Notice(template="approval_submitted", recipients=["submitter"], to_actor=True),
)


@pytest.fixture
def made():
    """The decisions that links were made for."""
    return []


@pytest.fixture
def linking(database, layout, transport, clock, made):
    def link(*decision):
        made.append(decision)
        return f"https://fieldmesh.example.com/decide/{'-'.join(map(str, decision))}"

    return MailSender(database, layout, transport, SENDER, clock, link=link)


@pytest.fixture
def submitted(people, tell):
    event = moved(order=SUBMITTED, actor="riley")
    event.notices.extend(NOTICES)
    tell(event)


@pytest.mark.req("PT-8")
def test_approver_delegate_and_submitter_are_told_and_the_submitter_though_it_was_they_who_did_it(database, submitted):
    with database.read() as connection:
        rows = connection.execute(select(messages.c.recipient_id, messages.c.template)).all()

    assert set(rows) == {
        ("lee", "approval_requested"),
        ("cse", "approval_requested"),
        ("riley", "approval_submitted"),
    }


@pytest.mark.req("B-8")
def test_each_approver_gets_a_link_of_their_own_that_is_made_as_the_mail_is_sent(
    database, submitted, linking, made, server
):
    while linking.send_next():
        pass

    order = SUBMITTED.work_order_id
    assert sorted(made) == [("cse", order, 2), ("lee", order, 2)]
    sent = {mail["To"].addresses[0].username: mail.get_body(("plain",)).get_content() for mail in server.received}
    assert f"/decide/lee-{order}-2" in sent["lee"]
    assert "/decide/" not in sent["riley"]
    with database.read() as connection:
        stored = str(connection.execute(select(messages.c.content)).all())
    assert "/decide/" not in stored
