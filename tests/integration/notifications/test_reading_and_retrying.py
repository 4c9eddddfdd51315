"""Reading mails and their tries, and trying again, through the servicers."""

from datetime import timedelta

import pytest
from fieldmesh.common.v1 import list_pb2
from fieldmesh.notifications.v1 import message_pb2
from sqlalchemy import update

from services.chassis.errors import NotFound
from services.chassis.identity import Call, Caller, calling
from services.notifications import bootstrap, shelf
from services.notifications.catalog import Catalog
from services.notifications.domain.delivery import NotRetryable, Outcome
from services.notifications.settings import NotificationsSettings
from services.notifications.tables import people as people_table
from tests.support.notices import moved, posted

from .conftest import ACTOR, NOW

PACKAGE = "fieldmesh.notifications.v1"
ADMIN = Caller("root", "Root", roles=frozenset({"admin"}))
DANA = Caller("dana", "Dana Ruiz", roles=frozenset({"technician"}), organization_id="bluefern")
RILEY = Caller("riley", "Riley Chen", roles=frozenset({"partner"}), organization_id="bluefern")
MORGAN = Caller("morgan", "Morgan Hale", roles=frozenset({"dispatcher"}), organization_id="voltara")
STRANGER = Caller("x", "X", roles=frozenset({"dispatcher"}), organization_id="millbrook")


class Desk:
    """The service's own servicers, called as somebody."""

    def __init__(self, service):
        self.service = service

    def __call__(self, caller, name, method, **request):
        servicer = self.service.mail if name == "Mail" else self.service.kit[f"{PACKAGE}.{name}Service"]
        request_type = getattr(message_pb2, f"{method}Request")
        with calling(Call(caller, "r-1")):
            return getattr(servicer, method)(request_type(**request), None)


@pytest.fixture
def desk(database, server, clock, layout):
    settings = NotificationsSettings(
        smtp_host="127.0.0.1", smtp_port=server.port, mail_from="fieldmesh@mail.example.com"
    )
    service = bootstrap.assemble(database, settings, clock=clock, layout=layout)
    yield Desk(service)
    service.sender.stop()


def texts(answer):
    return sorted(message.recipient_id for message in answer.messages)


def test_people_read_the_mails_that_they_got_and_no_others(people, tell, desk):
    tell(moved(("parts_shipped", ["executor_organization"]), ("technician_assigned", ["technician"])))

    assert texts(desk(ADMIN, "Message", "ListMessages")) == ["dana", "riley", "sam"]
    (mine,) = desk(DANA, "Message", "ListMessages").messages
    assert mine.subject.startswith("You are on work order 20107925")
    assert "What to do next" in mine.text_body
    assert (mine.state, mine.parties.issuer_org) == (message_pb2.DELIVERY_STATE_QUEUED, "voltara")
    with pytest.raises(NotFound):
        desk(RILEY, "Message", "GetMessage", id=mine.id)
    found = desk(RILEY, "Message", "BatchGetMessages", ids=[mine.id])
    assert (list(found.messages), list(found.missing_ids)) == ([], [mine.id])


def test_mails_are_found_by_their_words_and_listed_newest_first(people, tell, desk):
    tell(moved(("technician_assigned", ["technician"])), event_id="old", at=NOW - timedelta(hours=3))
    tell(posted("Hi", ("person", "dana")), event_id="new", request_id="other", at=NOW - timedelta(hours=1))

    every = desk(DANA, "Message", "ListMessages").messages
    found = desk(DANA, "Message", "ListMessages", query=list_pb2.ListQuery(search="mentioned")).messages

    assert [message.template for message in every] == ["mention", "technician_assigned"]
    assert [message.template for message in found] == ["mention"]


def test_a_dispatcher_sees_how_mails_on_the_orders_given_out_went(people, tell, desk):
    tell(posted("Hi", ("person", "dana")))
    desk.service.sender.send_next()

    (tried,) = desk(MORGAN, "Delivery", "ListDeliveries").deliveries
    assert (tried.smtp_code, tried.recipient_email) == (250, "dana@bluefern.example.com")
    assert not desk(STRANGER, "Delivery", "ListDeliveries").deliveries
    assert not desk(RILEY, "Delivery", "ListDeliveries").deliveries


def test_a_failed_mail_is_tried_again_at_the_address_that_was_mended(database, people, tell, desk, server):
    tell(posted("Hi", ("person", "dana")))
    server.answer_to = lambda _command, _recipient: "550 nobody here"
    desk.service.sender.send_next()
    server.answer_to = lambda _command, _recipient: None
    with database.begin(actor=ACTOR) as transaction:
        mended = update(people_table).where(people_table.c.id == "dana").values(email="d.ruiz@bluefern.example.com")
        transaction.execute(mended)
    (tried,) = desk(ADMIN, "Delivery", "ListDeliveries").deliveries

    answer = desk(ADMIN, "Mail", "RetryDelivery", id=tried.id, request_id="again")
    repeated = desk(ADMIN, "Mail", "RetryDelivery", id=tried.id, request_id="again")

    assert answer == repeated
    assert answer.next_time.ToDatetime(NOW.tzinfo) == NOW
    assert desk.service.sender.send_next().outcome is Outcome.ACCEPTED
    assert server.recipients == ["d.ruiz@bluefern.example.com"]
    states = [each.state for each in desk(ADMIN, "Delivery", "ListDeliveries").deliveries]
    assert sorted(states) == [message_pb2.DELIVERY_STATE_SENT, message_pb2.DELIVERY_STATE_FAILED]


def test_a_deferred_mail_need_not_wait_for_its_next_try(people, tell, desk, server):
    tell(posted("Hi", ("person", "dana")))
    server.answer_to = lambda _command, _recipient: "451 later"
    desk.service.sender.send_next()
    server.answer_to = lambda _command, _recipient: None
    (tried,) = desk(ADMIN, "Delivery", "ListDeliveries").deliveries

    desk(ADMIN, "Mail", "RetryDelivery", id=tried.id)

    assert desk.service.sender.send_next().outcome is Outcome.ACCEPTED


def test_a_mail_that_arrived_is_never_sent_twice(people, tell, desk, server):
    tell(posted("Hi", ("person", "dana")))
    desk.service.sender.send_next()
    (tried,) = desk(ADMIN, "Delivery", "ListDeliveries").deliveries

    with pytest.raises(NotRetryable):
        desk(ADMIN, "Mail", "RetryDelivery", id=tried.id)

    assert desk.service.sender.send_next() is None


def test_a_backdated_mail_can_be_sent_after_all(people, tell, desk, server):
    tell(posted("Hi", ("person", "dana")), at=NOW - timedelta(days=2))
    (tried,) = desk(ADMIN, "Delivery", "ListDeliveries").deliveries

    desk(ADMIN, "Mail", "RetryDelivery", id=tried.id)
    desk.service.sender.send_next()

    assert len(server.received) == 1


def test_a_delivery_that_is_not_there_cannot_be_tried_again(database, people, desk):
    with pytest.raises(NotFound):
        desk(ADMIN, "Mail", "RetryDelivery", id="nothing")


def test_the_shipped_mails_are_shown_once_and_old_versions_stay(database, desk):
    shipped = Catalog.load().templates()
    with database.begin(actor=ACTOR) as transaction:
        first = shelf.show(transaction, shipped)
    with database.begin(actor=ACTOR) as transaction:
        again = shelf.show(transaction, shipped)
    with database.begin(actor=ACTOR) as transaction:
        fewer = shelf.show(transaction, shipped[1:])

    assert (first, again, fewer) == (len(shipped), 0, 1)
    shown = desk(MORGAN, "Template", "ListTemplates", query=list_pb2.ListQuery(page_size=100)).templates
    assert len(shown) == len(shipped)
    assert [template.code for template in shown if not template.active] == [shipped[0].code]
    assert shown[1].subject == shipped[1].subject
