"""What publishing a version would move, and publishing it (sla.md, 11; B-1)."""

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as messages
from fieldmesh.shipping.v1 import sla_pb2
from sqlalchemy import ColumnElement, Connection

from services.chassis.database import Database
from services.chassis.errors import Violation
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.ids import new_id
from services.chassis.kit.audit import record_change
from services.chassis.kit.scope import is_unbound
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.errors import CalendarWithoutWorkingTime, VersionIsPublished, VersionMissing
from services.shipping.domain.sla import HORIZON_YEARS
from services.shipping.domain.versions import VersionState
from services.shipping.draft_schemas import refuse
from services.shipping.handlers.drafting import locked_draft
from services.shipping.handlers.targets import Targets
from services.shipping.repository import orders, parcels, recalculations, versions
from services.shipping.repository.reference import Draft, calendar_version, policy_version
from services.shipping.repository.versions import CALENDARS, POLICIES, Kind, Version
from services.shipping.resources import VERSIONED
from services.shipping.scope import columns_of

MOST_LOOKED_AT = 500
USUALLY_LOOKED_AT = 200


class Publishing:
    """Previews publications, and puts drafts in force."""

    def __init__(self, database: Database, computing: Targets) -> None:
        self._database = database
        self._computing = computing

    def preview(
        self, caller: Caller, request: messages.PreviewPublicationRequest
    ) -> messages.PreviewPublicationResponse:
        """The open orders of one page that would move, of those that the caller sees.

        Raises InvalidRequest, VersionMissing, VersionIsPublished, CalendarWithoutWorkingTime and InvalidPolicy.
        """
        if not 0 <= request.limit <= MOST_LOOKED_AT:
            refuse([Violation("limit", f"must be 0 to {MOST_LOOKED_AT}")])
        limit = request.limit or USUALLY_LOOKED_AT
        with self._database.read() as connection:
            kind, row = _draft(connection, request.id)
            check_publishable(kind, row, self._computing.year())
            condition = _visible(caller, recalculations.open_orders(kind, kind.key_of(row), row["organization_id"]))
            ids = recalculations.page_of(connection, condition, request.after, limit)
            known, found = orders.find_orders(connection, ids), parcels.fulfilments_of(connection, ids)
            shifts = self._computing.would_be(
                connection, [(known[each], found[each]) for each in ids], Draft(kind.table, kind.key_of(row), row)
            )
            total = recalculations.count_of(connection, condition)
        return messages.PreviewPublicationResponse(
            shifts=[wire.shift_message(shift) for shift in shifts if shift.moves or shift.refusal],
            looked_at=len(ids),
            total=total,
            next=ids[-1] if len(ids) == limit else "",
        )

    def publish(self, caller: Caller, request: messages.PublishVersionRequest) -> sla_pb2.SlaRecalculation:
        """Puts a draft in force; the recalculation of open orders begins within a second.

        Raises VersionMissing, VersionIsPublished, StaleEtag, CalendarWithoutWorkingTime and InvalidPolicy.
        """

        def work(transaction: Transaction) -> sla_pb2.SlaRecalculation:
            kind, row = locked_draft(transaction, request.id, request.etag)
            check_publishable(kind, row, transaction.now.year)
            values = {"publish_time": transaction.now, "publisher_name": caller.name}
            versions.put_in_force(transaction.connection, kind, row, values)
            state = {"state": int(VersionState.IN_FORCE), "in_force": True}
            record_change(
                transaction, VERSIONED[kind.name], row["id"], "update", (dict(row), {**row, **values, **state})
            )
            return wire.recalculation_message(_job(transaction, caller, kind, row))

        return run_once(
            self._database, caller, "PublishVersion", request.request_id, request, sla_pb2.SlaRecalculation, work
        )


def check_publishable(kind: Kind, row: Version, year: int) -> None:
    """Refuses what no target could count by. Raises CalendarWithoutWorkingTime, InvalidCalendar and InvalidPolicy."""
    if kind is POLICIES:
        policy_version(row)
        return
    calendar = calendar_version(row)
    if not calendar.timeline("UTC", year, year + HORIZON_YEARS).total:
        raise CalendarWithoutWorkingTime(calendar.id, calendar.name)


def _draft(connection: Connection, version_id: str) -> tuple[Kind, Version]:
    for kind in (CALENDARS, POLICIES):
        row = versions.find_version(connection, kind, version_id)
        if row is not None:
            if row["state"] != VersionState.DRAFT:
                raise VersionIsPublished(wire.version_title(row))
            return kind, row
    raise VersionMissing(version_id)


def _visible(caller: Caller, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    if is_unbound(caller):
        return condition
    return condition & recalculations.of_parties(columns_of(caller), caller.organization_id)


def _job(transaction: Transaction, caller: Caller, kind: Kind, row: Version) -> dict[str, object]:
    key, owner = kind.key_of(row), row["organization_id"]
    total = recalculations.count_of(transaction.connection, recalculations.open_orders(kind, key, owner))
    job = {
        "id": new_id(),
        "title": wire.version_title(row),
        "state": recalculations.RUNNING,
        "total": total,
        "done": 0,
        "moved": 0,
        "refused": 0,
        "problem": "",
        "create_time": transaction.now,
        "publisher_name": caller.name,
        "version_id": row["id"],
        "organization_id": owner,
        "version": 1,
        "version_kind": kind.name,
        "version_key": key,
        "after": "",
    }
    recalculations.add(transaction.connection, job)
    return job
