"""Sending what is queued, on both databases, to a real mail server."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.chassis.clock import SystemClock
from services.notifications import repository
from services.notifications.domain.delivery import MessageState, Outcome, Result, Standing
from services.notifications.sender import MailSender
from services.notifications.smtp import SmtpAddress, SmtpTransport
from services.notifications.tables import deliveries, messages
from tests.support.mail import MailServer, mail_server
from tests.support.notices import moved, posted

from .conftest import ACTOR, NOW, SECOND, SENDER

QUEUED, SENDING, SENT, FAILED, DEFERRED = 1, 2, 3, 4, 5


def state(database):
    with database.read() as connection:
        return connection.execute(select(messages)).one()


def tries(database):
    with database.read() as connection:
        return connection.execute(select(deliveries).order_by(deliveries.c.attempt)).all()


@pytest.fixture
def one(people, tell):
    tell(posted("Look at this", ("person", "dana")))


def test_a_queued_message_is_sent_once_and_its_result_kept(database, one, sender, server):
    assert sender.send_next().outcome is Outcome.ACCEPTED
    assert sender.send_next() is None

    (mail,) = server.received
    row = state(database)
    assert mail["Message-ID"] == f"<{row.mail_message_id}>" == f"<{row.id}@mail.example.com>"
    assert mail["To"] == "Dana Ruiz <dana@bluefern.example.com>"
    assert "Look at this" in mail.get_body(("plain",)).get_content()
    assert "Look at this" in mail.get_body(("html",)).get_content()
    assert (row.state, row.attempts, row.next_time) == (SENT, 1, None)
    (tried,) = tries(database)
    assert (tried.state, tried.attempt, tried.smtp_code, tried.smtp_text) == (SENT, 1, 250, "2.0.0 taken")
    assert (tried.recipient_email, tried.start_time) == ("dana@bluefern.example.com", NOW)


def test_the_attempt_is_recorded_before_the_mail_goes_out(database, one, sender, server):
    seen = []
    server.answer_to = lambda command, _recipient: seen.append(tries(database)) if command == "DATA" else None

    sender.send_next()

    ((during,),) = seen
    assert (during.state, during.attempt, during.outcome) == (SENDING, 1, "pending")


def test_a_deferred_message_is_tried_again_later_with_the_same_id(database, one, sender, server, clock):
    server.answer_to = lambda _command, _recipient: "451 4.7.1 greylisted"
    assert sender.send_next().outcome is Outcome.DEFERRED
    assert sender.send_next() is None

    server.answer_to = lambda _command, _recipient: None
    clock.advance(20 * SECOND)
    assert sender.send_next().outcome is Outcome.ACCEPTED

    assert [(tried.state, tried.smtp_code) for tried in tries(database)] == [(DEFERRED, 451), (SENT, 250)]
    assert tries(database)[0].next_time > NOW
    assert server.received[0]["Message-ID"] == f"<{state(database).mail_message_id}>"


def test_a_refused_message_is_not_tried_again(database, one, sender, server, clock):
    server.answer_to = lambda command, _recipient: "550 5.1.1 nobody here" if command == "RCPT" else None

    sender.send_next()
    clock.advance(timedelta(days=1))

    assert sender.send_next() is None
    assert (state(database).state, tries(database)[0].state) == (FAILED, FAILED)


def test_a_person_without_a_usable_address_fails_alone(database, people, tell, sender, server):
    with database.begin(actor=ACTOR) as transaction:
        transaction.execute(messages.delete())
    tell(posted("Hi", ("person", "dana"), ("person", "lee")))
    with database.begin(actor=ACTOR) as transaction:
        broken = messages.update().where(messages.c.recipient_id == "dana").values(recipient_email="nobody")
        transaction.execute(broken)

    outcomes = {sender.send_next().outcome, sender.send_next().outcome}

    assert outcomes == {Outcome.REFUSED, Outcome.ACCEPTED}
    assert server.recipients == ["lee@voltara.example.com"]


def test_a_mail_that_cannot_be_made_waits_and_holds_nobody_up(database, people, tell, sender, server, monkeypatch):  # noqa: PLR0913, PLR0917
    tell(posted("Hi", ("person", "dana"), ("person", "lee")))
    with monkeypatch.context() as broken:
        broken.setattr(sender._layout, "html", lambda _content: 1 / 0)
        first = sender.send_next()

    second = sender.send_next()

    assert (first.outcome, first.text) == (Outcome.DEFERRED, "The mail could not be made: ZeroDivisionError.")
    assert second.outcome is Outcome.ACCEPTED


def test_a_try_that_nobody_finished_is_made_again_after_its_lease_and_shows(database, one, sender, server, clock):
    with database.begin(actor=ACTOR) as transaction:
        repository.claim(transaction, NOW)

    assert sender.send_next() is None
    clock.advance(timedelta(minutes=5))
    assert sender.send_next().outcome is Outcome.ACCEPTED

    first, second = tries(database)
    assert (first.state, first.outcome) == (DEFERRED, "interrupted")
    assert (second.state, second.attempt) == (SENT, 2)


def test_a_result_that_comes_after_the_lease_changes_nothing(database, one, sender, server, clock):
    with database.begin(actor=ACTOR) as transaction:
        late = repository.claim(transaction, NOW)
    clock.advance(timedelta(minutes=5))
    sender.send_next()

    with database.begin(actor=ACTOR) as transaction:
        settled = repository.settle(
            transaction, late, Result(Outcome.DEFERRED, 451, "late"), Standing(MessageState.QUEUED, NOW)
        )

    assert not settled
    assert state(database).state == SENT


def test_each_message_is_claimed_by_one_of_many_senders(database, people, tell, layout, server):
    for number in range(30):
        tell(posted("Hi", ("person", "dana")), event_id=f"event-{number}", request_id=f"request-{number}")
    senders = [
        MailSender(database, layout, SmtpTransport(SmtpAddress("127.0.0.1", server.port)), SENDER, SystemClock())
        for _ in range(4)
    ]
    for each in senders:
        each.start()
    try:
        received = server.wait_for(30)
        time.sleep(0.3)
    finally:
        stopped = [each.stop() for each in senders]

    assert all(stopped)
    assert len(server.received) == len({mail["Message-ID"] for mail in received}) == 30
    assert {tried.attempt for tried in tries(database)} == {1}


def test_mail_waits_for_a_server_that_is_gone_and_goes_out_once(database, people, tell, layout):
    with mail_server() as server:
        port = server.port
    transport = SmtpTransport(SmtpAddress("127.0.0.1", port, timeout=5))
    sender = MailSender(database, layout, transport, SENDER, SystemClock())
    sender.start()
    try:
        for number in range(10):
            tell(posted("Hi", ("person", "dana")), event_id=f"event-{number}", request_id=f"request-{number}")
        sender.wake()
        time.sleep(1.5)
        with mail_server(MailServer(), port) as server:
            received = server.wait_for(10)
            time.sleep(0.3)
            assert len(server.received) == 10
    finally:
        sender.stop()

    assert len({mail["Message-ID"] for mail in received}) == 10
    with database.read() as connection:
        assert set(connection.scalars(select(messages.c.state))) == {SENT}
    # The queue was probed, not failed mail by mail.
    assert len([tried for tried in tries(database) if tried.outcome == "unreachable"]) < 10


def test_a_woken_sender_sends_at_once(database, people, layout, transport, tell, notices, server, monkeypatch):  # noqa: PLR0913, PLR0917
    monkeypatch.setattr("services.notifications.sender.POLL_SECONDS", 60)
    sender = MailSender(database, layout, transport, SENDER, SystemClock())
    notices._wake = sender.wake
    sender.start()
    try:
        time.sleep(0.2)
        began = time.monotonic()
        tell(moved(("technician_assigned", ["technician"])))
        server.wait_for(1)
        took = time.monotonic() - began
    finally:
        sender.stop()

    assert took < 15


def test_stopping_finishes_the_mail_at_hand(database, one, layout, server):
    begun, go_on = threading.Event(), threading.Event()

    def slow(command, _recipient):
        if command == "RCPT":
            begun.set()
            go_on.wait(5)

    server.answer_to = slow
    transport = SmtpTransport(SmtpAddress("127.0.0.1", server.port))
    sender = MailSender(database, layout, transport, SENDER, SystemClock())
    sender.start()
    assert begun.wait(5)
    threading.Timer(0.2, go_on.set).start()

    assert sender.stop()
    assert (state(database).state, len(server.received)) == (SENT, 1)
