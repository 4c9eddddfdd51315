"""Versions of workflows: drafts, publication and retirement, and what orders make of them (B-2)."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import work_order_pb2, workflow_pb2
from google.type import date_pb2
from sqlalchemy import select, update

from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, StaleEtag
from services.chassis.tables import OWN
from services.workorders import seeds, shipped
from services.workorders.domain.versions import LastVersion, VersionNotDraft, VersionNotPublished, VersionTaken
from services.workorders.registry import WorkflowRegistry
from services.workorders.tables import workflow_versions
from tests.integration.workorders.conftest import ADMIN, BLUEFERN, DISPATCHER, ME, PARTNER, STRANGER
from tests.support.workflows import FIRST, OTHER, SECOND, changed

DRAFT, PUBLISHED, RETIRED = (workflow_pb2.WorkflowVersionState.values()[number] for number in (1, 2, 3))
MOVED, REFUSED, UNTOUCHED = (workflow_pb2.MigrationOutcome.values()[number] for number in (1, 2, 3))


def save(desk, text, **more):
    return desk.workflows("SaveDraft", text=text, request_id=desk.request_id(), **more)


def publish(desk, text):
    draft = save(desk, text).version
    return desk.workflows("PublishWorkflow", id=draft.id, etag=draft.etag, request_id=desk.request_id())


def first(desk):
    named = workflow_pb2.WorkflowReference(workflow="partner_service", workflow_version=1)
    return desk.workflows("DescribeWorkflow", version=named).version


@pytest.mark.req("B-2")
def test_a_new_state_transition_form_and_guard_are_data_from_the_text_to_the_feed(desk):
    """Nothing but the text of a second version: it is published over gRPC, offered and fired."""
    assert publish(desk, SECOND).state == PUBLISHED
    order = desk.fire(desk.create(parts=False), "allocate", DISPATCHER, executor_org=BLUEFERN).work_order
    travel = work_order_pb2.WorkOrder()
    travel.travel.round_trip_miles, travel.travel.technicians = 60, 1
    travel.travel.cost_per_mile.currency_code, travel.travel.cost_per_mile.micros = "USD", 670_000
    paths = ["travel.round_trip_miles", "travel.technicians", "travel.cost_per_mile"]
    order = desk.fire(order, "accept_without_parts", PARTNER, paths, values=travel).work_order

    offered = desk.orders("ListAvailableTransitions", PARTNER, work_order_id=order.id).transitions
    asked = next(each for each in offered if each.name == "ask_for_access")
    agreed = work_order_pb2.WorkOrder(scheduling_completed_date=date_pb2.Date(year=2026, month=3, day=2))
    moved = desk.fire(
        order, "ask_for_access", PARTNER, ["scheduling_completed_date"], values=agreed, comment="North gate, at nine"
    )

    assert order.workflow_version == 2
    assert (asked.label, asked.allowed, asked.steps[0].title) == ("Ask for access", True, "Which door, and when?")
    assert [field.path for field in asked.steps[0].fields] == ["inputs.comment", "scheduling_completed_date"]
    assert (moved.work_order.state, moved.work_order.state_label) == ("awaiting_access", "Awaiting Access")
    assert moved.work_order.scheduling_completed_date.day == 2
    assert desk.told()[-1].effects == ["access_asked"]
    assert (
        desk.list(
            DISPATCHER, filters=[{"field": "state", "operator": 1, "values": ["awaiting_access"]}]
        ).page.total_size
        == 1
    )
    back = desk.fire(moved.work_order, "access_granted", DISPATCHER)
    assert back.work_order.state_label == "In Progress"
    assert desk.list(DISPATCHER).page.total_size == 1


@pytest.mark.req("B-2")
def test_hard_case_10_orders_keep_their_version_until_they_are_moved_and_ended_ones_for_ever(desk):
    with desk.app.database.begin(actor=ME) as transaction:
        seeds.seed(transaction.connection)
    cancelled = desk.create()
    desk.fire(cancelled, "cancel", DISPATCHER, reason_code="self_resolved")
    early, assigned = desk.at_work(), desk.allocated()

    second = publish(desk, OTHER)
    late = desk.create()
    unknown = desk.workflows("MigrateWorkOrders", to_id=second.id, preview=True)
    before = {each.id: desk.get(each.id) for each in (cancelled, early, assigned)}
    again = desk.workflows("MigrateWorkOrders", to_id=second.id, states={"in_progress": "at_work"})
    repeated = desk.workflows("MigrateWorkOrders", to_id=second.id, states={"in_progress": "at_work"})

    assert (late.workflow_version, early.workflow_version) == (2, 1)
    assert {each.workflow_version for each in before.values()} == {1}  # the preview changed nothing
    told = {each.work_order_id: each for each in unknown}
    assert told[early.id].outcome == REFUSED
    assert "Version 2 has no state “in_progress” for In Progress." in told[early.id].reasons[0]
    assert (told[assigned.id].outcome, told[cancelled.id].outcome) == (MOVED, UNTOUCHED)
    assert {each.work_order_id: each.outcome for each in again} == {
        cancelled.id: UNTOUCHED, early.id: MOVED, assigned.id: MOVED,
    }  # fmt: skip
    assert [each.outcome for each in repeated] == [UNTOUCHED]
    assert (again[-1].done, again[-1].total) == (3, 3)
    after = desk.get(early.id)
    assert (after.workflow_version, after.state, after.state_label) == (2, "at_work", "At Work")
    assert desk.get(cancelled.id).workflow_version == 1
    rows = [(row.field, row.old_value, row.new_value, row.transition) for row in desk.history(early)][-2:]
    assert rows == [("workflow_version", "1", "2", "migrate"), ("state", "In Progress", "At Work", "migrate")]
    event = next(
        each for each in desk.told() if each.transition == "migrate" and each.work_order.work_order_id == early.id
    )
    assert (event.from_state, event.to_state, event.work_order.state_label) == ("in_progress", "at_work", "At Work")
    assert "complete" in {
        each.name for each in desk.orders("ListAvailableTransitions", PARTNER, work_order_id=early.id).transitions
    }
    assert desk.orders("VerifyHistory", ADMIN, work_order=early.number).__next__().fault == ""


@pytest.mark.req("B-2")
def test_an_order_that_lacks_what_the_new_state_requires_stays_and_says_so(desk):
    order = desk.allocated()
    asked = "          - {path: inputs.executor_org, required: true"
    demanding = changed(SECOND, (asked, f"          - {{path: costs.permit_details, required: true}}\n{asked}"))
    second = publish(desk, demanding)

    (refused,) = desk.workflows("MigrateWorkOrders", to_id=second.id)

    assert refused.outcome == REFUSED
    assert refused.reasons == ["Permit details is missing, which Assigned needs."]
    assert desk.get(order.id).workflow_version == 1


def versions_of(registry, name):
    return [each.definition.version for each in registry.all() if each.definition.name == name]


@pytest.mark.req("B-2")
def test_every_replica_sees_a_publication_at_once_and_what_is_published_never_changes(desk):
    other = WorkflowRegistry(desk.app.database)
    assert other.latest("partner_service").definition.version == 1

    second = publish(desk, SECOND)

    assert other.latest("partner_service").definition.version == 2
    assert "partner_service" in other.names()
    assert versions_of(other, "partner_service") == [1, 2]
    with pytest.raises(KeyError):
        other.of("partner_service", 3)
    with pytest.raises(VersionNotDraft):
        save(desk, OTHER, id=second.id, etag=second.etag)
    with pytest.raises(VersionNotDraft):
        desk.workflows("DeleteDraft", id=second.id, etag=second.etag)


@pytest.mark.req("B-2")
def test_a_draft_is_kept_with_its_faults_and_published_without_any(desk):
    broken = changed(SECOND, ("    to: awaiting_access", "    to: orbit"))
    kept = save(desk, broken, note="First try")
    line = broken[: broken.index("    to: orbit")].count("\n") + 1

    assert [(each.line, each.message) for each in kept.faults if "orbit" in each.message] == [
        (line, "There is no state “orbit”.")
    ]
    assert (kept.version.state, kept.version.title, kept.version.note) == (DRAFT, "Partner service 2", "First try")
    with pytest.raises(InvalidRequest) as refused:
        desk.workflows("PublishWorkflow", id=kept.version.id, etag=kept.version.etag)
    assert refused.value.reason == "WORKFLOW_FAULTY"
    assert f"line {line}" in {each.field for each in refused.value.violations}
    mended = save(desk, SECOND, id=kept.version.id, etag=kept.version.etag)
    with pytest.raises(StaleEtag):
        save(desk, SECOND, id=kept.version.id, etag=kept.version.etag)
    published = desk.workflows("PublishWorkflow", id=mended.version.id, etag=mended.version.etag)
    assert (published.state, published.publisher.display_name) == (PUBLISHED, ADMIN.name)
    nonsense = save(desk, "workflow: [")
    assert nonsense.version.title == "Draft without a name"
    desk.workflows("DeleteDraft", id=nonsense.version.id, etag=nonsense.version.etag)
    with desk.app.database.read() as connection:
        verbs = connection.execute(
            select(OWN.audit.c.verb).where(OWN.audit.c.resource_type == "fieldmesh.workorders.v1.WorkflowVersion")
        )
        assert sorted(verbs.scalars()) == ["create", "create", "delete", "update", "update"]


@pytest.mark.req("B-2")
def test_numbers_follow_each_other_and_the_last_published_version_is_not_retired(desk):
    one = first(desk)
    with pytest.raises(LastVersion):
        desk.workflows("RetireWorkflow", id=one.id, etag=one.etag)
    with pytest.raises(VersionTaken) as taken:
        publish(desk, changed(SECOND, ("version: 2", "version: 3")))
    draft = save(desk, SECOND).version
    with pytest.raises(VersionNotPublished):
        desk.workflows("RetireWorkflow", id=draft.id, etag=draft.etag)
    order = desk.create()
    publish(desk, SECOND)

    retired = desk.workflows("RetireWorkflow", id=one.id, etag=one.etag)

    assert taken.value.metadata == {"next_version": "2"}
    assert (retired.state, retired.open_orders) == (RETIRED, 1)
    assert desk.create().workflow_version == 2
    assert desk.fire(order, "allocate", DISPATCHER, executor_org=BLUEFERN).work_order.workflow_version == 1
    with pytest.raises(VersionNotPublished):
        desk.workflows("MigrateWorkOrders", to_id=one.id)


def test_what_is_stored_wins_over_what_a_later_program_brings_along(desk, tmp_path, caplog):
    (tmp_path / "one.yaml").write_text(changed(FIRST, ("label: Partner service", "label: Partner services")))
    (tmp_path / "two.yaml").write_text(SECOND)

    for _ in range(2):
        with desk.app.database.begin(actor=ME) as transaction:
            shipped.publish_shipped(transaction, tmp_path)

    assert first(desk).label == "Partner service"
    registry = WorkflowRegistry(desk.app.database)
    assert registry.latest("partner_service").definition.version == 2


def test_a_version_that_this_program_cannot_read_keeps_nothing_else_from_working(desk):
    second = publish(desk, SECOND)
    with desk.app.database.begin(actor=ME) as transaction:
        damaged = changed(SECOND, ("executor_can_serve", "moon_is_full"))
        transaction.execute(update(workflow_versions).where(workflow_versions.c.id == second.id).values(text=damaged))

    readable = WorkflowRegistry(desk.app.database)

    assert versions_of(readable, "partner_service") == [1]


@pytest.mark.req("B-2")
@pytest.mark.req("B-6")
def test_drafts_are_seen_by_admins_only_and_an_orders_path_by_whoever_sees_the_order(desk):
    draft = save(desk, SECOND).version
    order = desk.accepted()
    named = workflow_pb2.WorkflowReference(work_order_id=order.number)

    drawn = desk.workflows("DrawWorkflow", PARTNER, version=named)
    described = desk.workflows("DescribeWorkflow", PARTNER, version=named)

    assert [step.to_label for step in drawn.path] == ["Unallocated", "Assigned", "Ship-To Received"]
    assert 'class="wf-walked"' in drawn.svg
    assert "3 · Accept" in drawn.svg
    assert drawn.svg.count("style=") == drawn.svg.count("<script") == 0
    assert drawn.mermaid.startswith("stateDiagram-v2")
    states = {state.code: state.orders for state in described.states}
    assert (states["ship_to_received"], states["assigned"], described.version.open_orders) == (1, 0, 1)
    accept = next(each for each in described.transitions if each.name == "accept")
    assert accept.who == ["partner of the executor (partner or provider)", "admin"]
    assert accept.offered_when.explanations[0].startswith("A line item of the order takes parts")
    assert [each.workflow_version for each in described.siblings] == [1]
    for reference, caller, refusal in (
        ({"version": {"id": draft.id}}, PARTNER, NotFound),
        ({"version": named}, STRANGER, NotFound),
        ({"text": SECOND}, PARTNER, NotAllowed),
        ({"version": {}}, ADMIN, InvalidRequest),
        ({"version": {"workflow": "partner_service", "workflow_version": 7}}, ADMIN, NotFound),
    ):
        with pytest.raises(refusal):
            desk.workflows("DrawWorkflow", caller, **reference)
    assert "Awaiting Access" in desk.workflows("DrawWorkflow", ADMIN, text=SECOND).svg


@pytest.mark.req("B-2")
def test_a_draft_is_tried_on_what_really_happened(desk):
    order = desk.at_work()
    desk.create()
    text = changed(
        OTHER,
        ("  accept:\n", "  take_on:\n"),
        ("drafts: accept\n", "drafts: take_on\n"),
        (
            "          - {path: inputs.executor_org,",
            "          - {path: costs.permit_details, required: true}\n          - {path: inputs.executor_org,",
        ),
        (
            "    who: [system, dispatcher, admin]\n    phase: delivered",
            "    who: [dispatcher, admin]\n    phase: delivered",
        ),
    )

    answers = desk.workflows("SimulateWorkflow", text=text)
    same = desk.workflows("SimulateWorkflow", text=changed(FIRST, ("version: 1\n", "version: 2\n")))
    part = desk.workflows("SimulateWorkflow", text=text, limit=1)

    assert [each.done for each in answers] == [1, 2]
    found = {each.work_order_id: each for each in answers}[order.id]
    kinds = {workflow_pb2.FindingKind.Name(each.kind).removeprefix("FINDING_KIND_"): each for each in found.findings}
    assert kinds["TRANSITION_MISSING"].message == "There is no transition accept (“Accept”)."
    assert "Perhaps it is take_on" in kinds["TRANSITION_MISSING"].suggestion
    assert kinds["FIELD_REQUIRED"].message == "“Allocate” needs Permit details, which was not given then."
    assert kinds["NOT_PERMITTED"].transition == "parts_delivered"
    assert "“In Progress”" in kinds["STATE_MISSING"].message
    assert kinds["STATE_MISSING"].suggestion == "Perhaps it is at_work (“At Work”) now."
    assert kinds["STATE_MISSING"].refuses
    assert not any(each.findings for each in same)
    assert sum(each.moves for each in same) == found.moves >= 3
    rest = desk.workflows("SimulateWorkflow", text=text, after=part[0].work_order_id)
    assert [(each.done, each.total) for each in (*part, *rest)] == [(1, 2), (2, 2)]
    assert desk.workflows("ValidateWorkflow", text=text).next_version == 2
