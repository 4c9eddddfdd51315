"""nameko 2.14.1 as the service host, unpatched: what it calls runs on operating-system threads (docs/adr/0003).

Only this module and host.py know nameko. Its eventlet hub runs the life cycle and the ticking of timers, nothing that
waits for a database or a network.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

# Both before eventlet's import: it would announce its retirement on every start, and load a resolver of its own.
warnings.filterwarnings("ignore", message=r"[\s\S]*Eventlet is deprecated")
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

import eventlet  # noqa: E402
from nameko.containers import ServiceContainer, WorkerContext  # noqa: E402
from nameko.extensions import DependencyProvider, Entrypoint  # noqa: E402
from nameko.timer import Timer  # noqa: E402

from services.chassis.identity import Call, calling, service_caller  # noqa: E402
from services.chassis.ids import new_id  # noqa: E402
from services.chassis.inbox import EventHandler  # noqa: E402
from services.chassis.log import get_logger  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message

    from services.chassis.process import Process

log = get_logger(__name__)
F = TypeVar("F", bound="Callable[..., Any]")
PROCESS_KEY: Final = "FIELDMESH_PROCESS"
CONTAINER_PATH: Final = f"{__name__}.ThreadContainer"
# How often the hub looks whether a timer's thread has finished; it cannot be woken from another thread.
_LOOK_SECONDS: Final = 0.02


class ThreadContainer(ServiceContainer):  # type: ignore[misc]
    """A service container whose workers live on the calling thread instead of on a greenlet."""

    @property
    def process(self) -> Process:
        """What the host gave this service: settings, channels, servers."""
        process: Process = self.config[PROCESS_KEY]
        return process

    def run_worker(
        self, entrypoint: Entrypoint, arguments: tuple[Any, ...] = (), then: Callable[[Any], Any] | None = None
    ) -> Any:
        """Run a worker's whole life here and now: inject, set up, call, `then` on the result, tear down.

        Gives what the method, or `then`, gave; raises what it raised. Uses `_run_worker`, which is private to nameko:
        the release is pinned and a test watches it.
        """
        outcomes: list[tuple[Any, Any]] = []

        def keep(_context: WorkerContext, result: Any, exc_info: Any) -> tuple[Any, Any]:
            if exc_info is None and then is not None:
                try:
                    result = then(result)
                except Exception:  # noqa: BLE001 - raised again below, after the tear-down
                    exc_info = sys.exc_info()
            outcomes.append((result, exc_info))
            return result, exc_info

        self._run_worker(WorkerContext(self, self.service_cls(), entrypoint, arguments), keep)
        result, exc_info = outcomes[0]
        if exc_info is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        return result

    def stream_worker(self, entrypoint: Entrypoint, opened: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
        """Like `run_worker`, for a stream: the worker lives until its last item was sent or its caller left."""
        context = WorkerContext(self, self.service_cls(), entrypoint)
        self._inject_dependencies(context)
        self._worker_setup(context)
        failure = None
        try:
            yield from opened(getattr(context.service, entrypoint.method_name)())
        except Exception:
            failure = sys.exc_info()
            raise
        finally:
            self._worker_result(context, None, failure)
            self._worker_teardown(context)


class Application(DependencyProvider):  # type: ignore[misc]
    """The object graph of a service, built once and injected into every worker.

    `build(process)` gives it; where it has `start` or `stop`, they are called after the set-up and after the last
    worker.
    """

    def __init__(self, build: Callable[[Process], Any]) -> None:
        self._build = build
        self._app: Any = None

    def setup(self) -> None:
        process: Process = self.container.process
        process.handlers.extend(entry.handler() for entry in self.container.entrypoints if isinstance(entry, OnEvent))
        self._app = self._build(process)

    def start(self) -> None:
        getattr(self._app, "start", _nothing)()

    def stop(self) -> None:
        getattr(self._app, "stop", _nothing)()

    def get_dependency(self, worker_ctx: WorkerContext) -> Any:  # noqa: ARG002 - nameko's signature
        return self._app


class Serves(Entrypoint):  # type: ignore[misc]
    """Serves contracts with what the decorated method gives: a servicer, or a mapping of them by full name."""

    def __init__(self, *services: ServiceDescriptor, feed: bool = False) -> None:
        self._services = services
        self._feed = feed
        super().__init__()

    def setup(self) -> None:
        process: Process = self.container.process
        server = process.feed_server if self._feed else process.server
        for service in self._services:
            server.add(service, self._behaviour)

    def _behaviour(self, method: MethodDescriptor) -> Callable[[Any, Any], Any]:
        name = method.containing_service.full_name

        def call(given: Any, request: Any, context: Any) -> Any:
            servicer = given[name] if isinstance(given, Mapping) else given
            return getattr(servicer, method.name)(request, context)

        def unary(request: Any, context: Any) -> Any:
            return self.container.run_worker(self, then=lambda given: call(given, request, context))

        def stream(request: Any, context: Any) -> Any:
            return self.container.stream_worker(self, lambda given: call(given, request, context))

        return stream if method.server_streaming else unary


class OnEvent(Entrypoint):  # type: ignore[misc]
    """Handles one type of event of one producer, inside the transaction that marks it as handled.

    `handler` is its permanent id, never the method's name (hard-parts 8); handlers that name one `lane` see the events
    of an aggregate in one common order.
    """

    def __init__(self, producer: str, event: type[Message], *, handler: str, lane: str = "") -> None:
        self._producer = producer
        self._event = event
        self._handler_id = handler
        self._lane = lane
        super().__init__()

    def handler(self) -> EventHandler:
        """What the inbox calls."""
        return EventHandler(self._handler_id, self._producer, self._event, self._handle, self._lane)

    def _handle(self, transaction: Any, event: Any, payload: Message) -> None:
        with calling(_own_call(self.container.service_name, event.request_id)):
            self.container.run_worker(self, (transaction, event, payload))


class Every(Timer):  # type: ignore[misc]
    """Calls the decorated method every `seconds`, on a thread; a run that takes longer delays the next."""

    def __init__(self, seconds: float, *, eager: bool = False) -> None:
        super().__init__(seconds, eager)
        self._pool: ThreadPoolExecutor | None = None

    def start(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"every-{self.method_name}")
        super().start()

    def stop(self) -> None:
        # Where the set-up failed, it was never started, and nameko's timer would stumble over that.
        if self._pool is not None:
            super().stop()
            self._pool.shutdown()

    def handle_timer_tick(self) -> None:
        if self._pool is None:
            raise RuntimeError("the timer ticked before it was started")
        run = self._pool.submit(self._tick)
        while not run.done():
            eventlet.sleep(_LOOK_SECONDS)
        self.worker_complete.send()

    def _tick(self) -> None:
        try:
            with calling(_own_call(self.container.service_name, new_id())):
                self.container.run_worker(self)
        except Exception:
            # The next tick tries again; a timer that died silently would be worse than one that complains.
            log.exception("timer.failed", timer=self.method_name)


def _own_call(service: str, request_id: str) -> Call:
    return Call(service_caller(service, request_id=request_id), request_id)


def _nothing() -> None:
    """Stand in for a hook that an application does not have."""


def serves(*services: ServiceDescriptor, feed: bool = False) -> Callable[[F], F]:
    """Serve contracts with what the decorated method gives: a servicer, or a mapping of them by full name.

    `feed`: on the feed port, for long streams between services.
    """
    return cast("Callable[[F], F]", Serves.decorator(*services, feed=feed))


def on_event(producer: str, event: type[Message], *, handler: str, lane: str = "") -> Callable[[F], F]:
    """Handle a type of event of a producer, as `method(self, transaction, event, payload)`; see OnEvent."""
    return cast("Callable[[F], F]", OnEvent.decorator(producer, event, handler=handler, lane=lane))


def every(seconds: float, *, eager: bool = False) -> Callable[[F], F]:
    """Call the decorated method every so often, on a thread; `eager`: at the start as well."""
    return cast("Callable[[F], F]", Every.decorator(seconds, eager=eager))
