"""Who sees which work order: only through a party column that organisation and role select (hard-parts 2, R-1 to R-4).

Several roles are several branches, each served by its own index; a list is their union, never an OR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, select, true

from services.chassis.errors import NotFound
from services.workorders.tables import work_orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table

    from services.chassis.identity import Caller

_COLUMN_OF_ROLE = {"partner": "executor_org", "dispatcher": "issuer_org", "approver": "issuer_org"}


def grants(caller: Caller) -> dict[str, str]:
    """The party columns that open orders to a caller, each with the value that must stand in it.

    Empty for somebody without a part in any order; admins and services are not asked (see `sees_all`).
    """
    columns: dict[str, str] = {}
    if caller.organization_id:
        columns |= {column: caller.organization_id for role, column in _COLUMN_OF_ROLE.items() if caller.has(role)}
    if caller.has("technician"):
        columns["technician_person_id"] = caller.subject
    return columns


def sees_all(caller: Caller) -> bool:
    """Whether every order is open to the caller: admins, and other services on their own account."""
    return caller.is_admin or (caller.is_service and not caller.acting_service)


def branches(caller: Caller, table: Table = work_orders) -> list[ColumnElement[bool]]:
    """Conditions of which one must hold; none at all where nothing is open to the caller."""
    if sees_all(caller):
        return [true()]
    return [table.c[column] == value for column, value in grants(caller).items()]


def sees(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether a caller sees the order of a row."""
    return sees_all(caller) or any(row[column] == value for column, value in grants(caller).items())


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
