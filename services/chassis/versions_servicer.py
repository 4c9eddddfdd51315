"""The producer's side of reconciling: what versions there are, and sending state again (hard-parts 10)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from fieldmesh.common.v1 import events_pb2, events_pb2_grpc
from sqlalchemy import Row, Table, select

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, Violation, WrongState
from services.chassis.unit_of_work import Transaction

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class VersionedSource:
    """Aggregates of one type that others keep projections of.

    ``publish`` records the event that carries a row's whole present state, a deleted row's tombstone included.
    ``deleted_column`` is empty where rows are never deleted.
    """

    table: Table
    publish: Callable[[Transaction, Row[Any]], object]
    id_column: str = "id"
    version_column: str = "version"
    deleted_column: str = ""


class VersionsServicer(events_pb2_grpc.FeedServiceServicer):
    """Serves versions and republishing; events themselves travel over the broker."""

    def __init__(self, database: Database, service: str, sources: Mapping[str, VersionedSource] | None = None) -> None:
        self._database = database
        self._service = service
        self._sources = dict(sources or {})

    def ReadFeed(
        self, request: events_pb2.ReadFeedRequest, context: grpc.ServicerContext
    ) -> Iterator[events_pb2.ReadFeedResponse]:
        """Refuse: this service sends its events through a broker."""
        del request, context
        raise WrongState("This service sends its events through a broker.", reason="FEED_NOT_SERVED")

    def ListVersions(
        self, request: events_pb2.ListVersionsRequest, context: grpc.ServicerContext
    ) -> events_pb2.ListVersionsResponse:
        """List the versions of a type's aggregates, by id. InvalidRequest for a type that is not offered."""
        del context
        source = self._source(request.aggregate_type)
        key = source.table.c[source.id_column]
        with self._database.read() as connection:
            page = select(source.table).where(key > request.page_token).order_by(key).limit(_PAGE)
            rows = connection.execute(page).mappings().all()
        return events_pb2.ListVersionsResponse(
            versions=[
                events_pb2.AggregateVersion(
                    aggregate_id=row[source.id_column],
                    version=row[source.version_column],
                    deleted=bool(source.deleted_column and row[source.deleted_column]),
                )
                for row in rows
            ],
            next_page_token=rows[-1][source.id_column] if len(rows) == _PAGE else "",
        )

    def Republish(
        self, request: events_pb2.RepublishRequest, context: grpc.ServicerContext
    ) -> events_pb2.RepublishResponse:
        """Write the present state of aggregates to the outbox again; ids that don't exist are passed over.

        InvalidRequest for a type that is not offered and for more than a thousand ids.
        """
        del context
        source = self._source(request.aggregate_type)
        if len(request.aggregate_ids) > _PAGE:
            raise _wrong("aggregate_ids", f"At most {_PAGE} ids.")
        key = source.table.c[source.id_column]
        with self._database.begin(actor=service_actor(self._service)) as transaction:
            # Locked, so that a change at the same moment gets a later place in the outbox, as it has a later version.
            wanted = select(source.table).where(key.in_(request.aggregate_ids)).order_by(key).with_for_update()
            rows = transaction.execute(wanted).all()
            for row in rows:
                source.publish(transaction, row)
        return events_pb2.RepublishResponse(republished=len(rows))

    def _source(self, aggregate_type: str) -> VersionedSource:
        source = self._sources.get(aggregate_type)
        if source is None:
            raise _wrong("aggregate_type", f"One of: {', '.join(sorted(self._sources)) or 'none'}.")
        return source


def _wrong(field: str, description: str) -> InvalidRequest:
    return InvalidRequest(
        "The request names something that is not offered.", violations=[Violation(field, description)]
    )
