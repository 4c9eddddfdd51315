"""The command line as a person runs it, against services that answer over real sockets."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fieldmesh.common.v1 import operations_pb2
from fieldmesh.shipping.v1 import shipment_pb2, shipping_service_pb2
from fieldmesh.technicians.v1 import person_pb2, technicians_service_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2

from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.grpc_server import RpcServer, ServerLimits
from services.chassis.identity import current_caller
from services.chassis.keys import PublicKeys, ensure_keys
from services.chassis.metrics import RpcMetrics
from services.chassis.migrations import migrate
from services.chassis.settings import SERVICES
from services.chassis.tokens import TokenVerifier
from tests.support.mesh import free_ports
from tests.support.servers import postgres_database

ROOT = Path(__file__).resolve().parents[3]
DIRECTORY = technicians_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"]
FULFILMENT = shipping_service_pb2.DESCRIPTOR.services_by_name["FulfilmentDeskService"]
ORDERS = work_order_service_pb2.DESCRIPTOR.services_by_name["WorkOrderService"]
OPERATIONS = operations_pb2.DESCRIPTOR.services_by_name["OperationsService"]


class Answers:
    """Stands for all services: notes each request with its caller, and answers what the test put there."""

    def __init__(self):
        self.asked = []
        self.answers = {}

    def __getattr__(self, name):
        def answer(request, context):
            self.asked.append((name, current_caller(), request))
            return self.answers[name](request)

        return answer


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def environment(tmp_path, answers):
    ensure_keys(tmp_path / "keys")
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    servers = []
    for service, contract in (("technicians", DIRECTORY), ("shipping", FULFILMENT), ("workorders", ORDERS)):
        verifier = TokenVerifier(service, PublicKeys(tmp_path / "keys"))
        server = RpcServer(f"127.0.0.1:{ports[service]}", ServerLimits.main(4), verifier, RpcMetrics(service))
        server.add_servicer(contract, answers)
        server.add_servicer(OPERATIONS, answers)
        server.start()
        server.serving()
        servers.append(server)
    yield {
        "PATH": "/usr/bin:/bin",
        "COLUMNS": "200",
        "FIELDMESH_DATA": str(tmp_path),
        **{f"FIELDMESH_{service.upper()}_PORT": str(port) for service, port in ports.items()},
    }
    for server in servers:
        server.stop(0).wait(5)


@pytest.fixture
def run(environment):
    def fieldmesh(*arguments, **extra):
        return subprocess.run(
            [sys.executable, "-m", "services.cli.main", *arguments],
            cwd=ROOT,
            env=environment | extra,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return fieldmesh


def dana(request):
    if request.login != "dispatcher":
        raise NotFound("Nobody signs in by this name.", reason="LOGIN_NOT_FOUND")
    return technicians_service_pb2.ResolveLoginResponse(
        person=person_pb2.Person(id="p-1", name="Dana", roles=["dispatcher"], organization_id="o-1"),
        organization_kind="vendor",
    )


def test_a_token_for_a_login_is_printed_alone_and_names_the_person(run, answers, environment):
    answers.answers["ResolveLogin"] = dana

    done = run("token", "--as", "dispatcher", "--audience", "shipping")

    keys = PublicKeys(Path(environment["FIELDMESH_DATA"]) / "keys")
    caller = TokenVerifier("shipping", keys).verify(done.stdout.strip())
    assert (caller.subject, caller.roles, caller.organization_id, caller.organization_kind) == (
        "p-1",
        {"dispatcher"},
        "o-1",
        "vendor",
    )
    ((_, asker, _),) = answers.asked
    assert asker.subject == "service:cli"


def test_an_unknown_login_is_one_sentence_and_no_token(run, answers):
    answers.answers["ResolveLogin"] = dana

    done = run("token", "--as", "nobody")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "Nobody signs in by this name.\n"


def test_a_token_for_a_service_that_is_not_there_is_refused(run):
    assert run("token", "--as", "dispatcher", "--audience", "payroll").returncode == 2


def test_a_service_that_does_not_answer_is_one_sentence(run, environment):
    done = run("token", "--as", "dispatcher", FIELDMESH_TECHNICIANS_PORT=str(free_ports(1)[0]))

    assert done.returncode == 1
    assert done.stderr == "The technicians service does not answer; try again.\n"


def test_wrong_settings_are_named(run):
    done = run("health", FIELDMESH_LOG_FORMAT="xml")

    assert done.returncode == 2
    assert "FIELDMESH_LOG_FORMAT" in done.stderr


def test_keys_are_made_once(run, tmp_path):
    first = run("keys", FIELDMESH_KEYS=str(tmp_path / "fresh"))
    again = run("keys", FIELDMESH_KEYS=str(tmp_path / "fresh"))

    assert "Created keys for admin, cli, workorders" in first.stdout
    assert "All 6 keys are in" in again.stdout


def test_track_sends_what_a_carrier_says(run, answers):
    answers.answers["IngestTracking"] = lambda _: shipping_service_pb2.IngestTrackingResponse(
        results=[shipping_service_pb2.TrackingResult(parcel_id="parcel-1", applied=True)]
    )
    began = datetime.now(UTC)

    done = run("track", "1Z1", "out-for-delivery", "--expected", "2026-12-01", "--order", "FSO-1", "--optional")

    assert "Applied" in done.stdout
    ((_, caller, request),) = answers.asked
    (update,) = request.updates
    assert caller.is_service
    assert request.request_id
    assert (update.tracking_number, update.fulfilment_order_number, update.optional_parcel) == ("1Z1", "FSO-1", True)
    assert update.state == shipment_pb2.PARCEL_STATE_OUT_FOR_DELIVERY
    assert (update.expected_delivery_date.year, update.expected_delivery_date.day) == (2026, 1)
    assert timedelta(0) <= update.occur_time.ToDatetime(UTC) - began < timedelta(seconds=30)
    assert update.carrier_sequence > began.timestamp() * 1000 - 1


def test_track_without_a_state_changes_the_date_only(run, answers):
    answers.answers["IngestTracking"] = lambda _: shipping_service_pb2.IngestTrackingResponse(
        results=[shipping_service_pb2.TrackingResult(parcel_id="parcel-1", message="A newer event said so already.")]
    )

    done = run("track", "1Z1", "--expected", "2026-12-01", "--sequence", "7", "--at", "2026-11-01T10:00")

    assert "it changed nothing: A newer event said so already." in done.stdout
    (update,) = answers.asked[0][2].updates
    assert (update.state, update.carrier_sequence) == (0, 7)
    assert update.occur_time.ToDatetime(UTC) == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_a_refused_event_exits_with_an_error(run, answers):
    answers.answers["IngestTracking"] = lambda _: shipping_service_pb2.IngestTrackingResponse(
        results=[shipping_service_pb2.TrackingResult(refused=True, message="No such parcel.")]
    )

    done = run("track", "1Z1", "delivered")

    assert done.returncode == 1
    assert "No such parcel." in done.stdout


def test_wrong_fields_are_listed(run, answers):
    def refuse(_request):
        raise InvalidRequest("Some fields are wrong.", violations=[Violation("updates[0].carrier", "is required")])

    answers.answers["IngestTracking"] = refuse

    done = run("track", "1Z1", "delivered", "--carrier", "")

    assert done.stderr == "Some fields are wrong.\n  updates[0].carrier: is required\n"


def test_verify_names_the_first_bad_row_of_each_history(run, answers):
    step = work_order_service_pb2.VerifyHistoryResponse
    answers.answers["VerifyHistory"] = lambda _: iter(
        [
            step(checked=1, total=3),
            step(checked=2, total=3, work_order_number="WO-2", sequence=4, fault="The row was altered."),
            step(checked=3, total=3),
        ]
    )

    done = run("verify")

    assert done.returncode == 1
    assert "WO-2, row 4: The row was altered." in done.stdout
    assert "1 of 3 histories are damaged." in done.stdout
    assert answers.asked[0][1].is_admin


def test_verify_of_whole_histories_says_how_many(run, answers):
    answers.answers["VerifyHistory"] = lambda _: iter(
        [work_order_service_pb2.VerifyHistoryResponse(checked=2, total=2)]
    )

    done = run("verify", "WO-1")

    assert done.returncode == 0
    assert "2 histories are whole." in done.stdout
    assert answers.asked[0][2].work_order == "WO-1"


@pytest.mark.req("B-3")
def test_an_anchor_is_written_once_and_compared_with_later(run, answers, tmp_path):
    contract, file = work_order_service_pb2, tmp_path / "anchor.jsonl"
    held = [
        contract.HistoryAnchor(work_order_id=f"id-{n}", work_order_number=f"WO-{n}", length=n, head="a") for n in (1, 2)
    ]
    answers.answers["ExportAnchors"] = lambda _: iter([contract.ExportAnchorsResponse(anchors=held, total=2)])
    answers.answers["VerifyHistory"] = lambda _: iter([contract.VerifyHistoryResponse(checked=2, total=2)])
    rewritten = contract.VerifyHistoryResponse(work_order_number="WO-2", sequence=2, fault="The chain was rewritten.")
    answers.answers["CheckAnchors"] = lambda _: contract.CheckAnchorsResponse(faults=[rewritten])

    made, again = run("anchor", str(file)), run("anchor", str(file))
    compared = run("verify", "--anchor", str(file))
    file.write_text(file.read_text().replace("id-2", "id-3"))
    damaged = run("verify", "--anchor", str(file))

    assert (made.returncode, again.returncode, compared.returncode, damaged.returncode) == (0, 1, 1, 1)
    assert "2 histories anchored" in made.stdout
    assert "WO-2, row 2: The chain was rewritten." in compared.stdout
    assert [each.head for name, _, asked in answers.asked if name == "CheckAnchors" for each in asked.anchors] == [
        "a",
        "a",
    ]
    assert "was changed or cut since it was written" in damaged.stdout


def test_health_shows_every_service_and_fails_where_one_is_gone(run, answers):
    answers.answers["GetServiceStatus"] = lambda _: operations_pb2.ServiceStatus(
        service="any",
        version="0.1.0",
        database="sqlite",
        transport="feed",
        outbox_backlog=7,
        lags=[operations_pb2.Lag(producer="shipping", waiting=3, parked=2)],
    )

    done = run("health")

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    (workorders,) = [line for line in lines if "│ workorders" in line]
    (notifications,) = [line for line in lines if "│ notifications" in line]
    assert "SERVING" in workorders
    assert [cell.strip() for cell in workorders.split("│")][5:8] == ["7", "3", "2"]
    assert "unreachable" in notifications
    assert "workorders gets no events from shipping now." in done.stdout


def test_health_says_why_a_feed_stopped_and_what_to_run(run, answers):
    reasons = ("FEED_EPOCH_CHANGED", "FEED_REWOUND", "FEED_PURGED")
    answers.answers["GetServiceStatus"] = lambda _: operations_pb2.ServiceStatus(
        lags=[operations_pb2.Lag(producer="shipping", stopped_reason=reason) for reason in reasons]
    )

    notes = [line for line in run("health").stdout.splitlines() if line.startswith("workorders stopped reading")]

    assert [note.partition(": ")[2] for note in notes] == [
        "its database was restored. Run `fieldmesh reconcile`.",
        "its database is older than what was read, as after a restore that nobody declared. Run `fieldmesh reconcile`.",
        "it does not keep all of them any more. Run `fieldmesh reconcile`.",
    ]


def test_a_restore_is_declared_of_a_service_that_there_is_and_that_does_not_run(run):
    unknown = run("restored", "payroll", "--yes")
    serving = run("restored", "shipping", "--yes")
    nowhere = run("restored", "notifications", "--yes")

    assert unknown.returncode == 2
    assert "workorders, technicians, shipping, notifications" in unknown.stderr
    assert (serving.returncode, serving.stderr) == (1, "shipping runs: stop it first.\n")
    assert nowhere.returncode == 1
    assert "notifications.sqlite3: put the backup there first." in nowhere.stderr


def test_with_a_broker_a_restore_stops_nobody(run):
    with postgres_database() as address:
        migrate("notifications", address)

        done = run(
            "restored",
            "notifications",
            "--yes",
            FIELDMESH_BROKER_URL="amqp://broker/",
            FIELDMESH_NOTIFICATIONS_DATABASE_URL=address,
        )

    assert done.returncode == 0, done.stderr
    assert "nobody stops" in done.stdout
    assert "`fieldmesh reconcile`" in done.stdout


def test_reconcile_says_what_differed_and_who_could_not_be_asked(run, answers):
    def found(_request):
        return operations_pb2.ReconcileResponse(
            types=[
                operations_pb2.ReconciledType(producer="technicians", aggregate_type="Person", checked=12, behind=3)
            ],
            resumed_producers=["technicians"],
        )

    answers.answers["Reconcile"] = found

    done = run("reconcile")

    assert done.returncode == 1
    assert "notifications: The notifications service does not answer; try again." in done.stdout
    assert "workorders reads the feed of technicians again." in done.stdout
    (row,) = [line for line in done.stdout.splitlines() if "│ workorders" in line]
    assert [cell.strip() for cell in row.split("│")][2:6] == ["Person", "technicians", "12", "3"]
    assert all(caller.is_admin for name, caller, _ in answers.asked if name == "Reconcile")
