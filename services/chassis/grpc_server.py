"""A gRPC server of a service: contracts in, health and reflection beside them, limits around them (hard-parts 18)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf import message_factory
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.chassis.access import allowed_roles
from services.chassis.interceptors import CallInterceptor

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

    from services.chassis.metrics import RpcMetrics
    from services.chassis.tokens import TokenVerifier

    Behaviour = Callable[[Any, Any], Any]

# Calls waiting for a thread; beyond that a caller is better told at once.
_WAITING_PER_WORKER: Final = 8
_OPTIONS: Final = (
    # A port that is taken must fail, not be shared with a stranger.
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
)


class PortTaken(Exception):
    """Another process listens where this server should; the message names the address."""


@dataclass(frozen=True)
class ServerLimits:
    """How much one server does at once.

    `streams` is how many streams may hold a thread; None where streams are all the server is for.
    """

    workers: int
    streams: int | None

    @classmethod
    def main(cls, workers: int) -> ServerLimits:
        """Short calls: streams, such as files, hold at most a quarter of the threads."""
        return cls(workers, max(1, workers // 4))

    @classmethod
    def feed(cls, workers: int) -> ServerLimits:
        """Long streams: one for each consuming service."""
        return cls(workers, None)


class RpcServer:
    """One listening address with its own threads.

    `draining` is set when the server is about to stop; long streams watch it and end.
    """

    def __init__(self, address: str, limits: ServerLimits, verifier: TokenVerifier, metrics: RpcMetrics) -> None:
        self.address = address
        self.draining = threading.Event()
        self._names: list[str] = []
        self._calls = CallInterceptor(verifier, metrics, limits.streams)
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix=f"grpc-{address.rpartition(':')[2]}")
        self._server = grpc.server(
            self._pool,
            interceptors=[self._calls],
            maximum_concurrent_rpcs=limits.workers * _WAITING_PER_WORKER,
            options=_OPTIONS,
        )
        self._health = health.HealthServicer()
        self._health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)

    def add(self, service: ServiceDescriptor, behaviour: Callable[[MethodDescriptor], Behaviour]) -> None:
        """Serve a contract; `behaviour` gives the function `(request, context)` of each of its methods.

        Raises ValueError for a method that nobody may call: most likely its access option was forgotten.
        """
        closed = [method.name for method in service.methods if not allowed_roles(method)]
        if closed:
            raise ValueError(f"{service.full_name}: no access option covers {', '.join(closed)}")
        handlers = {method.name: _handler(method, behaviour(method)) for method in service.methods}
        generic = grpc.method_handlers_generic_handler(service.full_name, handlers)
        self._server.add_generic_rpc_handlers((generic,))
        self._names.append(service.full_name)
        self._health.set(service.full_name, health_pb2.HealthCheckResponse.NOT_SERVING)

    def add_servicer(self, service: ServiceDescriptor, servicer: object) -> None:
        """Serve a contract with an object that has its methods by name."""
        self.add(service, lambda method: getattr(servicer, method.name))

    def start(self) -> None:
        """Listen; health says NOT_SERVING until `serving`. Raises PortTaken."""
        reflection.enable_server_reflection([*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)
        try:
            bound = self._server.add_insecure_port(self.address)
        except RuntimeError as error:
            raise PortTaken(f"{self.address} is taken or cannot be bound") from error
        self.address = f"{self.address.rpartition(':')[0]}:{bound}"
        self._server.start()

    def serving(self) -> None:
        """Tell everybody who asks that calls are welcome."""
        for name in ("", *self._names):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    @property
    def in_flight(self) -> int:
        """Calls whose threads still work, also those whose callers have left."""
        return self._calls.in_flight.count

    def stop(self, grace: float) -> threading.Event:
        """Take no new calls and let the running ones end within `grace` seconds; the event is set when all have.

        Health turns to NOT_SERVING first, so that balancers look elsewhere.
        """
        self._health.enter_graceful_shutdown()
        self.draining.set()
        return self._server.stop(grace)


def _handler(method: MethodDescriptor, behaviour: Behaviour) -> grpc.RpcMethodHandler[Any, Any]:
    request = message_factory.GetMessageClass(method.input_type)
    response = message_factory.GetMessageClass(method.output_type)
    arity = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
    make = getattr(grpc, f"{arity}_rpc_method_handler")
    handler: grpc.RpcMethodHandler[Any, Any] = make(
        behaviour, request_deserializer=request.FromString, response_serializer=response.SerializeToString
    )
    return handler
