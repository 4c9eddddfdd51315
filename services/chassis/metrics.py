"""What a process counts of its calls, in Prometheus' form on the metrics port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0)


class RpcMetrics:
    """The instruments of one process, in a registry of its own so that tests may have several."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._service = service
        self.seconds = Histogram(
            "fieldmesh_rpc_seconds", "Time to answer a call.", ["method"], buckets=_BUCKETS, registry=self.registry
        )
        self.calls = Counter("fieldmesh_rpc_calls", "Calls answered.", ["method", "code"], registry=self.registry)
        self.running = Gauge("fieldmesh_rpc_running", "Calls being answered.", registry=self.registry)

    def answered(self, method: str, code: str, seconds: float) -> None:
        """Count one call; `method` is a full name from the contract, so labels stay few."""
        self.calls.labels(method, code).inc()
        self.seconds.labels(method).observe(seconds)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Answer /metrics on a thread; gives the function that ends it. OSError where the port is taken."""
        server, thread = start_http_server(port, host, registry=self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join(timeout=1)

        return stop
