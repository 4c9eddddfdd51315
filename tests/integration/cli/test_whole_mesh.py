"""The command line against four real services that hold the demo, from the first key to the last damaged row."""

import sqlite3
import urllib.request
from contextlib import closing
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import grpc
import pytest
from fieldmesh.technicians.v1 import availability_service_pb2, availability_service_pb2_grpc
from fieldmesh.workorders.v1 import work_order_service_pb2 as orders_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2_grpc as orders_grpc
from google.type.date_pb2 import Date

from services.chassis.settings import SERVICES
from services.cli.demo import second_vendor
from services.cli.demo.approvals import WISHES
from services.cli.demo.plans import FIRST
from services.cli.demo.utility import ERRANDS
from services.workorders.definitions import load_workflows
from tests.support.mesh import mesh
from tests.support.patience import eventually

ORDERS = len(FIRST)
TODAY = datetime.now(UTC).date()
TOLD = ORDERS + len(WISHES) + len(ERRANDS) + len(second_vendor.ERRANDS)
NUMBERED = {"line_item", "action_item", "estimate", "note", "return_proof", "ordered_again"}
pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]  # the demo is loaded once


@pytest.fixture(scope="module")
def running(first_start, tmp_path_factory):
    with mesh(first_start.copied(tmp_path_factory.mktemp("mesh") / "data"), extra={"COLUMNS": "200"}) as made:
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


@pytest.fixture
def altered(rows):
    """The order of the demo whose history was altered: a departure that the order itself does not know."""
    return rows(
        "SELECT number FROM work_orders JOIN history ON work_order_id = work_orders.id"
        " WHERE field = 'visit.depart_time' AND new_value < '2021'"
    )[0][0]


@pytest.mark.req("B-3")
def test_verify_finds_the_one_history_of_the_demo_that_was_altered(running, altered):
    verified = running.fieldmesh("verify")

    assert verified.returncode == 1, verified.stdout
    assert f"{altered}, row " in verified.stdout
    assert f"1 of {TOLD} histories are damaged." in verified.stdout


def test_the_demo_leaves_nothing_to_reconcile(running):
    reconciled = running.fieldmesh("reconcile")

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
    eventually(at_rest, pause=0.2)
    lines = scraped()
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


@pytest.mark.req("R-4")
def test_the_demos_technician_has_a_visit_today_whatever_day_of_the_week_it_is(running, rows):
    def signed(service):
        token = running.fieldmesh("token", "--as", "technician", "--audience", service).stdout.strip()
        return [("authorization", f"Bearer {token}")]

    day = Date(year=TODAY.year, month=TODAY.month, day=TODAY.day)
    zones = {ZoneInfo(zone) for (zone,) in rows("SELECT DISTINCT site_time_zone FROM work_orders") if zone}

    with grpc.insecure_channel(running.target("workorders")) as channel:
        listed = orders_grpc.WorkOrderServiceStub(channel).ListWorkOrders(
            orders_pb2.ListWorkOrdersRequest(), metadata=signed("workorders"), timeout=10
        )
    with grpc.insecure_channel(running.target("technicians")) as channel:
        answer = availability_service_pb2_grpc.AvailabilityServiceStub(channel).ListAvailability(
            availability_service_pb2.ListAvailabilityRequest(first_day=day, last_day=day),
            metadata=signed("technicians"),
            timeout=10,
        )

    days = {datetime.now(zone).date() for zone in zones} | {TODAY}
    visits = [order.appointment.date for order in listed.work_orders if order.category == 1]
    assert any(date(each.year, each.month, each.day) in days for each in visits if each.year)
    assert [(each.name, each.has_shifts) for each in answer.technicians] == [("Allan Heward", True)]


@pytest.mark.req("B-3")
def test_the_history_of_every_demo_order_replays_to_its_present_state(rows):
    orders = rows("SELECT id, number, state_label, history_length FROM work_orders")

    for order_id, number, label, length in orders:
        told = rows(
            "SELECT field, old_value, new_value FROM history WHERE work_order_id = ? ORDER BY sequence", order_id
        )
        present = {}
        for field, old, new in told:
            # Line items, notes and the like share a field each; every one begins with its number.
            key = (field, (old or new).split()[0] if field in NUMBERED else "")
            assert present.get(key, old) == old, (number, field)
            present[key] = new
        assert (present["state", ""], len(told)) == (label, length), number
    assert len(orders) == TOLD


WORKFLOWS = ("partner_service", "facility_approval", "utility_request")
# Orders go on by themselves from this one: parts that were delivered are used.
PASSED = {("partner_service", "Parts Delivered")}


def test_the_demo_has_an_order_in_every_state_that_orders_stay_in(rows):
    shipped = (load_workflows().latest(name).definition for name in WORKFLOWS)
    states = {(definition.name, state.label) for definition in shipped for state in definition.states.values()}

    stand = set(rows("SELECT DISTINCT workflow, state_label FROM work_orders"))
    went_through = set(
        rows(
            "SELECT DISTINCT workflow, new_value FROM history JOIN work_orders ON work_orders.id = work_order_id "
            "WHERE field = 'state'"
        )
    )

    assert stand == states - PASSED
    assert went_through >= PASSED


@pytest.mark.req("B-3")
def test_an_anchor_of_the_demo_holds_until_a_chain_is_another(running, rows, altered, tmp_path):
    file = tmp_path / "anchor.jsonl"
    made = running.fieldmesh("anchor", str(file))
    held = running.fieldmesh("verify", "--anchor", str(file))
    order_id, number, head = rows(
        "SELECT id, number, history_head FROM work_orders WHERE number <> ? ORDER BY number LIMIT 1", altered
    )[0]
    rows("UPDATE work_orders SET id = ? WHERE id = ?", f"gone-{order_id[:30]}", order_id)

    gone = running.fieldmesh("verify", "--anchor", str(file))

    rows("UPDATE work_orders SET id = ? WHERE history_head = ?", order_id, head)
    assert (made.returncode, held.returncode, gone.returncode) == (0, 1, 1), made.stdout + held.stdout
    assert f"1 of {TOLD} histories are damaged." in held.stdout
    assert f"{altered}, row " in held.stdout
    assert f"2 of {TOLD} histories are damaged." in gone.stdout
    assert number in gone.stdout


@pytest.mark.parametrize(
    "case",
    [
        (0, "UPDATE history SET new_value = 'something else' WHERE work_order_id = ? AND sequence = ?", "second"),
        (1, "DELETE FROM history WHERE work_order_id = ? AND sequence = ?", "second"),
        (2, "DELETE FROM history WHERE work_order_id = ? AND sequence = ?", "last"),
        (3, "UPDATE history SET sequence = sequence + 1 WHERE work_order_id = ? AND sequence = ?", "last"),
    ],
    ids=["altered", "missing", "cut", "moved"],
)
def test_verify_names_the_first_damaged_row(running, rows, altered, case):
    place, damage, at = case
    order_id, number, length = rows(
        "SELECT id, number, history_length FROM work_orders WHERE history_length > 3 AND number <> ?"
        " ORDER BY id LIMIT 1 OFFSET ?",
        altered,
        place,
    )[0]
    sequence = length if at == "last" else 2
    assert running.fieldmesh("verify", str(number)).returncode == 0

    rows(damage, order_id, sequence)

    done = running.fieldmesh("verify", str(number))
    assert done.returncode == 1
    assert f"{number}, row {sequence}:" in done.stdout
    assert "1 of 1 history is damaged." in done.stdout
