"""The pages of service orders and API keys over a mesh in memory."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from fieldmesh.workorders.v1 import utility_event_service_pb2, work_order_pb2, work_order_service_pb2

from admin.security.api_keys import ApiKeys, KeyUnknown, TooManyCalls
from admin.security.models import ApiKey
from services.chassis.errors import AlreadyExists, InvalidRequest, Violation, WrongState
from services.workorders.presenting import offer_message
from tests.support import service_orders
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import SERVICE

ORDER = ident("work order", 90)
RECORD = f"/work-orders/{ORDER}"
EVENT = {"event_id": "E-1", "kind": "move_in", "account": "M-1", "meter": "W-77", "date": "2026-03-04"}


class Utility:
    """A service order in memory; what may be done with it is asked of the engine."""

    def __init__(self, mesh: Any) -> None:
        self.created: list[Any] = []
        self.updated: list[Any] = []
        self.told: list[Any] = []
        self.refusal: Any = None
        self.order = mesh.put(
            work_order_pb2.WorkOrder(
                id=ORDER, number="20107990", workflow="utility_request", state="new", state_label="New",
                state_tone="info", category=1, subject="Connection, meter W-77, Mill Lane 12",
                account_name="Ada Finch", facility_id=ident("facility", 1), facility_name="Mill Lane 12",
                site_time_zone="America/New_York",
            )
        )  # fmt: skip
        asked = self.order.utility
        asked.type, asked.meter = work_order_pb2.SERVICE_TYPE_CONNECTION, "W-77"
        asked.instructions, asked.materials = "Behind the stairs", "Seal"
        asked.meter_read, asked.earlier_read, asked.read_unit = 420.5, 400, work_order_pb2.METER_UNIT_CUBIC_METRES
        asked.read_time.FromDatetime(dt.datetime(2026, 3, 2, 15, tzinfo=dt.UTC))
        mesh.rows[self.order.DESCRIPTOR.full_name][ORDER] = self.order

    @property
    def verbs(self) -> dict[str, Any]:
        service = f"{SERVICE}.WorkOrderService"
        return {
            f"{service}/ListAvailableTransitions": self.offers,
            f"{service}/CreateWorkOrder": self.create,
            f"{service}/UpdateWorkOrder": self.update,
            f"{SERVICE}.UtilityEventService/RecordEvent": self.record,
        }

    def offers(self, request: Any, caller: Any) -> Any:
        del request, caller
        found = service_orders.WORKFLOW.available(
            service_orders.order(), service_orders.ADMIN, service_orders.NOW, service_orders.known()
        )
        return work_order_service_pb2.ListAvailableTransitionsResponse(transitions=[offer_message(o) for o in found])

    def create(self, request: Any, caller: Any) -> Any:
        del caller
        if self.refusal:
            raise self.refusal
        self.created.append(request)
        return self.order

    def update(self, request: Any, caller: Any) -> Any:
        del caller
        self.updated.append(request)
        return self.order

    def record(self, request: Any, caller: Any) -> Any:
        if self.refusal:
            raise self.refusal
        self.told.append((caller, request))
        first = len(self.told) == 1
        return utility_event_service_pb2.RecordEventResponse(work_order=self.order, created=first)


@pytest.fixture
def utility(mesh, portal):
    made = Utility(mesh)
    before = {path: mesh.verbs.get(path) for path in made.verbs}
    mesh.verbs.update(made.verbs)
    yield made
    for path, verb in before.items():
        if verb is None:
            del mesh.verbs[path]
        else:
            mesh.verbs[path] = verb


@pytest.fixture
def admin(utility, sign_in):
    return sign_in("admin")


@pytest.fixture
def keys(app):
    with app.app_context():
        session = app.appbuilder.session
        session.query(ApiKey).delete()
        session.commit()
        yield ApiKeys(session, app.config["SECRET_KEY"])


@pytest.fixture
def key(keys, app):
    from admin.identity import Identity

    who = Identity("p-1", "utility", "Ruth", frozenset({"dispatcher"}), "org-mill", "Millbrook", "utility")
    return keys.make(who, "Billing")


def page(person, path, status=200):
    answer = person.get(path)
    shown = read(answer.text).one("main")
    assert answer.status_code == status, shown.text
    return shown


def tell(app, text, event=EVENT, **more):
    headers = {"Authorization": f"Bearer {text}"} if text else {}
    return app.test_client().post("/api/utility-events", json=event, headers=headers, **more)


@pytest.mark.req("UM-6")
def test_the_queue_has_three_groups_with_their_counts_and_what_may_be_done_with_several(admin):
    shown = page(admin, "/service-orders/")

    heads = [head.text for head in shown.all("h2")]
    assert [" ".join(head.split()[:-1]) for head in heads] == [
        "Scheduled and assigned", "Newly created", "Sent or set up",
    ]  # fmt: skip
    assert next(link.text for link in shown.one("nav").all("a")) == "Queue"
    assert any(link.attributes["href"] == RECORD for link in shown.all("a"))


@pytest.mark.req("UM-1")
@pytest.mark.req("UM-2")
def test_the_record_shows_what_where_when_with_what_and_what_came_of_it(admin):
    shown = page(admin, RECORD)

    for words in ("Connection", "W-77", "Mill Lane 12", "Behind the stairs", "Seal", "420.5 m³", "20.5 m³"):
        assert words in shown.text
    actions = {link.attributes["href"] for link in shown.all("a") if "/do/" in link.attributes["href"]}
    assert {link.partition("?")[0].rpartition("/")[2] for link in actions} == {
        "schedule", "send_to_provider", "record_read", "complete", "cancel",
    }  # fmt: skip


@pytest.mark.req("UM-3")
def test_one_form_makes_an_order_and_puts_what_is_wrong_at_its_input(admin, utility):
    form = read(admin.get("/service-orders/new").text).one("main")
    names = {field.attributes.get("name") for field in form.all("input") + form.all("select") + form.all("textarea")}
    assert {"utility-type", "utility-meter", "account_id", "facility_id"} <= names
    sent = {"utility-type": "SERVICE_TYPE_CONNECTION", "utility-meter": "W-1", "request_key": "k-1"}
    sent |= {"account_id": ident("account", 1), "facility_id": ident("facility", 1)}

    utility.refusal = InvalidRequest("Wrong.", violations=[Violation("utility.meter", "is not one of yours")])
    refused = admin.post("/service-orders/new", sent)
    utility.refusal = None
    made = admin.post("/service-orders/new", sent)

    assert refused.status_code == 422
    assert "is not one of yours" in refused.text
    assert made.status_code == 302
    asked = utility.created[0]
    assert (asked.workflow, asked.work_order.utility.meter, asked.work_order.utility.type) == (
        "utility_request", "W-1", work_order_pb2.SERVICE_TYPE_CONNECTION,
    )  # fmt: skip


@pytest.mark.req("UM-8")
def test_a_new_order_is_edited_in_the_same_form_and_only_what_was_touched_is_sent(admin, utility):
    form = admin.fields(f"/service-orders/{ORDER}/edit")
    assert (form["utility-meter"], form["utility-materials"], "account_id" in form) == ("W-77", "Seal", False)

    kept = admin.post(f"/service-orders/{ORDER}/edit", form)
    changed = admin.post(f"/service-orders/{ORDER}/edit", {**form, "utility-materials": "Two seals"})

    assert (kept.status_code, changed.status_code) == (302, 302)
    assert [list(request.update_mask.paths) for request in utility.updated] == [["utility.materials"]]
    assert utility.updated[0].work_order.utility.materials == "Two seals"
    utility.order.state = "sent"
    assert admin.get(f"/service-orders/{ORDER}/edit").status_code == 302


@pytest.mark.req("UM-5")
def test_somebody_absent_is_asked_about_and_the_message_to_them_is_kept_apart_from_the_reason(admin, utility, mesh):
    fired, absent = [], {"name": "Tess Meter", "missing": ""}

    def fire(request, caller):
        del caller
        if not request.inputs.reason_code:
            raise WrongState("Absent.", reason="TECHNICIAN_ABSENT", metadata=absent)
        fired.append(request.inputs)
        return work_order_service_pb2.TransitionWorkOrderResponse(happened=True, work_order=utility.order)

    mesh.verbs[f"{SERVICE}.WorkOrderService/TransitionWorkOrder"] = fire
    visit = {"appointment__date": "2026-03-04", "appointment__time": "08:00", "inputs__assignee_id": "tess"}
    path = f"{RECORD}/do/schedule"
    first = admin.fields(path)
    asked = admin.post(path, {**first, **visit, "inputs__comment": "Ring twice"})
    prompt = read(asked.text).one("main").one("fieldset", class_="prompt")
    kept = {
        field.attributes["name"]: field.attributes["value"]
        for field in read(asked.text).one("main").all("input")
        if field.attributes.get("type") == "hidden" and "value" in field.attributes
    }
    answer = admin.post(path, {**kept, "inputs__reason_code": "override_other", "inputs__reason_text": "It was agreed"})
    del mesh.verbs[f"{SERVICE}.WorkOrderService/TransitionWorkOrder"]

    assert "inputs__comment" in first
    assert not {"inputs__reason_code", "inputs__reason_text"} & first.keys()
    assert asked.status_code == 409
    assert "Tess Meter is absent at the time of the appointment." in prompt.text
    assert prompt.one("legend").text == "Technician Absent"
    assert prompt.one("textarea").attributes["name"] == "inputs__reason_text"
    assert answer.status_code == 302
    assert [(each.reason_code, each.reason_text, each.comment) for each in fired] == [
        ("override_other", "It was agreed", "Ring twice"),
    ]


@pytest.mark.req("UM-4")
def test_an_event_with_a_key_makes_an_order_for_the_keys_utility_alone(app, utility, key):
    first, again = tell(app, key[1]), tell(app, key[1])

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == {"work_order": "20107990", "state": "New", "created": True}
    caller, event = utility.told[0]
    assert (caller.organization_id, caller.roles, caller.kind) == ("org-mill", frozenset({"integration"}), "user")
    assert (event.kind, event.account, event.date.day) == (
        utility_event_service_pb2.UTILITY_EVENT_KIND_MOVE_IN,
        "M-1",
        4,
    )


@pytest.mark.req("UM-4")
def test_every_wrong_field_of_an_event_is_named(app, utility, key):
    answer = tell(app, key[1], {"event_id": "", "kind": "party", "date": "soon", "colour": "red"})

    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert [each["field"] for each in answer.json["errors"]] == ["account", "colour", "date", "event_id", "kind"]
    utility.refusal = InvalidRequest("Wrong.", violations=[Violation("meter", "names no meter")])
    assert tell(app, key[1]).json["errors"] == [{"field": "meter", "message": "names no meter"}]
    utility.refusal = AlreadyExists("It came before.", reason="EVENT_ID_REUSED")
    assert tell(app, key[1]).status_code == 409
    assert (
        app.test_client()
        .post("/api/utility-events", data="[", headers={"Authorization": f"Bearer {key[1]}"})
        .status_code
        == 400
    )


def test_a_missing_wrong_or_revoked_key_is_refused_and_a_session_does_not_help(app, admin, utility, keys, key):
    assert tell(app, "").status_code == 401
    assert "Bearer" in tell(app, "fmk_guessed").headers["WWW-Authenticate"]
    assert admin.client.post("/api/utility-events", json=EVENT).status_code == 401
    keys.revoke("org-mill", key[0].id)
    assert tell(app, key[1]).status_code == 401
    assert utility.told == []


def test_a_key_is_kept_by_its_digest_is_the_organisations_own_and_calls_so_often(keys, key):
    row, text = key
    now = [60.0]
    limited = ApiKeys(keys.session, keys.secret, lambda: now[0])

    assert text not in {str(value) for value in vars(row).values()}
    assert ApiKeys(keys.session, "another secret").of("org-mill")[0].id == row.id
    with pytest.raises(KeyUnknown):
        ApiKeys(keys.session, "another secret").caller(text)
    with pytest.raises(KeyUnknown):
        keys.revoke("org-other", row.id)
    for _ in range(120):
        limited.caller(text)
    with pytest.raises(TooManyCalls):
        limited.caller(text)
    now[0] = 120.0
    assert limited.caller(text).organization_id == "org-mill"


def test_who_asks_too_often_is_told_to_wait(app, utility, key, monkeypatch):
    monkeypatch.setattr("admin.security.api_keys.CALLS_A_MINUTE", 0)

    answer = tell(app, key[1])
    answer = tell(app, key[1])

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_key_is_shown_once_and_an_admin_makes_none_for_anybody(admin, keys, key):
    shown = page(admin, "/api-keys/")

    assert "Billing" in shown.text
    assert key[1] not in shown.text
    assert admin.post("/api-keys/new", {"name": "Mine"}).status_code == 403
    assert admin.post(f"/api-keys/{key[0].id}/revoke", {}).status_code == 302
    assert "Revoked" in page(admin, "/api-keys/").text
