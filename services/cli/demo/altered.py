"""One order of the demo whose history somebody altered past the services, for `fieldmesh verify` to find (B-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from services.chassis.settings import Settings

_FIND: Final = text(
    "SELECT history.work_order_id, history.sequence FROM history"
    " JOIN work_orders ON work_orders.id = history.work_order_id"
    " WHERE history.field = 'visit.depart_time' AND work_orders.close_time IS NOT NULL"
    " ORDER BY work_orders.number DESC, history.sequence LIMIT 1"
)
_ALTER: Final = text(
    "UPDATE history SET new_value = :new WHERE work_order_id = :work_order_id AND sequence = :sequence"
)
_EARLIER: Final = "2020-01-01T15:00:00Z"


def alter_a_history(settings: Settings) -> None:
    """Write another departure into the history of the last closed order, as an intruder in the database would.

    Nothing where no order of the demo was closed after a visit.
    """
    engine = create_engine(settings.services["workorders"].database_url)
    try:
        with engine.begin() as connection:
            found = connection.execute(_FIND).mappings().first()
            if found is not None:
                connection.execute(_ALTER, {**found, "new": _EARLIER})
    finally:
        engine.dispose()
