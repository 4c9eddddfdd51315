"""Projections take newer versions only, and reconciling repairs them (hard-parts 10), on both stacks."""

from types import SimpleNamespace

import pytest
from fieldmesh.common.v1 import events_pb2, types_pb2
from sqlalchemy import delete, insert, select, update

from services.chassis import outbox
from services.chassis.errors import InvalidRequest, WrongState
from services.chassis.inbox import EventHandler, Inbox
from services.chassis.lanes import LaneWorkers
from services.chassis.projections import Projection, compare, reconcile
from services.chassis.tables import OWN
from services.chassis.versions_servicer import VersionedSource, VersionsServicer

from .conftest import ME, THINGS

PEOPLE = Projection("source", "Thing", THINGS, version_column="version")


def rows(database):
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(THINGS).order_by(THINGS.c.id))]


@pytest.fixture
def mesh(make_database):
    """A source with things, a copy of them, and the way between, carried by hand."""

    def publish(transaction, row):
        event = types_pb2.Address(street=row.value, city="deleted" if row.deleted else "")
        return transaction.publish(event, "Thing", row.id, row.version)

    def project(transaction, event, payload):
        if payload.city:
            PEOPLE.bury(transaction, event.aggregate_id, event.aggregate_version)
        else:
            PEOPLE.upsert(transaction, event.aggregate_id, event.aggregate_version, {"value": payload.street})

    source, copy = make_database(), make_database()
    inbox = Inbox(copy, "tests", [EventHandler("tests.person", "source", types_pb2.Address, project)])
    workers = LaneWorkers(inbox)
    servicer = VersionsServicer(source, "source", {"Thing": VersionedSource(THINGS, publish, deleted_column="deleted")})

    def carry():
        with source.read() as connection:
            sent = connection.execute(select(OWN.outbox).order_by(OWN.outbox.c.sequence)).all()
        with copy.begin(actor=ME) as transaction:
            inbox.accept(transaction, [outbox.event_of(row, "source", "e") for row in sent])
        workers.run_until_idle()

    def write(identity, version, value="", *, deleted=0):
        with source.begin(actor=ME) as transaction:
            transaction.execute(delete(THINGS).where(THINGS.c.id == identity))
            transaction.execute(insert(THINGS).values(id=identity, version=version, value=value, deleted=deleted))
            publish(transaction, transaction.execute(select(THINGS).where(THINGS.c.id == identity)).one())

    def repair():
        return reconcile(
            copy,
            "tests",
            PEOPLE,
            lambda request: servicer.ListVersions(request, None),
            lambda request: servicer.Republish(request, None),
        )

    return SimpleNamespace(source=source, copy=copy, carry=carry, write=write, repair=repair, servicer=servicer)


def test_an_older_version_never_overwrites_a_newer_one(database):
    with database.begin(actor=ME) as transaction:
        outcomes = [PEOPLE.upsert(transaction, "a", version, {"value": f"v{version}"}) for version in (2, 1, 2, 3)]

    assert outcomes == [True, False, False, True]
    assert rows(database) == [("a", 3, "v3", 0)]


def test_an_older_event_does_not_bring_a_deleted_row_back(database):
    with database.begin(actor=ME) as transaction:
        PEOPLE.bury(transaction, "a", 2)
        PEOPLE.upsert(transaction, "a", 1, {"value": "late"})

    assert rows(database) == [("a", 2, "", 1)]


def test_a_projection_that_follows_has_no_difference(mesh):
    mesh.write("a", 1, "x")
    mesh.write("b", 2, deleted=1)
    mesh.carry()

    assert not mesh.repair()
    assert rows(mesh.copy) == rows(mesh.source)


def test_lost_rows_lost_changes_and_lost_deletions_are_repaired(mesh):
    for identity in "abc":
        mesh.write(identity, 1, "x")
    mesh.carry()
    mesh.write("b", 2, "y")
    mesh.write("c", 2, deleted=1)
    mesh.write("d", 1, "z")
    with mesh.source.begin(actor=ME) as transaction:
        transaction.execute(delete(OWN.outbox))

    found = mesh.repair()
    mesh.carry()

    assert (found.checked, sorted(found.behind), found.ahead, found.surplus) == (4, ["b", "c", "d"], (), ())
    assert [row[:2] for row in rows(mesh.copy)] == [("a", 1), ("b", 2), ("c", 2), ("d", 1)]
    assert not mesh.repair()


def test_after_a_restore_what_is_ahead_goes_back_and_what_is_gone_is_buried(mesh):
    """Taking newer versions only would keep what the restored source no longer has, for ever."""
    mesh.write("a", 1, "old")
    mesh.write("a", 5, "lost by the restore")
    mesh.write("b", 1, "born after the backup")
    mesh.carry()
    with mesh.source.begin(actor=ME) as transaction:
        transaction.execute(update(THINGS).where(THINGS.c.id == "a").values(version=1, value="old"))
        transaction.execute(delete(THINGS).where(THINGS.c.id == "b"))

    found = mesh.repair()
    mesh.carry()

    assert (found.ahead, found.surplus) == (("a",), ("b",))
    assert rows(mesh.copy) == [("a", 1, "old", 0), ("b", 0, "born after the backup", 1)]
    assert not mesh.repair()


def test_versions_come_in_pages(mesh):
    with mesh.source.begin(actor=ME) as transaction:
        transaction.execute(insert(THINGS), [{"id": f"{number:05}", "version": 1} for number in range(2001)])

    found = compare(mesh.copy, PEOPLE, lambda request: mesh.servicer.ListVersions(request, None))

    assert (found.checked, len(found.behind)) == (2001, 2001)
    assert mesh.repair()
    with mesh.source.read() as connection:
        assert outbox.head(connection) == 2001


def test_a_type_that_is_not_offered_is_refused_and_the_feed_too(mesh):
    for request, method in (
        (events_pb2.ListVersionsRequest(aggregate_type="Other"), mesh.servicer.ListVersions),
        (events_pb2.RepublishRequest(aggregate_type="Other"), mesh.servicer.Republish),
        (
            events_pb2.RepublishRequest(aggregate_type="Thing", aggregate_ids=["x"] * 1001),
            mesh.servicer.Republish,
        ),
    ):
        with pytest.raises(InvalidRequest):
            method(request, None)
    with pytest.raises(WrongState):
        mesh.servicer.ReadFeed(events_pb2.ReadFeedRequest(), None)
