"""Rows are called by names that people know: no id and no code in snake case is ever shown."""

from __future__ import annotations

import re

import pytest
from fieldmesh.common.v1.types_pb2 import Actor
from fieldmesh.notifications.v1.message_pb2 import Message
from fieldmesh.shipping.v1.parts_request_pb2 import PartsRequest
from fieldmesh.shipping.v1.shipment_pb2 import TrackingEvent
from fieldmesh.technicians.v1.assignment_pb2 import Assignment
from fieldmesh.technicians.v1.membership_pb2 import Membership
from fieldmesh.workorders.v1.events_pb2 import PartLine

from admin.grpcfab.spec import Kind, resource_of
from admin.panels import PANELS
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|\b[0-9a-f]{8}\b(?<!\d{8})")
AN_ID = re.compile(r"(^|_)(id|ids|org)$")


def shown(person, path):
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return read(answer.text).one("main")


def ids_of(fields):
    """Fields that would show an id: neither hidden nor references."""
    for field in fields:
        if not field.hidden:
            if field.kind is Kind.TEXT and AN_ID.search(field.name):
                yield field.descriptor.full_name
            yield from ids_of(field.children)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.resource.DESCRIPTOR.name)
def test_every_id_of_a_contract_is_hidden_or_a_reference(panel):
    assert list(ids_of(resource_of(panel.resource, panel.service).fields.values())) == []


@pytest.fixture
def stories(portal, mesh):
    """Rows that refer to others, in messages within messages too."""
    line = PartLine(line_item_id=ident("line item", 1), part_id=ident("part", 1), part_number="VT40-HEAD",
                    part_name="Head", quantity=1)  # fmt: skip
    mesh.put(PartsRequest(id=ident("request", 1), work_order_id=ORDER, work_order_number="20107925", lines=[line]))
    mesh.put(Assignment(
        id=ident("assignment", 1), work_order_id=ORDER, work_order_number="20107925", reason_code="customer_request",
        actor=Actor(subject=ident("person", "partner"), display_name="Megan Ortiz",
                    organization_id=ident("organization", "Bluefern Dispatch")),
    ))  # fmt: skip
    event = TrackingEvent(
        id=ident("event", 1), parcel_id=ident("parcel", 2), carrier_sequence=1_795_271_264_643, state=3
    )
    mesh.rows[TrackingEvent.DESCRIPTOR.full_name][event.id] = event
    mesh.put(Message(
        id=ident("message", 9), event_id=ident("event", 9), template="work_order_assigned", subject="Assigned",
        recipient_id=ident("person", "partner"), recipient_name="Megan Ortiz",
    ))  # fmt: skip


def test_record_pages_name_what_they_refer_to(sign_in, stories):
    admin = sign_in("admin")
    request = shown(admin, f"/parts-requests/{ident('request', 1)}")
    assignment = shown(admin, f"/assignments/{ident('assignment', 1)}")
    mail = shown(admin, f"/messages/{ident('message', 9)}")

    for page in (request, assignment, mail):
        assert not UUID.search(page.text), page.text
    assert [term.text for term in request.all("dt")].count("Work order") == 1
    assert request.facts["Work order"].all("a")[0].attributes["href"] == f"/work-orders/{ORDER}"
    assert request.table == [{
        "Line item": "00000001", "Part": "VT40-HEAD", "Name": "Head", "Quantity": "1", "Old part returns": "No",
    }]  # fmt: skip
    assert assignment.facts["Override Reason"].text == "Customer request"
    assert assignment.facts["Assigned by"].text == "Name Megan Ortiz"
    assert (mail.facts["Template"].text, mail.facts["To"].text) == ("Work order assigned", "Megan Ortiz")


def test_what_cannot_be_read_is_said_to_be_so_and_a_name_that_is_known_stands_for_it(sign_in, stories, mesh):
    admin = sign_in("admin")
    mesh.down.add("workorders")

    request = shown(admin, f"/parts-requests/{ident('request', 1)}")

    assert request.facts["Work order"].text == "20107925"
    assert request.table[0]["Line item"] == "not to be seen now"
    assert request.table[0]["Part"] == "VT40-HEAD"


def test_a_tracking_event_is_known_by_its_parcel(sign_in, stories):
    admin = sign_in("admin")
    rows = shown(admin, "/tracking-events/")
    page = shown(admin, f"/tracking-events/{ident('event', 1)}")

    assert rows.table[0]["Parcel"] == "NW000001"
    assert "1,795" not in rows.text + page.text
    assert page.one("h1").text == "NW000001"


def test_a_row_that_is_named_by_another_is_called_so_wherever_it_is_told(sign_in, mesh):
    admin = sign_in("admin")
    technician = ident("technician", 1)
    membership = mesh.put(Membership(technician_id=technician, organization_id=ident("organization", "Voltara")))
    path = f"/memberships/{membership.id}"

    called = shown(admin, path).one("h1").text

    assert not UUID.search(called)
    assert not UUID.search(read(admin.get("/memberships/options").text).text)


def words_of(fields):
    """What people read of fields."""
    for field in fields:
        if not field.hidden:
            yield from (field.label, field.help, str(field.options.pattern_help))
            yield from (choice.label for choice in field.choices)
            yield from words_of(field.children)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.resource.DESCRIPTOR.name)
def test_contracts_speak_one_spelling(panel):
    resource = resource_of(panel.resource, panel.service)
    told = [resource.singular, resource.plural, str(resource.options.description), *words_of(resource.fields.values())]

    assert [text for text in told if re.search("(?i)organiz|fulfillment|catalog$|cancell?ed by cancel", text)] == []


def test_pages_of_organisations_are_called_so_and_keep_their_address(sign_in, mesh):
    admin = sign_in("admin")
    rows = shown(admin, "/organizations/")
    picker = admin.get("/people/new").text

    assert rows.one("h1").text == "Organisations"
    assert "Search organisations…" in picker
    assert "rganizations" not in rows.text
