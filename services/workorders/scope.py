"""Who sees which work order: only through a party column that organisation and role select (hard-parts 2, R-1 to R-4).

Several roles are several branches, each served by its own index; a list is their union, never an OR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, literal, or_, select, true

from services.chassis.errors import NotFound
from services.workorders.tables import further_technicians, organizations, work_orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table

    from services.chassis.identity import Caller

_COLUMN_OF_ROLE = {"partner": "executor_org", "dispatcher": "issuer_org", "approver": "issuer_org"}
# Whoever owns a site sees what its own people and its providers do there, and not what a vendor's partners do.
OWNERS_WORKFLOWS = frozenset({"facility_approval"})
OWNER = "facility_org"
# Columns that open an order to those who work on it for somebody else, one after the other.
FURTHER = "further_technicians"
_WORKERS = frozenset({"executor_org", "technician_person_id", FURTHER, "assignee_person_id"})
_WORKERS_KINDS = ("partner", "provider")
_OWNERS_ROLES = frozenset({"requester", "approver"})


def grants(caller: Caller) -> dict[str, str]:
    """The party columns that open orders to a caller, each with the value that must stand in it, or among its rows.

    Empty for somebody without a part in any order; admins and services are not asked (see `sees_all`).
    """
    columns: dict[str, str] = {}
    if caller.organization_id:
        columns |= {column: caller.organization_id for role, column in _COLUMN_OF_ROLE.items() if caller.has(role)}
        if caller.has("dispatcher") and caller.organization_kind == "provider":
            columns["executor_org"] = caller.organization_id
        if caller.roles & _OWNERS_ROLES and caller.organization_kind == "facility_owner":
            columns["facility_org"] = caller.organization_id
    if caller.has("technician"):
        columns["technician_person_id"] = caller.subject
        columns[FURTHER] = caller.subject
        columns["assignee_person_id"] = caller.subject
    return columns


def sees_all(caller: Caller) -> bool:
    """Whether every order is open to the caller: admins, and other services on their own account."""
    return caller.is_admin or (caller.is_service and not caller.acting_service)


def branches(caller: Caller, table: Table = work_orders) -> list[ColumnElement[bool]]:
    """Conditions of which one must hold; none at all where nothing is open to the caller."""
    if sees_all(caller):
        return [true()]
    return [_granted(table, column, value) for column, value in grants(caller).items()]


def branches_of_words(caller: Caller, author: ColumnElement[str]) -> list[ColumnElement[bool]]:
    """As `branches`, for posts, answers, files and history of orders: `author` is the organisation that wrote them.

    Whoever works on an order does not see what a partner or provider wrote that handed the same order back before
    (R-2); those who gave it out, and the site's owner, see everything.
    """
    if sees_all(caller):
        return [true()]
    columns = work_orders.c
    a_party = or_(columns.issuer_org == author, columns.executor_org == author, columns.facility_org == author)
    works_elsewhere = select(literal(1)).where(organizations.c.id == author, organizations.c.kind.in_(_WORKERS_KINDS))
    is_open = or_(author == caller.organization_id, a_party, ~works_elsewhere.exists())
    return [
        and_(_granted(work_orders, column, value), is_open)
        if column in _WORKERS
        else _granted(work_orders, column, value)
        for column, value in grants(caller).items()
    ]


def sees_words(caller: Caller, order_id: ColumnElement[str], author: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a caller sees what an organisation wrote on an order, as a condition on columns or values."""
    found = [
        select(literal(1)).where(work_orders.c.id == order_id, branch).exists()
        for branch in branches_of_words(caller, author)
    ]
    return or_(false(), *found)


def sees(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether a caller sees the order of a row."""
    return sees_all(caller) or any(_holds(row, column, value) for column, value in grants(caller).items())


def _holds(row: Mapping[str, Any], column: str, value: str) -> bool:
    if column == FURTHER:
        return any(each["person_id"] == value for each in row[FURTHER])
    return bool(row[column] == value) and (column != OWNER or row["workflow"] in OWNERS_WORKFLOWS)


def comes_beside(order_id: ColumnElement[str], person_id: str) -> ColumnElement[bool]:
    """Whether a person comes to an order's site beside its lead, as a condition on the order's id."""
    columns = further_technicians.c
    return order_id.in_(select(columns.work_order_id).where(columns.person_id == person_id))


def _granted(table: Table, column: str, value: str) -> ColumnElement[bool]:
    if column == FURTHER:
        return comes_beside(table.c.id, value)
    fits = table.c[column] == value
    return and_(fits, table.c.workflow.in_(OWNERS_WORKFLOWS)) if column == OWNER else fits


def visible_order(connection: Connection, caller: Caller, order_id: str, *, lock: bool = False) -> Mapping[str, Any]:
    """The row of an order by id or number. Raises NotFound where it is missing or hidden, without saying which."""
    column = work_orders.c.number if order_id.isdigit() else work_orders.c.id
    statement = select(work_orders).where(column == order_id)
    if lock:
        statement = statement.with_for_update()
    found = connection.execute(statement).mappings().one_or_none()
    row: dict[str, Any] = dict(found or {})
    if not row or not sees(caller, row):
        raise NotFound(f"There is no work order {order_id} that you may see.")
    return row
