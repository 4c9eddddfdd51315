"""A command takes effect once per request id (hard-parts 15), on both stacks."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from fieldmesh.common.v1 import types_pb2
from sqlalchemy import select

from services.chassis.actors import Actor
from services.chassis.errors import AlreadyExists, NotAllowed, WrongState
from services.chassis.idempotency import find_replay, purge_answers, run_once
from services.chassis.tables import OWN

from .conftest import ME, THINGS

ADA, BOB = Actor("ada"), Actor("bob")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Command:
    """Creates a thing and answers how often it did."""

    def __init__(self, database):
        self.database = database
        self.runs = 0

    def __call__(self, request_id="r1", *, caller=ADA, amount=1, now=NOW, authorize=None, refuse=None):  # noqa: PLR0913
        def work(transaction):
            if refuse:
                raise refuse
            self.runs += 1
            transaction.execute(THINGS.insert().values(id=f"thing-{self.runs}", version=1))
            return types_pb2.Money(currency_code="USD", micros=self.runs)

        return run_once(
            self.database,
            caller,
            "Create",
            request_id,
            types_pb2.Money(micros=amount),
            types_pb2.Money,
            work,
            authorize=authorize,
            now=now,
        )


@pytest.fixture
def command(database):
    return Command(database)


def test_a_repeat_gets_the_first_answer_and_takes_no_effect(command):
    first = command()

    assert command() == first
    assert command.runs == 1


def test_another_request_under_the_same_id_is_refused(command):
    command()

    with pytest.raises(AlreadyExists) as refused:
        command(amount=2)

    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert command.runs == 1


def test_the_same_id_of_another_caller_is_another_command(command):
    command()
    command(caller=BOB)

    assert command.runs == 2


def test_a_repeat_is_authorised_before_it_is_answered(command):
    """Otherwise somebody who lost a role could still read the answers of before."""
    command()

    def refuse(_transaction):
        raise NotAllowed("no more")

    with pytest.raises(NotAllowed):
        command(authorize=refuse)


def test_a_refusal_is_not_stored(command):
    with pytest.raises(WrongState):
        command(refuse=WrongState("not yet"))

    assert command().micros == 1


def test_after_seven_days_an_id_is_forgotten(command):
    command()
    command(now=NOW + timedelta(days=7, seconds=1))

    assert command.runs == 2


def test_a_command_without_an_id_runs_every_time(command):
    command(request_id="")
    command(request_id="")

    assert command.runs == 2


def test_repeats_at_the_same_moment_take_effect_once(command):
    """Looking first and inserting after lets both run on PostgreSQL."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(command())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.micros for answer in answers] == [1] * 8
    assert command.runs == 1


def test_a_handler_that_gathers_first_finds_the_answer_before(command, database):
    first = command()

    with database.read() as connection:
        arguments = ("Create", "r1", types_pb2.Money(micros=1), types_pb2.Money)
        assert find_replay(connection, ADA, *arguments) == first
        assert find_replay(connection, BOB, *arguments) is None


def test_old_answers_are_purged(command, database):
    command()
    command(request_id="r2", now=NOW + timedelta(days=6))

    with database.begin(actor=ME, now=NOW + timedelta(days=8)) as transaction:
        assert purge_answers(transaction) == 1

    with database.read() as connection:
        assert connection.execute(select(OWN.idempotency.c.request_id)).scalars().all() == ["r2"]
