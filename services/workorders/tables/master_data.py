"""Master data that the resource kit serves; each row belongs to an organisation (hard-parts 2 and 27)."""

from __future__ import annotations

from fieldmesh.workorders.v1 import (
    account_pb2,
    case_pb2,
    contact_pb2,
    entitlement_pb2,
    facility_pb2,
    part_pb2,
    reason_code_pb2,
    station_pb2,
    territory_pb2,
    work_type_pb2,
)  # fmt: skip

from services.chassis.kit.table import kit_table
from services.workorders.tables.base import metadata

_OWNER = ("organization_id",)

accounts = kit_table(metadata, account_pb2.Account, "accounts", scope=_OWNER)
contacts = kit_table(metadata, contact_pb2.Contact, "contacts", scope=_OWNER)
facilities = kit_table(metadata, facility_pb2.Facility, "facilities", scope=_OWNER)
stations = kit_table(metadata, station_pb2.Station, "stations", scope=_OWNER)
cases = kit_table(metadata, case_pb2.Case, "cases", scope=_OWNER, unique=[("case_number",)])
territories = kit_table(metadata, territory_pb2.Territory, "territories", scope=_OWNER)
work_types = kit_table(metadata, work_type_pb2.WorkType, "work_types", scope=_OWNER)
entitlements = kit_table(metadata, entitlement_pb2.Entitlement, "entitlements", scope=_OWNER)
parts = kit_table(metadata, part_pb2.Part, "parts", scope=_OWNER, unique=[("organization_id", "part_number")])
reason_codes = kit_table(
    metadata, reason_code_pb2.ReasonCode, "reason_codes", scope=_OWNER, unique=[("organization_id", "kind", "code")]
)
