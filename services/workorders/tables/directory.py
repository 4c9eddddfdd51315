"""Copies of what technicians owns; each keeps the source's version (hard-parts 10)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Table

from services.chassis.types import LocalDate, StringList
from services.workorders.tables.base import (
    address_columns,
    flag_column,
    id_column,
    metadata,
    money_columns,
    text_column,
)  # fmt: skip

people = Table(
    "people",
    metadata,
    id_column(primary_key=True),
    text_column("name"),
    text_column("organization_id", 40),
    Column("roles", StringList, nullable=False),
    text_column("technician_id", 40),
    text_column("email"),
    text_column("phone", 40),
    text_column("delegate_id", 40),
    Column("away_from", LocalDate),
    Column("away_until", LocalDate),
    flag_column("active"),
    Column("version", BigInteger, nullable=False),
    flag_column("deleted"),
    Index("ix_people_delegate", "delegate_id"),
    Index("ix_people_organization", "organization_id", "name"),
)

teams = Table(
    "teams",
    metadata,
    id_column(primary_key=True),
    text_column("name"),
    text_column("organization_id", 40),
    Column("member_ids", StringList, nullable=False),
    flag_column("active"),
    Column("version", BigInteger, nullable=False),
    flag_column("deleted"),
)

organizations = Table(
    "organizations",
    metadata,
    id_column(primary_key=True),
    text_column("name"),
    text_column("kind", 40),
    text_column("time_zone", 60),
    text_column("phone", 40),
    *address_columns("address"),
    Column("free_miles", Float),
    *money_columns("travel_cost_per_mile"),
    flag_column("auto_place_orders"),
    text_column("approvers", 40),
    flag_column("active"),
    Column("version", BigInteger, nullable=False),
    flag_column("deleted"),
)
