"""Warnings before a target is missed, and the breach: by timer, once for each version, silent on hold (sla.md, 10)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from fieldmesh.shipping.v1 import events_pb2
from sqlalchemy import select

from services.shipping.bootstrap import assemble
from services.shipping.tables import sla_warnings
from tests.integration.shipping import conftest
from tests.integration.shipping.conftest import Desk, carrier_says

FIRST, AT_RISK, DUE_DAY, BREACH = 1, 2, 3, 4
OPEN, HELD, DONE = 1, 2, 3

pytestmark = pytest.mark.req("B-1")


@pytest.fixture(autouse=True)
def _events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.EVENTS, "SlaWarned", events_pb2.SlaWarned)


def shipped(desk: Desk, expected: date = date(2026, 3, 1)) -> None:
    desk.accept()
    desk.track(carrier_says(1, 2, order=desk.place().number, expected=expected))


def chicago(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant by the clock of Chicago before daylight saving time."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) + timedelta(hours=6)


def at(desk: Desk, when: datetime) -> list[int]:
    """The kinds that are told when the timer runs at an instant."""
    desk.clock.set(when)
    before = len(desk.told("SlaWarned"))
    desk.app.warn()
    return [each.kind for each in desk.told("SlaWarned")[before:]]


def test_each_warning_is_told_at_its_instant_and_once(desk: Desk) -> None:
    shipped(desk)

    told = [
        at(desk, chicago(3, 2, 8, 59)), at(desk, chicago(3, 2, 9)), at(desk, chicago(3, 2, 12, 30)),
        at(desk, chicago(3, 2, 14, 45)), at(desk, chicago(3, 2, 23, 59)), at(desk, chicago(3, 3, 0)),
        at(desk, chicago(3, 3, 12)),
    ]  # fmt: skip

    assert told == [[], [DUE_DAY], [FIRST], [AT_RISK], [], [BREACH], []]
    warned = desk.told("SlaWarned")
    assert [each.percent for each in warned] == [0, 50, 75, 0]
    assert {each.target_version for each in warned} == {desk.target().version}
    assert len(warned[0].windows) == 5
    assert (3, 7) in {(each.month, each.day) for each in warned[0].closed_days}


def test_a_restart_doubles_nothing_and_forgets_nothing(desk: Desk) -> None:
    shipped(desk)
    assert at(desk, chicago(3, 2, 9)) == [DUE_DAY]

    again = Desk(assemble(desk.app.database, desk.clock), desk.clock, desk.versions)

    assert at(again, chicago(3, 2, 9, 1)) == []
    assert at(again, chicago(3, 2, 14, 45)) == [AT_RISK], "of what fell into the standstill, the last"
    assert at(again, chicago(3, 2, 14, 46)) == []


def test_a_moved_date_replaces_what_waits_and_does_not_repeat_what_was_told(desk: Desk) -> None:
    shipped(desk)
    at(desk, chicago(3, 2, 9))
    desk.track(carrier_says(2, expected=date(2026, 3, 4)))

    assert at(desk, chicago(3, 3, 12)) == []
    assert at(desk, chicago(3, 5, 9)) == [DUE_DAY]
    desk.move(subject="changed")
    assert at(desk, chicago(3, 5, 9, 1)) == []


def test_nothing_is_told_on_hold_and_the_breach_is_not_made_up(desk: Desk) -> None:
    shipped(desk)
    desk.clock.set(chicago(3, 2, 10))
    desk.move(category=HELD)

    assert at(desk, chicago(3, 9, 12)) == []
    desk.move(category=OPEN)
    assert BREACH not in at(desk, desk.clock.now())


def test_an_order_that_ended_is_not_spoken_of(desk: Desk) -> None:
    shipped(desk)
    desk.clock.set(chicago(3, 2, 8))
    desk.move(category=DONE)

    assert at(desk, chicago(3, 9, 12)) == []


def test_a_later_date_lifts_a_breach_whose_event_stays(desk: Desk) -> None:
    shipped(desk)
    assert BREACH in at(desk, chicago(3, 3, 8))
    desk.track(carrier_says(2, expected=date(2026, 3, 5)))

    with desk.app.database.read() as connection:
        wanted = select(sla_warnings).where(sla_warnings.c.kind == BREACH, sla_warnings.c.told_time.is_not(None))
        rows = connection.execute(wanted).all()
    assert [row.lifted_by_version for row in rows] == [desk.target().version]
    assert at(desk, chicago(3, 6, 23)) == [AT_RISK]
    assert at(desk, chicago(3, 7, 0)) == [BREACH]


def test_of_what_has_passed_already_only_the_last_is_told(desk: Desk) -> None:
    desk.clock.set(chicago(3, 2, 15))
    shipped(desk)

    assert at(desk, chicago(3, 2, 15)) == [AT_RISK]
