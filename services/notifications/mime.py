"""Builds the mail that goes over the wire."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from services.notifications import wording


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is encoded; `message_id` and `thread_id` are without angle brackets."""

    message_id: str
    thread_id: str
    recipient_name: str
    recipient_email: str
    subject: str
    text: str
    html: str
    written: datetime
    template: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails come from: a name, an address, and the domain of their ids."""

    name: str
    email: str

    @property
    def domain(self) -> str:
        """The part of the address after the @."""
        return self.email.rpartition("@")[2]


class _Wire(EmailPolicy):
    """SMTP's policy, with subjects folded by the older code of the standard library.

    The newer one begins a long subject with an empty line, and loses the space between two encoded words.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() != "subject":
            return super().fold_binary(name, value)
        charset = None if value.isascii() else "utf-8"
        folded = Header(str(value), charset, header_name=name).encode(linesep="\r\n")
        return f"{name}: {folded}\r\n".encode("ascii")


_WIRE = _Wire(linesep="\r\n")


class BadAddress(Exception):
    """The directory has no address that a mail can go to."""


def build(letter: Letter, sender: Sender) -> EmailMessage:
    """The mail with text and HTML parts; the same bytes for the same letter, so that retries are the same mail.

    Raises BadAddress.
    """
    mail = EmailMessage(policy=_WIRE)
    mail["From"] = Address(sender.name, addr_spec=sender.email)
    mail["To"] = _address(letter.recipient_name, letter.recipient_email)
    mail["Subject"] = wording.one_line(letter.subject)
    mail["Date"] = format_datetime(letter.written)
    mail["Message-ID"] = f"<{letter.message_id}>"
    # All mails on one order stand under each other in the reader's mailbox.
    mail["References"] = f"<{letter.thread_id}>"
    # RFC 3834: nobody's absence notice answers a machine; the second line says it to Exchange.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    # RFC 2919: lets readers file these mails by a rule.
    mail["List-Id"] = f"Fieldmesh work orders <work-orders.{sender.domain}>"
    mail["X-Fieldmesh-Template"] = letter.template
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    mail.set_boundary(f"=_{hashlib.sha256(letter.message_id.encode()).hexdigest()[:32]}")
    return mail


def _address(name: str, email: str) -> Address:
    try:
        address = Address(wording.one_line(name), addr_spec=email)
    except (ValueError, IndexError, MessageError) as error:  # its parser lets its inner errors through
        raise BadAddress(f"{email!r} is not an e-mail address") from error
    if not address.username or "." not in address.domain.strip(".") or not email.isascii():
        raise BadAddress(f"{email!r} is not an e-mail address")
    return address
