"""Lockout with back-off for sign-ins, by login name and by address."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete

from admin.security.models import Attempts

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

FREE_FAILURES: Final = {"login": 5, "address": 20}
FIRST_LOCK_SECONDS: Final = 15.0
LONGEST_LOCK_SECONDS: Final = 900.0
FORGET_SECONDS: Final = 3600.0


@dataclasses.dataclass(frozen=True)
class Throttle:
    """Counts failures and locks: 15 s after the fifth of a login, doubling with each up to 15 minutes.

    Unknown logins are counted as well, so that a lock does not tell which exist. An address gets twenty failures.
    """

    session: Session
    now: Callable[[], float] = time.time

    def wait(self, login: str, address: str) -> float:
        """Seconds until the next try is looked at; zero where it is at once."""
        found = [self.session.get(Attempts, key) for _, key in _keys(login, address)]
        return max([0.0, *(row.locked_until - self.now() for row in found if row is not None)])

    def failed(self, login: str, address: str) -> None:
        """Note a failure."""
        for kind, key in _keys(login, address):
            row = self.session.get(Attempts, key)
            if row is None:
                row = Attempts(key=key, failures=0, last_at=0.0, locked_until=0.0)
                self.session.add(row)
            if self.now() - row.last_at > FORGET_SECONDS:
                row.failures = 0
            row.failures += 1
            row.last_at = self.now()
            row.locked_until = self.now() + _lock_seconds(row.failures - FREE_FAILURES[kind])
        self.session.execute(delete(Attempts).where(Attempts.last_at < self.now() - 24 * FORGET_SECONDS))
        self.session.commit()

    def succeeded(self, login: str) -> None:
        """Forget the failures of a login; those of the address stay, or one known login would reset them all."""
        self.session.execute(delete(Attempts).where(Attempts.key == _key("login", login)))
        self.session.commit()


def _keys(login: str, address: str) -> list[tuple[str, str]]:
    return [("login", _key("login", login)), ("address", _key("address", address))]


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}:{text.strip().lower()}".encode()).hexdigest()


def _lock_seconds(beyond: int) -> float:
    return 0.0 if beyond < 0 else min(FIRST_LOCK_SECONDS * 2.0**beyond, LONGEST_LOCK_SECONDS)
