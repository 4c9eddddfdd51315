"""The verbs of this service over gRPC; each method hands the request on."""

from collections.abc import Iterator
from typing import Any

from fieldmesh.technicians.v1 import (
    assignment_pb2,
    availability_service_pb2,
    credential_service_pb2,
    invitation_pb2,
    membership_pb2,
    organization_pb2,
    organization_service_pb2,
    person_pb2,
    photo_service_pb2,
    roster_service_pb2,
    technician_certification_pb2,
    technician_pb2,
    technicians_service_pb2,
)

from services.chassis.identity import current_caller
from services.chassis.uploads import parts_of
from services.technicians.calendars import Calendars
from services.technicians.contacts import Contacts
from services.technicians.credentials import Credentials
from services.technicians.desk import Desk
from services.technicians.finding import RosterSearch
from services.technicians.invitations import Invitations
from services.technicians.logins import Logins
from services.technicians.photos import Photos
from services.technicians.roster import Roster
from services.technicians.search import Search
from services.technicians.suggestions import Suggestions


class AssignmentDeskServicer:
    """Choosing technicians."""

    def __init__(self, desk: Desk, search: Search, suggestions: Suggestions) -> None:
        self._desk = desk
        self._search = search
        self._suggestions = suggestions

    def SearchTechnicians(
        self, request: technicians_service_pb2.SearchTechniciansRequest, _context: Any
    ) -> technicians_service_pb2.SearchTechniciansResponse:
        return self._search.find(current_caller(), request)

    def SuggestTechnicians(
        self, request: technicians_service_pb2.SuggestTechniciansRequest, _context: Any
    ) -> technicians_service_pb2.SuggestTechniciansResponse:
        return self._suggestions.find(current_caller(), request)

    def CheckEligibility(
        self, request: technicians_service_pb2.CheckEligibilityRequest, _context: Any
    ) -> technicians_service_pb2.CheckEligibilityResponse:
        return self._desk.check(current_caller(), request)

    def Reserve(self, request: technicians_service_pb2.ReserveRequest, _context: Any) -> assignment_pb2.Assignment:
        return self._desk.reserve(current_caller(), request)


class AvailabilityServicer:
    """When technicians work and are away."""

    def __init__(self, calendars: Calendars) -> None:
        self._calendars = calendars

    def ListAvailability(
        self, request: availability_service_pb2.ListAvailabilityRequest, _context: Any
    ) -> availability_service_pb2.ListAvailabilityResponse:
        return self._calendars.find(current_caller(), request)


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


class RosterServicer:
    """Field technician management."""

    def __init__(self, roster: Roster, search: RosterSearch) -> None:
        self._roster = roster
        self._search = search

    def SearchRoster(
        self, request: roster_service_pb2.SearchRosterRequest, _context: Any
    ) -> roster_service_pb2.SearchRosterResponse:
        return self._search.find(current_caller(), request)

    def OnboardTechnician(
        self, request: roster_service_pb2.OnboardTechnicianRequest, _context: Any
    ) -> membership_pb2.Membership:
        return self._roster.onboard(current_caller(), request)

    def PreviewOffboarding(
        self, request: roster_service_pb2.PreviewOffboardingRequest, _context: Any
    ) -> roster_service_pb2.PreviewOffboardingResponse:
        return self._roster.preview(current_caller(), request)

    def OffboardTechnician(
        self, request: roster_service_pb2.OffboardTechnicianRequest, _context: Any
    ) -> roster_service_pb2.OffboardTechnicianResponse:
        return self._roster.offboard(current_caller(), request)


class ContactServicer:
    """How organisations are reached."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    def UpdateOrganizationContacts(
        self, request: organization_service_pb2.UpdateOrganizationContactsRequest, _context: Any
    ) -> organization_pb2.Organization:
        return self._contacts.update(current_caller(), request)


class InvitationDesk:
    """Inviting people to sign in."""

    def __init__(self, invitations: Invitations) -> None:
        self._invitations = invitations

    def InvitePerson(self, request: invitation_pb2.InvitePersonRequest, _context: Any) -> invitation_pb2.Invitation:
        return self._invitations.invite(current_caller(), request)

    def ResendInvitation(
        self, request: invitation_pb2.ResendInvitationRequest, _context: Any
    ) -> invitation_pb2.Invitation:
        return self._invitations.resend(current_caller(), request)

    def WithdrawInvitation(
        self, request: invitation_pb2.WithdrawInvitationRequest, _context: Any
    ) -> invitation_pb2.Invitation:
        return self._invitations.withdraw(current_caller(), request)

    def AcceptInvitation(
        self, request: invitation_pb2.AcceptInvitationRequest, _context: Any
    ) -> invitation_pb2.AcceptInvitationResponse:
        return self._invitations.accept(current_caller(), request)


class CredentialServicer:
    """What technicians hold."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def ListCredentials(
        self, request: credential_service_pb2.ListCredentialsRequest, _context: Any
    ) -> credential_service_pb2.ListCredentialsResponse:
        return self._credentials.find(current_caller(), request)

    def RevokeCredential(
        self, request: credential_service_pb2.RevokeCredentialRequest, _context: Any
    ) -> technician_certification_pb2.TechnicianCertification:
        return self._credentials.revoke(current_caller(), request)


class PhotoServicer:
    """What technicians look like."""

    def __init__(self, photos: Photos) -> None:
        self._photos = photos

    def UploadTechnicianPhoto(
        self, request_iterator: Iterator[photo_service_pb2.UploadTechnicianPhotoRequest], _context: Any
    ) -> technician_pb2.Technician:
        return self._photos.upload(current_caller(), *parts_of(request_iterator))

    def GetTechnicianPhoto(
        self, request: photo_service_pb2.GetTechnicianPhotoRequest, _context: Any
    ) -> photo_service_pb2.TechnicianPhoto:
        return self._photos.get(current_caller(), request.technician_id)

    def RemoveTechnicianPhoto(
        self, request: photo_service_pb2.RemoveTechnicianPhotoRequest, _context: Any
    ) -> technician_pb2.Technician:
        return self._photos.remove(current_caller(), request)
