"""Telling others again what they keep copies of: orders and work types (hard-parts 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import events_pb2, work_type_pb2

from services.chassis.actors import service_actor
from services.chassis.kit import message_of
from services.chassis.versions_servicer import VersionedSource
from services.workorders import wire
from services.workorders.handlers import snapshots
from services.workorders.presenting import work_type_event
from services.workorders.tables import work_orders, work_types

if TYPE_CHECKING:
    from sqlalchemy import Row

    from services.chassis.unit_of_work import Transaction

ME = service_actor("workorders")


def sources() -> dict[str, VersionedSource]:
    """The aggregates of which others keep projections."""
    return {
        snapshots.AGGREGATE: VersionedSource(work_orders, order_again, version_column="moved_version"),
        "WorkType": VersionedSource(work_types, work_type_again),
    }


def order_again(transaction: Transaction, row: Row[Any]) -> str:
    """The order's present state as a move that went nowhere: no effects, no mails."""
    columns = row._asdict()
    event = events_pb2.WorkOrderMoved(
        work_order=snapshots.of_row(transaction.connection, columns),
        from_state=columns["state"],
        to_state=columns["state"],
        move_time=wire.timestamp(transaction.now),
    )
    event.actor.subject, event.actor.display_name = ME.subject, ME.name
    return transaction.publish(event, snapshots.AGGREGATE, columns["id"], columns["moved_version"])


def work_type_again(transaction: Transaction, row: Row[Any]) -> str:
    """A work type as it is now."""
    columns = row._asdict()
    work_type = message_of(work_type_pb2.WorkType, columns)
    return transaction.publish(work_type_event(work_type, columns["version"]), "WorkType", work_type.id, row.version)
