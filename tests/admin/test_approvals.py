"""Pages of facility approval: lists and inbox, drafts with everything in them, the record, and deciding by mail."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from fieldmesh.common.v1.types_pb2 import Money
from fieldmesh.technicians.v1.person_pb2 import Person
from fieldmesh.workorders.v1 import (
    action_item_pb2,
    estimate_pb2,
    note_pb2,
    work_order_pb2,
    work_order_service_pb2,
)

from services.chassis.errors import WrongState
from services.chassis.keys import signing_key
from services.chassis.links import Decision, sign
from services.workorders.presenting import offer_message
from tests.support import approvals
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import SERVICE

ORDER = ident("work order", 80)
RECORD = f"/work-orders/{ORDER}"


class Approval:
    """An order that is approved, in memory, in whatever state; what may be done with it is asked of the engine."""

    def __init__(self, mesh: Any) -> None:
        self.mesh = mesh
        self.state, self.who = "submitted", approvals.ADMIN
        self.fired: list[Any] = []
        self.created: list[Any] = []
        self.order = mesh.put(
            work_order_pb2.WorkOrder(
                id=ORDER, number="20107980", workflow="facility_approval", state="submitted", state_label="Submitted",
                state_tone="info", category=1, subject="Dock doors", facility_name="Larkspur Distribution Center",
                creator_name="Elena Marsh", content_version=3, site_time_zone="America/Denver",
                estimate_totals=[Money(currency_code="USD", micros=91_000_000)],
            )
        )  # fmt: skip
        approval = self.order.approval
        approval.submitter_id, approval.submitter_name = "elena", "Elena Marsh"
        approval.approver_id, approval.approver_name = "greta", "Greta Lund"
        approval.submission, approval.submitted_version = 1, 3
        approval.submit_time.FromDatetime(dt.datetime(2026, 3, 2, 15, tzinfo=dt.UTC))
        self.keep()
        mesh.put(
            action_item_pb2.ActionItem(
                id=ident("action", 1), work_order_id=ORDER, number=1, title="Door 3 sticks", state=1
            )
        )
        note = note_pb2.Note(id=ident("note", 1), work_order_id=ORDER, text="Call the dock first")
        note.create_time.FromDatetime(dt.datetime(2026, 3, 2, 14, tzinfo=dt.UTC))
        mesh.put(note)
        seal = Money(currency_code="USD", micros=45_500_000)
        estimate = estimate_pb2.Estimate(id=ident("estimate", 1), work_order_id=ORDER, description="Seal", quantity=2)
        estimate.unit_price.CopyFrom(seal)
        estimate.line_total.CopyFrom(self.order.estimate_totals[0])
        mesh.put(estimate)

    def keep(self) -> None:
        self.mesh.rows[self.order.DESCRIPTOR.full_name][ORDER] = self.order

    @property
    def verbs(self) -> dict[str, Any]:
        service = f"{SERVICE}.WorkOrderService"
        return {
            f"{service}/ListAvailableTransitions": self.offers,
            f"{service}/TransitionWorkOrder": self.fire,
            f"{service}/CreateWorkOrder": self.create,
        }

    def offers(self, request: Any, caller: Any) -> Any:
        del request, caller
        found = approvals.WORKFLOW.available(approvals.order(self.state), self.who, approvals.NOW, approvals.known())
        return work_order_service_pb2.ListAvailableTransitionsResponse(
            transitions=[offer_message(each) for each in found]
        )

    def fire(self, request: Any, caller: Any) -> Any:
        self.fired.append((caller.subject, request))
        if self.state != "submitted":
            raise WrongState("This work order was decided.")
        return work_order_service_pb2.TransitionWorkOrderResponse(work_order=self.order, happened=True)

    def create(self, request: Any, caller: Any) -> Any:
        del caller
        self.created.append(request)
        return self.order


@pytest.fixture
def approval(mesh, portal):
    made = Approval(mesh)
    before = {path: mesh.verbs.get(path) for path in made.verbs}
    mesh.verbs.update(made.verbs)
    yield made
    for path, verb in before.items():
        if verb is None:
            del mesh.verbs[path]
        else:
            mesh.verbs[path] = verb


@pytest.fixture
def admin(approval, sign_in):
    return sign_in("admin")


def page(person, path, status=200):
    answer = person.get(path)
    shown = read(answer.text).one("main")
    assert answer.status_code == status, shown.text
    return shown


@pytest.mark.req("R-3")
def test_the_inbox_offers_approve_and_deny_beside_each_order(admin):
    shown = page(admin, "/approvals/?view=approvals_awaiting")

    assert "Elena Marsh asks Greta Lund" in shown.text
    assert "91.00 USD" in shown.text
    links = [link.attributes["href"] for link in shown.all("a") if "/do/" in link.attributes["href"]]
    assert [link for link in links if ORDER in link] == [
        f"{RECORD}/do/approve?tab=inbox",
        f"{RECORD}/do/deny?tab=inbox",
    ]


def test_the_list_shows_facility_state_and_estimate(admin):
    shown = page(admin, "/approvals/?view=approvals_all")

    assert [head.text for head in shown.all("th") if head.attributes.get("scope") == "col"] == [
        "Work Order Number", "Subject", "Facility", "Status", "Estimate", "Appointment Date",
    ]  # fmt: skip


@pytest.mark.req("PT-2")
def test_the_record_shows_items_estimates_notes_and_the_approval_box(admin):
    shown = page(admin, RECORD).text

    for words in (
        "Door 3 sticks",
        "Call the dock first",
        "Seal",
        "45.50 USD",
        "91.00 USD",
        "Greta Lund",
        "Not scheduled".lower(),
    ):
        assert words in shown
    assert page(admin, f"{RECORD}?tab=related")
    assert page(admin, f"{RECORD}?tab=collaborate")


@pytest.mark.req("PT-9")
def test_approving_from_the_inbox_sends_the_version_that_was_shown_and_leads_back(admin, approval):
    form = admin.fields(f"{RECORD}/do/approve?tab=inbox")
    answer = admin.post(f"{RECORD}/do/approve", form)

    assert answer.headers["Location"] == "/approvals/?view=approvals_awaiting"
    assert [request.inputs.seen_content_version for _, request in approval.fired] == [3]


def test_the_version_that_was_seen_is_sent_and_not_shown(admin):
    shown = page(admin, f"{RECORD}/do/deny")

    assert [label.text for label in shown.all("label")] == ["Why? *"]


@pytest.mark.req("PT-1")
@pytest.mark.req("PT-2")
def test_one_form_creates_the_draft_with_items_notes_and_estimates(admin, approval):
    form = admin.fields("/approvals/new", facility_id=ident("facility", 0), subject="Dock doors")
    form |= {
        "action_items-0-title": "Door 3 sticks",
        "action_items-4-title": "Replace the seal",
        "notes-0-text": "Call first",
        "estimates-1-description": "Seal",
        "estimates-1-quantity": "2",
        "estimates-1-unit_price": ["45.50", "USD"],
    }
    answer = admin.post("/approvals/new", form)

    assert answer.status_code == 302, read(answer.text).one("main").text
    request = approval.created[0]
    assert (request.workflow, [item.title for item in request.action_items]) == (
        "facility_approval", ["Door 3 sticks", "Replace the seal"],
    )  # fmt: skip
    assert (list(request.notes), request.estimates[0].unit_price.micros) == (["Call first"], 45_500_000)


def test_a_missing_title_is_named_with_its_place_and_nothing_is_lost(admin, approval):
    form = admin.fields("/approvals/new", facility_id=ident("facility", 0), subject="Dock doors")
    shown = read(admin.post("/approvals/new", {**form, "notes-0-text": "Call first"}).text).one("main")

    assert "Action item 1, Action item" in shown.text
    assert "Call first" in shown.text
    assert approval.created == []


class ByMail:
    """Somebody's link, as the mail carries it."""

    def __init__(self, served: Any, approval: Approval) -> None:
        self.key = signing_key(served[0].extensions["link_keys"]._folder.parent, "notifications")
        approval.mesh.put(Person(id="greta-person", name="Greta Lund", login="greta", roles=["admin"], active=True))
        approval.order.approval.approver_id = "greta-person"
        approval.who = approvals.ADMIN

    def link(self, *, submission: int = 1, days: int = 7, person: str = "greta-person") -> str:
        return f"/decide/{sign(self.key, Decision(person, ORDER, submission), dt.timedelta(days=days))}"


@pytest.fixture
def by_mail(served, approval):
    return ByMail(served, approval)


@pytest.mark.req("B-8")
def test_a_link_shows_the_order_without_a_sign_in_and_acts_as_its_person_on_post_alone(by_mail, approval, visitor):
    url = by_mail.link()

    shown = page(visitor, url)
    assert "Elena Marsh asks Greta Lund" in shown.text
    assert "Door 3 sticks" in shown.text
    assert approval.fired == []
    form = visitor.fields(url)
    refused = visitor.post(url, {**form, "answer": "deny"})
    assert "Say why you deny it." in refused.text
    done = visitor.post(url, {**form, "answer": "approve", "comment": "Go ahead"})

    assert "was approved" in done.text
    ((subject, request),) = approval.fired
    assert (subject, request.transition, request.inputs.comment) == ("greta-person", "approve", "Go ahead")
    assert request.inputs.seen_content_version == 3
    assert visitor.get(RECORD).status_code == 302


@pytest.mark.req("B-8")
def test_a_link_that_was_used_withdrawn_replaced_or_is_old_says_so(by_mail, approval, visitor):
    approval.order.approval.submission = 2
    assert "newer mail" in page(visitor, by_mail.link(), 410).text
    approval.order.state, approval.order.state_label = "draft", "Draft"
    assert "withdrawn" in page(visitor, by_mail.link(submission=2), 410).text
    approval.order.approval.decide_time.GetCurrentTime()
    assert "decided already" in page(visitor, by_mail.link(submission=2), 410).text
    assert "expired" in page(visitor, by_mail.link(days=-1), 410).text
    assert "not valid" in page(visitor, "/decide/abc.def.ghi", 404).text
    assert "has ended" in page(visitor, by_mail.link(person="nobody"), 403).text


def test_whoever_may_not_decide_any_more_is_told_so(by_mail, approval, visitor):
    approval.who = approvals.COLLEAGUE

    assert "may not decide" in page(visitor, by_mail.link(), 403).text
