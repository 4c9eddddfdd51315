"""Caller tokens: EdDSA, one audience, at most a minute (hard-parts 5)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt

from services.chassis.errors import Unauthenticated
from services.chassis.identity import ROLES, SERVICE_ROLE, SUBJECT_PREFIX, Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.keys import PublicKeys, SigningKey

ALGORITHM: Final = "EdDSA"
LIFETIME_SECONDS: Final = 60
# A token is sent for half its life, so that the verification caches of the callees hit (hard-parts 5).
REUSE_SECONDS: Final = 30
# Two hosts' clocks may differ by so much.
_SKEW_SECONDS: Final = 2
# Only these vouch for people; a service's key vouches for that service alone.
PERSON_ISSUERS: Final = frozenset({"admin", "cli"})
_CACHED_TOKENS: Final = 4096


@dataclass(frozen=True, slots=True)
class UserGrant:
    """What an issuer vouches for about a person."""

    subject: str
    name: str
    roles: frozenset[str]
    organization_id: str = ""
    organization_kind: str = ""
    technician_id: str = ""

    def claims(self) -> dict[str, Any]:
        return {
            "sub": self.subject,
            "name": self.name,
            "kind": "user",
            "roles": sorted(self.roles),
            "org": self.organization_id,
            "org_kind": self.organization_kind,
            "tech": self.technician_id,
        }


class TokenSigner:
    """Signs tokens as one issuer, and sends each for half its life."""

    def __init__(self, key: SigningKey, *, now: Callable[[], float] = time.time) -> None:
        self.issuer = key.issuer
        self._key = key
        self._now = now
        self._lock = threading.Lock()
        self._sent: dict[tuple[UserGrant | None, str], tuple[str, float]] = {}

    def service_token(self, audience: str) -> str:
        """A token that says: this is the service itself."""
        return self._reused(None, audience)

    def user_token(self, grant: UserGrant, audience: str) -> str:
        """A token for a person; verifiers accept it from the issuers of people only."""
        return self._reused(grant, audience)

    def sign(self, claims: dict[str, Any], audience: str, *, lifetime: int = LIFETIME_SECONDS) -> str:
        """Sign claims as they are, for `lifetime` seconds from now."""
        issued = int(self._now())
        body = {**claims, "iss": self.issuer, "aud": audience, "iat": issued, "exp": issued + lifetime}
        return jwt.encode(body, self._key.private, algorithm=ALGORITHM, headers={"kid": self._key.key_id})

    def _reused(self, grant: UserGrant | None, audience: str) -> str:
        now = self._now()
        with self._lock:
            token, until = self._sent.get((grant, audience), ("", 0.0))
            if until > now:
                return token
        claims = grant.claims() if grant else self._own_claims()
        token = self.sign(claims, audience)
        with self._lock:
            if len(self._sent) >= _CACHED_TOKENS:
                self._sent = {key: sent for key, sent in self._sent.items() if sent[1] > now}
            self._sent[grant, audience] = (token, now + REUSE_SECONDS)
        return token

    def _own_claims(self) -> dict[str, Any]:
        return {"sub": f"{SUBJECT_PREFIX}{self.issuer}", "name": self.issuer, "kind": "service", "roles": ["service"]}


class TokenVerifier:
    """Turns a token into a Caller, or refuses it; remembers verified tokens until they expire."""

    def __init__(self, audience: str, keys: PublicKeys, *, now: Callable[[], float] = time.time) -> None:
        self.audience = audience
        self._keys = keys
        self._now = now
        self._lock = threading.Lock()
        self._verified: dict[tuple[str, str], tuple[Caller, float]] = {}

    def verify(self, token: str) -> Caller:
        """The caller whom a token for this audience names; Unauthenticated for any other token."""
        return self._verify(token, self.audience)

    def verify_forwarded(self, token: str, acting_service: str) -> Caller:
        """The user for whom a service acts: the user's token must have been made for that very service."""
        return self._verify(token, acting_service)

    def _verify(self, token: str, audience: str) -> Caller:
        now = self._now()
        known = self._verified.get((token, audience))
        if known is not None:
            if known[1] + _SKEW_SECONDS > now:
                return known[0]
            raise _refused("TOKEN_EXPIRED", "The token has expired.")
        claims = self._decoded(token, audience)
        expires = _checked_times(claims, now)
        caller = _caller(claims)
        with self._lock:
            if len(self._verified) >= _CACHED_TOKENS:
                self._verified = {key: seen for key, seen in self._verified.items() if seen[1] > now}
            self._verified[token, audience] = (caller, expires)
        return caller

    def _decoded(self, token: str, audience: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise _refused("TOKEN_MALFORMED", "The token cannot be read.") from error
        found = self._keys.find(kid) if isinstance(kid, str) else None
        if found is None:
            raise _refused("TOKEN_KEY_UNKNOWN", "The token's key is not known.")
        issuer, key = found
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=issuer,
                # Times are checked against the clock of this verifier, and more strictly than the library does.
                options={"require": ["exp", "iat", "aud", "iss", "sub"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise _refused("TOKEN_REFUSED", "The token is not valid here.") from error


def _checked_times(claims: dict[str, Any], now: float) -> float:
    issued, expires = claims["iat"], claims["exp"]
    if not isinstance(issued, int) or not isinstance(expires, int):
        raise _refused("TOKEN_REFUSED", "The token is not valid here.")
    if expires - issued > LIFETIME_SECONDS:
        raise _refused("TOKEN_LIVES_TOO_LONG", f"A token lives {LIFETIME_SECONDS} seconds at most.")
    if issued > now + _SKEW_SECONDS:
        raise _refused("TOKEN_REFUSED", "The token is not valid yet.")
    if expires + _SKEW_SECONDS <= now:
        raise _refused("TOKEN_EXPIRED", "The token has expired.")
    return float(expires)


def _caller(claims: dict[str, Any]) -> Caller:
    issuer, subject, roles = str(claims["iss"]), str(claims["sub"]), claims.get("roles")
    if not isinstance(roles, list) or not ROLES.issuperset(str(role) for role in roles):
        raise _refused("TOKEN_REFUSED", "The token is not valid here.")
    if claims.get("kind") == "service":
        if subject != f"{SUBJECT_PREFIX}{issuer}" or roles != [SERVICE_ROLE]:
            raise _refused("TOKEN_OVERREACHES", "A service speaks for itself only.")
        return Caller(subject, issuer, "service", frozenset({SERVICE_ROLE}))
    if issuer not in PERSON_ISSUERS or SERVICE_ROLE in roles or subject.startswith(SUBJECT_PREFIX):
        raise _refused("TOKEN_OVERREACHES", "This issuer does not speak for people.")
    return Caller(
        subject=subject,
        name=str(claims.get("name", "")),
        kind="user",
        roles=frozenset(roles),
        organization_id=str(claims.get("org", "")),
        organization_kind=str(claims.get("org_kind", "")),
        technician_id=str(claims.get("tech", "")),
    )


def _refused(cause: str, message: str) -> Unauthenticated:
    return Unauthenticated(message, metadata={"cause": cause})
