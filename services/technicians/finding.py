"""Searching the roster: the organisation's technicians, or one of none by e-mail (CP-91)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from fieldmesh.technicians.v1 import membership_pb2, roster_service_pb2
from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, Violation
from services.chassis.etag import etag_of
from services.chassis.fields import FieldKind
from services.chassis.identity import Caller
from services.chassis.kit import ResourceEngine, is_unbound, scope_key
from services.chassis.paging import SortKey, fingerprint, read_token, write_token
from services.technicians import credentials, repository
from services.technicians.memberships import holds_on
from services.technicians.roster import home_of
from services.technicians.scope import is_vendor_staff
from services.technicians.tables import assignments, memberships, organizations, technician_certifications, technicians

_USUAL, _MOST = 25, 100
_OFFSET: Final = [SortKey(technicians.c.id, FieldKind.INTEGER, descending=False, nullable=False)]
Request = roster_service_pb2.SearchRosterRequest
Entry = roster_service_pb2.RosterEntry


class RosterSearch:
    """Finds technicians of the own organisation, or one of none."""

    def __init__(self, database: Database, clock: Clock, membership: ResourceEngine) -> None:
        self._database = database
        self._clock = clock
        self._memberships = membership

    def find(self, caller: Caller, request: Request) -> roster_service_pb2.SearchRosterResponse:
        """Give a page of technicians by name, with what they hold; five statements, however many.

        Of somebody who belongs elsewhere nothing is told but that. Raises InvalidRequest without an e-mail where the
        organisation is not the own.
        """
        _check(request)
        home = home_of(caller, request.organization_id)
        now = self._clock.now()
        bound = _bound(caller, request)
        position = read_token(request.page_token, _OFFSET, bound)
        start = position[0] if position else 0
        size = min(request.page_size or _USUAL, _MOST)
        everyone = not home and (is_unbound(caller) or is_vendor_staff(caller))
        answer = roster_service_pb2.SearchRosterResponse()
        if request.my_organization and not home and not everyone:
            return answer
        with self._database.read() as connection:
            conditions = [*_who(request, home, now.date()), *_holding(request, now.date())]
            found = select(technicians).where(*conditions).order_by(technicians.c.name, technicians.c.id)
            rows = connection.execute(found.limit(size + 1).offset(start)).all()
            held = credentials.held_by(connection, [row.id for row in rows], now.date())
            belongs = _memberships_of(connection, [row.id for row in rows], now.date())
            busy = _open_counts(connection, [row.id for row in rows], now)
        for row in rows[:size]:
            membership = belongs.get(row.id)
            if membership is not None and not everyone and membership.organization_id != home:
                answer.entries.add(technician_id=row.id, email=row.email, elsewhere=True)
                continue
            theirs = held.get(row.id, ())
            entry = answer.entries.add(
                technician_id=row.id,
                name=row.name,
                email=row.email,
                phone=row.phone if membership is not None else "",
                etag=etag_of(row.id, row.version),
                credentials=theirs if membership is not None else credentials.without_files(theirs),
                open_assignments=busy.get((row.id, membership.organization_id), 0) if membership is not None else 0,
            )
            if membership is not None:
                entry.membership.CopyFrom(self._message(membership))
                entry.organization_name = membership.organization_name
        answer.next_page_token = write_token([start + size], bound) if len(rows) > size else ""
        return answer

    def _message(self, row: Row[Any]) -> membership_pb2.Membership:
        found: membership_pb2.Membership = self._memberships.message(row)
        return found


def _check(request: Request) -> None:
    wrong = []
    if request.page_size < 0:
        wrong.append(Violation("page_size", "must not be negative"))
    if not request.my_organization and "@" not in request.email:
        wrong.append(Violation("email", "is required: whoever is not yours is found by the whole e-mail address"))
    if wrong:
        raise InvalidRequest("The search is not complete.", reason="INVALID_FIELDS", violations=wrong)


def _who(request: Request, home: str, today: date) -> list[ColumnElement[bool]]:
    columns = technicians.c
    email, text = request.email.strip(), request.text.strip()
    if not request.my_organization:
        mine = select(memberships.c.technician_id).where(holds_on(today), memberships.c.organization_id == home)
        conditions = [func.lower(columns.email) == email.lower(), columns.active.is_(True)]
        return [*conditions, columns.id.not_in(mine)] if home else conditions
    members = select(memberships.c.technician_id).where(holds_on(today))
    if home:
        members = members.where(memberships.c.organization_id == home)
    found: list[ColumnElement[bool]] = [columns.id.in_(members)]
    if email:
        corporate = select(memberships.c.technician_id).where(
            holds_on(today), memberships.c.corporate_email.istartswith(email, autoescape=True)
        )
        found.append(or_(columns.email.istartswith(email, autoescape=True), columns.id.in_(corporate)))
    if text:
        names = (columns.name, columns.phone, columns.email)
        found.append(or_(*(column.icontains(text, autoescape=True) for column in names)))
    return found


def _holding(request: Request, today: date) -> list[ColumnElement[bool]]:
    held = technician_certifications.c
    return [
        technicians.c.id.in_(
            select(held.technician_id).where(
                held.certification_code == code,
                held.issue_date <= today,
                or_(held.expiry_date.is_(None), held.expiry_date >= today),
                held.revoke_time.is_(None),
                or_(held.revoke_date.is_(None), held.revoke_date > today),
            )
        )
        for code in dict.fromkeys(request.certification_codes)
    ]


def _memberships_of(connection: Connection, ids: Sequence[str], today: date) -> Mapping[str, Row[Any]]:
    named = memberships.outerjoin(organizations, organizations.c.id == memberships.c.organization_id)
    rows = (
        select(memberships, organizations.c.name.label("organization_name"))
        .select_from(named)
        .where(memberships.c.technician_id.in_(ids), holds_on(today))
    )
    return {row.technician_id: row for row in connection.execute(rows)}


def _open_counts(connection: Connection, ids: Sequence[str], now: Any) -> Mapping[tuple[str, str], int]:
    columns = assignments.c
    counted = (
        select(columns.technician_id, columns.executor_org, func.count().label("open"))
        .where(columns.technician_id.in_(ids), repository.holds_time(now))
        .group_by(columns.technician_id, columns.executor_org)
    )
    return {(row.technician_id, row.executor_org): row.open for row in connection.execute(counted)}


def _bound(caller: Caller, request: Request) -> str:
    same = Request()
    same.CopyFrom(request)
    same.ClearField("page_token")
    same.ClearField("page_size")
    return fingerprint("SearchRoster", same.SerializeToString(deterministic=True).hex(), scope_key(caller))
