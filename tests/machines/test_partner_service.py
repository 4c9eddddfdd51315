"""Every transition, in every state, as every role: only what the table allows succeeds (workflow-engine.md).

The table here is written by hand from the specification and knows nothing of the engine or its file.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.workorders.domain.history import Entry, Head, append, verify
from services.workorders.domain.outcome import Outcome, Refusal
from services.workorders.domain.replacing import AffectedPart
from services.workorders.domain.situation import Inputs
from services.workorders.domain.values import Money
from services.workorders.domain.work_order import Hold, LineItemState, SiteTechnician
from tests.support.orders import (
    APPOINTMENT,
    EVERYONE,
    NOW,
    OTHER_PARTNER,
    PARTNER,
    SHIPPING,
    SNAPSHOTS,
    TRAVEL,
    VENDOR,
    VISIT,
    WORKFLOW,
    order,
)

AT_WORK = {"assigned", "ship_to_received", "parts_ordered", "shipping", "shipped", "in_progress"}
BEFORE_THE_END = AT_WORK | {"on_hold", "completed"}
LEAD, BESIDE = "person-technician-org-bluefern", "person-bo"
BEFORE_THE_HOLD = "before the hold"
ENDS = {"closed", "cannot_complete", "rejected", "cancelled"}
ON_ITEMS = {"finish_line_item", "fail_line_item"}
ON_THE_WAY = {"ship_to_received", "parts_ordered", "shipping", "shipped"}

# transition: (states it starts from, state afterwards or None for the same, who)
TABLE = {
    "allocate": ({"unallocated"}, "assigned", {"dispatcher", "system", "admin"}),
    "reallocate": ({"assigned"}, "cancelled", {"dispatcher", "admin"}),
    "reallocate_rejected": ({"rejected"}, None, {"dispatcher", "admin"}),
    "accept": ({"assigned"}, "ship_to_received", {"partner", "admin"}),
    "save_acceptance_draft": ({"assigned"}, None, {"partner", "admin"}),
    "accept_without_parts": ({"assigned"}, "in_progress", {"partner", "admin"}),
    "place_order": ({"ship_to_received"}, "parts_ordered", {"dispatcher", "system", "admin"}),
    "fulfilment_opened": ({"ship_to_received", "parts_ordered"}, "shipping", {"dispatcher", "system", "admin"}),
    "parts_shipped": (ON_THE_WAY - {"shipped"}, "shipped", {"dispatcher", "system", "admin"}),
    "parts_delivered": (ON_THE_WAY, "in_progress", {"dispatcher", "system", "admin"}),
    "expected_delivery_changed": (ON_THE_WAY | {"on_hold"}, None, {"system"}),
    "correct_address": (ON_THE_WAY, "ship_to_received", {"dispatcher", "admin"}),
    "report_parcel_lost": (ON_THE_WAY, "ship_to_received", {"dispatcher", "admin"}),
    "order_replacement": ({"in_progress"}, "parts_ordered", {"dispatcher", "admin"}),
    "assign_technician": (AT_WORK, None, {"partner", "dispatcher", "admin"}),
    "assign_further_technician": (AT_WORK, None, {"partner", "dispatcher", "admin"}),
    "release_technician": (AT_WORK, None, {"partner", "dispatcher", "admin"}),
    "save_appointment": (AT_WORK, None, {"partner", "dispatcher", "admin"}),
    "request_assistance": (AT_WORK, None, {"partner", "admin"}),
    "finish_line_item": ({"in_progress"}, None, {"partner", "technician", "admin"}),
    "fail_line_item": ({"in_progress"}, None, {"partner", "technician", "admin"}),
    "set_visit_times": ({"in_progress"}, None, {"partner", "technician", "admin"}),
    "complete": ({"in_progress"}, "completed", {"partner", "technician", "admin"}),
    "request_cost": (BEFORE_THE_END, None, {"partner", "admin"}),
    "approve_cost": (BEFORE_THE_END, None, {"dispatcher", "approver", "admin"}),
    "decline_cost": (BEFORE_THE_END, None, {"dispatcher", "approver", "admin"}),
    "withdraw_cost": (BEFORE_THE_END, None, {"partner", "admin"}),
    "direct_action": (BEFORE_THE_END, None, {"dispatcher", "admin"}),
    "finish_directed_action": (BEFORE_THE_END, None, {"partner", "technician", "admin"}),
    "withdraw_directed_action": (BEFORE_THE_END, None, {"dispatcher", "admin"}),
    "request_hold": (AT_WORK, None, {"partner", "admin"}),
    "withdraw_hold_request": (AT_WORK, None, {"partner", "admin"}),
    "decline_hold_request": (AT_WORK, None, {"dispatcher", "admin"}),
    "hold": (AT_WORK, "on_hold", {"dispatcher", "admin"}),
    "resume": ({"on_hold"}, BEFORE_THE_HOLD, {"dispatcher", "system", "admin"}),
    "could_not_complete": (AT_WORK | {"on_hold"}, "cannot_complete", {"partner", "admin"}),
    "reject": ({"assigned"}, "rejected", {"partner", "admin"}),
    "cancel": (AT_WORK | {"on_hold", "unallocated"}, "cancelled", {"dispatcher", "admin"}),
    "close": ({"completed"}, "closed", {"dispatcher", "approver", "admin"}),
    "send_back": ({"completed"}, "in_progress", {"dispatcher", "approver", "admin"}),
    "issue_follow_up": ({"cannot_complete"}, None, {"dispatcher", "admin"}),
    "reopen": ({"completed", "closed", "cannot_complete"}, "in_progress", {"admin"}),
}

GIVEN = {
    "allocate": {"executor_org": PARTNER},
    "reallocate": {"executor_org": OTHER_PARTNER},
    "reallocate_rejected": {"executor_org": OTHER_PARTNER},
    "fail_line_item": {"comment": "The bolts are rusted through"},
    "request_cost": {"cost_kind": "rental", "amount": Money("USD", 120_000_000), "comment": "A lift"},
    "approve_cost": {"cost_request_id": "1"},
    "decline_cost": {"cost_request_id": "1", "comment": "The rate covers it"},
    "withdraw_cost": {"cost_request_id": "1"},
    "direct_action": {"title": "Photograph the cabinet"},
    "finish_directed_action": {"directed_action_id": "1"},
    "withdraw_directed_action": {"directed_action_id": "1", "comment": "Found in the archive"},
    "reopen": {"comment": "The customer found the latch loose"},
    "accept": {"values": {**SHIPPING, **TRAVEL}},
    "accept_without_parts": {"values": TRAVEL},
    "save_acceptance_draft": {"values": {"ship_to.city": "Waco"}},
    "correct_address": {"values": {**SHIPPING, "ship_to.residential": True}},
    "report_parcel_lost": {"parcel_id": "parcel-1", "part_id": "part-head"},
    "order_replacement": {"reason_code": "part_damaged"},
    "assign_technician": {"person_id": LEAD},
    "assign_further_technician": {"person_id": BESIDE},
    "release_technician": {"present_person_id": LEAD},
    "save_appointment": {"values": APPOINTMENT},
    "request_assistance": {"comment": "Which door?"},
    "set_visit_times": {"values": VISIT},
    "request_hold": {"comment": "The site is closed this week"},
    "decline_hold_request": {"comment": "The customer insists"},
    "hold": {"reason_code": "customer_request", "resume_date": NOW.date() + timedelta(days=3)},
    "could_not_complete": {"reason_code": "obstruction", "comment": "A wall stands there"},
    "reject": {"reason_code": "mismatch"},
    "cancel": {"reason_code": "self_resolved"},
    "send_back": {"comment": "The photo is blurred"},
}


def inputs_of(name: str, item: str) -> Inputs:
    """What is given with a transition, for a line item where it is about one."""
    chosen = {"line_item_id": item} if name in ON_ITEMS else {}
    if name == "order_replacement":
        chosen = {"affected_parts": (AffectedPart(item, "part-head", 1),)}
    return Inputs(**{**GIVEN.get(name, {}), **chosen})


def belongs(who, role: str, work_order) -> bool:
    """R-1 to R-4: who the order's parties let act in a role."""
    if role not in who.roles:
        return False
    if role in {"admin", "system"}:
        return True
    if role in {"dispatcher", "approver"}:
        return who.organization_kind == "vendor" and who.organization_id == work_order.issuer_org == VENDOR
    its_own = who.organization_id == work_order.executor_org == PARTNER
    if role == "partner":
        return its_own and who.organization_kind == "partner"
    return its_own and who.technician_id == work_order.technician.technician_id != ""


def may_complete(work_order) -> bool:
    """CP-80 to CP-82, in the test's own words."""
    return (
        all(item.state is LineItemState.FINISHED for item in work_order.line_items)
        and work_order.scheduling_completed_date is not None
        and work_order.appointment.start_time is not None
        and bool(work_order.technician.name and work_order.technician.phone)
        and None not in (work_order.visit.arrive_time, work_order.visit.depart_time)
    )


class PartnerService(RuleBasedStateMachine):
    @initialize(parts=st.booleans())
    def create(self, parts):
        self.order = order(parts_required=parts)
        self.rows, self.head = (), Head()
        self.state_by_history = "Unallocated"

    @rule(
        name=st.sampled_from(sorted(TABLE)), who=st.sampled_from(EVERYONE), item=st.sampled_from(["item-1", "item-2"])
    )
    def try_anything(self, name, who, item):
        self.attempt(name, who, item)

    @precondition(lambda self: self.order.state not in ENDS)
    @rule(data=st.data())
    def follow_the_table(self, data):
        fitting = [
            (name, who)
            for name, (starts, _, roles) in sorted(TABLE.items())
            for who in EVERYONE
            if self.order.state in starts and any(belongs(who, role, self.order) for role in roles)
        ]
        name, who = data.draw(st.sampled_from(fitting))
        self.attempt(name, who, data.draw(st.sampled_from(["item-1", "item-2"])))

    def attempt(self, name, who, item):
        before = self.order
        inputs = inputs_of(name, item)

        result = WORKFLOW.fire(before, name, inputs, who, NOW, SNAPSHOTS)

        assert isinstance(result, Outcome) == self.expected(name, who, item)
        if isinstance(result, Refusal):
            assert str(result.error)
            assert self.order == before
            return
        target = TABLE[name][1] or before.state
        if target == BEFORE_THE_HOLD:
            target = before.hold.from_state
        assert (result.order.state, result.to_state, result.from_state) == (target, target, before.state)
        self.order = result.order
        entry = Entry(before.id, who, NOW, name)
        added, self.head = append(self.head, entry, result.changes, lambda: f"salt-{len(self.rows)}")
        self.rows += added

    def expected(self, name, who, item) -> bool:
        starts, _, roles = TABLE[name]
        allowed = self.order.state in starts and any(belongs(who, role, self.order) for role in roles)
        return allowed and name not in self.not_now() and self.guarded(name, who, item)

    def not_now(self) -> set[str]:
        """What an order in this condition does not offer to anybody."""
        accepting = {"accept", "save_acceptance_draft"} if not self.order.parts_required else {"accept_without_parts"}
        deciding = {"withdraw_hold_request", "decline_hold_request"}
        if not self.order.parts_required:
            accepting |= {"order_replacement"}
        held = {"request_hold"} if self.order.hold_request.text else deciding
        costs = set() if self.open_costs() else {"approve_cost", "decline_cost", "withdraw_cost"}
        actions = set() if self.open_actions() else {"finish_directed_action", "withdraw_directed_action"}
        crew = set() if self.order.technician.person_id else {"assign_further_technician", "release_technician"}
        return accepting | held | costs | actions | crew

    def open_costs(self) -> set[str]:
        return {each.id for each in self.order.cost_requests if each.decision == "requested"}

    def present(self) -> set[str]:
        return {each.person_id for each in (self.order.technician, *self.order.further_technicians)}

    def open_actions(self) -> set[str]:
        return {each.id for each in self.order.directed_actions if each.done_time is None}

    def guarded(self, name, who, item) -> bool:  # noqa: PLR0911 - one line a rule is the clearest table
        if name == "finish_line_item":
            states = {entry.id: entry.state for entry in self.order.line_items}
            first_done = states["item-1"] is LineItemState.FINISHED
            return states[item] is not LineItemState.FINISHED and (item == "item-1" or first_done)
        if name == "fail_line_item":
            states = {entry.id: entry.state for entry in self.order.line_items}
            first_past = states["item-1"] is not LineItemState.OPEN
            return states[item] is LineItemState.OPEN and (item == "item-1" or first_past)
        if name in {"order_replacement", "correct_address"}:
            return self.may_ask_again(name, item)
        if name in {"assign_further_technician", "release_technician"}:
            return LEAD in self.present() if name == "release_technician" else BESIDE not in self.present()
        if name == "close":
            return who.organization_id != self.order.executor_org and not self.open_costs()
        if name.endswith(("_cost", "_directed_action")) and name != "request_cost":
            return "1" in (self.open_costs() if "cost" in name else self.open_actions())
        return name != "complete" or may_complete(self.order)

    def may_ask_again(self, name, item) -> bool:
        """A part of a task that is left to do; an address that differs."""
        if name == "correct_address":
            return not self.order.ship_to.residential
        return next(each for each in self.order.line_items if each.id == item).state is not LineItemState.FINISHED

    @invariant()
    def offers_are_what_the_table_allows(self):
        for who in EVERYONE:
            offered = {offer.transition.name for offer in WORKFLOW.available(self.order, who, NOW, SNAPSHOTS)}
            fitting = {
                name
                for name, (starts, _, roles) in TABLE.items()
                if self.order.state in starts and any(belongs(who, role, self.order) for role in roles)
            }
            assert offered == fitting - self.not_now()

    @invariant()
    def history_replays_to_the_state(self):
        state = "Unallocated"
        for row in self.rows:
            if row.field == "state":
                assert row.old_value == state
                state = row.new_value
        assert state == WORKFLOW.state(self.order.state).label

    @invariant()
    def the_chain_verifies(self):
        assert verify(self.rows, self.head) is None
        if self.rows:
            forged = (*self.rows[:-1], replace(self.rows[-1], new_value="forged"))
            assert verify(forged, self.head).sequence == len(self.rows)

    @invariant()
    def nobody_comes_beside_without_a_lead_or_twice(self):
        present = [each.person_id for each in self.order.further_technicians]
        assert not present or self.order.technician.person_id not in {"", *present}

    @invariant()
    def a_technician_is_only_who_was_assigned(self):
        assert self.order.technician.technician_id in {"", SiteTechnician("tech-1").technician_id}


TestPartnerService = PartnerService.TestCase
TestPartnerService.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_the_table_names_every_transition_of_the_definition():
    assert set(TABLE) == set(WORKFLOW.definition.transitions)


def test_every_transition_in_every_state_as_everybody_is_judged_by_the_table():
    machine = PartnerService()
    for state in WORKFLOW.definition.states:
        for name, (starts, _, roles) in TABLE.items():
            for who in EVERYONE:
                machine.order = order(
                    state, technician=SiteTechnician(technician_id="tech-1"), hold=Hold(from_state="in_progress")
                )
                inputs = inputs_of(name, "item-1")
                result = WORKFLOW.fire(machine.order, name, inputs, who, NOW, SNAPSHOTS)
                assert isinstance(result, Outcome) == machine.expected(name, who, "item-1"), (state, name, who)
                if state not in starts or not any(role in who.roles for role in roles):
                    assert isinstance(result, Refusal)
