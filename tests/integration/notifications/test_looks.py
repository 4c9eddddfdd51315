"""Mails in a browser: nothing is loaded, nothing sticks out on a phone, light and dark differ."""

import pytest
from playwright.sync_api import sync_playwright

from services.notifications.catalog import Catalog
from services.notifications.domain.audience import Audience
from services.notifications.facts import MoveFacts, order_facts
from tests.support.notices import snapshot
from tests.support.servers import browser

CATALOG = Catalog.load()
WORDS = "A rather long comment, with a Donaudampfschifffahrtsgesellschaftskapitän in it. " * 4
URL = "http://127.0.0.1:8080/work-orders/0197a1f2-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=browser(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture(params=["light", "dark"])
def page(request, chromium):
    context = chromium.new_context(color_scheme=request.param, viewport={"width": 360, "height": 640})
    made = context.new_page()
    made.scheme = request.param
    yield made
    context.close()


def test_every_mail_fits_a_phone_and_loads_nothing(page, layout):
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    for template in CATALOG.templates():
        move = MoveFacts("Morgan Hale", reason="Weather", comment=WORDS)
        content = CATALOG.fill(template, order_facts(snapshot()), move, audience=Audience.TECHNICIAN, url=URL)
        page.set_content(layout.html(content))

        assert page.evaluate("document.documentElement.scrollWidth") <= 360, template.code
        assert page.get_by_role("heading", level=1).inner_text() == content.heading
        assert page.get_by_role("link", name=content.button).get_attribute("href") == URL
        shade = page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        assert (shade == "rgb(255, 255, 255)") == (page.scheme == "light")

    assert (asked, said) == ([], [])
