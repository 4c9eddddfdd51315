"""Dates, times and addresses as people read them in a mail.

Times on a work order are the site's: an appointment at 9:30 is 9:30 where the station stands, whoever reads it (CP-5),
so that every time names its zone, with the offset of the date shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import date, datetime

    from fieldmesh.common.v1 import types_pb2
    from fieldmesh.workorders.v1 import work_order_pb2


def day(value: date) -> str:
    """A local date, such as `Wed 2 Dec 2026`."""
    return f"{value:%a} {value.day} {value:%b %Y}"


def instant(value: datetime, zone: str) -> str:
    """An aware instant at a place, such as `Wed 2 Dec 2026, 09:30 CST`; an unknown zone falls back to UTC."""
    local = value.astimezone(_zone(zone))
    return f"{day(local)}, {local:%H:%M %Z}"


def day_at(value: date, zone: str) -> str:
    """A local date with the place that it is the date of, such as `Wed 2 Dec 2026 (America/Chicago)`."""
    return f"{day(value)} ({zone})" if zone else day(value)


def address(value: types_pb2.Address) -> str:
    """An address in one line, without the parts that are empty."""
    region = " ".join(part for part in (value.state, value.postal_code) if part)
    country = "" if value.country in {"", "US"} else value.country
    return ", ".join(part for part in (value.street, value.city, region, country) if part)


def receiver(value: work_order_pb2.ShipTo) -> str:
    """Who receives parts, and where, in one line."""
    region = " ".join(part for part in (value.state, value.postal_code) if part)
    return ", ".join(part for part in (value.name, value.street, value.city, region) if part)


def one_line(text: str) -> str:
    """The text without line breaks and runs of spaces: a header can hold it."""
    return " ".join(text.split())


def excerpt(text: str, length: int = 2_000) -> str:
    """At most `length` characters, cut at a word, with an ellipsis where something is missing."""
    text = text.strip()
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(None, 1)[0].rstrip(",;:.") + "…"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
