"""What an order takes from master data: references that must lead somewhere, and the names and places behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from services.chassis.errors import Violation
from services.workorders.domain.subjects import contradictions as contradictions_of
from services.workorders.domain.values import Address, Place
from services.workorders.handlers.belonging import contradictions, misplaced
from services.workorders.tables import (
    accounts,
    cases,
    contacts,
    entitlements,
    facilities,
    people,
    stations,
    territories,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row, Table

    from services.workorders.domain.work_order import OrderFlag

_ADDRESS = ("street", "city", "state", "postal_code", "country")
_TABLES: Mapping[str, tuple[Table, str]] = {
    "account_id": (accounts, "account"),
    "facility_id": (facilities, "facility"),
    "territory_id": (territories, "territory"),
    "entitlement_id": (entitlements, "entitlement"),
    "case_id": (cases, "case"),
    "contact_id": (contacts, "contact"),
}


@dataclass
class Resolved:
    """The members of an order that follow from its references, and the references that lead nowhere."""

    values: dict[str, object] = field(default_factory=dict)
    wrong: list[Violation] = field(default_factory=list)


def issuer_of(connection: Connection, account_id: str, organization_id: str) -> str:
    """Who gives the work out: the caller's organisation; for admins and services, the one that keeps the account."""
    if organization_id:
        return organization_id
    found = connection.execute(select(accounts.c.organization_id).where(accounts.c.id == account_id))
    return found.scalar_one_or_none() or ""


def resolve(connection: Connection, issuer: str, given: Mapping[str, Any]) -> Resolved:
    """Everything that an order's references tell; each must be an active row of the issuer's."""
    resolved = Resolved()
    rows = {name: _row(connection, resolved, issuer, name, given) for name in _TABLES}
    if rows["facility_id"] is not None and not given.get("territory_id"):
        rows["territory_id"] = _territory_of(connection, resolved, issuer, rows["facility_id"])
    resolved.wrong += contradictions(connection, rows)
    case = rows["case_id"]
    if rows["contact_id"] is None and case is not None and case.contact_id and not given.get("contact_id"):
        rows["contact_id"] = _row(connection, resolved, issuer, "contact_id", {"contact_id": case.contact_id})
    _take_names(resolved, rows)
    _take_place(connection, resolved, rows)
    wanted: Sequence[str] = given.get("station_ids", ())
    resolved.wrong += misplaced(connection, issuer, "station_ids", wanted, str(given.get("facility_id", "")))
    _take_executive(connection, resolved, issuer, str(given.get("customer_service_executive_id", "")))
    resolved.values["flags"] = subject_flags(
        connection, issuer, str(given.get("subject", "")), str(given.get("entitlement_id", "")), wanted
    )
    return resolved


def _row(
    connection: Connection, resolved: Resolved, issuer: str, name: str, given: Mapping[str, Any]
) -> Row[Any] | None:
    row_id = given.get(name, "")
    if not row_id:
        return None
    table, word = _TABLES[name]
    row = connection.execute(select(table).where(table.c.id == row_id, table.c.organization_id == issuer)).one_or_none()
    if row is None:
        resolved.wrong.append(Violation(name, f"names no {word} that you can see"))
    elif not row.active:
        resolved.wrong.append(Violation(name, f"names a {word} that is deactivated"))
    return row


def _territory_of(connection: Connection, resolved: Resolved, issuer: str, facility: Row[Any]) -> Row[Any] | None:
    """The territory that a facility lies in, where the order names none."""
    if not facility.territory_id:
        resolved.wrong.append(Violation("territory_id", f"{facility.name} lies in no territory: choose one."))
    return _row(connection, resolved, issuer, "territory_id", {"territory_id": facility.territory_id})


def _take_names(resolved: Resolved, rows: Mapping[str, Row[Any] | None]) -> None:
    account, case, contact = rows["account_id"], rows["case_id"], rows["contact_id"]
    territory, entitlement = rows["territory_id"], rows["entitlement_id"]
    resolved.values |= {
        "account_name": account.name if account else "",
        "case_number": case.case_number if case else "",
        "contact_id": contact.id if contact else "",
        "contact_name": contact.name if contact else "",
        "contact_email": contact.email if contact else "",
        "contact_phone": contact.phone if contact else "",
        "territory_id": territory.id if territory else "",
        "territory_name": territory.name if territory else "",
        "entitlement_name": entitlement.name if entitlement else "",
    }


def _take_place(connection: Connection, resolved: Resolved, rows: Mapping[str, Row[Any] | None]) -> None:
    facility, territory = rows["facility_id"], rows["territory_id"]
    if facility is None:
        return
    count = connection.execute(
        select(func.count()).select_from(stations).where(stations.c.facility_id == facility.id, stations.c.active)
    ).scalar_one()
    latitude = facility.position_latitude
    resolved.values |= {
        "facility_org": facility.facility_org,
        "facility_name": facility.name,
        "site_address": Address(**{part: getattr(facility, f"address_{part}") or "" for part in _ADDRESS}),
        "site_position": None if latitude is None else Place(latitude, facility.position_longitude),
        "site_time_zone": facility.time_zone or (territory.time_zone if territory else ""),
        "station_count": count,
    }


def _take_executive(connection: Connection, resolved: Resolved, issuer: str, person_id: str) -> None:
    resolved.values["customer_service_executive_name"] = ""
    if not person_id:
        return
    person = connection.execute(
        select(people.c.name).where(people.c.id == person_id, people.c.organization_id == issuer, people.c.active)
    ).one_or_none()
    if person is None:
        resolved.wrong.append(Violation("customer_service_executive_id", "names nobody of your organisation"))
    else:
        resolved.values["customer_service_executive_name"] = person.name


def subject_flags(
    connection: Connection, issuer: str, subject: str, entitlement_id: str, station_ids: Sequence[str]
) -> tuple[OrderFlag, ...]:
    """Flags where a subject contradicts the issuer's entitlement or the models of the stations (CP-18)."""
    columns = entitlements.c
    known = {
        row.id: row.plan
        for row in connection.execute(select(columns.id, columns.plan).where(columns.organization_id == issuer))
    }
    theirs = (stations.c.id.in_(station_ids), stations.c.organization_id == issuer)
    models = set(connection.execute(select(stations.c.station_model).where(*theirs)).scalars())
    return contradictions_of(subject, known.get(entitlement_id, ""), known.values(), models)
