"""A restored backup is declared once nobody works on it, on both stacks (hard-parts 8)."""

from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from services.chassis.database import Database
from services.chassis.epoch import read_epoch
from services.chassis.errors import Unavailable
from services.chassis.migrations import SchemaMismatch, migrate
from services.chassis.relay import Relay
from services.chassis.restoring import RestoreRefused, declare_restored
from services.chassis.tables import OWN
from tests.support.servers import postgres_database

from .conftest import ME


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/shipping.sqlite3"
        return
    with postgres_database() as address:
        yield address


@pytest.fixture
def migrated(url):
    migrate("shipping", url)
    return url


@contextmanager
def opened(url):
    with closing(Database(url)) as database:
        yield database


def epoch_and_readers(url):
    with opened(url) as database, database.read() as connection:
        return read_epoch(connection), list(connection.execute(select(OWN.feed_consumers.c.consumer)).scalars())


def test_it_gets_another_epoch_and_tells_who_had_read_its_events(migrated):
    with opened(migrated) as database, database.begin(actor=ME) as transaction:
        rows = [{"consumer": name, "sequence": 7, "seen_time": transaction.now} for name in ("workorders", "billing")]
        transaction.execute(insert(OWN.feed_consumers), rows)
    before, _ = epoch_and_readers(migrated)

    assert declare_restored("shipping", migrated) == ("billing", "workorders")

    after, readers = epoch_and_readers(migrated)
    assert after != before
    assert readers == []


def test_it_is_refused_while_a_process_works_on_it(migrated, broker):
    before, _ = epoch_and_readers(migrated)

    refused = pytest.raises(RestoreRefused, match="stop shipping first")
    with opened(migrated) as database, at_work(database, "shipping", broker), refused:
        declare_restored("shipping", migrated)

    assert epoch_and_readers(migrated)[0] == before
    declare_restored("shipping", migrated)


def at_work(database, service, broker):
    """What the processes of a service do for as long as they run: keep the file open, or hold the relay's lock."""
    return database.read() if database.dialect == "sqlite" else Relay(database, service, broker)._election()


def test_another_service_on_the_same_server_is_not_in_the_way(broker):
    with postgres_database() as url:
        migrate("shipping", url)
        with opened(url) as database, at_work(database, "workorders", broker):
            declare_restored("shipping", url)


def test_a_database_of_an_older_program_is_migrated_first(url):
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()

    with pytest.raises(SchemaMismatch, match="fieldmesh migrate"):
        declare_restored("shipping", url)


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    missing = tmp_path / "elsewhere" / "shipping.sqlite3"

    with pytest.raises(RestoreRefused, match="no file"):
        declare_restored("shipping", f"sqlite:///{missing}")

    assert not missing.parent.exists()


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path):
    (tmp_path / "shipping.sqlite3").write_text("This is not a backup." * 100)

    with pytest.raises(RestoreRefused, match="cannot be read"):
        declare_restored("shipping", f"sqlite:///{tmp_path}/shipping.sqlite3")


def test_a_server_that_is_away_is_said_to_be_away():
    with pytest.raises(Unavailable):
        declare_restored("shipping", "postgresql://127.0.0.1:1/shipping")
