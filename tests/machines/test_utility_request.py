"""Every transition of service orders, in every state, as everybody: only what the table allows succeeds.

The table here is written by hand from the specification and knows nothing of the engine or its file.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.workorders.domain.history import Entry, Head, append, verify
from services.workorders.domain.outcome import Outcome, Refusal
from services.workorders.domain.utility import ServiceType
from tests.support.service_orders import (
    EVERYONE,
    NOW,
    PROVIDER,
    READ,
    TECHNICIAN,
    UTILITY,
    VISIT,
    WORKFLOW,
    assigned,
    fire,
    known,
    order,
)

OPEN = {"new", "sent", "set_up"}
OTHER_SIDE = {"provider", "office", "system", "admin"}
DOING = {"office", "technician", "provider", "system", "admin"}
# transition: (states it starts from, state afterwards or None for the same, who)
TABLE = {
    "schedule": ({"new"}, None, {"office", "admin"}),
    "send_to_provider": ({"new"}, "sent", {"office", "system", "admin"}),
    "set_up": ({"sent"}, "set_up", OTHER_SIDE),
    "decline": ({"sent"}, "new", OTHER_SIDE),
    "set_reference": ({"sent", "set_up"}, None, OTHER_SIDE),
    "record_read": (OPEN, None, DOING),
    "complete": (OPEN, "completed", DOING),
    "cancel": (OPEN, "cancelled", {"office", "admin"}),
}
REFERENCE = {"utility.provider_reference": "UST-1"}
GIVEN = {
    "schedule": {"values": VISIT, "assignee_id": TECHNICIAN.subject},
    "send_to_provider": {"provider_org": PROVIDER},
    "decline": {"comment": "No crew"},
    "set_reference": {"values": REFERENCE},
    "record_read": {"values": READ},
    "cancel": {"comment": "Paid"},
}
EFFECTS = {
    "send_to_provider": ("handed_over",),
    "complete": ("completed", "billing"),
    "cancel": ("cancelled", "withdrawn"),
}
PROVIDERS_MAIL = ("executor_organization", "executor_dispatchers")
MAILS = {
    "schedule": {("service_order_assigned", ("assignee",))},
    "send_to_provider": {("service_order_sent", PROVIDERS_MAIL), ("service_order_withdrawn", ("former_assignee",))},
    "set_up": {("service_order_set_up", ("issuer_dispatchers",))},
    "decline": {("service_order_declined", ("issuer_dispatchers",))},
    "set_reference": set(),
    "record_read": set(),
    "complete": {("service_order_completed", ("issuer_dispatchers",))},
    "cancel": {("service_order_cancelled", (*PROVIDERS_MAIL, "assignee"))},
}


def parts_of(who, work_order) -> set[str]:
    """What somebody is to an order, in the words of the table."""
    at_provider = who.organization_id == work_order.executor_org == PROVIDER
    found = {
        "office": "dispatcher" in who.roles and who.organization_id == UTILITY,
        "provider": at_provider and bool(who.roles & {"partner", "dispatcher"}),
        "technician": "technician" in who.roles and who.subject == work_order.assignee.person_id,
        "system": "system" in who.roles,
        "admin": "admin" in who.roles,
    }
    return {part for part, holds in found.items() if holds}


def offered(name, who, work_order) -> bool:
    starts, _, roles = TABLE[name]
    return work_order.state in starts and bool(parts_of(who, work_order) & roles)


def guarded(name, work_order) -> bool:
    """Whether the guards of the table hold for what GIVEN gives."""
    investigates = work_order.utility.type is ServiceType.METER_INVESTIGATION
    return name != "complete" or investigates or work_order.utility.meter_read is not None


def attempt(name, who, before):
    return fire(before, name, who, **GIVEN.get(name, {}))


class UtilityRequests(RuleBasedStateMachine):
    @initialize(kind=st.sampled_from(sorted(set(ServiceType) - {ServiceType.UNSPECIFIED})))
    def create(self, kind):
        self.order = order(kind=kind)
        self.rows, self.head = (), Head()

    @rule(name=st.sampled_from(sorted(TABLE)), who=st.sampled_from(EVERYONE))
    def try_anything(self, name, who):
        before = self.order
        result = attempt(name, who, before)
        assert isinstance(result, Outcome) == (offered(name, who, before) and guarded(name, before))
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
        state = "New"
        for row in self.rows:
            if row.field == "state":
                assert row.old_value == state
                state = row.new_value
        assert state == WORKFLOW.state(self.order.state).label
        assert verify(self.rows, self.head) is None

    @invariant()
    def whoever_has_it_stands_in_it(self):
        assert bool(self.order.executor_org) == (self.order.state in {"sent", "set_up"}) or self.order.state in {
            "completed",
            "cancelled",
        }
        assert not (self.order.executor_org and self.order.assignee.email)

    @invariant()
    def what_needs_a_read_is_not_done_without_one(self):
        if self.order.state == "completed" and self.order.utility.type is not ServiceType.METER_INVESTIGATION:
            assert self.order.utility.meter_read is not None
            assert self.order.utility.read_time is not None


TestUtilityRequests = UtilityRequests.TestCase
TestUtilityRequests.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.req("UM-11")
def test_the_table_names_every_transition_of_the_definition():
    assert set(TABLE) == set(WORKFLOW.definition.transitions)


@pytest.mark.parametrize("made", [order, assigned])
def test_every_transition_in_every_state_as_everybody_is_judged_by_the_table(made):
    for state in WORKFLOW.definition.states:
        before = made(state)
        for name in TABLE:
            for who in EVERYONE:
                allowed = offered(name, who, before) and guarded(name, before)
                assert isinstance(attempt(name, who, before), Outcome) == allowed, (state, name, who)


@pytest.mark.req("UM-5")
@pytest.mark.req("UM-12")
@pytest.mark.parametrize("name", sorted(TABLE))
def test_each_transition_asks_for_exactly_the_mails_and_effects_of_the_table(name):
    before = assigned("new") if "new" in TABLE[name][0] else order(max(TABLE[name][0]))
    who = TECHNICIAN if name == "complete" else next(each for each in EVERYONE if offered(name, each, before))
    values = {**GIVEN.get(name, {}), **({"values": READ} if name == "complete" else {})}

    result = fire(before, name, who, **values)

    told = {(notice.template, notice.recipients) for notice in result.notices}
    assert told == (set() if name == "complete" else MAILS[name])
    assert result.effects == EFFECTS.get(name, result.effects)


@pytest.mark.req("UM-12")
def test_the_office_is_told_when_the_provider_completes():
    result = fire(order("set_up"), "complete", next(who for who in EVERYONE if who.organization_id == PROVIDER), READ)

    assert {(notice.template, notice.recipients) for notice in result.notices} == MAILS["complete"]
