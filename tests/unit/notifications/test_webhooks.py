"""Signatures, kinds of events, what follows from a try, and where an endpoint may stand."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from fieldmesh.common.v1 import events_pb2 as envelope_pb2

from services.notifications.domain import signing
from services.notifications.domain.signing import SignatureRefused
from services.notifications.domain.webhooks import GIVE_UP_AFTER, Answer, is_public, kind_for, url_problem, verdict
from services.notifications.webhooks.body import moved_body
from tests.support.notices import moved, snapshot

NOW = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
MASTER = b"m" * 32
BODY = b'{"action":"sent"}'
PUBLISHED = datetime.fromtimestamp(1614265330, UTC)


def tried(answer, **changes):
    known = {"attempts": 1, "accepted": NOW, "failing_since": None, "now": NOW}
    return verdict(answer, **{**known, **changes})


@pytest.mark.req("B-9")
def test_the_example_of_the_specification_is_signed_alike():
    signed = signing.sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", PUBLISHED, b'{"test": 2432232314}'
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_report_is_accepted_and_a_changed_one_is_not():
    secrets = signing.secrets_at(MASTER, "endpoint", 1, NOW, NOW)
    sent = signing.headers(secrets, "id-1", NOW, BODY)
    given = (sent["webhook-timestamp"], sent["webhook-signature"])

    signing.check(secrets, "id-1", *given, BODY, NOW)
    for wrong in (("id-2", *given, BODY), ("id-1", *given, BODY + b" "), ("", *given, BODY)):
        with pytest.raises(SignatureRefused):
            signing.check(secrets, *wrong, NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_report_from_another_time_is_refused(minutes):
    secrets = signing.secrets_at(MASTER, "endpoint", 1, NOW, NOW)
    sent = signing.headers(secrets, "id-1", NOW, BODY)
    then = NOW + timedelta(minutes=minutes)

    with pytest.raises(SignatureRefused, match="five minutes"):
        signing.check(secrets, "id-1", sent["webhook-timestamp"], sent["webhook-signature"], BODY, then)


@pytest.mark.parametrize("timestamp", ["", "now", "9" * 30])
def test_a_report_without_a_time_is_refused(timestamp):
    with pytest.raises(SignatureRefused, match="webhook-timestamp"):
        signing.check(("whsec_AAAA",), "id", timestamp, "v1,x", BODY, NOW)


def test_after_a_rotation_the_secret_before_counts_for_a_day():
    first, second = (signing.derive_secret(MASTER, "endpoint", number) for number in (1, 2))

    assert signing.secrets_at(MASTER, "endpoint", 2, NOW, NOW + timedelta(hours=23)) == (second, first)
    assert signing.secrets_at(MASTER, "endpoint", 2, NOW, NOW + timedelta(hours=25)) == (second,)
    assert first != signing.derive_secret(MASTER, "another", 1)


def test_an_endpoint_is_told_by_the_first_effect_that_it_asked_for():
    assert kind_for(["billing", "handed_over"], ["allocated", "handed_over", "billing"]) == "handed_over"
    assert kind_for(["billing", "work_order_moved"], ["allocated"]) == "work_order_moved"
    assert not kind_for(["billing"], ["allocated"])


@pytest.mark.parametrize("answer", [Answer(0, "No answer."), Answer(500, "Oops"), Answer(302), Answer(404)])
def test_what_failed_is_tried_again_later_and_later(answer):
    first, fourth = tried(answer), tried(answer, attempts=4, jitter=1.0)

    assert first.next_try == NOW + timedelta(seconds=5)
    assert fourth.next_try == NOW + timedelta(minutes=12)
    assert first.failing_since == NOW
    assert not first.switch_off


def test_what_arrived_ends_the_failures_of_its_endpoint():
    assert tried(Answer(204), failing_since=NOW - timedelta(days=1)) == tried(Answer(200))
    assert tried(Answer(200)).failing_since is None


def test_five_days_of_failures_switch_an_endpoint_off():
    begun = NOW - GIVE_UP_AFTER

    early, late = (
        tried(Answer(500), failing_since=begun + timedelta(seconds=1)),
        tried(Answer(500), failing_since=begun),
    )

    assert early.next_try
    assert not early.switch_off
    assert late.given_up
    assert "5 days" in late.switch_off
    assert tried(Answer(410)).switch_off


def test_a_delivery_is_given_up_after_five_days_though_others_arrive():
    result = tried(Answer(500), accepted=NOW - GIVE_UP_AFTER, failing_since=NOW - timedelta(hours=1))

    assert result.given_up
    assert not result.switch_off


@pytest.mark.parametrize(
    "url",
    ["https://hooks.example.com/a?b=c", "https://[2001:db8::1]:8443/", "http://127.0.0.1:9/x", "http://localhost"],
)
def test_an_endpoint_stands_behind_https_or_on_this_machine(url):
    assert not url_problem(url)


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/", "ftp://a.example", "https://", "https://me:secret@a.example/", "https://a.example/#x",
     "https://a.example:99999/", "http://localhost.example.com/"],
)  # fmt: skip
def test_other_addresses_are_refused(url):
    assert url_problem(url)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::"],
)  # fmt: skip
def test_private_addresses_are_not_the_internets(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700:4700::1111", "::ffff:93.184.215.14"])
def test_public_addresses_are(address):
    assert is_public(address)


@pytest.mark.req("UM-12")
def test_billing_is_told_what_the_meter_showed():
    order = snapshot(workflow="utility_request", executor_name="Ridgeline")
    order.utility.provider_reference, order.utility.meter_read = "R-77", 4711.5
    event = envelope_pb2.Event(id="event-1", sequence=7)

    told = json.loads(moved_body("billing", event, moved(order=order, effects=["billing"]), "voltara"))
    owner = json.loads(moved_body("billing", event, moved(order=order, effects=["billing"]), "larkspur"))

    assert told["data"]["work_order"]["utility"] == {"provider_reference": "R-77", "meter_read": 4711.5}
    assert "utility" not in owner["data"]["work_order"]
