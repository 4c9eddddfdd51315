"""The mailbox's SMTP side: takes what it is given and answers once it is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

    from deploy.mailbox.store import MailStore

LARGEST = 40 * 1024 * 1024
"""Bytes: the largest file of an order, encoded for mail, with room for the rest."""


class Deliver:
    """Puts each mail into the store, whoever it is for."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        """Answers 250 with the id under which the mail is kept."""
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        return f"250 Kept as {self._store.add(envelope.mail_from or '', list(envelope.rcpt_tos), raw)}"


def smtp_server(store: MailStore, host: str, port: int) -> Controller:
    """A server that is not started yet; it listens on a thread of its own."""
    return Controller(Deliver(store), hostname=host, port=port, data_size_limit=LARGEST, enable_SMTPUTF8=True)
