"""Versions of calendars and policies as rows: drafts, what is in force, what followed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, insert, select, update

from services.shipping.domain.versions import VersionState
from services.shipping.tables import business_calendars, sla_policies

Version = dict[str, Any]
"""One version of a calendar or policy as its row."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Calendars or policies: their table, and the column that names what the versions are versions of."""

    name: str
    table: Table
    key: Column[str]

    def key_of(self, row: Mapping[str, Any]) -> str:
        """What a row is a version of: the calendar's name, the policy's code."""
        return str(row[self.key.name])


CALENDARS = Kind("calendar", business_calendars, business_calendars.c.name)
POLICIES = Kind("policy", sla_policies, sla_policies.c.code)
KINDS = {kind.name: kind for kind in (CALENDARS, POLICIES)}


def find_version(connection: Connection, kind: Kind, version_id: str, *, lock: bool = False) -> Version | None:
    """A version by its id; locked until the unit of work ends where that is asked."""
    statement = select(kind.table).where(kind.table.c.id == version_id)
    found = connection.execute(statement.with_for_update() if lock else statement).mappings().first()
    return {str(name): value for name, value in found.items()} if found else None


def draft_id(connection: Connection, kind: Kind, key: str, owner: str) -> str:
    """The draft of a calendar or policy; empty where there is none."""
    columns = kind.table.c
    is_draft = columns.state == int(VersionState.DRAFT)
    wanted = select(columns.id).where(kind.key == key, columns.organization_id == owner, is_draft)
    return connection.execute(wanted).scalars().first() or ""


def newest_version(connection: Connection, kind: Kind, key: str, owner: str) -> int:
    """The highest version so far; zero where there is none."""
    columns = kind.table.c
    newest = select(func.max(columns.version)).where(kind.key == key, columns.organization_id == owner)
    return int(connection.execute(newest).scalar_one_or_none() or 0)


def add_version(connection: Connection, kind: Kind, values: Mapping[str, Any]) -> None:
    """Adds a version."""
    connection.execute(insert(kind.table).values(dict(values)))


def change_draft(connection: Connection, kind: Kind, row: Version, values: Mapping[str, Any]) -> None:
    """Changes a draft, which its revision counts."""
    changed = update(kind.table).where(kind.table.c.id == row["id"])
    connection.execute(changed.values({**values, "revision": row["revision"] + 1}))


def put_in_force(connection: Connection, kind: Kind, row: Version, values: Mapping[str, Any]) -> None:
    """Puts a draft in force in place of the version before."""
    columns = kind.table.c
    key, owner = kind.key_of(row), row["organization_id"]
    earlier = update(kind.table).where(kind.key == key, columns.organization_id == owner, columns.in_force.is_(True))
    connection.execute(earlier.values(in_force=False, state=VersionState.SUPERSEDED))
    change_draft(connection, kind, row, {**values, "in_force": True, "state": VersionState.IN_FORCE})


def remove_draft(connection: Connection, kind: Kind, version_id: str) -> None:
    """Deletes a draft."""
    connection.execute(delete(kind.table).where(kind.table.c.id == version_id))
