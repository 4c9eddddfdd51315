"""Appointments as the services tell them: read as the viewer, so that nobody's calendar shows more than their lists."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc

from admin.grpcfab.context import mesh

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_SIZE: Final = 200
MOST: Final = 2000
# A site's date is at most this far from that of UTC.
FURTHEST: Final = dt.timedelta(hours=14)
NOBODY: Final = "Nobody yet"
_DEAD: Final = work_order_pb2.STATE_CATEGORY_DEAD


@dataclass(frozen=True)
class Visit:
    """An appointment: its day and clock at the site, the instant, who goes, and the order that it belongs to."""

    day: dt.date
    clock: str
    zone: str
    start: dt.datetime
    person_id: str
    person: str
    order: work_order_pb2.WorkOrder
    beside: tuple[tuple[str, str], ...] = ()
    """Who else goes, by person id and name."""

    @property
    def url(self) -> str:
        """Address of the record; those of all workflows stand among work orders."""
        return f"/work-orders/{self.order.id}"

    @property
    def people(self) -> tuple[tuple[str, str], ...]:
        """Everybody who goes, by person id and name; one without a name where nobody does yet."""
        return ((self.person_id, self.person), *self.beside)

    @property
    def names(self) -> str:
        """Who goes, in words."""
        return ", ".join(name for _, name in self.people)

    def is_of(self, person_id: str) -> bool:
        """Whether a person goes there."""
        return any(one == person_id for one, _ in self.people)

    @property
    def place(self) -> str:
        """The site and its address in one line."""
        site = self.order.site_address
        parts = (self.order.facility_name, site.street, site.city, f"{site.state} {site.postal_code}".strip())
        return ", ".join(part for part in parts if part)


def between(first: dt.date, last: dt.date) -> tuple[list[Visit], bool]:
    """Visits from one day at the site to another, both included, by time; and whether more than fit were there."""
    start = dt.datetime.combine(first, dt.time(), dt.UTC) - FURTHEST
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC) + FURTHEST
    found: list[Visit] = []
    for order in _orders(start, end):
        if len(found) == MOST:
            return found, True
        visit = visit_of(order)
        if visit is not None and first <= visit.day <= last:
            found.append(visit)
    return found, False


def visit_of(order: work_order_pb2.WorkOrder) -> Visit | None:
    """The visit of an order; None where it has no appointment, or none that still stands."""
    agreed = order.appointment
    if not agreed.HasField("start_time") or order.category == _DEAD:
        return None
    goes = order.assignee if order.assignee.name else order.technician
    return Visit(
        day=dt.date(agreed.date.year, agreed.date.month, agreed.date.day),
        clock=agreed.time,
        zone=agreed.time_zone,
        start=agreed.start_time.ToDatetime(tzinfo=dt.UTC),
        person_id=goes.person_id,
        person=goes.name or NOBODY,
        order=order,
        beside=tuple((each.person_id, each.name) for each in order.further_technicians),
    )


def _orders(start: dt.datetime, end: dt.datetime) -> Iterator[work_order_pb2.WorkOrder]:
    query = list_pb2.ListQuery(
        filters=[
            _condition(list_pb2.FILTER_OPERATOR_AT_LEAST, start),
            _condition(list_pb2.FILTER_OPERATOR_LESS, end),
        ],
        order_by="appointment",
        page_size=PAGE_SIZE,
    )
    stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
    while True:
        answer: Any = stub.ListWorkOrders(work_order_service_pb2.ListWorkOrdersRequest(query=query))
        yield from answer.work_orders
        if not answer.page.next_page_token:
            return
        query.page_token = answer.page.next_page_token


def _condition(operator: list_pb2.FilterOperator.ValueType, value: dt.datetime) -> list_pb2.Filter:
    return list_pb2.Filter(field="appointment", operator=operator, values=[value.isoformat()])
