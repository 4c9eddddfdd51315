"""Events are handled in order within their lane, once in effect, on both stacks (hard-parts 6 and 9)."""

import random
import subprocess
import sys
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from fieldmesh.common.v1 import types_pb2
from sqlalchemy import text

from services.chassis.clock import ScriptedClock, SystemClock
from services.chassis.inbox import Inbox
from services.chassis.lanes import LaneWorkers
from services.chassis.tables import DONE, IGNORED, PARKED, WAITING

from .conftest import ME
from .events import accept, effects, event_of, handler_of, inbox_rows, record_effect


class Stubborn:
    """Fails for the named (aggregate, version) until it is told to give in."""

    def __init__(self, *pairs) -> None:
        self.pairs = set(pairs)
        self.calls = 0

    def __call__(self, transaction, event, payload) -> None:
        self.calls += 1
        record_effect(transaction, event, payload)
        if (event.aggregate_id, event.aggregate_version) in self.pairs:
            raise KeyError(event.aggregate_id)


@pytest.fixture
def clock():
    return ScriptedClock(SystemClock().now())


@pytest.fixture
def make(database, clock):
    def make_inbox(*handlers):
        inbox = Inbox(database, "tests", handlers, clock=clock)
        workers = LaneWorkers(inbox, backoff=(1, 5, 30, 120))
        workers.run_until_idle()
        return inbox, workers

    return make_inbox


def test_an_event_that_comes_twice_takes_effect_once(make, database):
    inbox, workers = make(handler_of())
    event = event_of("a", 1)

    accept(inbox, event)
    workers.run_until_idle()
    accept(inbox, event, event)
    workers.run_until_idle()

    assert effects(database) == [("a", 1)]


def test_an_event_goes_to_each_of_its_handlers_and_an_unknown_one_is_stored_as_ignored(make, database):
    inbox, workers = make(handler_of(), handler_of(id="tests.other"))

    accept(inbox, event_of("a", 1), event_of("b", 1, kind=types_pb2.Address), event_of("c", 1, producer="stranger"))
    workers.run_until_idle()

    assert effects(database) == [("a", 1), ("a", 1)]
    assert inbox_rows(database) == [("a", 1, DONE, 0), ("a", 1, DONE, 0), ("b", 1, IGNORED, 0), ("c", 1, IGNORED, 0)]


def test_what_a_failed_try_wrote_is_taken_back_and_later_events_of_the_lane_wait(make, database, clock):
    """Plain retries would apply the second event before the first."""
    handle = Stubborn(("a", 1))
    inbox, workers = make(handler_of(handle))
    accept(inbox, event_of("a", 1), event_of("a", 2), event_of("b", 1))

    workers.run_until_idle()
    assert effects(database) == [("b", 1)]
    handle.pairs.clear()
    clock.advance(timedelta(seconds=2))
    workers.run_until_idle()

    assert effects(database) == [("b", 1), ("a", 1), ("a", 2)]


def test_a_row_is_parked_after_five_tries_and_blocks_its_own_lane_only(make, database, clock):
    handle = Stubborn(("a", 1))
    inbox, workers = make(handler_of(handle))
    accept(inbox, event_of("a", 1), event_of("a", 2))

    for _ in range(10):
        workers.run_until_idle()
        clock.advance(timedelta(minutes=5))
    accept(inbox, event_of("b", 1))
    workers.run_until_idle()

    assert handle.calls == 6  # five for the first, one for b
    assert inbox_rows(database) == [("a", 1, PARKED, 5), ("a", 2, WAITING, 0), ("b", 1, DONE, 0)]
    assert effects(database) == [("b", 1)]


def test_tries_are_spaced_further_and_further(make, database, clock):
    inbox, workers = make(handler_of(handle := Stubborn(("a", 1))))
    accept(inbox, event_of("a", 1))

    tried_after = []
    for second in range(200):
        before = handle.calls
        workers.run_until_idle()
        if handle.calls > before:
            tried_after.append(second)
        clock.advance(timedelta(seconds=1))

    assert tried_after == [0, 1, 6, 36, 156]


def test_handlers_of_one_lane_see_the_events_of_an_aggregate_in_one_order(make, database):
    """With a lane each, the cancel could be handled while its accept still waits for another try."""
    accepted = handler_of(Stubborn(("a", 1)), id="tests.accepted", lane="tests.order")
    cancelled = handler_of(id="tests.cancelled", kind=types_pb2.Position, lane="tests.order")
    inbox, workers = make(accepted, cancelled)

    accept(inbox, event_of("a", 1), event_of("a", 2, kind=types_pb2.Position))
    workers.run_until_idle()

    assert effects(database) == []


def test_a_commit_that_fails_counts_as_a_try(make_sqlite, clock):
    database = make_sqlite()
    with database.begin(actor=ME) as transaction:
        transaction.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        transaction.execute(text("CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"))
    handler = handler_of(lambda transaction, *_: transaction.execute(text("INSERT INTO child VALUES (1)")))
    inbox = Inbox(database, "tests", [handler], clock=clock)
    workers = LaneWorkers(inbox)
    workers.run_until_idle()

    accept(inbox, event_of("a", 1))
    workers.run_until_idle()

    assert inbox_rows(database) == [("a", 1, WAITING, 1)]


def test_an_event_that_cannot_be_read_is_tried_and_kept(make, database):
    inbox, workers = make(handler_of())
    broken = event_of("a", 1)
    broken.payload = b"\xff\xff"

    accept(inbox, broken)
    workers.run_until_idle()

    assert inbox_rows(database) == [("a", 1, WAITING, 1)]


def test_a_redelivered_event_is_counted_before_it_is_handled(make, database):
    seen = []
    inbox, workers = make(handler_of(lambda transaction, event, _: seen.append(inbox_rows(database))))

    accept(inbox, event_of("a", 1), redelivered=True)
    workers.run_until_idle()

    assert seen == [[("a", 1, WAITING, 1)]]
    assert inbox_rows(database) == [("a", 1, DONE, 1)]


def test_an_event_that_ends_the_process_each_time_is_parked_and_the_others_are_handled(make_database):
    """Counting inside the handling transaction loses the count with the process: the row would kill it for ever."""
    database = make_database()
    inbox = Inbox(database, "tests", [handler_of()])
    accept(inbox, event_of("deadly", 1), event_of("b", 1))
    script = f"""
import os
from services.chassis.database import Database
from services.chassis.inbox import Inbox
from services.chassis.lanes import LaneWorkers
from tests.integration.chassis.events import handler_of, record_effect

def handle(transaction, event, payload):
    record_effect(transaction, event, payload)
    if event.aggregate_id == "deadly":
        os._exit(9)

database = Database({database.url.render_as_string(hide_password=False)!r})
LaneWorkers(Inbox(database, "tests", [handler_of(handle)])).run_until_idle()
"""

    codes = [subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode for _ in range(7)]

    assert codes[:5] == [9] * 5
    assert codes[5:] == [0, 0]
    assert inbox_rows(database) == [("deadly", 1, PARKED, 5), ("b", 1, DONE, 1)]
    assert effects(database) == [("b", 1)]


@pytest.mark.timeout(120)
def test_many_workers_keep_every_lane_in_order_and_double_nothing(database):
    """Two processes' worth of workers, and handlers that fail one time in five."""
    chance = random.Random(7)  # noqa: S311 - a test's dice

    def handle(transaction, event, payload):
        time.sleep(chance.random() / 1000)
        record_effect(transaction, event, payload)
        if chance.random() < 0.2:
            raise KeyError

    inbox = Inbox(database, "tests", [handler_of(handle)])
    teams = [LaneWorkers(inbox, threads=3, backoff=(0.01, 0.01, 0.01, 0.01)) for _ in range(2)]
    for team in teams:
        team.start()
    for version in range(1, 13):
        accept(inbox, *(event_of(f"a{number}", version) for number in range(10)))
    parked = _wait_until_only_parked_lanes_remain(database)
    for team in teams:
        assert team.stop()

    orders = defaultdict(list)
    for aggregate, version in effects(database):
        orders[aggregate].append(version)
    for number in range(10):
        last = parked.get(f"a{number}", 13)
        assert orders[f"a{number}"] == list(range(1, last))


def _wait_until_only_parked_lanes_remain(database) -> dict[str, int]:
    """Gives the version at which a lane is parked."""
    for _ in range(600):
        rows = inbox_rows(database)
        parked = {aggregate: version for aggregate, version, state, _ in rows if state == PARKED}
        if not [row for row in rows if row[2] == WAITING and row[0] not in parked]:
            return parked
        time.sleep(0.1)
    raise AssertionError("the workers did not finish")


def test_old_finished_rows_are_purged_and_unfinished_ones_stay(make, database, clock):
    inbox, workers = make(handler_of(Stubborn(("a", 1))))
    accept(inbox, event_of("a", 1), event_of("b", 1))
    workers.run_until_idle()

    clock.advance(timedelta(days=32))
    with database.begin(actor=ME) as transaction:
        assert inbox.purge(transaction) == 1

    assert [row[0] for row in inbox_rows(database)] == ["a"]


def test_two_handlers_with_one_id_are_refused(database):
    with pytest.raises(ValueError, match=r"tests\.thing"):
        Inbox(database, "tests", [handler_of(), handler_of()])
