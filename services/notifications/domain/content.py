"""What a mail says, before it is laid out: the same words for its HTML and its text part."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Tone(StrEnum):
    """How loud the mail's badge is."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled line."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class MailContent:
    """The words of one mail to one person; plain text throughout, escaped by the layout.

    `badge` is the order's state; `quote` what somebody wrote, with `quote_by`; `next_steps` what to do now; `why`
    tells the reader why it came to them. With a `submission`, its button lets them decide without signing in, and with
    an `invitation` (its id, its `round`, and `until` when in seconds since 1970) choose a password: such a link is
    signed as the mail is sent, and stands nowhere else.
    """

    subject: str
    heading: str
    lead: tuple[str, ...]
    badge: str = ""
    tone: Tone = Tone.INFO
    quote: str = ""
    quote_by: str = ""
    facts: tuple[Fact, ...] = ()
    next_steps: str = ""
    button: str = ""
    url: str = ""
    why: str = ""
    locale: str = "en"
    number: str = ""
    submission: int = 0
    invitation: str = ""
    round: int = 0
    until: int = 0

    def as_json(self) -> dict[str, Any]:
        """A form that JSON can hold; `from_json` is its inverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> MailContent:
        """The content that `as_json` gave; fields of later versions are ignored."""
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        known["lead"] = tuple(known.get("lead", ()))
        known["facts"] = tuple(Fact(**fact) for fact in known.get("facts", ()))
        known["tone"] = Tone(known.get("tone", Tone.INFO))
        return cls(**known)
