"""From the acceptance to the last parcel."""

from datetime import date

import pytest
from fieldmesh.common.v1 import events_pb2
from fieldmesh.shipping.v1 import fulfilment_order_pb2, parts_request_pb2, shipment_pb2
from fieldmesh.technicians.v1 import events_pb2 as technician_events

from services.chassis.errors import AlreadyExists, InvalidRequest
from services.shipping.domain.errors import OrderHidden
from services.shipping.domain.fulfilment import PartsNotRequested
from tests.integration.shipping.conftest import DISPATCHER, PARTNER, STRANGER, Desk, carrier_says

Phase, Parcel = fulfilment_order_pb2.FulfilmentPhase, shipment_pb2.ParcelState
ANNOUNCED, HANDED_OVER, IN_TRANSIT, DELIVERED = 1, 2, 3, 5


def organization(desk: Desk, *, places: bool, version: int, return_days: int | None = None) -> None:
    changed = technician_events.OrganizationChanged()
    changed.organization.id, changed.organization.name = "voltara", "Voltara"
    changed.organization.auto_place_orders, changed.organization.version = places, version
    if return_days is not None:
        changed.organization.return_days = return_days
    desk.handle("organization_changed", events_pb2.Event(), changed)


@pytest.mark.req("CP-71")
def test_an_acceptance_opens_one_request_for_parts(desk: Desk) -> None:
    desk.accept()
    desk.accept()

    requests = desk.list("PartsRequest")
    assert [(each.work_order_number, each.acceptance_version, each.state) for each in requests] == [
        ("20107925", 1, parts_request_pb2.PARTS_REQUEST_STATE_REQUESTED)
    ]
    assert requests[0].lines[0].part_number == "VT40-HEAD"
    assert requests[0].ship_to.postal_code == "43215"


def test_an_event_that_came_before_changes_nothing(desk: Desk) -> None:
    desk.accept()
    desk.versions["w1"] = 0

    desk.accept(site_time_zone="America/Denver")

    assert desk.target().time_zone == "America/Chicago"


@pytest.mark.req("CP-17")
@pytest.mark.req("CP-47")
def test_placing_an_order_numbers_it_once(desk: Desk) -> None:
    desk.accept()

    first, again = desk.place(request_id="a"), desk.place(request_id="b")

    assert (first.number, first.order_class) == ("00287387", "Assure Fulfillment Sales Order")
    assert again == first
    told = desk.told("FulfilmentProgressed")
    assert [(each.order_number, each.phase, each.version) for each in told] == [
        ("00287387", fulfilment_order_pb2.FULFILMENT_PHASE_PLACED, 1)
    ]


def test_numbers_ascend(desk: Desk) -> None:
    for order in ("w1", "w2"):
        desk.accept(order)

    assert [desk.place(order=order).number for order in ("w1", "w2")] == ["00287387", "00287388"]


def test_a_repeated_request_gets_the_same_answer_and_another_one_is_refused(desk: Desk) -> None:
    desk.accept()
    first = desk.place(request_id="a")

    assert desk.place(request_id="a") == first
    with pytest.raises(AlreadyExists):
        desk.place(request_id="a", acceptance_version=1)


def test_an_order_without_a_request_cannot_be_placed(desk: Desk) -> None:
    desk.move()

    with pytest.raises(PartsNotRequested):
        desk.place()


@pytest.mark.req("B-6")
def test_hidden_orders_are_missing(desk: Desk) -> None:
    desk.accept()
    desk.place()

    with pytest.raises(OrderHidden):
        desk.place(STRANGER)
    assert [len(desk.list("FulfilmentOrder", caller)) for caller in (DISPATCHER, PARTNER, STRANGER)] == [1, 1, 0]


@pytest.mark.req("CP-25")
def test_orders_are_placed_by_themselves_where_the_issuer_says_so(desk: Desk) -> None:
    organization(desk, places=True, version=1)

    desk.accept()

    assert [each.number for each in desk.list("FulfilmentOrder")] == ["00287387"]


def test_open_requests_are_placed_when_the_setting_comes_late(desk: Desk) -> None:
    desk.accept()
    organization(desk, places=True, version=2)
    organization(desk, places=False, version=1)

    assert len(desk.list("FulfilmentOrder")) == 1
    desk.accept("w2")
    assert len(desk.list("FulfilmentOrder")) == 2


def test_the_dispatchers_button_places_the_order_through_its_effect(desk: Desk) -> None:
    desk.accept()

    desk.move(effects=("place_order",))
    desk.move(effects=("place_order",))

    assert len(desk.list("FulfilmentOrder")) == 1


@pytest.mark.req("CP-70")
def test_a_parcel_is_followed_to_its_delivery(desk: Desk) -> None:
    desk.accept()
    number = desk.place().number

    desk.track(carrier_says(1, ANNOUNCED, order=number))
    desk.track(carrier_says(2, HANDED_OVER, expected=date(2026, 3, 1)))
    desk.track(carrier_says(3, DELIVERED, hour=20))

    phases = [each.phase for each in desk.told("FulfilmentProgressed")]
    assert phases == [1, 2, 3, 4]
    parcel = desk.list("Parcel", PARTNER)[0]
    assert (parcel.state, parcel.required, parcel.delivery_date.day) == (DELIVERED, True, 1)
    assert [each.carrier_sequence for each in desk.list("TrackingEvent", PARTNER)] == [3, 2, 1]
    assert desk.list("Shipment")[0].pickup_date.day == 28


def test_messages_out_of_order_and_twice_never_move_an_order_back(desk: Desk) -> None:
    desk.accept()
    number = desk.place().number
    desk.track(carrier_says(5, DELIVERED, order=number))

    late = desk.track(carrier_says(2, HANDED_OVER), carrier_says(5, DELIVERED), carrier_says(3, IN_TRANSIT))

    assert [(each.applied, each.message) for each in late] == [
        (False, "A newer message is known."),
        (False, "This message came before."),
        (False, "A newer message is known."),
    ]
    assert [each.phase for each in desk.told("FulfilmentProgressed")] == [1, 4]


def test_the_last_required_parcel_counts(desk: Desk) -> None:
    desk.accept()
    number = desk.place().number
    desk.track(
        carrier_says(1, DELIVERED, tracking="A", order=number, required_parcels=3),
        carrier_says(1, DELIVERED, tracking="B", order=number),
        carrier_says(1, IN_TRANSIT, tracking="X", order=number, optional_parcel=True),
    )
    assert desk.list("FulfilmentOrder")[0].phase == 2

    desk.track(carrier_says(1, DELIVERED, tracking="C", order=number))

    assert desk.list("FulfilmentOrder")[0].phase == 4


def test_an_unknown_parcel_is_refused_and_the_others_are_taken(desk: Desk) -> None:
    desk.accept()
    number = desk.place().number

    results = desk.track(
        carrier_says(1, ANNOUNCED, tracking="lost"),
        carrier_says(1, ANNOUNCED, tracking="wrong", order="99999999"),
        carrier_says(1, ANNOUNCED, order=number),
    )

    assert [each.refused for each in results] == [True, True, False]
    assert len(desk.list("Parcel")) == 1


def test_malformed_messages_name_every_wrong_field(desk: Desk) -> None:
    with pytest.raises(InvalidRequest) as refused:
        desk.track(carrier_says(0, ANNOUNCED, tracking=""), carrier_says(1, 9))

    assert [each.field for each in refused.value.violations] == [
        "updates[0].tracking_number",
        "updates[0].carrier_sequence",
        "updates[1].state",
    ]


def test_new_parties_reach_every_row_of_the_order(desk: Desk) -> None:
    desk.accept()
    desk.track(carrier_says(1, ANNOUNCED, order=desk.place().number))
    technician = PARTNER.__class__("p-7", roles=frozenset({"technician"}), organization_id="x", technician_id="t1")
    assert desk.list("Parcel", technician) == []

    moved = parties_with("t1")
    desk.move(parties=moved)

    for resource in ("PartsRequest", "FulfilmentOrder", "Shipment", "Parcel", "TrackingEvent", "SlaTarget"):
        assert len(desk.list(resource, technician)) >= 1, resource


def parties_with(technician: str):
    from fieldmesh.common.v1 import types_pb2

    return types_pb2.Parties(
        issuer_org="voltara", executor_org="bluefern", technician_ids=[technician], scope_version=2
    )
