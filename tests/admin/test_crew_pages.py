"""Several technicians on the assignment tab, their faces, and assigning while technicians does not answer."""

from __future__ import annotations

import pytest
from fieldmesh.technicians.v1 import technicians_service_pb2
from fieldmesh.workorders.v1 import work_order_pb2

from services.chassis.errors import Unavailable, Violation, WrongState
from services.workorders.domain.work_order import SiteTechnician
from tests.admin.test_moves import RECORD, TRANSITION, done, sent_again, shown
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, SERVICE

DESK = "/fieldmesh.technicians.v1.AssignmentDeskService"
TAB = f"{RECORD}?tab=assignment"
LEAD, BESIDE = ident("person", 31), ident("person", 32)
OFFERS = f"{SERVICE}.WorkOrderService/ListAvailableTransitions"


@pytest.fixture
def fired(mesh, portal):
    """An order that takes two and has one; what was asked of its transitions."""
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    before = work_order_pb2.WorkOrder()
    before.CopyFrom(order)
    order.technician.person_id, order.technician.technician_id = LEAD, "t-31"
    order.technicians_needed = 2
    portal.changes["technician"] = SiteTechnician("t-31", LEAD, "Rosa Imani")
    allan = {"id": "t-7", "person_id": ident("person", 7), "name": "Allan Heward", "photo_version": "v1"}
    bea = {"id": "t-8", "person_id": ident("person", 8), "name": "Bea Baker"}
    found = technicians_service_pb2.SearchTechniciansResponse(
        matches=[{"technician": each, "qualified": True} for each in (allan, bea)], technicians_needed=2
    )
    suggestion = {
        "technician_id": "t-7",
        "person_id": ident("person", 7),
        "name": "Allan Heward",
        "photo_version": "v1",
    }
    suggested = technicians_service_pb2.SuggestTechniciansResponse(suggestions=[suggestion])
    asked = []

    def fire(request, caller):
        del caller
        asked.append(request)
        return done("in_progress", "In Progress")

    verbs = {f"{DESK}/SearchTechnicians": lambda *_: found, f"{DESK}/SuggestTechnicians": lambda *_: suggested}
    mesh.verbs |= {**verbs, TRANSITION: fire}
    yield asked
    for path in (*verbs, TRANSITION):
        del mesh.verbs[path]
    del portal.changes["technician"]
    order.CopyFrom(before)


@pytest.mark.req("CP-62")
@pytest.mark.req("CP-64")
def test_the_tab_says_how_many_are_missing_and_assigns_one_more_beside_the_lead(sign_in, fired):
    partner = sign_in("partner")
    page = shown(partner.get(TAB), 200)

    form = page.one("section", id="matrix").one("form")
    partner.post(form.attributes["action"], partner.fields(TAB) | {"inputs__person_id": ident("person", 7)})

    assert "2 technicians needed, 1 assigned" in page.one("section", id="crew").text
    assert "Choose who comes beside Rosa Imani." in page.text
    assert [(each.transition, each.inputs.person_id) for each in fired] == [
        ("assign_further_technician", ident("person", 7))
    ]


@pytest.mark.req("CP-67")
def test_the_lead_and_whoever_comes_beside_are_replaced_and_released_by_name(sign_in, fired, mesh):
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    order.further_technicians.add(person_id=BESIDE, technician_id="t-32", name="Bo Reyes")
    partner = sign_in("partner")

    lead = shown(partner.get(f"{TAB}&replace={LEAD}"), 200).one("section", id="matrix").one("form")
    beside = shown(partner.get(f"{TAB}&replace={BESIDE}"), 200)
    form = beside.one("section", id="matrix").one("form")
    kept = {each.attributes["name"]: each.attributes.get("value") for each in form.all("input", type="hidden")}
    partner.post(form.attributes["action"], {**kept, "inputs__person_id": ident("person", 8)})
    release = f"{RECORD}/do/release_technician?tab=assignment&inputs__present_person_id={LEAD}"
    asked = shown(partner.get(release), 200)
    partner.post(release, sent_again(partner.get(release)))

    assert lead.attributes["action"].endswith("/do/assign_technician")
    assert "Choose who comes in the place of Bo Reyes." in beside.text
    assert "Release" in asked.text
    assert [(each.transition, each.inputs.person_id, each.inputs.present_person_id) for each in fired] == [
        ("assign_further_technician", ident("person", 8), BESIDE),
        ("release_technician", "", LEAD),
    ]


@pytest.mark.req("B-6")
def test_faces_are_photos_or_initials_in_suggestions_and_matrix(sign_in, fired):
    page = shown(sign_in("partner").get(TAB), 200)

    suggestion = page.one("fieldset", class_="suggestions")
    rows = page.one("table", class_="grid matrix").all("th", scope="row")
    assert suggestion.one("img").attributes["src"] == "/technicians/t-7/photo?v=v1"
    assert rows[0].one("img").attributes["src"] == "/technicians/t-7/photo?v=v1"
    assert rows[1].one("span", class_="face face-initials").text == "BB"


def test_while_technicians_is_down_a_dispatcher_assigns_with_a_reason_and_a_partner_waits(sign_in, fired, mesh, portal):
    def offers(request, caller):
        answer = portal.offers(request, caller)
        for each in answer.transitions:
            for field in (field for step in each.steps for field in step.fields if field.path == "inputs.person_id"):
                field.choices.add(value=ident("person", 7), label="Allan Heward")
        return answer

    mesh.verbs[OFFERS] = offers
    mesh.refuse["SearchTechnicians"] = Unavailable("The technicians service is not answering.")
    try:
        waiting = sign_in("partner").get(TAB).text
        dispatcher = sign_in("dispatcher")
        page = shown(dispatcher.get(TAB), 200)
        form = next(each for each in page.all("form") if each.attributes.get("action", "").endswith("_technician"))
        kept = {each.attributes["name"]: each.attributes.get("value") for each in form.all("input", type="hidden")}
        given = {
            "inputs__person_id": ident("person", 7),
            "inputs__reason_code": "override_other",
            "inputs__comment": "Dark",
        }
        dispatcher.post(form.attributes["action"], {**kept, **given})
    finally:
        del mesh.refuse["SearchTechnicians"]
        mesh.verbs[OFFERS] = portal.offers

    assert "Assign without the check" not in waiting
    assert "The technicians service is not answering." in waiting
    assert "checked by itself later" in page.text
    assert [(each.transition, each.inputs.reason_code) for each in fired] == [
        ("assign_further_technician", "override_other")
    ]


def test_where_technicians_goes_down_meanwhile_a_reason_is_asked_for_alone(sign_in, fired, mesh):
    say = Violation("inputs.reason_code", "Technicians does not answer.")
    refused = WrongState("x", reason="ASSIGNMENT_UNCHECKED", violations=[say])
    mesh.verbs[TRANSITION] = lambda *_: (_ for _ in ()).throw(refused)
    dispatcher = sign_in("dispatcher")

    first = dispatcher.post(
        f"{RECORD}/do/assign_further_technician", dispatcher.fields(TAB) | {"inputs__person_id": ident("person", 7)}
    )
    unsaid = dispatcher.post(f"{RECORD}/do/assign_further_technician", sent_again(first))

    box = shown(first, 409).one("fieldset", class_="prompt")
    assert box.one("legend").text == "Not checked"
    assert shown(first, 409).all("button")[-1].text == "Assign unchecked"
    assert "Choose why nobody can wait for the check." in shown(unsaid, 422).text


def test_an_unchecked_assignment_says_so(sign_in, fired, mesh):
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    order.flags.add(code="assignment_unchecked", message="Rosa Imani was assigned unchecked.", person_id=LEAD)

    partner = sign_in("partner")
    page, listed = read(partner.get(TAB).text), read(partner.get("/work-orders/").text)

    assert "Technician not checked" in listed.one("table").text
    assert "Not checked yet" in page.one("section", id="crew").text
    assert "Rosa Imani was assigned unchecked." in page.text
