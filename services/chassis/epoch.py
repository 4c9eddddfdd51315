"""The epoch of a database: random, and new after a restore, so that consumers notice (hard-parts 8)."""

import secrets

from sqlalchemy import Connection, delete, insert, select, update

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.tables import OWN

_ONLY = 1


def ensure_epoch(database: Database) -> str:
    """Give the database its epoch where it has none yet; give the epoch. A step of migrating."""
    with database.begin(actor=service_actor("migrate")) as transaction:
        present = transaction.execute(select(OWN.database_epoch.c.epoch)).scalar_one_or_none()
        if present is not None:
            return str(present)
        fresh = secrets.token_hex(8)
        transaction.execute(insert(OWN.database_epoch).values(id=_ONLY, epoch=fresh, create_time=transaction.now))
        return fresh


def renew_epoch(database: Database) -> str:
    """Give the database a new epoch, which must be done after a backup was restored.

    Its newest events are gone and their numbers will be given again to others, so every consumer must stop, reconcile
    and start from the beginning.
    """
    fresh = secrets.token_hex(8)
    with database.begin(actor=service_actor("migrate")) as transaction:
        transaction.execute(update(OWN.database_epoch).values(epoch=fresh, create_time=transaction.now))
        transaction.execute(delete(OWN.feed_consumers))
    return fresh


def read_epoch(connection: Connection) -> str:
    """Give the database's epoch; an error where it was never migrated."""
    return str(connection.execute(select(OWN.database_epoch.c.epoch)).scalar_one())
