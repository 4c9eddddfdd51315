"""Numbers that people read, given once each and in order."""

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from services.shipping.tables import numbers


def take_number(connection: Connection, series: str, first: int) -> int:
    """The next number of a series that begins with `first`; its row is locked until the unit of work ends."""
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    begun = dialect_insert(numbers).values(name=series, next=first + 1)
    counted = begun.on_conflict_do_update(index_elements=["name"], set_={"next": numbers.c.next + 1})
    return int(connection.execute(counted.returning(numbers.c.next)).scalar_one()) - 1
