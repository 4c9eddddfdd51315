"""nameko's private `_run_worker` still does what the chassis relies on (docs/adr/0003)."""

import threading
import types

import pytest

from services.chassis.container import (
    CONTAINER_PATH,
    PROCESS_KEY,
    Application,
    DependencyProvider,
    ThreadContainer,
    every,
    on_event,
)
from services.chassis.host import ServiceRunner
from services.chassis.identity import current_caller
from services.chassis.inbox import EventHandler

from .probe import Echo

LIFE = []


class Watch(DependencyProvider):
    def get_dependency(self, worker_ctx):
        LIFE.append(("inject", threading.get_ident()))
        return "injected"

    def worker_setup(self, worker_ctx):
        LIFE.append(("setup", threading.get_ident()))

    def worker_result(self, worker_ctx, result=None, exc_info=None):
        LIFE.append(("result", result if exc_info is None else exc_info[0]))

    def worker_teardown(self, worker_ctx):
        LIFE.append(("teardown", threading.get_ident()))


class App:
    def __init__(self, process):
        self.handled = []


class Service:
    name = "workorders"
    watch = Watch()
    app = Application(App)

    @on_event("shipping", Echo, handler="workorders.echo")
    def echoed(self, tx, event, payload):
        LIFE.append(("method", threading.get_ident()))
        if payload.text == "bad":
            raise ValueError("bad")
        self.app.handled.append((tx, payload.text, self.watch, current_caller().subject))
        return "result"

    @every(seconds=60)
    def tick(self):
        """Never due in these tests."""


@pytest.fixture
def container():
    LIFE.clear()
    process = types.SimpleNamespace(handlers=[])
    runner = ServiceRunner({"SERVICE_CONTAINER_CLS": CONTAINER_PATH, PROCESS_KEY: process})
    runner.add_service(Service)
    runner.start()
    (made,) = runner.containers
    yield made
    runner.stop()


def steps():
    return [step for step, _ in LIFE]


def test_the_runner_makes_our_container(container):
    assert isinstance(container, ThreadContainer)


def test_a_workers_whole_life_runs_on_the_calling_thread(container):
    idents = []

    def call():
        idents.append(threading.get_ident())
        handler.handle("tx", types.SimpleNamespace(request_id="r-1"), Echo(text="good"))

    (handler,) = container.process.handlers
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()

    assert steps() == ["inject", "setup", "method", "result", "teardown"]
    assert {value for step, value in LIFE if step != "result"} == set(idents)
    assert ("result", "result") in LIFE


def test_a_handler_is_declared_by_its_permanent_id_and_acts_as_the_service(container):
    (handler,) = container.process.handlers
    app = next(each for each in container.dependencies if isinstance(each, Application)).get_dependency(None)

    handler.handle("tx", types.SimpleNamespace(request_id="r-1"), Echo(text="good"))

    assert isinstance(handler, EventHandler)
    assert (handler.id, handler.producer, handler.event_type) == (
        "workorders.echo",
        "shipping",
        "fieldmesh.probe.v1.Echo",
    )
    assert app.handled == [("tx", "good", "injected", "service:workorders")]


def test_what_a_method_raises_reaches_the_caller_after_the_teardown(container):
    (handler,) = container.process.handlers

    with pytest.raises(ValueError, match="bad"):
        handler.handle("tx", types.SimpleNamespace(request_id="r-1"), Echo(text="bad"))

    assert steps() == ["inject", "setup", "method", "result", "teardown"]
    assert ("result", ValueError) in LIFE


def test_what_then_raises_counts_as_the_workers_failure(container):
    def then(result):
        raise KeyError(result)

    with pytest.raises(KeyError):
        container.run_worker(_tick(container), then=then)

    assert ("result", KeyError) in LIFE
    assert steps()[-1] == "teardown"


def test_a_stream_keeps_its_worker_until_the_caller_leaves(container):
    stream = container.stream_worker(_tick(container), lambda _result: iter("abc"))

    assert next(stream) == "a"
    assert "teardown" not in steps()
    stream.close()

    assert steps()[-1] == "teardown"


def test_many_workers_at_once_do_not_share_their_service_object(container):
    seen = []
    barrier = threading.Barrier(8)

    def then(_result):
        barrier.wait(5)
        seen.append(threading.get_ident())

    threads = [threading.Thread(target=container.run_worker, args=(_tick(container), (), then)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(seen)) == 8


def _tick(container):
    return next(each for each in container.entrypoints if each.method_name == "tick")
