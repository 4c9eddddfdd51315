"""Migrations run once, by one process; programs start on their own revision or the next (hard-parts 16)."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Column, Index, MetaData, String, Table, inspect, select, text

from services.chassis import migrations, new_migration
from services.chassis.database import Database
from services.chassis.epoch import read_epoch
from services.chassis.migrations import (
    MigrationBusy,
    SchemaMismatch,
    check_revision,
    head_revision,
    migrate,
    migration_engine,
)
from services.chassis.tables import chassis_tables
from services.chassis.types import Instant, StringList
from tests.support.servers import postgres_database

from .conftest import ME


def tables(*, later: bool = False) -> MetaData:
    """A service's tables; later, with one more column, a partial index and another table."""
    metadata = MetaData()
    chassis_tables(metadata)
    orders = Table(
        "orders",
        metadata,
        Column("id", String(40), primary_key=True),
        Column("due", Instant),
        Column("tags", StringList),
    )
    if later:
        orders.append_column(Column("gate_code", String(20), nullable=False, server_default=""))
        Index("ix_orders_due", orders.c.due, sqlite_where=orders.c.due.is_not(None))
        Table("gates", metadata, Column("id", String(40), primary_key=True))
    return metadata


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A service with one migration, drafted from its tables."""
    (tmp_path / "demo" / "migrations").mkdir(parents=True)
    monkeypatch.setattr(migrations, "_SERVICES", tmp_path)
    use(monkeypatch, tables())
    assert (
        new_migration.write_migration("demo", "Make the tables.")
        == tmp_path / "demo/migrations/0001_make_the_tables.py"
    )
    return "demo"


def use(monkeypatch, metadata):
    monkeypatch.setattr(migrations, "metadata_of", lambda _: metadata)
    monkeypatch.setattr(new_migration, "metadata_of", lambda _: metadata)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/demo.sqlite3"
        return
    with postgres_database() as address:
        yield address


def test_a_new_database_gets_every_table_and_an_epoch(service, url):
    assert migrate(service, url) == ("", "0001")

    database = Database(url)
    with database.read() as connection:
        assert read_epoch(connection)
        assert connection.execute(select(tables().tables["orders"])).all() == []
    assert check_revision(service, database) == "0001"
    database.close()


def test_what_the_migrations_make_is_what_the_tables_say(service, url):
    migrate(service, url)

    engine = migration_engine(url)
    with engine.connect() as connection:
        assert new_migration.differences(service, connection) == []
    engine.dispose()
    assert new_migration.write_migration(service, "Nothing.") is None


def test_the_numbers_of_the_outbox_are_never_given_twice_on_sqlite(service, tmp_path):
    url = f"sqlite:///{tmp_path}/data/demo.sqlite3"
    migrate(service, url)

    engine = migration_engine(url)
    with engine.connect() as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'outbox'")).scalar_one()
    engine.dispose()
    assert "AUTOINCREMENT" in made


def test_a_second_migration_keeps_data_and_epoch(service, url, monkeypatch):
    migrate(service, url)
    database = Database(url)
    with database.read() as connection:
        epoch = read_epoch(connection)
    database.close()
    use(monkeypatch, tables(later=True))
    assert new_migration.write_migration(service, "Add gates.").name == "0002_add_gates.py"

    assert migrate(service, url) == ("0001", "0002")
    assert migrate(service, url) == ("0002", "0002")

    database = Database(url)
    with database.read() as connection:
        assert read_epoch(connection) == epoch
        assert "gates" in inspect(connection).get_table_names()
    database.close()


def test_a_program_starts_on_its_own_revision_or_the_next_and_on_no_other(service, url, monkeypatch, tmp_path):
    database = Database(url)
    with pytest.raises(SchemaMismatch, match="fieldmesh migrate"):
        check_revision(service, database)
    migrate(service, url)
    use(monkeypatch, tables(later=True))
    second = new_migration.write_migration(service, "Add gates.")

    with pytest.raises(SchemaMismatch, match=r"0001.*needs 0002.*fieldmesh migrate"):
        check_revision(service, database)
    migrate(service, url)
    second.unlink()  # the program of before, while the database is already one ahead
    assert head_revision(service) == "0001"
    assert check_revision(service, database) == "0002"
    with database.begin(actor=ME) as transaction:
        transaction.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(SchemaMismatch, match="newer program"):
        check_revision(service, database)
    database.close()


def test_a_migration_that_fails_leaves_nothing_half_done(service, url, tmp_path):
    migrate(service, url)
    (tmp_path / "demo/migrations/0002_breaks.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = '0002'\ndown_revision = '0001'\n"
        "def upgrade():\n    op.create_table('half', sa.Column('id', sa.Integer))\n    raise KeyError('broken')\n"
    )

    with pytest.raises(KeyError):
        migrate(service, url)

    engine = migration_engine(url)
    with engine.connect() as connection:
        assert "half" not in inspect(connection).get_table_names()
        assert migrations.current_revision(connection) == "0001"
    engine.dispose()


def test_replicas_that_migrate_at_the_same_time_take_turns(service, url):
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(migrate(service, url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [("", "0001"), ("0001", "0001"), ("0001", "0001")]


def test_an_index_that_is_made_concurrently_does_not_wait_for_those_who_wait(service, tmp_path):
    """Waiting inside pg_advisory_lock is a transaction that CREATE INDEX CONCURRENTLY waits for: a deadlock."""
    with postgres_database() as url:
        migrate(service, url)
        (tmp_path / "demo/migrations/0002_index.py").write_text(
            "from alembic import op\nimport time\nrevision = '0002'\ndown_revision = '0001'\n"
            "def upgrade():\n    time.sleep(0.5)\n    with op.get_context().autocommit_block():\n"
            "        op.create_index('ix_orders_due', 'orders', ['due'], postgresql_concurrently=True)\n"
        )
        outcomes = []
        threads = [threading.Thread(target=lambda: outcomes.append(migrate(service, url))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert sorted(outcomes) == [("0001", "0002"), ("0002", "0002"), ("0002", "0002")]


def test_one_that_has_to_wait_too_long_says_so(service, url):
    engine = migration_engine(url)

    with migrations._only_one(engine, service, 5), pytest.raises(MigrationBusy):
        migrate(service, url, patience=0.3)
    engine.dispose()


def test_a_process_that_dies_while_it_migrates_does_not_block_the_next(service, url):
    script = f"""
import os
from services.chassis.migrations import _only_one, migration_engine
with _only_one(migration_engine({url!r}), "demo", 5):
    print("mine", flush=True)
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], cwd=Path.cwd(), timeout=60, check=False)
    started = time.monotonic()

    assert migrate(service, url, patience=20) == ("", "0001")
    assert time.monotonic() - started < 15
