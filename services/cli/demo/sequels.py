"""What follows in the demo when an order ended, and what partner and vendor ask of each other on the way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import work_order_pb2

from services.cli.demo import catalogue
from services.cli.demo.calls import cents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from services.cli.demo.stories import Moment, Story


def after_rejection(story: Story) -> Iterator[Moment]:
    """The work goes to the other organisation that serves the territory, where there is one."""
    if story.plan.fate == "reallocated" and _others(story):
        yield story.plan.at(0, 10), partial(_reallocate, story)


def on_the_way(story: Story) -> Iterator[Moment]:
    """Something beside the work, once it is scheduled."""
    if story.plan.fate == "asks_cost":
        yield story.plan.at(4, 15), partial(_ask_cost, story)
    elif story.plan.fate == "directed":
        yield story.plan.at(4, 15), partial(_direct, story)


def after_the_end(story: Story, moment: datetime) -> Iterator[Moment]:
    """A follow-up for what could not be completed, or work that is taken up again."""
    if story.plan.fate == "follow_up":
        yield moment, partial(_follow_up, story)
    elif story.plan.fate == "reopened":
        yield moment, partial(_reopen, story)


def _others(story: Story) -> list[str]:
    served_by = next(area.served_by for area in catalogue.AREAS if area.name == story.plan.site.area)
    return [company for company in served_by if company != story.plan.company]


def _reallocate(story: Story, _now: datetime) -> None:
    executor = story.world.organizations[_others(story)[0]]
    words = "You have the tools for this model."
    story.desk.fire("dana", story.order_id, "reallocate_rejected", executor_org=executor, comment=words)


def _ask_cost(story: Story, _now: datetime) -> None:
    story.desk.fire(
        story.partner,
        story.order_id,
        "request_cost",
        cost_kind=work_order_pb2.COST_KIND_RENTAL,
        amount=cents(24000),
        comment="A lift for a day: the canopy stands higher than the plan shows.",
    )


def _direct(story: Story, _now: datetime) -> None:
    words = "The insurer asks for it. A picture of the plate is enough."
    story.desk.fire("dana", story.order_id, "direct_action", title="Note the rating of the main breaker", comment=words)


def _follow_up(story: Story, _now: datetime) -> None:
    executor = story.world.organizations[story.plan.company]
    words = "The wall is taken down by the end of the month."
    story.desk.fire("dana", story.order_id, "issue_follow_up", executor_org=executor, comment=words)


def _reopen(story: Story, _now: datetime) -> None:
    words = "The customer found the cover loose the day after."
    story.desk.fire("ines", story.order_id, "reopen", comment=words)
