"""Moving orders between versions, replaying what happened, and drawing: the rules without a database (B-2)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from services.workorders.definitions import DefinitionInvalid, load_definition
from services.workorders.definitions.examining import examine
from services.workorders.domain.history import Entry, Head, append
from services.workorders.domain.layout import laid_out
from services.workorders.domain.migration import Migrated, Stays, migrate
from services.workorders.domain.outcome import FieldChange
from services.workorders.domain.replay import FindingKind, replay
from services.workorders.domain.route import path_of
from services.workorders.domain.wording import in_words
from services.workorders.domain.work_order import Hold
from services.workorders.drawing import svg_of
from tests.support.orders import DISPATCHER, NOW, PARTNER_USER, WORKFLOW, order
from tests.support.workflows import FIRST, OTHER, SECOND, changed

ONE, TWO, RENAMED = WORKFLOW.definition, load_definition(SECOND), load_definition(OTHER)


def recorded(*moves):
    """History rows of moves, a minute apart: transition, actor, and changes as (field, old, new)."""
    rows, head = (), Head()
    for number, (name, who, *changes) in enumerate(moves):
        entry = Entry("order-1", who, NOW + timedelta(minutes=number), name)
        added, head = append(head, entry, [FieldChange(*change) for change in changes], lambda: "salt")
        rows += added
    return rows


STORY = recorded(
    ("create", DISPATCHER, ("state", "", "Unallocated")),
    ("allocate", DISPATCHER, ("executor_name", "", "Bluefern"), ("state", "Unallocated", "Assigned")),
    ("reject", PARTNER_USER, ("ending", "", "mismatch"), ("state", "Assigned", "Rejected")),
)
FRESH = "{set: account_id}, no_blocking_flag, line_item_is_next"
REFUSE = """
  refuse:
    label: Refuse
    done: It was refused.
    from: [assigned]
    to: rejected
    who: [partner]
"""
PEOPLE = {each.subject: each for each in (DISPATCHER, PARTNER_USER)}


@pytest.mark.req("B-2")
def test_an_order_moves_to_a_version_that_has_its_state_and_history_tells():
    moved = migrate(order("assigned"), ONE, TWO, {})

    assert isinstance(moved, Migrated)
    assert (moved.order.workflow_version, moved.order.state) == (2, "assigned")
    assert moved.changes == (FieldChange("workflow_version", "1", "2"),)


@pytest.mark.req("B-2")
def test_a_state_that_is_called_otherwise_is_mapped_also_where_a_hold_remembers_it():
    held = order("on_hold", hold=Hold(from_state="in_progress"))

    refused, moved = migrate(held, ONE, RENAMED, {}), migrate(held, ONE, RENAMED, {"in_progress": "at_work"})

    assert isinstance(refused, Stays)
    assert refused.reasons == (
        "Version 2 has no state “in_progress” for In Progress. Say which state takes its place, perhaps At Work.",
    )
    assert isinstance(moved, Migrated)
    assert (moved.order.state, moved.order.hold.from_state) == ("on_hold", "at_work")


@pytest.mark.req("B-2")
@pytest.mark.parametrize("state", ["closed", "cancelled", "rejected", "cannot_complete"])
def test_what_has_ended_keeps_its_version_for_ever(state):
    assert migrate(order(state), ONE, TWO, {}) == Stays()


@pytest.mark.req("B-2")
def test_no_order_is_ended_by_being_moved():
    stays = migrate(order("assigned"), ONE, TWO, {"assigned": "cancelled"})

    assert stays == Stays(("It would end: Cancelled is an end in version 2.",))


@pytest.mark.req("B-2")
def test_what_happened_is_found_to_go_the_same_way_by_the_same_rules():
    result = replay(order("rejected"), STORY, {1: ONE}, PEOPLE, TWO)

    assert (result.moves, result.findings) == (2, ())


@pytest.mark.req("B-2")
def test_a_replay_tells_everything_that_would_have_gone_otherwise():
    story = (*STORY, *recorded(("hold", DISPATCHER, ("state", "Assigned", "On Hold"))))
    draft = load_definition(
        changed(
            SECOND + REFUSE,
            ("    from: [assigned]\n    to: rejected", "    from: [in_progress]\n    to: cancelled"),
            ("  hold:\n    label: Put on hold\n", "  pause_work:\n    label: Put on hold\n"),
            ("    guards: [executor_can_serve]", f"    guards: [executor_can_serve, {FRESH}]"),
        )
    )

    found = replay(order("rejected"), story, {1: ONE}, PEOPLE, draft).findings

    told = {each.kind: each for each in found}
    assert told[FindingKind.NOT_FROM_HERE].message == "“Reject” does not start from Assigned."
    assert told[FindingKind.LEADS_ELSEWHERE].message == "“Reject” led to Rejected; here it leads to Cancelled."
    assert told[FindingKind.GUARD_REFUSES].message == "“Allocate”: This is required."
    assert not told[FindingKind.NOT_JUDGED].refuses
    assert "line item is next" in told[FindingKind.NOT_JUDGED].message
    assert told[FindingKind.TRANSITION_MISSING].suggestion == "Perhaps it is pause_work (“Put on hold”) now."


def test_a_field_that_had_no_value_then_has_none_in_the_replay():
    draft = load_definition(
        changed(
            SECOND, ("    guards: [executor_can_serve]", "    guards: [executor_can_serve, {unset: ending.reason}]")
        )
    )

    found = replay(order("rejected", ending=replace(order().ending, reason="mismatch")), STORY, {1: ONE}, PEOPLE, draft)

    assert found.findings == ()


@pytest.mark.req("B-2")
def test_the_drawing_has_every_state_and_marks_the_path_without_styles_or_scripts():
    drawn = svg_of(ONE, path_of(ONE, STORY))

    parts = ET.fromstring(drawn)  # noqa: S314 - our own drawing
    texts = [each.text for each in parts.iter("{http://www.w3.org/2000/svg}text")]
    assert {state.label for state in ONE.states.values()} <= set(texts)
    assert "2 · Allocate" in texts
    assert len(re.findall(r"wf-visited", drawn)) == 3
    assert len(re.findall(r"wf-current", drawn)) == 1
    assert not re.search(r"style|<script|onload|href", drawn)


@pytest.mark.parametrize("definition", [ONE, TWO, RENAMED], ids=["first", "second", "renamed"])
def test_no_two_wires_lie_on_each_other(definition):
    layout = laid_out(definition)

    ports = [(code, y) for run in layout.runs for code, y in run.ports.items()]
    lanes = sorted((run.x, run.top, run.bottom) for run in layout.runs)
    assert len(ports) == len(set(ports))
    assert all(a != c or bottom < top for (a, _, bottom), (c, top, _) in pairwise(lanes))
    assert all(layout.boxes[code].y < y < layout.boxes[code].y + layout.boxes[code].height for code, y in ports)


def test_conditions_are_told_in_words():
    accept, complete = ONE.transitions["accept_without_parts"], ONE.transitions["complete"]

    assert in_words(accept.when, ONE.labels) == "not: needs parts"
    assert any("must be after" in in_words(guard, ONE.labels) for guard in complete.guards)


BROKEN = (
    "", "5", "- a", "workflow: [", "a: &a [*a]", "!!python/object:x y", "\x00",
    "workflow: 2026-13-45", "a: 1\n---\nb: 2",
    FIRST.replace("{compute: next_scope}", "{compute: [1]}"), FIRST.replace("{not: needs_parts}", "{not: {set: [1]}}"),
)  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_whatever_somebody_writes_is_answered_with_faults(text):
    found = examine(text)

    assert found.definition is None
    assert found.faults
    assert all(fault.line >= 1 and fault.message for fault in found.faults)
    with pytest.raises(DefinitionInvalid):
        load_definition(text)


def test_a_short_text_that_stands_for_a_very_long_one_is_a_fault():
    rows = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdef", "bcdefg", strict=True)
    ]

    assert any("refers to itself" in fault.message for fault in examine("\n".join(rows)).faults)
