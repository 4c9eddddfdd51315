"""Rows that copy another service's aggregates, and the comparing and repairing of them (hard-parts 10)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldmesh.common.v1.events_pb2 import (
    AggregateVersion,
    ListVersionsRequest,
    ListVersionsResponse,
    RepublishRequest,
    RepublishResponse,
)
from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.log import get_logger
from services.chassis.unit_of_work import Transaction

log = get_logger(__name__)

_BATCH = 500

ListVersions = Callable[[ListVersionsRequest], ListVersionsResponse]
Republish = Callable[[RepublishRequest], RepublishResponse]


@dataclass(frozen=True, slots=True)
class Projection:
    """A table that keeps the newest known version of a producer's aggregates of one type.

    Besides its own columns it has the source's id, its version, and a flag for deleted ones: a tombstone stays, so that
    an older event cannot bring the row back. Columns that an upsert doesn't name need a default.
    """

    producer: str
    aggregate_type: str
    table: Table
    id_column: str = "id"
    version_column: str = "source_version"
    deleted_column: str = "deleted"

    def upsert(self, transaction: Transaction, aggregate_id: str, version: int, values: Mapping[str, Any]) -> bool:
        """Store a version unless the same or a newer one is stored; tell whether it was stored."""
        return self._write(transaction, aggregate_id, version, {**values, self.deleted_column: False})

    def bury(
        self, transaction: Transaction, aggregate_id: str, version: int, values: Mapping[str, Any] | None = None
    ) -> bool:
        """Mark as deleted unless a newer version is stored, also what was never seen; tell whether it was stored."""
        return self._write(transaction, aggregate_id, version, {**(values or {}), self.deleted_column: True})

    def _write(self, transaction: Transaction, aggregate_id: str, version: int, values: Mapping[str, Any]) -> bool:
        insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
        known = self.table.c[self.version_column]
        row = {**values, self.version_column: version}
        statement = insert(self.table).values({**row, self.id_column: aggregate_id})
        newer = statement.on_conflict_do_update(index_elements=[self.id_column], set_=row, where=known < version)
        return transaction.execute(newer.returning(known)).first() is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """How a projection differs from its source: ids to fetch again, by reason.

    ``behind`` lacks the source's version, ``ahead`` has a version or a mark that the source no longer has (its database
    was restored), ``surplus`` stands for nothing at the source.
    """

    checked: int
    behind: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.behind or self.ahead or self.surplus)


def compare(database: Database, projection: Projection, list_versions: ListVersions) -> Difference:
    """Compare a projection with its source.

    The projection is read first: what arrives meanwhile makes it look behind, which costs a repeat, and never ahead.
    """
    columns = [projection.table.c[each] for each in _columns(projection)]
    with database.read() as connection:
        known = {row[0]: (row[1], bool(row[2])) for row in connection.execute(select(*columns))}
    behind, ahead = [], []
    checked = 0
    for source in _versions(projection, list_versions):
        checked += 1
        version, deleted = known.pop(source.aggregate_id, (-1, False))
        if version < source.version:
            behind.append(source.aggregate_id)
        elif version > source.version or deleted != source.deleted:
            ahead.append(source.aggregate_id)
    surplus = [each for each, (_, deleted) in known.items() if not deleted]
    return Difference(checked, tuple(behind), tuple(ahead), tuple(surplus))


def reconcile(
    database: Database, service: str, projection: Projection, list_versions: ListVersions, republish: Republish
) -> Difference:
    """Compare a projection with its source and ask for what differs; give the difference.

    What is ahead is first set back to version zero, so that the repeated event counts as newer; what the source doesn't
    know is buried. The repeated events arrive as all others do.
    """
    found = compare(database, projection, list_versions)
    if found:
        with database.begin(actor=service_actor(service)) as transaction:
            _set_back(transaction, projection, found.ahead, {})
            _set_back(transaction, projection, found.surplus, {projection.deleted_column: True})
        for ids in _batches(found.behind + found.ahead):
            republish(RepublishRequest(aggregate_type=projection.aggregate_type, aggregate_ids=ids))
    log.info(
        "projection.reconciled",
        aggregate_type=projection.aggregate_type,
        producer=projection.producer,
        checked=found.checked,
        behind=len(found.behind),
        ahead=len(found.ahead),
        surplus=len(found.surplus),
    )
    return found


def doubt(transaction: Transaction, projection: Projection) -> None:
    """Set every copy back to version zero, so that the next comparison asks for all of them again.

    After a restore the source counts its versions a second time: an equal number may tell of something else.
    """
    transaction.execute(update(projection.table).values({projection.version_column: 0}))


def _set_back(transaction: Transaction, projection: Projection, ids: Sequence[str], values: Mapping[str, Any]) -> None:
    key = projection.table.c[projection.id_column]
    for some in _batches(ids):
        changed = update(projection.table).where(key.in_(some)).values({**values, projection.version_column: 0})
        transaction.execute(changed)


def _columns(projection: Projection) -> tuple[str, str, str]:
    return projection.id_column, projection.version_column, projection.deleted_column


def _versions(projection: Projection, list_versions: ListVersions) -> Iterator[AggregateVersion]:
    token = ""
    while True:
        page = list_versions(ListVersionsRequest(aggregate_type=projection.aggregate_type, page_token=token))
        yield from page.versions
        token = page.next_page_token
        if not token:
            return


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
