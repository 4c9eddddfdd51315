"""The demo's master data: what work orders refer to, made by those who maintain it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import skill_requirement_pb2, skill_requirement_pb2_grpc
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
from services.cli.demo import catalogue
from services.cli.demo.world import MAINTAINER, address_of

if TYPE_CHECKING:
    from services.chassis.grpc_channel import Channels
    from services.cli.demo.calls import Speaker
    from services.cli.demo.world import World

CALENDAR = "US business days"


def make_master_data(channels: Channels, speaker: Speaker, world: World) -> None:
    """Make what work orders refer to."""
    speaker.grant = world.grants[MAINTAINER]
    _territories(channels, world)
    _catalog(channels, world)
    _sites(channels, world)


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
            technicians_needed=task.technicians,
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
            work_type_id=made.id, all_of=task.certificates, technicians_needed=task.technicians, active=True
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
        address=address_of(site),
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
