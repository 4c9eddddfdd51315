"""Holds, completion and sending back as pauses and stops of the SLA clock (sla.md, 7 and 8)."""

from datetime import UTC, datetime, timedelta

import pytest

from services.shipping.domain.calendar import CalendarVersion, Window
from services.shipping.domain.order_clock import Category, Move, OrderClock, SlaState, after_move, standing
from services.shipping.domain.policy import DeliveryAnchor, Pause, PauseKind, Policy, RequiredDelivery, SlaInputs, Unit
from services.shipping.domain.sla import Target, compute

T0 = datetime(2026, 3, 4, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALENDAR = CalendarVersion("us", "US", 1, ((Window(480, 1020),),) * 5 + ((),) * 2)
ASSURE = Policy("a", "Assure", 1, Unit.BUSINESS_DAYS, 1)


def target(expected: int | None, *pauses: Pause) -> Target:
    delivery = RequiredDelivery("p", T0.date().replace(day=expected) if expected else None)
    return compute(SlaInputs(ASSURE, CALENDAR, "America/Chicago", DeliveryAnchor((delivery,)), pauses))


def move(hours: int, before: Category, after: Category, **more: object) -> Move:
    return Move(T0 + hours * HOUR, before, after, **more)


def test_a_hold_opens_a_pause_and_resuming_ends_it() -> None:
    held = after_move(OrderClock(), move(0, Category.OPEN, Category.HELD))
    resumed = after_move(held, move(5, Category.HELD, Category.OPEN))

    assert held.pauses == (Pause(T0),)
    assert resumed.pauses == (Pause(T0, T0 + 5 * HOUR),)


def test_completion_stops_at_the_departure() -> None:
    done = after_move(OrderClock(), move(3, Category.OPEN, Category.DONE, departed=T0))

    assert done.stopped == T0
    assert done.frozen
    assert after_move(done, move(9, Category.DONE, Category.DONE)) == done


def test_sending_back_makes_the_time_since_completed_a_pause() -> None:
    done = after_move(OrderClock(), move(3, Category.OPEN, Category.DONE, departed=T0))
    back = after_move(done, move(8, Category.DONE, Category.OPEN))

    assert back.pauses == (Pause(T0 + 3 * HOUR, T0 + 8 * HOUR, PauseKind.SENT_BACK),)
    assert not back.frozen


def test_an_end_without_work_is_void_unless_it_stops_the_clock() -> None:
    cancelled = after_move(OrderClock(), move(0, Category.OPEN, Category.DEAD))
    could_not = after_move(OrderClock(), move(0, Category.OPEN, Category.DEAD, stops=True))

    assert standing(target(3), cancelled) is SlaState.VOID
    assert standing(target(3), could_not) is SlaState.MET


@pytest.mark.req("CP-71")
def test_an_end_on_hold_ends_the_hold_so_that_its_time_does_not_count_as_missed() -> None:
    held = after_move(OrderClock(), move(0, Category.OPEN, Category.HELD))
    could_not = after_move(held, move(48, Category.HELD, Category.DEAD, stops=True))
    reopened = after_move(could_not, move(50, Category.DEAD, Category.OPEN))

    assert could_not.pauses == (Pause(T0, T0 + 48 * HOUR),)
    assert standing(target(3, *could_not.pauses), could_not) is SlaState.MET
    assert reopened.pauses == (*could_not.pauses, Pause(T0 + 48 * HOUR, T0 + 50 * HOUR, PauseKind.REOPENED))


def test_how_a_target_stands() -> None:
    due = target(3).due_at
    assert due is not None

    assert standing(None, OrderClock()) is SlaState.NONE
    assert standing(target(None), OrderClock()) is SlaState.AWAITING_DELIVERY_DATE
    assert standing(target(3), OrderClock()) is SlaState.RUNNING
    assert standing(target(3, Pause(T0)), OrderClock(pauses=(Pause(T0),))) is SlaState.PAUSED
    assert standing(target(3), OrderClock(stopped=due - HOUR)) is SlaState.MET
    assert standing(target(3), OrderClock(stopped=due)) is SlaState.MISSED
    assert standing(target(None), OrderClock(stopped=due)) is SlaState.VOID
