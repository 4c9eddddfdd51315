"""Signed links in mails: what they name is signed by who writes the mail, and checked by the page that they open.

A link opens a page and nothing else; what is done there is done with the rights of that moment (hard-parts 25). Whether
it was used is for the page to see from what it names: the link itself is the same for ever.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt

from services.chassis.tokens import ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

    from services.chassis.keys import PublicKeys, SigningKey

# Who may write such links: the service that sends mails.
ISSUER: Final = "notifications"
_DECISION: Final = "decision-link"
_INVITATION: Final = "invitation-link"


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


@dataclass(frozen=True, slots=True)
class Invited:
    """What a link lets somebody accept: one mail of an invitation, until its end (seconds since 1970)."""

    invitation_id: str
    round: int
    until: int


def sign(key: SigningKey, decision: Decision, lifetime: timedelta, *, now: Callable[[], float] = time.time) -> str:
    """The signed part of a link; nothing else accepts it, for its audience is its own."""
    issued = int(now())
    named = {"sub": decision.person_id, "order": decision.work_order_id, "submission": decision.submission}
    return _signed(key, _DECISION, named, issued, issued + int(lifetime.total_seconds()))


def sign_invitation(key: SigningKey, invited: Invited, *, now: Callable[[], float] = time.time) -> str:
    """The signed part of an invitation's link."""
    named = {"sub": invited.invitation_id, "round": invited.round}
    return _signed(key, _INVITATION, named, int(now()), invited.until)


def read(keys: PublicKeys, token: str) -> Decision:
    """What a link to decide names.

    Raises LinkExpired, and LinkInvalid for anything that the sender of mails did not sign.
    """
    claims = _claims(keys, token, _DECISION, ("order", "submission"))
    return Decision(str(claims["sub"]), str(claims["order"]), int(claims["submission"]))


def read_invitation(keys: PublicKeys, token: str) -> Invited:
    """What an invitation's link names; raises as `read` does."""
    claims = _claims(keys, token, _INVITATION, ("round",))
    return Invited(str(claims["sub"]), int(claims["round"]), int(claims["exp"]))


def _signed(key: SigningKey, audience: str, named: Mapping[str, Any], issued: int, until: int) -> str:
    claims = {"iss": key.issuer, "aud": audience, **named, "iat": issued, "exp": until}
    return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.key_id})


def _claims(keys: PublicKeys, token: str, audience: str, named: Iterable[str]) -> Mapping[str, Any]:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise LinkInvalid from error
    found = keys.find(kid) if isinstance(kid, str) else None
    if found is None or found[0] != ISSUER:
        raise LinkInvalid
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            found[1],
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "aud", "iss", "sub", *named]},
        )
    except jwt.ExpiredSignatureError as error:
        raise LinkExpired from error
    except jwt.PyJWTError as error:
        raise LinkInvalid from error
    return claims
