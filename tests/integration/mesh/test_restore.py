"""A backup of one service is put back under a running mesh, from the loss to the last repaired copy (hard-parts 8)."""

import shutil
import sqlite3
import urllib.request
from contextlib import closing

import pytest
from fieldmesh.technicians.v1 import organization_pb2, organization_pb2_grpc

from services.chassis.credentials import PersonCredentials
from services.chassis.grpc_channel import Channels
from services.chassis.keys import signing_key
from services.chassis.tokens import TokenSigner
from services.cli.connection import OPERATOR
from tests.support.mesh import mesh
from tests.support.patience import eventually

PARTNER = organization_pb2.ORGANIZATION_KIND_PARTNER
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def running(tmp_path):
    with mesh(tmp_path, extra={"COLUMNS": "200"}) as made:
        yield made


@pytest.fixture
def directory(running):
    """Organisations of technicians, as the operator."""
    signer = TokenSigner(signing_key(running.data / "keys", "cli"))
    channels = Channels({"technicians": running.target("technicians")}, PersonCredentials(signer, lambda: OPERATOR))
    yield channels.stub(organization_pb2_grpc.OrganizationServiceStub, "technicians")
    channels.close()


def create(directory, name):
    organization = organization_pb2.Organization(name=name, kind=PARTNER, time_zone="America/New_York")
    return directory.CreateOrganization(
        organization_pb2.CreateOrganizationRequest(organization=organization, request_id=name)
    )


def rename(directory, organization, name):
    organization.name = name
    return directory.UpdateOrganization(
        organization_pb2.UpdateOrganizationRequest(organization=organization, update_mask={"paths": ["name"]})
    )


def copied(running):
    """The organisations that workorders knows by name."""
    with closing(sqlite3.connect(running.data / "workorders.sqlite3", timeout=10)) as connection:
        rows = connection.execute("SELECT name FROM organizations WHERE NOT deleted").fetchall()
    return {name for (name,) in rows}


def epoch(running):
    with closing(sqlite3.connect(running.data / "technicians.sqlite3", timeout=10)) as connection:
        return connection.execute("SELECT epoch FROM database_epoch").fetchone()[0]


def stopped(running, service):
    address = f"http://127.0.0.1:{running.environment[f'FIELDMESH_{service.upper()}_METRICS_PORT']}/metrics"
    with urllib.request.urlopen(address, timeout=10) as page:
        return 'fieldmesh_feed_stopped{producer="technicians"} 1.0' in page.read().decode()


def back_up(running, copy):
    with (
        closing(sqlite3.connect(running.data / "technicians.sqlite3", timeout=10)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)


def put_back(running, backup):
    """What an operator does: the copy in place of the file, and nothing left of what went with the file."""
    for suffix in ("-wal", "-shm"):
        (running.data / f"technicians.sqlite3{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, running.data / "technicians.sqlite3")


def test_a_restored_service_is_declared_and_its_readers_are_repaired(running, directory, tmp_path):
    kept = create(directory, "Kept")
    eventually(lambda: copied(running) == {"Kept"})
    back_up(running, tmp_path / "backup")
    rename(directory, kept, "Kept and renamed")
    create(directory, "Lost")
    eventually(lambda: copied(running) == {"Kept and renamed", "Lost"})

    refused = running.fieldmesh("restored", "technicians", "--yes")
    assert (refused.returncode, refused.stderr) == (1, "technicians runs: stop it first.\n")
    running.kill("technicians")
    put_back(running, tmp_path / "backup")
    before = epoch(running)
    asked = running.fieldmesh("restored", "technicians", input="n\n")
    assert asked.returncode == 1
    assert "Go on? [y/N]" in asked.stdout
    assert epoch(running) == before
    declared = running.fieldmesh("restored", "technicians", input="y\n")

    assert declared.returncode == 0, declared.stderr
    assert "notifications, shipping and workorders will stop reading its events" in declared.stdout
    assert "`fieldmesh reconcile`" in declared.stdout
    assert epoch(running) != before

    running.start("technicians")
    create(directory, "New")
    for reader in ("workorders", "shipping", "notifications"):
        eventually(lambda name=reader: stopped(running, name))
    health = running.fieldmesh("health").stdout
    assert "workorders stopped reading the events of technicians: its database was restored." in health
    assert "`fieldmesh reconcile`" in health
    assert copied(running) == {"Kept and renamed", "Lost"}

    reconciled = running.fieldmesh("reconcile")

    assert reconciled.returncode == 0, reconciled.stdout
    assert "workorders reads the feed of technicians again." in reconciled.stdout
    eventually(lambda: copied(running) == {"Kept", "New"})
    create(directory, "Later")
    eventually(lambda: copied(running) == {"Kept", "New", "Later"})
    assert "stopped reading" not in running.fieldmesh("health").stdout
    assert not stopped(running, "workorders")
