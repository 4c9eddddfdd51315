"""What is in parcels: on the record's tab, on the shipping desk's page, and in what replaces a damaged one."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from fieldmesh.shipping.v1 import fulfilment_order_pb2, shipment_pb2
from fieldmesh.workorders.v1 import work_order_pb2

from services.chassis.errors import InvalidRequest, Violation
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, at

pytestmark = pytest.mark.req("CP-47")
TAB = f"/work-orders/{ORDER}?tab=parts"
PARCEL = ident("parcel", 2)
PAGE = f"/work-orders/{ORDER}/parcels/{PARCEL}/contents"
PACK = "/fieldmesh.shipping.v1.FulfilmentDeskService/PackParcel"
DELIVERED = shipment_pb2.PARCEL_STATE_DELIVERED


@pytest.fixture
def parcel(portal, mesh):
    """The parcel of an order of two heads and a fan: one head is in it, as its carrier says."""
    sent = mesh.rows[fulfilment_order_pb2.FulfilmentOrder.DESCRIPTOR.full_name][ident("fso", 1)]
    sent.lines.add(id="f1", line_item_id="li-1", part_id="p-1", part_number="VT40-HEAD", part_name="Head", quantity=2)
    sent.lines.add(
        id="f2", line_item_id="li-2", part_id="p-2", part_number="VT40-FAN", part_name="Fan tray", quantity=1
    )
    found = mesh.rows[shipment_pb2.Parcel.DESCRIPTOR.full_name][PARCEL]
    found.contents.add(
        fulfilment_line_id="f1",
        line_item_id="li-1",
        part_id="p-1",
        part_number="VT40-HEAD",
        part_name="Head",
        quantity=1,
    )
    found.packer_name = "Northway Freight"
    found.pack_time.FromDatetime(at(3, 9))
    return found


@pytest.fixture
def asked(mesh, parcel):
    seen = []

    def answer(request, caller):
        seen.append(request)
        return parcel

    mesh.verbs[PACK] = answer
    yield seen
    del mesh.verbs[PACK]


def tab(person):
    answer = person.get(TAB)
    assert answer.status_code == 200, answer.text
    return read(answer.text).one("main")


def second(mesh, state=DELIVERED):
    other = shipment_pb2.Parcel(
        id=ident("parcel", 3), fulfilment_order_id=ident("fso", 1), work_order_id=ORDER, carrier="Northway Freight",
        tracking_number="NW000002", required=True, state=state,
    )  # fmt: skip
    other.contents.add(fulfilment_line_id="f1", part_number="VT40-HEAD", quantity=1)
    return mesh.put(other)


def test_a_parcel_says_what_is_in_it_and_a_split_delivery_what_is_still_under_way(parcel, mesh, sign_in):
    second(mesh)

    shown = tab(sign_in("partner")).text

    assert "Contains 1 × VT40-HEAD Head" in shown
    assert "Packed: 1 × VT40-HEAD Head (told by Northway Freight)" in shown
    assert "1 of 2 required parcels delivered" in shown
    assert "Still under way 1 × VT40-HEAD Head; 1 × VT40-FAN Fan tray" in shown
    assert "Change contents" not in shown


def test_what_was_in_a_parcel_is_settled_with_the_order(parcel, mesh, sign_in):
    order = mesh.rows[work_order_pb2.WorkOrder.DESCRIPTOR.full_name][ORDER]
    open_one = tab(sign_in("dispatcher"))
    order.frozen = True

    assert "Change contents" in open_one.text
    assert "Change contents" not in tab(sign_in("dispatcher")).text


def test_nothing_is_said_of_what_is_under_way_where_nobody_can_know(parcel, mesh, sign_in):
    other = second(mesh)
    del other.contents[:]
    del parcel.contents[:]

    assert "Still under way" not in tab(sign_in("partner")).text


def test_the_desk_says_what_is_in_a_parcel_line_by_line(asked, parcel, sign_in):
    dispatcher = sign_in("dispatcher")
    assert "Change contents" in tab(dispatcher).text
    fields = dispatcher.fields(PAGE)
    assert (fields["quantity-f1"], fields["quantity-f2"]) == ("1", "0")

    answer = dispatcher.post(PAGE, {**fields, "quantity-f1": "0", "quantity-f2": "1"})

    (request,) = asked
    assert (request.parcel_id, request.etag, request.request_id) == (PARCEL, parcel.etag, fields["request_key"])
    assert [(each.fulfilment_line_id, each.quantity) for each in request.contents] == [("f2", 1)]
    assert answer.headers["Location"].endswith("?tab=parts")


def test_what_shipping_refuses_is_said_of_the_part_with_what_was_typed(asked, mesh, sign_in):
    dispatcher = sign_in("dispatcher")
    wrong = [Violation("contents[0].quantity", "allows 1 to 2 of VT40-HEAD: 2 are sent over all parcels")]
    mesh.refuse["PackParcel"] = InvalidRequest("Wrong.", violations=wrong)

    answer = dispatcher.post(PAGE, {**dispatcher.fields(PAGE), "quantity-f1": "7"})

    assert answer.status_code in {400, 422}
    assert "VT40-HEAD: allows 1 to 2 of VT40-HEAD" in answer.text
    assert 'value="7"' in answer.text
    assert asked == []


def test_a_parcel_of_another_order_is_not_there(asked, parcel, sign_in):
    parcel.work_order_id = "another"

    assert sign_in("dispatcher").get(PAGE).status_code == 404


@pytest.mark.req("CP-77")
def test_a_damaged_parcel_proposes_exactly_its_contents_for_replacement(parcel, sign_in):
    parcel.state = DELIVERED

    dispatcher = sign_in("dispatcher")
    link = next(a for a in tab(dispatcher).all("a") if a.text.startswith("Order what was in it again"))
    address = link.attributes["href"]

    assert "/do/order_replacement?" in address
    assert parse_qsl(address.partition("?")[2]) == [("affected_parts", "li-1/p-1"), ("affected_parts", "1")]
    assert not [a for a in tab(sign_in("partner")).all("a") if "again" in a.text]
