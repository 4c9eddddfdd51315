"""The mail as it goes over the wire."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from services.notifications.mime import BadAddress, Letter, Sender, build

SENDER = Sender("Fieldmesh", "fieldmesh@mail.example.com")
LETTER = Letter(
    message_id="m1@mail.example.com",
    thread_id="order-1@mail.example.com",
    recipient_name="Zoë Chén",
    recipient_email="zoe@bluefern.example.com",
    subject="Work order 20107925 für Zoë",
    text="Grüße\n",
    html="<p>Grüße</p>",
    written=datetime(2026, 12, 1, 15, 0, tzinfo=UTC),
    template="mention",
)


def parsed(letter=LETTER):
    return message_from_bytes(build(letter, SENDER).as_bytes(), policy=policy.default)


def test_a_mail_carries_what_programs_need_to_handle_it():
    mail = parsed()

    assert mail["Message-ID"] == "<m1@mail.example.com>"
    assert mail["References"] == "<order-1@mail.example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "Fieldmesh work orders <work-orders.mail.example.com>"
    assert mail["To"] == "Zoë Chén <zoe@bluefern.example.com>"
    assert mail["From"] == "Fieldmesh <fieldmesh@mail.example.com>"
    assert mail["Subject"] == "Work order 20107925 für Zoë"
    assert mail["Date"].datetime == LETTER.written


def test_a_mail_has_text_first_and_html_after_it():
    parts = [(part.get_content_type(), part.get_content().strip()) for part in parsed().iter_parts()]

    assert parts == [("text/plain", "Grüße"), ("text/html", "<p>Grüße</p>")]


def test_a_retry_is_the_same_mail_to_the_byte():
    assert build(LETTER, SENDER).as_bytes() == build(replace(LETTER), SENDER).as_bytes()


def test_lines_of_the_wire_are_short_enough():
    long = replace(LETTER, html="<p>" + "x" * 5_000 + "</p>", subject="y" * 180)

    assert max(len(line) for line in build(long, SENDER).as_bytes().splitlines()) <= 998


@pytest.mark.parametrize(
    "subject",
    [
        "You are on work order 20107925: Assure - VT-40 - Head replacement (Ver 03)",
        "Work order 20107925 allocated: " + "a word and " * 13,
        "für Zoë " * 20,
    ],
)
def test_a_long_subject_arrives_as_it_was_written(subject):
    letter = replace(LETTER, subject=subject)

    assert parsed(letter)["Subject"] == subject.strip()
    head = build(letter, SENDER).as_bytes().split(b"Subject: ")[1].split(b"\r\n")
    assert head[0].strip()
    assert max(len(line) for line in head) <= 200


def test_a_name_or_subject_cannot_add_a_header():
    mail = parsed(replace(LETTER, recipient_name="Eve\r\nBcc: a@example.com", subject="S\r\nBcc: a@example.com"))

    assert mail["Bcc"] is None
    assert len(mail.get_all("To")) == 1


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "a@", "@example.com", "a@localhost", "a@b.example.com\nBcc: x@example.com", "a b@example.com"],
)
def test_an_address_that_no_mail_can_go_to_is_refused(email):
    with pytest.raises(BadAddress):
        build(replace(LETTER, recipient_email=email), SENDER)
