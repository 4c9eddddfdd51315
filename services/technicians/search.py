"""The skills matrix: technicians that a search finds, against what an order needs (CP-62, CP-63, CP-66)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fieldmesh.technicians.v1 import technician_pb2, technicians_service_pb2
from sqlalchemy import ColumnElement, Connection, Row, func, select

from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, Violation
from services.chassis.fields import FieldKind
from services.chassis.identity import Caller
from services.chassis.kit import message_of, scope_key
from services.chassis.paging import SortKey, fingerprint, read_token, write_token
from services.technicians import repository, wire
from services.technicians.desk import Desk, Inquiry, told_outside
from services.technicians.domain.eligibility import Facts, judge
from services.technicians.domain.skills import matrix_row, needed_codes, technicians_needed
from services.technicians.memberships import holds_on
from services.technicians.tables import memberships, technicians

_USUAL: Final = 25
_MOST: Final = 100
# An organisation with more active technicians than this narrows its search.
_CANDIDATES: Final = 1000
_TOLD_OF_FREELANCERS: Final = ("id", "name", "email", "person_id", "address", "active")
Request = technicians_service_pb2.SearchTechniciansRequest


@dataclass(frozen=True, slots=True)
class Match:
    """One row of the matrix before it is told."""

    row: Row[Any]
    facts: Facts
    qualified: bool
    outside: Sequence[str]
    """What is to be said about the technician's shifts."""


class Search:
    """Finds technicians of the own organisation, or one freelancer by e-mail."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self._database = database
        self._desk = desk

    def find(self, caller: Caller, request: Request) -> technicians_service_pb2.SearchTechniciansResponse:
        """Give a page of the matrix, qualified technicians first, then by name.

        Raises InvalidRequest for freelancers without an e-mail, NotFound for an order that the caller does not see.
        """
        _check(request)
        size = min(request.page_size or _USUAL, _MOST)
        bound = _bound(caller, request)
        position = read_token(request.page_token, _OFFSET, bound)
        start = position[0] if position else 0
        with self._database.read() as connection:
            inquiry = self._desk.inquire(connection, caller, request.need)
            matches = _matches(connection, request, inquiry)
            shown = matches[start : start + size]
            drives = self._desk.drives(connection, caller, inquiry, [match.row.id for match in shown])
        codes = needed_codes(inquiry.requirements) or tuple(dict.fromkeys(request.certification_codes))
        return technicians_service_pb2.SearchTechniciansResponse(
            certification_codes=codes,
            matches=[_told(match, codes, inquiry, drives.get(match.row.id, ())) for match in shown],
            technicians_needed=technicians_needed(inquiry.requirements),
            next_page_token=write_token([start + size], bound) if len(matches) > start + size else "",
        )


_OFFSET: Final = [SortKey(technicians.c.id, FieldKind.INTEGER, descending=False, nullable=False)]


def _check(request: Request) -> None:
    wrong = []
    if request.page_size < 0:
        wrong.append(Violation("page_size", "must not be negative"))
    if not request.my_organization and not request.email.strip():
        wrong.append(Violation("email", "is required: freelancers are found by their e-mail only"))
    if wrong:
        raise InvalidRequest("The search is not complete.", reason="INVALID_FIELDS", violations=wrong)


def _matches(connection: Connection, request: Request, inquiry: Inquiry) -> list[Match]:
    rows = connection.execute(
        select(technicians)
        .where(technicians.c.active.is_(True), *_conditions(request, inquiry))
        .order_by(technicians.c.name, technicians.c.id)
        .limit(_CANDIDATES)
    ).all()
    found = []
    presence = repository.presence_of(connection, [row.id for row in rows], inquiry.occasion)
    for row, facts in zip(rows, repository.facts_of(connection, rows, inquiry.occasion, presence), strict=True):
        held = {each.code for each in facts.held if each.valid_on(inquiry.occasion.day)}
        if held.issuperset(request.certification_codes):
            verdict = judge(facts, inquiry.requirements, inquiry.executor, inquiry.occasion.day)
            found.append(Match(row, facts, not verdict.missing, told_outside(presence, row.id)))
    return sorted(found, key=lambda match: not match.qualified)


def _conditions(request: Request, inquiry: Inquiry) -> list[ColumnElement[bool]]:
    columns = technicians.c
    members = select(memberships.c.technician_id).where(holds_on(inquiry.occasion.member_on))
    found: list[ColumnElement[bool]] = []
    if request.my_organization:
        found.append(columns.id.in_(members.where(memberships.c.organization_id == inquiry.executor)))
        if request.email:
            found.append(columns.email.istartswith(request.email.strip(), autoescape=True))
    else:
        found += [columns.id.not_in(members), func.lower(columns.email) == request.email.strip().lower()]
    if request.postal_code:
        found.append(columns.address_postal_code.istartswith(request.postal_code.strip(), autoescape=True))
    if request.city:
        found.append(columns.address_city.istartswith(request.city.strip(), autoescape=True))
    return found


def _told(
    match: Match, codes: Sequence[str], inquiry: Inquiry, drives: Sequence[str]
) -> technicians_service_pb2.TechnicianMatch:
    technician = message_of(technician_pb2.Technician, dict(match.row._mapping))  # noqa: SLF001
    freelancer = not match.facts.organizations
    if freelancer:
        told = technician_pb2.Technician(
            **{name: getattr(technician, name) for name in _TOLD_OF_FREELANCERS if name != "address"}
        )
        if technician.HasField("address"):
            told.address.CopyFrom(technician.address)
        technician = told
    answer = technicians_service_pb2.TechnicianMatch(
        technician=technician,
        qualified=match.qualified,
        busy=match.facts.busy,
        freelancer=freelancer,
        travel_conflicts=drives,
        absent=match.facts.absent,
        shift_conflicts=match.outside,
    )
    for cell in matrix_row(codes, match.facts.held, inquiry.occasion.day):
        made = answer.skills.add(certification_code=cell.code, held=cell.held)
        if cell.expires is not None:
            made.expiry_date.CopyFrom(wire.date_message(cell.expires))
    return answer


def _bound(caller: Caller, request: Request) -> str:
    """What a page token is bound to: everything of the request but the page itself."""
    same = Request()
    same.CopyFrom(request)
    same.ClearField("page_token")
    same.ClearField("page_size")
    return fingerprint("SearchTechnicians", same.SerializeToString(deterministic=True).hex(), scope_key(caller))
