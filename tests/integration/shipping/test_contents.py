"""Contents of parcels told by carriers, by the simulator and by the shipping desk, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.shipping.v1 import shipment_pb2, shipping_service_pb2

from services.chassis.errors import InvalidRequest, StaleEtag
from services.chassis.identity import Caller
from services.shipping.carriers import body
from services.shipping.domain.errors import NotYourPart
from services.shipping.domain.packing import InvalidContents, ParcelHidden, ParcelRetired
from tests.integration.shipping.conftest import DISPATCHER, PARTNER, STRANGER, Desk, carrier_says, parts
from tests.integration.shipping.test_amending import asked
from tests.integration.shipping.test_parts import organization

pytestmark = pytest.mark.req("CP-47")
DELIVERED = 5
OTHER_VENDOR = Caller("p-8", roles=frozenset({"dispatcher"}), organization_id="ampere", organization_kind="vendor")
Part = shipping_service_pb2.PackedPart


def wanted() -> Any:
    made = parts(1)
    made.lines[0].quantity = 2
    made.lines.add(line_item_id="li2", part_id="p2", part_number="VT40-FAN", part_name="Fan tray", quantity=1)
    return made


def split(desk: Desk) -> Any:
    """An order of two heads and a fan; one head is in the first of its two parcels, as the carrier says."""
    organization(desk, places=True, version=1)
    desk.move(effects=("request_parts",), parts=wanted(), acceptance_version=1)
    (order,) = desk.list("FulfilmentOrder")
    one_head = [Part(part_number="VT40-HEAD", quantity=1)]
    first = carrier_says(1, 2, tracking="T1", order=order.number, contents=one_head, required_parcels=2)
    desk.track(first, carrier_says(1, 2, tracking="T2", order=order.number))
    return order


def parcel(desk: Desk, tracking: str, caller: Caller = PARTNER) -> shipment_pb2.Parcel:
    return next(each for each in desk.list("Parcel", caller) if each.tracking_number == tracking)


def pack(desk: Desk, tracking: str, *contents: Part, caller: Caller = DISPATCHER, **more: Any) -> shipment_pb2.Parcel:
    given = {"parcel_id": parcel(desk, tracking).id, "contents": contents, **more}
    made: shipment_pb2.Parcel = desk.call(
        "fulfilment_desk", "PackParcel", caller, shipping_service_pb2.PackParcelRequest(**given)
    )
    return made


def held(one: shipment_pb2.Parcel) -> list[tuple[str, int]]:
    return [(each.part_number, each.quantity) for each in one.contents]


def test_a_carrier_tells_what_is_in_a_parcel_and_everybody_with_a_part_in_the_order_reads_it(desk: Desk) -> None:
    split(desk)

    one = parcel(desk, "T1")

    assert held(one) == [("VT40-HEAD", 1)]
    assert (one.packer_name, one.contents[0].part_name, one.contents[0].line_item_id) == ("UPS", "Head", "li1")
    assert one.HasField("pack_time")
    assert held(parcel(desk, "T2")) == []
    assert held(desk.told("FulfilmentProgressed")[-1].parcels[0]) == [("VT40-HEAD", 1)]


def test_the_desk_says_what_is_in_a_parcel_once_and_a_newer_word_of_the_carrier_takes_its_place(desk: Desk) -> None:
    order = split(desk)
    line = order.lines[1].id

    first = pack(
        desk, "T2", Part(part_number="VT40-HEAD", quantity=1), Part(fulfilment_line_id=line, quantity=1), request_id="q"
    )
    again = pack(
        desk, "T2", Part(part_number="VT40-HEAD", quantity=1), Part(fulfilment_line_id=line, quantity=1), request_id="q"
    )
    with pytest.raises(StaleEtag):
        pack(desk, "T2", etag="0" * 16)
    desk.track(carrier_says(7, tracking="T2", contents=[Part(part_number="VT40-FAN", quantity=1)]))

    assert held(first) == [("VT40-HEAD", 1), ("VT40-FAN", 1)]
    assert first == again
    assert held(parcel(desk, "T2")) == [("VT40-FAN", 1)]
    assert held(pack(desk, "T2")) == []


def test_more_than_was_ordered_and_what_was_not_is_refused_by_name(desk: Desk) -> None:
    split(desk)

    with pytest.raises(InvalidContents) as too_many:
        pack(desk, "T2", Part(part_number="VT40-FAN", quantity=1), Part(part_number="VT40-HEAD", quantity=2))
    with pytest.raises(InvalidRequest) as nameless:
        pack(desk, "T2", Part(quantity=0))
    (refused,) = desk.track(carrier_says(2, tracking="T2", contents=[Part(part_number="VT99", quantity=1)]))

    assert [each.field for each in too_many.value.violations] == ["contents[1].quantity"]
    assert {each.field for each in nameless.value.violations} == {"contents[0].quantity", "contents[0].part_number"}
    assert refused.refused
    assert "contents[0].part_number is no line" in refused.message
    assert held(parcel(desk, "T2")) == []


@pytest.mark.req("B-6")
def test_contents_are_said_by_those_who_gave_the_work_out_only(desk: Desk) -> None:
    split(desk)

    for caller, error in ((PARTNER, NotYourPart), (STRANGER, ParcelHidden), (OTHER_VENDOR, ParcelHidden)):
        with pytest.raises(error):
            pack(desk, "T2", Part(part_number="VT40-FAN", quantity=1), caller=caller)
    with pytest.raises(ParcelHidden):
        pack(desk, "T2", parcel_id="none")


@pytest.mark.req("CP-77")
def test_a_lost_parcel_is_asked_for_again_with_exactly_its_contents_and_is_settled_then(desk: Desk) -> None:
    split(desk)

    lost = asked(2, lost_parcel_id=parcel(desk, "T1").id)
    desk.move(effects=("replace_parcel", "place_order"), parts=lost, acceptance_version=2)

    again = next(each for each in desk.list("FulfilmentOrder") if each.lines[0].replaces_line_id)
    assert [(line.part_number, line.quantity) for line in again.lines] == [("VT40-HEAD", 1)]
    with pytest.raises(ParcelRetired):
        pack(desk, "T1")


def test_a_report_of_a_carrier_names_parts_by_number_and_wrong_ones_by_path() -> None:
    told = body.read(b'{"updates": [{"contents": [{"part_number": "VT40-HEAD", "quantity": 2}]}]}', "UPS")
    assert [(each.part_number, each.quantity) for each in told.updates[0].contents] == [("VT40-HEAD", 2)]

    for wrong in (b'"VT40"', b'[{"part_number": "X"}]', b'[{"part_number": "X", "quantity": true}]', b"[7]"):
        with pytest.raises(InvalidRequest) as refused:
            body.read(b'{"updates": [{"contents": ' + wrong + b"}]}", "UPS")
        assert [each.field for each in refused.value.violations] == ["updates[0].contents"]
