"""Following orders: who follows gets the mails of its changes (CP-36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from services.workorders.scope import visible_order
from services.workorders.tables import follows

if TYPE_CHECKING:
    from services.chassis.database import Database
    from services.chassis.identity import Caller


def follow(database: Database, caller: Caller, order_id: str, *, wanted: bool) -> bool:
    """Follow or unfollow an order that the caller sees; repeating it changes nothing. NotFound for a hidden one."""
    with database.begin(actor=caller) as transaction:
        order = visible_order(transaction.connection, caller, order_id)
        if not wanted:
            transaction.execute(
                delete(follows).where(follows.c.person_id == caller.subject, follows.c.work_order_id == order["id"])
            )
            return False
        insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
        values = {"person_id": caller.subject, "work_order_id": order["id"], "create_time": transaction.now}
        transaction.execute(insert(follows).values(values).on_conflict_do_nothing())
        return True
