"""The SLA target of an order as pages show it; dates are those of the site."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Final

from fieldmesh.workorders.v1 import work_order_pb2

from admin.grpcfab import cells
from admin.pages.work_orders.sites import limit, site_zone, until

SLA_TONES: Final = {
    work_order_pb2.SLA_STATE_RUNNING: ("Running", "info"),
    work_order_pb2.SLA_STATE_PAUSED: ("Paused", "warning"),
    work_order_pb2.SLA_STATE_MET: ("Met", "success"),
    work_order_pb2.SLA_STATE_MISSED: ("Missed", "danger"),
    work_order_pb2.SLA_STATE_AWAITING_DELIVERY_DATE: ("Awaiting delivery date", ""),
    work_order_pb2.SLA_STATE_VOID: ("Void", ""),
    work_order_pb2.SLA_STATE_NONE: ("No SLA", ""),
}
# What was told of a target, how it is drawn, and its icon.
_WARNINGS: Final = {
    work_order_pb2.SLA_WARNING_EARLY_WARNING: ("", "info", "hourglass-split"),
    work_order_pb2.SLA_WARNING_AT_RISK: ("At risk", "warning", "exclamation-triangle"),
    work_order_pb2.SLA_WARNING_DUE_DAY: ("The due day has begun", "warning", "calendar-event"),
    work_order_pb2.SLA_WARNING_TARGET_PASSED: ("The target has passed", "danger", "exclamation-octagon"),
}


@dataclasses.dataclass(frozen=True)
class Warned:
    """What was told last of a target, and when, on the viewer's clock."""

    text: str
    tone: str
    icon: str
    told: cells.Cell


@dataclasses.dataclass(frozen=True)
class Sla:
    """The SLA target as the page shows it; `late` means that it has passed while work goes on.

    `limit` is the time on the date before which it holds, empty for its end; `warned` is what was told of it, while
    there is still something to be done.
    """

    badge: cells.Cell
    due: cells.Cell
    date: str
    until: str
    limit: str
    late: bool
    at_risk: bool
    as_of: cells.Cell
    warned: Warned | None


def sla_of(order: work_order_pb2.WorkOrder) -> Sla:
    """The SLA target of an order; dates are those of the site."""
    sla = order.sla
    ended = order.category in {work_order_pb2.STATE_CATEGORY_DONE, work_order_pb2.STATE_CATEGORY_DEAD}
    label, tone = SLA_TONES.get(sla.state, ("No SLA" if ended else "Not known yet", ""))
    zone = site_zone(order)
    due = sla.due_time.ToDatetime(tzinfo=dt.UTC) if sla.HasField("due_time") else None
    warn = sla.warn_time.ToDatetime(tzinfo=dt.UTC) if sla.HasField("warn_time") else None
    as_of = sla.as_of_time.ToDatetime(tzinfo=dt.UTC) if sla.HasField("as_of_time") else None
    now = dt.datetime.now(dt.UTC)
    running = sla.state == work_order_pb2.SLA_STATE_RUNNING
    late = running and due is not None and now >= due
    at_risk = running and not late and warn is not None and now >= warn
    date = dt.date(sla.due_date.year, sla.due_date.month, sla.due_date.day) if sla.HasField("due_date") else None
    return Sla(
        badge=cells.Cell("badge", "Overdue" if late else "At risk" if at_risk else label,
                         tone="danger" if late else "warning" if at_risk else tone),
        due=cells.instant(due, zone) if due else cells.EMPTY,
        date=f"{date:%a %-d %b %Y}" if date else "",
        until=until(date, due.astimezone(zone)) if date and due else "",
        limit=limit(date, due.astimezone(zone)) if date and due else "",
        late=late,
        at_risk=at_risk,
        as_of=cells.instant(as_of) if as_of else cells.EMPTY,
        warned=None if ended else _warned(sla),
    )  # fmt: skip


def _warned(sla: work_order_pb2.SlaSummary) -> Warned | None:
    if sla.warning not in _WARNINGS or not sla.HasField("warning_time"):
        return None
    text, tone, icon = _WARNINGS[sla.warning]
    used = f"{sla.warning_percent} % of the time is used up" if sla.warning_percent else ""
    words = ": ".join(filter(None, (text, used)))
    return Warned(words, tone, icon, cells.instant(sla.warning_time.ToDatetime(tzinfo=dt.UTC)))


def sla_cell(order: work_order_pb2.WorkOrder) -> cells.Cell:
    """The target in a list: how it stands, its date, and the time where that is not the end of the day."""
    found = sla_of(order)
    when = ", ".join(filter(None, (found.date, found.limit)))
    return dataclasses.replace(found.badge, text=" · ".join(filter(None, (found.badge.text, when))))
