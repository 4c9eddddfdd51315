"""What must go together in an order: account, facility, contact, case, territory and stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from services.chassis.errors import Violation
from services.workorders.tables import accounts, facilities, stations, territories

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row, Table


def contradictions(connection: Connection, rows: Mapping[str, Row[Any] | None]) -> list[Violation]:
    """References of an order that contradict each other, each with a sentence that names both sides.

    `rows` are what the order refers to, by the names of its fields; None where it refers to nothing.
    """
    account, facility, case = rows["account_id"], rows["facility_id"], rows["case_id"]
    wrong = []
    if account is not None:
        for field in ("facility_id", "contact_id", "case_id"):
            row = rows[field]
            if row is not None and row.account_id != account.id:
                owner = _name(connection, accounts, row.account_id)
                wrong.append(Violation(field, f"{_called(row)} belongs to {owner}, not to {account.name}."))
    if facility is not None and case is not None and case.facility_id not in {"", facility.id}:
        site = _name(connection, facilities, case.facility_id)
        wrong.append(Violation("case_id", f"{_called(case)} is about {site}, not about {facility.name}."))
    return wrong + _elsewhere(connection, facility, rows["territory_id"])


def misplaced(
    connection: Connection, issuer: str, field: str, station_ids: Sequence[str], facility_id: str
) -> list[Violation]:
    """Stations that are named at a field and do not stand at the facility, in one sentence."""
    found = connection.execute(
        select(stations.c.id, stations.c.name, stations.c.facility_id, facilities.c.name.label("facility"))
        .outerjoin(facilities, facilities.c.id == stations.c.facility_id)
        .where(stations.c.id.in_(list(station_ids)), stations.c.organization_id == issuer)
        .order_by(stations.c.name)
    ).all()
    if {row.id for row in found} != set(station_ids):
        return [Violation(field, "names a station that you cannot see")]
    foreign = [f"{row.name} stands at {row.facility}" for row in found if row.facility_id != facility_id]
    here = _name(connection, facilities, facility_id)
    return [Violation(field, f"{'; '.join(foreign)}, not at {here}.")] if foreign else []


def _elsewhere(connection: Connection, facility: Row[Any] | None, territory: Row[Any] | None) -> list[Violation]:
    if facility is None or territory is None or facility.territory_id in {"", territory.id}:
        return []
    own = _name(connection, territories, facility.territory_id)
    return [Violation("territory_id", f"{facility.name} lies in {own}, not in {territory.name}.")]


def _called(row: Row[Any]) -> str:
    columns = row._asdict()
    return f"Case {columns['case_number']}" if "case_number" in columns else str(columns["name"])


def _name(connection: Connection, table: Table, row_id: str) -> str:
    found = connection.execute(select(table.c.name).where(table.c.id == row_id)).scalar_one_or_none()
    return str(found or "another one")
