"""Choosing technicians: the skills matrix, eligibility, and reservations (CP-62 to CP-68, hard-parts 21)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import assignment_pb2, technicians_service_pb2
from sqlalchemy import Connection, Row

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.kit import is_unbound
from services.chassis.unit_of_work import Transaction
from services.technicians import repository, wire
from services.technicians.availability import Presence
from services.technicians.booking import Booking
from services.technicians.domain.eligibility import Facts, Verdict, judge, require_assignable
from services.technicians.domain.skills import Requirement, technicians_needed
from services.technicians.domain.suggesting import Place
from services.technicians.domain.visits import day_of, visit_of
from services.technicians.repository import Occasion
from services.technicians.scope import party_columns
from services.technicians.travel import Travel

HELD_FOR: Final = timedelta(minutes=10)
_RESERVE: Final = "fieldmesh.technicians.v1.AssignmentDeskService.Reserve"
# Whose word on an order's parties counts before its event has arrived here.
_TRUSTED: Final = "workorders"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """An order as the desk looks at it: when, what is needed, and for which organisation."""

    occasion: Occasion
    requirements: tuple[Requirement, ...]
    executor: str
    site: Place | None


class Desk:
    """Answers about technicians for an order, and holds them."""

    def __init__(self, database: Database, clock: Clock, booking: Booking, travel: Travel) -> None:
        self._database = database
        self._clock = clock
        self._booking = booking
        self._travel = travel

    def check(
        self, caller: Caller, request: technicians_service_pb2.CheckEligibilityRequest
    ) -> technicians_service_pb2.CheckEligibilityResponse:
        """Tell whether a technician can be assigned; nothing is held.

        Raises NotFound for an order that the caller does not see, and for a technician that the order's organisation
        cannot know of: one that belongs to another.
        """
        with self._database.read() as connection:
            inquiry = self.inquire(connection, caller, request.need)
            row = repository.find_technician(connection, request.technician_id)
            if row is None:
                raise _unknown(request.technician_id)
            presence = repository.presence_of(connection, [row.id], inquiry.occasion)
            facts, verdict = _judge(connection, row, inquiry, presence)
            drives = self.drives(connection, caller, inquiry, [row.id])
            explained = repository.explained_skills(connection, row.id, inquiry.occasion)
            unexplained = verdict.absent and not repository.absence_explained(connection, row.id, inquiry.occasion)
        if facts.organizations and inquiry.executor not in facts.organizations and not is_unbound(caller):
            raise _unknown(request.technician_id)
        return technicians_service_pb2.CheckEligibilityResponse(
            eligible=verdict.eligible,
            eligible_with_reason=verdict.eligible_with_reason,
            missing_skills=verdict.missing,
            busy=verdict.busy,
            freelancer=verdict.freelancer,
            problems=verdict.problems,
            travel_conflicts=drives.get(row.id, ()),
            unexplained_skills=[code for code in verdict.missing if code not in explained],
            absent=verdict.absent,
            unexplained_absence=unexplained,
            shift_conflicts=told_outside(presence, row.id),
            technicians_needed=technicians_needed(inquiry.requirements),
        )

    def reserve(self, caller: Caller, request: technicians_service_pb2.ReserveRequest) -> assignment_pb2.Assignment:
        """Hold a technician for ten minutes; the same request id gives the same reservation.

        Reservations of one technician follow one after the other, so that of two that overlap one is refused. What
        workorders committed already, while nobody answered here, is held whatever speaks against it.

        Raises NotFound, TechnicianNotEligible, AppointmentOverlap, OverrideReasonMissing; InvalidRequest where somebody
        else than a service on its own account says that it is committed.
        """
        committed = request.committed
        if committed and not (caller.is_service and not caller.acting_service):
            wrong = [Violation("committed", "is for services on their own account only")]
            raise InvalidRequest("Nothing was committed.", reason="INVALID_FIELDS", violations=wrong)

        def work(transaction: Transaction) -> assignment_pb2.Assignment:
            connection = transaction.connection
            row = repository.find_technician(connection, request.technician_id, request.person_id, lock=True)
            if row is None:
                raise _unknown(request.technician_id or request.person_id)
            inquiry = self.inquire(connection, caller, request.need)
            presence = repository.presence_of(connection, [row.id], inquiry.occasion)
            facts, verdict = _judge(connection, row, inquiry, presence)
            if not committed:
                require_assignable(facts, verdict, request.reason_code, request.reason_text)
            return self._booking.hold(transaction, _reservation(request, row, verdict, inquiry), request.need, HELD_FOR)

        return run_once(
            self._database,
            caller,
            _RESERVE,
            request.request_id,
            request,
            assignment_pb2.Assignment,
            work,
        )

    def inquire(self, connection: Connection, caller: Caller, need: technicians_service_pb2.WorkNeed) -> Inquiry:
        """Give what is asked of technicians. Raises NotFound for an order that the caller does not see."""
        now = self._clock.now()
        start = wire.instant(need.start_time) if need.HasField("start_time") else None
        executor = _executor(connection, caller, need)
        occasion = Occasion(
            need.work_order_id,
            day_of(start, need.site_time_zone, now),
            visit_of(start, need.duration_minutes),
            now,
            executor,
            tells_hours=is_unbound(caller) or caller.organization_id == executor,
        )
        requirements = repository.requirements_of(connection, list(dict.fromkeys(need.work_type_ids)))
        position = need.site_position
        site = Place(position.latitude, position.longitude) if need.HasField("site_position") else None
        return Inquiry(occasion, requirements, executor, site)

    def drives(
        self, connection: Connection, caller: Caller, inquiry: Inquiry, technician_ids: Sequence[str]
    ) -> Mapping[str, list[str]]:
        """Give the visits of technicians that leave too little time for the drive, in words, by technician."""
        return self._travel.conflicts(
            connection, caller, inquiry.occasion, inquiry.executor, inquiry.site, technician_ids
        )


def _executor(connection: Connection, caller: Caller, need: technicians_service_pb2.WorkNeed) -> str:
    """The organisation whose technicians count: that of the order, as this service knows its parties.

    What a caller says of an order's parties is believed of workorders only; a partner may ask for its own technicians
    without an order, or before the order's event is here.
    """
    known = repository.find_order(connection, need.work_order_id)
    told: types_pb2.Parties = need.parties
    trusted = is_unbound(caller) or caller.acting_service == _TRUSTED
    if known is None and trusted:
        return told.executor_org if need.work_order_id else told.executor_org or caller.organization_id
    if known is None:
        if caller.has("partner") and (not need.work_order_id or told.executor_org in {"", caller.organization_id}):
            return caller.organization_id
        raise NotFound("There is no such work order.", reason="NOT_FOUND", metadata={"id": need.work_order_id})
    if not trusted and all(getattr(known, name) != caller.organization_id for name in party_columns(caller)):
        raise NotFound("There is no such work order.", reason="NOT_FOUND", metadata={"id": need.work_order_id})
    newer = trusted and told.scope_version > known.scope_version
    return told.executor_org if newer else str(known.executor_org)


def told_outside(presence: Presence, technician_id: str) -> list[str]:
    """Give what is to be said about the shifts of a technician; nothing about one who is absent anyway."""
    words = presence.outside.get(technician_id, "")
    return [words] if words and technician_id not in presence.absent else []


def _judge(connection: Connection, row: Row[Any], inquiry: Inquiry, presence: Presence) -> tuple[Facts, Verdict]:
    facts = repository.facts_of(connection, [row], inquiry.occasion, presence)[0]
    return facts, judge(facts, inquiry.requirements, inquiry.executor, inquiry.occasion.day)


def _reservation(
    request: technicians_service_pb2.ReserveRequest, row: Row[Any], verdict: Verdict, inquiry: Inquiry
) -> assignment_pb2.Assignment:
    visit = inquiry.occasion.visit
    missing: Sequence[str] = verdict.missing
    made = assignment_pb2.Assignment(
        work_order_id=request.need.work_order_id,
        work_order_number=request.need.work_order_number,
        technician_id=row.id,
        technician_name=row.name,
        method=assignment_pb2.AssignmentMethod.ValueType(verdict.method.value),
        missing_skills=missing,
        reason_code=request.reason_code,
        reason_text=request.reason_text,
        absent=verdict.absent,
    )
    if visit is not None:
        made.start_time.CopyFrom(wire.timestamp(visit.start))
        made.end_time.CopyFrom(wire.timestamp(visit.end))
    return made


def _unknown(technician_id: str) -> NotFound:
    return NotFound("There is no such technician.", reason="NOT_FOUND", metadata={"id": technician_id})
