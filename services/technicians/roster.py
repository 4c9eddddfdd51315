"""Field technician management: searching, taking on and letting go (CP-91 to CP-94)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fieldmesh.technicians.v1 import membership_pb2, roster_service_pb2
from sqlalchemy import Connection, Row, or_, select

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, NotFound, Unavailable, Violation
from services.chassis.etag import check_etag
from services.chassis.idempotency import find_replay, run_once
from services.chassis.identity import Caller
from services.chassis.kit import ResourceEngine, is_unbound
from services.chassis.kit.scope import granted
from services.chassis.log import get_logger
from services.chassis.unit_of_work import Transaction
from services.technicians.departures import open_assignments
from services.technicians.domain.errors import OpenAssignments
from services.technicians.expiring import Orders, holders_of
from services.technicians.memberships import holds_on
from services.technicians.scope import is_vendor_staff
from services.technicians.tables import memberships, organizations, technicians
from services.technicians.wire import date_message, timestamp

log = get_logger(__name__)
_SERVICE: Final = "fieldmesh.technicians.v1.RosterService"
_ENDED: Final = ("end_date", "offboard_time", "offboarded_by", "end_reason")
_LONGEST_REASON: Final = 255
R = roster_service_pb2


class Roster:
    """Who works for an organisation in the field."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it writes through
        self,
        database: Database,
        clock: Clock,
        technician: ResourceEngine,
        membership: ResourceEngine,
        assignment: ResourceEngine,
        orders: Orders,
    ) -> None:
        self._database = database
        self._clock = clock
        self._technicians = technician
        self._memberships = membership
        self._assignments = assignment
        self._orders = orders

    def onboard(self, caller: Caller, request: R.OnboardTechnicianRequest) -> membership_pb2.Membership:
        """Make a technician of no organisation a member from today on.

        Raises InvalidRequest naming the field for somebody who belongs elsewhere, without an address, and for another
        organisation than the caller's; EmailDomainMismatch, StaleEtag, NotFound.
        """
        organization_id = home_of(caller, request.organization_id)
        if not organization_id:
            raise _invalid("organization_id", "is required")

        def work(transaction: Transaction) -> membership_pb2.Membership:
            row = self._technicians.find_for_update(transaction.connection, request.technician_id)
            if row is None:
                raise _unknown(request.technician_id)
            _require_free(transaction, row, organization_id)
            check_etag(request.etag, row.id, row.version)
            if not request.corporate_email.strip():
                raise _invalid("corporate_email", "is required: an address in the organisation's domain")
            wanted = membership_pb2.Membership(
                technician_id=row.id, organization_id=organization_id, corporate_email=request.corporate_email.strip()
            )
            wanted.start_date.CopyFrom(date_message(_first_day(transaction, row.id, organization_id)))
            made: membership_pb2.Membership = self._memberships.create(transaction, caller, wanted)
            return made

        return run_once(
            self._database,
            caller,
            f"{_SERVICE}.OnboardTechnician",
            request.request_id,
            request,
            membership_pb2.Membership,
            work,
        )

    def preview(self, caller: Caller, request: R.PreviewOffboardingRequest) -> R.PreviewOffboardingResponse:
        """Tell what is open when a technician leaves now. Raises NotFound for somebody who is not the caller's."""
        now = self._clock.now()
        with self._database.read() as connection:
            membership = self._membership_today(connection, caller, request.technician_id, now.date())
            rows = open_assignments(connection, request.technician_id, membership.organization_id, now)
            who = connection.execute(
                select(technicians.c.name, technicians.c.person_id).where(technicians.c.id == request.technician_id)
            ).one()
            home = connection.execute(
                select(organizations.c.name).where(organizations.c.id == membership.organization_id)
            ).scalar()
        return R.PreviewOffboardingResponse(
            membership=self._memberships.message(membership),
            technician_name=who.name,
            person_id=who.person_id,
            organization_name=home or "",
            assignments=[self._assignments.message(row) for row in rows],
        )

    def offboard(self, caller: Caller, request: R.OffboardTechnicianRequest) -> R.OffboardTechnicianResponse:
        """End a membership at this instant; orders that were named wait for somebody else.

        Raises OpenAssignments for open assignments that were not named and whose orders have nobody else,
        InvalidRequest without a reason, StaleEtag, NotFound. Nothing is changed then.
        """
        reason = request.reason.strip()
        if not 0 < len(reason) <= _LONGEST_REASON:
            raise _invalid("reason", f"is required, of at most {_LONGEST_REASON} characters")
        method = f"{_SERVICE}.OffboardTechnician"
        now = self._clock.now()
        with self._database.read() as connection:
            known = find_replay(connection, caller, method, request.request_id, request, R.OffboardTechnicianResponse)
            if known is not None:
                return known
            seen = self._membership_today(connection, caller, request.technician_id, now.date())
            rows = open_assignments(connection, request.technician_id, seen.organization_id, now)
        handed_over = self._handed_over([row for row in rows if row.id not in request.return_to_queue])

        def work(transaction: Transaction) -> R.OffboardTechnicianResponse:
            return self._leave(transaction, caller, request, handed_over)

        return run_once(self._database, caller, method, request.request_id, request, R.OffboardTechnicianResponse, work)

    def _leave(
        self,
        transaction: Transaction,
        caller: Caller,
        request: R.OffboardTechnicianRequest,
        handed_over: frozenset[str],
    ) -> R.OffboardTechnicianResponse:
        connection = transaction.connection
        # Reservations wait for this row, so that nobody is assigned meanwhile.
        technician = self._technicians.find_for_update(connection, request.technician_id)
        today = transaction.now.date()
        found = self._membership_today(connection, caller, request.technician_id, today)
        row = self._memberships.find_for_update(connection, found.id)
        if technician is None or row is None:
            raise _unknown(request.technician_id)
        check_etag(request.etag, row.id, row.version)
        held = open_assignments(connection, row.technician_id, row.organization_id, transaction.now)
        left = [each for each in held if each.id not in handed_over and each.id not in request.return_to_queue]
        if left:
            numbers = [each.work_order_number or each.work_order_id for each in left]
            raise OpenAssignments(technician.name, numbers, [each.id for each in left])
        wanted = membership_pb2.Membership(
            end_reason=request.reason.strip(), offboarded_by=caller.name or caller.subject
        )
        wanted.end_date.CopyFrom(date_message(today))
        wanted.offboard_time.CopyFrom(timestamp(transaction.now))
        ended = self._memberships.rewrite(transaction, caller, row, wanted, _ENDED)
        released = [self._assignments.find_for_update(connection, each.id) for each in held]
        return R.OffboardTechnicianResponse(
            membership=ended,
            released=[self._assignments.message(each) for each in released if each is not None],
            last_day=date_message(today),
        )

    def _handed_over(self, rows: Sequence[Row[Any]]) -> frozenset[str]:
        """Assignments whose orders have somebody else by now, as workorders says; its event may not be here yet."""
        found = set()
        for row in rows:
            try:
                holders = holders_of(self._orders, row.work_order_id)
            except Unavailable:
                log.info("offboarding.unchecked", assignment=row.id)
                break
            if row.technician_id not in holders:
                found.add(row.id)
        return frozenset(found)

    def _membership_today(self, connection: Connection, caller: Caller, technician_id: str, today: date) -> Row[Any]:
        """The membership that holds, of an organisation that the caller manages. Raises NotFound."""
        branches = self._memberships.resource.scope.writable(caller, memberships)
        held = select(memberships).where(memberships.c.technician_id == technician_id, holds_on(today))
        row = connection.execute(held.where(granted(branches))).first() if branches else None
        if row is None:
            raise _unknown(technician_id)
        return row


def home_of(caller: Caller, asked: str) -> str:
    """Give the organisation that a caller acts for; the vendor's staff and admins name any.

    Raises InvalidRequest for another than the caller's own.
    """
    if is_unbound(caller) or is_vendor_staff(caller):
        return asked
    if asked not in {"", caller.organization_id}:
        raise _invalid("organization_id", "must be your own organisation")
    return caller.organization_id


def _require_free(transaction: Transaction, row: Row[Any], organization_id: str) -> None:
    """Refuse somebody who has an organisation today, in words that name no other (CP-93)."""
    today = transaction.now.date()
    held = select(memberships.c.organization_id).where(memberships.c.technician_id == row.id, holds_on(today))
    present = transaction.execute(held).scalar()
    if present is not None:
        whose = (
            "belongs to this organisation already" if present == organization_id else "belongs to another organisation"
        )
        raise _invalid("technician_id", f"{whose}")
    if not row.active:
        raise _invalid("technician_id", "is not active")


def _first_day(transaction: Transaction, technician_id: str, organization_id: str) -> date:
    """Today at the organisation, where that is not tomorrow elsewhere, and not before an earlier membership ended."""
    zone = transaction.execute(select(organizations.c.time_zone).where(organizations.c.id == organization_id)).scalar()
    utc = transaction.now.date()
    local = transaction.now.astimezone(ZoneInfo(zone)).date() if zone else utc
    first = min(local, utc)
    earlier = select(memberships).where(
        memberships.c.technician_id == technician_id,
        or_(memberships.c.end_date.is_(None), memberships.c.end_date >= first),
        memberships.c.start_date <= first,
    )
    for row in transaction.execute(earlier):
        if row.end_date is not None:
            first = max(first, row.end_date if row.offboard_time is not None else row.end_date + timedelta(days=1))
    return first


def _invalid(field: str, text: str) -> InvalidRequest:
    label = field.removesuffix("_id").replace("_", " ").capitalize()
    return InvalidRequest(f"{label} {text}.", reason="INVALID_FIELDS", violations=[Violation(field, text)])


def _unknown(technician_id: str) -> NotFound:
    return NotFound(
        "There is no such technician in your organisation.", reason="NOT_FOUND", metadata={"id": technician_id}
    )
