"""Mails as files: one .eml each, as they came, below one folder."""

from __future__ import annotations

import email
import email.policy
import os
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path

ID = re.compile(r"^[0-9]{8}T[0-9]{12}-[0-9a-f]{8}$")


@dataclass(frozen=True)
class Part:
    """One attachment or embedded picture of a mail."""

    index: int
    name: str
    content_type: str
    content_id: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One received mail, parsed."""

    id: str
    received: datetime
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    size: int

    @property
    def subject(self) -> str:
        """The subject, or a stand-in that can be clicked."""
        return self.header("Subject") or "(no subject)"

    def header(self, name: str) -> str:
        """A header's text, decoded; empty where it is missing."""
        return str(self.message.get(name, ""))

    def body(self, kind: str) -> str:
        """The text of the first `plain` or `html` part; empty where there is none."""
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""

    def parts(self) -> list[Part]:
        """Everything that is neither text nor HTML body, in order."""
        bodies = [self.message.get_body((kind,)) for kind in ("plain", "html")]
        leaves = [part for part in self.message.walk() if not part.is_multipart() and part not in bodies]
        return [
            Part(
                index=index,
                name=part.get_filename() or f"part-{index + 1}",
                content_type=part.get_content_type(),
                content_id=str(part.get("Content-ID", "")).strip("<> "),
                content=_content(part),
            )
            for index, part in enumerate(leaves)
            if isinstance(part, EmailMessage)
        ]


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


class MailStore:
    """The mails below `folder`, which is made where it is missing. Safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._parsed = lru_cache(maxsize=512)(self._parse)

    def add(self, sender: str, recipients: list[str], content: bytes) -> str:
        """Keeps a mail for good before it answers with the mail's id.

        The envelope stands in front, in the headers that mail servers use for it.
        """
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
        data = "".join(f"{line}\r\n" for line in envelope).encode() + content
        with self._writing:
            mail_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
            fresh = self._folder / f"{mail_id}.new"
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self._path(mail_id))
        return mail_id

    def ids(self) -> list[str]:
        """Ids of all mails, newest first."""
        return sorted((path.stem for path in self._folder.glob("*.eml") if ID.match(path.stem)), reverse=True)

    def get(self, mail_id: str) -> Mail | None:
        """The mail, or None where there is none of that id."""
        if not ID.match(mail_id):
            return None
        try:
            return self._parsed(mail_id)
        except FileNotFoundError:
            return None

    def all(self) -> list[Mail]:
        """All mails, newest first."""
        return [mail for mail in map(self.get, self.ids()) if mail is not None]

    def raw(self, mail_id: str) -> bytes:
        """The mail as it came, envelope in front. Raises FileNotFoundError."""
        return self._path(mail_id).read_bytes()

    def delete(self, mail_id: str) -> None:
        """Removes one mail; does nothing where it is gone already."""
        if ID.match(mail_id):
            self._path(mail_id).unlink(missing_ok=True)
            self._parsed.cache_clear()

    def delete_all(self) -> None:
        """Removes every mail."""
        for mail_id in self.ids():
            self.delete(mail_id)

    def _path(self, mail_id: str) -> Path:
        return self._folder / f"{mail_id}.eml"

    def _parse(self, mail_id: str) -> Mail:
        data = self.raw(mail_id)
        message = email.message_from_bytes(data, policy=email.policy.default)
        return Mail(
            id=mail_id,
            received=datetime.strptime(mail_id.split("-", maxsplit=1)[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
            sender=str(message.get("Return-Path", "")).strip("<> "),
            recipients=tuple(str(value) for value in message.get_all("Delivered-To", [])),
            message=message,
            size=len(data),
        )
