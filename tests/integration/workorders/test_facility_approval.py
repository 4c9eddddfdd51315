"""Facility approval over the servicers, on both databases: drafts, versions, approvers, delegates, providers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fieldmesh.technicians.v1 import events_pb2 as directory_events
from fieldmesh.technicians.v1 import organization_pb2
from fieldmesh.workorders.v1 import attachment_pb2, events_pb2, feed_pb2, work_order_pb2
from sqlalchemy import update

from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, StaleEtag, WrongState
from services.chassis.identity import Call, calling
from services.workorders import tables
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import ADMIN, BLUEFERN, DISPATCHER, PARTNER, on, person

LARKSPUR, NORTHSTAR = "larkspur", "northstar"
OWNER = "facility_owner"


def somebody(key: str, role: str, organization: str, kind: str):
    return replace(person(role, organization, kind), subject=key, name=key.title())


ANA = somebody("ana", "requester", LARKSPUR, OWNER)
BEN = somebody("ben", "requester", LARKSPUR, OWNER)
CLEO = somebody("cleo", "approver", LARKSPUR, OWNER)
DEV = somebody("dev", "approver", LARKSPUR, OWNER)
NORA = somebody("nora", "dispatcher", NORTHSTAR, "provider")
OTTO = somebody("otto", "technician", NORTHSTAR, "provider")
ELSEWHERE = somebody("zoe", "requester", "acme", OWNER)
PEOPLE = (ANA, BEN, CLEO, DEV, NORA, OTTO)
ITEMS = [{"title": "Dock door 3 sticks"}, {"title": "Replace the seal", "description": "Door 3 as well"}]
ESTIMATES = [
    {"description": "Seal", "quantity": 2, "unit_price": {"currency_code": "USD", "micros": 45_500_000}},
    {"description": "Import fee", "quantity": 1, "unit_price": {"currency_code": "CAD", "micros": 10_000_000}},
]
VISIT = work_order_pb2.WorkOrder(appointment={"date": on(date(2026, 3, 2)), "time": "08:00"})
VISIT_PATHS = ["appointment.date", "appointment.time"]


class Site:
    """The desk with a facility owner, a provider and their people."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.organization(LARKSPUR, 4)
        self.organization(NORTHSTAR, 3)
        self.versions: dict[str, int] = {}
        for each in PEOPLE:
            self.person(each)
        with desk.app.database.begin(actor=ADMIN) as transaction:
            transaction.execute(update(tables.facilities).values(facility_org=LARKSPUR))
            transaction.execute(update(tables.territories).values(served_by=[BLUEFERN, NORTHSTAR]))

    def organization(self, name: str, kind: int, version: int = 1, **fields: Any) -> None:
        told = directory_events.OrganizationChanged(
            organization={"id": name, "name": name.title(), "kind": kind, "active": True, **fields}
        )
        told.organization.time_zone = "America/Chicago"
        self.desk.handle("directory", "organization_changed", told, version)

    def person(self, who: Any, **fields: Any) -> None:
        self.versions[who.subject] = self.versions.get(who.subject, 0) + 1
        known = {"id": who.subject, "name": who.name, "organization_id": who.organization_id, "active": True}
        known |= {"email": f"{who.subject}@example.com", "roles": sorted(who.roles), **fields}
        told = directory_events.PersonChanged(person=known)
        self.desk.handle("directory", "person_changed", told, self.versions[who.subject])

    def away(self, who: Any, delegate: Any) -> None:
        days = {"away_from": on(date(2026, 3, 1)), "away_until": on(date(2026, 3, 2))}
        self.person(who, delegate_id=delegate.subject, **days)

    def draft(self, who: Any = ANA, **more: Any) -> Any:
        order = {"subject": "Dock doors", "facility_id": self.desk.ids["facility"]}
        asked = {"action_items": ITEMS, "notes": ["Call the dock first"], "estimates": ESTIMATES, **more}
        return self.desk.orders(
            "CreateWorkOrder", who, work_order=order, workflow="facility_approval",
            request_id=self.desk.request_id(), **asked,
        )  # fmt: skip

    def submitted(self, who: Any = ANA, approver: Any = CLEO, **more: Any) -> Any:
        return self.desk.fire(self.draft(who, **more), "submit", who, approver_id=approver.subject).work_order

    def parts(self, resource: str, plural: str, order: Any, who: Any = ANA) -> list[Any]:
        query = {"filters": [{"field": "work_order_id", "operator": 1, "values": [order.id]}]}
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in plural).lstrip("_")
        return list(getattr(self.desk.kit(resource, f"List{plural}", who, query=query), name))


@pytest.fixture
def site(desk):
    return Site(desk)


@pytest.mark.req("PT-1")
@pytest.mark.req("PT-2")
@pytest.mark.req("PT-3")
def test_a_company_user_bundles_action_items_notes_and_estimates_at_a_facility(site):
    made = site.draft()

    order = site.desk.get(made.id, ANA)
    assert (order.state_label, order.facility_name, order.account_name) == (
        "Draft",
        "Harbor Glen",
        "Harbor Glen Apartments",
    )
    assert (order.issuer_org, order.facility_org, order.executor_org) == (LARKSPUR, LARKSPUR, "")
    assert [(each.currency_code, each.micros) for each in order.estimate_totals] == [
        ("CAD", 10_000_000),
        ("USD", 91_000_000),
    ]
    items = site.parts("ActionItem", "ActionItems", order)
    assert [(item.number, item.title, item.state) for item in items] == [
        (1, "Dock door 3 sticks", 1),
        (2, "Replace the seal", 1),
    ]
    assert site.parts("Note", "Notes", order)[0].author.display_name == "Ana"
    assert {each.line_total.micros for each in site.parts("Estimate", "Estimates", order)} == {91_000_000, 10_000_000}


@pytest.mark.req("PT-3")
@pytest.mark.req("PT-4")
def test_who_creates_where_and_who_sees_it(site):
    own, theirs = site.draft(ANA), site.draft(NORA)

    for who in (DISPATCHER, PARTNER, CLEO):
        with pytest.raises(NotAllowed):
            site.draft(who)
    with pytest.raises(InvalidRequest):
        site.draft(ELSEWHERE)
    seen = {
        who.subject: {row.id for row in site.desk.list(who).work_orders}
        for who in (ANA, CLEO, NORA, ELSEWHERE, DISPATCHER)
    }
    assert seen == {
        "ana": {own.id, theirs.id},
        "cleo": {own.id, theirs.id},
        "nora": {theirs.id},
        "zoe": set(),
        DISPATCHER.subject: set(),
    }
    assert site.desk.list(ANA).page.total_size == 2


@pytest.mark.req("PT-4")
def test_the_owner_of_a_site_does_not_see_what_a_vendors_partner_does_there(site):
    repair = site.desk.create()

    assert repair.facility_org == LARKSPUR
    assert [row.id for row in site.desk.list(CLEO).work_orders] == []
    with pytest.raises(NotFound):
        site.desk.get(repair.id, ANA)


def test_wrong_content_is_named_part_by_part(site):
    with pytest.raises(InvalidRequest) as refused:
        site.draft(
            action_items=[{"title": ""}, {"title": "A door", "station_id": "nowhere"}],
            estimates=[{"description": "Seal", "quantity": 0, "unit_price": {"currency_code": "usd", "micros": -1}}],
        )

    assert {each.field for each in refused.value.violations} >= {
        "action_items[0].title",
        "estimates[0].quantity",
        "estimates[0].unit_price",
    }


@pytest.mark.req("PT-7")
def test_content_is_edited_in_a_draft_by_its_organisation_and_each_change_counts(site):
    desk, order = site.desk, site.draft()
    item, estimate = site.parts("ActionItem", "ActionItems", order)[0], site.parts("Estimate", "Estimates", order)[0]

    desk.kit(
        "ActionItem", "CreateActionItem", BEN, action_item={"work_order_id": order.id, "title": "Paint"}, request_id="p"
    )
    item.title = "Dock door 3 does not close"
    desk.kit("ActionItem", "UpdateActionItem", ANA, action_item=item, update_mask={"paths": ["title"]}, request_id="t")
    desk.kit("Estimate", "DeleteEstimate", ANA, id=estimate.id, etag=estimate.etag, request_id="d")
    changed = desk.orders(
        "UpdateWorkOrder", ANA, work_order={"id": order.id, "subject": "Doors", "etag": desk.get(order.id).etag},
        update_mask={"paths": ["subject"]}, request_id="s",
    )  # fmt: skip

    assert (changed.content_version, changed.subject) == (5, "Doors")
    assert len(changed.estimate_totals) == 1
    told = [(row.field, row.new_value) for row in desk.history(order)]
    assert ("action_item", "3. Paint") in told
    assert ("action_item", "1. Dock door 3 does not close") in told
    with pytest.raises(NotAllowed):
        desk.kit(
            "ActionItem",
            "CreateActionItem",
            CLEO,
            action_item={"work_order_id": order.id, "title": "x"},
            request_id="c",
        )
    submitted = desk.fire(order, "submit", ANA, approver_id="cleo").work_order
    with pytest.raises(WrongState):
        desk.kit("Note", "CreateNote", ANA, note={"work_order_id": order.id, "text": "Late"}, request_id="n")
    assert submitted.approval.submitted_version == 5


@pytest.mark.req("PT-8")
def test_submitting_offers_the_approvers_of_the_facilitys_organisation_and_tells_both(site):
    order = site.draft()

    offered = site.desk.orders("ListAvailableTransitions", ANA, work_order_id=order.id).transitions
    submit = next(each for each in offered if each.name == "submit")
    assert [choice.label for choice in submit.steps[0].fields[0].choices] == ["Ben", "Cleo", "Dev"]
    site.desk.fire(order, "submit", ANA, approver_id="cleo", comment="Before Friday, please")

    told = site.desk.told()[-1]
    assert [(each.template, list(each.recipients), each.to_actor) for each in told.notices] == [
        ("approval_requested", ["approver", "approver_delegate"], False),
        ("approval_submitted", ["submitter"], True),
    ]
    assert (told.work_order.approval.approver_id, told.work_order.approver_delegate_id) == ("cleo", "")
    assert (told.work_order.issuer_name, list(told.work_order.action_items)) == (
        "Larkspur",
        ["Dock door 3 sticks", "Replace the seal"],
    )


@pytest.mark.req("PT-5")
@pytest.mark.req("PT-8")
def test_an_organisation_may_let_only_its_admins_approve_and_a_providers_order_always_is(site):
    providers = site.desk.orders("ListAvailableTransitions", NORA, work_order_id=site.draft(NORA).id).transitions
    submit = next(each for each in providers if each.name == "submit")
    assert [choice.label for choice in submit.steps[0].fields[0].choices] == ["Cleo", "Dev"]
    chosen = site.submitted(approver=BEN)

    site.organization(LARKSPUR, 4, 2, approvers=organization_pb2.APPROVERS_ADMINS_ONLY)

    with pytest.raises(WorkOrderError, match="any more"):
        site.desk.fire(chosen, "approve", BEN)
    with pytest.raises(WorkOrderError, match="only its admins"):
        site.submitted(approver=BEN)


def test_hard_case_12_an_exact_version_is_approved(site):
    desk, order = site.desk, site.submitted()
    seen = desk.get(order.id, CLEO)
    desk.fire(order, "withdraw", ANA)
    desk.kit("Note", "CreateNote", ANA, note={"work_order_id": order.id, "text": "One more door"}, request_id="n")
    again = desk.fire(order, "submit", ANA, approver_id="cleo").work_order

    with pytest.raises(StaleEtag):
        desk.fire(order, "approve", CLEO, etag=seen.etag)
    with pytest.raises(WorkOrderError) as stale:
        desk.fire(order, "approve", CLEO, seen_content_version=seen.approval.submitted_version)
    approved = desk.fire(order, "approve", CLEO, seen_content_version=again.approval.submitted_version).work_order

    assert stale.value.reason == "CONTENT_CHANGED"
    assert (approved.state, approved.approval.submitted_version, approved.content_version) == ("approved", 2, 2)
    assert [notice.template for notice in desk.told()[-1].notices] == ["approval_granted"]


def test_hard_case_12_four_eyes_delegation_and_an_approver_who_left(site):
    desk, order = site.desk, site.submitted()
    with pytest.raises(WorkOrderError):
        desk.fire(order, "approve", DEV)
    site.away(CLEO, DEV)

    awaiting = {
        who.subject: len(desk.list(who, view="approvals_awaiting").work_orders) for who in (ANA, CLEO, DEV, BEN)
    }
    assert awaiting == {"ana": 0, "cleo": 1, "dev": 1, "ben": 0}
    assert desk.get(order.id, ANA).approval.stand_in_name == "Dev"
    decided = desk.fire(order, "deny", DEV, comment="Too dear").work_order
    assert (decided.approval.delegate_name, decided.approval.comment) == ("Dev", "Too dear")

    own = site.submitted(ANA)
    site.away(CLEO, ANA)
    with pytest.raises(WorkOrderError) as refused:
        desk.fire(own, "approve", ANA)
    assert refused.value.reason == "ROLE_NOT_ALLOWED"

    site.person(CLEO, active=False)
    assert desk.get(own.id, ANA).approval.approver_left
    withdrawn = desk.fire(own, "withdraw", ANA).work_order
    assert desk.fire(withdrawn, "submit", ANA, approver_id="dev").work_order.approval.submission == 2


def test_a_delegate_stands_in_only_on_the_days_of_the_absence(site):
    order = site.submitted()
    site.away(CLEO, DEV)
    # The second of March ends in Chicago six hours after it ends in UTC.
    site.desk.clock.set(datetime(2026, 3, 3, 7, tzinfo=UTC))

    with pytest.raises(WorkOrderError):
        site.desk.fire(order, "approve", DEV)


@pytest.mark.req("PT-9")
@pytest.mark.req("PT-10")
@pytest.mark.req("PT-11")
def test_an_approved_order_is_dispatched_scheduled_and_resolved_with_its_action_items(site):
    desk, order = site.desk, site.submitted(NORA)
    desk.fire(order, "approve", CLEO)
    desk.fire(order, "dispatch", NORA)
    with pytest.raises(NotFound):
        desk.get(order.id, OTTO)

    scheduled = desk.fire(order, "schedule", NORA, VISIT_PATHS, values=VISIT, assignee_id="otto").work_order
    assert (scheduled.assignee.name, scheduled.assignee.email) == ("Otto", "otto@example.com")
    assert desk.get(order.id, OTTO).appointment.start_time.ToDatetime(UTC) == datetime(2026, 3, 2, 14, tzinfo=UTC)
    moved = desk.fire(order, "schedule", NORA, VISIT_PATHS, values=VISIT, assignee_id="nora").work_order
    assert desk.told()[-1].former_assignee_id == "otto"
    assert [notice.template for notice in desk.told()[-1].notices] == [
        "visit_assigned",
        "visit_scheduled",
        "visit_reassigned",
    ]
    resolved = desk.fire(moved, "resolve", NORA, comment="All doors close").work_order

    assert (resolved.state_label, resolved.category) == ("Resolved", work_order_pb2.STATE_CATEGORY_DONE)
    assert {item.state for item in site.parts("ActionItem", "ActionItems", order)} == {2}
    assert [row.new_value for row in desk.history(order) if row.field == "action_item"] == [
        "1. Dock door 3 sticks: Resolved", "2. Replace the seal: Resolved",
    ]  # fmt: skip


@pytest.mark.req("PT-12")
@pytest.mark.req("PT-13")
def test_a_denied_order_is_reset_or_closed_for_good(site):
    desk, order = site.desk, site.submitted()
    desk.fire(order, "deny", CLEO, comment="Not this year")

    reset = desk.fire(order, "reset", ANA).work_order
    assert reset.state == "draft"
    with pytest.raises(WrongState):
        desk.orders("DeleteWorkOrder", ANA, id=order.id, etag=reset.etag, request_id="gone")
    desk.fire(desk.fire(order, "submit", ANA, approver_id="dev").work_order, "deny", DEV, comment="No")
    closed = desk.fire(order, "close", ANA).work_order
    assert closed.state_label == "Closed"
    assert {item.state for item in site.parts("ActionItem", "ActionItems", order)} == {3}


def test_a_draft_that_was_never_submitted_is_discarded_by_its_creator_alone(site):
    desk, order = site.desk, site.draft()
    etag = desk.get(order.id).etag

    with pytest.raises(NotAllowed):
        desk.orders("DeleteWorkOrder", BEN, id=order.id, etag=etag, request_id="ben")
    desk.orders("DeleteWorkOrder", ANA, id=order.id, etag=etag, request_id="ana")

    with pytest.raises(NotFound):
        desk.get(order.id)
    assert desk.told(events_pb2.WorkOrderDeleted)[-1].work_order_id == order.id


@pytest.mark.req("PT-6")
def test_a_company_users_order_is_handed_to_a_provider_who_declines_or_accepts(site):
    desk, order = site.desk, site.draft()
    with pytest.raises(NotFound):
        desk.get(order.id, NORA)

    asked = desk.fire(order, "assign_to_provider", ANA, provider_org=NORTHSTAR).work_order
    assert (asked.executor_name, desk.get(order.id, NORA).id) == ("Northstar", order.id)
    desk.fire(order, "decline_handover", NORA, comment="No crew in March")
    assert [notice.template for notice in desk.told()[-1].notices] == ["handover_declined"]
    with pytest.raises(NotFound):
        desk.get(order.id, NORA)
    desk.fire(order, "assign_to_provider", ANA, provider_org=NORTHSTAR)
    desk.fire(order, "accept_handover", NORA)
    desk.fire(desk.fire(order, "submit", ANA, approver_id="cleo").work_order, "approve", CLEO)
    gone = desk.fire(order, "dispatch", ANA, VISIT_PATHS, values=VISIT, assignee_id="otto").work_order

    assert (gone.state, gone.assignee.name) == ("dispatched", "Otto")
    assert desk.fire(order, "resolve", OTTO).work_order.state == "resolved"


@pytest.mark.req("PT-6")
@pytest.mark.req("R-2")
def test_who_is_asked_next_does_not_see_what_a_provider_said_that_declined(site):
    desk, order = site.desk, site.draft()
    site.organization("southstar", 3)
    sam = somebody("sam", "dispatcher", "southstar", "provider")
    site.person(sam)
    desk.fire(order, "assign_to_provider", ANA, provider_org=NORTHSTAR)
    own = {"work_order_id": order.id, "body": "Any crew in March?"}
    asked = desk.kit("FeedPost", "CreateFeedPost", ANA, feed_post=own, request_id="p-1")
    for key, body in (("c-1", "Only at twice the price."), ("c-2", "Our crew is in Ohio.")):
        answer = feed_pb2.CreateCommentRequest(comment={"feed_post_id": asked.id, "body": body}, request_id=key)
        desk.call(desk.app.collaboration, "CreateComment", NORA, answer)
    desk.deliver(order, NORA, "")
    file = desk.kit("Attachment", "ListAttachments", NORA).attachments[0]
    desk.fire(order, "decline_handover", NORA, comment="No crew in March")
    with desk.app.database.begin(actor=ADMIN) as transaction:
        transaction.execute(update(tables.territories).values(served_by=[NORTHSTAR, "southstar"]))
    desk.fire(order, "assign_to_provider", ANA, provider_org="southstar")

    def seen(who):
        posts = desk.kit("FeedPost", "ListFeedPosts", who).feed_posts
        written = {post.body: [comment.body for comment in post.comments] for post in posts if post.body}
        files = desk.kit("Attachment", "ListAttachments", who).attachments
        return written, [each.id for each in files], {row.actor.organization_id for row in desk.history(order, who)}

    words, files, writers = seen(sam)
    assert words == {"Any crew in March?": []}
    assert "No crew in March" not in {row.reason for row in desk.history(order, sam)}
    assert files == []
    assert NORTHSTAR not in writers
    wanted = attachment_pb2.DownloadAttachmentRequest(id=file.id)
    with pytest.raises(NotFound), calling(Call(sam, "r-1")):
        list(desk.app.file_contents.DownloadAttachment(wanted, None))

    for who in (ANA, ADMIN):
        words, files, writers = seen(who)
        assert set(words["Any crew in March?"]) == {"Only at twice the price.", "Our crew is in Ohio."}
        assert "No crew in March" in {row.reason for row in desk.history(order, who)}
        assert files == [file.id]
        assert NORTHSTAR in writers


def test_line_items_and_action_items_do_not_mix(site):
    repair, order = site.desk.create(), site.draft(NORA)

    with pytest.raises(WrongState):
        site.desk.kit(
            "ActionItem",
            "CreateActionItem",
            DISPATCHER,
            action_item={"work_order_id": repair.id, "title": "x"},
            request_id="a",
        )
    with pytest.raises(WrongState):
        item = {"work_order_id": order.id, "work_type_id": site.desk.ids["wiring"]}
        site.desk.kit("LineItem", "CreateLineItem", NORA, line_item=item, request_id="l")


@pytest.mark.req("CP-94")
@pytest.mark.req("PT-10")
def test_a_visit_of_a_providers_technician_who_left_waits_for_somebody_else(site):
    desk = site.desk
    order = desk.fire(site.submitted(NORA), "approve", CLEO).work_order
    desk.fire(order, "dispatch", NORA, VISIT_PATHS, values=VISIT, assignee_id="otto")
    left = directory_events.TechnicianOffboarded(
        technician_id="t-7", technician_name="Otto", organization_id=NORTHSTAR, membership_id="m-7", person_id="otto"
    )

    desk.handle("departing", "technician_offboarded", left, 9)

    after = desk.get(order.id)
    assert (after.assignee.name, after.state) == ("", "dispatched")
    notices = [(each.template, list(each.recipients)) for each in desk.told()[-1].notices]
    assert (notices[0][0], notices[0][1][0]) == ("technician_released", "submitter")
    again = desk.fire(order, "schedule", NORA, VISIT_PATHS, values=VISIT, assignee_id="nora").work_order
    assert again.assignee.person_id == "nora"
