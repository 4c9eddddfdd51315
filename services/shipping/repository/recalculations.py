"""Recalculations after a publication, and the open orders that each looks at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select, true, update

from services.shipping.repository.versions import CALENDARS, Kind
from services.shipping.seeds import DEFAULT_CALENDAR
from services.shipping.tables import sla_recalculations, work_orders

RUNNING, DONE = 1, 2


def open_orders(kind: Kind, key: str, owner: str) -> ColumnElement[bool]:
    """Allocated orders that have not ended and count by a calendar or policy, as a condition on work_orders.

    Where a territory's calendar was never published the default one counts, so publishing that concerns every order.
    """
    columns = work_orders.c
    is_open = columns.assigned_time.is_not(None) & columns.stopped_time.is_(None) & columns.void.is_(False)
    mine = columns.parties_issuer_org == owner if owner else true()
    if kind is not CALENDARS:
        return is_open & mine & (columns.policy_code == key)
    by_name = true() if key == DEFAULT_CALENDAR else columns.calendar_name == key
    return is_open & mine & (columns.policy_code != "") & by_name


def of_parties(names: tuple[str, ...], organization_id: str) -> ColumnElement[bool]:
    """Orders in which an organisation has one of the parts that these columns name."""
    return or_(*(work_orders.c[f"parties_{name}"] == organization_id for name in names))


def page_of(connection: Connection, condition: ColumnElement[bool], after: str, limit: int) -> list[str]:
    """The ids of the orders that follow one, in the order of ids."""
    columns = work_orders.c
    wanted = select(columns.id).where(condition, columns.id > after).order_by(columns.id).limit(limit)
    return list(connection.execute(wanted).scalars())


def count_of(connection: Connection, condition: ColumnElement[bool]) -> int:
    """How many orders there are."""
    return int(connection.execute(select(func.count()).select_from(work_orders).where(condition)).scalar_one())


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    """Adds a recalculation."""
    connection.execute(insert(sla_recalculations).values(dict(values)))


def claim(connection: Connection) -> RowMapping | None:
    """The oldest recalculation that is not done, unless another process is at it; locked."""
    columns = sla_recalculations.c
    waiting = select(sla_recalculations).where(columns.state == RUNNING).order_by(columns.create_time, columns.id)
    return connection.execute(waiting.limit(1).with_for_update(skip_locked=True)).mappings().first()


def advance(connection: Connection, job: RowMapping, values: Mapping[str, Any], finished: datetime | None) -> None:
    """Notes how far a recalculation is."""
    state = {"state": DONE, "finish_time": finished} if finished else {}
    changed = update(sla_recalculations).where(sla_recalculations.c.id == job["id"])
    connection.execute(changed.values({**values, **state, "version": job["version"] + 1}))
