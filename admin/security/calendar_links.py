"""Secret links to a person's calendar feed: made, shown once, known by their digest, and revoked (B-8)."""

from __future__ import annotations

import dataclasses
import hmac
import secrets
import time
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from admin.security.models import CalendarLink
from admin.security.secret import keyed_digest
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

MOST: Final = 10


class LinkUnknown(Exception):
    """No link that is in force reads like this."""


class TooManyLinks(Exception):
    """A person has as many links in force as one may have."""


@dataclasses.dataclass(frozen=True)
class CalendarLinks:
    """The links of an installation; `secret` is what their digests are made under."""

    session: Session
    secret: str
    now: Callable[[], float] = time.time

    def of(self, person_id: str) -> Sequence[CalendarLink]:
        """A person's links in force, the newest first."""
        found = select(CalendarLink).where(CalendarLink.person_id == person_id, CalendarLink.revoked_at == 0)
        return self.session.execute(found.order_by(CalendarLink.made_at.desc(), CalendarLink.id)).scalars().all()

    def make(self, person_id: str, name: str, *, mine: bool) -> str:
        """The secret of a new link, which is not to be had again. Raises TooManyLinks."""
        if len(self.of(person_id)) >= MOST:
            raise TooManyLinks
        text = secrets.token_urlsafe(32)
        made = CalendarLink(
            id=new_id(), person_id=person_id, name=name, mine=mine, digest=self._digest(text), made_at=self.now()
        )
        self.session.add(made)
        self.session.commit()
        return text

    def revoke(self, person_id: str, link_id: str) -> CalendarLink:
        """End a link of a person at once. Raises LinkUnknown."""
        found = self.session.get(CalendarLink, link_id)
        if found is None or found.person_id != person_id or found.revoked_at:
            raise LinkUnknown
        found.revoked_at = self.now()
        self.session.commit()
        return found

    def read(self, text: str) -> CalendarLink:
        """The link of a secret, with the time of this use. Raises LinkUnknown, also for a revoked one."""
        digest = self._digest(text)
        found = self.session.execute(select(CalendarLink).where(CalendarLink.digest == digest)).scalar_one_or_none()
        if found is None or found.revoked_at or not hmac.compare_digest(found.digest, digest):
            raise LinkUnknown
        found.used_at = self.now()
        self.session.commit()
        return found

    def _digest(self, text: str) -> str:
        return keyed_digest(self.secret, "calendar", text)
