"""Every target says how it came about and how it ended, also where there is none (B-1)."""

from datetime import UTC, date, datetime

import pytest
from fieldmesh.workorders.v1 import work_order_pb2

from tests.integration.shipping.conftest import Desk, carrier_says

DONE, DEAD = 3, 4

pytestmark = pytest.mark.req("B-1")


def shipped(desk: Desk) -> None:
    desk.accept()
    desk.track(carrier_says(1, 2, order=desk.place().number, expected=date(2026, 3, 1)))


def last_step(desk: Desk) -> str:
    return str(desk.target().steps[-1].text)


def done(desk: Desk, *when: int) -> None:
    desk.clock.set(datetime(2026, 3, *when, tzinfo=UTC))
    desk.move(category=DONE)


def test_work_in_time_says_by_how_much(desk: Desk) -> None:
    shipped(desk)

    done(desk, 2, 22, 30)

    assert (
        last_step(desk) == "The work was done Mon 2 Mar 2026, 16:30 CST: in time, 7 hours 30 minutes before the target."
    )


def test_missed_work_says_by_how_much(desk: Desk) -> None:
    shipped(desk)

    done(desk, 5, 9)

    assert desk.target().state == work_order_pb2.SLA_STATE_MISSED
    assert last_step(desk) == "The work was done Thu 5 Mar 2026, 03:00 CST: late, 2 days 3 hours after the target."


def test_a_cancelled_order_says_that_its_target_counts_no_longer(desk: Desk) -> None:
    shipped(desk)

    desk.move(category=DEAD)

    assert last_step(desk) == "The work order ended without the work, so the target no longer counts."


def test_work_sent_back_runs_again_and_explains_the_pause(desk: Desk) -> None:
    shipped(desk)
    done(desk, 2, 16)
    desk.clock.set(datetime(2026, 3, 2, 18, tzinfo=UTC))

    desk.move(category=1)

    texts = [step.text for step in desk.target().steps]
    assert any(text.startswith("Completed and sent back from Mon 2 Mar 2026, 10:00 CST") for text in texts)
    assert not any("The work was done" in text for text in texts)


def test_no_target_says_why(desk: Desk) -> None:
    desk.move("w1", sla_policy_code="", entitlement_name="", parts_required=False)
    desk.move("w2", sla_policy_code="", entitlement_name="Goodwill", parts_required=False)
    desk.accept("w3")

    assert desk.target("w1").steps[0].text == "There is no entitlement with an SLA, so there is no target."
    assert desk.target("w2").steps[0].text == "The entitlement “Goodwill” names no SLA policy, so there is no target."
    awaiting = [step.text for step in desk.target("w3").steps]
    assert awaiting[0] == "Repair SLA Assure, version 1, allows 1 business day."
    assert awaiting[-1] == "A required part has no delivery date yet, so there is no target yet."
