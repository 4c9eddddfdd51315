"""What becomes of a message after an attempt, and when the next one is due.

SMTP is at least once: the attempt is recorded before it is made, so that a crash in between leaves an attempt whose
end is unknown, and the next one carries the same Message-ID for the receiving side to recognise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Outcome(StrEnum):
    """How an attempt ended."""

    PENDING = "pending"
    """Recorded, and its end not known yet."""
    ACCEPTED = "accepted"
    """The mail server took the message."""
    DEFERRED = "deferred"
    """The server said: later (4xx)."""
    REFUSED = "refused"
    """The server said: never (5xx), or there is no usable address."""
    UNREACHABLE = "unreachable"
    """No server answered, or it refused to talk to us at all; says nothing about the message."""
    INTERRUPTED = "interrupted"
    """The connection or this process ended before the answer; the server may have taken it."""
    BACKDATED = "backdated"
    """Not sent, because what it tells happened more than a day before it was written."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of an attempt: what it means, the SMTP code (0: none), and the server's own words."""

    outcome: Outcome
    code: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message stands after an attempt; `next_try` is None where there will be none by itself."""

    state: MessageState
    next_try: datetime | None


DEFERRALS = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400))
"""Wait after the first, second … deferred attempt; the last one repeats."""
GIVE_UP_AFTER = timedelta(hours=72)
"""From when the message was written; mail servers keep deferring each other for as long."""
PROBE_LIMIT = timedelta(seconds=30)
"""Longest wait after an attempt that reached no server."""
BACKDATED_AFTER = timedelta(hours=24)
"""A mail on something older is marked sent and not sent (hard parts, 26): demo data lies in the past."""
LEASE = timedelta(minutes=3)
"""How long one attempt may take before another process may conclude that it was interrupted."""


def standing_after(result: Result, *, attempts: int, written: datetime, now: datetime, jitter: float = 0.0) -> Standing:
    """Where a message stands after its attempt number `attempts` (from 1) ended with `result` at `now`.

    `jitter` in 0 … 1 stretches a deferral by up to a fifth, so that a thousand deferred mails don't come back at once.
    """
    if result.outcome in {Outcome.ACCEPTED, Outcome.BACKDATED}:
        return Standing(MessageState.SENT, None)
    if result.outcome is Outcome.REFUSED:
        return Standing(MessageState.FAILED, None)
    if result.outcome is Outcome.UNREACHABLE:
        return Standing(MessageState.QUEUED, now + min(PROBE_LIMIT, timedelta(seconds=2 ** min(attempts - 1, 10))))
    if now - written >= GIVE_UP_AFTER:
        return Standing(MessageState.FAILED, None)
    wait = DEFERRALS[min(attempts, len(DEFERRALS)) - 1]
    return Standing(MessageState.QUEUED, now + wait * (1 + jitter / 5))


def is_backdated(happened: datetime, now: datetime, limit: timedelta = BACKDATED_AFTER) -> bool:
    """Whether what a mail tells lies so far back that nobody wants it any more."""
    return now - happened > limit


class NotRetryable(Exception):
    """The mail server took the message, or is being handed it; it is not sent twice."""

    kind = "state"
    reason = "NOT_RETRYABLE"
    violations = ()

    def __init__(self, message_id: str, state: str) -> None:
        """Names the message and where it stands."""
        words = "was sent" if state == MessageState.SENT else "is being sent right now"
        super().__init__(f"This mail {words}; it is not sent twice.")
        self.metadata = {"message_id": message_id, "state": state}


def check_retryable(message_id: str, state: MessageState, last: Outcome) -> None:
    """Raises NotRetryable unless the message failed, waits, or was only marked sent because it was backdated."""
    if state is MessageState.SENDING or (state is MessageState.SENT and last is not Outcome.BACKDATED):
        raise NotRetryable(message_id, state)
