"""The demo's directory: organisations, people, teams and technicians."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import zipcodes
from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import (
    membership_pb2,
    membership_pb2_grpc,
    organization_pb2,
    organization_pb2_grpc,
    person_pb2,
    team_pb2,
    team_pb2_grpc,
    technician_pb2,
    technician_pb2_grpc,
    technicians_service_pb2,
    technicians_service_pb2_grpc,
)

from services.chassis.ids import derive_id
from services.chassis.tokens import UserGrant
from services.cli.demo import catalogue
from services.cli.demo.calls import assign, cents
from services.cli.demo.world import address_of

if TYPE_CHECKING:
    from services.chassis.grpc_channel import Channels
    from services.cli.demo.calls import Speaker
    from services.cli.demo.world import World

# Where the demo's freelancers live.
FREELANCERS_ZONE = "America/New_York"


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


def _organization(company: catalogue.Company) -> organization_pb2.Organization:
    made = organization_pb2.Organization(
        name=company.name,
        kind=organization_pb2.OrganizationKind.Value(f"ORGANIZATION_KIND_{company.kind}"),
        domains=[company.domain],
        office_email=f"office@{company.domain}",
        phone=company.phone,
        address=address_of(company),
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
        # Nobody else's zone could stand for a freelancer's.
        time_zone="" if person.company or not person.is_technician else FREELANCERS_ZONE,
        active=True,
    )


def _home(person: catalogue.Somebody) -> types_pb2.Position | None:
    """The middle of the postal code that somebody lives in."""
    found = zipcodes.matching(person.postal_code) if person.postal_code else []  # type: ignore[no-untyped-call]
    return types_pb2.Position(latitude=float(found[0]["lat"]), longitude=float(found[0]["long"])) if found else None


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
        address=address_of(person),
        position=_home(person),
        languages=person.languages,
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
