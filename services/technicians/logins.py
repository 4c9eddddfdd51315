"""The directory as the admin needs it: who a login is, people written before it, and what they choose themselves."""

from typing import Any, Final

from fieldmesh.technicians.v1 import organization_pb2, person_pb2, technicians_service_pb2
from sqlalchemy import select

from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller, service_caller
from services.chassis.kit import ResourceEngine
from services.chassis.masks import checked_paths
from services.chassis.unit_of_work import Transaction
from services.technicians.domain.errors import LoginInactive
from services.technicians.tables import organizations, people

_UPSERT: Final = "fieldmesh.technicians.v1.DirectoryService.UpsertPerson"
_UPDATE_OWN: Final = "fieldmesh.technicians.v1.ProfileService.UpdateOwnProfile"
_LONGEST_ID: Final = 40
_THEIRS: Final = frozenset({"time_zone", "delegate_id", "away_from", "away_until"})
_KIND_PREFIX: Final = "ORGANIZATION_KIND_"


class Logins:
    """Answers who signs in, and takes over people."""

    def __init__(self, service: str, database: Database, engine: ResourceEngine) -> None:
        self._own = service_caller(service)
        self._database = database
        self._people = engine

    def resolve(
        self, request: technicians_service_pb2.ResolveLoginRequest
    ) -> technicians_service_pb2.ResolveLoginResponse:
        """Tell who a login, or a person, is. Raises NotFound, and LoginInactive for who may not sign in any more."""
        wanted = people.c.login == request.login if request.login else people.c.id == request.person_id
        if not request.login and not request.person_id:
            raise _missing()
        with self._database.read() as connection:
            row = connection.execute(select(people).where(wanted)).first()
            if row is None:
                raise _missing()
            home = connection.execute(select(organizations).where(organizations.c.id == row.organization_id)).first()
        if not row.active or (home is not None and not home.active) or (row.organization_id and home is None):
            raise LoginInactive
        return technicians_service_pb2.ResolveLoginResponse(
            person=self._people.message(row),
            organization_name=home.name if home else "",
            organization_kind=_kind(home.kind) if home else "",
            time_zone=row.time_zone or (home.time_zone if home else ""),
        )

    def upsert(self, caller: Caller, request: technicians_service_pb2.UpsertPersonRequest) -> person_pb2.Person:
        """Create or change a person under the id given; the same content again changes nothing.

        Raises InvalidRequest naming every wrong field, AlreadyExists for a login that is taken.
        """
        person = request.person
        if not 0 < len(person.id) <= _LONGEST_ID:
            wrong = Violation("id", f"is required, of at most {_LONGEST_ID} characters")
            raise InvalidRequest("The person has no id.", reason="INVALID_FIELDS", violations=[wrong])

        def work(transaction: Transaction) -> person_pb2.Person:
            return self._write(transaction, caller, person)

        return run_once(self._database, caller, _UPSERT, request.request_id, request, person_pb2.Person, work)

    def update_own(self, caller: Caller, request: technicians_service_pb2.UpdateOwnProfileRequest) -> person_pb2.Person:
        """Let people change of themselves what is theirs to choose: the zone of their pages (CP-5), and their absence.

        Raises InvalidRequest for an unknown zone, a delegate who is no colleague and an absence without end, NotFound
        where the caller is nobody of the directory.
        """
        paths = _own_paths(request)
        wanted = person_pb2.Person(time_zone=request.time_zone, delegate_id=request.delegate_id)
        for name in ("away_from", "away_until"):
            if request.HasField(name):
                getattr(wanted, name).CopyFrom(getattr(request, name))

        def work(transaction: Transaction) -> person_pb2.Person:
            row = self._people.find_for_update(transaction.connection, caller.subject)
            if row is None:
                raise NotFound("The directory has no such person.", reason="NOT_FOUND")
            # As this service: their role lets nobody write people; the record of changes names the caller.
            changed: person_pb2.Person = self._people.rewrite(transaction, self._own, row, wanted, paths)
            return changed

        return run_once(self._database, caller, _UPDATE_OWN, request.request_id, request, person_pb2.Person, work)

    def _write(self, transaction: Transaction, caller: Caller, person: person_pb2.Person) -> person_pb2.Person:
        row = self._people.find_for_update(transaction.connection, person.id)
        if row is None:
            made: person_pb2.Person = self._people.create(transaction, caller, person, row_id=person.id)
            if person.active:
                return made
            row = self._people.find_for_update(transaction.connection, person.id)
        if row is None:
            raise _missing()
        descriptor: Any = person.DESCRIPTOR
        paths = checked_paths(descriptor, ["*"], person)
        changed: person_pb2.Person = self._people.rewrite(transaction, caller, row, person, paths)
        return changed


def _own_paths(request: technicians_service_pb2.UpdateOwnProfileRequest) -> list[str]:
    """Which fields the caller changes; the time zone alone where none is named. Raises InvalidRequest for others."""
    asked = list(dict.fromkeys(request.update_mask.paths)) or ["time_zone"]
    wrong = [Violation(path, "is not yours to change") for path in asked if path not in _THEIRS]
    if wrong:
        raise InvalidRequest("Some fields are not yours to change.", reason="INVALID_FIELDS", violations=wrong)
    return asked


def _kind(number: int) -> str:
    return (
        organization_pb2.OrganizationKind.Name(organization_pb2.OrganizationKind.ValueType(number))
        .removeprefix(_KIND_PREFIX)
        .lower()
        if number
        else ""
    )


def _missing() -> NotFound:
    return NotFound("There is no such login.", reason="NOT_FOUND")
