"""Services that don't answer, and what that means for people: the banner of every page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.errors import Refusal
from services.chassis.identity import Call, Caller, calling
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from admin.grpcfab.channels import Mesh

KNOWN_FOR_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 0.5
"""A page waits that long for a service that hangs, once in KNOWN_FOR_SECONDS; one that is gone says so at once."""

WORDS: Final[Mapping[str, str]] = {
    "workorders": "Work orders, sites and the catalogue cannot be read or changed until it is back. Technicians, "
    "parcels, returns, service levels and mails can.",
    "technicians": "The directory, the roster and new assignments wait for it, and nobody can sign in. Who is assigned "
    "stays assigned, and work on orders goes on.",
    "shipping": "Parts, parcels and returns cannot be read until it is back; target dates are shown as last known. "
    "Orders can be accepted: their parts are ordered once it answers.",
    "notifications": "Mails wait, and go out once each when it is back. Everything else goes on.",
}


class Watch:
    """Knows which services answer, asked at most once in a few seconds by all the pages of this process."""

    def __init__(self, mesh: Mesh, now: Callable[[], float] = time.monotonic) -> None:
        self._mesh = mesh
        self._now = now
        self._asked: dict[str, float] = {}
        self._away: set[str] = set()

    def away(self) -> list[str]:
        """Names of the services that don't serve, in the order of the mesh."""
        for name in self._mesh.services:
            at = self._asked.get(name)
            if at is None or self._now() - at >= KNOWN_FOR_SECONDS:
                self._asked[name] = self._now()  # before asking: other pages don't wait as well
                (self._away.discard if self.serves(name) else self._away.add)(name)
        return [name for name in self._mesh.services if name in self._away]

    def serves(self, name: str) -> bool:
        """Whether a service says now that it serves.

        It is asked in a time of its own: another one that hangs may have used up the page's.
        """
        stub: Any = self._mesh.stub(health_pb2_grpc.HealthStub, name)
        try:
            with calling(Call(Caller(""), new_id())):
                answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS)
        except Refusal:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
