"""The demo's plans: whatever day it is, its technician has a visit today and on the days after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.cli.demo.plans import FIRST, OWN_DAYS, VISITOR, plans

SUNDAY_NIGHT = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)  # Saturday still, at every site


@pytest.mark.req("R-4")
@pytest.mark.parametrize("days", range(8))
@pytest.mark.parametrize("size", [len(FIRST), 400])
def test_the_technician_has_a_visit_today_on_every_day_of_the_week(size, days):
    present = SUNDAY_NIGHT + timedelta(days=days)

    own = [plan for plan in plans(size, present) if plan.visitor == VISITOR]

    assert len(own) == (1 if size == len(FIRST) else OWN_DAYS)
    assert [plan.visit_on for plan in own] == [
        present.astimezone(plan.zone).date() + timedelta(days=ahead) for ahead, plan in enumerate(own)
    ]
    assert {plan.company for plan in own} == {"bluefern"}
    assert all({task.model for task in plan.tasks} <= set(plan.site.models) for plan in own)
