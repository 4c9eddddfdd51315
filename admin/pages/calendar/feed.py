"""Visits and absences as an iCalendar feed (RFC 5545)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from icalendar import Calendar, Event, vText

if TYPE_CHECKING:
    from collections.abc import Iterable

    from admin.pages.calendar.absences import Absence
    from admin.pages.calendar.visits import Visit

# How long a visit takes is not agreed with it; calendars show an hour.
SHOWN_AS: Final = dt.timedelta(hours=1)
REFRESH: Final = dt.timedelta(minutes=15)


def feed_of(visits: Iterable[Visit], absences: Iterable[Absence], name: str, site: str) -> bytes:
    """The feed of visits and absences under a name; `site` is the public address before paths.

    Times are instants, which every calendar shows by its own clock; the site's clock stands in the description.
    """
    made = Calendar()
    made.add("prodid", "-//Fieldmesh//Visits//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", vText(name))
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for visit in visits:
        made.add_component(_event(visit, site))
    for absence in absences:
        made.add_component(_busy(absence))
    return bytes(made.to_ical())


def _event(visit: Visit, site: str) -> Event:
    order = visit.order
    made = Event()
    made.add("uid", f"{order.id}@fieldmesh")
    made.add("dtstamp", order.update_time.ToDatetime(tzinfo=dt.UTC))
    made.add("last-modified", order.update_time.ToDatetime(tzinfo=dt.UTC))
    made.add("dtstart", visit.start)
    made.add("dtend", visit.start + SHOWN_AS)
    made.add("summary", f"{order.number} {order.subject}".strip())
    made.add("location", visit.place)
    lines = (
        f"{visit.day:%-d %b %Y}, {visit.clock} at the site ({visit.zone})",
        f"Who goes: {visit.names}",
        f"Status: {order.state_label}",
        f"{site}{visit.url}",
    )
    made.add("description", "\n".join(lines))
    made.add("url", f"{site}{visit.url}")
    return made


def _busy(absence: Absence) -> Event:
    made = Event()
    made.add("uid", f"{absence.id}@fieldmesh")
    made.add("dtstamp", absence.changed)
    made.add("last-modified", absence.changed)
    made.add("dtstart", absence.first)
    made.add("dtend", absence.end)
    made.add("summary", absence.title)
    made.add("transp", "OPAQUE")
    if absence.note:
        made.add("description", absence.note)
    return made
