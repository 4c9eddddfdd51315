"""Telling others again how fulfilment orders and targets stand now (hard-parts 10)."""

from typing import Any

from fieldmesh.shipping.v1 import events_pb2
from sqlalchemy import Row

from services.chassis.unit_of_work import Transaction
from services.chassis.versions_servicer import VersionedSource
from services.shipping import wire
from services.shipping.handlers import targets, telling
from services.shipping.repository import targets as target_rows
from services.shipping.tables import fulfilment_orders, work_orders


def versioned_sources() -> dict[str, VersionedSource]:
    """What others keep copies of, by aggregate type."""
    return {
        telling.AGGREGATE: VersionedSource(fulfilment_orders, _fulfilment_order),
        # A target is one aggregate for each work order; the order counts its versions.
        targets.AGGREGATE: VersionedSource(work_orders, _target, version_column="target_version"),
    }


def _fulfilment_order(transaction: Transaction, told: Row[Any]) -> None:
    telling.tell_again(transaction, told.id)


def _target(transaction: Transaction, told: Row[Any]) -> None:
    row = target_rows.latest_target(transaction.connection, told.id)
    if row is not None:
        event = events_pb2.SlaTargetChanged(target=wire.target_message(row))
        transaction.publish(event, targets.AGGREGATE, told.id, row["version"])
