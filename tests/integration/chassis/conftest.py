"""A small service's database, on both stacks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, text

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.epoch import ensure_epoch
from services.chassis.tables import chassis_tables
from tests.support.servers import broker, postgres  # noqa: F401 - fixtures

METADATA = MetaData()
CHASSIS = chassis_tables(METADATA)
THINGS = Table(
    "things",
    METADATA,
    Column("id", String(60), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("value", String(60), nullable=False, server_default=""),
    Column("deleted", Integer, nullable=False, server_default="0"),
)
EFFECTS = Table(
    "effects",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("event_id", String(60), nullable=False),
    Column("aggregate_id", String(60), nullable=False),
    Column("version", Integer, nullable=False),
)
ME = service_actor("tests")

MakeDatabase = Callable[[], Database]


@pytest.fixture
def make_sqlite(tmp_path: Path) -> Iterator[MakeDatabase]:
    """Makes SQLite databases with the tables in them."""
    made: list[Database] = []

    def make() -> Database:
        database = Database(f"sqlite:///{tmp_path}/{len(made)}.sqlite3")
        with database.begin(actor=ME) as transaction:
            METADATA.create_all(transaction.connection)
        ensure_epoch(database)
        made.append(database)
        return database

    yield make
    for database in made:
        database.close()


@pytest.fixture
def make_postgresql(postgres: str) -> Iterator[MakeDatabase]:  # noqa: F811 - the fixture
    """Makes PostgreSQL databases, one schema each, with the tables in them."""
    made: list[Database] = []

    def make() -> Database:
        schema = f"s{len(made)}"
        admin = Database(postgres)
        with admin.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        admin.close()
        database = Database(f"{postgres}?options=-csearch_path%3D{schema}")
        with database.engine.begin() as connection:
            METADATA.create_all(connection)
        ensure_epoch(database)
        made.append(database)
        return database

    yield make
    for database in made:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def make_database(request: pytest.FixtureRequest) -> MakeDatabase:
    """Makes databases of either kind."""
    make: MakeDatabase = request.getfixturevalue(f"make_{request.param}")
    return make


@pytest.fixture
def database(make_database: MakeDatabase) -> Database:
    return make_database()
