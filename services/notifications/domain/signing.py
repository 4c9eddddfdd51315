"""Signatures of webhooks by the Standard Webhooks specification: HMAC-SHA256 over id, time and body (B-9).

Both directions sign alike, so that whoever verifies what we send can also sign what they report.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "whsec_"
SCHEME = "v1"
TOLERANCE = timedelta(minutes=5)
"""How far the time of a message may be from ours: older ones are replays."""
OVERLAP = timedelta(days=1)
"""How long the secret before the present one still counts, so that a rotation loses nothing."""


class SignatureRefused(Exception):
    """A report is not signed with a secret of its endpoint, or not just now."""

    kind = "unauthenticated"
    reason = "SIGNATURE_REFUSED"
    violations = ()

    def __init__(self, why: str) -> None:
        """Takes what is wrong, in a sentence that says nothing about the secret."""
        super().__init__(why)
        self.metadata: dict[str, str] = {}


def derive_secret(master: bytes, endpoint_id: str, version: int) -> str:
    """The secret number `version` of an endpoint, as both sides write it down; needs to be stored nowhere."""
    key = hmac.digest(master, f"fieldmesh.webhook.{endpoint_id}.{version}".encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(key).decode()


def secrets_at(master: bytes, endpoint_id: str, version: int, rotated: datetime, now: datetime) -> tuple[str, ...]:
    """The secrets that count at an instant, the present one first; for a day after a rotation also the one before."""
    counting = [version, version - 1] if version > 1 and now - rotated < OVERLAP else [version]
    return tuple(derive_secret(master, endpoint_id, each) for each in counting)


def sign(secret: str, message_id: str, sent: datetime, body: bytes) -> str:
    """One signature, such as `v1,K5oZ…=`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{int(sent.timestamp())}.".encode() + body
    return f"{SCHEME},{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def headers(secrets: Iterable[str], message_id: str, sent: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message, signed with each secret."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent.timestamp())),
        "webhook-signature": " ".join(sign(secret, message_id, sent, body) for secret in secrets),
    }


def check(  # noqa: PLR0913, PLR0917 - the three headers, the body, and what they are held against
    secrets: Iterable[str], message_id: str, timestamp: str, signature: str, body: bytes, now: datetime
) -> None:
    """Raises SignatureRefused unless a signature was made with one of the secrets, at most five minutes ago."""
    try:
        sent = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise SignatureRefused("The header webhook-timestamp must hold seconds since 1970.") from None
    if not message_id:
        raise SignatureRefused("The header webhook-id is missing.")
    expected = [sign(secret, message_id, sent, body).encode() for secret in secrets]
    given = [each.encode() for each in signature.split()]
    # Every pair is compared: how long it takes says nothing about which one fits.
    fitting = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(fitting):
        raise SignatureRefused("The header webhook-signature does not fit this body.")
    if abs(now - sent) > TOLERANCE:
        raise SignatureRefused("The header webhook-timestamp is more than five minutes away from our clock.")
