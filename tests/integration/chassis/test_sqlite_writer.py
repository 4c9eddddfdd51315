"""Units of work share commits on SQLite, and a failed one takes nobody hostage (hard-parts 12)."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from services.chassis.database import Database, normal_url, sqlite_engine
from services.chassis.errors import Unavailable
from services.chassis.sqlite_writer import SqliteWriter

from .conftest import ME, THINGS


@pytest.fixture
def writer(tmp_path: Path):
    engine = sqlite_engine(normal_url(f"sqlite:///{tmp_path}/w.sqlite3"), read_only=False)
    connection = engine.connect()
    driver = connection.connection.dbapi_connection
    driver.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    driver.execute(
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
    )
    made = SqliteWriter(connection, patience=2)
    yield made
    made.close()


def _ids(writer: SqliteWriter) -> list[int]:
    with writer.unit() as connection:
        return list(connection.execute(text("SELECT id FROM child ORDER BY id")).scalars())


def _insert(writer: SqliteWriter, number: int, parent: int | None = None) -> None:
    with writer.unit() as connection:
        connection.execute(text("INSERT INTO child VALUES (:id, :parent)"), {"id": number, "parent": parent})


class _NothingWrittenError(Exception):
    """Ends a unit without a write."""


def _together(writer: SqliteWriter, calls) -> list[BaseException | None]:
    """Runs calls so that all of them share one batch: the turn is held until each is waiting in line."""
    outcomes: list[BaseException | None] = [None] * len(calls)

    def run(position: int) -> None:
        try:
            calls[position]()
        except BaseException as error:  # noqa: BLE001 - what the caller saw
            outcomes[position] = error

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(calls))]
    with suppress(_NothingWrittenError), writer.unit():
        for expected, thread in enumerate(threads, start=1):
            thread.start()
            while len(writer._waiting) < expected:
                time.sleep(0.001)
        writer._batch.opened = time.monotonic()
        raise _NothingWrittenError
    for thread in threads:
        thread.join()
    return outcomes


def test_after_a_failed_commit_the_next_write_succeeds(writer):
    with pytest.raises(Unavailable):
        _insert(writer, 1, parent=99)  # no such parent: the COMMIT itself fails

    _insert(writer, 2)

    assert _ids(writer) == [2]


def test_a_failed_commit_fails_every_unit_of_its_batch(writer):
    outcomes = _together(writer, [lambda: _insert(writer, 1), lambda: _insert(writer, 2, parent=99)])

    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
    _insert(writer, 3)
    assert _ids(writer) == [3]


def test_units_that_wait_share_one_commit(writer):
    before = writer.commits

    outcomes = _together(writer, [lambda number=number: _insert(writer, number) for number in range(10)])

    assert outcomes == [None] * 10
    assert _ids(writer) == list(range(10))
    assert writer.commits == before + 2  # theirs, and the one of reading the ids


def test_a_unit_that_fails_takes_only_its_own_writes_with_it(writer):
    def fail() -> None:
        with writer.unit() as connection:
            connection.execute(text("INSERT INTO child VALUES (77, NULL)"))
            raise KeyError

    outcomes = _together(writer, [lambda: _insert(writer, 1), fail, lambda: _insert(writer, 2)])

    assert [type(outcome) for outcome in outcomes] == [type(None), KeyError, type(None)]
    assert _ids(writer) == [1, 2]


def test_a_transaction_that_sqlite_gave_up_by_itself_fails_its_batch_and_not_the_next(writer):
    """A full disk or an I/O error rolls back the whole transaction; the units before it in the batch are lost too."""

    def lose() -> None:
        with writer.unit() as connection:
            connection.connection.dbapi_connection.execute("ROLLBACK")
            raise OSError

    outcomes = _together(writer, [lambda: _insert(writer, 1), lose])

    assert [type(outcome) for outcome in outcomes] == [Unavailable, OSError]
    _insert(writer, 2)
    assert _ids(writer) == [2]


def test_an_answer_is_given_only_after_the_commit(writer, tmp_path):
    other = create_engine(f"sqlite:///{tmp_path}/w.sqlite3")

    def insert_and_look() -> None:
        _insert(writer, 5)
        with other.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM child WHERE id = 5")).scalar_one() == 1

    assert _together(writer, [insert_and_look, lambda: _insert(writer, 6)]) == [None, None]
    other.dispose()


def test_a_turn_that_is_not_had_in_time_is_refused_and_leaves_the_line(writer):
    writer._patience = 0.05
    with writer.unit(), ThreadPoolExecutor() as pool:
        refused = pool.submit(_insert, writer, 1)
        assert isinstance(refused.exception(), Unavailable)

    _insert(writer, 2)

    assert _ids(writer) == [2]


def test_a_lock_held_by_another_process_is_refused_and_the_next_write_succeeds(make_sqlite, tmp_path):
    database = make_sqlite()
    other = sqlite_engine(database.url, read_only=False).connect()
    driver = other.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE")
    database._storage._writer._driver.execute("PRAGMA busy_timeout=50")

    with pytest.raises(Unavailable), database.begin(actor=ME):
        pass
    driver.execute("ROLLBACK")
    other.close()

    with database.begin(actor=ME) as transaction:
        transaction.execute(THINGS.insert().values(id="a", version=1))
    with database.read() as connection:
        assert connection.execute(select(THINGS.c.id)).scalars().all() == ["a"]


def test_a_broken_writer_ends_the_process(tmp_path):
    script = f"""
from services.chassis.database import Database
from services.chassis.actors import Actor
database = Database("sqlite:///{tmp_path}/broken.sqlite3")
database._storage._writer._driver.close()
with database.begin(actor=Actor("x")):
    pass
print("still here")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 70
    assert "writer.broken" in done.stdout
    assert "still here" not in done.stdout


def test_many_callers_commit_far_less_often_than_they_write(make_sqlite):
    database = make_sqlite()
    start = database._storage._writer.commits

    def work(caller: int) -> None:
        for number in range(50):
            with database.begin(actor=ME) as transaction:
                transaction.execute(THINGS.insert().values(id=f"{caller}-{number}", version=1))

    threads = [threading.Thread(target=work, args=(caller,)) for caller in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as connection:
        assert len(connection.execute(select(THINGS.c.id)).all()) == 400
    assert database._storage._writer.commits - start < 300


def test_writers_use_the_durable_pragmas_and_readers_cannot_write(make_sqlite):
    database: Database = make_sqlite()

    with database.begin(actor=ME) as transaction:
        values = [
            transaction.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert values == ["wal", 2, 1]
    with pytest.raises(Exception, match="readonly"), database.read() as connection:
        connection.execute(THINGS.insert().values(id="a", version=1))
