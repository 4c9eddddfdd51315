"""The views of the work-order list (CP-11, CP-12) and what a user keeps for them: a pin and the records looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, desc, select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.errors import InvalidRequest, Violation
from services.workorders.tables import pinned_views, visited_records

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller

KEPT_VISITS = 200


@dataclass(frozen=True, slots=True)
class View:
    """One view: its columns and order, and the conditions that narrow it.

    `categories` and `states` are alternatives to stand in (empty: any); `visited` keeps to the orders that the caller
    opened, newest first; `mixed` shows opened records of every kind instead of orders. A `workflow` has views of
    its own; `scheduled` keeps to orders with an appointment, or to those without; `awaiting` to the orders that the
    caller is asked to approve, also in somebody's place, or that the caller's organisation reviews (R-3); `at_risk` to
    those whose SLA clock runs and has used up most of its time, or all of it (B-1); `roles` are those that it is of use
    to (empty: all). From `base` on it is of views that people saved, which narrow the one whose code that is.
    """

    code: str
    label: str
    columns: tuple[str, ...]
    default_order: str = "-number"
    filtered_by: tuple[str, ...] = ("My work orders",)
    categories: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    visited: bool = False
    mixed: bool = False
    scheduled: bool | None = None
    offers_mine: bool = False
    workflow: str = ""
    awaiting: bool = False
    at_risk: bool = False
    roles: tuple[str, ...] = ()
    base: str = ""
    filters: tuple[Mapping[str, Any], ...] = ()
    search: str = ""
    mine: bool = False
    shared: bool = False
    own: bool = False
    owner_name: str = ""
    etag: str = ""


_LEADING = ("number", "case_number", "subject", "account_name", "territory_name", "state")
_APPROVED = ("number", "subject", "facility_name", "state", "estimate_totals")
_SERVICE = ("number", "utility", "facility_name", "account_name", "state")
_KEY_COLUMNS = (*_LEADING, "assigned_time", "entitlement_name", "appointment", "work_type_name")

VIEWS: tuple[View, ...] = (
    View("all", "All Work Orders", (*_KEY_COLUMNS, "priority")),
    View(
        "my_open",
        "My Open Work Orders",
        _KEY_COLUMNS,
        default_order="number",
        filtered_by=("My work orders", "Status"),
        categories=("open", "held"),
        offers_mine=True,
    ),
    View("recently_viewed", "Recently Viewed", ("resource_type", "title", "visit_time"), "", ("Mine",), mixed=True),
    View(
        "recently_viewed_orders",
        "Recently Viewed Work Orders",
        ("number", "subject", "account_name", "territory_name", "state", "appointment"),
        default_order="",
        filtered_by=("Viewed by me",),
        visited=True,
    ),
    View(
        "completed_closed",
        "WO Completed / Closed",
        (*_LEADING, "complete_time", "close_time", "entitlement_name", "work_type_name"),
        default_order="-complete_time",
        filtered_by=("My work orders", "Status"),
        states=("completed", "closed"),
    ),
    View(
        "ended",
        "WO Rejected / Cancelled / Cannot Complete",
        (*_LEADING, "assigned_time", "work_type_name", "update_time"),
        default_order="-update_time",
        filtered_by=("My work orders", "Status"),
        categories=("dead",),
    ),
    View(
        "review_awaiting",
        "Awaiting me",
        (*_LEADING, "executor_name", "entitlement_name", "complete_time", "update_time"),
        default_order="update_time",
        filtered_by=("Completed, or with costs to decide on",),
        awaiting=True,
        roles=("approver",),
    ),
    View(
        "at_risk",
        "SLA at risk or overdue",
        ("number", "subject", "account_name", "territory_name", "state", "sla", "appointment", "executor_name"),
        default_order="sla.due_time",
        filtered_by=("At risk or overdue",),
        categories=("open",),
        at_risk=True,
        offers_mine=True,
    ),
    View(
        "approvals_awaiting",
        "Awaiting me",
        (*_APPROVED, "approval"),
        default_order="update_time",
        filtered_by=("Awaiting my decision",),
        workflow="facility_approval",
        awaiting=True,
    ),
    View(
        "approvals_open",
        "Open",
        (*_APPROVED, "appointment"),
        filtered_by=("Status",),
        categories=("open",),
        workflow="facility_approval",
    ),
    View("approvals_all", "All", (*_APPROVED, "appointment"), filtered_by=(), workflow="facility_approval"),
    View(
        "approvals_ended",
        "Resolved and closed",
        (*_APPROVED, "update_time"),
        default_order="-update_time",
        filtered_by=("Status",),
        categories=("done", "dead"),
        workflow="facility_approval",
    ),
)
VIEWS += (
    View(
        "service_scheduled",
        "Scheduled and assigned",
        (*_SERVICE, "appointment", "assignee"),
        default_order="appointment",
        filtered_by=("Status",),
        states=("new",),
        scheduled=True,
        workflow="utility_request",
    ),
    View(
        "service_new",
        "Newly created",
        (*_SERVICE, "priority", "create_time"),
        filtered_by=("Status",),
        states=("new",),
        scheduled=False,
        workflow="utility_request",
    ),
    View(
        "service_sent",
        "Sent or set up",
        (*_SERVICE, "executor_name", "update_time"),
        filtered_by=("Status",),
        states=("sent", "set_up"),
        workflow="utility_request",
    ),
    View("service_all", "All", (*_SERVICE, "executor_name", "update_time"), filtered_by=(), workflow="utility_request"),
    View(
        "service_ended",
        "Completed and cancelled",
        (*_SERVICE, "complete_time", "update_time"),
        default_order="-update_time",
        filtered_by=("Status",),
        categories=("done", "dead"),
        workflow="utility_request",
    ),
)
BY_CODE = {view.code: view for view in VIEWS}
DEFAULT_CODE = "my_open"


@dataclass(frozen=True, slots=True)
class Visited:
    """A record that a user opened; `title` is what named it then."""

    resource_type: str
    resource_id: str
    title: str
    visit_time: datetime


def pinned_code(connection: Connection, person_id: str, known: Collection[str]) -> str:
    """The code of the view that a person pinned, of those that they see; the default one where none is (CP-13)."""
    found = connection.execute(
        select(pinned_views.c.code).where(pinned_views.c.person_id == person_id)
    ).scalar_one_or_none()
    return found if found and found in known else DEFAULT_CODE


def pin(database: Database, caller: Caller, view: View) -> View:
    """Make a view the caller's default, in place of the one before."""
    with database.begin(actor=caller) as transaction:
        transaction.execute(delete(pinned_views).where(pinned_views.c.person_id == caller.subject))
        transaction.execute(pinned_views.insert().values(person_id=caller.subject, code=view.code))
    return view


def record_visit(database: Database, caller: Caller, resource_type: str, resource_id: str, title: str) -> Visited:
    """Note that the caller opened a record; the newest 200 of a person are kept."""
    for field, value, longest in (("resource_type", resource_type, 120), ("resource_id", resource_id, 40)):
        if not 0 < len(value) <= longest:
            message = f"{field} is required and has at most {longest} characters."
            raise InvalidRequest(message, violations=[Violation(field, message)])
    with database.begin(actor=caller) as transaction:
        connection = transaction.connection
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        visited = Visited(resource_type, resource_id, title[:255], transaction.now)
        connection.execute(
            insert(visited_records)
            .values(person_id=caller.subject, **asdict(visited))
            .on_conflict_do_update(
                index_elements=["person_id", "resource_type", "resource_id"],
                set_={"title": visited.title, "visit_time": visited.visit_time},
            )
        )
        _forget_old(connection, caller.subject)
        return visited


def visits(connection: Connection, person_id: str, limit: int) -> Sequence[Visited]:
    """The records that a person opened last, newest first."""
    columns = visited_records.c
    rows = connection.execute(
        select(columns.resource_type, columns.resource_id, columns.title, columns.visit_time)
        .where(columns.person_id == person_id)
        .order_by(desc(columns.visit_time), columns.resource_id)
        .limit(limit)
    )
    return [Visited(*row) for row in rows]


def _forget_old(connection: Connection, person_id: str) -> None:
    columns = visited_records.c
    oldest_kept = connection.execute(
        select(columns.visit_time)
        .where(columns.person_id == person_id)
        .order_by(desc(columns.visit_time))
        .offset(KEPT_VISITS - 1)
        .limit(1)
    ).scalar_one_or_none()
    if oldest_kept is not None:
        connection.execute(
            delete(visited_records).where(columns.person_id == person_id, columns.visit_time < oldest_kept)
        )
