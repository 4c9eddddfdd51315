"""The command line against four real services that hold the demo, from the first key to the last damaged row."""

import sqlite3
import time
import urllib.request
from contextlib import closing

import grpc
import pytest
from fieldmesh.workorders.v1 import work_order_service_pb2 as orders_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2_grpc as orders_grpc

from services.chassis.settings import SERVICES
from tests.support.mesh import mesh

ORDERS = 12
SETTLE_SECONDS = 30
# Loading the demo comes before the first test, and other tests may want the machine as well.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with mesh(tmp_path_factory.mktemp("mesh"), services=(), extra={"COLUMNS": "200"}) as made:
        loaded = made.fieldmesh("demo", "--size", str(ORDERS), timeout=300)
        assert loaded.returncode == 0, loaded.stdout + loaded.stderr
        for service in SERVICES:
            made.start(service)
        yield made


@pytest.fixture
def rows(running):
    """Runs statements behind the services' backs."""

    def run(statement, *values):
        with closing(sqlite3.connect(running.data / "workorders.sqlite3", timeout=10)) as connection:
            found = connection.execute(statement, values).fetchall()
            connection.commit()
        return found

    return run


def test_the_demo_leaves_whole_histories_and_nothing_to_reconcile(running):
    verified = running.fieldmesh("verify")
    reconciled = running.fieldmesh("reconcile")

    assert verified.returncode == 0, verified.stdout
    assert f"{ORDERS} histories are whole." in verified.stdout
    assert reconciled.returncode == 0, reconciled.stdout
    copies = [line.split("│")[2:8] for line in reconciled.stdout.splitlines() if line.startswith("│")]
    assert {copy[0].strip() for copy in copies} >= {"Person", "Team", "Organization"}
    assert all(number.strip() == "0" for copy in copies for number in copy[3:6]), reconciled.stdout


def test_the_demo_is_not_loaded_while_services_listen(running):
    done = running.fieldmesh("demo")

    assert done.returncode == 1
    assert "Stop workorders, technicians, shipping, notifications first" in done.stdout


def test_all_services_are_healthy(running):
    done = running.fieldmesh("health")

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("SERVING") == len(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_scrape_tells_how_far_events_are(running, service):
    port = running.environment[f"FIELDMESH_{service.upper()}_METRICS_PORT"]

    def scraped():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            return page.read().decode().splitlines()

    def of(lines, name):
        return [line for line in lines if line.startswith(f"{name}{{")]

    def at_rest():
        lines = scraped()
        feeds = of(lines, "fieldmesh_feed_connected")
        return "fieldmesh_outbox_events 0.0" in lines and feeds and all(line.endswith(" 1.0") for line in feeds)

    # what was just started may still be connecting
    deadline = time.monotonic() + SETTLE_SECONDS
    while not at_rest() and time.monotonic() < deadline:
        time.sleep(0.2)
    lines = scraped()
    assert at_rest(), lines
    assert "fieldmesh_database_up 1.0" in lines
    parked = [line for line in of(lines, "fieldmesh_inbox_events") if 'state="parked"' in line]
    assert len(parked) == len(of(lines, "fieldmesh_feed_connected"))


def test_a_token_opens_what_its_person_may_see(running):
    token = running.fieldmesh("token", "--as", "dispatcher").stdout.strip()
    metadata = [("authorization", f"Bearer {token}")]

    with grpc.insecure_channel(running.target("workorders")) as channel:
        listed = orders_grpc.WorkOrderServiceStub(channel).ListWorkOrders(
            orders_pb2.ListWorkOrdersRequest(), metadata=metadata, timeout=10
        )
        with pytest.raises(grpc.RpcError) as refused:
            list(
                orders_grpc.WorkOrderServiceStub(channel).VerifyHistory(
                    orders_pb2.VerifyHistoryRequest(), metadata=metadata, timeout=10
                )
            )

    assert listed.page.total_size == ORDERS
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("place", "damage", "at"),
    [
        (0, "UPDATE history SET new_value = 'something else' WHERE work_order_id = ? AND sequence = ?", "second"),
        (1, "DELETE FROM history WHERE work_order_id = ? AND sequence = ?", "second"),
        (2, "DELETE FROM history WHERE work_order_id = ? AND sequence = ?", "last"),
    ],
    ids=["altered", "missing", "cut"],
)
def test_verify_names_the_first_damaged_row(running, rows, place, damage, at):
    order_id, number, length = rows(
        "SELECT id, number, history_length FROM work_orders WHERE history_length > 3 ORDER BY id LIMIT 1 OFFSET ?",
        place,
    )[0]
    sequence = length if at == "last" else 2
    assert running.fieldmesh("verify", str(number)).returncode == 0

    rows(damage, order_id, sequence)

    done = running.fieldmesh("verify", str(number))
    assert done.returncode == 1
    assert f"{number}, row {sequence}:" in done.stdout
    assert "1 of 1 history is damaged." in done.stdout
