"""The page "Webhooks", and what other systems report, against a mesh in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from fieldmesh.notifications.v1 import message_pb2, webhook_pb2
from fieldmesh.technicians.v1 import organization_pb2
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, workflow_pb2

from admin.pages.webhooks import mapping
from admin.security.models import Attempts
from services.chassis.errors import AlreadyExists, NotFound, StaleEtag, Unauthenticated, Unavailable
from tests.support.memory_data import ident

HOOKS = "/fieldmesh.notifications.v1.WebhookService/"
ORDERS = "/fieldmesh.workorders.v1.WorkOrderService/"
WORKFLOWS = Path(__file__).parents[2] / "services" / "workorders" / "workflows"
pytestmark = pytest.mark.req("B-9")


@pytest.fixture(autouse=True)
def fresh(app):
    """No failures of earlier tests."""
    with app.app_context():
        session = app.appbuilder.session
        session.query(Attempts).delete()
        session.commit()


@pytest.fixture
def endpoint(mesh):
    made = mesh.put(
        webhook_pb2.WebhookEndpoint(
            id=ident("endpoint", 1), name="Ridgeline office", url="https://hooks.example.com/in",
            event_types=["handed_over", "withdrawn"], organization_id=ident("organization", "Ridgeline"), active=True,
            secret_version=2,
        )
    )  # fmt: skip
    mesh.put(
        webhook_pb2.WebhookDelivery(
            id=ident("webhook-delivery", 1), endpoint_id=made.id, event_type="handed_over", attempts=3,
            work_order_number="20107925", state=message_pb2.DELIVERY_STATE_DEFERRED, http_status=503, error="busy",
        )
    )  # fmt: skip
    return made


@pytest.fixture
def hooks(mesh, endpoint):
    """The verbs of webhooks, and a work order that reports move; `seen` is what was asked of workorders."""
    mesh.put(
        organization_pb2.Organization(
            id=endpoint.organization_id, name="Ridgeline", kind=organization_pb2.ORGANIZATION_KIND_PROVIDER, active=True
        )
    )
    order = work_order_pb2.WorkOrder(
        id="order-1", number="20107925", workflow="utility_request", state="sent", state_label="Sent", etag="e1"
    )
    seen = []

    def accept(request, caller):
        assert caller.is_service
        return webhook_pb2.AcceptReportResponse(organization_id=endpoint.organization_id, endpoint_name=endpoint.name)

    def move(request, caller):
        seen.append((request, caller))
        order.state, order.state_label = "set_up", "Set Up"
        return work_order_service_pb2.TransitionWorkOrderResponse(work_order=order, happened=True)

    verbs = {
        f"{HOOKS}RotateWebhookSecret": lambda request, caller: webhook_pb2.WebhookEndpoint(
            id=endpoint.id, name=endpoint.name, url=endpoint.url, secret_version=3, secret="whsec_c2VjcmV0"
        ),
        f"{HOOKS}SendTestEvent": lambda request, caller: webhook_pb2.WebhookDelivery(id="d", event_type="test"),
        f"{HOOKS}AcceptReport": accept,
        f"{ORDERS}GetWorkOrder": lambda request, caller: order,
        f"{ORDERS}TransitionWorkOrder": move,
    }
    mesh.verbs.update(verbs)
    yield seen
    for path in verbs:
        del mesh.verbs[path]


def send(visitor, endpoint, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = {"webhook-id": "r-1", "webhook-timestamp": "1", "webhook-signature": "v1,x", **headers}
    return visitor.client.post(f"/api/webhooks/{endpoint.id}", data=raw, headers=signed)


def test_the_page_shows_endpoints_and_what_was_sent(dispatcher, endpoint):
    page = dispatcher.get("/webhooks/").text
    related = dispatcher.get(f"/webhook-deliveries/related?f.endpoint_id={endpoint.id}").text

    assert "Ridgeline office" in page
    assert "Last deliveries" in page
    assert "20107925" in related
    assert "busy" in related


@pytest.mark.parametrize("login", ["partner", "approver", "technician"])
def test_nobody_else_sees_it(sign_in, endpoint, login):
    person = sign_in(login)

    assert person.get("/webhooks/").status_code == 403
    assert person.post(f"/webhooks/{endpoint.id}/secret").status_code in {400, 403}


def test_a_new_secret_is_shown_once_and_kept_by_no_cache(dispatcher, endpoint, hooks):
    dispatcher.get(f"/webhooks/{endpoint.id}")

    answer = dispatcher.post(f"/webhooks/{endpoint.id}/secret")

    assert "whsec_c2VjcmV0" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "whsec_" not in dispatcher.get(f"/webhooks/{endpoint.id}").text


def test_whoever_adds_an_endpoint_is_shown_its_secret_and_where_reports_go(dispatcher, mesh):
    def create(request, caller):
        made = mesh.put(request.webhook_endpoint)
        made.secret = "whsec_Zmlyc3Q="
        return made

    path = "/fieldmesh.notifications.v1.WebhookEndpointService/CreateWebhookEndpoint"
    mesh.verbs[path] = create
    try:
        fields = dispatcher.fields("/webhooks/new")
        fields |= {"name": "Billing", "url": "https://b.example.com/", "event_types": ["billing", "handed_over"]}
        page = dispatcher.post("/webhooks/new", fields).text
    finally:
        del mesh.verbs[path]

    assert "whsec_Zmlyc3Q=" in page
    assert "/api/webhooks/" in page


def test_events_are_chosen_from_what_workflows_name_and_from_what_the_endpoint_has(dispatcher, endpoint, mesh):
    def describe(request, _caller):
        effects = {"partner_service": ["handed_over", "billing"]}.get(request.version.workflow, [])
        return workflow_pb2.DescribeWorkflowResponse(
            transitions=[workflow_pb2.WorkflowTransition(name="go", effects=effects)]
        )

    path = "/fieldmesh.workorders.v1.WorkflowService/DescribeWorkflow"
    mesh.verbs[path] = describe
    try:
        fields = dispatcher.fields(f"/webhooks/{endpoint.id}/edit")
        shown = dispatcher.get(f"/webhooks/{endpoint.id}/edit").text
        nothing = dispatcher.post(f"/webhooks/{endpoint.id}/edit", {**fields, "event_types": []})
        fields = dispatcher.fields(f"/webhooks/{endpoint.id}/edit")
        saved = dispatcher.post(f"/webhooks/{endpoint.id}/edit", {**fields, "event_types": ["billing", "withdrawn"]})
    finally:
        del mesh.verbs[path]

    assert fields["event_types"] == ["handed_over", "withdrawn"]
    for words in ("Every move of a work order", "Billing", "withdrawn (no workflow names it)"):
        assert words in shown
    assert nothing.status_code == 422
    assert saved.status_code == 302
    assert list(mesh.rows[webhook_pb2.WebhookEndpoint.DESCRIPTOR.full_name][endpoint.id].event_types) == [
        "billing", "withdrawn",
    ]  # fmt: skip
    assert "handed_over (no workflow names it)" not in shown


def test_what_is_chosen_stays_while_workorders_does_not_answer(dispatcher, endpoint, mesh):
    mesh.down.add("workorders")

    fields = dispatcher.fields(f"/webhooks/{endpoint.id}/edit")

    assert fields["event_types"] == ["handed_over", "withdrawn"]


def test_a_test_event_is_sent_from_the_endpoints_page(dispatcher, endpoint, hooks, mesh):
    dispatcher.get(f"/webhooks/{endpoint.id}")

    answer = dispatcher.post(f"/webhooks/{endpoint.id}/test", {"request_key": "k-1"})

    assert answer.headers["Location"].endswith("?tab=webhook-deliveries")
    assert mesh.asked("SendTestEvent")[0].request_id == "k-1"


def test_admins_find_failed_deliveries_on_the_mesh_page(sign_in):
    assert "Webhooks that failed or wait" in sign_in("admin").get("/mesh/?tab=webhooks").text


@pytest.mark.req("UM-5")
def test_a_signed_report_moves_the_order_as_the_endpoints_organisation(visitor, endpoint, hooks, monkeypatch):
    rule = mapping.Rule("set_up", reference="ship_to.name", remark="inputs.comment")
    monkeypatch.setattr(mapping, "rules", lambda: {"utility_request": {"set_up": rule}})

    answer = send(
        visitor, endpoint, {"work_order": "20107925", "action": "set_up", "reference": "R-77", "remark": "Ok"}
    )

    assert answer.status_code == 200
    assert answer.json == {
        "work_order": "order-1", "number": "20107925", "state": "set_up", "state_label": "Set Up", "result": "done",
    }  # fmt: skip
    ((request, caller),) = hooks
    assert (request.transition, request.etag) == ("set_up", "e1")
    assert (request.work_order.ship_to.name, list(request.update_mask.paths)) == ("R-77", ["ship_to.name"])
    assert request.inputs.comment == "Ok"
    assert (caller.kind, caller.roles, caller.organization_id) == ("user", {"partner"}, endpoint.organization_id)
    assert caller.organization_kind == "provider"


def test_what_was_done_before_is_answered_alike(visitor, endpoint, hooks, mesh):
    mesh.refuse["TransitionWorkOrder"] = AlreadyExists("Used.", reason="REQUEST_ID_REUSED")

    answer = send(visitor, endpoint, {"work_order": "20107925", "action": "declined", "remark": "No crew"})

    assert (answer.status_code, answer.json["result"]) == (200, "done before")


def test_wrong_signatures_are_throttled_by_address(visitor, endpoint, hooks, mesh):
    mesh.refuse["AcceptReport"] = Unauthenticated("The header webhook-signature does not fit this body.")
    wrong = [send(visitor, endpoint, {}).status_code for _ in range(6)]
    del mesh.refuse["AcceptReport"]

    told = send(visitor, endpoint, {"work_order": "20107925", "action": "declined", "remark": "No crew"})

    assert wrong[:5] == [401] * 5
    assert (told.status_code, told.json["title"]) == (429, "TOO_MANY_FAILURES")
    assert 0 < int(told.headers["Retry-After"]) <= 31
    assert not hooks


def test_an_order_that_changed_meanwhile_is_read_again(visitor, endpoint, hooks, mesh):
    moves = mesh.verbs[f"{ORDERS}TransitionWorkOrder"]
    tries = []

    def stale_once(request, caller):
        tries.append(request.request_id)
        if len(tries) == 1:
            raise StaleEtag("Changed.")
        return moves(request, caller)

    mesh.verbs[f"{ORDERS}TransitionWorkOrder"] = stale_once

    assert send(visitor, endpoint, {"work_order": "1", "action": "declined", "remark": "No"}).status_code == 200
    assert len(tries) == 2
    assert len(set(tries)) == 1


@pytest.mark.parametrize(
    "case",
    [
        ("AcceptReport", Unauthenticated("The header webhook-signature does not fit this body."), 401),
        ("AcceptReport", NotFound("There is no such endpoint, or it is switched off."), 404),
        ("AcceptReport", AlreadyExists("This webhook-id came before with another body."), 409),
        ("GetWorkOrder", NotFound("There is no such work order."), 404),
        ("TransitionWorkOrder", Unavailable("gone"), 503),
    ],
)
@pytest.mark.usefixtures("hooks")
def test_a_refusal_is_a_problem_in_json(visitor, endpoint, mesh, case):
    method, refusal, status = case
    mesh.refuse[method] = refusal

    answer = send(visitor, endpoint, {"work_order": "20107925", "action": "declined", "remark": "No"})

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"not json", ""),
        (b"[]", ""),
        ({"work_order": "1"}, "action"),
        ({"work_order": "1", "action": "exploded"}, "action"),
        ({"work_order": "1", "action": "sent", "colour": "red"}, "colour"),
        ({"work_order": "1", "action": "declined", "values": {"number.of": 1}}, "number.of"),
    ],
)
def test_a_faulty_report_is_refused_with_its_field(visitor, endpoint, hooks, body, field):
    answer = send(visitor, endpoint, body)

    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json["errors"]]
    assert not hooks


def test_a_report_is_small(visitor, endpoint, hooks):
    assert send(visitor, endpoint, b"x" * 70_000).status_code == 422


def test_an_action_that_means_nothing_in_a_workflow_is_refused(visitor, endpoint, hooks, mesh):
    mesh.verbs[f"{ORDERS}GetWorkOrder"] = lambda request, caller: work_order_pb2.WorkOrder(
        id="o", workflow="partner_service", etag="e"
    )

    answer = send(visitor, endpoint, {"work_order": "o", "action": "sent"})

    assert answer.status_code == 409
    assert "partner_service" in answer.json["detail"]


def test_values_are_filled_by_path_with_their_mask():
    request = work_order_service_pb2.TransitionWorkOrderRequest()

    mapping.fill(
        request, {"visit.arrive_time": "2026-12-01T15:00:00Z", "inputs.comment": "Ok", "costs.rental_details": "Lift"}
    )

    assert list(request.update_mask.paths) == ["visit.arrive_time", "costs.rental_details"]
    assert request.work_order.costs.rental_details == "Lift"
    assert request.inputs.comment == "Ok"


@pytest.mark.parametrize(
    "workflow", sorted(path.stem for path in WORKFLOWS.glob("*.yaml") if path.stem in mapping.rules())
)
def test_every_rule_names_a_transition_and_fields_of_its_form(workflow):
    transitions = yaml.safe_load((WORKFLOWS / f"{workflow}.yaml").read_text("utf-8"))["transitions"]

    for rule in mapping.rules()[workflow].values():
        fields = [each for part in transitions[rule.transition].get("form", []) for each in part["fields"]]
        taken = {each["path"] if isinstance(each, dict) else each for each in fields}
        assert {path for path in (rule.reference, rule.remark, *rule.fixed) if path} <= taken
