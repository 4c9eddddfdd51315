"""Dialogs of transitions in a real browser: what warns and what does not, where the focus is, and what scripts tell."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import work_order_pb2
from fieldmesh.workorders.v1.work_order_service_pb2 import TransitionWorkOrderResponse
from playwright.sync_api import expect

from services.chassis.errors import WrongState
from tests.admin.conftest import PASSWORD
from tests.support import browser
from tests.support.browser import PHONE
from tests.support.memory_orders import ORDER, SERVICE

RECORD = f"/work-orders/{ORDER}"
TRANSITION = f"{SERVICE}.WorkOrderService/TransitionWorkOrder"
LOST = "You have changes that are not saved. Leave them?"
LATE = {"target_version": "3", "due_date": "2026-03-06", "due_time": "2026-03-07T08:00:00+00:00"}


@pytest.fixture(scope="module")
def chromium():
    with browser.launched() as found:
        yield found


class Screen:
    """A partner's window on the record; `asked` holds every question of the browser, `answer` is what it gets."""

    def __init__(self, window):
        self.window, self.page = window, window.page
        self.asked = []
        self.answer = True
        self.page.on("dialog", self._ask)
        self.dialog = self.page.locator("#dialog")

    def _ask(self, question):
        self.asked.append((question.type, question.message) if question.type == "confirm" else (question.type,))
        if self.answer:
            question.accept()
        else:
            question.dismiss()

    def taken(self):
        """What was asked since this was called last."""
        found, self.asked = self.asked, []
        return found

    def open(self, path=RECORD):
        self.page.goto(path)
        self.window.settled()
        return self.page

    def act(self, name):
        self.page.locator(".action-bar").get_by_role("link", name=name).click()
        expect(self.dialog).to_be_visible()
        return self.dialog

    def in_page(self, button):
        """A form of the details, opened."""
        for part in self.page.locator("details.inline-edit").all():
            part.evaluate("part => { part.open = true; }")
        return self.page.locator("form.move-inline").filter(
            has=self.page.get_by_role("button", name=button, exact=True)
        )

    def press(self, scope, name):
        scope.get_by_role("button", name=name, exact=True).click()

    def done(self, words):
        expect(self.page.locator("#notices .notice-success")).to_contain_text(words)

    def has_focus(self, anchor):
        expect(self.page.locator(f"[id='{anchor}']")).to_be_focused()


@pytest.fixture
def answers(mesh, portal):
    """What firing transitions answers, in order; the last one stays, an error is raised."""
    given = [done()]

    def fire(request, caller):
        del request, caller
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    mesh.verbs[TRANSITION] = fire
    yield given
    del mesh.verbs[TRANSITION]


def done():
    order = work_order_pb2.WorkOrder(id=ORDER, state="in_progress", state_label="In Progress")
    return TransitionWorkOrderResponse(happened=True, work_order=order)


@pytest.fixture
def enter(chromium, site, answers):
    made = []

    def sign_in(login="partner", **looks):
        window = browser.Window(chromium, site, **looks)
        made.append(window)
        window.sign_in(login, PASSWORD, "/login/?next=/account/")
        expect(window.page.locator("#sidebar")).to_be_attached()
        return Screen(window)

    yield sign_in
    for each in made:
        each.context.close()


def test_nothing_warns_after_a_success_whichever_form_led_to_it(enter, answers, mesh):
    answers[:] = [WrongState("late", reason="APPOINTMENT_AFTER_TARGET", metadata=LATE), done()]
    screen = enter()
    screen.open()

    visit = screen.in_page("Save")
    visit.locator("[name=technician__name]").press_sequentially(" B.")
    visit.locator("[name=appointment__date]").fill("2026-03-12")
    visit.locator("[name=appointment__time]").fill("09:30")
    screen.press(visit, "Save")
    expect(screen.dialog).to_contain_text("Thu 12 Mar 2026, 09:30 PDT at the site")
    screen.dialog.get_by_label("Delay due to weather").check()
    assert screen.dialog.locator("#late-yes").is_checked()
    screen.dialog.get_by_role("textbox", name="Details").press_sequentially("Storm")
    screen.press(screen.dialog, "OK")
    screen.done("The appointment was saved.")

    times = screen.in_page("Save visit times")
    times.locator("[name=visit__arrive_time]").fill("2026-03-05T09:00")
    times.locator("[name=visit__arrive_time]").press("ArrowUp")
    screen.press(times, "Save visit times")
    screen.done("The visit times were saved.")

    dialog = screen.act("Completed")
    dialog.get_by_label("Permit details").press_sequentially("City permit")
    dialog.get_by_role("button", name="Completed").dblclick()
    screen.done("The work order was completed.")

    assert screen.taken() == []
    assert len({request.request_id for request in mesh.asked("TransitionWorkOrder")}) == 4
    assert len(mesh.asked("TransitionWorkOrder")) == 4
    assert screen.window.messages == []


def test_what_was_not_sent_or_was_refused_still_warns(enter, answers):
    answers[:] = [WrongState("Not now.")]
    screen = enter()
    screen.open()

    dialog = screen.act("Completed")
    dialog.get_by_label("Permit details").press_sequentially("City permit")
    screen.page.reload()
    assert screen.taken() == [("beforeunload",)]

    dialog = screen.act("Completed")
    dialog.get_by_label("Permit details").press_sequentially("City permit")
    dialog.get_by_role("button", name="Completed").click()
    expect(dialog).to_contain_text("Not now.")
    screen.page.reload()
    assert screen.taken() == [("beforeunload",)]

    # what stands beside the form that is sent would be lost with its success
    screen.in_page("Save").locator("[name=technician__name]").press_sequentially(" B.")
    screen.answer = False
    screen.press(screen.in_page("Save visit times"), "Save visit times")
    assert screen.taken() == [
        ("confirm", "Other changes on this page are not saved and would be lost. Go on without them?")
    ]
    expect(screen.dialog).not_to_be_visible()


def test_a_dialog_with_input_is_not_given_up_unasked(enter, answers):
    answers[:] = [WrongState("late", reason="APPOINTMENT_AFTER_TARGET", metadata=LATE)]
    screen = enter()
    screen.open()

    dialog = screen.act("Request For Assistance")
    screen.page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert screen.taken() == []

    screen.act("Request For Assistance")
    dialog.locator("textarea").press_sequentially("Which breaker?")
    screen.answer = False
    screen.page.keyboard.press("Escape")
    screen.page.keyboard.press("Escape")
    screen.press(dialog, "Cancel")
    assert screen.taken() == [("confirm", LOST)] * 3
    expect(dialog.locator("textarea")).to_have_value("Which breaker?")
    screen.answer = True
    screen.page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert screen.taken() == [("confirm", LOST)]

    # a question that was only looked at takes nothing along: the date is still in the page
    visit = screen.in_page("Save")
    visit.locator("[name=appointment__date]").fill("2026-03-12")
    visit.locator("[name=appointment__time]").fill("09:30")
    screen.press(visit, "Save")
    expect(dialog).to_contain_text("Do you want to continue?")
    screen.press(dialog, "Cancel")
    expect(dialog).not_to_be_visible()
    assert screen.taken() == []


@pytest.mark.req("CP-74")
@pytest.mark.req("CP-76")
def test_focus_goes_to_what_is_wrong_and_links_lead_there(enter, answers):
    answers[:] = [WrongState("late", reason="APPOINTMENT_AFTER_TARGET", metadata=LATE)]
    screen = enter()
    screen.open()
    visit = screen.in_page("Save")
    visit.locator("[name=appointment__date]").fill("2026-03-12")
    visit.locator("[name=appointment__time]").fill("09:30")
    screen.press(visit, "Save")
    expect(screen.dialog).to_contain_text("Do you want to continue?")
    screen.press(screen.dialog, "OK")
    expect(screen.dialog).to_contain_text("Choose yes or no.")
    screen.has_focus("late-yes")
    assert screen.window.violations() == []

    screen.dialog.get_by_label("No, let me choose another date").check()
    screen.press(screen.dialog, "OK")
    expect(screen.dialog).to_contain_text("Choose another date.")
    screen.has_focus("do-appointment__date")
    screen.dialog.get_by_label("Technician e-mail").fill("nobody")
    screen.dialog.get_by_label("Appointment date").fill("")
    screen.press(screen.dialog, "Save appointment")
    expect(screen.dialog.get_by_role("link", name="Technician e-mail")).to_be_visible()
    screen.has_focus("do-appointment__date")
    screen.dialog.get_by_role("link", name="Technician e-mail").click()
    screen.has_focus("do-technician__email")


def test_a_new_order_that_is_refused_has_the_focus_on_its_first_fault(enter):
    screen = enter("dispatcher")
    page = screen.open("/work-orders/new")
    page.get_by_role("button", name="Create work order").click()

    summary = page.locator("main .notice-danger")
    expect(summary).to_contain_text("Line item 1, Work type: This is required.")
    screen.has_focus("account_id")
    summary.get_by_role("link", name="Subject", exact=True).click()
    screen.has_focus("subject")


@pytest.mark.req("CP-50")
@pytest.mark.req("CP-52")
@pytest.mark.parametrize("looks", [{}, {"size": PHONE, "theme": "dark"}], ids=["desktop", "dark-phone"])
def test_accepting_step_by_step_keeps_a_draft_and_tells_what_is_billed(enter, portal, looks):
    portal.state = "assigned"
    screen = enter(**looks)
    screen.open()
    about = screen.page.get_by_role("button", name="About Accept")
    about.press("Enter")
    expect(screen.page.locator(":popover-open")).to_contain_text("Confirms the order")
    screen.page.keyboard.press("Escape")

    dialog = screen.act("Accept")
    screen.press(dialog, "Next")
    expect(dialog.locator(".field-error")).to_have_text("This is required.")
    screen.has_focus("do-ship_to__handling")
    dialog.get_by_label("Ship to name").fill("Megan")
    screen.press(dialog, "Save")
    expect(dialog.locator(".notice-success")).to_contain_text("Draft saved.")
    expect(dialog.get_by_label("Ship to name")).to_have_value("Megan")
    assert screen.window.violations() == []

    dialog.get_by_label("Does your team require", exact=False).select_option(label="Neither")
    dialog.get_by_label("Country").fill("us")
    screen.press(dialog, "Next")
    trip, crew = dialog.get_by_label("Round trip"), dialog.get_by_label("Travelling technicians")
    billed = dialog.locator("[data-shown=travel__billable_miles]")
    told = {
        ("1,250", "1"): ("1,200 mi", []),
        ("50.1", "1"): ("0.1 mi", []),
        ("-5", "1"): ("–", ["Enter a number between 0 and 5,000."]),
        ("120.5", "0"): ("–", ["Enter a number between 1 and 20."]),
        ("120.5", "1.5"): ("–", ["Enter a whole number."]),
        ("120.5", "2"): ("70.5 mi each, 141 mi in all", []),
    }
    for (miles, technicians), (words, faults) in told.items():
        trip.fill(miles)
        crew.fill(technicians)
        expect(billed).to_have_text(words)
        assert dialog.locator(".field-error:visible").all_inner_texts() == faults
    dialog.locator("[name=travel__cost_per_mile]").first.fill("0.95")
    assert screen.window.violations() == []
    screen.press(dialog, "Submit")
    screen.done("The work order was accepted.")
    assert screen.taken() == []


def test_a_list_to_choose_from_is_not_cut_off_by_its_dialog(enter):
    screen = enter("dispatcher")
    page = screen.open("/facilities/new")
    page.evaluate("""() => {
      document.getElementById("dialog-body").append(document.querySelector("main [data-combo]"));
      document.getElementById("dialog").showModal();
    }""")

    page.locator("#dialog [role=combobox]").click()
    last = page.locator("#dialog [role=option]").last
    expect(last).to_be_visible()

    box, frame = last.bounding_box(), page.locator("#dialog").bounding_box()
    assert box["y"] + box["height"] > frame["y"] + frame["height"]
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).role", middle) == "option"
