"""Hands mails to the mail server over a connection that is kept.

Opening a connection for each mail costs more than the mail. What an answer means is decided here: a refusal of this
recipient or this content is about the message; a server that is gone or won't have us is not.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from services.notifications.domain.delivery import Outcome, Result

if TYPE_CHECKING:
    from email.message import EmailMessage

PERMANENT = 500
SHUTTING_DOWN = 421
IDLE_SECONDS = 5.0
"""A connection unused for longer is asked with NOOP whether it still stands."""


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """Where the mail server is; a user name asks for a login, `starttls` for encryption before it."""

    host: str
    port: int
    starttls: bool = False
    user: str = ""
    password: str = ""
    timeout: float = 15.0


class MailTransport(Protocol):
    """Takes mails, one at a time."""

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> Result:
        """Hands one mail over; every way that it can end is a Result, never an exception."""
        ...

    def close(self) -> None:
        """Says goodbye; the next `send` connects again."""
        ...


class _Lost(Exception):
    """The connection ended before any of the mail's content went over it."""


class SmtpTransport:
    """One kept connection; used by one thread."""

    def __init__(self, address: SmtpAddress) -> None:
        """Connects at the first mail."""
        self._address = address
        self._connection: smtplib.SMTP | None = None
        self._used = 0.0

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> Result:
        """Hands one mail over; a kept connection that turns out to be gone is replaced once."""
        fresh = self._connection is None
        try:
            return self._attempt(mail, sender, recipient)
        except _Lost as lost:
            self._drop()
            if fresh:
                return Result(Outcome.UNREACHABLE, 0, str(lost))
        try:
            return self._attempt(mail, sender, recipient)
        except _Lost as lost:
            self._drop()
            return Result(Outcome.UNREACHABLE, 0, str(lost))

    def close(self) -> None:
        """Says goodbye."""
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
        self._drop()

    def _attempt(self, mail: EmailMessage, sender: str, recipient: str) -> Result:
        try:
            connection = self._connected()
            for command, argument in ((connection.mail, sender), (connection.rcpt, recipient)):
                code, answer = command(argument)
                if code >= 400:  # noqa: PLR2004 - the start of SMTP's refusals
                    return self._refused(code, answer, about_us=command == connection.mail)
        except smtplib.SMTPResponseException as error:
            raise _Lost(f"{error.smtp_code} {_words(error.smtp_error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise _Lost(str(error) or type(error).__name__) from error
        return self._content(connection, mail)

    def _content(self, connection: smtplib.SMTP, mail: EmailMessage) -> Result:
        try:
            code, answer = connection.data(mail.as_bytes())
        except smtplib.SMTPDataError as error:
            return self._refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            # The server may have taken it before the line went dead: at least once, with the same Message-ID.
            self._drop()
            return Result(Outcome.INTERRUPTED, 0, str(error) or type(error).__name__)
        self._used = time.monotonic()
        if code >= 400:  # noqa: PLR2004
            return self._refused(code, answer)
        return Result(Outcome.ACCEPTED, code, _words(answer))

    def _refused(self, code: int, answer: bytes | str, *, about_us: bool = False) -> Result:
        """A refused sender address is our configuration, so the mail waits for it to be mended."""
        connection = self._connection
        if code == SHUTTING_DOWN or connection is None:
            self._drop()
        else:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.rset()
        permanent = code >= PERMANENT and not about_us
        return Result(Outcome.REFUSED if permanent else Outcome.DEFERRED, code, _words(answer))

    def _connected(self) -> smtplib.SMTP:
        connection = self._connection
        if connection is not None:
            if time.monotonic() - self._used > IDLE_SECONDS:
                connection.noop()
            return connection
        address = self._address
        connection = smtplib.SMTP(address.host, address.port, timeout=address.timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if address.starttls:
                connection.starttls(context=ssl.create_default_context())
            if address.user:
                connection.login(address.user, address.password)
        except BaseException:
            connection.close()
            raise
        self._connection, self._used = connection, time.monotonic()
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _words(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:500]
