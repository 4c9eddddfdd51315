"""Assignments that a dispatcher makes while technicians is down (domain.md), on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.errors import Unavailable
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import DISPATCHER, NOW, PARTNER, Desk

REASON = {"reason_code": "other", "comment": "The charger is down"}


def flags(desk: Desk, order: Any) -> list[tuple[str, str]]:
    return [(each.code, each.person_id) for each in desk.get(order.id).flags]


def assigned(desk: Desk) -> Any:
    order = desk.at_work()
    desk.technicians.down = True
    desk.fire(order, "assign_technician", DISPATCHER, person_id="tech", **REASON)
    return order


def test_a_dispatcher_assigns_with_a_reason_while_technicians_is_down_and_nobody_else_does(desk):
    order = desk.at_work()
    desk.technicians.down = True

    with pytest.raises(Unavailable):
        desk.fire(order, "assign_technician", PARTNER, person_id="tech", **REASON)
    with pytest.raises(WorkOrderError) as unexplained:
        desk.fire(order, "assign_technician", DISPATCHER, person_id="tech")
    with pytest.raises(WorkOrderError) as unknown:
        desk.fire(order, "assign_technician", DISPATCHER, person_id="cse", **REASON)
    foreseen = desk.orders(
        "PreviewTransition", DISPATCHER, work_order_id=order.id, transition="assign_technician",
        inputs={"person_id": "tech", **REASON},
    )  # fmt: skip
    done = desk.fire(order, "assign_technician", DISPATCHER, person_id="tech", **REASON)

    assert [each.field for each in unexplained.value.violations] == ["inputs.reason_code"]
    assert unexplained.value.reason == "ASSIGNMENT_UNCHECKED"
    assert [each.field for each in unknown.value.violations] == ["inputs.person_id"]
    assert [each.code for each in foreseen.warnings] == ["ASSIGNMENT_UNCHECKED"]
    assert [each.code for each in done.warnings] == ["ASSIGNMENT_UNCHECKED"]
    assert done.work_order.technician.name == "Ada Moss"
    assert flags(desk, order) == [("assignment_unchecked", "tech")]
    rows = desk.history(order)
    assert any("technicians did not answer" in row.new_value for row in rows)
    post = desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0]
    assert {fact.label: fact.value for fact in post.facts}["Method"] == "Not checked"


def test_it_is_reserved_by_itself_when_technicians_is_back_and_the_flag_goes(desk):
    order = assigned(desk)
    etag = desk.get(order.id).etag

    waiting = desk.app.unchecked.run_due(NOW)
    desk.technicians.down = False
    settled = desk.app.unchecked.run_due(NOW)
    again = desk.app.unchecked.run_due(NOW)

    assert (waiting, settled, again) == (0, 1, 0)
    assert flags(desk, order) == []
    assert desk.get(order.id).etag == etag
    reserved = desk.technicians.reserved
    assert [(each.person_id, each.committed, each.reason_code) for each in reserved] == [("tech", True, "other")]
    moved = desk.told()[-1]
    assert (moved.transition, moved.assignment_id) == ("assignment_checked", reserved[0].request_id)
    assert list(moved.notices) == []
    assert moved.actor.subject == "service:workorders"


def test_what_the_check_finds_is_flagged_posted_and_mailed_and_the_assignment_stays(desk):
    order = assigned(desk)
    desk.technicians.down = False
    desk.technicians.missing = ["VT40-CM"]
    desk.technicians.problems = ["Another visit overlaps.", "Missing skills: VT40-CM."]

    desk.app.unchecked.run_due(NOW)

    now = desk.get(order.id)
    words = "Another visit overlaps. Missing skills: VT40-CM."
    assert now.technician.name == "Ada Moss"
    assert [(each.code, each.person_id) for each in now.flags] == [("assignment_questioned", "tech")]
    assert words in now.flags[0].message
    moved = desk.told()[-1]
    assert [(each.template, list(each.recipients)) for each in moved.notices] == [
        ("assignment_questioned", ["issuer_dispatchers"])
    ]
    assert (moved.comment, moved.reason_label) == (words, "Ada Moss")
    post = desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0]
    assert words in post.body

    desk.technicians.missing, desk.technicians.problems = [], []
    desk.fire(order, "assign_technician", DISPATCHER, person_id="tech")
    assert flags(desk, order) == []


def test_nothing_is_reserved_for_somebody_who_was_replaced_meanwhile(desk):
    order = assigned(desk)
    desk.technicians.down = False
    desk.fire(order, "release_technician", DISPATCHER, present_person_id="tech")

    settled = desk.app.unchecked.run_due(NOW)

    assert settled == 0
    assert desk.technicians.reserved == []
    assert flags(desk, order) == []
    assert desk.app.unchecked.run_due(NOW) == 0
