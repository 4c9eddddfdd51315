"""The viewer's own visits: which are today's by the clock of their sites, and which come next."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fieldmesh.workorders.v1 import work_order_pb2
from flask import g

from admin.pages.calendar.visits import Visit, between
from admin.pages.work_orders.sites import site_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

AHEAD: Final = dt.timedelta(days=7)
# Dates of two sites differ by at most one day from that of UTC; one more is for visits that last past midnight.
BEHIND: Final = dt.timedelta(days=2)
_OPEN: Final = work_order_pb2.STATE_CATEGORY_OPEN


@dataclass(frozen=True)
class Day:
    """The viewer's visits of today and of the next days, in order of time; `cut` where more than fit were there."""

    today: Sequence[Visit]
    coming: Sequence[Visit]
    cut: bool


def own_day(now: dt.datetime) -> Day:
    """The visits that the viewer goes to, at an instant (R-4). Raises Refusal where workorders does not answer."""
    found, cut = between(now.date() - BEHIND, now.date() + AHEAD)
    own = sorted((visit for visit in found if visit.is_of(g.viewer.person_id)), key=lambda visit: visit.start)
    today = [visit for visit in own if is_todays(visit, now)]
    return Day(today, [visit for visit in own if visit.day > date_at(visit, now)], cut)


def is_todays(visit: Visit, now: dt.datetime) -> bool:
    """Whether a visit is on the site's present date, or began before it and is not over."""
    date = date_at(visit, now)
    return visit.day == date or (visit.day < date and _is_under_way(visit.order))


def zone_of(visit: Visit) -> dt.tzinfo:
    """The zone of a visit's clock; the site's present one where the appointment names none that is known."""
    try:
        return zoneinfo.ZoneInfo(visit.zone) if visit.zone else site_zone(visit.order)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return site_zone(visit.order)


def date_at(visit: Visit, now: dt.datetime) -> dt.date:
    """The date at the site of a visit at an instant."""
    return now.astimezone(zone_of(visit)).date()


def _is_under_way(order: work_order_pb2.WorkOrder) -> bool:
    arrived, left = order.visit.HasField("arrive_time"), order.visit.HasField("depart_time")
    return order.category == _OPEN and arrived and not left
