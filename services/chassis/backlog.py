"""How far events are behind, counted when the metrics are read and only then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Select, case, func, literal_column, select

from services.chassis.errors import Unavailable
from services.chassis.feed_consumer import stopped_feeds
from services.chassis.log import get_logger
from services.chassis.tables import OWN, PARKED, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.process import Process
    from services.chassis.traffic import EventTraffic

log = get_logger(__name__)
_STATES: Final = ("waiting", "retrying", "parked")
_Samples = dict[tuple[str, ...], float]


def _count_unfinished() -> Select[Any]:
    rows = OWN.inbox.c
    state = case(
        (rows.state == PARKED, literal_column("'parked'")),
        (rows.attempts > 0, literal_column("'retrying'")),
        else_=literal_column("'waiting'"),
    ).label("standing")
    counted = select(rows.producer, state, func.count(), func.min(rows.accept_time)).where(unfinished(OWN.inbox))
    return counted.group_by(rows.producer, "standing")


_UNFINISHED: Final = _count_unfinished()


class BacklogCollector(Collector):
    """The gauges of one service's outbox, inbox and feeds.

    Every number is read from the database when somebody asks, by indexes that hold only what is unfinished: no write
    counts anything, and what nobody asks for costs nothing.
    """

    def __init__(self, process: Process, database: Database, traffic: EventTraffic) -> None:
        self._process = process
        self._database = database
        self._traffic = traffic

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauges; where the database does not answer, only that it doesn't."""
        found: list[GaugeMetricFamily] = []
        try:
            with self._database.read() as connection:
                found += [*self._outbox(connection), *self._feeds(connection), *self._inbox(connection)]
        except Unavailable:
            log.warning("backlog.storage_unavailable", exc_info=True)
        yield _gauge("fieldmesh_database_up", "1 while the database answers.", {(): bool(found)})
        yield from found

    def _outbox(self, connection: Connection) -> Iterator[GaugeMetricFamily]:
        clock, behind = self._process.clock, self._traffic.backlog(connection)
        said = "Events not sent or, with the feed, not read by the slowest consumer."
        yield _gauge("fieldmesh_outbox_events", said, {(): behind.events})
        yield _gauge("fieldmesh_outbox_oldest_seconds", "Age of the oldest of them.", {(): _age(clock, behind.oldest)})

    def _feeds(self, connection: Connection) -> Iterator[GaugeMetricFamily]:
        clock, traffic = self._process.clock, self._traffic
        lags = traffic.feed_backlogs(connection)
        events: _Samples = {(consumer,): lag.events for consumer, lag in lags.items()}
        seconds: _Samples = {(consumer,): _age(clock, lag.oldest) for consumer, lag in lags.items()}
        yield _gauge("fieldmesh_feed_lag_events", "Events that a consumer has not read.", events, "consumer")
        yield _gauge("fieldmesh_feed_lag_seconds", "Age of the oldest of them.", seconds, "consumer")
        producers, stopped = traffic.inbox.producers, stopped_feeds(connection, self._process.name)
        halted: _Samples = {(producer,): producer in stopped for producer in producers}
        connected: _Samples = {(producer,): traffic.is_connected(producer) for producer in producers}
        yield _gauge("fieldmesh_feed_stopped", "1 where only reconciling lets a feed go on.", halted, "producer")
        yield _gauge("fieldmesh_feed_connected", "1 while events of a producer can arrive.", connected, "producer")

    def _inbox(self, connection: Connection) -> Iterator[GaugeMetricFamily]:
        inbox = self._traffic.inbox
        known = [(producer, name) for producer in inbox.producers for name in _STATES]
        events: _Samples = dict.fromkeys(known, 0)
        seconds: _Samples = dict.fromkeys(known, 0)
        for producer, name, count, oldest in connection.execute(_UNFINISHED):
            events[producer, name] = count
            seconds[producer, name] = _age(inbox.clock, oldest)
        said = "Accepted events that wait for their turn, for another try, or for a person."
        yield _gauge("fieldmesh_inbox_events", said, events, "producer", "state")
        yield _gauge("fieldmesh_inbox_oldest_seconds", "Age of the oldest of them.", seconds, "producer", "state")


def _gauge(name: str, said: str, samples: Mapping[tuple[str, ...], float], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=labels)
    for values, number in samples.items():
        family.add_metric(values, float(number))
    return family


def _age(clock: Clock, oldest: datetime | None) -> float:
    return max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
