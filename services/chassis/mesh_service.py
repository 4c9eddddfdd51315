"""What every service of the mesh has beside its own contract: operations, the feed, and its upkeep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import events_pb2, operations_pb2

from services.chassis.backlog import BacklogCollector
from services.chassis.database import Database
from services.chassis.errors import Unavailable
from services.chassis.host import every, serves
from services.chassis.log import get_logger
from services.chassis.migrations import check_revision
from services.chassis.operations_servicer import OperationsServicer
from services.chassis.traffic import EventTraffic

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.chassis.metrics import RpcMetrics
    from services.chassis.process import Process
    from services.chassis.projections import Projection
    from services.chassis.versions_servicer import VersionedSource

log = get_logger(__name__)
_OPERATIONS: Final = operations_pb2.DESCRIPTOR.services_by_name["OperationsService"]
_FEED: Final = events_pb2.DESCRIPTOR.services_by_name["FeedService"]
_HOUR: Final = 3600.0


@dataclass(frozen=True)
class Foundation:
    """What stands under a service's object graph; `app.foundation` of every service.

    A service's bootstrap makes it first, builds its graph on `database`, and starts and stops it with the graph.
    """

    database: Database
    traffic: EventTraffic
    operations: OperationsServicer
    gauges: BacklogCollector
    metrics: RpcMetrics

    def start(self) -> None:
        """Begin to send and to handle events."""
        self.traffic.start()

    def stop(self) -> None:
        """Finish the events at hand, then close the database."""
        self.traffic.stop()
        self.metrics.registry.unregister(self.gauges)
        self.database.close()


def lay_foundation(
    process: Process,
    *,
    sources: Mapping[str, VersionedSource] | None = None,
    projections: Sequence[Projection] = (),
    consumers: Collection[str] = (),
) -> Foundation:
    """Open a service's database and prepare its events; nothing moves before `start`.

    Raises SchemaMismatch where the database was not migrated, Unavailable where it does not answer.
    """
    database = Database(process.own.database_url, clock=process.clock)
    try:
        check_revision(process.name, database)
        traffic = EventTraffic(process, database, sources=sources, projections=projections, consumers=consumers)
    except BaseException:
        database.close()
        raise
    gauges = BacklogCollector(process, database, traffic)
    process.metrics.registry.register(gauges)
    return Foundation(database, traffic, OperationsServicer(process, database, traffic), gauges, process.metrics)


class MeshService:
    """Base of the service classes; `app` is what their bootstrap builds and has a `foundation`."""

    app: Any

    @serves(_OPERATIONS)
    def operations(self) -> OperationsServicer:
        operations: OperationsServicer = self.app.foundation.operations
        return operations

    @serves(_FEED, feed=True)
    def feed(self) -> Any:
        return self.app.foundation.traffic.servicer

    @every(seconds=_HOUR)
    def purge(self) -> None:
        self.app.foundation.traffic.purge()

    @every(seconds=24 * _HOUR)
    def reconcile(self) -> None:
        try:
            # A feed that stopped after a restore stays so until a person reconciles: `fieldmesh reconcile`.
            self.app.foundation.traffic.reconcile()
        except Unavailable as refusal:
            log.warning("reconcile.postponed", reason=refusal.reason)
