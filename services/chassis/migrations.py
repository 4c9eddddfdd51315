"""Migrations: a step of its own, by one process at a time, against code of this version and the one before.

Hard-parts 16. Each service has its revisions under ``services/<service>/migrations``, numbered 0001, 0002, …; a
revision must leave the previous program working, so programs run on their own revision and on the next one.
"""

import importlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, MetaData, NullPool, create_engine, event, text

from services.chassis.database import Database, normal_url, sqlite_engine
from services.chassis.epoch import ensure_epoch
from services.chassis.log import get_logger

log = get_logger(__name__)

_LOCK_NUMBER = 0x46_4D_4D_49_47  # "FMMIG"
_POLL_SECONDS = 0.2
_SERVICES = Path(__file__).resolve().parent.parent


class SchemaMismatch(Exception):
    """The database is not on a revision that this program can work with; the message names the command."""


class MigrationBusy(Exception):
    """Another process migrates this database and did not finish in time."""


def migrate(service: str, url: str, *, patience: float = 120.0) -> tuple[str, str]:
    """Bring a service's database to this program's revision; give the revision before and after.

    An empty "before" is a new database. Waits for another process that does the same; raises MigrationBusy when that
    takes longer than ``patience`` seconds.
    """
    engine = migration_engine(url)
    try:
        with _only_one(engine, service, patience), engine.connect() as connection:
            before = current_revision(connection)
            upgrade(connection, scripts_of(service))
            after = current_revision(connection)
    finally:
        engine.dispose()
    database = Database(url)
    try:
        ensure_epoch(database)
    finally:
        database.close()
    log.info("migrate.done", service=service, before=before, after=after)
    return before, after


def check_revision(service: str, database: Database) -> str:
    """Give the database's revision where this program can work with it: its own or the next one.

    Raises SchemaMismatch otherwise, Unavailable where the database does not answer.
    """
    with database.read() as connection:
        present = current_revision(connection)
    wanted = head_revision(service)
    if not present:
        raise SchemaMismatch(f"The database of {service} is new: run `fieldmesh migrate`.")
    ahead = int(present) - int(wanted)
    if ahead < 0:
        raise SchemaMismatch(
            f"The database of {service} is on revision {present}, this program needs {wanted}: run `fieldmesh migrate`."
        )
    if ahead > 1:
        raise SchemaMismatch(
            f"The database of {service} is on revision {present}, this program knows {wanted} and can work one ahead: "
            "start a newer program."
        )
    return present


def head_revision(service: str) -> str:
    """Give this program's own revision for a service."""
    head = scripts_of(service).get_current_head()
    if head is None:
        raise SchemaMismatch(f"{service} has no migrations.")
    return head


def current_revision(connection: Connection) -> str:
    """Give the revision a database is on, empty for a new one."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def metadata_of(service: str) -> MetaData:
    """Give a service's tables; each service keeps them as ``metadata`` in its module ``tables``."""
    metadata: MetaData = importlib.import_module(f"services.{service}.tables").metadata
    return metadata


def scripts_of(service: str) -> ScriptDirectory:
    """Give the revisions of a service."""
    folder = _SERVICES / service / "migrations"
    return ScriptDirectory(str(folder), version_locations=[str(folder)])


def migration_engine(url: str) -> Engine:
    """Give an engine whose transactions also hold changes of the schema, on either database."""
    made = normal_url(url)
    if made.get_backend_name() == "postgresql":
        return create_engine(made, poolclass=NullPool)
    Path(made.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sqlite_engine(made, read_only=False)
    # SQLite changes a table by copying it and dropping the old one, which must not cascade.
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys=OFF"))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def upgrade(connection: Connection, scripts: ScriptDirectory) -> None:
    """Bring the database behind an open connection to the newest revision, each revision in a transaction."""
    # A transaction that is open already would be taken for the caller's, and spread over all revisions.
    connection.rollback()

    def steps(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs("heads", revision)  # noqa: SLF001 - as alembic's own command does

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev="heads") as environment:
        environment.configure(
            connection=connection,
            transactional_ddl=True,
            transaction_per_migration=True,
        )
        with environment.begin_transaction():
            environment.run_migrations()
    connection.commit()


@contextmanager
def _only_one(engine: Engine, service: str, patience: float) -> Iterator[None]:
    """Hold the right to migrate.

    Polling leaves no session waiting inside a statement, which would block CREATE INDEX CONCURRENTLY for ever.
    """
    if engine.dialect.name == "sqlite":
        lock = FileLock(f"{engine.url.database}.migrate.lock")
        try:
            with lock.acquire(timeout=patience):
                yield
        except Timeout as error:
            raise MigrationBusy(f"Another process migrates {service}.") from error
        return
    ends = time.monotonic() + patience
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": _LOCK_NUMBER}).scalar_one():
            if time.monotonic() > ends:
                raise MigrationBusy(f"Another process migrates {service}.")
            time.sleep(_POLL_SECONDS)
        yield
