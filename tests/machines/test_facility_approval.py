"""Every transition of facility approval, in every state, as everybody: only what the table allows succeeds.

The table here is written by hand from the specification and knows nothing of the engine or its file.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.workorders.domain.approval import ActionItemState
from services.workorders.domain.history import Entry, Head, append, verify
from services.workorders.domain.outcome import Outcome, Refusal
from services.workorders.domain.situation import Inputs
from tests.support.approvals import EVERYONE, NOW, OWNER, PROVIDER, VISIT, WORKFLOW, asked, known, order, scheduled

# transition: (states it starts from, state afterwards or None for the same, who)
TABLE = {
    "submit": ({"draft"}, "submitted", {"creator", "admin"}),
    "approve": ({"submitted"}, "approved", {"approver", "approver's delegate", "second admin"}),
    "deny": ({"submitted"}, "denied", {"approver", "approver's delegate", "second admin"}),
    "withdraw": ({"submitted"}, "draft", {"submitter", "submitter's delegate", "admin"}),
    "dispatch": ({"approved"}, "dispatched", {"submitter", "submitter's delegate", "admin"}),
    "schedule": ({"dispatched"}, None, {"submitter", "submitter's delegate", "asked provider", "admin"}),
    "resolve": ({"dispatched"}, "resolved", {"assignee", "submitter", "admin"}),
    "cancel": ({"approved", "dispatched"}, "closed", {"submitter", "approver", "admin"}),
    "reset": ({"denied"}, "draft", {"submitter", "admin"}),
    "close": ({"denied"}, "closed", {"submitter", "admin"}),
    "assign_to_provider": ({"draft", "approved"}, None, {"company user", "admin"}),
    "accept_handover": ({"draft", "submitted", "approved", "denied"}, None, {"asked provider", "admin"}),
    "decline_handover": ({"draft", "submitted", "approved", "denied"}, None, {"asked provider", "admin"}),
}
GIVEN = {
    "submit": {"approver_id": "person-manager"},
    "deny": {"comment": "Too expensive"},
    "schedule": {"values": VISIT, "assignee_id": "person-visitor"},
    "cancel": {"comment": "The dock is rebuilt"},
    "assign_to_provider": {"provider_org": PROVIDER},
    "decline_handover": {"comment": "No crew"},
}
MAILS = {
    "submit": {("approval_requested", ("approver", "approver_delegate")), ("approval_submitted", ("submitter",))},
    "approve": {("approval_granted", ("submitter",))},
    "deny": {("approval_denied", ("submitter",))},
    "withdraw": {("approval_withdrawn", ("approver", "approver_delegate"))},
    "dispatch": set(),
    "schedule": {("visit_assigned", ("assignee",)), ("visit_scheduled", ("approver",))},
    "resolve": {("approved_work_resolved", ("submitter", "approver"))},
    "cancel": {("approved_work_cancelled", ("submitter", "approver", "approver_delegate", "assignee"))},
    "reset": set(),
    "close": set(),
    "assign_to_provider": {("handover_asked", ("executor_dispatchers",))},
    "accept_handover": set(),
    "decline_handover": {("handover_declined", ("submitter",))},
}


def parts_of(who, work_order) -> set[str]:
    """What somebody is to an order, in the words of the table."""
    at_home = who.organization_id == work_order.issuer_org
    approval = work_order.approval
    creates = at_home and bool(
        {("requester", OWNER), ("dispatcher", PROVIDER)} & {(r, who.organization_id) for r in who.roles}
    )
    decides = who.organization_id == OWNER and bool(who.roles & {"requester", "approver"})
    found = {
        "company user": creates and "requester" in who.roles,
        "creator": creates and who.subject == work_order.creator_id,
        "submitter": creates and who.subject == approval.submitter_id,
        "submitter's delegate": creates and approval.submitter_id in who.stands_in_for,
        "approver": decides and who.subject == approval.approver_id != approval.submitter_id,
        "approver's delegate": decides
        and approval.approver_id in who.stands_in_for
        and who.subject != approval.submitter_id,
        "assignee": "system" not in who.roles and who.subject == work_order.assignee.person_id,
        "asked provider": "dispatcher" in who.roles and who.organization_id == work_order.executor_org == PROVIDER,
        "admin": "admin" in who.roles,
        "second admin": "admin" in who.roles and who.subject != approval.submitter_id,
    }
    return {part for part, holds in found.items() if holds}


def offered(name, who, work_order) -> bool:
    """Whether the table offers a transition, in the test's own words."""
    starts, _, roles = TABLE[name]
    asking, answered = work_order.handover.ask_time, work_order.handover.accept_time
    fits = {
        "assign_to_provider": asking is None and work_order.issuer_org == OWNER,
        "accept_handover": asking is not None and answered is None,
        "decline_handover": asking is not None and answered is None,
    }.get(name, True)
    return work_order.state in starts and fits and bool(parts_of(who, work_order) & roles)


def guarded(name, who, work_order) -> bool:
    """Whether the guards of the table hold for what GIVEN gives."""
    if name == "submit":
        return bool(work_order.action_items) and who.subject != "person-manager"
    if name in {"approve", "deny"}:
        may = "admin" in who.roles or "approver" in who.roles or work_order.issuer_org == OWNER
        return may and work_order.content_version == work_order.approval.submitted_version
    if name == "dispatch":
        answered = work_order.handover.ask_time is None or work_order.handover.accept_time is not None
        return answered and work_order.appointment.start_time is None
    if name == "schedule":  # the visitor is one of the owner's people
        return (work_order.executor_org if work_order.handover.accept_time else work_order.issuer_org) == OWNER
    if name == "resolve":
        return bool(work_order.appointment.start_time and work_order.assignee.person_id)
    return True


def attempt(name, who, before):
    inputs = GIVEN.get(name, {})
    return WORKFLOW.fire(
        before, name, Inputs(**inputs), who, NOW, known(**{k: v for k, v in inputs.items() if k != "values"})
    )


class FacilityApproval(RuleBasedStateMachine):
    @initialize(by_provider=st.booleans())
    def create(self, by_provider):
        creator = {"issuer_org": PROVIDER, "creator_id": "person-planner"} if by_provider else {}
        self.order = order(**creator)
        self.rows, self.head = (), Head()

    @rule(name=st.sampled_from(sorted(TABLE)), who=st.sampled_from(EVERYONE))
    def try_anything(self, name, who):
        before = self.order
        result = attempt(name, who, before)
        assert isinstance(result, Outcome) == (offered(name, who, before) and guarded(name, who, before))
        if isinstance(result, Refusal):
            assert str(result.error)
            return
        assert result.to_state == (TABLE[name][1] or before.state)
        self.order = result.order
        entry = Entry(before.id, who, NOW, name)
        added, self.head = append(self.head, entry, result.changes, lambda: f"salt-{len(self.rows)}")
        self.rows += added

    @rule(data=st.data())
    def follow_the_table(self, data):
        fitting = [(name, who) for name in sorted(TABLE) for who in EVERYONE if offered(name, who, self.order)]
        if fitting:
            self.try_anything(*data.draw(st.sampled_from(fitting)))

    @invariant()
    def offers_are_what_the_table_allows(self):
        for who in EVERYONE:
            found = {offer.transition.name for offer in WORKFLOW.available(self.order, who, NOW, known())}
            assert found == {name for name in TABLE if offered(name, who, self.order)}

    @invariant()
    def history_replays_and_verifies(self):
        state = "Draft"
        for row in self.rows:
            if row.field == "state":
                assert row.old_value == state
                state = row.new_value
        assert state == WORKFLOW.state(self.order.state).label
        assert verify(self.rows, self.head) is None

    @invariant()
    def four_eyes_saw_what_was_decided(self):
        approval = self.order.approval
        if approval.decide_time:
            assert (approval.delegate_id or approval.approver_id) != approval.submitter_id
            assert approval.submitted_version == self.order.content_version

    @invariant()
    def action_items_follow_the_order(self):
        wanted = {"resolved": ActionItemState.RESOLVED, "closed": ActionItemState.CLOSED}
        assert {item.state for item in self.order.action_items} == {wanted.get(self.order.state, ActionItemState.OPEN)}


TestFacilityApproval = FacilityApproval.TestCase
TestFacilityApproval.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_the_table_names_every_transition_of_the_definition():
    assert set(TABLE) == set(WORKFLOW.definition.transitions)


@pytest.mark.parametrize("made", [order, scheduled, asked, lambda state: asked(state, accepted=True)])
@pytest.mark.parametrize("issuer", [OWNER, PROVIDER])
def test_every_transition_in_every_state_as_everybody_is_judged_by_the_table(made, issuer):
    for state in WORKFLOW.definition.states:
        before = replace(made(state), issuer_org=issuer)
        for name in TABLE:
            for who in EVERYONE:
                allowed = offered(name, who, before) and guarded(name, who, before)
                assert isinstance(attempt(name, who, before), Outcome) == allowed, (state, name, who)


@pytest.mark.req("PT-8")
@pytest.mark.req("PT-9")
@pytest.mark.req("PT-10")
@pytest.mark.req("PT-11")
@pytest.mark.req("PT-12")
@pytest.mark.req("PT-13")
@pytest.mark.parametrize("name", sorted(TABLE))
def test_each_transition_asks_for_exactly_the_mails_of_the_table(name):
    start = max(TABLE[name][0])
    made = asked if name in {"accept_handover", "decline_handover"} else scheduled if name == "resolve" else order
    before = made(start)
    who = next(each for each in EVERYONE if offered(name, each, before) and guarded(name, each, before))

    result = attempt(name, who, before)

    assert {(notice.template, notice.recipients) for notice in result.notices} == MAILS[name]
