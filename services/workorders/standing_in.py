"""Who acts for whom while people are away, as the directory's copy knows it (hard case 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from services.workorders.tables import organizations, people

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_AWAY = select(
    people.c.id, people.c.delegate_id, people.c.away_from, people.c.away_until, organizations.c.time_zone
).outerjoin(organizations, organizations.c.id == people.c.organization_id)


def represented_by(connection: Connection, person_id: str, now: datetime) -> frozenset[str]:
    """Active people who are away at an instant and named this person as their delegate; days are those at home."""
    asked = _AWAY.where(people.c.delegate_id == person_id, people.c.active, ~people.c.deleted)
    return frozenset(row.id for row in connection.execute(asked) if _is_away(row, now))


def stand_in_of(connection: Connection, person_id: str, now: datetime) -> str:
    """Who acts in a person's place at an instant; empty where they are not away, or have left."""
    asked = _AWAY.where(people.c.id == person_id, people.c.active, ~people.c.deleted)
    row = connection.execute(asked).one_or_none()
    return row.delegate_id if row is not None and row.delegate_id and _is_away(row, now) else ""


def _is_away(row: Any, now: datetime) -> bool:
    if row.away_from is None or row.away_until is None:
        return False
    today = now.astimezone(ZoneInfo(row.time_zone or "UTC")).date()
    return bool(row.away_from <= today <= row.away_until)
