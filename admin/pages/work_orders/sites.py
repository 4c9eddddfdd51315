"""The clock of a site, by which people there tell the time (CP-5)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING

from admin.grpcfab.context import viewer_zone

if TYPE_CHECKING:
    from fieldmesh.workorders.v1 import work_order_pb2


def site_zone(order: work_order_pb2.WorkOrder) -> dt.tzinfo:
    """The site's zone; the viewer's where it is not known."""
    return zone_named(order.site_time_zone)


def zone_named(name: str) -> dt.tzinfo:
    """A zone by its name; the viewer's where it is empty or not known."""
    try:
        return zoneinfo.ZoneInfo(name) if name else viewer_zone()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return viewer_zone()


def until(date: dt.date, due: dt.datetime) -> str:
    """Up to when on its date a target holds, on the site's clock; `due` is the first instant that is too late."""
    return limit(date, due) or f"until the end of the day, {due:%Z}"


def limit(date: dt.date, due: dt.datetime) -> str:
    """The time on its date before which a target holds, as `until`; empty where that is the end of the day."""
    return "" if due.date() > date and due.time() == dt.time() else f"before {due:%H:%M %Z}"
