"""Loading a definition: every fault at once, each with its line."""

from __future__ import annotations

import pytest

from services.workorders.definitions import SHIPPED, DefinitionInvalid, load_definition, load_workflows
from services.workorders.domain.definition import Position
from services.workorders.domain.diagram import diagram
from services.workorders.domain.predicates import PREDICATES

SOUND = (SHIPPED / "partner_service.yaml").read_text(encoding="utf-8")


def faults(*changes: tuple[str, str]) -> list[tuple[int, str]]:
    text = SOUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(DefinitionInvalid) as refused:
        load_definition(text)
    return [(fault.line, fault.message) for fault in refused.value.faults]


def line_of(words: str, text: str = SOUND) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


@pytest.mark.req("B-2")
def test_the_shipped_definition_is_sound():
    definition = load_workflows().latest("partner_service").definition

    assert definition.version == 1
    assert definition.labels["ship_to.postal_code"] == "Postal code"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{path: ship_to.residential}", "{path: ship_to.colour}", "WorkOrder has no field “ship_to.colour”."),
        (
            "{path: ship_to.residential}",
            "{path: ship_to}",
            "“ship_to” has fields of its own; name those that are asked for.",
        ),
        (
            "{path: ship_to.residential}",
            "{path: sla.version}",
            "A form cannot ask for “sla.version”: only the server sets it.",
        ),
        (
            "{path: ship_to.residential}",
            "{path: number}",
            "A form cannot ask for “number”: it tells whose order it is.",
        ),
        (
            "{path: ship_to.residential}",
            "{path: executor_org}",
            "A form cannot ask for “executor_org”: it tells whose order it is.",
        ),
        ("{path: ship_to.residential}", "{path: inputs.mood}", "TransitionInputs has no field “mood”."),
        ("guards: [executor_can_serve]", "guards: [moon_is_full]", "There is no guard “moon_is_full”."),
        ("technician: {role: technician", "technician: {role: wizard", "There is no role “wizard”."),
        (
            "party: issuer_org, kinds: [vendor]}",
            "party: state, kinds: [vendor]}",
            "A party is one of issuer_org, executor_org, facility_org.",
        ),
        ("    to: shipping", "    to: orbit", "There is no state “orbit”."),
        ("{compute: next_acceptance}", "{compute: magic}", "There is no computation “magic”."),
        ("{value: finished}", "{value: eaten}", "“eaten” is not a value of this field."),
        ("rank: 20,", "rank: 10,", "Two states have the rank 10."),
        ("reason: override", "reason: boredom", "There is no kind of reason “boredom”."),
        ("drafts: accept", "drafts: nothing", "There is no transition “nothing”."),
        ("executor_name: snapshots", "state: snapshots", "Only the transition itself moves the state."),
        ("to: [executor_organization]}", "to: [everybody]}", "There is no recipient “everybody”."),
        (
            "default: snapshots.organization.phone",
            "default: snapshots.gossip.phone",
            "There is no field “snapshots.gossip.phone”.",
        ),
        ("      - technician.name\n", "      - technician.shoe_size\n", "There is no field “technician.shoe_size”."),
        (
            "category: done, clock_running: false, tone: neutral",
            "category: gone, clock_running: false",
            "Must be one of: open, held, done, dead.",
        ),
        ("history_omits: [scope_version", "history_omits: [gossip", "WorkOrder has no field “gossip”."),
        ("phase: opened", "phase: imagined", "A phase is one of placed, opened, shipped, delivered."),
    ],
)
def test_a_fault_is_told_with_its_line(old, new, words):
    found = faults((old, new))

    assert words in {message for _, message in found}
    line = next(line for line, message in found if message == words)
    first_of_old = SOUND[: SOUND.index(old) + len(old) - len(old.lstrip())].count("\n") + 1
    assert abs(line - first_of_old) <= 1


def test_every_fault_is_told_at_once():
    found = faults(
        ("{path: ship_to.residential}", "{path: ship_to.colour}"),
        ("    to: shipping", "    to: orbit"),
        ("{role: technician", "{role: wizard"),
    )

    assert len({message for _, message in found}) >= 3
    assert found == sorted(found)


@pytest.mark.req("B-2")
def test_a_fault_of_shape_hides_none_of_consistency_elsewhere():
    found = faults(
        ("tone: neutral, frozen: true}", "tone: loud, frozen: true}"), ("{role: technician", "{role: wizard")
    )

    assert [message for _, message in found] == [
        "There is no role “wizard”.",
        "Must be one of: neutral, info, success, warning, danger.",
    ]


def test_an_unreachable_state_and_an_open_state_without_a_way_out_are_faults():
    limbo = ("  completed:", "  limbo: {label: Limbo, rank: 85, category: open, clock_running: true}\n  completed:")
    leads_there = ("    from: [completed]\n    to: in_progress", "    from: [completed]\n    to: limbo")

    unreachable, stuck = faults(limbo), faults(limbo, leads_there)

    assert [message for _, message in unreachable] == ["No transition reaches this state."]
    assert "No transition leads out of this open state." in {message for _, message in stuck}


def test_every_transition_that_people_use_tells_afterwards_what_was_done_in_a_sentence():
    definition = load_workflows().latest("partner_service").definition
    shown = [move for move in definition.transitions.values() if move.position is not Position.HIDDEN]

    assert [move.name for move in shown if not move.done] == []
    assert definition.transitions["assign_technician"].done == "The technician was assigned."
    assert faults(("done: The technician was assigned.", "done: assigned")) == [
        (line_of("done: The technician"), "A sentence: a capital letter first, a full stop last.")
    ]


def test_a_key_that_stands_twice_is_a_fault():
    found = faults(("  allocate:\n    label: Allocate", "  allocate:\n    label: Allot\n    label: Allocate"))

    assert found == [(line_of("label: Allocate") + 1, "It stands here twice.")]


def test_an_unknown_word_and_text_that_is_no_yaml_are_faults():
    assert (line_of("danger: true"), "Unknown field.") in faults(("danger: true", "dangerous: true"))
    with pytest.raises(DefinitionInvalid):
        load_definition("workflow: [")
    with pytest.raises(DefinitionInvalid):
        load_definition("")


def test_every_guard_says_what_it_is():
    assert all(guard.description for guard in PREDICATES.values())


@pytest.mark.req("B-2")
def test_the_diagram_shows_the_route_through_passed_states():
    text = diagram(load_workflows().latest("partner_service").definition)

    assert "    shipped --> parts_delivered: Parts delivered\n" in text
    assert "    parts_delivered --> in_progress\n" in text
    assert "    closed --> [*]" in text
