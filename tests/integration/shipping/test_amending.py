"""What becomes of requests, orders, parcels and targets after parts were asked for, event by event."""

from datetime import UTC, date, datetime

import pytest
from fieldmesh.workorders.v1 import events_pb2, work_order_pb2

from services.shipping.domain.fulfilment import PartsNotRequested
from tests.integration.shipping.conftest import DISPATCHER, PARTNER, STRANGER, Desk, carrier_says, parts
from tests.integration.shipping.test_parts import organization

ANNOUNCED, HANDED_OVER, IN_TRANSIT, DELIVERED = 1, 2, 3, 5
OPEN, DEAD = 1, 4
CANCELLED, REPLACED, RETURNING = 1, 2, 3
TUESDAY, FRIDAY = date(2026, 3, 3), date(2026, 3, 6)
AWAITING = work_order_pb2.SLA_STATE_AWAITING_DELIVERY_DATE


def asked(version: int, *, lines: bool = False, **more: object) -> events_pb2.PartsWanted:
    wanted = parts(version)
    wanted.ship_to.street = "9 Oak Rd"
    if not lines:
        del wanted.lines[:]
    for name, value in more.items():
        setattr(wanted, name, value)
    return wanted


def sent(desk: Desk, *states: int) -> str:
    """An order with a parcel in each state, expected on Tuesday; gives its number."""
    organization(desk, places=True, version=1)
    desk.accept(acceptance_version=1)
    number = desk.list("FulfilmentOrder")[0].number
    for place, state in enumerate(states):
        desk.track(carrier_says(1, state, tracking=f"T{place}", order=number, expected=TUESDAY))
    return number


def end(desk: Desk, *effects: str, **more: object) -> None:
    desk.move(effects=("release_parts", *effects), acceptance_version=1, category=DEAD, state_label="Cancelled", **more)


def told(desk: Desk) -> events_pb2.WorkOrderMoved:
    return desk.told("FulfilmentProgressed")[-1].parts


@pytest.mark.req("CP-87")
def test_a_request_that_was_not_ordered_is_cancelled_with_its_work_order(desk: Desk) -> None:
    desk.accept(acceptance_version=1)

    end(desk)

    assert [each.state for each in desk.list("PartsRequest")] == [3]
    with pytest.raises(PartsNotRequested):
        desk.place()
    organization(desk, places=True, version=1)
    assert desk.list("FulfilmentOrder") == []


@pytest.mark.req("CP-87")
def test_an_order_whose_parcels_did_not_leave_is_cancelled_and_late_messages_never_move_it(desk: Desk) -> None:
    number = sent(desk, ANNOUNCED)

    end(desk)
    late = desk.track(
        carrier_says(5, DELIVERED, tracking="T0"), carrier_says(1, HANDED_OVER, tracking="T9", order=number)
    )

    (order,) = desk.list("FulfilmentOrder")
    assert (order.outcome, order.phase) == (CANCELLED, 2)
    assert [each.applied for each in late] == [True, True]
    assert [(each.state, each.retirement) for each in desk.list("Parcel")] == [(DELIVERED, 4), (HANDED_OVER, 4)]
    assert len(desk.told("FulfilmentProgressed")) == 3
    assert (told(desk).phase, list(told(desk).parcels), told(desk).order_number) == (0, [], number)
    assert desk.target().state == work_order_pb2.SLA_STATE_VOID
    assert desk.list("Rma") == []


@pytest.mark.req("CP-47")
@pytest.mark.req("CP-87")
@pytest.mark.req("B-6")
def test_what_left_comes_back_and_only_the_parties_see_the_return(desk: Desk) -> None:
    sent(desk, IN_TRANSIT)

    end(desk)

    (rma,) = desk.list("Rma", PARTNER)
    assert (rma.number, rma.order_class, rma.state) == ("00051201", "Return Material Authorization", 1)
    assert (rma.work_order_number, rma.reason) == ("20107925", "Cancelled")
    assert [(line.part_number, line.quantity) for line in rma.lines] == [("VT40-HEAD", 1)]
    assert (len(desk.list("Rma", DISPATCHER)), desk.list("Rma", STRANGER)) == (1, [])
    assert [each.outcome for each in desk.list("FulfilmentOrder")] == [RETURNING]


@pytest.mark.req("CP-33")
def test_where_work_cannot_be_completed_the_clock_stops_and_only_unused_parts_come_back(desk: Desk) -> None:
    sent(desk, DELIVERED)
    desk.clock.set(datetime(2026, 3, 4, 15, tzinfo=UTC))

    used = desk.list("FulfilmentOrder")[0].lines[0].line_item_id
    moved = events_pb2.WorkOrderMoved(effects=["stop_clock", "release_parts"], finished_line_item_ids=[used])
    desk.tell(moved, acceptance_version=1, category=DEAD)

    assert desk.list("Rma") == []
    assert desk.target().state == work_order_pb2.SLA_STATE_MET


@pytest.mark.req("CP-73")
def test_an_order_that_did_not_leave_goes_to_the_corrected_address_and_its_target_awaits_a_date(desk: Desk) -> None:
    number = sent(desk, ANNOUNCED)
    assert desk.target().state == work_order_pb2.SLA_STATE_RUNNING

    desk.move(effects=("correct_ship_to",), parts=asked(2), acceptance_version=2)

    (order,) = desk.list("FulfilmentOrder")
    assert (order.number, order.phase, order.ship_to.street) == (number, 1, "9 Oak Rd")
    assert not order.HasField("expected_delivery_date")
    assert desk.target().state == AWAITING
    assert (told(desk).acceptance_version, told(desk).phase, list(told(desk).parcels)) == (2, 1, [])
    assert desk.list("PartsRequest")[0].acceptance_version == 2

    desk.track(carrier_says(2, HANDED_OVER, tracking="T0", expected=FRIDAY))
    assert (told(desk).phase, len(told(desk).parcels)) == (3, 1)
    assert desk.target().due_date.day == 9


@pytest.mark.req("CP-73")
def test_what_was_picked_up_is_sent_again_and_the_target_follows_the_new_parcels(desk: Desk) -> None:
    sent(desk, IN_TRANSIT)

    desk.move(effects=("correct_ship_to",), parts=asked(2), acceptance_version=2)

    again, first = desk.list("FulfilmentOrder")
    assert (first.outcome, again.outcome, again.ship_to.street) == (REPLACED, 0, "9 Oak Rd")
    assert [(line.part_number, line.quantity) for line in again.lines] == [("VT40-HEAD", 1)]
    assert desk.list("Rma")[0].reason == "The parts went to an address that was corrected"
    assert desk.target().state == AWAITING
    assert (told(desk).order_number, told(desk).phase) == (again.number, 1)

    desk.track(carrier_says(9, DELIVERED, tracking="T0"))
    assert told(desk).phase == 1
    desk.track(carrier_says(1, DELIVERED, tracking="N0", order=again.number, expected=FRIDAY))
    assert told(desk).phase == 4
    assert desk.target().due_date.day == 9


def test_a_lost_parcel_is_sent_again_by_a_request_that_a_dispatcher_may_place(desk: Desk) -> None:
    desk.accept(acceptance_version=1)
    number = desk.place().number
    desk.track(carrier_says(1, IN_TRANSIT, tracking="T0", order=number, expected=TUESDAY))
    (parcel,) = desk.list("Parcel")

    desk.move(effects=("replace_parcel",), parts=asked(2, lost_parcel_id=parcel.id), acceptance_version=2)

    assert [(each.acceptance_version, each.state) for each in desk.list("PartsRequest")] == [(2, 1), (1, 2)]
    assert desk.list("Parcel")[0].retirement == 1
    assert (told(desk).phase, told(desk).order_number) == (0, "")
    assert desk.target().state == AWAITING
    again = desk.place()
    assert (told(desk).phase, told(desk).order_number) == (1, again.number)


@pytest.mark.req("CP-77")
def test_a_faulty_part_is_ordered_again_at_once_and_goes_back_where_it_is_returnable(desk: Desk) -> None:
    sent(desk, DELIVERED)
    wanted = asked(2, lines=True, faulty_returns=True)
    wanted.lines[0].returnable = True

    desk.move(effects=("replace_parts", "place_order"), parts=wanted, acceptance_version=2)

    again, first = desk.list("FulfilmentOrder")
    assert (first.outcome, first.lines[0].replaced, again.phase) == (0, 1, 1)
    assert [line.part_number for line in desk.list("Rma")[0].lines] == ["VT40-HEAD"]
    assert desk.target().state == AWAITING
    desk.track(carrier_says(1, DELIVERED, tracking="N0", order=again.number, expected=FRIDAY))
    assert (told(desk).phase, desk.target().due_date.day) == (4, 9)


def test_orders_are_told_again_with_the_parts_as_they_were_told_last(desk: Desk) -> None:
    from fieldmesh.common.v1 import events_pb2 as common

    from tests.integration.shipping.test_telling_again import servicer

    sent(desk, IN_TRANSIT)
    desk.move(effects=("correct_ship_to",), parts=asked(2), acceptance_version=2)
    before = told(desk)

    first = desk.list("FulfilmentOrder")[1].id
    servicer(desk).Republish(common.RepublishRequest(aggregate_type="FulfilmentOrder", aggregate_ids=[first]), None)

    assert told(desk) == before
