"""A service's database: SQLite beside the process or a PostgreSQL server, the same to everybody above."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from services.chassis.actors import Acting
from services.chassis.clock import BusinessClock, Clock
from services.chassis.errors import Unavailable
from services.chassis.signals import Signal
from services.chassis.sqlite_writer import SqliteWriter
from services.chassis.unit_of_work import Transaction, open_unit, refuse_nesting

try:  # carries a current SQLite; the system's may have the WAL-reset bug, and may lack trigram search
    import pysqlite3 as _sqlite
except ImportError:
    _sqlite = sqlite3

_BUSY_SECONDS = 5.0
_SQLITE_OUTAGES = frozenset({5, 6, 7, 10, 13, 14})  # busy, locked, no memory, I/O, full, cannot open


class Database:
    """Opens reads and units of work on one database.

    ``published`` rings after every commit that wrote events. A PostgreSQL server is called when first needed, so that
    a service starts in any order with it; a SQLite file and its folder are made at once.
    """

    def __init__(self, url: str, *, clock: Clock | None = None, pool_size: int = 16) -> None:
        self.url = normal_url(url)
        self.dialect = self.url.get_backend_name()
        self.published = Signal()
        self._clock = clock or BusinessClock()
        self._storage: _Sqlite | _Postgresql = (
            _Sqlite(self.url, pool_size) if self.dialect == "sqlite" else _Postgresql(self.url, pool_size)
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only view; statements in it see one snapshot on SQLite, the latest commits on PostgreSQL.

        Raises Unavailable when the database does not answer.
        """
        with _translated(), self._storage.reading() as connection:
            yield connection

    @contextmanager
    def begin(self, *, actor: Acting, now: datetime | None = None) -> Iterator[Transaction]:
        """Open a unit of work; it is durable when the block ends without an error, and gone when it ends with one.

        Raises Unavailable when it could not be stored, RuntimeError inside another unit of work.
        """
        refuse_nesting()
        with _translated(), self._storage.writing() as connection:
            transaction = Transaction(connection, actor, now or self._clock.now())
            with open_unit(transaction):
                yield transaction
                transaction.flush()
        if transaction.has_events:
            self.published.ring()
        transaction.committed()

    @property
    def engine(self) -> Engine:
        """The engine beneath, for migrations and for the relay's lock; services use ``read`` and ``begin``."""
        return self._storage.engine

    def close(self) -> None:
        """Close every connection; units of work that are open end first."""
        self._storage.close()


def normal_url(url: str) -> URL:
    """Give a database address with the driver that is used here; ValueError for a database that isn't supported."""
    made = make_url(url)
    backend = made.get_backend_name()
    if backend == "postgresql":
        return made.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise ValueError(f"no such database: {backend} (SQLite and PostgreSQL are supported)")
    if not made.database or made.database == ":memory:":
        raise ValueError("SQLite needs a file: readers and the writer have connections of their own")
    return made.set(drivername="sqlite+pysqlite")


def sqlite_engine(url: URL, *, read_only: bool, pool_size: int = 0) -> Engine:
    """Give an engine on a SQLite file whose connections are in the driver's autocommit mode, with every pragma set.

    With ``pool_size`` zero each connect opens a connection of its own.
    """
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size:
        pool = {"poolclass": QueuePool, "pool_size": pool_size, "max_overflow": pool_size}
    engine = create_engine(
        url,
        module=_sqlite,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": _BUSY_SECONDS},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={int(_BUSY_SECONDS * 1000)}")
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
            return
        connection.execute("PRAGMA journal_mode=WAL")
        # NORMAL would lose the last commits when the power fails.
        connection.execute("PRAGMA synchronous=FULL")

    return engine


class _Sqlite:
    """One writing connection that units of work share, and a pool of connections that only read."""

    def __init__(self, url: URL, pool_size: int) -> None:
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        self.engine = sqlite_engine(url, read_only=False)
        event.listen(self.engine, "commit", _refuse_commit)
        event.listen(self.engine, "rollback", _refuse_commit)
        self._reader = sqlite_engine(url, read_only=True, pool_size=pool_size)
        event.listen(self._reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        self._writer = SqliteWriter(self.engine.connect())

    def writing(self) -> AbstractContextManager[Connection]:
        return self._writer.unit()

    def reading(self) -> AbstractContextManager[Connection]:
        return self._reader.connect()

    def close(self) -> None:
        event.remove(self.engine, "commit", _refuse_commit)
        event.remove(self.engine, "rollback", _refuse_commit)
        self._reader.dispose()
        self._writer.close()
        self.engine.dispose()


class _Postgresql:
    """A pool; each unit of work is a transaction of the server."""

    def __init__(self, url: URL, pool_size: int) -> None:
        self.engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
        self._reader = self.engine.execution_options(postgresql_readonly=True)

    def writing(self) -> AbstractContextManager[Connection]:
        return self.engine.begin()

    def reading(self) -> AbstractContextManager[Connection]:
        return self._reader.connect()

    def close(self) -> None:
        self.engine.dispose()


def _refuse_commit(_connection: Connection) -> None:
    raise RuntimeError("the unit of work commits and rolls back, nobody inside it does")


@contextmanager
def _translated() -> Iterator[None]:
    """A database that doesn't answer is something the caller may try again; anything else stays the bug it is."""
    try:
        yield
    except DBAPIError as error:
        if not _is_outage(error):
            raise
        raise Unavailable("The database does not answer; try again.") from error


def _is_outage(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:  # SQLite calls a missing table an operational error as well
        return code & 0xFF in _SQLITE_OUTAGES
    return error.connection_invalidated or isinstance(error, OperationalError)
