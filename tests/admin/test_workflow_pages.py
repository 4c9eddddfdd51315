"""Pages of workflows: the editor keeps what was written, and runs ask batch after batch (B-2)."""

from __future__ import annotations

import html
import json
import re

import pytest
from fieldmesh.workorders.v1 import workflow_pb2

from services.chassis.errors import InvalidRequest, StaleEtag, Violation

SERVICE = "/fieldmesh.workorders.v1.WorkflowService/"
SVG = '<svg class="workflow-diagram"><title>Partner service</title></svg>'
FAULT = workflow_pb2.WorkflowFault(line=7, path="transitions.go.to", message="There is no state “orbit”.")
PUBLISHED = workflow_pb2.WorkflowVersion(
    id="v-1", title="Partner service 1", workflow="partner_service", workflow_version=1, state=2, etag="e1",
    open_orders=3,
)  # fmt: skip
DRAFT = workflow_pb2.WorkflowVersion(id="v-2", title="Partner service 2", workflow_version=2, state=1, etag="e2")


@pytest.fixture
def verbs(mesh):
    """What the service answers about two versions: one published, one a draft."""
    texts = {"v-1": "version: 1\nlabel: Partner service\n", "v-2": "version: 2\nlabel: <b>Partner</b>\n"}

    def describe(request, _caller):
        version = DRAFT if request.version.id == "v-2" else PUBLISHED
        states = [workflow_pb2.WorkflowState(code="open", label="Open", category=1, orders=3, initial=True)]
        return workflow_pb2.DescribeWorkflowResponse(
            version=version, text=texts[version.id], states=states, siblings=[DRAFT, PUBLISHED],
            transitions=[workflow_pb2.WorkflowTransition(name="go", label="Go", who=["partner of the executor"])],
        )  # fmt: skip

    def validate(request, _caller):
        faults = [FAULT] if "orbit" in request.text else []
        return workflow_pb2.ValidateWorkflowResponse(faults=faults, next_version=2)

    def save(request, _caller):
        return workflow_pb2.SaveDraftResponse(version=DRAFT, faults=[FAULT] if "orbit" in request.text else [])

    answers = {
        "DescribeWorkflow": describe,
        "ValidateWorkflow": validate,
        "SaveDraft": save,
        "DrawWorkflow": lambda *_: workflow_pb2.DrawWorkflowResponse(svg=SVG, version=PUBLISHED),
        "PublishWorkflow": lambda *_: DRAFT,
    }
    mesh.verbs.update({f"{SERVICE}{name}": answer for name, answer in answers.items()})
    yield mesh.verbs
    for name in [name for name in mesh.verbs if name.startswith(SERVICE)]:
        del mesh.verbs[name]


@pytest.fixture
def admin(sign_in, verbs):
    return sign_in("admin")


@pytest.mark.req("B-2")
def test_a_version_is_shown_with_its_diagram_states_and_transitions(admin):
    assert SVG in admin.get("/workflows/v-1").text
    assert "new orders begin here" in admin.get("/workflows/v-1?tab=states").text
    assert "partner of the executor" in admin.get("/workflows/v-1?tab=transitions").text
    assert "&lt;b&gt;Partner" in admin.get("/workflows/v-2?tab=text").text


@pytest.mark.req("B-2")
def test_only_admins_reach_the_pages_of_workflows(dispatcher, verbs):
    assert dispatcher.get("/workflows/").status_code in {302, 403}
    assert dispatcher.get("/workflows/compose").status_code in {302, 403}
    assert 'href="/workflows/"' not in dispatcher.get("/accounts/").text


@pytest.mark.req("B-2")
def test_a_new_draft_begins_with_the_text_of_a_version_under_the_next_number(admin):
    fields = admin.fields("/workflows/compose?from=v-1")

    assert fields["text"].strip() == "version: 2\nlabel: Partner service"


@pytest.mark.req("B-2")
def test_checking_shows_every_fault_with_its_line_and_keeps_what_was_written(admin, mesh):
    fields = admin.fields("/workflows/v-2/compose", text="to: orbit & <more>", note="Why not", do="check")

    page = admin.post("/workflows/v-2/compose", fields).text
    part = admin.post("/workflows/v-2/compose", fields, headers={"HX-Request": "true", "HX-Target": "faults"}).text

    assert "to: orbit &amp; &lt;more&gt;</textarea>" in page
    assert ">Why not</textarea>" in page
    for shown in (page, part):
        assert 'data-line="7"' in shown
        assert "There is no state “orbit”." in shown
    assert "<html" not in part
    assert mesh.asked("SaveDraft") == []


@pytest.mark.req("B-2")
def test_a_draft_is_saved_with_its_faults_and_a_clash_keeps_the_text(admin, mesh):
    fields = admin.fields("/workflows/v-2/compose", text="to: orbit", do="save")

    saved = admin.post("/workflows/v-2/compose", fields)
    mesh.refuse["SaveDraft"] = StaleEtag("Somebody else changed this since you read it.")
    clash = admin.post("/workflows/v-2/compose", fields)

    assert (saved.status_code, saved.location) == (302, "/workflows/v-2/compose")
    assert mesh.asked("SaveDraft")[0].etag == "e2"
    assert clash.status_code == 409
    assert ">\nto: orbit</textarea>" in clash.text


@pytest.mark.req("B-2")
def test_a_refused_publication_tells_every_fault(admin, mesh):
    wrong = [Violation("line 7", "There is no state “orbit”.")]
    mesh.refuse["PublishWorkflow"] = InvalidRequest("The definition has a fault.", violations=wrong)
    admin.get("/workflows/v-2")

    answer = admin.post("/workflows/v-2/publish", {"etag_seen": "e2", "request_key": "r"})

    assert answer.location == "/workflows/v-2"
    assert "line 7: There is no state “orbit”." in admin.get("/workflows/v-2").text


def batches(of, total, **fields):
    """A run of `total` orders that continues where it is told to."""

    def answer(request, _caller):
        first = int(request.after or 0)
        last = min(total, first + request.limit)
        found = {"total": total, **fields}
        numbers = range(first + 1, last + 1)
        return iter(
            [of(work_order_id=str(each), work_order_number=f"{each:08d}", done=each, **found) for each in numbers]
        )

    return answer


def run_through(person, url, fields):
    """What the page does: it sends the form of each answer until there is none."""
    pages = []
    while True:
        page = person.post(url, fields, headers={"HX-Request": "true", "HX-Target": "run"}).text
        pages.append(page)
        form = re.search(r'<form[^>]*hx-trigger="load, submit".*?</form>', page, re.DOTALL)
        if form is None:
            return pages
        pairs = re.findall(r'name="([^"]+)" value="([^"]*)"', form[0])
        fields = {name: html.unescape(value) for name, value in pairs if name != "csrf_token"}


@pytest.mark.req("B-2")
def test_a_replay_asks_batch_after_batch_and_gathers_what_was_found(admin, verbs, mesh):
    finding = {"kind": 5, "transition": "go", "message": "“Go” would not be open.", "suggestion": "", "refuses": True}
    verbs[f"{SERVICE}SimulateWorkflow"] = batches(
        workflow_pb2.SimulateWorkflowResponse, 90, moves=2, findings=[finding]
    )
    admin.get("/workflows/v-2/simulate")

    pages = run_through(admin, "/workflows/v-2/simulate", {"from_version": "1"})

    assert [request.after for request in mesh.asked("SimulateWorkflow")] == ["", "40", "80"]
    assert {request.from_version for request in mesh.asked("SimulateWorkflow")} == {1}
    assert '<progress id="run-bar" max="90" value="40">' in pages[0]
    assert "90 of 90 orders would have met something else; 90 of them a refusal." in pages[-1]
    assert ">90</td>" in pages[-1]
    assert 'href="/work-orders/1?tab=related">00000001</a>' in pages[-1]


@pytest.mark.req("B-2")
@pytest.mark.req("B-4")
def test_orders_are_moved_after_a_preview_and_those_that_stay_say_why(admin, verbs, mesh):
    of = workflow_pb2.MigrateWorkOrdersResponse
    verbs[f"{SERVICE}MigrateWorkOrders"] = batches(of, 3, outcome=2, reasons=["It is <old>."], from_state_label="Open")
    admin.get("/workflows/v-1/migrate")
    (refused,) = run_through(admin, "/workflows/v-1/migrate", {"mode": "preview", "from_version": "0"})
    verbs[f"{SERVICE}MigrateWorkOrders"] = batches(of, 45, outcome=1)

    preview = run_through(admin, "/workflows/v-1/migrate", {"mode": "preview", "from_version": "0", "state.a": "b"})
    done = run_through(admin, "/workflows/v-1/migrate", {"mode": "run", "from_version": "0", "state.a": "b"})

    assert "0 would move, 3 would stay" in refused
    assert "It is &lt;old&gt;." in refused
    assert "Move 45 orders" in preview[-1]
    assert 'name="state.a" value="b"' in preview[-1]
    assert "45 moved, 0 stay where they are" in done[-1]
    asked = mesh.asked("MigrateWorkOrders")
    assert [each.preview for each in asked[1:]] == [True, True, False, False]
    assert all(dict(each.states) == {"a": "b"} for each in asked[1:])


def test_what_a_page_cannot_have_carried_begins_anew(admin, verbs, mesh):
    verbs[f"{SERVICE}SimulateWorkflow"] = batches(workflow_pb2.SimulateWorkflowResponse, 1)
    admin.get("/workflows/v-2/simulate")

    answer = admin.post("/workflows/v-2/simulate", {"rows": json.dumps([1, 2]), "counts": "[]", "done": "x"})

    assert answer.status_code == 200
    assert mesh.asked("SimulateWorkflow")[0].after == ""


@pytest.mark.req("B-2")
def test_the_record_page_leads_to_the_path_of_the_order(sign_in, verbs, portal, mesh):
    person = sign_in("dispatcher")
    record = re.search(r'href="(/work-orders/[0-9a-f-]{36})"', person.get("/work-orders/?view=all").text)[1]

    assert f'href="{record}/workflow"' in person.get(record).text
    assert SVG in person.get(f"{record}/workflow").text
    assert mesh.asked("DrawWorkflow")[0].version.work_order_id == record.rsplit("/", 1)[-1]
