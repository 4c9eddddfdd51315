"""What the record says of parts that no longer count and of returns, and what it keeps once its state is frozen."""

from __future__ import annotations

import pytest
from fieldmesh.shipping.v1 import fulfilment_order_pb2, rma_pb2, shipment_pb2
from fieldmesh.workorders.v1 import attachment_pb2, work_order_pb2

from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, at

RECORD = f"/work-orders/{ORDER}"


def shown(person, path):
    answer = person.get(path)
    assert answer.status_code == 200
    return read(answer.text).one("main")


def rows(mesh, kind):
    return mesh.rows[kind.DESCRIPTOR.full_name]


@pytest.mark.req("CP-47")
def test_the_tab_shows_what_no_longer_counts_and_what_goes_back(portal, sign_in, mesh):
    sent, parcel = (rows(mesh, kind)[ident(name, number)] for kind, name, number in (
        (fulfilment_order_pb2.FulfilmentOrder, "fso", 1), (shipment_pb2.Parcel, "parcel", 2),
    ))  # fmt: skip
    sent.outcome = fulfilment_order_pb2.FULFILMENT_OUTCOME_REPLACED
    sent.lines.add(part_number="VT40-HEAD", part_name="Head", quantity=2, required=True, replaced=1)
    parcel.retirement = shipment_pb2.PARCEL_RETIREMENT_LOST
    rma = rma_pb2.Rma(id=ident("rma", 1), number="00051201", order_class="Return Material Authorization", state=1,
                      work_order_id=ORDER, reason="Part arrived damaged")  # fmt: skip
    rma.lines.add(part_number="VT40-HEAD", part_name="Head", quantity=1)
    rma.create_time.FromDatetime(at(5, 9))
    mesh.put(rma)

    tab = shown(sign_in("partner"), f"{RECORD}?tab=parts")

    for words in ("Shipped Replaced", "not awaited", "1 sent again", "Lost", "No longer awaited"):
        assert words in tab.text
    for words in ("00051201", "Requested", "Return Material Authorization", "Part arrived damaged", "VT40-HEAD Head"):
        assert words in tab.text
    assert next(a for a in tab.all("a") if a.text == "00051201").attributes["href"].endswith(rma.id)
    assert "00051201" in shown(sign_in("dispatcher"), "/rmas/").text


def test_files_are_kept_as_they_are_once_the_state_is_frozen(portal, sign_in, mesh):
    order = rows(mesh, work_order_pb2.WorkOrder)[ORDER]
    dispatcher = sign_in("dispatcher")
    before = shown(dispatcher, f"{RECORD}?tab=related")
    order.frozen = True

    after = shown(dispatcher, f"{RECORD}?tab=related")

    (file,) = rows(mesh, attachment_pb2.Attachment).values()
    assert file.title in after.text
    assert "Add files" in before.text
    assert "Add files" not in after.text
    assert before.all("summary", **{"aria-label": f"Remove {file.title}"})
    assert not after.all("summary", **{"aria-label": f"Remove {file.title}"})
