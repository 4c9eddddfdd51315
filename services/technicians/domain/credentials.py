"""How a certificate stands on a day, and when its holder is reminded that it expires (CP-92)."""

from datetime import date
from enum import Enum
from typing import Final

# Days before the last valid day on which somebody is told, once each.
REMINDERS: Final = (7, 30, 90)
SOON_DAYS: Final = REMINDERS[-1]


class Standing(Enum):
    """How a certificate stands; the values are those of the contract."""

    VALID = 1
    EXPIRING = 2
    EXPIRED = 3
    REVOKED = 4
    NOT_YET_VALID = 5


def standing(issued: date, expires: date | None, today: date, *, revoked: bool) -> Standing:
    """Tell how a certificate stands; ``expires`` is its last valid day, None: it never expires."""
    if revoked:
        return Standing.REVOKED
    if issued > today:
        return Standing.NOT_YET_VALID
    if expires is None:
        return Standing.VALID
    if expires < today:
        return Standing.EXPIRED
    return Standing.EXPIRING if (expires - today).days <= SOON_DAYS else Standing.VALID


def reminder_due(expires: date, today: date) -> int | None:
    """Give the reminder that is due: the nearest of 7, 30 and 90 days that are not more than are left; None: none yet.

    One that comes late, because the certificate was entered late, stands for the earlier ones.
    """
    left = (expires - today).days
    return next((days for days in REMINDERS if 0 <= left <= days), None)
