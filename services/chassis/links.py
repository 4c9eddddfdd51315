"""Signed links in mails: what they name is signed by who writes the mail, and checked by the page that they open.

A link opens a page and nothing else; what is done there is done with the rights of that moment (hard-parts 25). Whether
it was used is for the page to see from what it names: the link itself is the same for ever.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import jwt

from services.chassis.tokens import ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from services.chassis.keys import PublicKeys, SigningKey

# Who may write such links: the service that sends mails.
ISSUER: Final = "notifications"
_AUDIENCE: Final = "decision-link"


class LinkInvalid(Exception):
    """A link that nobody signed, or that was changed."""


class LinkExpired(LinkInvalid):
    """A link that was good, and is too old."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a link lets somebody decide on: one submission of one order."""

    person_id: str
    work_order_id: str
    submission: int


def sign(key: SigningKey, decision: Decision, lifetime: timedelta, *, now: Callable[[], float] = time.time) -> str:
    """The signed part of a link; nothing else accepts it, for its audience is its own."""
    issued = int(now())
    claims = {
        "iss": key.issuer,
        "aud": _AUDIENCE,
        "sub": decision.person_id,
        "order": decision.work_order_id,
        "submission": decision.submission,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
    }
    return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.key_id})


def read(keys: PublicKeys, token: str) -> Decision:
    """What a link names. Raises LinkExpired, and LinkInvalid for anything that the sender of mails did not sign."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise LinkInvalid from error
    found = keys.find(kid) if isinstance(kid, str) else None
    if found is None or found[0] != ISSUER:
        raise LinkInvalid
    try:
        claims = jwt.decode(
            token,
            found[1],
            algorithms=[ALGORITHM],
            audience=_AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "aud", "iss", "sub", "order", "submission"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise LinkExpired from error
    except jwt.PyJWTError as error:
        raise LinkInvalid from error
    return Decision(str(claims["sub"]), str(claims["order"]), int(claims["submission"]))
