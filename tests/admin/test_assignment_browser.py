"""The assignment tab in a real browser: two lists by keyboard, freelancers, long drives, and no script at all."""

from __future__ import annotations

import pytest
from fieldmesh.technicians.v1 import certification_pb2, technicians_service_pb2
from fieldmesh.workorders.v1 import work_order_pb2
from playwright.sync_api import expect

from services.workorders.domain.work_order import SiteTechnician
from tests.admin.conftest import PASSWORD
from tests.support import browser
from tests.support.browser import PHONE
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER

TAB = f"/work-orders/{ORDER}?tab=assignment"
DESK = "/fieldmesh.technicians.v1.AssignmentDeskService"
TIGHT = "The visit of 20100007 ends 30 min before this one begins, and the drive takes about 1 h 53 min (84 miles)."
CODES = ("HV-SAFETY", "VT40-CM", "VX60-INS")


@pytest.fixture(scope="module")
def chromium():
    with browser.launched() as found:
        yield found


@pytest.fixture
def searches(mesh, portal):
    """What the desk was asked; it finds somebody whose drive is long, or a freelancer."""
    del portal
    asked = []
    allan = {"id": "t-1", "person_id": ident("person", 1), "name": "Allan Heward"}
    noor = {"id": "t-9", "person_id": ident("person", 9), "name": "Noor Haddad", "email": "noor@example.com",
            "address": {"city": "Raleigh", "state": "NC"}}  # fmt: skip

    def search(request, caller):
        del caller
        asked.append(request)
        found = {"technician": allan if request.my_organization else noor, "qualified": True,
                 "freelancer": not request.my_organization,
                 "travel_conflicts": [TIGHT] if request.my_organization else []}  # fmt: skip
        return technicians_service_pb2.SearchTechniciansResponse(matches=[found])

    def suggest(request, caller):
        del request, caller
        made = {"person_id": ident("person", 1), "name": "Allan Heward", "score": 80, "travel_conflicts": [TIGHT]}
        return technicians_service_pb2.SuggestTechniciansResponse(suggestions=[made])

    for number, code in enumerate(CODES):
        mesh.put(certification_pb2.Certification(id=ident("certification", 70 + number), code=code, active=True))
    verbs = {f"{DESK}/SearchTechnicians": search, f"{DESK}/SuggestTechnicians": suggest}
    mesh.verbs |= verbs
    yield asked
    for path in verbs:
        del mesh.verbs[path]


@pytest.fixture
def enter(chromium, site, searches):
    del searches
    made = []

    def sign_in(**looks):
        window = browser.Window(chromium, site, **looks)
        made.append(window)
        window.sign_in("partner", PASSWORD, "/login/?next=/account/")
        expect(window.page.locator("#sidebar")).to_be_attached()
        window.page.goto(TAB)
        window.settled()
        return window

    yield sign_in
    for each in made:
        each.context.close()


def values(box):
    return box.evaluate("box => [...box.options].map((option) => option.value)")


@pytest.mark.req("CP-62")
def test_certifications_move_between_two_lists_by_keyboard(enter, searches):
    window = enter()
    available = window.page.get_by_label("Available", exact=True)
    selected = window.page.get_by_label("Selected", exact=True)
    everything = values(available)
    first = everything[0]

    available.focus()
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("Enter")
    expect(available).to_be_focused()
    after_one = values(available), values(selected)
    window.page.get_by_role("button", name="Add to the selected certifications").press("Enter")
    both = values(selected)
    selected.select_option(first)
    window.page.get_by_role("button", name="Remove from the selected certifications").press("Enter")
    with window.page.expect_request_finished():  # what is found is what was found before
        window.page.get_by_role("button", name="Search", exact=True).press("Enter")
    expect(window.page.locator("#matrix")).to_contain_text("Allan Heward")

    assert set(CODES) <= set(everything)
    assert after_one == (everything[1:], [first])
    assert both == everything[:2]
    assert list(searches[-1].certification_codes) == [everything[1]]
    assert window.messages == []


@pytest.mark.req("CP-66")
@pytest.mark.parametrize("looks", [{"theme": "light"}, {"size": PHONE, "theme": "dark"}], ids=["desktop", "phone"])
def test_a_freelancer_is_found_and_the_tab_is_accessible(enter, looks):
    window = enter(**looks)
    page = window.page

    expect(page.locator(".suggestions .drive")).to_have_text(TIGHT)
    expect(page.locator(".matrix .drive")).to_have_text(TIGHT)
    assert window.violations() == []
    page.get_by_label("No, a freelancer").check()
    page.get_by_label("Email Address").fill("noor")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#matrix")).to_contain_text("Give the whole e-mail address")
    page.locator("#matrix").get_by_role("link", name="Email Address").click()
    expect(page.locator("#desk-email")).to_be_focused()
    page.get_by_label("Email Address").fill("noor@example.com")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#matrix")).to_contain_text("Raleigh, NC")

    assert window.violations() == []
    assert not window.scrolls_sideways()
    assert window.messages == []


@pytest.fixture
def two_come(mesh, portal):
    """The order takes three; a lead comes whom nobody checked, and somebody beside."""
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    before = work_order_pb2.WorkOrder()
    before.CopyFrom(order)
    lead, beside = ident("person", 31), ident("person", 32)
    order.technicians_needed, order.technician.person_id = 3, lead
    order.further_technicians.add(person_id=beside, name="Bo Reyes", phone="619-555-0107")
    order.flags.add(code="assignment_unchecked", message="Rosa Imani is not checked yet.", person_id=lead)
    portal.changes["technician"] = SiteTechnician("t-31", lead, "Rosa Imani")
    portal.changes["further_technicians"] = (SiteTechnician("t-32", beside, "Bo Reyes"),)
    yield
    del portal.changes["technician"], portal.changes["further_technicians"]
    order.CopyFrom(before)


@pytest.mark.req("CP-67")
@pytest.mark.parametrize("looks", [{"theme": "light"}, {"size": PHONE, "theme": "dark"}], ids=["desktop", "phone"])
def test_who_comes_is_told_and_released_in_a_dialog(two_come, enter, looks):
    window = enter(**looks)
    page = window.page

    expect(page.locator("#crew")).to_contain_text("3 technicians needed, 2 assigned")
    assert window.violations() == []
    assert not window.scrolls_sideways()
    page.get_by_role("link", name="Release Bo Reyes").click()
    expect(page.get_by_role("heading", name="Release technician")).to_be_visible()
    expect(page.locator("#dialog-body")).to_contain_text("Bo Reyes")
    assert window.violations() == []
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="Replace Bo Reyes").click()

    expect(page.locator("#matrix")).to_contain_text("Choose who comes in the place of Bo Reyes.")
    assert window.messages == []


@pytest.mark.req("CP-62")
def test_without_scripts_one_plain_list_stands_there(chromium, site, enter):
    cookies = enter().context.cookies()
    context = chromium.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(TAB)

    plain = page.locator("#desk-certifications")
    expect(plain).to_be_visible()
    expect(page.locator("#desk-certifications-available")).to_be_hidden()
    plain.select_option(["VT40-CM", "VX60-INS"])
    page.get_by_role("button", name="Search", exact=True).click()

    expect(plain).to_have_values(["VT40-CM", "VX60-INS"])
    context.close()
