"""What shipping tells of targets that come near or are missed: kept on the order, told to whom it concerns (B-1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.shipping.v1 import events_pb2 as shipping_events
from fieldmesh.workorders.v1 import events_pb2

from services.chassis.errors import NotFound
from services.chassis.identity import service_caller
from services.chassis.log import get_logger
from services.workorders import repository
from services.workorders.domain.definition import Category
from services.workorders.domain.target import SlaWarning
from services.workorders.handlers import snapshots, targets
from services.workorders.handlers.copying import copy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2

    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.work_order import WorkOrder

log = get_logger(__name__)
SHIPPING = service_caller("shipping")
WARNING, MISSED = "target_warning", "target_missed"
_DOING = ("executor_organization", "technician")
_EVERYBODY = (*_DOING, "issuer_dispatchers")
_WARNINGS: Final[Mapping[int, SlaWarning]] = {
    shipping_events.SLA_WARNING_KIND_FIRST: SlaWarning.EARLY_WARNING,
    shipping_events.SLA_WARNING_KIND_AT_RISK: SlaWarning.AT_RISK,
    shipping_events.SLA_WARNING_KIND_DUE_DAY: SlaWarning.DUE_DAY,
    shipping_events.SLA_WARNING_KIND_BREACH: SlaWarning.TARGET_PASSED,
}


def sla_warned(transaction: Transaction, event: envelope_pb2.Event, told: shipping_events.SlaWarned) -> None:
    """Keep it on the order and tell those whom it concerns; each warning of a target is one row of history.

    An order that has ended, is on hold or has a newer target is not spoken of. The first warning goes to those who do
    the work; the dispatchers of whoever gave it out hear of what is at risk.
    """
    try:
        stored = repository.load(transaction.connection, SHIPPING, told.work_order_id, lock=True)
    except NotFound:
        log.info("order.unknown", work_order=told.work_order_id)
        return
    if stored.row["category"] != Category.OPEN or stored.order.sla.version > told.target_version:
        return
    kept = _keep(transaction, event, stored.order, told)
    if not kept:
        return
    missed = told.kind == shipping_events.SLA_WARNING_KIND_BREACH
    first = told.kind == shipping_events.SLA_WARNING_KIND_FIRST
    notice = events_pb2.Notice(template=MISSED if missed else WARNING, recipients=_DOING if first else _EVERYBODY)
    warned = events_pb2.WorkOrderWarned(
        work_order=snapshots.of_row(transaction.connection, {**stored.row, **kept}),
        target_version=told.target_version,
        percent=told.percent,
        missed=missed,
        notices=[notice],
        windows=[
            events_pb2.TellingWindow(weekday=each.weekday, opens=each.opens, closes=each.closes)
            for each in told.windows
        ],
        closed_days=told.closed_days,
    )
    warned.due_time.CopyFrom(told.due_time)
    snapshots.publish(transaction, stored.order.id, warned)


def _keep(
    transaction: Transaction, event: envelope_pb2.Event, before: WorkOrder, told: shipping_events.SlaWarned
) -> dict[str, Any]:
    """Note a warning where the target is shown, and as history; nothing where it or a later one was noted before."""
    told_time = event.occur_time.ToDatetime(tzinfo=UTC)
    if before.sla.warning_time is not None and told_time <= before.sla.warning_time:
        return {}
    warning = _WARNINGS.get(told.kind, SlaWarning.UNSPECIFIED)
    sla = replace(before.sla, warning=warning, warning_percent=told.percent, warning_time=told_time)
    columns: dict[str, Any] = {
        "sla_warning": warning,
        "sla_warning_percent": told.percent,
        "sla_warning_time": told_time,
    }
    used = f"{told.percent} % of the time is used up" if told.percent else ""
    evidence = targets.evidence_of(told.target_version, told_time)
    copy(transaction, SHIPPING, before, replace(before, sla=sla), ("sla.warning",), columns, evidence, used)
    return columns
