"""Tables of the work-order service. Columns of an order carry the path of their field, with underscores for dots."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from services.chassis.tables import chassis_tables
from services.chassis.types import Instant, JsonText, LocalDate, StringList
from services.workorders.domain.definition import Category
from services.workorders.domain.work_order import ClockFold, HandlingNeed, LineItemState, Priority, SlaState

if TYPE_CHECKING:
    from sqlalchemy import Dialect

metadata = MetaData()
chassis = chassis_tables(metadata)


class Coded(TypeDecorator[StrEnum]):
    """A domain enum as the number that its contract gives it, so that sorting and filters follow the contract.

    Members stand in the contract's order; `first` is the number of the first one.
    """

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[StrEnum], first: int = 0) -> None:
        super().__init__()
        self.kind = kind
        self.first = first

    def process_bind_param(self, value: StrEnum | int | None, dialect: Dialect) -> int | None:
        del dialect
        if value is None or isinstance(value, int):
            return value
        return list(self.kind).index(self.kind(value)) + self.first

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        del dialect
        return None if value is None else list(self.kind)[value - self.first]


def _id(name: str = "id", **options: Any) -> Column[str]:
    return Column(name, String(40), **{"nullable": False, "server_default": None, **options})


def _text(name: str, length: int = 255) -> Column[str]:
    return Column(name, String(length), nullable=False, server_default="")


def _long(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


def _money(name: str) -> tuple[Column[str], Column[int]]:
    return Column(f"{name}_currency_code", String(3)), Column(f"{name}_micros", BigInteger)


def _address(name: str) -> tuple[Column[str], ...]:
    return (
        _text(f"{name}_street"),
        _text(f"{name}_city", 100),
        _text(f"{name}_state", 50),
        _text(f"{name}_postal_code", 12),
        _text(f"{name}_country", 2),
    )


# Who may see an order is decided by one of these (hard-parts 2); each has its own set of indexes.
PARTY_COLUMNS = ("issuer_org", "executor_org", "facility_org", "technician_person_id")
SORTED_COLUMNS = (
    "number", "state_rank", "subject", "priority", "case_number", "account_name", "territory_name", "entitlement_name",
    "work_type_name", "assigned_time", "appointment_start_time", "complete_time", "close_time", "create_time",
    "update_time", "sla_due_time",
)  # fmt: skip

work_orders = Table(
    "work_orders",
    metadata,
    _id(primary_key=True),
    Column("number", String(8), nullable=False, unique=True),
    _text("workflow", 60),
    _number("workflow_version"),
    _text("state", 40),
    _text("state_label", 60),
    _number("state_rank"),
    Column("category", Coded(Category, 1), nullable=False),
    _flag("clock_running"),
    _id("issuer_org"),
    _text("executor_org", 40),
    _text("executor_name"),
    _text("facility_org", 40),
    _text("subject"),
    _long("description"),
    Column("priority", Coded(Priority), nullable=False),
    _text("case_id", 40),
    _text("case_number", 8),
    _id("account_id"),
    _text("account_name"),
    _id("facility_id"),
    *_address("site_address"),
    Column("site_position_latitude", Float),
    Column("site_position_longitude", Float),
    _text("site_time_zone", 60),
    Column("station_ids", StringList, nullable=False),
    _number("station_count"),
    _number("site_validation_count"),
    _text("contact_id", 40),
    _text("contact_name"),
    _text("contact_email"),
    _text("contact_phone", 40),
    _id("territory_id"),
    _text("territory_name"),
    _text("entitlement_id", 40),
    _text("entitlement_name"),
    _text("work_type_id", 40),
    _text("work_type_name"),
    _flag("parts_required"),
    _text("customer_service_executive_id", 40),
    _text("customer_service_executive_name"),
    Column("assigned_time", Instant),
    _flag("ship_to_residential"),
    _text("ship_to_name"),
    _text("ship_to_phone", 40),
    _text("ship_to_party"),
    Column("ship_to_handling", Coded(HandlingNeed), nullable=False),
    _text("ship_to_street"),
    _text("ship_to_city", 100),
    _text("ship_to_state", 50),
    _text("ship_to_postal_code", 12),
    _text("ship_to_country", 2),
    Column("travel_round_trip_miles", Float),
    Column("travel_technicians", Integer),
    Column("travel_free_miles", Float, nullable=False),
    Column("travel_billable_miles", Float, nullable=False),
    *_money("travel_cost_per_mile"),
    _text("travel_zone", 40),
    _number("acceptance_version"),
    Column("accept_time", Instant),
    Column("appointment_date", LocalDate),
    _text("appointment_time", 5),
    Column("appointment_fold", Coded(ClockFold), nullable=False),
    _text("appointment_time_zone", 60),
    Column("appointment_start_time", Instant),
    _text("appointment_delay_reason_code", 60),
    Column("appointment_delay_target_version", BigInteger, nullable=False, server_default="0"),
    _text("technician_technician_id", 40),
    _text("technician_person_id", 40),
    _text("technician_name"),
    _text("technician_email"),
    _text("technician_phone", 40),
    Column("scheduling_completed_date", LocalDate),
    Column("visit_arrive_time", Instant),
    Column("visit_depart_time", Instant),
    _long("costs_rental_details"),
    *_money("costs_rental_cost"),
    _long("costs_permit_details"),
    *_money("costs_permit_cost"),
    _text("sla_target_id", 40),
    Column("sla_version", BigInteger, nullable=False, server_default="0"),
    Column("sla_state", Coded(SlaState), nullable=False),
    Column("sla_due_time", Instant),
    Column("sla_due_date", LocalDate),
    _text("sla_time_zone", 60),
    Column("sla_warn_time", Instant),
    Column("sla_as_of_time", Instant),
    _text("fulfilment_phase", 20),
    _text("fulfilment_order_number", 8),
    _text("fulfilment_fulfilment_order_id", 40),
    Column("fulfilment_expected_delivery_date", LocalDate),
    Column("fulfilment_as_of_time", Instant),
    Column("complete_time", Instant),
    Column("close_time", Instant),
    Column("flags", JsonText, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("scope_version", BigInteger, nullable=False),
    # Counts events, posts included; apart from `version`, so that a comment makes nobody's form stale.
    Column("event_version", BigInteger, nullable=False, server_default="0"),
    _text("history_head", 64),
    Column("history_length", BigInteger, nullable=False),
    Column("create_time", Instant, nullable=False),
    Column("update_time", Instant, nullable=False),
    *(Index(f"ix_orders_{party}", party, "id") for party in PARTY_COLUMNS),
    *(Index(f"ix_orders_{party}_state", party, "state", "id") for party in PARTY_COLUMNS),
    *(
        Index(f"ix_orders_{party}_{column}", party, column, "id")
        for party in ("issuer_org", "executor_org")
        for column in SORTED_COLUMNS
    ),
    Index("ix_orders_account", "account_id"),
    Index("ix_orders_facility", "facility_id"),
    Index("ix_orders_case", "case_id"),
)

line_items = Table(
    "line_items",
    metadata,
    _id(primary_key=True),
    _id("work_order_id", index=True),
    Column("number", String(8), nullable=False),
    _id("work_type_id", index=True),
    _text("work_type_name"),
    _text("station_id", 40),
    _text("station_name"),
    _long("description"),
    _text("warranty_type", 80),
    Column("parts", JsonText, nullable=False),
    Column("state", Coded(LineItemState, 1), nullable=False),
    Column("finish_time", Instant),
    _long("result"),
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("work_order_id", "number"),
)

history = Table(
    "history",
    metadata,
    _id(primary_key=True),
    _id("work_order_id"),
    Column("sequence", BigInteger, nullable=False),
    Column("change_time", Instant, nullable=False),
    _text("field", 80),
    _text("field_label", 120),
    _text("actor_subject", 80),
    _text("actor_name"),
    _text("actor_organization_id", 40),
    _long("old_value"),
    _long("new_value"),
    _text("transition", 60),
    _long("reason"),
    Column("salt", String(64)),
    _text("commitment", 64),
    _text("hash", 64),
    _flag("erased"),
    UniqueConstraint("work_order_id", "sequence"),
)

drafts = Table(
    "drafts",
    metadata,
    _id("work_order_id"),
    _text("transition", 60),
    Column("field_values", JsonText, nullable=False),
    Column("update_time", Instant, nullable=False),
    PrimaryKeyConstraint("work_order_id", "transition"),
)

attachments = Table(
    "attachments",
    metadata,
    _id(primary_key=True),
    _id("work_order_id"),
    _text("title"),
    _text("deliverable", 120),
    _text("media_type", 120),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    _text("owner_subject", 80),
    _text("owner_name"),
    _text("owner_organization_id", 40),
    _text("feed_post_id", 40),
    Column("create_time", Instant, nullable=False),
    Index("ix_attachments_order", "work_order_id", "create_time"),
)

feed_posts = Table(
    "feed_posts",
    metadata,
    _id(primary_key=True),
    _id("work_order_id"),
    _long("body"),
    Column("mentions", JsonText, nullable=False),
    Column("facts", JsonText, nullable=False),
    _text("transition", 60),
    _text("author_subject", 80),
    _text("author_name"),
    _text("author_organization_id", 40),
    _text("author_organization_name"),
    _text("author_organization_kind", 40),
    _number("comment_count"),
    Column("create_time", Instant, nullable=False),
    Column("activity_time", Instant, nullable=False),
    Index("ix_posts_activity", "work_order_id", "activity_time", "id"),
    Index("ix_posts_create", "work_order_id", "create_time", "id"),
)

comments = Table(
    "comments",
    metadata,
    _id(primary_key=True),
    _id("feed_post_id"),
    _id("work_order_id"),
    _long("body"),
    Column("mentions", JsonText, nullable=False),
    _text("author_subject", 80),
    _text("author_name"),
    _text("author_organization_id", 40),
    _text("author_organization_kind", 40),
    Column("create_time", Instant, nullable=False),
    Index("ix_comments_post", "feed_post_id", "create_time"),
)

follows = Table(
    "follows",
    metadata,
    _id("person_id"),
    _id("work_order_id", index=True),
    Column("create_time", Instant, nullable=False),
    PrimaryKeyConstraint("person_id", "work_order_id"),
)

visited_records = Table(
    "visited_records",
    metadata,
    _id("person_id"),
    Column("resource_type", String(120), nullable=False),
    _id("resource_id"),
    _text("title"),
    Column("visit_time", Instant, nullable=False),
    PrimaryKeyConstraint("person_id", "resource_type", "resource_id"),
    Index("ix_visited_person", "person_id", "visit_time"),
)

pinned_views = Table(
    "pinned_views",
    metadata,
    _id("person_id", primary_key=True),
    _text("code", 60),
)

# Copies of what technicians owns; each keeps the source's version (hard-parts 10).
people = Table(
    "people",
    metadata,
    _id(primary_key=True),
    _text("name"),
    _text("organization_id", 40),
    Column("roles", StringList, nullable=False),
    _text("technician_id", 40),
    _text("email"),
    _text("phone", 40),
    _flag("active"),
    Column("version", BigInteger, nullable=False),
    _flag("deleted"),
    Index("ix_people_organization", "organization_id", "name"),
)

teams = Table(
    "teams",
    metadata,
    _id(primary_key=True),
    _text("name"),
    _text("organization_id", 40),
    Column("member_ids", StringList, nullable=False),
    _flag("active"),
    Column("version", BigInteger, nullable=False),
    _flag("deleted"),
)

organizations = Table(
    "organizations",
    metadata,
    _id(primary_key=True),
    _text("name"),
    _text("kind", 40),
    _text("time_zone", 60),
    _text("phone", 40),
    *_address("address"),
    Column("free_miles", Float),
    *_money("travel_cost_per_mile"),
    _flag("auto_place_orders"),
    _flag("active"),
    Column("version", BigInteger, nullable=False),
    _flag("deleted"),
)
