"""Tables of the work-order service."""

from services.workorders.tables.base import Coded, chassis, metadata
from services.workorders.tables.content import action_items, estimates, notes
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
from services.workorders.tables.orders import (
    PARTY_COLUMNS,
    SORTED_COLUMNS,
    further_technicians,
    line_items,
    number_series,
    unchecked_assignments,
    utility_events,
    work_orders,
)
from services.workorders.tables.records import (
    attachments,
    comments,
    drafts,
    feed_posts,
    follows,
    history,
    pinned_views,
    post_likes,
    post_views,
    saved_views,
    visited_records,
)  # fmt: skip
from services.workorders.tables.workflows import workflow_versions

__all__ = [
    "PARTY_COLUMNS", "SORTED_COLUMNS", "Coded", "accounts", "action_items", "attachments", "cases", "chassis",
    "comments", "contacts", "drafts", "entitlements", "estimates", "facilities", "feed_posts", "follows",
    "further_technicians", "history",
    "line_items", "metadata", "notes", "number_series", "organizations", "parts", "people", "pinned_views",
    "post_likes", "post_views", "reason_codes", "saved_views", "stations", "teams", "territories",
    "unchecked_assignments", "utility_events", "visited_records", "work_orders", "work_types", "workflow_versions",
]  # fmt: skip
