"""What every installation starts with: the calendar of the United States and the policies of the two entitlements."""

from collections.abc import Mapping
from datetime import date
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from services.chassis.ids import derive_id
from services.chassis.kit.seeding import add_missing
from services.shipping.domain.versions import (
    FIRST_WARNING,
    MORNING_WARNING,
    SECOND_WARNING,
    VersionState,
)
from services.shipping.tables import business_calendars, sla_policies

DEFAULT_CALENDAR = "US business days"
ASSURE = "assure"
NON_ASSURE = "non-assure"
FIRST_YEAR, LAST_YEAR = 2020, 2050
"""Holidays are seeded for these years; later ones come with a new version of the calendar."""

_OPENS, _CLOSES = "08:00", "17:00"
_WORKING_DAYS = range(1, 6)
_BUSINESS_DAYS = 1


def seed(connection: Connection) -> None:
    """Adds what is missing; called at every start, so it changes nothing that exists."""
    calendar_id = derive_id("business-calendar", DEFAULT_CALENDAR, 1)
    add_missing(connection, business_calendars, {calendar_id: lambda: _united_states(calendar_id)})
    policies = ((ASSURE, "Repair SLA Assure", 1), (NON_ASSURE, "Repair SLA NonAssure", 5))
    for code, name, amount in policies:
        policy_id = derive_id("sla-policy", code, 1)
        add_missing(connection, sla_policies, {policy_id: partial(_policy, policy_id, code, name, amount)})


@cache
def federal_holidays(first_year: int, last_year: int) -> Mapping[date, str]:
    """The eleven federal holidays and the days on which they are observed: Saturday's on Friday, Sunday's on Monday."""
    import holidays  # takes a third of a second, and only the first start needs it

    found = holidays.country_holidays("US", years=range(first_year, last_year + 2), observed=True)
    return MappingProxyType({day: name for day, name in sorted(found.items()) if first_year <= day.year <= last_year})


def _united_states(calendar_id: str) -> dict[str, Any]:
    return {
        "id": calendar_id,
        "name": DEFAULT_CALENDAR,
        "version": 1,
        "windows": [{"weekday": day, "opens": _OPENS, "closes": _CLOSES} for day in _WORKING_DAYS],
        "exceptions": [
            {"date": {"year": day.year, "month": day.month, "day": day.day}, "name": name, "imported": True}
            for day, name in federal_holidays(FIRST_YEAR, LAST_YEAR).items()
        ],
        "in_force": True,
        "state": int(VersionState.IN_FORCE),
        "country": "US",
        "organization_id": "",
    }


def _policy(policy_id: str, code: str, name: str, amount: int) -> dict[str, Any]:
    return {
        "id": policy_id,
        "code": code,
        "name": name,
        "version": 1,
        "unit": _BUSINESS_DAYS,
        "amount": amount,
        "cut_off": "17:00",
        "due_time": "",
        "in_force": True,
        "state": int(VersionState.IN_FORCE),
        "first_warning": FIRST_WARNING,
        "second_warning": SECOND_WARNING,
        "morning_warning": MORNING_WARNING,
        "organization_id": "",
    }
