"""A little world for pages to show: lifelike names, every kind of field."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

from fieldmesh.common.v1.types_pb2 import Address, Money, Parties, Position
from fieldmesh.notifications.v1 import message_pb2
from fieldmesh.shipping.v1 import shipment_pb2, sla_pb2
from fieldmesh.technicians.v1.organization_pb2 import ORGANIZATION_KIND_PARTNER, ORGANIZATION_KIND_VENDOR, Organization
from fieldmesh.technicians.v1.person_pb2 import Person
from fieldmesh.technicians.v1.technician_pb2 import Technician
from fieldmesh.workorders.v1.account_pb2 import Account
from fieldmesh.workorders.v1.contact_pb2 import Contact
from fieldmesh.workorders.v1.facility_pb2 import Facility
from fieldmesh.workorders.v1.station_pb2 import Station
from fieldmesh.workorders.v1.work_type_pb2 import WORK_TYPE_KIND_INSTALLATION, WORK_TYPE_KIND_REPAIR, WorkType
from google.type.date_pb2 import Date

from services.chassis.ids import derive_id

if TYPE_CHECKING:
    from tests.support.memory_mesh import MemoryMesh

PLACES = (
    ("Harbor Glen Apartments", "210 Harbor Glen Dr", "San Diego", "CA", "92101"),
    ("Tamsin County Library", "14 Depot St", "Tamsin", "IN", "46032"),
    ("Orchard Row Market", "880 Orchard Row", "Fresno", "CA", "93721"),
    ("Larkspur Foods", "5 Larkspur Way", "Tempe", "AZ", "85281"),
)
LOGINS = {
    "partner": ("Megan Ortiz", "Bluefern Dispatch", ["partner"]),
    "dispatcher": ("Dana Whitlock", "Voltara", ["dispatcher"]),
    "approver": ("Ines Calloway", "Voltara", ["approver"]),
    "technician": ("Rosa Imani", "Bluefern Dispatch", ["technician"]),
    "admin": ("Theo Brandt", "Voltara", ["admin"]),
}


def ident(*parts: str | int) -> str:
    return derive_id("memory", *parts)


def people(mesh: MemoryMesh) -> None:
    """Two organisations and everyone who signs in."""
    for name, kind in (("Voltara", ORGANIZATION_KIND_VENDOR), ("Bluefern Dispatch", ORGANIZATION_KIND_PARTNER)):
        mesh.put(
            Organization(
                id=ident("organization", name),
                name=name,
                kind=kind,
                domains=[f"{name.split()[0].lower()}.example.com"],
                phone="+1 312 555 0100",
                time_zone="America/Chicago",
                free_miles=50,
                travel_cost_per_mile=Money(currency_code="USD", micros=2_150_000),
                address=Address(street="1 Main St", city="Chicago", state="IL", postal_code="60601", country="US"),
                active=True,
            )
        )
    for login, (name, organization, roles) in LOGINS.items():
        mesh.put(
            Person(
                id=ident("person", login),
                name=name,
                login=login,
                email=f"{login}@example.com",
                organization_id=ident("organization", organization),
                roles=roles,
                time_zone="America/Chicago",
                active=True,
            )
        )


def customers(mesh: MemoryMesh, accounts: int = 4, stations: int = 60) -> None:
    """Accounts with contacts, sites and stations."""
    vendor = ident("organization", "Voltara")
    chance = random.Random(7)  # noqa: S311 - the same world every time
    for number in range(accounts):
        name, street, city, state, code = PLACES[number % len(PLACES)]
        name = name if number < len(PLACES) else f"{name} {number}"
        account, address = ident("account", number), Address(
            street=street, city=city, state=state, postal_code=code, country="US"
        )  # fmt: skip
        mesh.put(
            Account(
                id=account,
                name=name,
                account_number=f"A-{1040 + number}",
                phone=f"+1 619 555 01{number % 100:02}",
                billing_address=address,
                notes="Call the front desk before you come.\nParking is behind the building." if number % 2 else "",
                active=number % 9 != 8,
                organization_id=vendor,
            )
        )
        mesh.put(
            Contact(
                id=ident("contact", number),
                name=f"Sam Riley {number}",
                account_id=account,
                email=f"sam{number}@example.com",
                phone="+1 619 555 0144",
                role="Facilities manager",
                active=True,
            )
        )
        mesh.put(
            Facility(
                id=ident("facility", number),
                name=f"{name}, garage",
                account_id=account,
                address=address,
                time_zone="America/Los_Angeles",
                position=Position(latitude=32.7, longitude=-117.1),
                active=True,
                organization_id=vendor,
            )
        )
    for number in range(stations):
        mesh.put(
            Station(
                id=ident("station", number),
                name=f"Bay {number + 1:02}",
                facility_id=ident("facility", number % accounts),
                serial_number=f"VT{chance.randrange(10**7):07}",
                mac_address=":".join(f"{chance.randrange(256):02X}" for _ in range(6)),
                station_model=chance.choice(["VT-40", "VT-250", "VX-60"]),
                port_count=chance.choice([1, 2]),
                warranty_end_date=Date(year=2028, month=3, day=31) if number % 3 else None,
                active=number % 11 != 10,
                organization_id=vendor,
            )
        )


def catalogue(mesh: MemoryMesh) -> None:
    """Kinds of work, with lists of texts."""
    for name, kind, parts in (
        ("Head replacement", WORK_TYPE_KIND_REPAIR, True),
        ("Wiring verification", WORK_TYPE_KIND_INSTALLATION, False),
        ("Charging cable", WORK_TYPE_KIND_REPAIR, True),
    ):
        mesh.put(
            WorkType(
                id=ident("work type", name),
                name=name,
                kind=kind,
                needs_parts=parts,
                duration_minutes=90,
                technicians_needed=1,
                old_part_returns=parts,
                deliverables=["Photo before", "Photo after"],
                certification_codes=["VT40-CM"],
                instructions="Lock out the breaker first.",
                active=True,
            )
        )
    mesh.put(Technician(id=ident("technician", 1), name="Rosa Imani", email="rosa@example.com", active=True))


def mail(mesh: MemoryMesh) -> None:
    """Deliveries, one of which failed."""
    for number, state in enumerate((message_pb2.DELIVERY_STATE_SENT, message_pb2.DELIVERY_STATE_FAILED)):
        message = mesh.put(
            message_pb2.Message(
                id=ident("message", number),
                template="work_order_assigned",
                recipient_id=ident("person", "partner"),
                recipient_name="Megan Ortiz",
                recipient_email="partner@example.com",
                subject=f"Work order 2010792{number} was assigned to you",
                state=state,
                parties=Parties(issuer_org=ident("organization", "Voltara")),
            )
        )
        delivery = message_pb2.Delivery(
            id=ident("delivery", number), message_id=message.id, subject=message.subject, attempt=1, state=state,
            recipient_email=message.recipient_email, smtp_code=451 if number else 250,
            smtp_text="Try later" if number else "OK",
        )  # fmt: skip
        delivery.start_time.FromDatetime(dt.datetime(2026, 3, 2, 15, 4, tzinfo=dt.UTC))
        mesh.put(delivery)
    target = sla_pb2.SlaTarget(
        id=ident("target", 1), version=1, policy_code="assure", time_zone="America/Phoenix", calendar_name="US"
    )
    target.steps.add(kind="anchor", text="Assigned on Monday, March 2nd.", date=Date(year=2026, month=3, day=2))
    target.steps.add(kind="due", text="One business day later: end of March 3rd.")
    mesh.put(target)
    mesh.put(shipment_pb2.Parcel(id=ident("parcel", 1)))


def everything(mesh: MemoryMesh) -> None:
    people(mesh)
    customers(mesh)
    catalogue(mesh)
    mail(mesh)
