"""The returns of an order in the record's tab, and the pages on which people move them."""

from __future__ import annotations

from io import BytesIO

import pytest
from fieldmesh.shipping.v1 import fulfilment_order_pb2, rma_pb2, shipment_pb2
from fieldmesh.workorders.v1 import work_order_pb2
from google.type import date_pb2

from admin.pages.work_orders import collaboration
from services.chassis.errors import InvalidRequest, Violation, WrongState
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, at

TAB = f"/work-orders/{ORDER}?tab=parts"
DESK = "/fieldmesh.shipping.v1.RmaDeskService/"
RMA = ident("rma", 7)
PROOF, RECEIVE = (f"/work-orders/{ORDER}/returns/{RMA}/{name}" for name in ("proof", "receive"))


@pytest.fixture
def rma(portal, mesh):
    made = rma_pb2.Rma(
        id=RMA, number="00051207", order_class="Return Material Authorization", state=rma_pb2.RMA_STATE_REQUESTED,
        work_order_id=ORDER, reason="Old parts that were replaced", cause=rma_pb2.RMA_CAUSE_OLD_PARTS,
        proof_required=True, due_date=date_pb2.Date(year=2026, month=1, day=5),
    )  # fmt: skip
    made.lines.add(id="l1", part_number="VT40-HEAD", part_name="Head", quantity=2, condition=2)
    made.create_time.FromDatetime(at(5, 9))
    return mesh.put(made)


@pytest.fixture
def verbs(mesh, rma):
    """What shipping was asked to do; each verb answers the return as it is."""
    asked = []

    def answer(request, caller):
        asked.append(request)
        return rma

    names = ("RaiseRma", "SendReturnLabel", "RecordReturnProof", "ReceiveReturn", "CloseReturn", "CancelRma")
    mesh.verbs.update({f"{DESK}{name}": answer for name in names})
    yield asked
    for name in names:
        del mesh.verbs[f"{DESK}{name}"]


def tab(person):
    answer = person.get(TAB)
    assert answer.status_code == 200, answer.text
    return read(answer.text).one("main")


def buttons(person):
    shown = tab(person).one("section", **{"aria-label": "Return 00051207"})
    return [link.text.removesuffix(" for 00051207") for link in shown.all("a") if "btn" in link.attributes["class"]]


@pytest.mark.req("CP-47")
@pytest.mark.req("CP-83")
def test_the_tab_says_what_comes_back_until_when_and_offers_each_side_what_is_its_to_do(rma, sign_in):
    shown = tab(sign_in("partner"))

    for words in ("00051207", "Requested", "Old parts", "Mon 5 Jan 2026", "Overdue", "VT40-HEAD", "Used", "missing"):
        assert words in shown.text
    assert buttons(sign_in("partner")) == ["Record proof of return"]
    assert buttons(sign_in("dispatcher")) == ["Send label", "Receive", "Cancel return"]


def test_a_return_that_ended_offers_nothing_and_shows_how_it_ended(rma, sign_in):
    rma.state, rma.remark = rma_pb2.RMA_STATE_CLOSED, "One was lost."
    rma.lines[0].received, rma.lines[0].received_condition = 1, rma_pb2.PART_CONDITION_DAMAGED
    rma.proof.tracking_number, rma.proof.carrier, rma.proof.person_name = "1ZBACK", "UPS", "Riley"
    rma.proof.record_time.FromDatetime(at(6, 9))

    shown = tab(sign_in("dispatcher"))

    assert buttons(sign_in("dispatcher")) == []
    for words in ("Closed", "One was lost.", "1ZBACK", "Riley", "Damaged"):
        assert words in shown.text


@pytest.mark.req("CP-83")
def test_a_tracking_number_is_recorded_as_proof_once(rma, verbs, sign_in):
    partner = sign_in("partner")
    fields = partner.fields(PROOF, carrier="UPS", tracking_number="1ZBACK")

    answer = partner.post(PROOF, fields)

    (asked,) = verbs
    assert answer.headers["Location"].endswith("?tab=parts")
    assert (asked.rma_id, asked.carrier, asked.tracking_number, asked.attachment_id) == (RMA, "UPS", "1ZBACK", "")
    assert (asked.etag, asked.request_id) == (rma.etag, fields["request_key"])
    assert "The proof of return was recorded." in partner.get(TAB).text


@pytest.mark.req("CP-83")
def test_a_receipt_is_uploaded_with_the_proof(rma, verbs, sign_in, monkeypatch):
    monkeypatch.setattr(collaboration, "_upload", lambda *_: "file-9")
    partner = sign_in("partner")

    partner.post(PROOF, {**partner.fields(PROOF), "files": (BytesIO(b"receipt"), "receipt.png")})

    assert verbs[0].attachment_id == "file-9"


def test_the_label_is_what_a_proof_is_filled_in_with(rma, verbs, sign_in):
    rma.label.carrier, rma.label.tracking_number = "UPS", "1ZLABEL"

    fields = sign_in("partner").fields(PROOF)

    assert (fields["carrier"], fields["tracking_number"]) == ("UPS", "1ZLABEL")


def test_what_shipping_refuses_stands_at_its_input_with_everything_that_was_typed(rma, verbs, mesh, sign_in):
    partner = sign_in("partner")
    wrong = [Violation("carrier", "is required: whose tracking number is it?")]
    mesh.refuse["RecordReturnProof"] = InvalidRequest("Wrong.", violations=wrong)

    first = partner.post(PROOF, partner.fields(PROOF, tracking_number="1ZBACK"))
    mesh.refuse["RecordReturnProof"] = WrongState("Return 00051207 is received.", reason="RETURN_WRONG_STATE")
    second = partner.post(PROOF, partner.fields(PROOF, tracking_number="1ZBACK"))

    assert first.status_code in {400, 422}
    assert "whose tracking number is it?" in first.text
    assert 'value="1ZBACK"' in first.text
    assert "Return 00051207 is received." in second.text
    assert verbs == []


def test_the_warehouse_counts_line_by_line(rma, verbs, sign_in):
    dispatcher = sign_in("dispatcher")
    fields = dispatcher.fields(RECEIVE)
    assert fields["quantity-l1"] == "2"

    dispatcher.post(RECEIVE, {**fields, "quantity-l1": "1", "condition-l1": "PART_CONDITION_DAMAGED"})

    (line,) = verbs[0].lines
    assert (line.line_id, line.quantity, line.condition) == ("l1", 1, rma_pb2.PART_CONDITION_DAMAGED)


def test_a_dispatcher_asks_parts_of_a_fulfilment_order_back(rma, verbs, mesh, sign_in):
    sent = mesh.rows[fulfilment_order_pb2.FulfilmentOrder.DESCRIPTOR.full_name][ident("fso", 1)]
    sent.lines.add(id="f1", part_number="VT40-HEAD", part_name="Head", quantity=3, required=True)
    parcel = mesh.rows[shipment_pb2.Parcel.DESCRIPTOR.full_name][ident("parcel", 2)]
    parcel.state = shipment_pb2.PARCEL_STATE_DELIVERED
    dispatcher, path = sign_in("dispatcher"), f"/work-orders/{ORDER}/parts/{sent.id}/return"
    assert "Ask parts back" in tab(dispatcher).text
    assert "Ask parts back" not in tab(sign_in("partner")).text

    nothing = dispatcher.post(path, dispatcher.fields(path, cause="RMA_CAUSE_UNUSED_PARTS"))
    dispatcher.post(path, dispatcher.fields(path, **{"cause": "RMA_CAUSE_UNUSED_PARTS", "quantity-f1": "2"}))

    assert nothing.status_code == 422
    (asked,) = verbs
    assert (asked.fulfilment_order_id, asked.cause) == (sent.id, rma_pb2.RMA_CAUSE_UNUSED_PARTS)
    assert [(line.fulfilment_line_id, line.quantity) for line in asked.lines] == [("f1", 2)]


@pytest.mark.req("R-1")
@pytest.mark.req("CP-47")
def test_a_partner_says_which_parts_it_sends_back_and_is_not_asked_for_day_or_proof(rma, verbs, mesh, sign_in):
    sent = mesh.rows[fulfilment_order_pb2.FulfilmentOrder.DESCRIPTOR.full_name][ident("fso", 1)]
    sent.lines.add(id="f1", part_number="VT40-HEAD", part_name="Head", quantity=3, required=True)
    parcel = mesh.rows[shipment_pb2.Parcel.DESCRIPTOR.full_name][ident("parcel", 2)]
    parcel.state = shipment_pb2.PARCEL_STATE_DELIVERED
    partner, path = sign_in("partner"), f"/work-orders/{ORDER}/parts/{sent.id}/return"
    assert "Return parts" in tab(partner).text

    fields = partner.fields(path, **{"cause": "RMA_CAUSE_FAULTY_PARTS", "quantity-f1": "1"})
    answer = partner.post(path, {**fields, "condition-f1": "PART_CONDITION_WRONG"})

    (asked,) = verbs
    assert {"due_date", "without_proof"}.isdisjoint(fields)
    assert [(line.fulfilment_line_id, line.quantity, line.condition) for line in asked.lines] == [
        ("f1", 1, rma_pb2.PART_CONDITION_WRONG)
    ]
    assert answer.headers["Location"].endswith("?tab=parts")
    assert "those who gave the work out are told" in partner.get(TAB).text
    assert "RMA_CAUSE_READDRESSED" not in partner.get(path).text


def test_a_return_of_another_order_and_an_unknown_verb_are_not_there(rma, verbs, sign_in):
    partner = sign_in("partner")
    assert partner.get(f"/work-orders/{ORDER}/returns/{RMA}/explode").status_code == 404
    rma.work_order_id = "another"
    assert partner.get(PROOF).status_code == 404


@pytest.mark.req("CP-77")
def test_each_part_says_what_was_wrong_with_it_and_what_it_replaces(rma, mesh, sign_in):
    orders = mesh.rows[fulfilment_order_pb2.FulfilmentOrder.DESCRIPTOR.full_name]
    first = orders[ident("fso", 1)]
    first.lines.add(
        id="a", part_number="VT40-HEAD", quantity=2, required=True, replaced=1, fault="Part arrived damaged"
    )
    second = fulfilment_order_pb2.FulfilmentOrder(id=ident("fso", 9), number="00287999", work_order_id=ORDER, phase=1)
    second.lines.add(id="b", part_number="VT40-HEAD", quantity=1, required=True, replaces_line_id="a", returnable=True)
    second.create_time.FromDatetime(at(6, 9))
    mesh.put(second)

    shown = tab(sign_in("partner")).text

    assert "1 sent again: Part arrived damaged" in shown
    assert f"sent for a part of {first.number}; the old part returns" in shown


def test_a_returns_own_record_shows_its_label_its_proof_and_what_arrived(rma, sign_in):
    rma.label.carrier, rma.label.tracking_number = "UPS", "1ZLABEL"
    rma.proof.attachment_id, rma.proof.attachment_title = ident("file", 404), "Receipt.png"
    rma.proof.record_time.FromDatetime(at(6, 9))

    answer = sign_in("dispatcher").get(f"/rmas/{RMA}")

    assert answer.status_code == 200
    for words in ("1ZLABEL", "Receipt.png", "VT40-HEAD", "Old parts"):
        assert words in answer.text


@pytest.mark.req("CP-83")
def test_the_checklist_names_what_completing_still_waits_for_and_stays_usable_without_shipping(rma, mesh, sign_in):
    mesh.rows[work_order_pb2.WorkOrder.DESCRIPTOR.full_name][ORDER].parts_required = True
    partner = sign_in("partner")

    missing = partner.get(f"/work-orders/{ORDER}").text
    mesh.down.add("shipping")
    away = partner.get(f"/work-orders/{ORDER}")

    assert "Proof of return 00051207 is missing" in missing
    assert away.status_code == 200
    assert "Proof of return 00051207" not in away.text
