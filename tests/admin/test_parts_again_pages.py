"""Ordering parts again: several of them in one dialog, with a number of each, on the desk and on a phone (CP-77)."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import work_order_pb2
from fieldmesh.workorders.v1.work_order_service_pb2 import TransitionWorkOrderResponse
from playwright.sync_api import expect

from services.chassis.errors import Violation, WrongState
from services.workorders.handlers.choices import Choices
from tests.admin.conftest import PASSWORD
from tests.support import browser
from tests.support.browser import PHONE
from tests.support.markup import read
from tests.support.memory_orders import ORDER, SERVICE

RECORD = f"/work-orders/{ORDER}"
PAGE = f"{RECORD}/do/order_replacement"
TRANSITION = f"{SERVICE}.WorkOrderService/TransitionWorkOrder"
HEAD, FAN = "00000001 Head replacement: VT40-HEAD Head", "00000002 Fan tray: VT40-FAN Fan tray"
FIELD = "inputs__affected_parts"


@pytest.fixture
def asked(mesh, portal):
    """What was ordered again; a refusal that is put in front of it is raised once."""
    portal.choices = {
        "inputs.affected_parts": Choices([("i-1/p-1", HEAD), ("i-2/p-2", FAN)], "", most={"i-1/p-1": 1, "i-2/p-2": 3})
    }
    found, refusals = [], []

    def fire(request, caller):
        del caller
        if refusals:
            raise refusals.pop()
        found.append(request.inputs)
        order = work_order_pb2.WorkOrder(id=ORDER, state="parts_ordered", state_label="Parts Ordered")
        return TransitionWorkOrderResponse(happened=True, work_order=order)

    mesh.verbs[TRANSITION] = fire
    yield found, refusals
    del mesh.verbs[TRANSITION]


@pytest.fixture(scope="module")
def chromium():
    with browser.launched() as found:
        yield found


@pytest.fixture
def enter(chromium, site, asked):
    made = []

    def sign_in(**looks):
        window = browser.Window(chromium, site, **looks)
        made.append(window)
        window.sign_in("dispatcher", PASSWORD, "/login/?next=/account/")
        expect(window.page.locator("#sidebar")).to_be_attached()
        return window

    yield sign_in
    for each in made:
        each.context.close()


def typed(head, fan):
    """What a browser sends for the two parts: each part's value, and then its number."""
    return {FIELD: ["i-1/p-1", head, "i-2/p-2", fan], "inputs__reason_code": "part_damaged"}


def chosen(inputs):
    return [(each.line_item_id, each.part_id, each.quantity) for each in inputs.affected_parts]


def test_every_part_is_offered_with_how_many_there_are(asked, sign_in):
    page = read(sign_in("dispatcher").get(PAGE).text).one("fieldset", class_="amounts")

    lines = [line.text for line in page.all("div", class_="amount-line")]
    assert lines == [f"{HEAD}of 1", f"{FAN}of 3"]
    assert [each.attributes["value"] for each in page.all("input")] == ["i-1/p-1", "", "i-2/p-2", ""]


@pytest.mark.req("CP-77")
def test_several_parts_are_ordered_again_at_once(asked, sign_in):
    found, _ = asked
    dispatcher = sign_in("dispatcher")

    answer = dispatcher.post(PAGE, {**dispatcher.fields(PAGE), **typed("1", "2")})

    assert answer.status_code == 302
    (inputs,) = found
    assert chosen(inputs) == [("i-1", "p-1", 1), ("i-2", "p-2", 2)]
    assert inputs.reason_code == "part_damaged"


@pytest.mark.parametrize(
    ("head", "fan", "said"),
    [("", "0", "This is required."), ("1", "two", f"Enter a whole number for {FAN}."), ("-1", "1", "whole number")],
)
def test_nothing_chosen_and_what_is_no_number_are_said_and_what_was_typed_stays(asked, sign_in, head, fan, said):
    found, _ = asked
    dispatcher = sign_in("dispatcher")

    answer = dispatcher.post(PAGE, {**dispatcher.fields(PAGE), **typed(head, fan)})

    assert answer.status_code == 422
    page = read(answer.text).one("fieldset", class_="amounts")
    assert said in page.text
    assert [each.attributes["value"] for each in page.all("input")] == ["i-1/p-1", head, "i-2/p-2", fan]
    assert found == []


def test_a_refused_line_is_named_at_the_parts(asked, sign_in):
    _, refusals = asked
    told = "Line item 00000002 takes 3 of VT40-FAN Fan tray: give from 1 to 3."
    refusals.append(WrongState("x", violations=[Violation("inputs.affected_parts[1].quantity", told)]))
    dispatcher = sign_in("dispatcher")

    answer = dispatcher.post(PAGE, {**dispatcher.fields(PAGE), **typed("1", "9")})

    page = read(answer.text).one("main")
    assert told in page.one("fieldset", class_="amounts").text
    assert page.one("a", data_goes_to=f"do-{FIELD}").text == "What to order again"


def test_a_link_from_a_parcel_begins_with_its_contents(asked, sign_in):
    link = f"{PAGE}?affected_parts=i-1/p-1&affected_parts=1&affected_parts=i-2/p-2&affected_parts=2"

    page = read(sign_in("dispatcher").get(link).text).one("fieldset", class_="amounts")

    assert [each.attributes["value"] for each in page.all("input")] == ["i-1/p-1", "1", "i-2/p-2", "2"]


@pytest.mark.req("CP-77")
@pytest.mark.parametrize(("size", "theme"), [(browser.DESKTOP, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_parts_are_chosen_in_the_dialog_and_a_wrong_number_is_corrected_there(enter, asked, size, theme):
    found, _ = asked
    window = enter(size=size, theme=theme)
    page = window.page
    page.goto(RECORD)
    window.settled()
    page.get_by_text("More Actions").click()
    page.get_by_role("link", name="Order replacement").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label(HEAD).fill("1")
    dialog.get_by_label(FAN).fill("many")
    dialog.get_by_label("Reason").select_option("part_damaged")
    dialog.get_by_role("button", name="Order replacement").click()
    expect(dialog.get_by_role("alert")).to_contain_text(f"Enter a whole number for {FAN}.")
    assert window.violations() == []
    assert not window.scrolls_sideways()

    dialog.get_by_label(FAN).fill("3")
    dialog.get_by_role("button", name="Order replacement").click()

    expect(page.locator("#notices .notice-success")).to_contain_text("ordered")
    assert [chosen(each) for each in found] == [[("i-1", "p-1", 1), ("i-2", "p-2", 3)]]
