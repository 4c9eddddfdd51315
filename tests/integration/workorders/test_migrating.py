"""Migration 0014 on a database with work types that take several technicians."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from fieldmesh.workorders.v1 import events_pb2

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.migrations import migrate, migration_engine, scripts_of, upgrade
from services.chassis.outbox import event_of
from services.chassis.tables import OWN
from services.technicians.booking import Booking
from services.technicians.following import Following
from services.technicians.tables import work_types as copies
from services.workorders.tables import work_types
from tests.support.migrations import Earlier, insert_earlier
from tests.support.servers import postgres_database


@contextmanager
def sqlite(folder) -> Iterator[str]:
    yield f"sqlite:///{folder / 'workorders.sqlite3'}"


@contextmanager
def postgresql(folder) -> Iterator[str]:
    del folder
    with postgres_database() as url:
        yield url


@pytest.fixture(params=[sqlite, postgresql], ids=["sqlite", "postgresql"])
def upgraded(request, tmp_path):
    """What is told after the upgrade; three types were stored before, of which two take several technicians."""
    with request.param(tmp_path) as url:
        engine = migration_engine(url)
        with engine.connect() as connection:
            upgrade(connection, Earlier(scripts_of("workorders"), "0013"))
            for key, needed, active in (("crane", 3, True), ("head", 0, True), ("lift", 2, False)):
                insert_earlier(
                    connection, work_types, id=key, name=key.title(), technicians_needed=needed, active=active,
                    certification_codes=["HV-SAFETY"], version=4,
                )  # fmt: skip
            connection.commit()
        engine.dispose()
        migrate("workorders", url)
        with migration_engine(url).connect() as connection:
            versions = {row.id: row.version for row in connection.execute(sa.select(work_types))}
            rows = connection.execute(sa.select(OWN.outbox).order_by(OWN.outbox.c.sequence)).all()
        yield versions, [event_of(row, "workorders", "one") for row in rows]


def told(event) -> events_pb2.WorkTypeChanged:
    return events_pb2.WorkTypeChanged.FromString(event.payload)


def test_work_types_that_take_several_technicians_are_told_again_with_a_new_version(upgraded):
    versions, events = upgraded

    assert versions == {"crane": 5, "head": 4, "lift": 5}
    assert [(each.aggregate_type, each.aggregate_id, each.aggregate_version) for each in events] == [
        ("WorkType", "crane", 5),
        ("WorkType", "lift", 5),
    ]
    assert [(told(each).name, told(each).technicians_needed, told(each).active) for each in events] == [
        ("Crane", 3, True),
        ("Lift", 2, False),
    ]
    assert list(told(events[0]).certification_codes) == ["HV-SAFETY"]


def test_technicians_learns_from_it_how_many_the_work_takes(upgraded, tmp_path):
    _, events = upgraded
    url = f"sqlite:///{tmp_path / 'technicians.sqlite3'}"
    migrate("technicians", url)
    database = Database(url)
    following = Following(Booking(engine=None))
    with database.begin(actor=service_actor("technicians")) as transaction:
        for key in ("crane", "lift"):
            transaction.execute(sa.insert(copies).values(id=key, name=key.title(), source_version=4))

    with database.begin(actor=service_actor("technicians")) as transaction:
        for event in (*events, *events):
            following.work_type_changed(transaction, event, told(event))

    with database.read() as connection:
        known = connection.execute(sa.select(copies.c.id, copies.c.technicians_needed).order_by(copies.c.id)).all()
    database.close()
    assert [tuple(row) for row in known] == [("crane", 3), ("lift", 2)]
