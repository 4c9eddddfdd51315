"""Pages of work orders, people and service levels: nothing for axe-core to find, and nothing in the console."""

import pytest

from tests.e2e.conftest import PICTURES, Person
from tests.support.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]
VIEWS = ("all", "my_open", "recently_viewed", "recently_viewed_orders", "completed_closed", "ended")
TABS = ("", "parts", "related", "collaborate", "assignment")


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["light", "dark-phone"])
def test_pages_keep_nobody_out(system, chromium, theme, size):
    dispatcher = Person(chromium, system, "dispatcher", size=size, theme=theme)
    page = dispatcher.open("/work-orders/?view=all")
    record = page.locator("table.grid tbody th a").first.get_attribute("href")
    paths = {f"view-{view}": f"/work-orders/?view={view}" for view in VIEWS}
    paths |= {f"record-{tab or 'details'}": f"{record}?tab={tab}" if tab else record for tab in TABS}
    paths |= {"new": "/work-orders/new", "calendar": "/calendar/", "calendar-links": "/calendar/links"}
    paths |= {"roster": "/field-technicians/", "university": "/university/", "sla-report": "/sla-report/"}
    for name in ("business-calendars", "sla-policies"):
        dispatcher.open(f"/{name}/")
        first = page.locator("table.grid tbody th a").first.get_attribute("href")
        paths |= {name: f"/{name}/", f"{name}-record": first}

    wrong = {}
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, path in paths.items():
        dispatcher.open(path)
        page.screenshot(path=str(PICTURES / f"{theme}-{name}.png"), full_page=True)
        found = dispatcher.violations()
        if found or dispatcher.messages:
            wrong[name] = (found, list(dispatcher.messages))
            dispatcher.messages.clear()
        if size == PHONE:
            assert not dispatcher.scrolls_sideways(), f"{name} scrolls sideways on a phone"

    assert wrong == {}
