"""Technicians' answers for an assignment (hard-parts 21): that service alone decides on eligibility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import assignment_pb2, technicians_service_pb2
from sqlalchemy import select

from services.chassis.errors import NotFound, Unavailable
from services.chassis.identity import as_service
from services.chassis.ids import derive_id
from services.chassis.log import get_logger
from services.workorders import wire
from services.workorders.domain.outcome import Caveat
from services.workorders.domain.schedule_flags import absent_words
from services.workorders.tables import people, work_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from services.workorders.domain.situation import Inputs
    from services.workorders.domain.work_order import WorkOrder

TRAVEL_CONFLICT = "TRAVEL_CONFLICT"
SKILLS_MISSING = "SKILLS_MISSING"
OUTSIDE_SHIFT = "OUTSIDE_SHIFT"
TECHNICIAN_ABSENT = "TECHNICIAN_ABSENT"
NOT_CHECKED = "ASSIGNMENT_UNCHECKED"
UNKNOWN = "Technicians does not know this technician."
log = get_logger(__name__)
_METHODS = {
    assignment_pb2.ASSIGNMENT_METHOD_SKILL_MATCH: "Skill Match",
    assignment_pb2.ASSIGNMENT_METHOD_MANUAL_OVERRIDE: "Manual Override",
    assignment_pb2.ASSIGNMENT_METHOD_FREELANCER: "Freelancer",
}


class AssignmentDesk(Protocol):
    """What of technicians' contract is used here."""

    def CheckEligibility(  # noqa: N802 - the contract's name
        self, request: technicians_service_pb2.CheckEligibilityRequest
    ) -> technicians_service_pb2.CheckEligibilityResponse: ...

    def Reserve(  # noqa: N802 - the contract's name
        self, request: technicians_service_pb2.ReserveRequest
    ) -> assignment_pb2.Assignment: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """The person to assign, as the directory's copy knows them, and what is to be done."""

    person_id: str
    technician_id: str
    name: str
    email: str
    phone: str
    need: technicians_service_pb2.WorkNeed


@dataclass(frozen=True, slots=True)
class Reservation:
    """What technicians answered: the snapshot for the guards, and the reservation that the event confirms."""

    eligibility: Mapping[str, object]
    assignment_id: str = ""
    version: str = ""
    caveats: tuple[Caveat, ...] = ()
    """Visits that leave too little time for the drive, and hours outside of the shift; they keep nobody from coming."""


def candidate_of(connection: Connection, order: WorkOrder, person_id: str, start: datetime | None = None) -> Candidate:
    """A person for an order, at its appointment or another; no technician id where that is no active technician."""
    row = connection.execute(
        select(people).where(people.c.id == person_id, people.c.active.is_(True), people.c.deleted.is_(False))
    ).one_or_none()
    durations = connection.execute(
        select(work_types.c.duration_minutes).where(
            work_types.c.id.in_({item.work_type_id for item in order.line_items})
        )
    ).scalars()
    need = technicians_service_pb2.WorkNeed(
        work_order_id=order.id,
        work_order_number=order.number,
        parties=types_pb2.Parties(
            issuer_org=order.issuer_org,
            executor_org=order.executor_org,
            facility_org=order.facility_org,
            scope_version=order.scope_version,
        ),
        work_type_ids=list(dict.fromkeys(item.work_type_id for item in order.line_items)),
        duration_minutes=sum(durations),
        site_time_zone=order.site_time_zone,
    )
    start = start or order.appointment.start_time
    if order.site_position is not None:
        need.site_position.CopyFrom(
            types_pb2.Position(latitude=order.site_position.latitude, longitude=order.site_position.longitude)
        )
    if start is not None:
        need.start_time.CopyFrom(wire.timestamp(start))
    if row is None:
        return Candidate(person_id, "", "", "", "", need)
    return Candidate(row.id, row.technician_id, row.name, row.email, row.phone, need)


def check(desk: AssignmentDesk, candidate: Candidate) -> Reservation:
    """Ask whether the candidate can be assigned; nothing is held."""
    if not candidate.technician_id:
        return Reservation(_eligibility(candidate, refusals=("Choose an active technician.",)))
    answer = desk.CheckEligibility(
        technicians_service_pb2.CheckEligibilityRequest(need=candidate.need, technician_id=candidate.technician_id)
    )
    possible = answer.eligible or answer.eligible_with_reason
    refusals = () if possible else tuple(answer.problems) or ("The technician cannot be assigned.",)
    missing = tuple(answer.missing_skills)
    known = _eligibility(candidate, missing=missing, refusals=refusals, freelancer=answer.freelancer)
    return Reservation(
        {**known, "absent": answer.absent, "needed": answer.technicians_needed}, caveats=_warnings(candidate, answer)
    )


def unchecked(candidate: Candidate) -> Reservation:
    """What is known of a candidate while technicians does not answer: nothing that speaks for or against it."""
    refusals = () if candidate.technician_id else ("Choose an active technician.",)
    known = _eligibility(candidate, refusals=refusals, method="Not checked")
    told = f"Technicians does not answer: whether {candidate.name} can come is checked when it does."
    return Reservation({**known, "unchecked": True}, caveats=(Caveat(NOT_CHECKED, told),))


@dataclass(frozen=True, slots=True)
class Diary:
    """Whether a technician has another visit at a time, and what users should know: long drives, missing skills.

    `lacking` says which skills are missing then that nobody gave a reason for, `absent` that the technician is away and
    nobody said why they come all the same; empty: none.
    """

    busy: bool
    caveats: tuple[Caveat, ...]
    lacking: str = ""
    absent: str = ""


def diary_of(desk: AssignmentDesk, candidate: Candidate) -> Diary | None:
    """What else the technician does then; None where technicians does not answer or does not know them."""
    if not candidate.technician_id:
        return None
    try:
        answer = desk.CheckEligibility(
            technicians_service_pb2.CheckEligibilityRequest(need=candidate.need, technician_id=candidate.technician_id)
        )
    except (Unavailable, NotFound) as refusal:
        log.info("visit.unchecked", work_order=candidate.need.work_order_id, reason=refusal.reason)
        return None
    lacking = ""
    if answer.unexplained_skills:
        codes = ", ".join(answer.unexplained_skills)
        lacking = (
            f"{candidate.name} does not hold {codes} on the day of the appointment; assign somebody else, or assign "
            f"{candidate.name} again with a reason."
        )
    absent = absent_words(candidate.name) if answer.unexplained_absence else ""
    told = [Caveat(code, text) for code, text in ((SKILLS_MISSING, lacking), (TECHNICIAN_ABSENT, absent)) if text]
    return Diary(answer.busy, (*told, *_warnings(candidate, answer)), lacking, absent)


@dataclass(frozen=True, slots=True)
class Diaries:
    """The same of several technicians: who is elsewhere, by name; what users should know; and by person the rest."""

    busy: str
    caveats: tuple[Caveat, ...]
    lacking: Mapping[str, str]
    absent: Mapping[str, str]


def diaries_of(desk: AssignmentDesk, candidates: Sequence[Candidate]) -> Diaries | None:
    """What else several technicians do then; None where technicians does not answer, or knows none of them."""
    found = {each.person_id: (each.name, diary) for each in candidates if (diary := diary_of(desk, each)) is not None}
    if not found:
        return None
    return Diaries(
        " and ".join(name for name, diary in found.values() if diary.busy),
        tuple(caveat for _, diary in found.values() for caveat in diary.caveats),
        {person_id: diary.lacking for person_id, (_, diary) in found.items()},
        {person_id: diary.absent for person_id, (_, diary) in found.items()},
    )


def reserve(desk: AssignmentDesk, candidate: Candidate, inputs: Inputs, request_id: str) -> Reservation:
    """Hold the technician for ten minutes; the same request gives the same reservation.

    Raises what technicians refuses with, and Unavailable where it does not answer.
    """
    with as_service("workorders"):
        assignment = desk.Reserve(
            technicians_service_pb2.ReserveRequest(
                need=candidate.need,
                technician_id=candidate.technician_id,
                person_id=candidate.person_id,
                reason_code=inputs.reason_code,
                reason_text=inputs.comment,
                request_id=derive_id("reserve", candidate.need.work_order_id, candidate.person_id, request_id),
            )
        )
    missing = tuple(assignment.missing_skills)
    method = _METHODS.get(assignment.method, "")
    freelancer = assignment.method == assignment_pb2.ASSIGNMENT_METHOD_FREELANCER
    known = _eligibility(candidate, missing=missing, method=method, freelancer=freelancer)
    return Reservation(known, assignment.id, assignment.etag)


def _warnings(candidate: Candidate, answer: technicians_service_pb2.CheckEligibilityResponse) -> tuple[Caveat, ...]:
    found = [(TRAVEL_CONFLICT, text) for text in answer.travel_conflicts]
    found += [(OUTSIDE_SHIFT, text) for text in answer.shift_conflicts]
    return tuple(Caveat(code, f"{candidate.name}: {text}") for code, text in found)


def check_committed(desk: AssignmentDesk, candidate: Candidate, row: Row[Any]) -> tuple[tuple[str, ...], str]:
    """What speaks against an assignment that was committed unchecked, in words, and the reservation that now holds it.

    Asked as the service itself; the same row gives the same reservation. Raises Unavailable.
    """
    try:
        with as_service("workorders"):
            answer = desk.CheckEligibility(
                technicians_service_pb2.CheckEligibilityRequest(
                    need=candidate.need, technician_id=candidate.technician_id
                )
            )
            request_id = derive_id("reserve-committed", row.work_order_id, row.person_id, row.assign_time.isoformat())
            held = desk.Reserve(
                technicians_service_pb2.ReserveRequest(
                    need=candidate.need,
                    technician_id=candidate.technician_id,
                    person_id=candidate.person_id,
                    reason_code=row.reason_code,
                    reason_text=row.reason_text,
                    request_id=request_id,
                    committed=True,
                )
            )
    except NotFound:
        return (UNKNOWN,), ""
    return tuple(answer.problems), held.id


def _eligibility(
    candidate: Candidate,
    *,
    missing: tuple[str, ...] = (),
    refusals: tuple[str, ...] = (),
    method: str = "",
    freelancer: bool = False,
) -> Mapping[str, object]:
    return {
        "technician_id": candidate.technician_id,
        "name": candidate.name,
        "email": candidate.email,
        "phone": candidate.phone,
        "missing": missing,
        "refusals": refusals,
        "method": method,
        "freelancer": freelancer,
    }
