"""Tables of the work-order service."""

from services.workorders.tables.base import Coded, chassis, metadata
from services.workorders.tables.directory import organizations, people, teams
from services.workorders.tables.master_data import (
    accounts,
    cases,
    contacts,
    entitlements,
    facilities,
    parts,
    reason_codes,
    stations,
    territories,
    work_types,
)  # fmt: skip
from services.workorders.tables.orders import PARTY_COLUMNS, SORTED_COLUMNS, line_items, number_series, work_orders
from services.workorders.tables.records import (
    attachments,
    comments,
    drafts,
    feed_posts,
    follows,
    history,
    pinned_views,
    visited_records,
)  # fmt: skip

__all__ = [
    "PARTY_COLUMNS", "SORTED_COLUMNS", "Coded", "accounts", "attachments", "cases", "chassis", "comments", "contacts",
    "drafts", "entitlements", "facilities", "feed_posts", "follows", "history", "line_items", "metadata",
    "number_series", "organizations", "parts", "people", "pinned_views", "reason_codes", "stations", "teams",
    "territories", "visited_records", "work_orders", "work_types",
]  # fmt: skip
