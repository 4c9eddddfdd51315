"""What an endpoint is told, where it may stand, and what becomes of a delivery and its endpoint after a try (B-9)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

EVERY_MOVE = "work_order_moved"
"""The kind of event that every move of an order is."""
TEST = "test"

WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600))
"""Wait after the first, second … failed try; the last one repeats."""
GIVE_UP_AFTER = timedelta(days=5)
"""For how long a delivery is tried, and for how long an endpoint may fail before it is switched off."""
LEASE = timedelta(minutes=1)
"""How long one try may take before another process may conclude that it was interrupted."""
GONE = 410
_SUCCESS = range(200, 300)
_REDIRECT = range(300, 400)
TEXT_LENGTH = 500

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses that carry another one inside: what they lead to cannot be told from outside.
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try ended: the HTTP status (0: none came), and the beginning of the answer or what was in the way."""

    status: int = 0
    text: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver has it."""
        return self.status in _SUCCESS

    @property
    def told(self) -> str:
        """What people read of a failed try; empty for one that arrived."""
        if self.arrived:
            return ""
        if self.status in _REDIRECT:
            return "Answered with a redirect, which is not followed: enter the address that it leads to."
        return self.text[:TEXT_LENGTH] or "Answered without words."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a try; `next_try` is None where there will be none by itself.

    `failing_since` is what the endpoint keeps; with `switch_off` it is told nothing any more, for that reason.
    """

    next_try: datetime | None = None
    given_up: bool = False
    failing_since: datetime | None = None
    switch_off: str = ""


class DeliveryNotRetryable(Exception):
    """The delivery arrived, or is on its way right now."""

    kind = "state"
    reason = "NOT_RETRYABLE"
    violations = ()

    def __init__(self, delivery_id: str) -> None:
        """Names the delivery."""
        super().__init__("This delivery arrived or is being sent right now; it is not sent twice.")
        self.metadata = {"id": delivery_id}


class EndpointSwitchedOff(Exception):
    """Nothing is sent to an endpoint that is switched off."""

    kind = "state"
    reason = "ENDPOINT_SWITCHED_OFF"
    violations = ()

    def __init__(self, endpoint_id: str) -> None:
        """Names the endpoint."""
        super().__init__("This endpoint is switched off: make it active first.")
        self.metadata = {"id": endpoint_id}


def kind_for(subscribed: Collection[str], effects: Iterable[str]) -> str:
    """The kind under which an endpoint is told of a move: the first effect that it asked for; empty: it did not."""
    for effect in effects:
        if effect in subscribed:
            return effect
    return EVERY_MOVE if EVERY_MOVE in subscribed else ""


def verdict(  # noqa: PLR0913 - what is known of the delivery and of its endpoint
    answer: Answer,
    *,
    attempts: int,
    accepted: datetime,
    failing_since: datetime | None,
    now: datetime,
    jitter: float = 0.0,
) -> Verdict:
    """What follows from try number `attempts` (from 1) that ended at `now`.

    `accepted` is when the delivery was queued, `failing_since` the endpoint's first failure since its last success.
    `jitter` in 0 … 1 stretches the wait by up to a fifth, so that a thousand deliveries don't come back at once.
    """
    if answer.arrived:
        return Verdict()
    since = failing_since or now
    if answer.status == GONE:
        return Verdict(given_up=True, failing_since=since, switch_off="It answered 410 Gone: nobody is there any more.")
    if now - since >= GIVE_UP_AFTER:
        words = f"Every delivery failed for {GIVE_UP_AFTER.days} days; the last answer was: {answer.told}"
        return Verdict(given_up=True, failing_since=since, switch_off=words[:TEXT_LENGTH])
    if now - accepted >= GIVE_UP_AFTER:
        return Verdict(given_up=True, failing_since=since)
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    return Verdict(next_try=now + wait * (1 + jitter / 5), failing_since=since)


def url_problem(url: str) -> str:
    """What is wrong with an endpoint's address; empty where nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if not host or parts.scheme not in {"http", "https"}:
        return "must be an address that begins with https://"
    if parts.username or parts.password:
        return "must not hold a user or a password: deliveries are signed"
    if parts.fragment:
        return "must not hold a fragment (#…)"
    if parts.scheme == "http" and not _is_this_machine(host):
        return "must begin with https://; http is for this very machine only"
    return ""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, so that a webhook cannot reach into a private network."""
    found: _Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found.sixtofour or found.teredo or any(found in network for network in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
