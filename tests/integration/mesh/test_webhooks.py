"""Out and in again over a running mesh: a partner's system is told of an order, and declines it by a signed report."""

import json
from datetime import UTC, datetime

import pytest
from fieldmesh.notifications.v1 import webhook_pb2, webhook_pb2_grpc

from services.chassis.ids import new_id
from services.notifications.domain import signing
from tests.support.over import app_over
from tests.support.patience import eventually
from tests.support.receiver import receiver

pytestmark = [pytest.mark.xdist_group("mesh-changed"), pytest.mark.req("B-9"), pytest.mark.req("UM-5")]


@pytest.fixture
def told(changed_stage):
    return changed_stage


@pytest.fixture
def client(told, tmp_path):
    """A browser's stand-in at an admin over that mesh."""
    with app_over(told.running, tmp_path) as app:
        yield app.test_client()


def endpoint(told, url, organization):
    told.desk.become("ines")
    stub = told.channels.stub(webhook_pb2_grpc.WebhookEndpointServiceStub, "notifications")
    row = webhook_pb2.WebhookEndpoint(
        name="Office", url=url, event_types=["allocated"], organization_id=told.world.organizations[organization]
    )
    return stub.CreateWebhookEndpoint(
        webhook_pb2.CreateWebhookEndpointRequest(webhook_endpoint=row, request_id=new_id())
    )


def report(client, to, body, webhook_id="report-1"):
    raw = json.dumps(body).encode()
    headers = signing.headers([to.secret], webhook_id, datetime.now(UTC), raw)
    return client.post(f"/api/webhooks/{to.id}", data=raw, headers=headers)


def test_a_partner_is_told_of_an_order_and_declines_it(told, client):
    with receiver() as other:
        office = endpoint(told, other.url, "bluefern")
        order_id = told.allocated()

        (posted,) = eventually(lambda: other.posted)

    sent = json.loads(posted.body)
    signing.check(
        [office.secret], posted.headers["webhook-id"], posted.headers["webhook-timestamp"],
        posted.headers["webhook-signature"], posted.body, datetime.now(UTC),
    )  # fmt: skip
    assert (sent["type"], sent["data"]["work_order"]["id"]) == ("allocated", order_id)
    body = {"work_order": sent["data"]["work_order"]["number"], "action": "declined", "remark": "Other equipment."}

    first, again = report(client, office, body), report(client, office, body)

    assert (first.status_code, first.json["result"], first.json["state"]) == (200, "done", "rejected")
    assert (again.status_code, again.json["result"]) == (200, "done before")
    assert told.states(order_id).count("Rejected") == 1
    assert report(client, office, {**body, "remark": "Another."}).status_code == 409
    assert report(client, office, body, "report-2").status_code == 409


def test_a_report_reaches_no_order_of_another_organisation(told, client):
    with receiver() as other:
        stranger = endpoint(told, other.url, "voltara")
    order_id = told.allocated()

    answer = report(client, stranger, {"work_order": order_id, "action": "declined"})

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert told.order(order_id).state == "assigned"
    forged = client.post(f"/api/webhooks/{stranger.id}", data=b"{}", headers={"webhook-id": "x"})
    assert forged.status_code == 401
