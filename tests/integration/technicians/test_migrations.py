"""The revisions make the tables that the program declares, on both databases."""

from __future__ import annotations

from pathlib import Path

from services.chassis.migrations import migrate, migration_engine
from services.chassis.new_migration import differences
from tests.support.servers import postgres_database


def test_the_revisions_make_the_declared_tables_on_sqlite(tmp_path: Path) -> None:
    _check(f"sqlite:///{tmp_path}/technicians.sqlite3")


def test_the_revisions_make_the_declared_tables_on_postgresql() -> None:
    with postgres_database() as url:
        _check(url)


def _check(url: str) -> None:
    migrate("technicians", url)
    engine = migration_engine(url)
    try:
        with engine.connect() as connection:
            assert differences("technicians", connection) == []
    finally:
        engine.dispose()
