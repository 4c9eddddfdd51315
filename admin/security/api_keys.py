"""API keys: made once, shown once, known by their digest, and limited in how often they call (hard-parts 5)."""

from __future__ import annotations

import dataclasses
import hmac
import secrets
import time
from typing import TYPE_CHECKING, Final

from sqlalchemy import case, select, update

from admin.identity import Identity
from admin.security.models import ApiKey
from admin.security.secret import keyed_digest
from services.chassis.identity import INTEGRATION_ROLE
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

PREFIX: Final = "fmk_"
CALLS_A_MINUTE: Final = 120
_MINUTE: Final = 60
_SHOWN: Final = 4


class KeyUnknown(Exception):
    """No key that is in force reads like this."""


class TooManyCalls(Exception):
    """A key called more often than it may; `seconds` until it may again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"At most {CALLS_A_MINUTE} calls a minute; try again in {seconds} seconds.")
        self.seconds = seconds


@dataclasses.dataclass(frozen=True)
class ApiKeys:
    """The keys of an installation; `secret` is what their digests are made under."""

    session: Session
    secret: str
    now: Callable[[], float] = time.time

    def of(self, organization_id: str) -> Sequence[ApiKey]:
        """The keys of an organisation, or of all where none is named; the newest first."""
        found = select(ApiKey).order_by(ApiKey.made_at.desc(), ApiKey.id)
        if organization_id:
            found = found.where(ApiKey.organization_id == organization_id)
        return self.session.execute(found).scalars().all()

    def make(self, who: Identity, name: str) -> tuple[ApiKey, str]:
        """A new key for somebody's organisation, with its text, which is not to be had again."""
        text = PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(
            id=new_id(),
            organization_id=who.organization_id,
            organization_name=who.organization_name,
            organization_kind=who.organization_kind,
            name=name,
            digest=self._digest(text),
            ending=text[-_SHOWN:],
            made_by=who.name,
            made_at=self.now(),
        )
        self.session.add(key)
        self.session.commit()
        return key, text

    def revoke(self, organization_id: str, key_id: str) -> ApiKey:
        """End a key at once. KeyUnknown where the organisation has none of that id; any one where none is named."""
        key = self.session.get(ApiKey, key_id)
        if key is None or (organization_id and key.organization_id != organization_id):
            raise KeyUnknown
        if not key.revoked_at:
            key.revoked_at = self.now()
            self.session.commit()
        return key

    def caller(self, text: str) -> Identity:
        """Whom a key stands for: a program of its organisation, and nobody else.

        Raises KeyUnknown, also for a revoked key, and TooManyCalls.
        """
        digest = self._digest(text)
        key = self.session.execute(select(ApiKey).where(ApiKey.digest == digest)).scalar_one_or_none()
        if key is None or key.revoked_at or not hmac.compare_digest(key.digest, digest):
            raise KeyUnknown
        self._count(key)
        return Identity(
            person_id=f"key:{key.id}",
            login="",
            name=key.name,
            roles=frozenset({INTEGRATION_ROLE}),
            organization_id=key.organization_id,
            organization_name=key.organization_name,
            organization_kind=key.organization_kind,
        )

    def _count(self, key: ApiKey) -> None:
        now = self.now()
        minute = int(now // _MINUTE)
        counted = (
            update(ApiKey)
            .where(ApiKey.id == key.id, (ApiKey.minute != minute) | (ApiKey.calls < CALLS_A_MINUTE))
            .values(calls=_calls_of(minute), minute=minute, used_at=now)
        )
        taken = self.session.execute(counted.execution_options(synchronize_session=False))
        self.session.commit()
        if not taken.rowcount:  # type: ignore[attr-defined]
            raise TooManyCalls(_MINUTE - int(now % _MINUTE))

    def _digest(self, text: str) -> str:
        return keyed_digest(self.secret, "api-key", text)


def _calls_of(minute: int) -> object:
    """One more call of the running minute, or the first one of it."""
    return case((ApiKey.minute == minute, ApiKey.calls + 1), else_=1)
