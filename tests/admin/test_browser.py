"""The pages in a real browser: no accessibility violation, no console message, and what scripts add."""

from __future__ import annotations

import contextlib
import re

import pytest
from fieldmesh.workorders.v1.account_pb2 import Account
from playwright.sync_api import Error, expect

from tests.admin.conftest import PASSWORD
from tests.support import browser, memory_data
from tests.support.browser import DESKTOP, PHONE

ARTIFACTS = browser.ARTIFACTS / "admin"
ACCOUNT = memory_data.ident("account", 1)
PAGES = {
    "list": "/accounts/",
    "filtered-list": f"/stations/?f.active.is=true&f.facility_id.is={memory_data.ident('facility', 1)}&sort=-name",
    "empty-list": "/teams/",
    "no-match": "/accounts/?q=zzzz",
    "record": f"/accounts/{ACCOUNT}",
    "related": f"/accounts/{ACCOUNT}?tab=contacts",
    "form": f"/accounts/{ACCOUNT}/edit",
    "form-of-everything": "/organizations/new",
    "form-with-references": "/facilities/new",
    "form-with-lists": f"/work-types/{memory_data.ident('work type', 'Head replacement')}/edit",
    "bulk-list": "/deliveries/",
    "action": f"/deliveries/{memory_data.ident('delivery', 1)}/actions/retry-delivery",
    "mesh": "/mesh/",
    "mesh-events": "/mesh/?tab=events",
    "mesh-mail": "/mesh/?tab=mail",
    "mesh-changes": "/mesh/?tab=changes",
    "logins": "/logins/",
    "account": "/account/",
}


@pytest.fixture(scope="module")
def chromium():
    with browser.launched() as found:
        yield found


def enter(window, login):
    window.sign_in(login, PASSWORD, "/login/?next=/account/")
    expect(window.page.locator("#sidebar")).to_be_attached()


@pytest.fixture
def screen(chromium, site, mesh, request):
    made = []

    def make(login="admin", **looks):
        fresh = browser.Window(chromium, site, **looks)
        made.append(fresh)
        if login:
            enter(fresh, login)
        return fresh

    yield make
    for each in made:
        each.context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_page_has_an_accessibility_violation_or_says_anything_on_the_console(screen, size):
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    window = screen(login=None, size=size)
    found = {}

    def look(name):
        window.settled()
        for theme in ("light", "dark"):
            window.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # colours change at once
            expect(window.page.locator(f"html[data-bs-theme={theme}]")).to_be_attached()
            found[name, theme] = window.violations()
            assert not window.scrolls_sideways(), f"{name} is wider than it may be"
            window.page.screenshot(path=str(ARTIFACTS / f"{name}-{theme}-{size[0]}.png"))

    window.page.goto("/login/")
    look("login")
    enter(window, "admin")
    for name, path in PAGES.items():
        window.page.goto(path)
        look(name)

    assert {name: violations for name, violations in found.items() if violations} == {}
    assert window.messages == []


def test_error_pages_are_accessible(screen):
    window = screen()

    window.page.goto("/accounts/not-there")

    assert window.violations() == []
    expect(window.page.get_by_role("heading", name="Nothing here")).to_be_visible()


def test_typing_into_the_search_box_narrows_the_list_and_the_address(screen):
    window = screen("dispatcher")
    window.page.goto("/accounts/")

    window.page.get_by_role("searchbox").press_sequentially("orchard", delay=30)

    expect(window.page.locator("tbody tr")).to_have_count(1)
    expect(window.page).to_have_url(re.compile(r"/accounts/\?q=orchard$"))
    assert window.page.evaluate("document.activeElement.id") == "q"
    assert window.messages == []


def test_sorting_swaps_the_list_alone_and_back_leads_back(screen):
    window = screen("dispatcher")
    window.page.goto("/accounts/")
    window.page.evaluate("window.kept = true")

    window.page.get_by_role("link", name="Account number").click()
    expect(window.page).to_have_url(re.compile("sort=account_number"))
    expect(window.page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("Account number"))
    assert window.page.evaluate("window.kept") is True
    window.page.go_back()

    expect(window.page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("Name"))


@pytest.mark.req("CP-9")
def test_the_age_of_a_list_grows_while_it_is_looked_at(screen, portal):
    window = screen("dispatcher")
    window.page.clock.install()
    window.page.goto("/work-orders/?view=my_open")
    meta = window.page.locator(".meta")
    expect(meta).to_have_text(re.compile(r"^1 item · sorted by Work Order Number · .* · updated just now$"))

    window.page.clock.fast_forward(30_000)
    expect(meta).to_have_text(re.compile("updated a few seconds ago$"))
    window.page.clock.fast_forward(180_000)

    expect(meta).to_have_text(re.compile("updated 3 minutes ago$"))
    assert window.messages == []


def test_a_reference_is_picked_by_keyboard_from_what_the_server_offers(screen, mesh):
    window = screen("dispatcher")
    page = window.page
    page.goto("/contacts/new")
    page.get_by_label("Name").fill("Ada Quill")
    box = page.get_by_role("combobox", name="Account")

    box.press_sequentially("tams", delay=20)
    expect(page.get_by_role("option")).to_have_count(1)
    assert window.violations() == []
    box.press("Enter")
    expect(box).to_have_value("Tamsin County Library")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    assert mesh.asked("CreateContact")[-1].contact.account_id == ACCOUNT
    assert window.messages == []


def test_an_answer_that_comes_after_the_choice_leaves_the_list_closed(screen):
    window = screen("dispatcher")
    page = window.page
    page.goto("/contacts/new")
    box = page.get_by_role("combobox", name="Account")
    held = []

    box.click()
    option = page.get_by_role("option", name="Tamsin County Library")
    expect(option).to_be_visible()
    page.route("**/accounts/options*", lambda route: held.append(route))  # noqa: PLW0108 - it looks for a function
    with page.expect_request("**/accounts/options*"):
        box.press_sequentially("tams", delay=20)
    option.click()
    held[0].continue_()

    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box).to_have_value("Tamsin County Library")


def test_text_that_names_no_row_does_not_stay_in_a_search_box(screen):
    window = screen("dispatcher")
    window.page.goto("/contacts/new")
    box = window.page.get_by_role("combobox", name="Account")

    box.press_sequentially("nothing like it", delay=5)
    expect(window.page.get_by_text("Nothing matches")).to_be_visible()
    box.press("Tab")

    expect(box).to_have_value("")


def test_leaving_a_form_with_changes_asks_first(screen):
    window = screen("dispatcher")
    window.page.goto(f"/accounts/{ACCOUNT}/edit")
    asked = []
    window.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))

    window.page.get_by_label("Notes").fill("Not saved yet")
    with contextlib.suppress(Error):
        window.page.goto("/accounts/", timeout=3000)

    assert asked == ["beforeunload"]
    expect(window.page.get_by_label("Notes")).to_have_value("Not saved yet")


def test_leaving_a_form_without_changes_asks_nothing(screen):
    window = screen("dispatcher")
    window.page.goto(f"/accounts/{ACCOUNT}/edit")
    window.page.get_by_label("Notes").click()

    window.page.get_by_role("link", name="Cancel").click()

    expect(window.page).to_have_url(re.compile(f"/accounts/{ACCOUNT}$"))


def test_a_stale_save_is_shown_beside_the_field(screen, mesh):
    window = screen("dispatcher")
    window.page.goto(f"/accounts/{ACCOUNT}/edit")
    theirs = mesh.rows[Account.DESCRIPTOR.full_name][ACCOUNT]
    theirs.phone = "+1 555 0222"
    mesh.put(theirs)

    window.page.get_by_label("Phone").fill("+1 555 0111")
    window.page.get_by_role("button", name="Save").click()

    expect(window.page.get_by_text("Somebody else saved this")).to_be_visible()
    expect(window.page.get_by_label("Phone")).to_have_value("+1 555 0111")
    expect(window.page.locator(".clash")).to_contain_text("+1 555 0222")
    assert window.violations() == []
    window.page.screenshot(path=str(ARTIFACTS / "conflict.png"))
    window.page.get_by_role("button", name="Save").click()
    expect(window.page.get_by_text("was saved.")).to_be_visible()


def test_the_chosen_theme_stays(screen):
    window = screen("dispatcher")
    window.page.get_by_role("button", name="Dark colours").click()
    window.page.goto("/stations/")

    assert window.page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    expect(window.page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "true")


def test_filters_are_set_in_a_panel_that_escape_closes(screen):
    window = screen("dispatcher")
    page = window.page
    page.goto("/stations/")

    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("dialog", name="Filters")).to_be_visible()
    assert window.violations() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Filters")).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Active").select_option("false")
    page.get_by_role("button", name="Apply").click()

    expect(page).to_have_url(re.compile(r"/stations/\?f\.active\.is=false$"))
    expect(page.get_by_role("link", name="Remove the filter Active is No")).to_be_visible()
    assert window.messages == []


def test_selected_rows_show_what_can_be_done_with_them(screen):
    window = screen("admin")
    page = window.page
    page.goto("/deliveries/")

    page.get_by_role("checkbox", name="Select all rows of this page").check()

    expect(page.get_by_text("2 selected")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_deleting_asks_in_a_dialog(screen, mesh):
    window = screen("dispatcher")
    page = window.page
    page.goto(f"/accounts/{ACCOUNT}")

    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete Tamsin County Library?")).to_be_visible()
    assert window.violations() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_text("was deleted.")).to_be_visible()
    assert ACCOUNT not in mesh.rows[Account.DESCRIPTOR.full_name]


def test_the_side_bar_opens_on_a_phone_and_the_keyboard_skips_it(screen):
    window = screen("dispatcher", size=PHONE)
    page = window.page
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Stations")).to_be_visible()
    assert window.violations() == []
    page.screenshot(path=str(ARTIFACTS / "menu-phone.png"))
    page.get_by_role("link", name="Stations").click()
    expect(page.get_by_role("heading", name="Stations")).to_be_visible()
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()


def test_a_service_that_goes_away_under_an_open_tab_leaves_the_page(screen, mesh):
    window = screen("dispatcher")
    page = window.page
    page.goto(f"/accounts/{ACCOUNT}")
    mesh.refuse["ListContacts"] = _gone()

    page.get_by_role("link", name="Contacts").last.click()

    expect(page.get_by_role("alert")).to_contain_text("is not answering")
    expect(page.get_by_role("heading", name="Tamsin County Library")).to_be_visible()


def _gone():
    from services.chassis.errors import Unavailable

    return Unavailable("gone", metadata={"service": "workorders"})


def test_choosing_a_facility_fills_in_its_account_and_narrows_what_else_is_offered(screen, portal):
    window = screen("dispatcher")
    page = window.page
    page.goto("/work-orders/new")

    def offered(name, typed=""):
        page.locator(f"#{name}").click()
        page.locator(f"#{name}").press_sequentially(typed)
        options = page.locator(f"#{name}-list [data-value]")
        expect(options).to_have_count(1 if typed else 4)
        return options

    offered("contact_id")
    offered("facility_id", "Tamsin").first.click()
    expect(page.locator("#account_id")).to_have_value("Tamsin County Library")
    expect(page.locator("#contact_id-list")).to_be_hidden()
    page.locator("#contact_id").click()
    expect(page.locator("#contact_id-list [data-value]")).to_have_text(["Sam Riley 1"])
    page.keyboard.press("Escape")
    page.locator("#account_id").fill("")
    offered("account_id", "Larkspur").first.click()
    expect(page.locator("#facility_id")).to_have_value("")
    assert window.messages == []


@pytest.mark.req("CP-8")
def test_every_column_of_the_work_order_list_is_seen_at_1440_pixels(screen, portal):
    window = screen("partner", size=(1440, 900))
    for view in ("all", "my_open", "completed_closed"):
        window.page.goto(f"/work-orders/?view={view}")
        seen, wide = window.page.evaluate(
            "() => { const box = document.querySelector('.table-wrap'); return [box.clientWidth, box.scrollWidth]; }"
        )
        assert wide <= seen, view
