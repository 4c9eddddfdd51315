"""What a service tells of itself, and the two things that people may do about a parked event (hard-parts 6)."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2, operations_pb2, types_pb2
from sqlalchemy import ColumnElement, Connection, Row, Select, Table, case, func, select, update

from services.chassis.errors import InvalidRequest, NotFound, Violation, WrongState
from services.chassis.feed_consumer import stopped_feeds
from services.chassis.identity import as_service, current_caller
from services.chassis.migrations import current_revision
from services.chassis.tables import IGNORED, OWN, PARKED, SKIPPED, WAITING, unfinished

if TYPE_CHECKING:
    from services.chassis.database import Database
    from services.chassis.process import Process
    from services.chassis.traffic import EventTraffic

_PAGE: Final = 25
_LONGEST_PAGE: Final = 200
_REASON_LENGTH: Final = 500


class OperationsServicer:
    """Serves OperationsService for one service."""

    def __init__(self, process: Process, database: Database, traffic: EventTraffic) -> None:
        self._process = process
        self._database = database
        self._traffic = traffic
        self._started = datetime.now(UTC)

    def GetServiceStatus(self, _request: Any, _context: Any) -> operations_pb2.ServiceStatus:
        """Tell version, schema, backlog and lag."""
        with self._database.read() as connection:
            revision = current_revision(connection)
            backlog = self._traffic.backlog(connection)
            stopped = stopped_feeds(connection, self._process.name)
            lags = [self._lag(connection, each, stopped.get(each, "")) for each in self._traffic.inbox.producers]
        status = operations_pb2.ServiceStatus(
            service=self._process.name,
            version=version("fieldmesh"),
            schema_revision=revision,
            database=self._process.own.database,
            transport=self._process.settings.transport,
            outbox_backlog=backlog.events,
            lags=lags,
        )
        status.start_time.FromDatetime(self._started)
        return status

    def ListInboxEntries(
        self, request: operations_pb2.ListInboxEntriesRequest, _context: Any
    ) -> operations_pb2.ListInboxEntriesResponse:
        """List events that wait or are parked, or those of one state, oldest first."""
        inbox = OWN.inbox
        where = inbox.c.state == request.state if request.state else unfinished(inbox)
        with self._database.read() as connection:
            rows, page = _page(connection, inbox, where, request.query, inbox.c.sequence, descending=False)
        return operations_pb2.ListInboxEntriesResponse(entries=[_entry(row) for row in rows], page=page)

    def RetryInboxEntry(
        self, request: operations_pb2.RetryInboxEntryRequest, _context: Any
    ) -> operations_pb2.InboxEntry:
        """Give a parked event its tries back. NotFound; WrongState where it is not parked."""
        values = {"state": WAITING, "attempts": 0, "next_time": None, "redelivered": False}
        return self._change(request.id, values)

    def SkipInboxEntry(self, request: operations_pb2.SkipInboxEntryRequest, _context: Any) -> operations_pb2.InboxEntry:
        """Pass over a parked event for good. InvalidRequest without a reason; NotFound; WrongState."""
        reason = request.reason.strip()
        if not reason or len(reason) > _REASON_LENGTH:
            said = f"Say why, in at most {_REASON_LENGTH} characters."
            raise InvalidRequest("A reason is needed.", violations=[Violation("reason", said)])
        values = {
            "state": SKIPPED,
            "skip_reason": reason,
            "skip_subject": current_caller().subject,
            "finish_time": datetime.now(UTC),
        }
        return self._change(request.id, values)

    def ListAuditEntries(
        self, request: operations_pb2.ListAuditEntriesRequest, _context: Any
    ) -> operations_pb2.ListAuditEntriesResponse:
        """List recorded changes of master data, newest first."""
        audit = OWN.audit
        where = audit.c.resource_type == request.resource_type if request.resource_type else audit.c.id != ""
        if request.resource_id:
            where &= audit.c.resource_id == request.resource_id
        with self._database.read() as connection:
            rows, page = _page(connection, audit, where, request.query, audit.c.id, descending=True)
        return operations_pb2.ListAuditEntriesResponse(entries=[_audit_entry(row) for row in rows], page=page)

    def Reconcile(self, _request: Any, _context: Any) -> operations_pb2.ReconcileResponse:
        """Compare projections with their sources and repair them, then let stopped feeds go on. Unavailable."""
        # The sources answer services: what is compared is this service's own, whoever asked for it.
        with as_service(self._process.name):
            self._traffic.doubt_restored()
            found = self._traffic.reconcile()
            resumed = self._traffic.resume()
        return operations_pb2.ReconcileResponse(
            types=[
                operations_pb2.ReconciledType(
                    producer=projection.producer,
                    aggregate_type=projection.aggregate_type,
                    checked=difference.checked,
                    behind=len(difference.behind),
                    ahead=len(difference.ahead),
                    surplus=len(difference.surplus),
                )
                for projection, difference in found
            ],
            resumed_producers=resumed,
        )

    def _change(self, entry_id: str, values: dict[str, Any]) -> operations_pb2.InboxEntry:
        inbox = OWN.inbox
        with self._database.begin(actor=current_caller()) as transaction:
            parked = update(inbox).where(inbox.c.id == entry_id, inbox.c.state == PARKED).values(values)
            changed = transaction.execute(parked).rowcount
            row = transaction.execute(select(inbox).where(inbox.c.id == entry_id)).first()
            if row is None or row.state == IGNORED:
                raise NotFound("There is no such event.")
            if not changed:
                raise WrongState("This event is not parked.", reason="EVENT_NOT_PARKED")
            transaction.after_commit(self._traffic.inbox.arrived.ring)
        return _entry(row)

    def _lag(self, connection: Connection, producer: str, stopped_reason: str) -> operations_pb2.Lag:
        inbox = OWN.inbox.c
        counted = select(
            func.count(case((inbox.state == WAITING, 1))),
            func.count(case((inbox.state == PARKED, 1))),
            func.min(inbox.accept_time),
        ).where(unfinished(OWN.inbox), inbox.producer == producer)
        waiting, parked, oldest = connection.execute(counted).one()
        return operations_pb2.Lag(
            producer=producer,
            waiting=waiting,
            parked=parked,
            oldest_seconds=(datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0,
            connected=self._traffic.is_connected(producer),
            stopped_reason=stopped_reason,
        )


def _page(  # noqa: PLR0913 - what a page of any table is made of
    connection: Connection,
    table: Table,
    where: ColumnElement[bool],
    query: list_pb2.ListQuery,
    key: ColumnElement[Any],
    *,
    descending: bool,
) -> tuple[list[Row[Any]], list_pb2.ListPage]:
    """One page by a growing key; the token is the last key of the page before."""
    size = min(query.page_size or _PAGE, _LONGEST_PAGE)
    rows: Select[Any] = select(table).where(where).order_by(key.desc() if descending else key).limit(size + 1)
    if query.page_token:
        position = _position(query.page_token, key)
        rows = rows.where(key < position if descending else key > position)
    found = list(connection.execute(rows.offset(query.skip)).all())
    total = connection.execute(select(func.count()).select_from(table).where(where)).scalar_one()
    more = str(found[size - 1]._mapping[key]) if len(found) > size else ""  # noqa: SLF001 - public, despite its name
    return found[:size], list_pb2.ListPage(next_page_token=more, total_size=total, total_size_exact=True)


def _position(token: str, key: ColumnElement[Any]) -> Any:
    if key.type.python_type is not int:
        return token
    if not token.isdecimal():
        violation = Violation("query.page_token", "Not a token of this list.")
        raise InvalidRequest("The page token is not valid.", violations=[violation])
    return int(token)


def _entry(row: Row[Any]) -> operations_pb2.InboxEntry:
    entry = operations_pb2.InboxEntry(
        id=row.id,
        handler=row.handler,
        producer=row.producer,
        type=row.type,
        aggregate_id=row.aggregate_id,
        aggregate_version=row.aggregate_version,
        state=row.state,
        attempts=row.attempts,
        last_error=row.last_error,
    )
    entry.accept_time.FromDatetime(row.accept_time)
    if row.next_time is not None:
        entry.next_time.FromDatetime(row.next_time)
    return entry


def _audit_entry(row: Row[Any]) -> operations_pb2.AuditEntry:
    entry = operations_pb2.AuditEntry(
        id=row.id,
        actor=types_pb2.Actor(
            subject=row.actor_subject, display_name=row.actor_name, organization_id=row.actor_organization_id
        ),
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        verb=row.verb,
        changes=[operations_pb2.FieldChange(**change) for change in row.changes],
    )
    entry.create_time.FromDatetime(row.create_time)
    return entry
