"""Counts kept in the same transaction as the rows they count (hard-parts 14)."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.tables import OWN


def apply_counters(connection: Connection, deltas: Mapping[tuple[str, str], int]) -> None:
    """Add to counters, in the order of their keys: two transactions then lock shared rows in one order.

    Unsorted, PostgreSQL answered with deadlocks. Zero deltas are dropped; a new counter starts at its delta.
    """
    rows = [{"name": name, "key": key, "value": delta} for (name, key), delta in sorted(deltas.items()) if delta]
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(OWN.counters)
    changed = statement.on_conflict_do_update(
        index_elements=["name", "key"],
        set_={"value": OWN.counters.c.value + statement.excluded.value},
    )
    for row in rows:
        connection.execute(changed, row)


def read_counters(connection: Connection, name: str, keys: Iterable[str]) -> dict[str, int]:
    """Give the values of counters of one name; keys never counted are zero."""
    wanted = list(keys)
    counters = OWN.counters
    found = connection.execute(
        select(counters.c.key, counters.c.value).where(counters.c.name == name, counters.c.key.in_(wanted))
    )
    values = {row.key: row.value for row in found}
    return {key: values.get(key, 0) for key in wanted}


def sum_counters(connection: Connection, name: str, prefix: str) -> int:
    """Give the sum of all counters of one name whose keys begin with a prefix."""
    counters = OWN.counters
    below = counters.c.key.startswith(prefix, autoescape=True)
    asked = select(func.coalesce(func.sum(counters.c.value), 0)).where(counters.c.name == name, below)
    return int(connection.execute(asked).scalar_one())
