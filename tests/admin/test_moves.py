"""Transitions on their pages: what a form asks, what it keeps through every answer, and what is told afterwards."""

from __future__ import annotations

import datetime as dt

import pytest
from fieldmesh.technicians.v1 import certification_pb2, technicians_service_pb2
from fieldmesh.workorders.v1 import work_order_pb2
from fieldmesh.workorders.v1.work_order_service_pb2 import TransitionWarning, TransitionWorkOrderResponse

from services.chassis.errors import InvalidRequest, StaleEtag, Unavailable, Violation, WrongState
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, SERVICE

RECORD = f"/work-orders/{ORDER}"
TRANSITION = f"{SERVICE}.WorkOrderService/TransitionWorkOrder"
CAUTION = "If Shipping Information is not added the WO will not be accepted, remaining in an assigned state"
LATE = {"target_version": "4", "due_date": "2026-03-06", "due_time": "2026-03-07T08:00:00+00:00"}
VISIT = {"appointment__date": "2026-03-12", "appointment__time": "09:30"}
ACCEPTANCE = {"ship_to__handling": "HANDLING_NEED_LIFTGATE", "travel__round_trip_miles": "120.5",
              "travel__technicians": "2", "travel__cost_per_mile": ["0.95", "USD"]}  # fmt: skip


@pytest.fixture
def partner(portal, sign_in):
    return sign_in("partner")


@pytest.fixture
def answers(mesh, portal):
    """What firing a transition answers, in order; the last one stays. A function is asked, a refusal is raised."""
    given = []

    def fire(request, caller):
        del caller
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    mesh.verbs[TRANSITION] = fire
    yield given
    del mesh.verbs[TRANSITION]


def path(name):
    return f"{RECORD}/do/{name}"


def done(state="", label=""):
    order = work_order_pb2.WorkOrder(id=ORDER, state=state, state_label=label)
    return TransitionWorkOrderResponse(happened=True, work_order=order)


def late(**more):
    return WrongState("Save appointment: late", reason="APPOINTMENT_AFTER_TARGET", metadata=LATE | more)


def shown(answer, status):
    main = read(answer.text).one("main")
    assert answer.status_code == status, main.text
    return main


def sent_again(answer, **changes):
    """What the form of an answer would send; what is chosen nowhere is not sent."""
    form = read(answer.text).one("main").all("form")[0]
    found = {}
    for field in form.all("input"):
        name, kind = field.attributes.get("name"), field.attributes.get("type")
        if name and (kind not in {"radio", "checkbox"} or "checked" in field.attributes):
            found.setdefault(name, []).append(field.attributes.get("value", ""))
    for box in form.all("select"):
        chosen = [each for each in box.all("option") if "selected" in each.attributes]
        found[box.attributes["name"]] = [chosen[0].attributes["value"]] if chosen else [""]
    for box in form.all("textarea"):
        found[box.attributes["name"]] = [box.text]
    return {**found, **changes}


def visible(main):
    """Names of the inputs that a form shows."""
    kinds = [(each.attributes.get("name"), each.attributes.get("type")) for each in main.all("input")]
    names = {name for name, kind in kinds if name and kind != "hidden" and name != "q"}
    return names | {each.attributes["name"] for each in (*main.all("select"), *main.all("textarea"))}


@pytest.mark.req("CP-49")
def test_an_acceptance_that_was_held_back_can_be_completed_at_once(partner, portal, answers, mesh):
    portal.state = "assigned"
    warned = TransitionWarning(code="SHIPPING_INFORMATION_MISSING", message=CAUTION)
    answers[:] = [TransitionWorkOrderResponse(warnings=[warned]), done("ship_to_received", "Ship-To Received")]
    full = partner.fields(path("accept"), **ACCEPTANCE)
    blank = {key: "" if key.startswith("ship_to__") else value for key, value in full.items()}

    held_back = partner.post(path("accept"), blank)
    given = {key: value for key, value in full.items() if key.startswith(("ship_to__", "travel__"))}
    partner.post(path("accept"), sent_again(held_back, **given))

    assert CAUTION in shown(held_back, 422).text
    first, second = mesh.asked("TransitionWorkOrder")
    assert first.request_id != second.request_id
    assert second.work_order.ship_to.name == "Bluefern Dispatch"


def test_the_same_input_is_the_same_request_and_a_corrected_one_is_another(partner, answers, mesh):
    answers[:] = [Unavailable("gone", reason="SERVICE_UNAVAILABLE", metadata={"service": "workorders"})]
    name = path("save_appointment")
    sent = partner.fields(name, **VISIT)

    def asked(given):
        answer = partner.post(name, given)
        return answer, mesh.asked("TransitionWorkOrder")[-1].request_id

    failed, first = asked(sent)
    _, second = asked(sent)
    _, third = asked(sent_again(failed))
    _, other = asked(sent_again(failed, appointment__time="10:00"))

    assert first == second == third
    assert other != first


@pytest.mark.parametrize(
    "refusal",
    [
        WrongState("busy", violations=[Violation("appointment.time", "Rosa Imani has another visit at that time.")]),
        InvalidRequest("wrong", violations=[Violation("technician.phone", "must be a telephone number")]),
        StaleEtag("The order changed."),
    ],
    ids=["state", "invalid", "stale"],
)
def test_whatever_refused_it_the_corrected_form_goes_through(partner, answers, mesh, refusal):
    answers[:] = [refusal, done("in_progress", "In Progress")]
    name = path("save_appointment")

    refused = partner.post(name, partner.fields(name, **VISIT))
    saved = partner.post(name, sent_again(refused, appointment__time="11:00"))

    assert refused.status_code in {409, 422}
    assert saved.status_code == 302
    first, second = mesh.asked("TransitionWorkOrder")
    assert first.request_id != second.request_id


@pytest.mark.req("CP-44")
def test_the_line_item_to_finish_is_told_by_number_and_work_type(partner):
    asked = shown(partner.get(f"{path('finish_line_item')}?line_item_id={ident('line item', 2)}"), 200)
    anyone = shown(partner.get(path("finish_line_item")), 200)

    hidden = asked.one("input", name="inputs__line_item_id")
    assert hidden.attributes["type"] == "hidden"
    assert hidden.attributes["value"] == ident("line item", 2)
    assert asked.facts["Line item"].text == "00000002 Wiring verification"
    assert visible(asked) == {"inputs__comment"}
    options = [option.text for option in anyone.one("select", name="inputs__line_item_id").all("option")]
    assert options == ["Choose…", "00000001 Head replacement", "00000002 Wiring verification"]


def test_a_line_item_out_of_turn_is_still_told_with_what_is_wrong(partner, answers):
    told = "Line item 00000001 has to be done before 00000002."
    answers[:] = [WrongState("x", violations=[Violation("inputs.line_item_id", told)])]
    name = f"{path('finish_line_item')}?line_item_id={ident('line item', 2)}"
    given = sent_again(partner.get(name), inputs__comment="Torqued.")

    refused = shown(partner.post(path("finish_line_item"), given), 409)

    assert told in refused.text
    assert refused.one("input", name="inputs__line_item_id").attributes["type"] == "hidden"
    assert refused.one("textarea").text == "Torqued."


@pytest.mark.req("CP-74")
def test_a_late_appointment_names_its_date_and_the_target_and_answers_nothing_by_itself(partner, answers):
    answers[:] = [late()]
    name = path("save_appointment")

    asked = shown(partner.post(name, partner.fields(name, **VISIT)), 409)

    prompt = asked.one("fieldset", class_="prompt")
    assert {term: fact.text for term, fact in prompt.facts.items()} == {
        "Appointment": "Thu 12 Mar 2026, 09:30 PDT at the site",
        "Target": "Fri 6 Mar 2026, until the end of the day, PST",
    }
    assert not [each for each in prompt.all("input") if "checked" in each.attributes]
    assert visible(asked) == {"inputs__continue_past_target", "inputs__reason_code", "inputs__comment"}
    assert asked.one("input", name="inputs__seen_target_version").attributes == {
        "type": "hidden", "name": "inputs__seen_target_version", "value": "4"}  # fmt: skip


NEITHER = ({"inputs__comment": "Storm"}, "Choose yes or no.", "late-yes")
NO_REASON = ({"inputs__comment": "Storm", "inputs__continue_past_target": "y"}, "Choose a delay reason.", "reason-1")


@pytest.mark.req("CP-74")
@pytest.mark.req("CP-75")
@pytest.mark.parametrize("case", [NEITHER, NO_REASON], ids=["neither", "no reason"])
def test_an_unanswered_prompt_stays_one_with_its_input(partner, answers, mesh, case):
    changes, said, anchor = case
    answers[:] = [late(), done("in_progress", "In Progress")]
    name = path("save_appointment")
    first = partner.post(name, partner.fields(name, **VISIT))

    second = partner.post(name, sent_again(first, **changes))
    third = partner.post(name, sent_again(second, inputs__continue_past_target="y", inputs__reason_code="weather"))

    again = shown(second, 422)
    prompt = again.one("fieldset", class_="prompt")
    assert len(prompt.all("div", class_="reason")) == 9
    assert prompt.facts["Target"].text == "Fri 6 Mar 2026, until the end of the day, PST"
    assert said in prompt.text
    assert prompt.one("input", id=anchor).attributes["aria-invalid"] == "true"
    assert again.one("a", data_goes_to=anchor).attributes["href"] == f"#{anchor}"
    assert prompt.one("textarea").text == "Storm"
    assert visible(again) == {"inputs__continue_past_target", "inputs__reason_code", "inputs__comment"}
    assert third.status_code == 302
    fired = mesh.asked("TransitionWorkOrder")
    assert len(fired) == 2
    assert (fired[1].inputs.reason_code, fired[1].inputs.comment) == ("weather", "Storm")
    assert fired[1].inputs.continue_past_target
    assert fired[1].inputs.seen_target_version == 4
    assert (fired[1].work_order.appointment.date.day, fired[1].work_order.appointment.time) == (12, "09:30")


@pytest.mark.req("CP-76")
def test_no_leads_back_to_the_date_and_a_reason_that_was_chosen_is_not_sent(partner, answers, mesh):
    answers[:] = [late(), done("in_progress", "In Progress")]
    name = path("save_appointment")
    first = partner.post(name, partner.fields(name, **VISIT))

    back = partner.post(name, sent_again(first, inputs__continue_past_target="", inputs__reason_code="weather"))
    partner.post(name, sent_again(back, appointment__date="2026-03-05"))

    form = shown(back, 422)
    assert form.one("input", name="appointment__date").attributes["aria-invalid"] == "true"
    assert not form.all("fieldset", class_="prompt")
    assert visible(form) >= {"appointment__date", "appointment__time"}
    assert not {name for name in visible(form) if name.startswith("inputs__")}
    fired = mesh.asked("TransitionWorkOrder")[1]
    assert (fired.inputs.reason_code, fired.inputs.continue_past_target) == ("", False)


def test_a_target_that_changed_meanwhile_is_asked_about_again(partner, answers):
    changed = {"target_version": "5", "due_date": "2026-03-09", "due_time": "2026-03-10T07:00:00+00:00"}
    answers[:] = [late(), WrongState("x", reason="TARGET_CHANGED", metadata=changed)]
    name = path("save_appointment")
    first = partner.post(name, partner.fields(name, **VISIT))

    second = partner.post(name, sent_again(first, inputs__continue_past_target="y", inputs__reason_code="weather"))

    prompt = shown(second, 409).one("fieldset", class_="prompt")
    assert "The target has changed since it was shown." in prompt.text
    assert prompt.facts["Target"].text.startswith("Mon 9 Mar 2026")
    chosen = [each.attributes["value"] for each in prompt.all("input") if "checked" in each.attributes]
    assert chosen == ["weather"]


@pytest.mark.req("B-5")
def test_the_assignment_tab_suggests_technicians_with_the_parts_of_their_score(partner, mesh):
    reasons = [
        {"part": 1, "points": 40, "most": 40, "text": "Holds everything that the work needs."},
        {"part": 3, "points": 12.5, "most": 25, "text": "75 miles from home as the crow flies."},
        {"part": 4, "points": 0, "most": 0, "text": "A part that weighs nothing is not shown."},
    ]
    asked = []
    found = {"person_id": "p-1", "name": "Allan Heward", "score": 87.5, "qualified": True, "reasons": reasons}
    match = {"technician": {"id": "t-1", "person_id": "p-1", "name": "Allan Heward"}, "qualified": True}

    def suggest(request, caller):
        asked.append((caller.roles, request.limit, request.need.work_order_number))
        return technicians_service_pb2.SuggestTechniciansResponse(suggestions=[found], compared=3)

    desk = "/fieldmesh.technicians.v1.AssignmentDeskService"
    mesh.verbs |= {
        f"{desk}/SuggestTechnicians": suggest,
        f"{desk}/SearchTechnicians": lambda *_: technicians_service_pb2.SearchTechniciansResponse(matches=[match]),
    }
    try:
        shown = read(partner.get(f"{RECORD}?tab=assignment").text).one("fieldset", **{"class": "suggestions"})
        searched = partner.get(f"{RECORD}?tab=assignment&city=Columbus").text
    finally:
        del mesh.verbs[f"{desk}/SuggestTechnicians"], mesh.verbs[f"{desk}/SearchTechnicians"]

    assert asked == [({"partner"}, 3, "20107925")]
    assert shown.one("input").attributes["value"] == "p-1"
    assert "Allan Heward 88" in shown.text
    assert [line.text for line in shown.all("li")] == [
        "Holds everything that the work needs. 40 of 40",
        "75 miles from home as the crow flies. 12.5 of 25",
    ]
    assert "Suggested" not in searched


@pytest.mark.req("CP-65")
def test_an_override_asks_for_its_reason_alone_and_keeps_what_was_given(partner, answers, mesh):
    missing = WrongState(
        "Assign technician: Missing skills: VT40-CM. Choose a reason to override.", reason="SKILLS_MISSING",
        violations=[Violation("inputs.reason_code", "Missing skills: VT40-CM. Choose a reason to override.")],
        metadata={"missing": "VT40-CM"},
    )  # fmt: skip
    explain = Violation("inputs.comment", "Say in a few words what the other reason is.")
    answers[:] = [missing, WrongState("x", violations=[explain]), done("in_progress", "In Progress")]
    name = path("assign_technician")
    person = next(iter(mesh.rows["fieldmesh.technicians.v1.Person"].values()))
    first = partner.post(name, partner.fields(f"{RECORD}?tab=assignment") | {"inputs__person_id": person.id})

    unsaid = partner.post(name, sent_again(first, inputs__comment="New hire"))
    other = partner.post(name, sent_again(unsaid, inputs__reason_code="override_other", inputs__comment=""))
    partner.post(name, sent_again(other, inputs__comment="Trained on Friday"))

    box = shown(first, 409).one("fieldset", class_="prompt")
    assert box.one("legend").text == "Missing Skills"
    assert "Missing skills:" not in box.text
    assert "Assign technician:" not in box.text
    assert [each.text for each in box.all("li")] == ["VT40-CM"]
    for answer, status, said in (
        (unsaid, 422, "Choose a reason to override."),
        (other, 409, "Say in a few words what the other reason is."),
    ):
        main = shown(answer, status)
        box = main.one("fieldset", class_="prompt")
        assert said in box.text
        assert [each.text for each in box.all("li")] == ["VT40-CM"]
        assert visible(main) == {"inputs__reason_code", "inputs__comment"}
        assert main.all("button")[-1].text == "Confirm Override"
    assert shown(unsaid, 422).one("textarea").text == "New hire"
    fired = mesh.asked("TransitionWorkOrder")[-1]
    assert (fired.inputs.person_id, fired.inputs.reason_code) == (person.id, "override_other")


@pytest.mark.req("CP-65")
@pytest.mark.req("PT-10")
def test_somebody_absent_is_assigned_with_a_reason_that_a_question_asks_for(partner, answers, mesh):
    words = "Rosa Imani is absent at that time. Choose a reason to override."
    absent = WrongState(
        f"Assign technician: {words}", reason="TECHNICIAN_ABSENT",
        violations=[Violation("inputs.reason_code", words)], metadata={"name": "Rosa Imani", "missing": "VT40-CM"},
    )  # fmt: skip
    answers[:] = [absent, done("in_progress", "In Progress")]
    name = path("assign_technician")
    person = next(iter(mesh.rows["fieldmesh.technicians.v1.Person"].values()))
    first = partner.post(name, partner.fields(f"{RECORD}?tab=assignment") | {"inputs__person_id": person.id})

    unsaid = partner.post(name, sent_again(first))
    partner.post(name, sent_again(unsaid, inputs__reason_code="agreed_to_come"))

    for answer, status in ((first, 409), (unsaid, 422)):
        main = shown(answer, status)
        box = main.one("fieldset", class_="prompt")
        assert box.one("legend").text == "Technician Absent"
        assert "Rosa Imani is absent at the time of the appointment." in box.text
        assert [each.text for each in box.all("li")] == ["VT40-CM"]
        assert "Agreed to come although absent" in [option.text for option in box.all("option")]
        assert main.all("button")[-1].text == "Confirm Override"
    fired = mesh.asked("TransitionWorkOrder")[-1]
    assert (fired.inputs.person_id, fired.inputs.reason_code) == (person.id, "agreed_to_come")


@pytest.mark.req("PT-10")
def test_the_matrix_tells_who_is_absent_and_whose_shift_is_over(partner, mesh):
    matches = [
        {"technician": {"id": name, "name": name}, "absent": name == "Ada", "shift_conflicts": shifts}
        for name, shifts in (("Ada", []), ("Bea", ["No shift on Sunday, 1 March."]))
    ]
    method = "/fieldmesh.technicians.v1.AssignmentDeskService/SearchTechnicians"
    mesh.verbs[method] = lambda *_: technicians_service_pb2.SearchTechniciansResponse(matches=matches)
    try:
        matrix = shown(partner.get(f"{RECORD}?tab=assignment&city=Waco"), 200).one("section", id="matrix")
    finally:
        del mesh.verbs[method]

    assert [row.all("td")[-1].text.split() for row in matrix.all("tr")[1:]] == [
        ["absent"],
        ["yes", "No", "shift", "on", "Sunday,", "1", "March."],
    ]


@pytest.fixture
def freelancers(mesh):
    """What the search for technicians was asked, with one freelancer for an answer."""
    asked = []
    noor = {"id": "t-9", "person_id": ident("person", 9), "name": "Noor Haddad", "email": "noor@example.com",
            "address": {"street": "110 Church St", "city": "Raleigh", "postal_code": "27601"}}  # fmt: skip
    match = {"technician": noor, "qualified": True, "freelancer": True, "busy": True}
    path = "/fieldmesh.technicians.v1.AssignmentDeskService/SearchTechnicians"

    def search(request, caller):
        del caller
        asked.append(request)
        return technicians_service_pb2.SearchTechniciansResponse(matches=[match])

    mesh.verbs[path] = search
    yield asked
    del mesh.verbs[path]


@pytest.mark.req("CP-62")
@pytest.mark.req("CP-66")
def test_a_freelancer_is_searched_by_the_whole_address_and_shown_with_where_they_live(partner, freelancers):
    tab = f"{RECORD}?tab=assignment&mine=no"

    half = shown(partner.get(f"{tab}&email=noor"), 200)
    asked_of_half = len(freelancers)
    found = shown(partner.get(f"{tab}&email=noor@example.com"), 200)

    assert asked_of_half == 0
    assert "Give the whole e-mail address" in half.one("section", id="matrix").text
    assert half.one("input", id="desk-email").attributes["aria-invalid"] == "true"
    assert [(each.my_organization, each.email) for each in freelancers] == [(False, "noor@example.com")]
    matrix = found.one("section", id="matrix")
    assert matrix.one("input", type="radio").attributes["value"] == ident("person", 9)
    assert "110 Church St, Raleigh, 27601" in matrix.text
    assert "busy" in matrix.text
    assert "always needs a reason" in matrix.text
    assert not found.all("fieldset", class_="suggestions")


@pytest.mark.req("CP-66")
def test_a_freelancer_is_assigned_with_one_of_the_reasons_of_freelancers(partner, answers, mesh, freelancers):
    say = "Noor Haddad is a freelancer. Choose a reason."
    refusal = WrongState(
        say, reason="FREELANCER_REASON_MISSING", violations=[Violation("inputs.reason_code", say)],
        metadata={"name": "Noor Haddad", "missing": "HV-SAFETY"},
    )  # fmt: skip
    answers[:] = [refusal, done("in_progress", "In Progress")]
    name = path("assign_technician")
    given = partner.fields(f"{RECORD}?tab=assignment&mine=no&email=noor@example.com")

    first = partner.post(name, given | {"inputs__person_id": ident("person", 9)})
    unsaid = partner.post(name, sent_again(first))
    partner.post(name, sent_again(unsaid, inputs__reason_code="special_skill"))

    box = shown(first, 409).one("fieldset", class_="prompt")
    assert box.one("legend").text == "Freelancer"
    assert "Noor Haddad is a freelancer" in box.text
    assert [each.text for each in box.all("li")] == ["HV-SAFETY"]
    values = [each.attributes["value"] for each in box.one("select").all("option")]
    assert values == ["", "no_own_technician", "special_skill", "freelancer_other"]
    again = shown(unsaid, 422)
    assert "Choose why a freelancer comes." in again.text
    assert "Noor Haddad is a freelancer" in again.text
    assert again.all("button")[-1].text == "Assign Freelancer"
    fired = mesh.asked("TransitionWorkOrder")
    assert [each.inputs.reason_code for each in fired] == ["", "special_skill"]
    assert fired[1].inputs.person_id == ident("person", 9)


@pytest.mark.req("CP-62")
def test_certifications_are_a_list_that_also_works_without_scripts(partner, mesh, freelancers):
    for number, code in enumerate(("VT40-CM", "VX60-INS"), 1):
        mesh.put(certification_pb2.Certification(id=ident("certification", number), code=code, name=code, active=True))

    page = shown(partner.get(f"{RECORD}?tab=assignment&certification=VX60-INS"), 200)

    box = page.one("select", id="desk-certifications")
    assert {"multiple", "name"} <= box.attributes.keys()
    options = {each.attributes["value"]: "selected" in each.attributes for each in box.all("option")}
    assert options["VX60-INS"] is True
    assert options["VT40-CM"] is False
    assert list(freelancers[0].certification_codes) == ["VX60-INS"]
    assert "hidden" in page.one("div", class_="two-lists-grid").attributes


@pytest.mark.parametrize(("typed", "status"), [("25:99", 422), ("soon", 422), ("9:00", 302)])
def test_the_time_is_hours_and_minutes_and_a_wrong_one_opens_nothing_else(partner, answers, mesh, typed, status):
    answers[:] = [done("in_progress", "In Progress")]
    name = path("save_appointment")

    answer = partner.post(name, partner.fields(name, **VISIT | {"appointment__time": typed}))

    assert answer.status_code == status
    if status == 302:
        assert mesh.asked("TransitionWorkOrder")[0].work_order.appointment.time == "09:00"
        return
    form = shown(answer, 422)
    clock = form.one("input", name="appointment__time")
    assert (clock.attributes["type"], clock.attributes["aria-invalid"]) == ("time", "true")
    assert "such as 14:30" in form.text
    assert visible(form) == {"appointment__date", "appointment__time", "technician__name", "technician__email",
                             "technician__phone", "scheduling_completed_date"}  # fmt: skip


def test_a_time_that_comes_twice_at_the_site_is_asked_with_both_offsets(partner, answers, mesh):
    words = "01:30 comes twice on 2026-11-01: clocks are set back in America/Los_Angeles. Choose which is meant."
    twice = InvalidRequest(words, reason="LOCAL_TIME_TWICE", violations=[Violation("appointment.fold", words)])
    answers[:] = [twice, done("in_progress", "In Progress")]
    name = path("save_appointment")
    given = {"appointment__date": "2026-11-01", "appointment__time": "01:30"}

    asked = partner.post(name, partner.fields(name, **given))
    partner.post(name, sent_again(asked, appointment__fold="CLOCK_FOLD_LATER"))

    form = shown(asked, 422)
    assert f"Which of the two: {words}" in form.text
    options = form.one("select", name="appointment__fold").all("option")
    assert [(each.attributes["value"], each.text) for each in options] == [
        ("", "Choose…"),
        ("CLOCK_FOLD_EARLIER", "Before the clock change (PDT, UTC-07:00)"),
        ("CLOCK_FOLD_LATER", "After the clock change (PST, UTC-08:00)"),
    ]
    assert mesh.asked("TransitionWorkOrder")[1].work_order.appointment.fold == work_order_pb2.CLOCK_FOLD_LATER


@pytest.mark.req("CP-50")
def test_a_draft_keeps_what_is_there_says_what_it_left_out_and_stays_on_its_step(partner, portal, answers, mesh):
    portal.state = "assigned"
    answers[:] = [done()]
    asked = partner.fields(path("accept"), ship_to__name="", ship_to__street="9 Oak", travel__technicians="0")

    saved = shown(partner.post(path("accept"), asked | {"draft": "0"}), 200)

    request = mesh.asked("TransitionWorkOrder")[0]
    assert request.transition == "save_acceptance_draft"
    assert "travel.technicians" not in request.update_mask.paths
    assert {"ship_to.street", "ship_to.name"} <= set(request.update_mask.paths)
    assert request.work_order.ship_to.street == "9 Oak"
    assert "Draft saved, but for what is wrong." in saved.text
    assert [link.text for link in saved.all("a", data_goes_to="do-travel__technicians")] == ["Travelling technicians"]
    assert "Enter a number between 1 and 20." in saved.text
    assert "This is required." not in saved.text
    assert saved.one("input", data_wizard_start="").attributes["value"] == "0"


@pytest.mark.req("CP-50")
def test_what_only_the_service_finds_wrong_is_left_out_of_the_draft_as_well(partner, portal, answers, mesh):
    portal.state = "assigned"
    wrong = InvalidRequest("x", violations=[Violation("ship_to.phone", "must be a telephone number")])
    answers[:] = [wrong, done()]

    saved = shown(partner.post(path("accept"), partner.fields(path("accept")) | {"draft": "0"}), 200)

    first, second = mesh.asked("TransitionWorkOrder")
    assert set(first.update_mask.paths) - set(second.update_mask.paths) == {"ship_to.phone"}
    assert "This must be a telephone number." in saved.text


@pytest.mark.req("CP-50")
def test_a_draft_that_was_saved_can_be_saved_and_sent_again(partner, portal, answers, mesh):
    portal.state = "assigned"
    answers[:] = [done()]
    first = partner.post(path("accept"), partner.fields(path("accept")) | {"draft": "0"})

    partner.post(path("accept"), sent_again(first) | {"draft": "0"})

    ids = [request.request_id for request in mesh.asked("TransitionWorkOrder")]
    assert len(set(ids)) == 2
    assert "Draft saved." in shown(first, 200).text


@pytest.mark.req("CP-52")
def test_the_billed_distance_is_told_wherever_the_form_is_drawn(partner, portal, answers):
    portal.state = "assigned"
    answers[:] = [done()]
    told = {
        ("1,250", "1"): "1,200 mi",
        ("50.1", "1"): "0.1 mi",
        ("120.5", "2"): "70.5 mi each, 141 mi in all",
        ("30", "2"): "0 mi each, 0 mi in all",
        ("", "2"): "–",
        ("120.5", "0"): "–",
    }

    def saved(trip, technicians):
        asked = partner.fields(path("accept"), travel__round_trip_miles=trip, travel__technicians=technicians)
        return shown(partner.post(path("accept"), asked | {"draft": "0"}), 200).facts["Travel distance (mi)"].text

    assert {typed: saved(*typed) for typed in told} == told


def test_a_country_in_small_letters_is_raised_and_not_refused(partner, portal, answers, mesh):
    portal.state = "assigned"
    answers[:] = [done("ship_to_received", "Ship-To Received")]

    accepted = partner.post(path("accept"), partner.fields(path("accept"), **ACCEPTANCE, ship_to__country="us"))

    assert accepted.status_code == 302
    assert mesh.asked("TransitionWorkOrder")[0].work_order.ship_to.country == "US"


def test_success_tells_what_was_done_and_the_state_only_where_it_changed(partner, answers):
    answers[:] = [done("in_progress", "In Progress"), done("completed", "Completed")]

    def told(name, **given):
        partner.post(path(name), partner.fields(path(name), **given))
        return [each.text for each in shown(partner.get(RECORD), 200).all("div", class_="notice-success")]

    assert told("save_appointment", **VISIT) == ["The appointment was saved."]
    assert told("complete") == ["The work order was completed. 20107925 went from In Progress to Completed."]


@pytest.mark.req("CP-6")
def test_help_stands_beside_accept_for_keyboard_and_touch(partner, portal):
    portal.state = "assigned"
    bar = shown(partner.get(RECORD), 200).one("div", class_="action-bar")

    button = bar.one("button", aria_label="About Accept")
    popover = bar.one("div", id=button.attributes["popovertarget"])
    assert "popover" in popover.attributes
    assert popover.text == "Confirms the order, tells where the parts go, and what travel will cost."


@pytest.mark.req("CP-41")
def test_visit_times_are_asked_by_the_clock_of_the_site_to_the_minute(partner, answers, mesh):
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    order.visit.arrive_time.FromDatetime(dt.datetime(2026, 3, 5, 18, 40, 31, tzinfo=dt.UTC))
    answers[:] = [done("in_progress", "In Progress")]
    name = path("set_visit_times")
    asked = shown(partner.get(name), 200)

    arrival = asked.one("input", name="visit__arrive_time").attributes
    partner.post(name, partner.fields(name, visit__depart_time="2026-03-05T12:15"))

    assert (arrival["value"], arrival["step"]) == ("2026-03-05T10:40", "60")
    assert "America/Los_Angeles" in asked.text
    assert "By the clock at the site." in asked.text
    visit = mesh.asked("TransitionWorkOrder")[0].work_order.visit
    assert visit.arrive_time.ToDatetime(dt.UTC) == dt.datetime(2026, 3, 5, 18, 40, 31, tzinfo=dt.UTC)
    assert visit.depart_time.ToDatetime(dt.UTC) == dt.datetime(2026, 3, 5, 20, 15, tzinfo=dt.UTC)


def test_an_accepted_order_tells_where_its_parts_go_and_what_is_billed(partner, mesh):
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    order.accept_time.FromDatetime(dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC))
    order.ship_to.street, order.ship_to.handling = "1 Elm St", work_order_pb2.HANDLING_NEED_LIFTGATE
    order.travel.round_trip_miles, order.travel.technicians = 120.5, 2
    order.travel.free_miles, order.travel.billable_miles = 50, 70.5

    facts = shown(partner.get(RECORD), 200).section("Acceptance").facts

    assert facts["Required for unloading"].text == "Liftgate"
    assert facts["Travel distance billed"].text.startswith("70.5 mi each, 141 mi in all")
