"""The SMTP adapter against a real mail server."""

import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.notifications import smtp
from services.notifications.domain.delivery import Outcome
from services.notifications.mime import Letter, Sender, build
from services.notifications.smtp import SmtpAddress, SmtpTransport
from tests.support.mail import MailServer, mail_server

SENDER = Sender("Fieldmesh", "fieldmesh@mail.example.com")
LETTER = Letter(
    message_id="m1@mail.example.com",
    thread_id="order-1@mail.example.com",
    recipient_name="Riley Chen",
    recipient_email="riley@bluefern.example.com",
    subject="S",
    text="T",
    html="<p>T</p>",
    written=datetime(2026, 12, 1, 15, 0, tzinfo=UTC),
    template="mention",
)


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def transport(server):
    made = SmtpTransport(SmtpAddress("127.0.0.1", server.port, timeout=5))
    yield made
    made.close()


def send(transport, number=1, to="riley@bluefern.example.com"):
    mail = build(replace(LETTER, message_id=f"m{number}@mail.example.com"), SENDER)
    return transport.send(mail, SENDER.email, to)


def test_many_mails_go_over_one_connection(server, transport):
    results = [send(transport, number) for number in range(20)]

    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert {(result.code, result.text) for result in results} == {(250, "2.0.0 taken")}
    assert server.connections == 1
    assert [mail["Message-ID"] for mail in server.received] == [f"<m{number}@mail.example.com>" for number in range(20)]


def test_a_lost_connection_is_replaced_without_losing_or_doubling_a_mail(server, transport):
    send(transport, 1)
    transport._connection.sock.shutdown(socket.SHUT_RDWR)

    assert send(transport, 2).outcome is Outcome.ACCEPTED
    assert [mail["Message-ID"] for mail in server.received] == ["<m1@mail.example.com>", "<m2@mail.example.com>"]
    assert server.connections == 2


def test_an_idle_connection_is_asked_before_it_is_used(server, transport, monkeypatch):
    send(transport, 1)
    monkeypatch.setattr(smtp, "IDLE_SECONDS", -1.0)
    transport._connection.sock.shutdown(socket.SHUT_RDWR)

    assert send(transport, 2).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "outcome"), [("550 5.1.1 nobody here", Outcome.REFUSED), ("451 later", Outcome.DEFERRED)]
)
def test_an_answer_keeps_its_code_and_words_and_the_next_mail_goes_through(server, transport, command, answer, outcome):
    server.answer_to = lambda at, _recipient: answer if at == command else None

    result = send(transport)

    assert (result.outcome, f"{result.code} {result.text}") == (outcome, answer)
    server.answer_to = lambda _at, _recipient: None
    assert send(transport, 2).outcome is Outcome.ACCEPTED
    assert server.connections == 1


def test_a_server_that_is_not_there_says_nothing_about_the_mail():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        transport = SmtpTransport(SmtpAddress("127.0.0.1", taken.getsockname()[1], timeout=2))

        assert send(transport).outcome is Outcome.UNREACHABLE


def test_a_server_that_ends_the_connection_after_the_content_leaves_the_end_unknown():
    with _rude_server() as port:
        transport = SmtpTransport(SmtpAddress("127.0.0.1", port, timeout=5))

        assert send(transport).outcome is Outcome.INTERRUPTED
        transport.close()


def test_a_server_that_wont_talk_to_us_is_unreachable_and_its_words_are_kept():
    with _rude_server(greeting=b"554 go away\r\n") as port:
        result = send(SmtpTransport(SmtpAddress("127.0.0.1", port, timeout=5)))

    assert result.outcome is Outcome.UNREACHABLE
    assert "554" in result.text


def test_a_server_that_refuses_our_own_address_makes_the_mail_wait():
    class Strict(MailServer):
        async def handle_MAIL(self, _server, _session, _envelope, _address, _options):  # noqa: N802 - aiosmtpd's name
            return "553 5.7.1 sender not allowed"

    with mail_server(Strict()) as server:
        transport = SmtpTransport(SmtpAddress("127.0.0.1", server.port, timeout=5))
        result = send(transport)
        transport.close()

    assert (result.outcome, result.code) == (Outcome.DEFERRED, 553)


class _rude_server:  # noqa: N801 - used as a statement
    """Greets, answers 250 to everything, takes the content and hangs up without a word."""

    def __init__(self, greeting=b"220 hello\r\n"):
        self.greeting = greeting

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self.listener.getsockname()[1]

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(5)

    def serve(self):
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(self.greeting)
            if not self.greeting.startswith(b"220"):
                return
            for line in lines:
                if line.upper().startswith(b"DATA"):
                    connection.sendall(b"354 go on\r\n")
                    while lines.readline().strip() != b".":
                        pass
                    return
                connection.sendall(b"250 OK\r\n")
