"""Facts of other services in an order's own columns: kept with history, and without a new etag."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.changes import changes_between
from services.workorders.domain.history import Entry
from services.workorders.tables import work_orders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.history import Evidence
    from services.workorders.domain.outcome import FieldChange
    from services.workorders.domain.work_order import WorkOrder


def copy(  # noqa: PLR0913, PLR0917 - who told what of which order
    transaction: Transaction,
    source: Caller,
    before: WorkOrder,
    after: WorkOrder,
    told: Sequence[str],
    columns: Mapping[str, Any],
    evidence: Evidence | None = None,
    reason: str = "",
) -> WorkOrder:
    """Write columns of an order whose row is locked; each path in `told` that differs is a row of history.

    `evidence` is what they were copied from, `reason` says more in words.

    The version stays: what a user has open remains valid, and what depends on a target is checked against its version.
    """
    changes = changes_between(before, after, told, ())
    return note(transaction, source, after, changes, columns, evidence, reason)


def note(  # noqa: PLR0913, PLR0917 - who told what of which order
    transaction: Transaction,
    source: Caller,
    order: WorkOrder,
    changes: Iterable[FieldChange],
    columns: Mapping[str, Any] = MappingProxyType({}),
    evidence: Evidence | None = None,
    reason: str = "",
) -> WorkOrder:
    """The same for changes in words, such as of what another service keeps; `columns` are those of the order."""
    entry = Entry(order.id, actor_of(source), transaction.now, reason=reason, evidence=(evidence,) if evidence else ())
    order, _ = repository.record(transaction, order, entry, changes, history_labels())
    head = {"history_head": order.history_head, "history_length": order.history_length}
    transaction.execute(update(work_orders).where(work_orders.c.id == order.id).values(**columns, **head))
    return order
