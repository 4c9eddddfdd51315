"""Carriers that report by themselves: who they are, and whether a report is theirs (Standard Webhooks, B-9)."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.shipping.domain.errors import ReportRefused

PREFIX = "whsec_"
SCHEME = "v1"
SHORTEST_KEY = 24
TOLERANCE = timedelta(minutes=5)
"""How far the time of a report may be from ours: older ones are replays."""


@dataclass(frozen=True, slots=True)
class SignedCarrier:
    """A carrier with the key that it signs with."""

    name: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it came in: the three headers, and the body byte by byte."""

    carrier: str
    webhook_id: str
    timestamp: str
    signature: str
    body: bytes


def carriers_of(text: str) -> Mapping[str, SignedCarrier]:
    """Carriers by the word that stands for them in addresses, from `Name=whsec_…; Name=whsec_…`.

    Raises ValueError where a name or a secret is missing, twice there, or too short.
    """
    found: dict[str, SignedCarrier] = {}
    for each in filter(None, (part.strip() for part in text.split(";"))):
        name, _, secret = (part.strip() for part in each.partition("="))
        slug = slug_of(name)
        if not slug or not secret.startswith(PREFIX):
            raise ValueError(f"each carrier is given as Name={PREFIX}…, several are parted by semicolons")
        if slug in found:
            raise ValueError(f"the carrier {name} is given twice")
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error as error:
            raise ValueError(f"the secret of {name} is no base64") from error
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"the secret of {name} has to hold at least {SHORTEST_KEY} bytes")
        found[slug] = SignedCarrier(name, key)
    return found


def slug_of(name: str) -> str:
    """A name as it stands in addresses, such as northway-freight."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def sender_of(carriers: Mapping[str, SignedCarrier], report: Report, now: datetime) -> SignedCarrier:
    """The carrier that signed a report, at most five minutes ago. Raises ReportRefused."""
    carrier = carriers.get(report.carrier)
    if carrier is None:
        raise ReportRefused("No carrier of this name reports here.")
    if not report.webhook_id:
        raise ReportRefused("The header webhook-id is missing.")
    try:
        sent = datetime.fromtimestamp(int(report.timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise ReportRefused("The header webhook-timestamp must hold seconds since 1970.") from None
    expected = signature_of(carrier.key, report.webhook_id, sent, report.body).encode()
    given = [each.encode() for each in report.signature.split()]
    # Every one is compared: how long it takes says nothing about which one fits.
    fitting = [hmac.compare_digest(each, expected) for each in given]
    if not any(fitting):
        raise ReportRefused("The header webhook-signature does not fit this body.")
    if abs(now - sent) > TOLERANCE:
        raise ReportRefused("The header webhook-timestamp is more than five minutes away from our clock.")
    return carrier


def signature_of(key: bytes, webhook_id: str, sent: datetime, body: bytes) -> str:
    """One signature, such as `v1,K5oZ…=`."""
    signed = f"{webhook_id}.{int(sent.timestamp())}.".encode() + body
    return f"{SCHEME},{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
