"""Rows that every installation starts with: added where they are missing, never changed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

Rows = Mapping[str, Callable[[], dict[str, Any]]]


def add_missing(connection: Connection, table: Table, rows: Rows) -> None:
    """Add the rows, by id, that are not there; a row is made only when it is missing.

    Several replicas may start at once, and whoever maintains a row of the same natural key keeps it.
    """
    known = set(connection.execute(select(table.c.id).where(table.c.id.in_(rows))).scalars())
    missing = [make() for row_id, make in rows.items() if row_id not in known]
    if missing:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(table).on_conflict_do_nothing(), missing)
