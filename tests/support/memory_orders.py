"""A work order with everything that hangs on it, for pages to show; what may be done with it is asked of the engine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1.types_pb2 import Actor, Address
from fieldmesh.shipping.v1.fulfilment_order_pb2 import FulfilmentOrder
from fieldmesh.shipping.v1.shipment_pb2 import Parcel
from fieldmesh.workorders.v1 import (
    attachment_pb2,
    case_pb2,
    entitlement_pb2,
    feed_pb2,
    history_entry_pb2,
    line_item_pb2,
    part_pb2,
    view_service_pb2,
    work_order_pb2,
    work_order_service_pb2,
)
from google.type.date_pb2 import Date

from services.chassis.errors import InvalidRequest, Violation
from services.workorders import seeds, wire
from services.workorders.domain import bulk
from services.workorders.domain.workflow import Offer
from services.workorders.handlers.choices import Choices
from services.workorders.handlers.facts import Reason
from services.workorders.presenting import offer_message
from services.workorders.views import DEFAULT_CODE, VIEWS
from tests.support import orders
from tests.support.memory_data import ident

if TYPE_CHECKING:
    from tests.support.memory_mesh import MemoryMesh

SERVICE = "/fieldmesh.workorders.v1"
ORDER = ident("work order", 1)
NUMBER = "20107925"
PEOPLE = {
    "partner": orders.PARTNER_USER,
    "dispatcher": orders.DISPATCHER,
    "approver": orders.APPROVER,
    "technician": orders.TECHNICIAN,
    "admin": orders.ADMIN,
}


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """An instant of March 2026."""
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=dt.UTC)


def a_work_order(mesh: MemoryMesh) -> work_order_pb2.WorkOrder:
    """An order in progress, of the partner's organisation, with nothing left empty."""
    case = mesh.put(case_pb2.Case(id=ident("case", 1), case_number="15576001", subject="No power"))
    entitlement = mesh.put(entitlement_pb2.Entitlement(id=ident("entitlement", 1), name="Repair SLA Assure"))
    order = work_order_pb2.WorkOrder(
        id=ORDER, number=NUMBER, state="in_progress", state_label="In Progress", state_tone="warning", category=1,
        executor_org=ident("organization", "Bluefern Dispatch"), executor_name="Bluefern Dispatch",
        issuer_org=ident("organization", "Voltara"),
        subject="Assure - VT-40 - Head Replacement (Ver 01)", description="Replace the head.\nRun the self test.",
        case_id=case.id, case_number=case.case_number,
        account_id=ident("account", 0), account_name="Harbor Glen Apartments",
        facility_id=ident("facility", 0),
        site_address=Address(street="210 Harbor Glen Dr", city="San Diego", state="CA", postal_code="92101",
                             country="US"),
        site_time_zone="America/Los_Angeles", station_ids=[ident("station", 0)], station_count=15,
        site_validation_count=2, contact_name="Sam Riley", contact_email="sam@example.com",
        contact_phone="619-555-0144", territory_name="California - San Diego Metro",
        entitlement_id=entitlement.id, entitlement_name=entitlement.name, work_type_name="Head replacement",
        parts_required=True, customer_service_executive_name="Jonas Reidel", priority=work_order_pb2.PRIORITY_HIGH,
        technician=work_order_pb2.SiteTechnician(name="Rosa Imani", email="rosa@example.com", phone="619-555-0102"),
        scheduling_completed_date=Date(year=2026, month=3, day=2),
        sla=work_order_pb2.SlaSummary(version=3, state=work_order_pb2.SLA_STATE_RUNNING,
                                      due_date=Date(year=2026, month=3, day=6), time_zone="America/Los_Angeles"),
    )  # fmt: skip
    order.assigned_time.FromDatetime(at(2, 14, 55))
    order.sla.due_time.FromDatetime(at(7, 8))
    order.appointment.start_time.FromDatetime(at(5, 18, 30))
    order.visit.arrive_time.FromDatetime(at(5, 18, 40))
    order.visit.depart_time.FromDatetime(at(5, 20))
    mesh.put(order)
    _records(mesh)
    _parts(mesh)
    return order


def _records(mesh: MemoryMesh) -> None:
    part = mesh.put(part_pb2.Part(id=ident("part", 1), part_number="VT40-HEAD", name="Head", returnable=True))
    tasks = (("Head replacement", 2, "Replace the head."), ("Wiring verification", 1, "Torque the clamps."))
    for number, (name, state, description) in enumerate(tasks, 1):
        item = line_item_pb2.LineItem(
            id=ident("line item", number), work_order_id=ORDER, number=f"{number:08d}", work_type_name=name,
            work_type_id=ident("work type", name), station_id=ident("station", 0), station_name="Bay 01",
            warranty_type="Voltara Assure", description=description, state=state,
        )  # fmt: skip
        if number == 1:
            item.parts.add(part_id=part.id, quantity=1)
        mesh.put(item)
    changes = (
        ("Status", "Megan Ortiz", "Assigned", "Ship-To Received"),
        ("Status", "shipping", "Shipped", "Parts Delivered"),
        ("Status", "shipping", "Parts Delivered", "In Progress"),
    )
    for sequence, (label, who, old, new) in enumerate(changes, 9):
        entry = history_entry_pb2.HistoryEntry(
            id=ident("history", sequence), work_order_id=ORDER, sequence=sequence, field="state", field_label=label,
            actor=Actor(display_name=who), old_value=old, new_value=new,
        )  # fmt: skip
        entry.change_time.FromDatetime(at(4, 17, 22))
        # The memory keeps what the contracts call rows; history has no etag of its own.
        mesh.rows[entry.DESCRIPTOR.full_name][entry.id] = entry
    file = attachment_pb2.Attachment(
        id=ident("file", 1), work_order_id=ORDER, title="before.png", deliverable="Photo before",
        media_type="image/png", size_bytes=114_688, owner=Actor(display_name="Megan Ortiz"),
    )  # fmt: skip
    file.create_time.FromDatetime(at(4, 15, 26))
    mesh.rows[file.DESCRIPTOR.full_name][file.id] = file


def _parts(mesh: MemoryMesh) -> None:
    placed = FulfilmentOrder(id=ident("fso", 1), number="00287387", order_class="Assure Fulfillment Sales Order",
                             work_order_id=ORDER, phase=3,
                             expected_delivery_date=Date(year=2026, month=3, day=4))  # fmt: skip
    placed.create_time.FromDatetime(at(2, 18, 30))
    mesh.put(placed)
    parcel = Parcel(
        id=ident("parcel", 2), fulfilment_order_id=placed.id, work_order_id=ORDER, carrier="Northway Freight",
        tracking_number="NW000001", required=True, state=3,
        expected_delivery_date=Date(year=2026, month=3, day=4),
    )  # fmt: skip
    mesh.put(parcel)


class Portal:
    """The verbs of work orders in memory: views with a pin each, transitions as the shipped definition offers them."""

    def __init__(self, state: str = "in_progress") -> None:
        self.state = state
        self.changes: dict[str, Any] = {}
        self.pins: dict[str, str] = {}
        self.saved: dict[str, view_service_pb2.View] = {}
        self.batches: list[work_order_service_pb2.BatchTransitionWorkOrdersRequest] = []
        self.refused: dict[str, str] = {}
        self.choices: dict[str, Choices] = {}

    @property
    def verbs(self) -> dict[str, Any]:
        return {
            f"{SERVICE}.ViewService/ListViews": self.views,
            f"{SERVICE}.ViewService/PinView": self.pin,
            f"{SERVICE}.ViewService/SaveView": self.save_view,
            f"{SERVICE}.ViewService/DeleteView": self.delete_view,
            f"{SERVICE}.ViewService/RecordVisit": lambda *_: view_service_pb2.VisitedRecord(),
            f"{SERVICE}.ViewService/ListVisits": lambda *_: view_service_pb2.ListVisitsResponse(),
            f"{SERVICE}.WorkOrderService/ListAvailableTransitions": self.offers,
            f"{SERVICE}.WorkOrderService/ListBulkTransitions": self.bulk,
            f"{SERVICE}.CollaborationService/LikePost": self.like,
            f"{SERVICE}.CollaborationService/RecordPostViews": self.seen,
            f"{SERVICE}.WorkOrderService/BatchTransitionWorkOrders": self.batch,
        }

    def views(self, request: Any, caller: Any) -> view_service_pb2.ListViewsResponse:
        del request
        code = self.pins.get(caller.subject, DEFAULT_CODE)
        found = [wire.fill(view_service_pb2.View(), view, pinned=view.code == code) for view in VIEWS]
        for saved in self.saved.values():
            found.append(view_service_pb2.View())
            found[-1].CopyFrom(saved)
            found[-1].pinned = saved.code == code
        return view_service_pb2.ListViewsResponse(views=found)

    def pin(self, request: Any, caller: Any) -> view_service_pb2.View:
        self.pins[caller.subject] = request.code
        found = self.views(request, caller).views
        return next(view for view in found if view.code == request.code)

    def save_view(self, request: Any, caller: Any) -> view_service_pb2.View:
        if not request.view.label:
            raise InvalidRequest("Wrong.", violations=[Violation("view.label", "Give a name.")])
        saved = view_service_pb2.View()
        saved.CopyFrom(request.view)
        saved.code = saved.code or ident("view", len(self.saved))
        saved.own, saved.owner_name, saved.etag = True, caller.name, "seen"
        self.saved[saved.code] = saved
        return saved

    def delete_view(self, request: Any, caller: Any) -> view_service_pb2.DeleteViewResponse:
        del caller
        del self.saved[request.code]
        return view_service_pb2.DeleteViewResponse()

    def offers(self, request: Any, caller: Any) -> work_order_service_pb2.ListAvailableTransitionsResponse:
        del request
        who = PEOPLE[next(iter(caller.roles))]
        found = orders.WORKFLOW.available(orders.order(self.state, **self.changes), who, orders.NOW, orders.SNAPSHOTS)
        return work_order_service_pb2.ListAvailableTransitionsResponse(
            transitions=[
                offer_message(offer, _reasons(*offer.transition.reason_kinds), self.choices) for offer in found
            ]
        )

    def bulk(self, request: Any, caller: Any) -> work_order_service_pb2.ListBulkTransitionsResponse:
        del request
        definition = orders.WORKFLOW.definition
        return work_order_service_pb2.ListBulkTransitionsResponse(
            transitions=[
                work_order_service_pb2.BulkTransition(
                    workflow=definition.name,
                    workflow_label=definition.label,
                    transition=offer_message(Offer(each, (), {}), _reasons(*each.reason_kinds)),
                )
                for each in bulk.offered(definition, PEOPLE[next(iter(caller.roles))])
            ]
        )

    def like(self, request: Any, caller: Any) -> feed_pb2.FeedPost:
        post = feed_pb2.FeedPost(id=request.feed_post_id, liked=request.like, view_count=3)
        post.like_count = int(request.like)
        if request.like:
            post.liked_by.add(subject=caller.subject, display_name=caller.name)
        return post

    def seen(self, request: Any, caller: Any) -> feed_pb2.RecordPostViewsResponse:
        del caller
        return feed_pb2.RecordPostViewsResponse(view_counts=dict.fromkeys(request.feed_post_ids, 4))

    def batch(self, request: Any, caller: Any) -> work_order_service_pb2.BatchTransitionWorkOrdersResponse:
        """Every row goes well but those of `refused`, whose values are the reasons."""
        del caller
        self.batches.append(request)
        answer = work_order_service_pb2.BatchTransitionWorkOrdersResponse()
        for row in request.rows:
            result = answer.results.add(work_order_id=row.work_order_id, number=row.work_order_id[-8:], etag="read")
            if row.work_order_id in self.refused:
                result.outcome = work_order_service_pb2.BATCH_OUTCOME_REFUSED
                result.refusals.add(message=self.refused[row.work_order_id])
            else:
                result.outcome = work_order_service_pb2.BATCH_OUTCOME_DONE
                result.state_label = "On Hold"
        return answer


def _reasons(*kinds: str) -> list[Reason]:
    return [
        Reason(each.code, each.label, each.guidance, kind)
        for kind in kinds
        for each in seeds.REASONS
        if each.kind.lower() == kind
    ]
