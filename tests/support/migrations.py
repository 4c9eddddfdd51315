"""Databases as an earlier program left them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.script import ScriptDirectory


class Earlier:
    """The revisions of a service up to one of them."""

    def __init__(self, scripts: ScriptDirectory, last: str) -> None:
        self._scripts, self._last = scripts, last

    def __getattr__(self, name: str):
        return getattr(self._scripts, name)

    def _upgrade_revs(self, _wanted: str, present: str):
        return self._scripts._upgrade_revs(self._last, present)


def insert_earlier(connection: sa.Connection, table: sa.Table, **values) -> None:
    """Insert a row as the program before did, which knew no newer columns."""
    narrow = sa.table(table.name, *(sa.column(name, table.c[name].type) for name in values))
    connection.execute(sa.insert(narrow).values(**values))
