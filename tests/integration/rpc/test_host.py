"""A service as a process: it starts in order, finishes its work, and ends in order (hard-parts 18, nameko.md)."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.errors import NotFound
from tests.support.mesh import free_ports
from tests.support.patience import eventually

from .probe import Echo, ProbeStub

ROOT = Path(__file__).resolve().parents[3]


class Running:
    def __init__(self, process, address, metrics, journal):
        self.process = process
        self.address = address
        self.metrics = metrics
        self._journal = journal

    def journal(self):
        return self._journal.read_text().splitlines() if self._journal.exists() else []


@pytest.fixture
def environment(keys_folder, tmp_path):
    port, feed, metrics = free_ports(3)
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("FIELDMESH_")},
        "FIELDMESH_DATA": str(tmp_path),
        "FIELDMESH_KEYS": str(keys_folder),
        "FIELDMESH_LOG_FORMAT": "json",
        "FIELDMESH_WORKORDERS_PORT": str(port),
        "FIELDMESH_WORKORDERS_FEED_PORT": str(feed),
        "FIELDMESH_WORKORDERS_METRICS_PORT": str(metrics),
        "SAMPLE_JOURNAL": str(tmp_path / "journal"),
    }


def begin(environment):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.rpc.sample_service"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def running(environment):
    started = []

    def make(**extra):
        variables = environment | extra
        process = begin(variables)
        started.append(process)
        address = f"127.0.0.1:{variables['FIELDMESH_WORKORDERS_PORT']}"
        eventually(lambda: process.poll() is not None or health(address) == health_pb2.HealthCheckResponse.SERVING)
        return Running(
            process, address, variables["FIELDMESH_WORKORDERS_METRICS_PORT"], Path(variables["SAMPLE_JOURNAL"])
        )

    yield make
    for process in started:
        process.kill()
        process.communicate()


def health(address):
    with grpc.insecure_channel(address) as channel:
        try:
            return health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1).status
        except grpc.RpcError:
            return None


def test_sigterm_ends_it_with_the_work_in_flight_finished(running, person):
    service = running()
    stub = person(service).stub(ProbeStub, "workorders")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(stub.GetEcho(Echo(text="slow")).text))
    thread.start()
    eventually(lambda: "call begins" in service.journal())

    service.process.send_signal(signal.SIGTERM)
    code = service.process.wait(10)

    assert code == 0
    thread.join()
    assert answers == ["done"]
    assert service.journal()[0] == "app starts"
    assert service.journal()[-1] == "app stops"
    assert service.journal().index("call ends") < len(service.journal()) - 1


def test_an_idle_service_ends_in_order(running):
    service = running()

    service.process.send_signal(signal.SIGINT)

    assert service.process.wait(10) == 0
    assert "Eventlet is deprecated" not in service.process.stdout.read()


def test_timers_tick_as_the_service_itself_while_calls_are_answered(running, person):
    service = running()
    stub = person(service).stub(ProbeStub, "workorders")

    eventually(lambda: service.journal().count("tick service:workorders") >= 3)

    assert stub.GetEcho(Echo(text="x")).text == "x"
    with pytest.raises(NotFound):
        stub.GetEcho(Echo(text="missing"))
    assert [echo.text for echo in stub.ReadEchoes(Echo())] == ["p-1", "p-1"]


def test_it_ends_when_its_launcher_is_gone(running):
    launcher = subprocess.Popen(["sleep", "60"])
    service = running(FIELDMESH_LAUNCHER_PID=str(launcher.pid))
    time.sleep(0.3)
    assert service.process.poll() is None

    launcher.kill()

    # The launcher is a zombie now: nobody has asked for its exit code yet.
    assert service.process.wait(5) == 0
    launcher.wait()


def test_a_failure_of_what_it_cannot_do_without_ends_it_with_an_error(running):
    service = running(SAMPLE_FAILS="1")

    assert service.process.wait(5) == 1


def test_a_taken_port_is_one_sentence_and_nothing_is_left_half_started(running, environment):
    service = running()
    second = begin(environment | {"SAMPLE_JOURNAL": os.devnull})

    output, _ = second.communicate(timeout=20)

    assert second.returncode == 2
    assert f"{environment['FIELDMESH_WORKORDERS_METRICS_PORT']} is taken" in output
    assert "Traceback" not in output
    assert health(service.address) == health_pb2.HealthCheckResponse.SERVING


def test_wrong_settings_are_named_all_at_once_before_anything_listens(environment):
    process = begin(environment | {"FIELDMESH_LOG_FORMAT": "xml", "FIELDMESH_SHIPPING_PORT": "0"})

    output, _ = process.communicate(timeout=20)

    assert process.returncode == 2
    assert "FIELDMESH_LOG_FORMAT" in output
    assert "FIELDMESH_SHIPPING_PORT" in output
    assert "Traceback" not in output


def test_a_set_up_that_breaks_is_told_as_it_is(environment):
    process = begin(environment | {"SAMPLE_BREAKS": "1"})

    output, _ = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "RuntimeError: the sample breaks" in output.strip().splitlines()[-1]
    assert health(f"127.0.0.1:{environment['FIELDMESH_WORKORDERS_PORT']}") is None


def test_a_missing_key_names_the_command_that_makes_it(environment, tmp_path):
    process = begin(environment | {"FIELDMESH_KEYS": str(tmp_path / "none")})

    output, _ = process.communicate(timeout=20)

    assert process.returncode == 2
    assert "run: fieldmesh keys" in output


def test_the_metrics_page_counts_calls(running, person):
    import urllib.request

    service = running()
    person(service).stub(ProbeStub, "workorders").GetEcho(Echo(text="x"))

    with urllib.request.urlopen(f"http://127.0.0.1:{service.metrics}/metrics", timeout=5) as page:
        text = page.read().decode()

    assert 'fieldmesh_rpc_calls_total{code="OK",method="fieldmesh.probe.v1.ProbeService/GetEcho"} 1.0' in text
