"""State, events and counters are committed together, on both stacks."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldmesh.common.v1 import types_pb2
from sqlalchemy import Column, Integer, MetaData, Table, select

from services.chassis import outbox
from services.chassis.counters import read_counters
from services.chassis.database import Database
from services.chassis.tables import OWN
from services.chassis.types import Instant, JsonText, LocalDate, StringList
from services.chassis.unit_of_work import RemoteCallInUnitOfWork, forbid_remote_calls

from .conftest import ME, THINGS

NOW = datetime(2026, 3, 8, 7, 59, 59, 123456, tzinfo=UTC)


def _events(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(OWN.outbox.c.aggregate_id).order_by(OWN.outbox.c.sequence)).scalars())


def test_state_events_and_counters_are_committed_together(database):
    rings = database.published.rings
    with database.begin(actor=ME, now=NOW) as transaction:
        transaction.execute(THINGS.insert().values(id="a", version=1))
        transaction.publish(types_pb2.Money(micros=5), "Thing", "a", 1)
        transaction.count("things.state", {"open": 1, "closed": 0})

    with database.read() as connection:
        row = connection.execute(select(OWN.outbox)).one()
        assert read_counters(connection, "things.state", ["open", "closed"]) == {"open": 1, "closed": 0}
    event = outbox.event_of(row, "tests", "e")
    assert (event.type, event.aggregate_version) == ("fieldmesh.common.v1.Money", 1)
    assert event.occur_time.ToDatetime(tzinfo=UTC) == NOW
    assert event.actor.subject == "service:tests"
    assert types_pb2.Money.FromString(event.payload).micros == 5
    assert database.published.rings == rings + 1


def test_an_error_takes_state_events_and_counters_back(database):
    called: list[str] = []
    with pytest.raises(KeyError), database.begin(actor=ME) as transaction:
        transaction.execute(THINGS.insert().values(id="a", version=1))
        transaction.publish(types_pb2.Money(), "Thing", "a", 1)
        transaction.count("things.state", {"open": 1})
        transaction.after_commit(lambda: called.append("no"))
        raise KeyError

    with database.read() as connection:
        assert connection.execute(select(THINGS)).all() == []
        assert read_counters(connection, "things.state", ["open"]) == {"open": 0}
    assert _events(database) == []
    assert called == []


def test_a_remote_call_inside_an_open_unit_of_work_is_refused(database):
    forbid_remote_calls()

    with database.begin(actor=ME), pytest.raises(RemoteCallInUnitOfWork):
        forbid_remote_calls()

    forbid_remote_calls()


def test_a_unit_of_work_inside_another_is_refused(database):
    with database.begin(actor=ME), pytest.raises(RuntimeError, match="open already"), database.begin(actor=ME):
        pass

    with database.begin(actor=ME):
        pass


def test_a_commit_inside_a_unit_of_work_is_refused_on_sqlite(make_sqlite):
    database = make_sqlite()
    with pytest.raises(RuntimeError, match="unit of work commits"), database.begin(actor=ME) as transaction:
        transaction.execute(THINGS.insert().values(id="a", version=1))
        transaction.connection.commit()

    with database.read() as connection:
        assert connection.execute(select(THINGS)).all() == []


def test_counters_of_many_writers_neither_deadlock_nor_lose_a_count(database):
    """Unsorted, two transactions that count the same keys in opposite order end in PostgreSQL's deadlock error."""
    keys = [f"k{number}" for number in range(12)]

    def work(caller: int) -> None:
        for _ in range(25):
            ordered = keys if caller % 2 else keys[::-1]
            with database.begin(actor=ME) as transaction:
                for key in ordered:
                    transaction.count("things.state", {key: 1})

    threads = [threading.Thread(target=work, args=(caller,)) for caller in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as connection:
        assert read_counters(connection, "things.state", keys) == dict.fromkeys(keys, 150)


def test_sequences_of_one_aggregate_grow_in_the_order_of_its_versions(database):
    """Relay and feed send by sequence, so it must grow as the aggregate's row lock is passed on."""
    with database.begin(actor=ME) as transaction:
        transaction.execute(THINGS.insert().values(id="a", version=0))

    def work() -> None:
        for _ in range(20):
            with database.begin(actor=ME) as transaction:
                updated = THINGS.update().values(version=THINGS.c.version + 1).returning(THINGS.c.version)
                version = transaction.execute(updated).scalar_one()
                transaction.publish(types_pb2.Money(micros=version), "Thing", "a", version)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as connection:
        versions = connection.execute(select(OWN.outbox.c.aggregate_version).order_by(OWN.outbox.c.sequence)).scalars()
        assert list(versions) == list(range(1, 101))


@pytest.mark.parametrize(
    "values",
    [
        {"at": NOW, "day": date(2026, 12, 24), "json": {"b": [1, None], "a": "ü"}, "texts": ("x", "y,z")},
        {"at": NOW.astimezone().replace(microsecond=0), "day": None, "json": None, "texts": ()},
        {"at": datetime(1969, 12, 31, tzinfo=UTC), "day": date.max, "json": [], "texts": ("",)},
    ],
)
def test_values_come_back_from_the_database_as_they_went_in(database, values):
    kinds = Table(
        "kinds",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("at", Instant),
        Column("day", LocalDate),
        Column("json", JsonText),
        Column("texts", StringList),
    )
    with database.begin(actor=ME) as transaction:
        kinds.create(transaction.connection)
        transaction.execute(kinds.insert().values(id=1, **values))

    with database.read() as connection:
        row = connection.execute(select(kinds.c.at, kinds.c.day, kinds.c.json, kinds.c.texts)).one()
        assert connection.execute(select(kinds.c.id).where(kinds.c.at < values["at"] + timedelta(seconds=1))).all()

    assert row._asdict() == values
    assert row.at.tzinfo is UTC
