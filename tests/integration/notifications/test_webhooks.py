"""Webhooks over both databases and a real HTTP server: queued, sent, tried again, given up, and reported back."""

import json
from datetime import timedelta

import pytest
from fieldmesh.common.v1 import events_pb2 as envelope_pb2
from fieldmesh.common.v1 import list_pb2
from fieldmesh.notifications.v1 import message_pb2, webhook_pb2
from google.protobuf import field_mask_pb2
from sqlalchemy import select

from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound
from services.chassis.identity import Call, Caller, calling, service_caller
from services.chassis.tables import OWN
from services.notifications import bootstrap
from services.notifications.domain import signing
from services.notifications.domain.signing import SignatureRefused
from services.notifications.domain.webhooks import DeliveryNotRetryable, EndpointSwitchedOff
from services.notifications.settings import NotificationsSettings
from services.notifications.tables import messages, webhook_deliveries, webhook_reports
from services.notifications.webhooks import store
from services.notifications.webhooks.posting import HttpPoster
from tests.support.notices import moved, snapshot
from tests.support.receiver import receiver

from .conftest import ACTOR, NOW

PACKAGE = "fieldmesh.notifications.v1"
MASTER = b"m" * 40
MORGAN = Caller("morgan", "Morgan Hale", roles=frozenset({"dispatcher"}), organization_id="voltara")
STRANGER = Caller("x", "X", roles=frozenset({"dispatcher"}), organization_id="millbrook")
ADMIN = Caller("root", "Root", roles=frozenset({"admin"}))
pytestmark = pytest.mark.req("B-9")


class Desk:
    """The service's own servicers called as somebody, and its handler of events."""

    def __init__(self, graph, database):
        self.graph = graph
        self.database = database
        self.told = 0

    def __call__(self, caller, name, method, **request):
        servicers = {"Webhook": self.graph.webhooks.servicer}
        servicer = servicers.get(name) or self.graph.kit[f"{PACKAGE}.{name}Service"]
        with calling(Call(caller, "r-1")):
            return getattr(servicer, method)(getattr(webhook_pb2, f"{method}Request")(**request), None)

    def endpoint(self, url, *kinds, caller=MORGAN, **values):
        row = webhook_pb2.WebhookEndpoint(name="Billing", url=url, event_types=kinds or ["work_order_moved"], **values)
        return self(caller, "WebhookEndpoint", "CreateWebhookEndpoint", webhook_endpoint=row)

    def change(self, row, **values):
        changed = webhook_pb2.WebhookEndpoint(id=row.id, etag=self.read(row.id).etag, **values)
        mask = field_mask_pb2.FieldMask(paths=list(values))
        return self(MORGAN, "WebhookEndpoint", "UpdateWebhookEndpoint", webhook_endpoint=changed, update_mask=mask)

    def read(self, endpoint_id, caller=MORGAN):
        return self(caller, "WebhookEndpoint", "GetWebhookEndpoint", id=endpoint_id)

    def deliveries(self, caller=MORGAN):
        query = list_pb2.ListQuery(order_by="create_time")
        return self(caller, "WebhookDelivery", "ListWebhookDeliveries", query=query).webhook_deliveries

    def tell(self, event=None, *, event_id="", at=NOW):
        self.told += 1
        envelope = envelope_pb2.Event(
            id=event_id or f"event-{self.told}", producer="workorders", sequence=self.told, request_id="request-1"
        )
        envelope.occur_time.FromDatetime(at)
        with self.database.begin(actor=ACTOR, now=NOW) as transaction:
            self.graph.webhooks.queueing.work_order_moved(transaction, envelope, event or moved(effects=["billing"]))

    def send(self):
        return self.graph.webhooks.sender.send_next()


@pytest.fixture
def desk(database, clock, layout):
    settings = NotificationsSettings(webhook_private_networks=True)
    graph = bootstrap.assemble(database, settings, clock=clock, layout=layout, master=MASTER)
    yield Desk(graph, database)
    graph.stop()


@pytest.fixture
def other():
    with receiver() as running:
        yield running


def report(endpoint, body, *, webhook_id="report-1", at=NOW):
    sent = signing.headers([endpoint.secret], webhook_id, at, body)
    return {
        "endpoint_id": endpoint.id,
        "webhook_id": sent["webhook-id"],
        "timestamp": sent["webhook-timestamp"],
        "signature": sent["webhook-signature"],
        "body": body,
    }


def accept(desk, endpoint, body, **more):
    return desk(service_caller("admin"), "Webhook", "AcceptReport", **report(endpoint, body, **more))


@pytest.mark.req("UM-12")
def test_an_event_is_posted_once_signed_and_in_documented_json(desk, other):
    endpoint = desk.endpoint(other.url, "billing")

    desk.tell(event_id="event-1")
    desk.tell(event_id="event-1")
    desk.send()

    assert desk.send() is None
    (posted,) = other.posted
    assert posted.path == "/hooks?from=fieldmesh"
    assert posted.headers["host"] == f"127.0.0.1:{other.port}"
    assert posted.headers["content-type"] == "application/json"
    signing.check(
        [endpoint.secret], posted.headers["webhook-id"], posted.headers["webhook-timestamp"],
        posted.headers["webhook-signature"], posted.body, NOW,
    )  # fmt: skip
    told = json.loads(posted.body)
    assert (told["type"], told["version"], told["event_id"]) == ("billing", 1, "event-1")
    assert told["data"]["work_order"]["number"] == "20107925"
    assert told["data"]["work_order"]["technician"] == "Dana Ruiz"
    assert told["data"]["move"]["effects"] == ["billing"]
    assert b"cse" not in posted.body
    (row,) = desk.deliveries()
    assert (row.id, row.state, row.http_status, row.attempts) == (
        posted.headers["webhook-id"], message_pb2.DELIVERY_STATE_SENT, 200, 1,
    )  # fmt: skip
    assert row.request_id == "request-1"


def test_only_endpoints_of_parties_that_asked_are_told(desk, other):
    desk.endpoint(other.url, "handed_over")
    desk.endpoint(other.url, caller=STRANGER)
    owner = desk.endpoint(other.url, caller=ADMIN, organization_id="larkspur")
    partner = desk.endpoint(other.url, caller=ADMIN, organization_id="bluefern")

    desk.tell(moved(effects=["billing"], comment="for partners"))

    told = desk.deliveries(ADMIN)
    assert {row.endpoint_id for row in told} == {owner.id, partner.id}
    bodies = {row.endpoint_id: json.loads(row.body)["data"] for row in told}
    assert "technician" not in bodies[owner.id]["work_order"]
    assert "comment" not in bodies[owner.id]["move"]
    assert bodies[partner.id]["move"]["comment"] == "for partners"


def test_what_happened_long_ago_is_not_told(desk, other):
    desk.endpoint(other.url)

    desk.tell(at=NOW - timedelta(days=2))

    assert not desk.deliveries()


@pytest.mark.parametrize(
    ("behaviour", "status", "words"),
    [
        ({"status": 500, "words": b"<b>Oops</b>\x00" + b"x" * 2_000}, 500, "<b>Oops</b>"),
        ({"status": 302}, 302, "redirect"),
        ({"behave": "close"}, 0, "No connection"),
        ({"behave": "slow"}, 0, "No answer within"),
    ],
)
def test_what_fails_is_kept_with_its_answer_and_tried_again(desk, clock, behaviour, status, words):
    desk.graph.webhooks.sender._poster = HttpPoster(private_networks=True, seconds=0.5)
    with receiver(**behaviour) as other:
        endpoint = desk.endpoint(other.url)
        desk.tell()
        desk.send()

        assert desk.send() is None
        (row,) = desk.deliveries()
        assert (row.state, row.http_status) == (message_pb2.DELIVERY_STATE_DEFERRED, status)
        assert words in row.error
        assert len(row.error) <= 500
        assert desk.read(endpoint.id).HasField("failing_since")
        assert [posted.path for posted in other.posted] == ["/hooks?from=fieldmesh"]

        other.status, other.behave = 204, ""
        clock.set(NOW + timedelta(seconds=7))
        assert desk.send().arrived
        assert other.posted[0].headers["webhook-id"] == other.posted[1].headers["webhook-id"]
        assert not desk.read(endpoint.id).HasField("failing_since")


def test_of_one_order_the_earlier_is_told_before_the_later(desk, other, clock):
    desk.endpoint(other.url)
    desk.tell()
    desk.tell()
    desk.tell(moved(order=snapshot(work_order_id="another", number="20107926")))
    other.status = 503
    desk.send()
    other.status = 200

    desk.send()
    assert desk.send() is None

    assert [json.loads(each.body)["sequence"] for each in other.posted] == [1, 3]
    clock.set(NOW + timedelta(seconds=7))
    desk.send()
    desk.send()
    assert [json.loads(each.body)["sequence"] for each in other.posted] == [1, 3, 1, 2]


def test_a_private_address_gets_nothing(desk, other):
    desk.graph.webhooks.sender._poster = HttpPoster()
    desk.endpoint(other.url)
    desk.tell()

    desk.send()

    assert not other.posted
    assert "private network" in desk.deliveries()[0].error


def test_a_name_that_leads_inside_is_not_dialled(other):
    poster = HttpPoster(resolver=lambda *_: ["93.184.215.14", "10.0.0.1"])

    answer = poster.post("https://hooks.example.com/", {}, b"{}")

    assert "private network" in answer.text


def test_an_interrupted_try_is_made_again_after_its_lease(desk, other, clock):
    desk.endpoint(other.url)
    desk.tell()
    with desk.database.begin(actor=ACTOR) as transaction:
        store.claim(transaction, NOW)

    assert desk.send() is None
    clock.set(NOW + timedelta(minutes=2))
    assert desk.send().arrived
    assert desk.deliveries()[0].attempts == 2


@pytest.mark.usefixtures("people")
def test_five_days_of_failures_switch_the_endpoint_off_and_tell_its_dispatchers(desk, other, clock):
    endpoint = desk.endpoint(other.url)
    desk.tell()
    other.status = 500
    desk.send()
    clock.set(NOW + timedelta(days=5))
    desk.send()
    desk.tell(moved(order=snapshot(work_order_id="another")), at=clock.now())

    found = desk.read(endpoint.id)
    assert not found.active
    assert "5 days" in found.disabled_reason
    with desk.database.read() as connection:
        told = connection.execute(select(messages)).all()
    assert {row.recipient_id for row in told} == {"morgan", "cse"}
    assert "Billing" in told[0].subject
    (row,) = desk.deliveries()
    assert row.state == message_pb2.DELIVERY_STATE_FAILED
    with pytest.raises(EndpointSwitchedOff):
        desk(MORGAN, "Webhook", "RetryWebhookDelivery", id=row.id)

    back = desk.change(endpoint, active=True)
    assert not back.disabled_reason
    assert not back.HasField("failing_since")
    desk(MORGAN, "Webhook", "RetryWebhookDelivery", id=row.id, request_id="again")
    other.status = 200
    assert desk.send().arrived
    with pytest.raises(DeliveryNotRetryable):
        desk(MORGAN, "Webhook", "RetryWebhookDelivery", id=row.id)


def test_a_secret_is_told_once_and_stands_in_no_table(desk, other):
    made = desk.endpoint(other.url)
    rotated = desk(MORGAN, "Webhook", "RotateWebhookSecret", id=made.id, request_id="rotate-1")
    again = desk(MORGAN, "Webhook", "RotateWebhookSecret", id=made.id, request_id="rotate-1")

    assert made.secret.startswith("whsec_")
    assert rotated.secret != made.secret
    assert again.secret == rotated.secret
    assert not desk.read(made.id).secret
    with desk.database.read() as connection:
        kept = [connection.execute(select(table)).all() for table in (OWN.idempotency, OWN.audit, webhook_deliveries)]
    for secret in (made.secret, rotated.secret):
        assert secret.removeprefix("whsec_") not in repr(kept)


def test_after_a_rotation_both_secrets_verify(desk, other):
    made = desk.endpoint(other.url)
    rotated = desk(MORGAN, "Webhook", "RotateWebhookSecret", id=made.id)
    desk.tell()
    desk.send()

    headers = other.posted[0].headers
    for secret in (made.secret, rotated.secret):
        signing.check([secret], headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"],
                      other.posted[0].body, NOW)  # fmt: skip


def test_a_test_event_says_that_it_is_one(desk, other):
    made = desk.endpoint(other.url, "billing")

    first = desk(MORGAN, "Webhook", "SendTestEvent", id=made.id, request_id="t-1")
    second = desk(MORGAN, "Webhook", "SendTestEvent", id=made.id, request_id="t-1")
    desk.send()

    assert first.id == second.id
    assert json.loads(other.posted[0].body)["type"] == "test"


def test_dispatchers_see_and_change_their_own_organisations_endpoints(desk, other):
    made = desk.endpoint(other.url)
    desk.tell()

    for name, method in (("WebhookEndpoint", "GetWebhookEndpoint"), ("Webhook", "RotateWebhookSecret"),
                         ("Webhook", "SendTestEvent")):  # fmt: skip
        with pytest.raises(NotFound):
            desk(STRANGER, name, method, id=made.id)
    assert not desk.deliveries(STRANGER)
    with pytest.raises(NotAllowed):
        desk.endpoint(other.url, caller=STRANGER, organization_id="voltara")


@pytest.mark.parametrize("values", [{"url": "http://hooks.example.com/"}, {"event_types": ["Billing!"]}])
def test_a_faulty_endpoint_is_refused_with_its_field(desk, other, values):
    made = desk.endpoint(other.url)

    with pytest.raises(InvalidRequest) as refused:
        desk.change(made, **values)

    assert refused.value.violations[0].field.startswith(next(iter(values)))


def test_a_signed_report_names_its_organisation_and_an_id_stands_for_one_body(desk, other):
    made = desk.endpoint(other.url)

    answer = accept(desk, made, b'{"action":"sent"}')

    assert (answer.organization_id, answer.endpoint_name) == ("voltara", "Billing")
    assert accept(desk, made, b'{"action":"sent"}') == answer
    with pytest.raises(AlreadyExists):
        accept(desk, made, b'{"action":"declined"}')
    with pytest.raises(SignatureRefused):
        accept(desk, made, b"{}", webhook_id="report-2", at=NOW - timedelta(minutes=6))


def test_nobody_reports_for_an_endpoint_that_is_off(desk, other):
    made = desk.endpoint(other.url)
    desk.change(made, active=False)

    with pytest.raises(NotFound):
        accept(desk, made, b"{}")


def test_what_ended_a_month_ago_is_forgotten(desk, other, clock):
    made = desk.endpoint(other.url)
    desk.tell()
    desk.send()
    accept(desk, made, b"{}")
    desk.tell()
    clock.set(NOW + timedelta(days=31))

    assert desk.graph.webhooks.reports.forget() == 2
    with desk.database.read() as connection:
        assert not connection.execute(select(webhook_reports)).all()
    assert [row.state for row in desk.deliveries()] == [message_pb2.DELIVERY_STATE_QUEUED]
