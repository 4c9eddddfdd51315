"""What is in parcels: never more than was ordered, the newest word counts, a lost one is sent again as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.shipping.domain.amending import lose
from services.shipping.domain.packing import InvalidContents, Packing, Stated, lines_in, pack
from services.shipping.domain.parcels import Parcel, ParcelState, void
from services.shipping.domain.tracking import Batch, TrackedOrder, Update
from tests.unit.shipping.test_amending import FANS, HEAD, NOON, Parties, ask, needs, parcel, parts, sent
from tests.unit.shipping.test_tracking import says

pytestmark = pytest.mark.req("CP-47")
A, B = parcel("a", ParcelState.IN_TRANSIT), parcel("b", ParcelState.ANNOUNCED)


def packed(one: Parcel, *stated: Stated, others: tuple[Parcel, ...] = (), lines=(HEAD, FANS)) -> Parcel:
    order = sent(A, B, lines=lines).order
    return pack(one, order, (one, *others), Packing(stated, "UPS", NOON), 4)


def held(one: Parcel) -> dict[str, int]:
    return {each.line_id: each.quantity for each in one.contents}


def test_parts_are_named_by_line_or_by_number_and_fill_lines_in_their_order():
    more_fans = replace(FANS, id="l3", line_item_id="item-3", quantity=1)
    lines = (HEAD, FANS, more_fans)

    one = packed(A, Stated(line_id="l1", quantity=1), Stated(part_number="VT40-FAN", quantity=3), lines=lines)

    assert held(one) == {"l1": 1, "l2": 2, "l3": 1}
    assert (one.contents[0].part_name, one.packed_by, one.packed_at) == ("Head", "UPS", NOON)


@pytest.mark.parametrize(
    ("stated", "field", "words"),
    [
        (Stated(line_id="l2", quantity=2), "contents[0].quantity", "1 to 1 of VT40-FAN: 2 are sent over all parcels"),
        (Stated(part_number="VT40-HEAD", quantity=1), "contents[0].quantity", "no more of VT40-HEAD"),
        (Stated(part_number="VT99", quantity=1), "contents[0].part_number", "no line of fulfilment order 00287381"),
        (Stated(line_id="l9", quantity=1), "contents[0].fulfilment_line_id", "no line of fulfilment order 00287381"),
    ],
)
def test_over_all_parcels_there_is_never_more_than_a_line_has(stated: Stated, field: str, words: str):
    first = packed(A, Stated(line_id="l1", quantity=1), Stated(line_id="l2", quantity=1))

    with pytest.raises(InvalidContents) as refused:
        packed(B, stated, others=(first,))

    (violation,) = refused.value.violations
    assert violation.field == field
    assert words in violation.description


def test_a_void_label_holds_nothing_and_takes_no_room():
    first = void(packed(A, Stated(line_id="l1", quantity=1)), "UTC")

    assert first.contents == ()
    assert held(packed(B, Stated(line_id="l1", quantity=1), others=(first,))) == {"l1": 1}


def test_a_lost_parcel_is_sent_again_with_exactly_its_contents():
    first = packed(A, Stated(line_id="l2", quantity=1))
    second = packed(B, Stated(line_id="l1", quantity=1), Stated(line_id="l2", quantity=1), others=(first,))

    amended = lose(parts(sent(first, second)), ask(), "a")

    (after,), (request,) = amended.fulfilments, amended.requests
    assert needs(request) == [("VT40-FAN", 1)]
    assert [line.remaining for line in after.order.lines] == [1, 1]
    assert after.order.counts
    assert lines_in(first, after.order.lines)[0].quantity == 1


def test_a_part_that_is_named_is_sent_again_as_often_as_it_was_in_the_parcel():
    first = packed(A, Stated(line_id="l1", quantity=1), Stated(line_id="l2", quantity=1))

    assert needs(lose(parts(sent(first)), ask(FANS), "a").requests[0]) == [("VT40-FAN", 1)]


def test_a_carriers_newest_word_about_contents_counts_and_a_wrong_one_is_refused_as_a_whole():
    one = TrackedOrder(sent().order, Parties(), {})
    fans, head = (Stated(part_number=name, quantity=1) for name in ("VT40-FAN", "VT40-HEAD"))

    def told(tracking: str, sequence: int, *contents: Stated) -> Update:
        return says(tracking, ParcelState.ANNOUNCED, sequence, number=one.order.number, contents=contents)

    results = Batch([one], "/".join, NOON).take(
        [
            told("A", 2, head),
            told("A", 1, fans),
            told("A", 3, fans),
            told("A", 4),
            told("B", 1, head, head),
            told("C", 1, head),
        ]
    )

    assert [each.refused for each in results] == [False, False, False, False, True, False]
    assert results[2].applied
    assert "VT40-HEAD" in results[4].message
    contents = {each.tracking_number: held(each) for each in one.parcels.values()}
    assert contents == {"A": {"l2": 1}, "C": {"l1": 1}}
