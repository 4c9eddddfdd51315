"""The local mailbox over real SMTP and real files."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest

from deploy.mailbox.smtp import smtp_server
from deploy.mailbox.store import MailStore
from deploy.mailbox.web import create_app
from tests.support.mesh import free_ports

HTML = '<html><head><title>x</title></head><body><a href="http://127.0.0.1/">Open</a><img src="cid:logo"></body></html>'
PNG = bytes.fromhex("89504e470d0a1a0a")


@pytest.fixture
def store(tmp_path):
    return MailStore(tmp_path / "mail")


@pytest.fixture
def send(store):
    (port,) = free_ports(1)
    server = smtp_server(store, "127.0.0.1", port)
    server.start()

    def deliver(message, recipients):
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.send_message(message, "mesh@fieldmesh.example", recipients)

    yield deliver
    server.stop()


@pytest.fixture
def page(store):
    return create_app(store).test_client()


def a_mail(subject="Work order 00000042 für Zürich"):
    message = EmailMessage()
    message["From"] = "Fieldmesh <mesh@fieldmesh.example>"
    message["To"] = "Pat Partner <pat@partner.example>"
    message["Subject"] = subject
    message["Message-ID"] = "<one@fieldmesh.example>"
    message.set_content("Accept it within two days.")
    message.add_alternative(HTML, subtype="html")
    message.get_body(("html",)).add_related(PNG, "image", "png", cid="<logo>")
    message.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="visit.ics")
    return message


def test_a_mail_is_kept_as_it_came_with_its_envelope(send, store, page):
    send(a_mail(), ["pat@partner.example", "hidden@partner.example"])

    answer = page.get("/api/messages").get_json()
    assert answer["total"] == 1
    mail = answer["messages"][0]
    assert mail["subject"] == "Work order 00000042 für Zürich"
    assert mail["recipients"] == ["pat@partner.example", "hidden@partner.example"]
    assert mail["message_id"] == "<one@fieldmesh.example>"
    assert [part["name"] for part in mail["attachments"]] == ["part-1", "visit.ics"]
    assert page.get(f"/api/messages/{mail['id']}").get_json()["text"].strip() == "Accept it within two days."
    assert b"Return-Path: <mesh@fieldmesh.example>" in page.get(f"/api/messages/{mail['id']}/raw").data


def test_mails_survive_a_restart(send, store):
    send(a_mail(), ["pat@partner.example"])

    assert [mail.subject for mail in MailStore(store._folder).all()] == ["Work order 00000042 für Zürich"]


def test_the_newest_mail_stands_first_and_mails_are_found_by_recipient_and_words(send, page):
    send(a_mail("First"), ["pat@partner.example"])
    send(a_mail("Second"), ["kim@partner.example"])

    found = [
        [mail["subject"] for mail in page.get(f"/api/messages{query}").get_json()["messages"]]
        for query in ("", "?to=Kim@partner.example", "?search=first", "?search=nothing")
    ]
    assert found == [["Second", "First"], ["Second"], ["First"], []]


def test_html_is_shown_in_a_sandbox_that_loads_nothing(send, store, page):
    send(a_mail(), ["pat@partner.example"])
    mail_id = store.ids()[0]

    shown = page.get(f"/messages/{mail_id}")
    framed = page.get(f"/messages/{mail_id}/html")

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    assert "script" not in framed.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in framed.headers["Content-Security-Policy"]
    assert f'src="/messages/{mail_id}/parts/0"' in framed.text
    picture = page.get(f"/messages/{mail_id}/parts/0")
    assert (picture.data, picture.content_type) == (PNG, "image/png")
    assert "attachment" in page.get(f"/messages/{mail_id}/parts/1").headers["Content-Disposition"]


@pytest.mark.parametrize("view", ["text", "raw"])
def test_text_and_source_are_escaped(send, store, page, view):
    message = EmailMessage()
    message["Subject"] = "<script>alert(1)</script>"
    message.set_content("<script>alert(2)</script>")
    send(message, ["pat@partner.example"])

    shown = page.get(f"/messages/{store.ids()[0]}?view={view}").text

    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(2)" in shown


def test_one_mail_or_all_are_deleted(send, store, page):
    for subject in ("First", "Second", "Third"):
        send(a_mail(subject), ["pat@partner.example"])

    page.post("/delete", data={"id": store.ids()[0]})
    assert len(store.ids()) == 2
    page.delete("/api/messages")
    assert store.ids() == []
    assert "No mail yet" in page.get("/").text


def test_other_sites_can_neither_read_nor_delete(page):
    assert page.get("/", headers={"Host": "mail.evil.example"}).status_code == 421
    assert page.post("/delete", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_an_id_that_is_a_path_finds_nothing(page):
    assert page.get("/messages/..%2f..%2fetc%2fpasswd").status_code == 404
    assert page.get("/api/messages/20260101T000000000000-00000000").status_code == 404
