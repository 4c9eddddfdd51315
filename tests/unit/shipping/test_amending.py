"""What becomes of requests, orders and parcels after parts were asked for (workflows.md, rows 6b, 7a, 13 and 15)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.shipping.domain.amending import Ask, ParcelUnknown, Parts, correct, lose, release, replace_faulty
from services.shipping.domain.fulfilment import (
    FulfilmentOrder,
    Outcome,
    PartLine,
    PartsRequest,
    Phase,
    RequestState,
    progress,
)
from services.shipping.domain.known_order import Fulfilment, KnownOrder, Parties, anchor_of, summary
from services.shipping.domain.order_clock import Category
from services.shipping.domain.parcels import Parcel, ParcelState, Retirement, Sighting, see
from services.shipping.domain.ship_to import ShipTo

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
HEAD = PartLine("l1", "item-1", "head", "VT40-HEAD", "Head", 1, returnable=True)
FANS = PartLine("l2", "item-2", "fan", "VT40-FAN", "Fan tray", 2)
OLD, NEW = ShipTo(street="1 Elm St"), ShipTo(street="2 Oak Rd")


def parcel(name: str, state: ParcelState, sequence: int = 3) -> Parcel:
    sighting = Sighting(sequence, state, NOON, expected=date(2026, 3, 6))
    return see(Parcel(name, "UPS", name, required=True, ship_to_zone="UTC"), sighting).parcel


def sent(*parcels: Parcel, number: int = 1, lines: tuple[PartLine, ...] = (HEAD, FANS), **changes) -> Fulfilment:
    order = FulfilmentOrder(
        f"f{number}", f"0028738{number}", "", f"r{number}", "w1", number, lines, OLD, "UTC", **changes
    )
    return Fulfilment(progress(order, parcels).order, parcels)


def parts(*fulfilments: Fulfilment, waiting: PartsRequest | None = None) -> Parts:
    placed = (
        PartsRequest(each.parts_request_id, "w1", each.acceptance_version, each.lines, OLD, "UTC", RequestState.PLACED)
        for each in (one.order for one in fulfilments)
    )
    return Parts((*placed, *((waiting,) if waiting else ())), fulfilments)


def ask(*lines: PartLine, version: int = 2) -> Ask:
    return Ask("w1", version, f"r{version}", NEW, "UTC", lambda place: f"n{version}.{place}", lines)


def needs(request: PartsRequest) -> list[tuple[str, int]]:
    return [(line.part_number, line.quantity) for line in request.lines]


def known(acceptance: int, **changes) -> KnownOrder:
    return KnownOrder("w1", "20107925", 1, Parties(), Category.OPEN, parts_required=True, acceptance_version=acceptance,
                      assigned=NOON, **changes)  # fmt: skip


def test_an_order_that_was_not_picked_up_goes_to_the_corrected_address_under_its_number():
    one = sent(parcel("a", ParcelState.ANNOUNCED))

    amended = correct(parts(one), ask())

    (after,) = amended.fulfilments
    assert (after.order.number, after.order.ship_to, after.order.acceptance_version) == (one.order.number, NEW, 2)
    assert (after.order.phase, after.order.expected) == (Phase.PLACED, None)
    assert after.order.version > one.order.version
    assert [each.retirement for each in after.parcels] == [Retirement.VOID]
    (request,) = amended.requests
    assert (request.id, request.acceptance_version, request.ship_to) == ("r1", 2, NEW)
    assert amended.returns == []


def test_a_void_label_counts_again_with_the_carriers_next_message_and_its_new_date():
    (redirected,) = correct(parts(sent(parcel("a", ParcelState.ANNOUNCED))), ask()).fulfilments
    (void,) = redirected.parcels

    late = see(void, Sighting(2, ParcelState.ANNOUNCED, NOON, expected=date(2026, 3, 7))).parcel
    newer = see(late, Sighting(9, ParcelState.HANDED_OVER, NOON, expected=date(2026, 3, 9))).parcel
    dateless = see(late, Sighting(9, ParcelState.HANDED_OVER, NOON)).parcel

    assert (late.retirement, late.expected) == (Retirement.VOID, None)
    assert (newer.retirement, newer.expected) == (Retirement.NONE, date(2026, 3, 9))
    assert dateless.expected is None
    assert progress(redirected.order, [newer]).order.phase is Phase.SHIPPED


def test_what_was_picked_up_is_sent_again_to_the_corrected_address_and_comes_back():
    one = sent(parcel("a", ParcelState.IN_TRANSIT), parcel("b", ParcelState.ANNOUNCED))

    amended = correct(parts(one), ask())

    (after,), (request,), (going,) = amended.fulfilments, amended.requests, amended.returns
    assert after.order.outcome is Outcome.REPLACED
    assert {each.retirement for each in after.parcels} == {Retirement.REPLACED}
    assert (request.id, request.state, request.ship_to) == ("r2", RequestState.REQUESTED, NEW)
    assert needs(request) == [("VT40-HEAD", 1), ("VT40-FAN", 2)]
    assert [line.id for line in request.lines] == ["n2.0", "n2.1"]
    assert (going.order.id, [line.quantity for line in going.lines]) == ("f1", [1, 2])


def test_a_request_that_waits_goes_to_the_corrected_address_and_takes_in_what_must_go_again():
    waiting = PartsRequest("r2", "w1", 2, (HEAD,), OLD, "UTC")

    (request,) = correct(parts(sent(parcel("a", ParcelState.HANDED_OVER), lines=(FANS,)), waiting=waiting),
                         ask(version=3)).requests  # fmt: skip

    assert (request.id, request.acceptance_version, request.ship_to) == ("r2", 3, NEW)
    assert needs(request) == [("VT40-HEAD", 1), ("VT40-FAN", 2)]


def test_what_was_delivered_stays_where_it_is():
    delivered = sent(parcel("a", ParcelState.DELIVERED), lines=(HEAD,))
    on_its_way = sent(parcel("b", ParcelState.ANNOUNCED), number=2, lines=(FANS,))

    amended = correct(parts(delivered, on_its_way), ask(version=3))

    assert [one.order.id for one in amended.fulfilments] == ["f2"]
    assert amended.fulfilments[0].order.acceptance_version == 3


def test_a_lost_parcel_is_sent_again_and_waited_for_no_longer():
    amended = lose(parts(sent(parcel("a", ParcelState.IN_TRANSIT))), ask(), "a")

    (after,), (request,) = amended.fulfilments, amended.requests
    assert (after.order.outcome, after.order.phase) == (Outcome.REPLACED, Phase.SHIPPED)
    assert needs(request) == [("VT40-HEAD", 1), ("VT40-FAN", 2)]
    assert amended.returns == []


def test_the_other_parcels_of_an_order_count_on_after_one_is_lost():
    one = sent(parcel("a", ParcelState.IN_TRANSIT), parcel("b", ParcelState.DELIVERED), required_parcels=2)

    amended = lose(parts(one), ask(HEAD), "a")

    (after,), (request,) = amended.fulfilments, amended.requests
    assert needs(request) == [("VT40-HEAD", 1)]
    assert (after.order.outcome, after.order.phase) == (Outcome.COUNTS, Phase.DELIVERED)
    assert [line.remaining for line in after.order.lines] == [0, 2]


def test_the_rest_of_an_order_still_waits_for_its_parcel_when_the_only_one_announced_is_lost():
    (after,) = lose(parts(sent(parcel("a", ParcelState.IN_TRANSIT))), ask(HEAD), "a").fulfilments

    assert (after.order.outcome, after.order.phase) == (Outcome.COUNTS, Phase.OPENED)
    both = (*after.parcels, parcel("b", ParcelState.DELIVERED))
    assert progress(after.order, both).order.phase is Phase.DELIVERED


def test_a_parcel_of_another_order_cannot_be_lost():
    with pytest.raises(ParcelUnknown):
        lose(parts(sent(parcel("a", ParcelState.IN_TRANSIT))), ask(), "z")


def test_a_faulty_part_is_sent_again_and_goes_back_where_it_is_returnable_and_there():
    one = sent(parcel("a", ParcelState.DELIVERED))

    damaged = replace_faulty(parts(one), ask(HEAD), goes_back=True)
    missing = replace_faulty(parts(one), ask(HEAD), goes_back=False)
    not_wanted_back = replace_faulty(parts(one), ask(replace(FANS, quantity=1)), goes_back=True)

    assert needs(damaged.requests[0]) == [("VT40-HEAD", 1)]
    assert [line.part_number for line in damaged.returns[0].lines] == ["VT40-HEAD"]
    assert missing.returns == []
    assert not_wanted_back.returns == []
    assert [line.remaining for line in not_wanted_back.fulfilments[0].order.lines] == [1, 1]
    assert not_wanted_back.fulfilments[0].order.phase is Phase.DELIVERED


@pytest.mark.req("CP-77")
def test_faulty_parts_of_one_order_are_sent_again_by_one_request_and_go_back_together():
    fans = replace(FANS, returnable=True)
    one = sent(parcel("a", ParcelState.DELIVERED))

    amended = replace_faulty(parts(one), ask(HEAD, fans), goes_back=True)

    (request,), (after,), (going,) = amended.requests, amended.fulfilments, amended.returns
    assert needs(request) == [("VT40-HEAD", 1), ("VT40-FAN", 2)]
    assert [line.remaining for line in after.order.lines] == [0, 0]
    assert [line.replaces for line in request.lines] == [line.id for line in one.order.lines]
    assert [line.part_number for line in going.lines] == ["VT40-HEAD", "VT40-FAN"]


def test_faulty_parts_of_several_orders_go_back_with_the_order_that_sent_them():
    first, second = sent(parcel("a", ParcelState.DELIVERED)), sent(parcel("b", ParcelState.DELIVERED))
    first = replace(first, order=replace(first.order, lines=(HEAD,)))
    second = replace(second, order=replace(second.order, id="f2", acceptance_version=2, lines=(FANS,)))
    fans = replace(FANS, returnable=True)

    amended = replace_faulty(parts(first, second), ask(HEAD, fans), goes_back=True)

    assert len(amended.requests) == 1
    assert {each.order.id: [line.part_number for line in each.lines] for each in amended.returns} == {
        "f1": ["VT40-HEAD"],
        "f2": ["VT40-FAN"],
    }


@pytest.mark.req("CP-87")
def test_the_end_cancels_what_did_not_leave():
    waiting = PartsRequest("r2", "w1", 2, (HEAD,), OLD, "UTC")

    amended = release(parts(sent(parcel("a", ParcelState.ANNOUNCED)), waiting=waiting), ())

    assert [request.state for request in amended.requests] == [RequestState.CANCELLED]
    (after,) = amended.fulfilments
    assert (after.order.outcome, after.order.phase) == (Outcome.CANCELLED, Phase.OPENED)
    assert [each.retirement for each in after.parcels] == [Retirement.CANCELLED]
    assert amended.returns == []


@pytest.mark.req("CP-87")
def test_the_end_asks_back_what_left_and_was_not_used():
    one = sent(parcel("a", ParcelState.DELIVERED), parcel("b", ParcelState.IN_TRANSIT))

    amended = release(parts(one), {"item-1"})

    (after,), (going,) = amended.fulfilments, amended.returns
    assert after.order.outcome is Outcome.RETURNING
    assert [each.retirement for each in after.parcels] == [Retirement.NONE, Retirement.RETURNING]
    assert [(line.part_number, line.quantity) for line in going.lines] == [("VT40-FAN", 2)]


def test_the_end_asks_nothing_back_twice_and_nothing_that_was_used():
    faulty = replace_faulty(parts(sent(parcel("a", ParcelState.DELIVERED))), ask(FANS), goes_back=True)

    amended = release(parts(*faulty.fulfilments), {"item-1"})

    assert (amended.returns, amended.fulfilments) == ([], [])


def test_carriers_never_move_an_order_that_no_longer_counts():
    one = sent(parcel("a", ParcelState.ANNOUNCED))
    (cancelled,) = release(parts(one), ()).fulfilments

    seen = see(cancelled.parcels[0], Sighting(9, ParcelState.DELIVERED, NOON))

    assert seen.parcel.is_delivered
    assert not progress(cancelled.order, [seen.parcel], 4).changed
    assert progress(cancelled.order, [seen.parcel], 4).order == cancelled.order


def test_the_parts_as_a_whole_are_as_far_as_the_order_that_is_least_far():
    first = sent(parcel("a", ParcelState.DELIVERED))
    second = sent(parcel("b", ParcelState.IN_TRANSIT), number=2, lines=(HEAD,))

    whole = summary(known(2), [first, second])
    pending = summary(known(3), [first, second])

    assert (whole.phase, whole.expected, whole.latest) == (Phase.SHIPPED, date(2026, 3, 6), second.order)
    assert (pending.phase, pending.expected, pending.latest) == (None, None, None)


def test_a_target_awaits_what_was_asked_for_last():
    first = sent(parcel("a", ParcelState.DELIVERED))

    answered, pending = (anchor_of(known(version), [first]) for version in (1, 2))

    assert [each.counted for each in answered.deliveries] == [date(2026, 3, 6)]
    assert [each.counted for each in pending.deliveries] == [date(2026, 3, 6), None]
