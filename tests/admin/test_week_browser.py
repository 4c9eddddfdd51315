"""The week in a real browser: a visit is dragged, or moved by keyboard, and the transition's own form saves it."""

from __future__ import annotations

import re

import pytest
from fieldmesh.workorders.v1.work_order_pb2 import WorkOrder
from fieldmesh.workorders.v1.work_order_service_pb2 import TransitionWorkOrderResponse
from playwright.sync_api import expect

from tests.admin.conftest import PASSWORD
from tests.support import browser
from tests.support.browser import PHONE
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, SERVICE
from tests.support.memory_visits import HOLIDAY, MONDAY, order, period, somebody

pytestmark = pytest.mark.req("PT-10")
WEEK = "/calendar/?week=2026-03-02"
TRANSITION = f"{SERVICE}.WorkOrderService/TransitionWorkOrder"
ZORA = ident("person", len("Zora Hale"))


@pytest.fixture(scope="module")
def chromium():
    with browser.launched() as found:
        yield found


@pytest.fixture
def fired(mesh, portal, agreed, crew):
    """What was fired: the record's order is on Rosa's Thursday, and Zora is away on Friday afternoon."""
    found = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    agreed_on = found.appointment
    agreed_on.date.year, agreed_on.date.month, agreed_on.date.day = 2026, 3, 5
    agreed_on.time, agreed_on.time_zone = "10:30", "America/Los_Angeles"
    found.technician.name, found.technician.person_id = "Rosa", ident("person", len("Rosa"))
    agreed.orders = [found, order(72, MONDAY, "08:00", "Zora Hale")]
    week = [period(day, 8, 17) for day in range(2, 7)]
    crew.people = [
        somebody("Rosa", week),
        somebody("Zora Hale", week, [{"period": period(6, 12, 24), "kind": HOLIDAY, "absence_id": "a-1"}]),
    ]
    sent = []

    def fire(request, caller):
        del caller
        sent.append(request)
        return TransitionWorkOrderResponse(happened=True, work_order=WorkOrder(id=ORDER, state="in_progress"))

    mesh.verbs[TRANSITION] = fire
    yield sent
    del mesh.verbs[TRANSITION]


@pytest.fixture
def enter(chromium, site, fired):
    made = []

    def sign_in(**looks):
        window = browser.Window(chromium, site, **looks)
        made.append(window)
        window.sign_in("partner", PASSWORD, "/login/?next=/account/")
        expect(window.page.locator("#sidebar")).to_be_attached()
        window.page.goto(WEEK)
        window.page.wait_for_load_state("networkidle")
        return window

    yield sign_in
    for each in made:
        each.context.close()


def cell(page, name, day):
    return page.locator("tr", has=page.locator("th", has_text=name)).locator(f"td[data-day='{day}']")


def test_a_visit_that_is_dragged_is_saved_by_the_transitions_own_form(enter, fired):
    window = enter()
    page, dialog = window.page, window.page.locator("#dialog")

    cell(page, "Rosa", "2026-03-05").locator(".visit-box").drag_to(cell(page, "Rosa", "2026-03-06"))
    expect(dialog.get_by_label("Date")).to_have_value("2026-03-06")
    expect(dialog.get_by_label("Time")).to_have_value("10:30")
    assert fired == []
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.locator("[name=appointment__date]")).to_have_value("2026-03-06")
    assert fired == []
    dialog.get_by_role("button", name="Save appointment").click()

    expect(page.locator("#notices .notice-success")).to_contain_text("The appointment was saved.")
    expect(page).to_have_url(re.compile(r"/calendar/\?week=2026-03-06$"))
    (request,) = fired
    assert (request.transition, request.work_order.appointment.date.day) == ("save_appointment", 6)
    assert window.messages == []


def test_a_visit_that_is_dragged_to_somebody_else_is_assigned_by_the_dialog_of_assignments(enter, fired):
    window = enter()
    page, dialog = window.page, window.page.locator("#dialog")

    cell(page, "Rosa", "2026-03-05").locator(".visit").drag_to(cell(page, "Zora Hale", "2026-03-05"))
    expect(dialog.get_by_label("Who goes")).to_have_value(ZORA)
    dialog.get_by_role("button", name="Continue").click()
    dialog.get_by_role("button", name="Assign technician").click()

    expect(page.locator("#notices .notice-success")).to_contain_text("The technician was assigned.")
    assert [(each.transition, each.inputs.person_id) for each in fired] == [("assign_technician", ZORA)]
    assert window.messages == []


def test_a_drag_that_ends_where_it_began_or_outside_asks_nothing(enter, fired):
    window = enter()
    page = window.page
    box = cell(page, "Rosa", "2026-03-05").locator(".visit-box")

    box.drag_to(cell(page, "Rosa", "2026-03-05").locator(".shift"))
    box.drag_to(page.locator("h1"))

    expect(page.locator("#dialog")).not_to_be_visible()
    expect(page.locator(".drop-here, .carried")).to_have_count(0)
    assert fired == []


def test_a_visit_is_moved_by_keyboard_alone(enter, fired):
    window = enter()
    page, dialog = window.page, window.page.locator("#dialog")

    page.locator(".week-wide").get_by_role("button", name="Move 20107925").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Time")).to_be_visible()
    dialog.get_by_role("button", name="Continue").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Choose another day, another time or somebody else.")).to_be_visible()
    dialog.get_by_label("Time").fill("14:00")
    page.keyboard.press("Enter")
    expect(dialog.locator("[name=appointment__time]")).to_have_value("14:00")
    dialog.get_by_role("button", name="Save appointment").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#notices .notice-success")).to_contain_text("The appointment was saved.")
    assert fired[0].work_order.appointment.time == "14:00"
    assert window.messages == []


@pytest.mark.parametrize("path", ["/shift-patterns/new", "/technician-absences/new", f"/calendar/move/{ORDER}"])
@pytest.mark.parametrize("looks", [{}, {"size": PHONE, "theme": "dark"}])
def test_the_forms_of_shifts_absences_and_moves_are_usable_on_every_screen(enter, path, looks):
    window = enter(**looks)
    window.page.goto(path)
    window.page.wait_for_load_state("networkidle")
    browser.ARTIFACTS.mkdir(exist_ok=True)
    name = f"{path.split('/')[1]}-form{'-phone-dark' if looks else ''}"
    window.page.screenshot(path=browser.ARTIFACTS / f"{name}.png", full_page=True)

    assert (window.violations(), window.scrolls_sideways(), window.messages) == ([], False, [])


@pytest.mark.parametrize("looks", [{}, {"theme": "dark"}, {"size": PHONE}, {"size": PHONE, "theme": "dark"}])
def test_the_week_and_its_dialog_are_usable_on_every_screen(enter, fired, looks):
    window = enter(**looks)
    page = window.page
    name = "-".join(["week", *(["phone"] if "size" in looks else []), looks.get("theme", "light")])
    found = window.violations()
    wide = window.scrolls_sideways()
    browser.ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=browser.ARTIFACTS / f"{name}.png", full_page=True)

    page.locator("button.visit-move:visible").and_(page.get_by_role("button", name="Move 20107925")).click()
    expect(page.locator("#dialog").get_by_label("Date")).to_be_visible()
    in_dialog = window.violations()
    page.screenshot(path=browser.ARTIFACTS / f"{name}-move.png")

    assert (found, in_dialog, wide, window.scrolls_sideways()) == ([], [], False, False)
    assert window.messages == []
