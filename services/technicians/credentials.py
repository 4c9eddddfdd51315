"""What technicians hold, as people read it: the university, and revocations (CP-3, CP-92)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from fieldmesh.technicians.v1 import credential_service_pb2, events_pb2, technician_certification_pb2
from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from services.chassis.actors import actor_message
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.etag import check_etag, etag_of
from services.chassis.fields import FieldKind
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.kit import ResourceEngine, scope_key
from services.chassis.kit.scope import granted
from services.chassis.paging import SortKey, fingerprint, read_token, write_token
from services.chassis.unit_of_work import Transaction
from services.technicians import repository, wire
from services.technicians.domain.credentials import SOON_DAYS, standing
from services.technicians.domain.errors import CredentialRevoked
from services.technicians.tables import certifications, technician_certifications, technicians

_REVOKE: Final = "fieldmesh.technicians.v1.CredentialService.RevokeCredential"
_USUAL, _MOST = 50, 200
_LONGEST_REASON: Final = 255
_WITHIN: Final = (30, 60, 90)
CERTIFICATION: Final = "certification"
_HELD = technician_certifications.c
_OFFSET: Final = [SortKey(_HELD.id, FieldKind.INTEGER, descending=False, nullable=False)]
_FILE: Final = ("evidence_name", "evidence_media_type", "evidence_size_bytes", "evidence_id")
_ENTERED: Final = ("revoke_date", "revoke_time", "revoke_reason", "revoked_by")
Request = credential_service_pb2.ListCredentialsRequest
S = credential_service_pb2


class Credentials:
    """Lists and revokes what technicians hold."""

    def __init__(self, database: Database, clock: Clock, held: ResourceEngine) -> None:
        self._database = database
        self._clock = clock
        self._held = held

    def find(self, caller: Caller, request: Request) -> credential_service_pb2.ListCredentialsResponse:
        """Give a page, what expires first first, and counts of all that the organisation's technicians hold.

        Raises InvalidRequest for negative numbers.
        """
        _check(request)
        today = self._clock.now().date()
        seen = self._held.resource.scope.readable(caller, technician_certifications)
        bound = _bound(caller, request)
        position = read_token(request.page_token, _OFFSET, bound)
        start = position[0] if position else 0
        size = min(request.page_size or _USUAL, _MOST)
        answer = credential_service_pb2.ListCredentialsResponse()
        if not seen:
            return answer
        theirs = [granted(seen), *_of_organization(request.organization_id)]
        with self._database.read() as connection:
            answer.counts.CopyFrom(_counts(connection, theirs, today))
            rows = _rows(connection, [*theirs, *_asked(request, today)], size + 1, start)
        answer.credentials.extend(_with_file(row, today) for row in rows[:size])
        answer.next_page_token = write_token([start + size], bound) if len(rows) > size else ""
        return answer

    def revoke(
        self, caller: Caller, request: credential_service_pb2.RevokeCredentialRequest
    ) -> technician_certification_pb2.TechnicianCertification:
        """Revoke a certificate at this instant, with a reason.

        Raises InvalidRequest without a reason, NotFound, StaleEtag, CredentialRevoked, and NotAllowed for whoever does
        not maintain certificates.
        """
        reason = request.reason.strip()
        if not 0 < len(reason) <= _LONGEST_REASON:
            wrong = Violation("reason", f"is required, of at most {_LONGEST_REASON} characters")
            raise InvalidRequest("Say why.", reason="INVALID_FIELDS", violations=[wrong])

        def work(transaction: Transaction) -> technician_certification_pb2.TechnicianCertification:
            row = self._held.find_for_update(transaction.connection, request.id)
            if row is None or not self._held.may_see(transaction.connection, caller, request.id):
                raise NotFound("There is no such certificate.", reason="NOT_FOUND", metadata={"id": request.id})
            if row.revoke_time is not None:
                raise CredentialRevoked(row.certification_code)
            check_etag(request.etag, row.id, row.version)
            wanted = technician_certification_pb2.TechnicianCertification(
                revoke_reason=reason, revoked_by=caller.name or caller.subject
            )
            wanted.revoke_date.CopyFrom(wire.date_message(transaction.now.date()))
            wanted.revoke_time.CopyFrom(wire.timestamp(transaction.now))
            revoked: technician_certification_pb2.TechnicianCertification = self._held.rewrite(
                transaction, caller, row, wanted, _ENTERED
            )
            self._tell(transaction, row.id)
            return revoked

        return run_once(
            self._database,
            caller,
            _REVOKE,
            request.request_id,
            request,
            technician_certification_pb2.TechnicianCertification,
            work,
        )

    @staticmethod
    def _tell(transaction: Transaction, held_id: str) -> None:
        row = transaction.execute(_joined().where(_HELD.id == held_id)).one()
        told = events_pb2.CredentialRevoked(
            credential=credential_of(row, transaction.now.date()),
            reason=row.revoke_reason,
            actor=actor_message(transaction.actor),
            revoke_time=wire.timestamp(transaction.now),
            work_type_ids=repository.work_types_lacking(
                transaction.connection, row.technician_id, row.certification_code, transaction.now
            ),
        )
        transaction.publish(told, "TechnicianCertification", row.id, row.version)


def held_by(
    connection: Connection, technician_ids: Collection[str], today: date
) -> Mapping[str, Sequence[credential_service_pb2.Credential]]:
    """Give what technicians hold, by code and the latest issue first; nothing for those who hold nothing."""
    found: dict[str, list[credential_service_pb2.Credential]] = defaultdict(list)
    rows = _joined().where(_HELD.technician_id.in_(technician_ids))
    for row in connection.execute(rows.order_by(_HELD.certification_code, _HELD.issue_date.desc(), _HELD.id)):
        found[row.technician_id].append(_with_file(row, today))
    return found


def without_files(held: Sequence[credential_service_pb2.Credential]) -> Sequence[credential_service_pb2.Credential]:
    """Give certificates as somebody learns of them who may not open their evidence."""
    for credential in held:
        for name in _FILE:
            credential.ClearField(name)
    return held


def _with_file(row: Row[Any], today: date) -> credential_service_pb2.Credential:
    told = credential_of(row, today)
    for name in _FILE:
        setattr(told, name, getattr(row, name))
    return told


def credential_of(row: Row[Any], today: date) -> credential_service_pb2.Credential:
    """Give a certificate with its technician and certification as people read it, without its evidence file."""
    stands = standing(row.issue_date, row.expiry_date, today, revoked=_is_revoked(row, today))
    made = credential_service_pb2.Credential(
        id=row.id,
        technician_id=row.technician_id,
        technician_name=row.technician_name,
        code=row.certification_code,
        name=row.certification_name,
        kind=row.kind or CERTIFICATION,
        current=row.current,
        work=row.work,
        issue_date=wire.date_message(row.issue_date),
        state=credential_service_pb2.CredentialState.ValueType(stands.value),
        evidence_number=row.evidence_number,
        evidence_url=row.evidence_url,
        revoke_reason=row.revoke_reason,
        etag=etag_of(row.id, row.version),
    )
    if row.expiry_date is not None:
        made.expiry_date.CopyFrom(wire.date_message(row.expiry_date))
        made.days_left = (row.expiry_date - today).days
    return made


def joined_rows() -> Any:
    """Give the statement of all that is held, with the names that go with it."""
    return _joined()


def _joined() -> Any:
    both = technician_certifications.join(technicians, technicians.c.id == _HELD.technician_id)
    return select(
        technician_certifications,
        technicians.c.name.label("technician_name"),
        technicians.c.person_id,
        technicians.c.organization_id,
        certifications.c.name.label("certification_name"),
        certifications.c.kind,
        certifications.c.current,
        certifications.c.work,
    ).select_from(both.join(certifications, certifications.c.id == _HELD.certification_id))


def _rows(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], size: int, start: int
) -> Sequence[Row[Any]]:
    ordered = (_HELD.expiry_date.is_(None), _HELD.expiry_date, technicians.c.name, _HELD.certification_code, _HELD.id)
    rows: Sequence[Row[Any]] = connection.execute(
        _joined().where(*conditions).order_by(*ordered).limit(size).offset(start)
    ).all()
    return rows


def _counts(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], today: date
) -> credential_service_pb2.CredentialCounts:
    def of(condition: ColumnElement[bool]) -> Any:
        return func.count(_HELD.id).filter(condition)

    counts_today = and_(_not_revoked(today), _HELD.issue_date <= today, _unexpired(today))
    within = [and_(counts_today, _HELD.expiry_date <= today + timedelta(days=days)) for days in _WITHIN]
    both = technician_certifications.join(technicians, technicians.c.id == _HELD.technician_id)
    row = connection.execute(
        select(
            func.count(_HELD.id),
            of(counts_today),
            *(of(each) for each in within),
            of(and_(_not_revoked(today), _HELD.expiry_date < today)),
            of(_revoked(today)),
            func.count(_HELD.technician_id.distinct()).filter(counts_today),
        )
        .select_from(both)
        .where(*conditions)
    ).one()
    names = [field.name for field in credential_service_pb2.CredentialCounts.DESCRIPTOR.fields]
    return credential_service_pb2.CredentialCounts(**dict(zip(names, row, strict=True)))


def _asked(request: Request, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    soon = today + timedelta(days=SOON_DAYS)
    late = or_(_HELD.expiry_date.is_(None), _HELD.expiry_date > soon)
    issued = _HELD.issue_date <= today
    by_state = {
        S.CREDENTIAL_STATE_VALID: and_(_not_revoked(today), issued, late),
        S.CREDENTIAL_STATE_EXPIRING: and_(_not_revoked(today), issued, _HELD.expiry_date.between(today, soon)),
        S.CREDENTIAL_STATE_EXPIRED: and_(_not_revoked(today), issued, _HELD.expiry_date < today),
        S.CREDENTIAL_STATE_REVOKED: _revoked(today),
        S.CREDENTIAL_STATE_NOT_YET_VALID: and_(_not_revoked(today), _HELD.issue_date > today),
    }
    if request.state in by_state:
        found.append(by_state[request.state])
    if request.expires_within_days:
        last = today + timedelta(days=request.expires_within_days)
        found.append(and_(_not_revoked(today), issued, _HELD.expiry_date.between(today, last)))
    if request.kind:
        kinds = ["", CERTIFICATION] if request.kind == CERTIFICATION else [request.kind]
        found.append(certifications.c.kind.in_(kinds))
    return found


def _of_organization(organization_id: str) -> list[ColumnElement[bool]]:
    return [technicians.c.organization_id == organization_id] if organization_id else []


def _unexpired(today: date) -> ColumnElement[bool]:
    return or_(_HELD.expiry_date.is_(None), _HELD.expiry_date >= today)


def _revoked(today: date) -> ColumnElement[bool]:
    return or_(_HELD.revoke_time.is_not(None), and_(_HELD.revoke_date.is_not(None), _HELD.revoke_date <= today))


def _not_revoked(today: date) -> ColumnElement[bool]:
    return and_(_HELD.revoke_time.is_(None), or_(_HELD.revoke_date.is_(None), _HELD.revoke_date > today))


def _is_revoked(row: Row[Any], today: date) -> bool:
    return row.revoke_time is not None or (row.revoke_date is not None and row.revoke_date <= today)


def _check(request: Request) -> None:
    wrong = [
        Violation(name, "must not be negative")
        for name in ("page_size", "expires_within_days")
        if getattr(request, name) < 0
    ]
    if wrong:
        raise InvalidRequest("The list cannot be given.", reason="INVALID_FIELDS", violations=wrong)


def _bound(caller: Caller, request: Request) -> str:
    same = Request()
    same.CopyFrom(request)
    same.ClearField("page_token")
    same.ClearField("page_size")
    return fingerprint("ListCredentials", same.SerializeToString(deterministic=True).hex(), scope_key(caller))
