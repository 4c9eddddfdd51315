"""Events over RabbitMQ: names, the publishing end, and the consuming end (hard-parts 6).

An exchange a producer, and one durable queue for each (producer, consumer) with a single active consumer: the queue
keeps the order, whichever replica reads it.
"""

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import RecoverableConnectionError
from fieldmesh.common.v1.events_pb2 import Event
from google.protobuf.message import DecodeError
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.mixins import ConsumerMixin

from services.chassis.actors import service_actor
from services.chassis.errors import Unavailable
from services.chassis.inbox import Inbox
from services.chassis.log import get_logger

log = get_logger(__name__)

CONTENT_TYPE = "application/x-protobuf"
_PREFETCH = 200
_HEARTBEAT_SECONDS = 10
_CONFIRM_SECONDS = 30.0
_PAUSE_SECONDS = 1.0


def exchange_of(producer: str) -> Exchange:
    """The exchange of a producer, named as nameko names it."""
    return Exchange(f"{producer}.events", type="topic", durable=True)


def queue_of(producer: str, consumer: str) -> Queue:
    """The queue that carries everything of a producer to a consumer.

    It is bound to every type, as the feed carries every type: what a consumer doesn't know it stores as ignored, and
    what an older program doesn't know isn't lost to it.
    """
    return Queue(
        f"evt-{producer}--{consumer}",
        exchange=exchange_of(producer),
        routing_key="#",
        durable=True,
        queue_arguments={"x-single-active-consumer": True},
    )


def connect(broker_url: str) -> Connection:
    """Give a connection, not yet open, that notices a dead peer within half a minute."""
    return Connection(broker_url, heartbeat=_HEARTBEAT_SECONDS, connect_timeout=5)


class Publisher:
    """An open channel that publishes events and tells which ones the broker has taken.

    Declares the queues of all known consumers: an event must wait for a consumer that hasn't started yet, and
    "mandatory" alone is satisfied by any other one.
    """

    def __init__(self, connection: Connection, producer: str, consumers: Collection[str]) -> None:
        self._connection = connection
        self._producer = producer
        self._consumers = tuple(consumers)
        self._outstanding: dict[int, int] = {}
        self._refused: dict[int, str] = {}
        self._open_channel()

    @property
    def channel_errors(self) -> tuple[type[Exception], ...]:
        """Errors that end the channel and not the connection."""
        return tuple(self._connection.channel_errors)

    def publish(self, events: Sequence[Event]) -> Mapping[int, str]:
        """Publish events and wait until each is confirmed; give those that were not taken, by sequence, with why.

        Raises the connection's errors, and the channel's after making a new one: then nothing is known of any.
        """
        self._refused = {}
        self._outstanding = {}
        try:
            for event in events:
                self._send(event)
            self._await_confirms()
        except self.channel_errors:
            self._open_channel()
            raise
        return self._refused

    def keep_alive(self) -> None:
        """Exchange heartbeats while there is nothing to publish. Raises the connection's errors."""
        try:
            self._connection.drain_events(timeout=0.001)
        except TimeoutError:
            self._connection.heartbeat_check()

    def _open_channel(self) -> None:
        self._channel = self._connection.channel()
        self._channel.confirm_select()
        self._next_tag = 1
        self._channel.events["basic_ack"].add(self._confirmed)
        self._channel.events["basic_nack"].add(self._nacked)
        self._channel.events["basic_return"].add(self._returned)
        exchange_of(self._producer)(self._channel).declare()
        for consumer in self._consumers:
            queue_of(self._producer, consumer)(self._channel).declare()

    def _send(self, event: Event) -> None:
        message = self._channel.prepare_message(
            event.SerializeToString(),
            content_type=CONTENT_TYPE,
            content_encoding="binary",
            properties={"delivery_mode": 2, "message_id": event.id, "correlation_id": str(event.sequence)},
        )
        self._outstanding[self._next_tag] = event.sequence
        self._next_tag += 1
        self._channel.basic_publish(
            message, exchange=exchange_of(self._producer).name, routing_key=event.type, mandatory=True
        )

    def _await_confirms(self) -> None:
        ends = time.monotonic() + _CONFIRM_SECONDS
        while self._outstanding:
            left = ends - time.monotonic()
            if left <= 0:
                raise RecoverableConnectionError("the broker did not confirm in time")
            self._connection.drain_events(timeout=left)

    def _confirmed(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - called by amqp
        for done in [each for each in self._outstanding if each == tag or (multiple and each < tag)]:
            del self._outstanding[done]

    def _nacked(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - called by amqp
        for refused in [each for each in self._outstanding if each == tag or (multiple and each < tag)]:
            self._refused[self._outstanding.pop(refused)] = "The broker refused the event."

    def _returned(self, _error: Exception, _exchange: str, routing_key: str, message: Any) -> None:
        # RabbitMQ returns an event before it confirms it.
        self._refused[int(message.properties["correlation_id"])] = f"No queue takes {routing_key}."


class BrokerConsumer(ConsumerMixin):
    """Stores what arrives in the inbox, then acknowledges, on a thread of its own.

    While the service's own database is down the channel is given up, so that the broker keeps everything unacknowledged
    in its order; putting single events back would let those behind them overtake.
    """

    def __init__(self, inbox: Inbox, broker_url: str) -> None:
        self.connection = connect(broker_url)
        self.connected = False
        self.should_stop = False
        self._inbox = inbox
        self._leaving = False
        self._thread = threading.Thread(target=self._work, name="broker", daemon=True)

    def start(self) -> None:
        """Begin to consume."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """End the thread; tell whether it ended in time. What was not stored is delivered again."""
        self.should_stop = True
        if self._thread.ident is not None:
            self._thread.join(timeout)
        self.connection.release()
        return not self._thread.is_alive()

    def get_consumers(self, consumer_class: Any, _channel: Any) -> list[Any]:
        queues = [queue_of(producer, self._inbox.service) for producer in self._inbox.producers]
        return [consumer_class(queues, on_message=self._accept, prefetch_count=_PREFETCH)]

    @contextmanager
    def establish_connection(self) -> Iterator[Connection]:
        # The mixin's own pauses grow to half a minute, and it never looks whether it should stop.
        with self.connection.clone() as connection:
            connection.ensure_connection(
                self.on_connection_error, interval_start=0.2, interval_step=0.4, interval_max=2
            )
            yield connection

    @contextmanager
    def extra_context(self, _connection: Any, channel: Any) -> Iterator[None]:
        self._leaving = False
        self.connected = True
        try:
            yield
        finally:
            self.connected = False
            # Closing gives everything unacknowledged back before another replica becomes the active one. Cancelling
            # first, as the mixin would, lets that one overtake what was already sent to this one.
            self._leaving = True
            channel.close()

    def on_connection_error(self, exc: Exception, interval: float) -> None:
        log.info("broker.interrupted", error=str(exc), pause=interval)
        if self.should_stop:
            raise exc

    def _work(self) -> None:
        while not self.should_stop:
            try:
                self.run()  # type: ignore[no-untyped-call]
            except Exception:
                if not self.should_stop:
                    log.exception("broker.failed")
                    time.sleep(_PAUSE_SECONDS)

    def _accept(self, message: Any) -> None:
        if self._leaving:
            return
        try:
            event = Event.FromString(bytes(message.body))
        except DecodeError:
            log.exception("broker.not_an_event", queue=message.delivery_info.get("routing_key"))
            message.reject()
            return
        try:
            with self._inbox.database.begin(actor=service_actor(self._inbox.service)) as transaction:
                self._inbox.accept(transaction, [event], redelivered=bool(message.delivery_info.get("redelivered")))
        except Unavailable as error:
            log.warning("broker.cannot_store", exc_info=True)
            time.sleep(_PAUSE_SECONDS)
            raise RecoverableConnectionError("the service's own database does not answer") from error
        message.ack()
