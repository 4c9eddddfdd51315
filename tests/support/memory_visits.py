"""Visits on the calendar, and what technicians tells of people's shifts and absences, for pages to show."""

from __future__ import annotations

import datetime as dt
import re

from fieldmesh.technicians.v1 import availability_service_pb2, technician_absence_pb2
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2

from tests.support.memory_data import ident
from tests.support.memory_orders import SERVICE

LIST = f"{SERVICE}.WorkOrderService/ListWorkOrders"
MONDAY = dt.date(2026, 3, 2)
CHICAGO = dt.timedelta(hours=6)
AVAILABILITY = "/fieldmesh.technicians.v1.AvailabilityService/ListAvailability"
HOLIDAY = technician_absence_pb2.ABSENCE_KIND_HOLIDAY


def order(number, day, clock, person="", **fields):
    """An order with a visit on a day, by the clock of Chicago in winter."""
    made = work_order_pb2.WorkOrder(
        id=ident("visit", number), number=f"{number}", subject=f"Repair {number}", workflow="partner_service",
        state_label="In Progress", state_tone="warning", category=1, facility_name="Harbor Glen", **fields,
    )  # fmt: skip
    made.site_address.street, made.site_address.city = "2100 Riverside Dr", "Columbus"
    made.site_address.state, made.site_address.postal_code = "OH", "43221"
    made.update_time.FromDatetime(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
    made.appointment.date.year, made.appointment.date.month, made.appointment.date.day = day.year, day.month, day.day
    made.appointment.time, made.appointment.time_zone = clock, "America/Chicago"
    start = dt.datetime.combine(day, dt.time.fromisoformat(clock), dt.UTC) + CHICAGO
    made.appointment.start_time.FromDatetime(start)
    if person:
        made.technician.name, made.technician.person_id = person, ident("person", len(person))
    return made


class Agreed:
    """What the service lists; `asked` holds who asked and for what."""

    def __init__(self):
        self.orders, self.asked, self.refusal = [], [], None

    def __call__(self, request, caller):
        self.asked.append((caller, request.query))
        if self.refusal:
            raise self.refusal
        return work_order_service_pb2.ListWorkOrdersResponse(work_orders=self.orders)


def period(day, begins, ends, days=0):
    """From an hour of March 2026 until another, by the clock of Chicago."""
    made = availability_service_pb2.Period()
    for stamp, date, hour in ((made.start_time, day, begins), (made.end_time, day + days, ends)):
        stamp.FromDatetime(dt.datetime(2026, 3, date, tzinfo=dt.UTC) + dt.timedelta(hours=hour + 6))
    return made


def somebody(name, shifts=(), absences=(), **fields):
    return availability_service_pb2.TechnicianAvailability(
        technician_id=ident("technician", name), person_id=ident("person", len(name)), name=name,
        time_zone="America/Chicago", shifts=shifts, absences=absences, has_shifts=bool(shifts), **fields,
    )  # fmt: skip


class Crew:
    """What technicians tells; `asked` holds every question."""

    def __init__(self):
        self.people, self.asked, self.refusal = [], [], None

    def __call__(self, request, caller):
        self.asked.append((caller, request))
        if self.refusal:
            raise self.refusal
        found = [] if request.technician_ids else self.people
        return availability_service_pb2.ListAvailabilityResponse(technicians=found)


def made_link(person, name="My phone", what="all"):
    """The address of a new secret link of somebody."""
    person.get("/calendar/links")
    shown = person.post("/calendar/links", {"name": name, "what": what})
    assert shown.status_code == 200, shown.text
    return re.search(r"/calendar/feed/[\w-]+\.ics", shown.text)[0]
