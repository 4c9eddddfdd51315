"""The demo's directory and master data: made once, by the people who maintain them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import (
    certification_pb2,
    certification_pb2_grpc,
    membership_pb2,
    membership_pb2_grpc,
    organization_pb2,
    organization_pb2_grpc,
    person_pb2,
    skill_requirement_pb2,
    skill_requirement_pb2_grpc,
    team_pb2,
    team_pb2_grpc,
    technician_certification_pb2,
    technician_certification_pb2_grpc,
    technician_pb2,
    technician_pb2_grpc,
    technicians_service_pb2,
    technicians_service_pb2_grpc,
)
from fieldmesh.workorders.v1 import (
    account_pb2,
    account_pb2_grpc,
    contact_pb2,
    contact_pb2_grpc,
    entitlement_pb2,
    entitlement_pb2_grpc,
    facility_pb2,
    facility_pb2_grpc,
    part_pb2,
    part_pb2_grpc,
    station_pb2,
    station_pb2_grpc,
    territory_pb2,
    territory_pb2_grpc,
    work_type_pb2,
    work_type_pb2_grpc,
)

from services.chassis.ids import derive_id
from services.chassis.tokens import UserGrant
from services.cli.demo import catalogue
from services.cli.demo.calls import assign, cents

if TYPE_CHECKING:
    from services.chassis.grpc_channel import Channels
    from services.cli.demo.calls import Speaker

VENDOR = "voltara"
MAINTAINER = "dana"
CALENDAR = "US business days"


@dataclass
class World:
    """Ids of what was made, by the catalogue's keys and names."""

    organizations: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    technicians: dict[str, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    grants: dict[str, UserGrant] = field(default_factory=dict)
    territories: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    facilities: dict[str, str] = field(default_factory=dict)
    stations: dict[str, list[str]] = field(default_factory=dict)
    work_types: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    entitlements: dict[str, str] = field(default_factory=dict)


def make_directory(channels: Channels, speaker: Speaker, world: World, today: date) -> None:
    """Make organisations, people, teams and technicians; afterwards `world.grants` can speak for the people."""
    speaker.grant = None
    organizations = channels.stub(organization_pb2_grpc.OrganizationServiceStub, "technicians")
    for company in catalogue.COMPANIES:
        made = organizations.CreateOrganization(
            organization_pb2.CreateOrganizationRequest(
                organization=_organization(company), request_id=derive_id("demo", company.key)
            )
        )
        world.organizations[company.key] = made.id
    directory = channels.stub(technicians_service_pb2_grpc.DirectoryServiceStub, "technicians")
    kinds = {company.key: company.kind.lower() for company in catalogue.COMPANIES}
    for person in catalogue.PEOPLE:
        identity = derive_id("demo", "person", person.key)
        world.people[person.key] = identity
        directory.UpsertPerson(
            technicians_service_pb2.UpsertPersonRequest(
                person=_person(world, person, identity), request_id=derive_id("demo", "upsert", person.key)
            )
        )
        _technician(channels, world, person, today)
        world.grants[person.key] = UserGrant(
            identity,
            person.name,
            frozenset(person.roles),
            world.organizations.get(person.company, ""),
            kinds.get(person.company, ""),
            world.technicians.get(person.key, ""),
        )
    teams = channels.stub(team_pb2_grpc.TeamServiceStub, "technicians")
    for name, owner, members in catalogue.TEAMS:
        team = team_pb2.Team(
            name=name,
            organization_id=world.organizations[owner],
            member_ids=[world.people[member] for member in members],
            active=True,
        )
        world.teams[name] = teams.CreateTeam(
            team_pb2.CreateTeamRequest(team=team, request_id=derive_id("demo", "team", name))
        ).id


def make_certificates(channels: Channels, speaker: Speaker, world: World, today: date) -> None:
    """Make certificates and give them to their holders; one of them has expired."""
    speaker.grant = world.grants[MAINTAINER]
    certifications = channels.stub(certification_pb2_grpc.CertificationServiceStub, "technicians")
    held = channels.stub(technician_certification_pb2_grpc.TechnicianCertificationServiceStub, "technicians")
    made: dict[str, str] = {}
    for code, name, current, months in catalogue.CERTIFICATES:
        certification = certification_pb2.Certification(
            code=code, name=name, current=current, valid_months=months, active=True
        )
        made[code] = certifications.CreateCertification(
            certification_pb2.CreateCertificationRequest(
                certification=certification, request_id=derive_id("demo", "certificate", code)
            )
        ).id
    for person in catalogue.PEOPLE:
        for code in (*person.certificates, *person.expired):
            issued = today - timedelta(days=900 if code in person.expired else 200)
            row = technician_certification_pb2.TechnicianCertification(
                technician_id=world.technicians[person.key], certification_id=made[code]
            )
            assign(row, "issue_date", issued)
            assign(row, "expiry_date", issued + timedelta(days=730))
            held.CreateTechnicianCertification(
                technician_certification_pb2.CreateTechnicianCertificationRequest(
                    technician_certification=row, request_id=derive_id("demo", "held", person.key, code)
                )
            )


def make_master_data(channels: Channels, speaker: Speaker, world: World) -> None:
    """Make what work orders refer to."""
    speaker.grant = world.grants[MAINTAINER]
    _territories(channels, world)
    _catalog(channels, world)
    _sites(channels, world)


def _organization(company: catalogue.Company) -> organization_pb2.Organization:
    made = organization_pb2.Organization(
        name=company.name,
        kind=organization_pb2.OrganizationKind.Value(f"ORGANIZATION_KIND_{company.kind}"),
        domains=[company.domain],
        phone=company.phone,
        address=_address(company),
        time_zone=company.time_zone,
        auto_place_orders=company.auto_place_orders,
        active=True,
    )
    if company.free_miles is not None:
        made.free_miles = company.free_miles
        made.travel_cost_per_mile.CopyFrom(cents(company.cents_per_mile))
    return made


def _person(world: World, person: catalogue.Somebody, identity: str) -> person_pb2.Person:
    domain = next((company.domain for company in catalogue.COMPANIES if company.key == person.company), "example.com")
    return person_pb2.Person(
        id=identity,
        name=person.name,
        login=person.login,
        email=f"{person.name.lower().replace(' ', '.')}@{domain}",
        phone=person.phone,
        organization_id=world.organizations.get(person.company, ""),
        roles=person.roles,
        locale="en-US",
        active=True,
    )


def _technician(channels: Channels, world: World, person: catalogue.Somebody, today: date) -> None:
    if not person.is_technician:
        return
    technicians = channels.stub(technician_pb2_grpc.TechnicianServiceStub, "technicians")
    directory = channels.stub(technicians_service_pb2_grpc.DirectoryServiceStub, "technicians")
    row = _person(world, person, world.people[person.key])
    technician = technician_pb2.Technician(
        name=person.name,
        email=row.email,
        phone=person.phone,
        person_id=row.id,
        address=_address(person),
        active=True,
    )
    made = technicians.CreateTechnician(
        technician_pb2.CreateTechnicianRequest(
            technician=technician, request_id=derive_id("demo", "technician", person.key)
        )
    )
    world.technicians[person.key] = made.id
    row.technician_id = made.id
    directory.UpsertPerson(
        technicians_service_pb2.UpsertPersonRequest(person=row, request_id=derive_id("demo", "link", person.key))
    )
    if person.company:
        membership = membership_pb2.Membership(
            technician_id=made.id, organization_id=world.organizations[person.company], corporate_email=row.email
        )
        assign(membership, "start_date", today - timedelta(days=400))
        channels.stub(membership_pb2_grpc.MembershipServiceStub, "technicians").CreateMembership(
            membership_pb2.CreateMembershipRequest(
                membership=membership, request_id=derive_id("demo", "membership", person.key)
            )
        )


def _territories(channels: Channels, world: World) -> None:
    service = channels.stub(territory_pb2_grpc.TerritoryServiceStub, "workorders")
    for area in catalogue.AREAS:
        territory = territory_pb2.Territory(
            name=area.name,
            zone=area.zone,
            time_zone=area.time_zone,
            calendar_name=CALENDAR,
            served_by=[world.organizations[key] for key in area.served_by],
            active=True,
        )
        world.territories[area.name] = service.CreateTerritory(
            territory_pb2.CreateTerritoryRequest(
                territory=territory, request_id=derive_id("demo", "territory", area.name)
            )
        ).id


def _catalog(channels: Channels, world: World) -> None:
    parts = channels.stub(part_pb2_grpc.PartServiceStub, "workorders")
    for number, name, returnable in catalogue.PARTS:
        part = part_pb2.Part(part_number=number, name=name, returnable=returnable, active=True)
        request = part_pb2.CreatePartRequest(part=part, request_id=derive_id("demo", "part", number))
        world.parts[number] = parts.CreatePart(request).id
    entitlements = channels.stub(entitlement_pb2_grpc.EntitlementServiceStub, "workorders")
    for name, plan, policy in catalogue.ENTITLEMENTS:
        entitlement = entitlement_pb2.Entitlement(name=name, plan=plan, sla_policy_code=policy, active=True)
        world.entitlements[plan] = entitlements.CreateEntitlement(
            entitlement_pb2.CreateEntitlementRequest(
                entitlement=entitlement, request_id=derive_id("demo", "entitlement", plan)
            )
        ).id
    _work_types(channels, world)


def _work_types(channels: Channels, world: World) -> None:
    service = channels.stub(work_type_pb2_grpc.WorkTypeServiceStub, "workorders")
    skills = channels.stub(skill_requirement_pb2_grpc.SkillRequirementServiceStub, "technicians")
    for task in catalogue.TASKS:
        work_type = work_type_pb2.WorkType(
            name=task.name,
            kind=work_type_pb2.WorkTypeKind.Value(f"WORK_TYPE_KIND_{task.kind}"),
            needs_parts=bool(task.part),
            old_part_returns=task.returns,
            duration_minutes=task.minutes,
            technicians_needed=1,
            deliverables=task.deliverables,
            certification_codes=task.certificates,
            instructions=task.instructions,
            active=True,
        )
        made = service.CreateWorkType(
            work_type_pb2.CreateWorkTypeRequest(
                work_type=work_type, request_id=derive_id("demo", "work type", task.name)
            )
        )
        world.work_types[task.name] = made.id
        requirement = skill_requirement_pb2.SkillRequirement(
            work_type_id=made.id, all_of=task.certificates, technicians_needed=1, active=True
        )
        skills.CreateSkillRequirement(
            skill_requirement_pb2.CreateSkillRequirementRequest(
                skill_requirement=requirement, request_id=derive_id("demo", "skills", task.name)
            )
        )


def _sites(channels: Channels, world: World) -> None:
    accounts = channels.stub(account_pb2_grpc.AccountServiceStub, "workorders")
    contacts = channels.stub(contact_pb2_grpc.ContactServiceStub, "workorders")
    for number, name in enumerate(dict.fromkeys(site.account for site in catalogue.SITES), 1):
        account = account_pb2.Account(name=name, account_number=f"A-{number:04d}", active=True)
        world.accounts[name] = accounts.CreateAccount(
            account_pb2.CreateAccountRequest(account=account, request_id=derive_id("demo", "account", name))
        ).id
    for number, site in enumerate(catalogue.SITES):
        if site.contact not in world.contacts:
            contact = contact_pb2.Contact(
                name=site.contact,
                account_id=world.accounts[site.account],
                email=f"{site.contact.lower().replace(' ', '.')}@example.com",
                phone=f"321-555-01{number:02d}",
                role="Site manager",
                active=True,
            )
            world.contacts[site.contact] = contacts.CreateContact(
                contact_pb2.CreateContactRequest(contact=contact, request_id=derive_id("demo", "contact", site.contact))
            ).id
        _facility(channels, world, site, number)


def _facility(channels: Channels, world: World, site: catalogue.Site, number: int) -> None:
    facilities = channels.stub(facility_pb2_grpc.FacilityServiceStub, "workorders")
    stations = channels.stub(station_pb2_grpc.StationServiceStub, "workorders")
    owner = next((company.key for company in catalogue.COMPANIES if company.name == site.account), "")
    facility = facility_pb2.Facility(
        name=site.name,
        account_id=world.accounts[site.account],
        facility_org=world.organizations.get(owner, ""),
        address=_address(site),
        territory_id=world.territories[site.area],
        position=types_pb2.Position(latitude=site.latitude, longitude=site.longitude),
        access_notes="Ask at the front desk for the key to the electrical room.",
        active=True,
    )
    made = facilities.CreateFacility(
        facility_pb2.CreateFacilityRequest(facility=facility, request_id=derive_id("demo", "facility", site.name))
    )
    world.facilities[site.name] = made.id
    for place, model in enumerate(site.models, 1):
        serial = f"{19 + number:02d}37410{number:02d}{place:02d}"
        station = station_pb2.Station(
            name=f"{site.name.upper()} / CHARGER {place}",
            facility_id=made.id,
            serial_number=serial,
            mac_address=f"0024:8100:00{number:02X}:{place:04X}",
            station_model=model,
            port_count=2,
            active=True,
        )
        world.stations.setdefault(site.name, []).append(
            stations.CreateStation(
                station_pb2.CreateStationRequest(station=station, request_id=derive_id("demo", "station", serial))
            ).id
        )


def _address(place: Any) -> types_pb2.Address:
    return types_pb2.Address(
        street=place.street,
        city=place.city,
        state=place.state,
        postal_code=place.postal_code,
        country="US" if place.city else "",
    )
