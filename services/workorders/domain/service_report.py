"""What a service report of a visit says (CP-36): headings with labelled lines and tables, ready to be laid out.

Times are those of the site; what is not known is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.workorders.domain.texts import text_of
from services.workorders.domain.values import postal_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from services.workorders.domain.work_order import LineItem, WorkOrder

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Station:
    """A station of the order, in words."""

    name: str
    serial_number: str = ""
    mac_address: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the order itself does not hold: its state's label, its stations, parts by id, and deliverables."""

    state_label: str
    stations: Sequence[Station] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    required: Sequence[str] = ()
    present: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its header; `weights` say how wide the columns are beside each other."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with labelled lines, a table, or both."""

    heading: str
    lines: tuple[Line, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """The whole report; `signatures` are the roles that sign it."""

    title: str
    subtitle: str
    made: str
    sections: tuple[Section, ...]
    signatures: tuple[str, ...]


def service_report(order: WorkOrder, known: Known, now: datetime) -> ServiceReport:
    """The report of an order as it stands at `now`."""
    zone = _zone(order.site_time_zone)
    sections = (
        Section("Work order", _told(_order_lines(order, known))),
        Section("Customer and site", _told(_site_lines(order))),
        Section("Stations", table=_stations(known)),
        Section("Work done", table=_tasks(order, known)),
        Section("Visit", _told(_visit_lines(order, zone))),
        Section("Costs", _told(_cost_lines(order))),
        Section(
            "Deliverables", tuple((name, "there" if name in known.present else "missing") for name in known.required)
        ),
    )
    return ServiceReport(
        title=f"Service report {order.number}",
        subtitle=order.subject,
        made=f"Made {_instant(now, zone)}",
        sections=tuple(section for section in sections if section.lines or (section.table and section.table.rows)),
        signatures=(f"Technician: {order.technician.name}".rstrip(": "), "Customer"),
    )


def _order_lines(order: WorkOrder, known: Known) -> tuple[Line, ...]:
    return (
        ("Number", order.number),
        ("Case", order.case_number),
        ("Status", known.state_label),
        ("Entitlement", order.entitlement_name),
        ("Done by", order.executor_name),
        ("Description", order.description),
    )


def _site_lines(order: WorkOrder) -> tuple[Line, ...]:
    site = order.site_address
    contact = ", ".join(filter(None, (order.contact_name, order.contact_phone, order.contact_email)))
    return (
        ("Account", order.account_name),
        ("Site", postal_line(site.street, site.city, site.state, site.postal_code, site.country)),
        ("Contact", contact),
    )


def _visit_lines(order: WorkOrder, zone: tzinfo) -> tuple[Line, ...]:
    arrived, left = order.visit.arrive_time, order.visit.depart_time
    return (
        ("Technician", ", ".join(filter(None, (order.technician.name, order.technician.phone)))),
        ("Appointment", _instant(order.appointment.start_time, zone)),
        ("Arrived", _instant(arrived, zone)),
        ("Left", _instant(left, zone)),
        ("On site", _length(arrived, left)),
        ("Travel", text_of(order.travel) if order.travel.round_trip_miles is not None else ""),
    )


def _cost_lines(order: WorkOrder) -> tuple[Line, ...]:
    costs = order.costs
    rental = ", ".join(filter(None, (text_of(costs.rental_cost), costs.rental_details)))
    permit = ", ".join(filter(None, (text_of(costs.permit_cost), costs.permit_details)))
    return ("Rental equipment", rental), ("Permit", permit)


def _stations(known: Known) -> Table:
    rows = tuple((each.name, each.model, each.serial_number, each.mac_address) for each in known.stations)
    return Table(("Station", "Model", "Serial number", "MAC address"), rows, (4, 3, 3, 3))


def _tasks(order: WorkOrder, known: Known) -> Table:
    rows = tuple(
        (item.number, item.work_type_name, item.station_name, text_of(item.state), item.result, _parts(item, known))
        for item in order.line_items
    )
    return Table(("Item", "Task", "Station", "State", "Result", "Parts"), rows, (2, 4, 3, 2, 4, 4))


def _parts(item: LineItem, known: Known) -> str:
    return ", ".join(f"{need.quantity} × {known.parts.get(need.part_id, 'part')}" for need in item.parts)


def _told(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple((label, value) for label, value in lines if value)


def _instant(value: datetime | None, zone: tzinfo) -> str:
    return f"{value.astimezone(zone):%-d %b %Y, %H:%M %Z}" if value else ""


def _length(arrived: datetime | None, left: datetime | None) -> str:
    if arrived is None or left is None or left < arrived:
        return ""
    hours, minutes = divmod(int((left - arrived).total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02d} min"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
