"""Declares a database to be a restored backup, while no process works on it (hard-parts 8)."""

from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, func, select
from sqlalchemy.exc import DatabaseError

from services.chassis.database import Database, normal_url, sqlite_engine
from services.chassis.epoch import renew_epoch
from services.chassis.migrations import check_revision
from services.chassis.relay import lock_key
from services.chassis.tables import OWN

_BUSY = frozenset({5, 6})
# None of them waits or writes. The lock is refused while anybody else has the file open, even one who does nothing.
_ALONE = ("PRAGMA busy_timeout=0", "PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", "ROLLBACK")


class RestoreRefused(Exception):
    """A database cannot be declared restored now; the message says why and what to do first."""


def declare_restored(service: str, url: str) -> tuple[str, ...]:
    """Give a restored database its new epoch; give the services that had read its feed, by name.

    None of them reads that feed from then on until it was reconciled. Raises RestoreRefused where there is no such
    file, and while a process has the database open: it would go on under the old epoch, or in a file that was replaced.
    Raises SchemaMismatch where the database must be migrated first, Unavailable where it does not answer.
    """
    made = normal_url(url)
    if made.get_backend_name() == "sqlite":
        _check_file(service, made)
    with closing(Database(url)) as database:
        check_revision(service, database)
        with database.read() as connection:
            if database.dialect == "postgresql" and not _nobody_relays(service, connection):
                raise _in_use(service)
            readers = connection.execute(select(OWN.feed_consumers.c.consumer)).scalars().all()
        renew_epoch(database)
    return tuple(sorted(readers))


def _check_file(service: str, url: URL) -> None:
    if not Path(url.database or "").is_file():
        raise RestoreRefused(f"There is no file {url.database}: put the backup there first.")
    engine = sqlite_engine(url, read_only=False)
    try:
        with engine.connect() as connection:
            for statement in _ALONE:
                connection.exec_driver_sql(statement)
    except DatabaseError as error:
        code: Any = getattr(error.orig, "sqlite_errorcode", 0)
        if code & 0xFF in _BUSY:
            raise _in_use(service) from error
        raise RestoreRefused(f"{url.database} cannot be read: {error.orig}.") from error
    finally:
        engine.dispose()


def _nobody_relays(service: str, connection: Connection) -> bool:
    """Whether the lock is free that one of the service's processes always holds."""
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(lock_key(service)))).scalar_one())


def _in_use(service: str) -> RestoreRefused:
    return RestoreRefused(f"A process has the database of {service} open: stop {service} first.")
