"""What others may ask for again, and what is forgotten (hard-parts 10)."""

from datetime import date

from fieldmesh.common.v1 import events_pb2
from fieldmesh.workorders.v1 import events_pb2 as work_events

from services.chassis.versions_servicer import VersionsServicer
from services.shipping.handlers.republishing import versioned_sources
from tests.integration.shipping.conftest import Desk, carrier_says, snapshot


def servicer(desk: Desk) -> VersionsServicer:
    return VersionsServicer(desk.app.database, "shipping", versioned_sources())


def versions(desk: Desk, kind: str) -> dict[str, int]:
    answer = servicer(desk).ListVersions(events_pb2.ListVersionsRequest(aggregate_type=kind), None)
    return {each.aggregate_id: each.version for each in answer.versions}


def test_orders_and_targets_are_told_again_as_they_are_now(desk: Desk) -> None:
    desk.accept()
    placed = desk.place()
    desk.track(carrier_says(1, 2, order=placed.number, expected=date(2026, 3, 1)))
    orders, targets = desk.told("FulfilmentProgressed"), desk.told("SlaTargetChanged")
    assert versions(desk, "FulfilmentOrder") == {placed.id: orders[-1].version}
    assert versions(desk, "SlaTarget") == {"w1": targets[-1].target.version}

    for kind, aggregate in (("FulfilmentOrder", placed.id), ("SlaTarget", "w1")):
        request = events_pb2.RepublishRequest(aggregate_type=kind, aggregate_ids=[aggregate])
        assert servicer(desk).Republish(request, None).republished == 1

    again = desk.told("FulfilmentProgressed")[-1]
    assert (again.version, again.phase, again.parcels) == (orders[-1].version, orders[-1].phase, orders[-1].parcels)
    assert len(desk.told("FulfilmentProgressed")) == len(orders) + 1
    assert desk.told("SlaTargetChanged") == [*targets, targets[-1]]


def test_an_order_that_was_never_allocated_is_forgotten(desk: Desk) -> None:
    moved = work_events.WorkOrderMoved(work_order=snapshot())
    moved.work_order.ClearField("assigned_time")
    desk.handle("work_order_moved", events_pb2.Event(aggregate_version=1), moved)
    assert versions(desk, "SlaTarget") == {"w1": 0}

    deleted = work_events.WorkOrderDeleted(work_order_id="w1")
    desk.handle("work_order_deleted", events_pb2.Event(aggregate_version=2), deleted)

    assert versions(desk, "SlaTarget") == {}


def test_an_allocated_order_is_kept(desk: Desk) -> None:
    desk.move()

    deleted = work_events.WorkOrderDeleted(work_order_id="w1")
    desk.handle("work_order_deleted", events_pb2.Event(aggregate_version=2), deleted)

    assert versions(desk, "SlaTarget") == {"w1": 1}
