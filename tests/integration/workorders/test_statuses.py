"""What the portal's statuses mean, and what history tells of them (CP-20 to CP-29, CP-45)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.integration.workorders.conftest import APPROVER, BLUEFERN, DISPATCHER, PARTNER, STRANGER, acceptance


def offered(desk, order, caller):
    return {each.name for each in desk.orders("ListAvailableTransitions", caller, work_order_id=order.id).transitions}


@pytest.mark.req("CP-23")
@pytest.mark.req("CP-24")
@pytest.mark.req("CP-25")
@pytest.mark.req("CP-26")
@pytest.mark.req("CP-27")
@pytest.mark.req("CP-28")
@pytest.mark.req("CP-29")
def test_each_status_stands_for_what_has_happened(desk):
    seen = [desk.allocated()]
    assigned = seen[0]
    assert assigned.HasField("assigned_time")
    assert not assigned.HasField("accept_time")
    assert [row.transition for row in desk.history(assigned)][-1] == "allocate"

    seen.append(desk.fire(assigned, "accept", PARTNER, **acceptance()).work_order)
    assert seen[-1].ship_to.street == "12 Elm St"
    assert "place_order" in offered(desk, assigned, DISPATCHER)
    for phase in (1, 2, 3, 4):
        desk.parts(assigned, phase, phase)
        seen.append(desk.get(assigned.id))

    assert seen[2].fulfilment.order_number == "00287387"
    assert "place_order" not in offered(desk, assigned, DISPATCHER)
    assert [order.state_label for order in seen] == [
        "Assigned", "Ship-To Received", "Parts Ordered", "Shipping", "Shipped", "In Progress",
    ]  # fmt: skip
    ranks = [order.state_rank for order in seen]
    assert ranks == sorted(ranks)
    moved = [(row.old_value, row.new_value) for row in desk.history(assigned) if row.field == "state"]
    assert moved[-2:] == [("Shipped", "Parts Delivered"), ("Parts Delivered", "In Progress")]


@pytest.mark.req("CP-29")
def test_work_without_parts_is_in_progress_at_once(desk):
    order = desk.allocated(parts=False)
    travel = {"paths": acceptance()["paths"][-3:], "values": acceptance()["values"]}

    accepted = desk.fire(order, "accept_without_parts", PARTNER, **travel).work_order

    assert accepted.state_label == "In Progress"


@pytest.mark.req("CP-45")
def test_history_keeps_a_strict_sequence_people_and_integrations_and_values_before_and_after(desk):
    order = desk.accepted()
    desk.parts(order, 3, 1)
    desk.parts(order, 4, 2)

    rows = desk.history(order)

    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert len({row.change_time.ToJsonString() for row in rows}) == 1, "one moment here; the sequence tells the order"
    states = [row for row in rows if row.field == "state"]
    assert all(later.old_value == earlier.new_value for earlier, later in pairwise(states))
    assert {row.field_label for row in states} == {"Status"}
    who = {row.transition: (row.actor.display_name, row.actor.organization_id) for row in rows}
    assert who["allocate"] == ("Dispatcher Of Voltara", "voltara")
    assert who["accept"] == ("Partner Of Bluefern", "bluefern")
    assert who["parts_delivered"] == ("shipping", "")
    address = next(row for row in rows if row.field == "ship_to")
    assert (address.field_label, address.old_value) == ("Shipping information", "")
    assert "12 Elm St, Waco, TX 76701, US" in address.new_value
    assert desk.history(order, STRANGER) == []


@pytest.mark.req("CP-20")
@pytest.mark.req("CP-16")
def test_an_entitlement_is_assure_nonassure_or_none_and_a_line_item_has_a_warranty_type(desk):
    orders = [desk.create(entitlement_id=desk.ids.get(key, ""), line_items=0) for key in ("assure", "other", "")]
    item = {"work_order_id": orders[2].id, "work_type_id": desk.ids["wiring"], "warranty_type": "Voltara Assure"}
    desk.kit("LineItem", "CreateLineItem", DISPATCHER, line_item=item)

    assert [order.entitlement_name for order in orders] == ["Repair SLA Assure", "Repair SLA NonAssure", ""]
    assert [each.warranty_type for each in desk.items(orders[2], DISPATCHER)] == ["Voltara Assure"]


@pytest.mark.req("CP-21")
@pytest.mark.req("CP-54")
def test_a_territory_gives_its_orders_name_zone_time_zone_and_calendar(desk):
    state = desk.kit(
        "Territory", "CreateTerritory", DISPATCHER, request_id=desk.request_id(),
        territory={"name": "Arizona", "zone": "Zone 3", "time_zone": "America/Phoenix",
                   "calendar_name": "US business days", "served_by": ["bluefern"]},
    )  # fmt: skip
    site = desk.kit(
        "Facility", "CreateFacility", DISPATCHER, request_id=desk.request_id(),
        facility={"name": "Saguaro", "account_id": desk.ids["account"], "territory_id": state.id},
    )  # fmt: skip

    metro = desk.accepted()
    order = desk.create(territory_id=state.id, facility_id=site.id, station_ids=[], line_items=0)
    task = {"work_order_id": order.id, "work_type_id": desk.ids["wiring"]}
    desk.kit("LineItem", "CreateLineItem", DISPATCHER, line_item=task)
    order = desk.fire(order, "allocate", DISPATCHER, executor_org=BLUEFERN).work_order
    travel = {"paths": acceptance()["paths"][-3:], "values": acceptance()["values"]}
    accepted = desk.fire(order, "accept_without_parts", PARTNER, **travel).work_order

    assert (metro.territory_name, metro.travel.zone, metro.site_time_zone) == (
        "Texas - Waco", "Zone 2", "America/Chicago",
    )  # fmt: skip
    assert (accepted.territory_name, accepted.travel.zone, accepted.site_time_zone) == (
        "Arizona", "Zone 3", "America/Phoenix",
    )  # fmt: skip
    assert desk.told()[-1].work_order.calendar_name == "US business days"


@pytest.mark.req("CP-13")
def test_a_pinned_view_is_this_users_default_until_another_is_pinned(desk):
    from fieldmesh.workorders.v1 import view_service_pb2

    def pinned(caller):
        views = desk.call(desk.app.views, "ListViews", caller, view_service_pb2.ListViewsRequest()).views
        return [view.code for view in views if view.pinned]

    before = pinned(PARTNER)
    for code in ("all", "completed_closed"):
        desk.call(desk.app.views, "PinView", PARTNER, view_service_pb2.PinViewRequest(code=code))

    assert (before, pinned(PARTNER), pinned(APPROVER)) == (["my_open"], ["completed_closed"], ["my_open"])
