"""An office proves a certificate with a file, sees what was wrong with another, and opens what it kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person
from tests.support.browser import PHONE
from tests.support.pictures import picture

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]
PDF = b"%PDF-1.4\n" + b"issued to somebody\n" * 30_000 + b"%%EOF\n"


def choose(person, name, content):
    kind = "application/pdf" if name.endswith(".pdf") else "image/jpeg"
    file = person.page.locator("#evidence")
    file.set_input_files({"name": name, "mimeType": kind, "buffer": content})
    person.page.get_by_role("button", name="Upload").click()
    person.settled()


def saved(person, link):
    with person.page.expect_download() as waiting:
        link.click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


@pytest.mark.req("CP-92")
@pytest.mark.req("CP-91")
@pytest.mark.req("CP-3")
def test_an_office_uploads_sees_and_downloads_the_evidence_of_a_certificate(system, chromium):
    office = Person(chromium, system, "partner")
    row = office.open("/university/").get_by_role("row").filter(has_text="Add a file").first
    code = row.get_by_role("cell").first.get_by_role("link").inner_text()
    office.keep("evidence-university")
    row.get_by_role("link", name="Add a file").press("Enter")
    expect(office.page.get_by_role("heading", name=code)).to_be_visible()

    choose(office, "certificate.pdf", b"this is no certificate")
    expect(office.page.locator("#evidence-error")).to_contain_text(
        "certificate.pdf: Evidence must be a PDF, JPEG or PNG; this is a text."
    )
    expect(office.page.locator("#evidence")).to_have_attribute("aria-invalid", "true")
    office.keep("evidence-refused")
    choose(office, "certificate.pdf", PDF)
    card = office.page.locator("#evidence-file")
    expect(card).to_contain_text("PDF, 556.7 KiB")
    assert saved(office, card.get_by_role("link", name="certificate.pdf")) == ("certificate.pdf", PDF)
    office.keep("evidence-record")
    record = office.page.url

    choose(office, "scan.jpg", picture())
    expect(card).to_contain_text("scan.jpg")
    office.page.goto("/university/")
    link = office.page.get_by_role("row").filter(has_text="scan.jpg").get_by_role("link", name="Open scan.jpg")
    link.click()
    expect(office.page.locator("img")).to_be_visible()

    phone = Person(chromium, system, "partner", size=PHONE, theme="dark")
    phone.page.goto(record)
    expect(phone.page.locator("#evidence-file")).to_contain_text("scan.jpg")
    assert not phone.scrolls_sideways()
    phone.keep("evidence-phone")
    phone.page.get_by_role("button", name="Remove the file").click()
    phone.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(phone.page.locator("#evidence-file")).to_contain_text("No file yet.")
