"""What surrounds every served call: request id, identity, access, log, metrics, and the mapping of errors.

Servicers raise meaning; here it becomes google.rpc.Status, once (style 3). Each call runs in a context of its own, so
that nothing bound for one leaks into the next call on the same thread.
"""

from __future__ import annotations

import contextvars
import math
import re
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import grpc
import structlog
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.chassis.access import check_access, find_method
from services.chassis.authentication import authenticate
from services.chassis.errors import ERROR_DOMAIN, Exhausted, is_refusal, refusal_status
from services.chassis.identity import Call, enter
from services.chassis.ids import new_id
from services.chassis.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.chassis.metrics import RpcMetrics
    from services.chassis.tokens import TokenVerifier

REQUEST_ID_KEY: Final = "x-request-id"
# Open to everybody: they tell nothing but the contract and whether the service is up.
OPEN_SERVICES: Final = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/")
_HEALTH: Final = OPEN_SERVICES[0]
# Anybody may ask for reflection, and each asking holds a thread until its caller hangs up.
_OPEN_STREAMS: Final = 2
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")

log = get_logger(__name__)


class StreamSlots:
    """How many streams may hold a thread of the main pool at once; the rest answers short calls (hard-parts 18)."""

    def __init__(self, limit: int) -> None:
        self._free = threading.BoundedSemaphore(limit)

    def take(self) -> None:
        """Take a slot, or raise Exhausted at once: waiting would hold the very thread that is to be spared."""
        if not self._free.acquire(blocking=False):
            raise Exhausted("Too many streams are open; try again shortly.", reason="TOO_MANY_STREAMS")

    def give_back(self) -> None:
        self._free.release()


class InFlight:
    """How many calls a server works on: for gRPC a call is over when its caller has left, though a thread goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def change(self, by: int) -> None:
        with self._lock:
            self._count += by


class CallInterceptor(grpc.ServerInterceptor):
    """Surrounds every call of one server."""

    def __init__(self, verifier: TokenVerifier, metrics: RpcMetrics, stream_slots: int | None = None) -> None:
        self._verifier = verifier
        self._metrics = metrics
        self._slots = StreamSlots(stream_slots) if stream_slots else None
        self._open_slots = StreamSlots(_OPEN_STREAMS)
        self.in_flight = InFlight()
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def intercept_service(
        self, continuation: Callable[[Any], grpc.RpcMethodHandler[Any, Any] | None], details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        method: str = details.method
        handler = self._wrapped.get(method)
        if handler is None:
            found = continuation(details)
            # Health holds no thread and keeps marks on its own functions, so it passes untouched.
            if found is None or method.startswith(_HEALTH):
                return found
            handler = self._wrapped[method] = self._surround(method, found)
        return handler

    def _surround(self, method: str, handler: Any) -> Any:
        slots = None
        if handler.request_streaming or handler.response_streaming:
            slots = self._open_slots if method.startswith(OPEN_SERVICES) else self._slots
        served = _Served(method, self._verifier, self._metrics, (slots, self.in_flight))
        kind = f"{_arity(handler.request_streaming)}_{_arity(handler.response_streaming)}"
        behaviour = getattr(handler, kind)
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        run = served.stream if handler.response_streaming else served.unary
        return make(
            lambda request, context: run(behaviour, request, context),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


class _Served:
    """One method of one server, with all that surrounds it."""

    def __init__(
        self,
        path: str,
        verifier: TokenVerifier,
        metrics: RpcMetrics,
        shared: tuple[StreamSlots | None, InFlight],
    ) -> None:
        self._method = find_method(path)
        self._open = path.startswith(OPEN_SERVICES)
        self._name = path.lstrip("/")
        self._verifier = verifier
        self._metrics = metrics
        self._slots, self._in_flight = shared
        self._domain = f"{verifier.audience}.{ERROR_DOMAIN}"

    def unary(self, behaviour: Callable[[Any, Any], Any], request: Any, context: grpc.ServicerContext) -> Any:
        own = contextvars.copy_context()
        started = time.perf_counter()
        holds = False
        try:
            own.run(self._enter, context)
            holds = self._take_slot()
            response = own.run(behaviour, request, context)
        except Exception as error:  # noqa: BLE001 - every error becomes a status here
            own.run(self._fail, error, context, started)
        else:
            own.run(self._answered, "OK", started)
            return response
        finally:
            self._leave(holds=holds)

    def stream(
        self, behaviour: Callable[[Any, Any], Iterator[Any]], request: Any, context: grpc.ServicerContext
    ) -> Iterator[Any]:
        own = contextvars.copy_context()
        started = time.perf_counter()
        holds = False
        try:
            own.run(self._enter, context)
            holds = self._take_slot()
            responses = iter(own.run(behaviour, request, context))
            while (response := own.run(next, responses, _END)) is not _END:
                yield response
        except GeneratorExit:
            own.run(self._answered, "CANCELLED", started)
            raise
        except Exception as error:  # noqa: BLE001 - every error becomes a status here
            own.run(self._fail, error, context, started)
        else:
            own.run(self._answered, "OK", started)
        finally:
            self._leave(holds=holds)

    def _enter(self, context: grpc.ServicerContext) -> None:
        """Establish the call, or refuse it. Counted as running from the first line, so that `_leave` always matches."""
        self._in_flight.change(1)
        self._metrics.running.inc()
        metadata = {str(key): value for key, value in context.invocation_metadata()}
        given = metadata.get(REQUEST_ID_KEY, "")
        request_id = given if isinstance(given, str) and _SANE_ID.fullmatch(given) else new_id()
        structlog.contextvars.bind_contextvars(request_id=request_id, rpc=self._name)
        if self._open:
            return
        caller, user_token = authenticate(metadata, self._verifier, request_id)
        structlog.contextvars.bind_contextvars(subject=caller.subject)
        enter(Call(caller, request_id, _deadline(context), user_token, served=True))
        if self._method is None:
            raise RuntimeError(f"{self._name} is not in any contract")
        check_access(caller, self._method)

    def _take_slot(self) -> bool:
        if self._slots is not None:
            self._slots.take()
        return self._slots is not None

    def _leave(self, *, holds: bool) -> None:
        self._metrics.running.dec()
        self._in_flight.change(-1)
        if holds and self._slots is not None:
            self._slots.give_back()

    def _answered(self, code: str, started: float, **more: str) -> None:
        seconds = time.perf_counter() - started
        self._metrics.answered(self._name, code, seconds)
        log.info("rpc.answered", code=code, ms=round(seconds * 1000, 1), **more)

    def _fail(self, error: Exception, context: Any, started: float) -> None:
        """Answer with what went wrong; always raises, as grpc's abort does."""
        already = context.code()
        if already is not None and already is not grpc.StatusCode.OK:
            # The servicer aborted by itself; its answer stands.
            self._answered(already.name, started)
            raise error
        if not context.is_active():
            self._answered("CANCELLED", started)
            context.abort(grpc.StatusCode.CANCELLED, "The caller has gone.")
        refused = is_refusal(error)
        status = refusal_status(error, self._domain) if refused else _incident(error, self._domain)
        more = _told(error) if refused else {}
        self._answered(code_pb2.Code.Name(status.code), started, **more)
        context.abort_with_status(rpc_status.to_status(status))


_END: Final = object()


def _arity(streaming: bool) -> str:  # noqa: FBT001 - grpc's own attribute, named after it
    return "stream" if streaming else "unary"


def _deadline(context: grpc.ServicerContext) -> float | None:
    """When the caller gives up, on the monotonic clock; grpc says infinity where it never does."""
    remaining = context.time_remaining()
    return time.monotonic() + remaining if remaining is not None and math.isfinite(remaining) else None


def _told(refusal: Any) -> dict[str, str]:
    """What the log says of a refusal: codes, never its message, which may name people."""
    cause = refusal.metadata.get("cause", "")
    return {"reason": refusal.reason} | ({"cause": cause} if cause else {})


def _incident(error: Exception, domain: str) -> status_pb2.Status:
    """A bug's status: an id to look for in the log, and no detail."""
    incident = new_id()
    log.error("rpc.incident", incident=incident, exc_info=error)
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason="INTERNAL", domain=domain, metadata={"incident": incident}))
    return status_pb2.Status(code=code_pb2.INTERNAL, message=f"Internal error {incident}.", details=[info])
