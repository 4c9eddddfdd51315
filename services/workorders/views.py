"""The views of the work-order list (CP-11, CP-12) and what a user keeps for them: a pin and the records looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, desc, select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.errors import InvalidRequest, Violation
from services.workorders.tables import pinned_views, visited_records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller

KEPT_VISITS = 200


@dataclass(frozen=True, slots=True)
class View:
    """One view: its columns and order, and the conditions that narrow it.

    `categories` and `states` are alternatives to stand in (empty: any); `visited` keeps to the orders that the caller
    opened, newest first; `mixed` shows opened records of every kind instead of orders.
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
    offers_mine: bool = False


_LEADING = ("number", "case_number", "subject", "account_name", "territory_name", "state")
_KEY_COLUMNS = (*_LEADING, "assigned_time", "entitlement_name", "appointment", "work_type_name")

VIEWS = (
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


def view_named(code: str) -> View:
    """The view of a code. Raises InvalidRequest for an unknown one."""
    if code not in BY_CODE:
        message = f"There is no view {code!r}; there are {', '.join(BY_CODE)}."
        raise InvalidRequest(message, violations=[Violation("view", message)])
    return BY_CODE[code]


def pinned_code(connection: Connection, person_id: str) -> str:
    """The code of the view that a person pinned; the default one where none is (CP-13)."""
    found = connection.execute(
        select(pinned_views.c.code).where(pinned_views.c.person_id == person_id)
    ).scalar_one_or_none()
    return found if found in BY_CODE else DEFAULT_CODE


def pin(database: Database, caller: Caller, code: str) -> View:
    """Make a view the caller's default, in place of the one before."""
    view = view_named(code)
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
