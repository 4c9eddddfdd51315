"""The verbs of this service over gRPC; each method hands the request on."""

from typing import Any

from fieldmesh.technicians.v1 import assignment_pb2, person_pb2, technicians_service_pb2

from services.chassis.identity import current_caller
from services.technicians.desk import Desk
from services.technicians.logins import Logins
from services.technicians.search import Search


class AssignmentDeskServicer:
    """Choosing technicians."""

    def __init__(self, desk: Desk, search: Search) -> None:
        self._desk = desk
        self._search = search

    def SearchTechnicians(
        self, request: technicians_service_pb2.SearchTechniciansRequest, _context: Any
    ) -> technicians_service_pb2.SearchTechniciansResponse:
        return self._search.find(current_caller(), request)

    def CheckEligibility(
        self, request: technicians_service_pb2.CheckEligibilityRequest, _context: Any
    ) -> technicians_service_pb2.CheckEligibilityResponse:
        return self._desk.check(current_caller(), request)

    def Reserve(self, request: technicians_service_pb2.ReserveRequest, _context: Any) -> assignment_pb2.Assignment:
        return self._desk.reserve(current_caller(), request)


class DirectoryServicer:
    """Who logins are."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    def ResolveLogin(
        self, request: technicians_service_pb2.ResolveLoginRequest, _context: Any
    ) -> technicians_service_pb2.ResolveLoginResponse:
        return self._logins.resolve(request)

    def UpsertPerson(self, request: technicians_service_pb2.UpsertPersonRequest, _context: Any) -> person_pb2.Person:
        return self._logins.upsert(current_caller(), request)


class ProfileServicer:
    """What people change of themselves."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    def UpdateOwnProfile(
        self, request: technicians_service_pb2.UpdateOwnProfileRequest, _context: Any
    ) -> person_pb2.Person:
        return self._logins.update_own(current_caller(), request)
