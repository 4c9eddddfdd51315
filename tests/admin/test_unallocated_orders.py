"""An order before it is allocated: created with what goes together, edited, its line items put right, deleted (R-2)."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1.line_item_pb2 import LineItem
from fieldmesh.workorders.v1.work_order_pb2 import WorkOrder
from fieldmesh.workorders.v1.work_order_service_pb2 import (
    AvailableTransition,
    FormField,
    FormStep,
    ListAvailableTransitionsResponse,
)

from services.chassis.errors import InvalidRequest, Violation
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, SERVICE

RECORD = f"/work-orders/{ORDER}"
OFFERS = f"{SERVICE}.WorkOrderService/ListAvailableTransitions"
FIRST, SECOND = ident("line item", 1), ident("line item", 2)


@pytest.fixture
def unallocated(portal, mesh):
    portal.state = "unallocated"
    order = mesh.rows[WorkOrder.DESCRIPTOR.full_name][ORDER]
    order.state, order.executor_org, order.state_label = "unallocated", "", "Unallocated"
    return order


def main(answer, status=200):
    shown = read(answer.text).one("main")
    assert answer.status_code == status, shown.text
    return shown


def error_at(shown, field):
    return next(
        node.text for node in shown.all("div", class_="field-error") if node.attributes["id"] == f"{field}-error"
    )


# -- pickers that fit the rest of the form ---------------------------------------------------------------------------


def test_a_picker_offers_what_fits_the_inputs_that_narrow_it(dispatcher, mesh):
    account = ident("account", 1)
    everything = read(dispatcher.get("/facilities/options").text).all("li")
    narrowed = read(dispatcher.get(f"/facilities/options?f.account_id.is={account}&fills=account_id").text).all("li")

    assert len(everything) > 1
    assert [option.text for option in narrowed] == ["Tamsin County Library, garage"]
    assert narrowed[0].attributes["data-fills"] == f'{{"account_id": ["{account}", "Tamsin County Library"]}}'


def test_the_form_of_a_new_order_says_what_narrows_and_what_fills_what(dispatcher, portal):
    form = main(dispatcher.get("/work-orders/new")).one("form", method="post")
    pickers = {
        box.all("input")[0].attributes["name"]: box.attributes
        for box in form.all("div", data_combo="")
        if box.all("input")
    }

    narrowed = {name: told.get("data-narrowed-by", "") for name, told in pickers.items()}
    assert narrowed == {
        "account_id": "", "facility_id": "account_id", "territory_id": "", "entitlement_id": "",
        "case_id": "account_id", "contact_id": "account_id", "": "facility_id",
        "customer_service_executive_id": "organization_id", "item-0-work_type_id": "",
        "item-0-station_id": "facility_id", "item-0-part_id": "",
    }  # fmt: skip
    assert pickers["facility_id"]["data-fills-in"] == "account_id territory_id"
    own = form.one("input", name="organization_id")
    assert own.attributes["value"] == ident("organization", "Voltara")


# -- what is wrong stands at its field -------------------------------------------------------------------------------


def test_what_is_wrong_with_a_line_item_stands_at_its_input_in_a_sentence(dispatcher, portal, mesh):
    form = dispatcher.fields(
        "/work-orders/new", account_id=ident("account", 1), facility_id=ident("facility", 1), subject="Head",
        **{"item-0-work_type_id": ident("work type", "Head replacement")},
    )  # fmt: skip
    foreign = "Bay 01 stands at Harbor Glen, not at Tamsin."
    mesh.refuse["CreateWorkOrder"] = InvalidRequest(
        "Wrong.",
        violations=[
            Violation("facility_id", "Pinecrest belongs to Knoxville, not to Alder Falls."),
            Violation("line_items[0].station_id", foreign),
            Violation("line_items[0].parts", "is required: Head replacement takes parts"),
        ],
    )

    shown = main(dispatcher.post("/work-orders/new", form), 422)

    assert error_at(shown, "facility_id") == "Pinecrest belongs to Knoxville, not to Alder Falls."
    assert error_at(shown, "item-0-station_id") == foreign
    assert error_at(shown, "item-0-part_id") == "This is required: Head replacement takes parts."
    assert "line_items[" not in shown.text


# -- putting an order right ------------------------------------------------------------------------------------------


@pytest.mark.req("R-2")
def test_editing_offers_what_belongs_to_an_order_before_its_allocation(dispatcher, unallocated):
    labels = list(main(dispatcher.get(f"{RECORD}/edit")).one("form", method="post").labels)

    assert labels == [
        "Account", "Facility", "Service Territory", "Entitlement", "Case", "Contact", "Priority", "Subject",
        "Description", "Stations", "Number of site validations", "Customer Service Executive",
    ]  # fmt: skip


@pytest.mark.req("R-2")
def test_an_allocated_order_is_not_edited_as_a_form(dispatcher, portal):
    answer = dispatcher.get(f"{RECORD}/edit")

    assert answer.location == RECORD
    assert "it is changed by its actions only" in dispatcher.get(answer.location).text
    record = main(dispatcher.get(f"{RECORD}?tab=related"))
    assert not [node for node in record.all("a") if node.text.startswith(("Edit", "Add a line item"))]
    assert not record.all("dialog")


@pytest.mark.req("R-2")
def test_an_order_that_was_never_allocated_is_deleted_after_a_question(dispatcher, unallocated, mesh):
    asked = main(dispatcher.get(RECORD)).one("dialog", id="confirm-delete")
    etag = asked.one("input", name="etag_seen").attributes["value"]

    answer = dispatcher.post(asked.one("form").attributes["action"], {"etag_seen": etag})

    assert "Delete work order 20107925?" in asked.text
    assert answer.location == "/work-orders/"
    assert ORDER not in mesh.rows[WorkOrder.DESCRIPTOR.full_name]


@pytest.mark.req("R-2")
def test_a_partner_is_offered_none_of_it(sign_in, unallocated):
    record = main(sign_in("partner").get(f"{RECORD}?tab=related"))

    assert not record.all("dialog")
    assert not [node for node in record.all("a") if node.text.startswith(("Edit", "Add a line item"))]
    assert sign_in("partner").get(f"{RECORD}/line-items/new").status_code in {302, 403}


@pytest.mark.req("R-2")
def test_a_line_item_is_added_from_the_record(dispatcher, unallocated, mesh):
    link = next(a for a in main(dispatcher.get(f"{RECORD}?tab=related")).all("a") if a.text == "Add a line item")
    path = link.attributes["href"]
    page = main(dispatcher.get(path))
    form = dispatcher.fields(path, work_type_id=ident("work type", "Head replacement"), part_id=ident("part", 1))

    answer = dispatcher.post(path, form)

    (request,) = mesh.asked("CreateLineItem")
    assert page.one("input", name="facility_id").attributes["value"] == unallocated.facility_id
    assert (request.line_item.work_order_id, request.request_id) == (ORDER, form["request_key"])
    assert [(need.part_id, need.quantity) for need in request.line_item.parts] == [(ident("part", 1), 1)]
    assert answer.location == f"{RECORD}?tab=related"


@pytest.mark.req("R-2")
def test_editing_a_line_item_sends_what_was_changed(dispatcher, unallocated, mesh):
    path = f"{RECORD}/line-items/{FIRST}/edit"

    answer = dispatcher.post(path, dispatcher.fields(path, quantity="3", description="Both heads."))

    (request,) = mesh.asked("UpdateLineItem")
    assert list(request.update_mask.paths) == ["description", "parts"]
    stored = mesh.rows[LineItem.DESCRIPTOR.full_name][FIRST]
    assert (stored.description, stored.parts[0].quantity, stored.warranty_type) == ("Both heads.", 3, "Voltara Assure")
    assert answer.location == f"{RECORD}?tab=related"


def test_a_line_item_that_somebody_else_changed_keeps_the_input_and_can_be_saved_again(dispatcher, unallocated, mesh):
    path = f"{RECORD}/line-items/{FIRST}/edit"
    form = dispatcher.fields(path, description="Mine.")
    mesh.put(mesh.rows[LineItem.DESCRIPTOR.full_name][FIRST])

    first = dispatcher.post(path, form)
    from tests.admin.conftest import form_values

    again = dispatcher.post(path, form_values(first.text))

    assert "Mine." in main(first, 409).text
    assert "Somebody else changed this" in first.text
    assert again.status_code == 302
    assert mesh.rows[LineItem.DESCRIPTOR.full_name][FIRST].description == "Mine."


@pytest.mark.req("R-2")
def test_a_line_item_is_removed_after_a_question_but_not_the_only_one(dispatcher, unallocated, mesh):
    asked = main(dispatcher.get(f"{RECORD}?tab=related")).one("dialog", id=f"remove-{SECOND}")
    etag = asked.one("input", name="etag_seen").attributes["value"]

    dispatcher.post(asked.one("form").attributes["action"], {"etag_seen": etag})

    assert "Remove line item 00000002?" in asked.text
    assert list(mesh.rows[LineItem.DESCRIPTOR.full_name]) == [FIRST]
    assert not main(dispatcher.get(f"{RECORD}?tab=related")).all("dialog", id=f"remove-{FIRST}")


def test_a_line_item_of_another_order_is_not_found(dispatcher, unallocated, mesh):
    mesh.rows[LineItem.DESCRIPTOR.full_name][FIRST].work_order_id = ident("work order", 2)

    assert dispatcher.get(f"{RECORD}/line-items/{FIRST}/edit").status_code == 404


@pytest.mark.req("R-2")
def test_allocating_offers_the_organisations_that_the_service_names(dispatcher, unallocated, mesh):
    bluefern = ident("organization", "Bluefern Dispatch")
    field = FormField(path="inputs.executor_org", required=True, choices_only=True)
    field.choices.add(value=bluefern, label="Bluefern Dispatch")
    offer = AvailableTransition(name="allocate", label="Allocate", allowed=True, steps=[FormStep(fields=[field])])
    mesh.verbs[OFFERS] = lambda *_: ListAvailableTransitionsResponse(transitions=[offer])

    form = main(dispatcher.get(f"{RECORD}/do/allocate")).one("form", method="post")

    options = [(option.attributes["value"], option.text) for option in form.one("select").all("option")]
    assert options == [("", "Choose…"), (bluefern, "Bluefern Dispatch")]
