"""Telling others how fulfilment orders stand, each time with the parts of the work order as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldmesh.shipping.v1 import events_pb2
from sqlalchemy import Connection, RowMapping

from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.known_order import Fulfilment, KnownOrder, summary
from services.shipping.domain.parcels import Retirement
from services.shipping.repository import fulfilment, orders, parcels

AGGREGATE = "FulfilmentOrder"
Case = tuple[KnownOrder, Sequence[Fulfilment]]
"""A work order with its fulfilment orders."""


@dataclass(frozen=True, slots=True)
class News:
    """What is new of a fulfilment order, beside how far it is."""

    expected_changed: bool = False
    reason: str = ""


NO_NEWS = News()


def tell(transaction: Transaction, cases: Sequence[Case], news: Mapping[str, News]) -> None:
    """Publishes the fulfilment orders in `news`, by id; their rows were written, their work orders are locked."""
    told = [(order, ones) for order, ones in cases if any(one.order.id in news for one in ones)]
    if not told:
        return
    connection = transaction.connection
    versions = orders.count_parts(connection, [order.id for order, _ in told])
    ids = [one.order.id for _, ones in told for one in ones]
    rows, packed = fulfilment.order_rows(connection, ids), parcels.rows_of(connection, ids)
    for order, ones in told:
        parts = _parts(order, ones, versions[order.id], packed)
        for one in ones:
            if one.order.id in news:
                event = wire.progressed_event(
                    rows[one.order.id],
                    packed[one.order.id],
                    parts,
                    transaction.now,
                    expected_changed=news[one.order.id].expected_changed,
                    reason=news[one.order.id].reason,
                )
                transaction.publish(event, AGGREGATE, one.order.id, one.order.version)


def tell_again(transaction: Transaction, order_id: str) -> None:
    """Publishes a fulfilment order as it is now, in the version that others were told before."""
    connection = transaction.connection
    row = fulfilment.order_row(connection, order_id)
    order = orders.lock_orders(connection, [row["work_order_id"]])[row["work_order_id"]]
    ones = parcels.fulfilments_of(connection, [order.id])[order.id]
    packed = parcels.rows_of(connection, [one.order.id for one in ones])
    parts = _parts(order, ones, orders.parts_version(connection, order.id), packed)
    event = wire.progressed_event(row, packed[order_id], parts, transaction.now, expected_changed=False)
    transaction.publish(event, AGGREGATE, order_id, row["version"])


def case_of(connection: Connection, order: KnownOrder) -> Case:
    """A work order with its fulfilment orders as they are stored now."""
    return order, parcels.fulfilments_of(connection, [order.id])[order.id]


def _parts(
    order: KnownOrder, ones: Sequence[Fulfilment], version: int, packed: Mapping[str, Sequence[RowMapping]]
) -> events_pb2.PartsSummary:
    counting = [
        row for one in ones if one.order.counts for row in packed[one.order.id] if row["retirement"] == Retirement.NONE
    ]
    return wire.parts_summary(order, summary(order, ones), version, counting)
