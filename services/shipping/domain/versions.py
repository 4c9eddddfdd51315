"""Versions of calendars and policies: written as drafts, published once, never changed again (sla.md, 11)."""

from enum import IntEnum

FIRST_WARNING, SECOND_WARNING, MORNING_WARNING = 50, 75, "09:00"
"""What policies warn at unless they say otherwise (sla.md, 10)."""


class VersionState(IntEnum):
    """How far a version is. The numbers are those of the contract."""

    DRAFT = 1
    IN_FORCE = 2
    SUPERSEDED = 3
