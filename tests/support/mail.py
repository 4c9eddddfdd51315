"""A real mail server for tests: aiosmtpd on a free port, which can be told how to answer."""

# ruff: noqa: N802 - aiosmtpd names the hooks after the commands
from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.support.patience import SECONDS


@dataclass
class MailServer:
    """`answer_to` gives what RCPT or DATA is answered with, by recipient or by count; None takes the mail."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    answer_to: Callable[[str, str], str | None] = lambda _command, _recipient: None
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, timeout: float = SECONDS) -> list[EmailMessage]:
        """Waits until so many mails arrived, and gives them all."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.received) >= count, timeout)
            return list(self.received)

    async def handle_EHLO(
        self, _server: SMTP, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> Any:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if answer := self.answer_to("RCPT", address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:
        if answer := self.answer_to("DATA", envelope.rcpt_tos[0]):
            return answer
        with self.arrived:
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
            self.recipients += envelope.rcpt_tos
            self.arrived.notify_all()
        return "250 2.0.0 taken"


@contextmanager
def mail_server(server: MailServer | None = None, port: int = 0) -> Iterator[MailServer]:
    """Runs a mail server until the block ends; on the port given, or on a free one."""
    server = server or MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=port or _free_port())
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
