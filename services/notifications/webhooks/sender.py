"""Sends queued deliveries: a few threads, so that a slow receiver holds up itself and not the others.

Several processes may send at once; each delivery is claimed by one, and the try is recorded before it is made.
"""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

from services.chassis.actors import service_actor
from services.chassis.errors import Unavailable
from services.chassis.log import get_logger
from services.chassis.signals import Signal
from services.notifications.domain import signing
from services.notifications.domain.webhooks import LEASE, Answer, verdict
from services.notifications.webhooks import store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.notifications.webhooks.posting import Poster
    from services.notifications.webhooks.store import Claimed
    from services.notifications.webhooks.switching import Switch

log = get_logger(__name__)

POLL_SECONDS = 1.0
THREADS = 4
ACTOR = service_actor("notifications")


class WebhookSender:
    """Sends on threads of its own between `start` and `stop`; `wake` makes them look at once."""

    def __init__(  # noqa: PLR0913 - what a delivery is made of, and how it goes out
        self,
        database: Database,
        poster: Poster,
        master: bytes,
        switch: Switch,
        clock: Clock,
        *,
        lease: timedelta = LEASE,
        observe: Callable[[str], object] = lambda _outcome: None,
    ) -> None:
        """Takes the key of all secrets and the system's clock; `observe` is told the outcome of every try."""
        self._database = database
        self._poster = poster
        self._master = master
        self._switch = switch
        self._clock = clock
        self._lease = lease
        self._observe = observe
        self._queued = Signal()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"webhook-sender-{number}", daemon=True)
            for number in range(THREADS)
        ]

    def start(self) -> None:
        """Begins to send; tries that an earlier process left are made again at once where it was the only sender."""
        if self._database.dialect == "sqlite":
            with self._database.begin(actor=ACTOR) as transaction:
                store.release_interrupted(transaction, self._clock.now())
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 15.0) -> bool:
        """Finishes the tries at hand and ends; tells whether it did in time."""
        self._stopping.set()
        self._queued.ring()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """Looks for work at once."""
        self._queued.ring()

    def send_next(self) -> Answer | None:
        """Makes one try of the delivery that is due longest; None where nothing is due."""
        now = self._clock.now()
        with self._database.read() as connection:
            if not store.is_due(connection, now):
                return None
        with self._database.begin(actor=ACTOR) as transaction:
            claimed = store.claim(transaction, now, self._lease)
        if claimed is None:
            return None
        try:
            answer = self._try(claimed)
        except Exception as fault:
            # What nobody foresaw holds nobody up, and waits for the fault to be mended.
            log.exception("webhook.not_made", delivery=claimed.delivery_id)
            answer = Answer(0, f"The delivery could not be made: {type(fault).__name__}.")
        self._settle(claimed, answer)
        return answer

    def _try(self, claimed: Claimed) -> Answer:
        now, body = self._clock.now(), claimed.body.encode()
        secrets = signing.secrets_at(self._master, claimed.endpoint_id, claimed.secret_version, claimed.rotated, now)
        return self._poster.post(claimed.url, signing.headers(secrets, claimed.delivery_id, now, body), body)

    def _settle(self, claimed: Claimed, answer: Answer) -> None:
        with self._database.begin(actor=ACTOR) as transaction:
            endpoint = store.locked_endpoint(transaction, claimed.endpoint_id)
            follows = verdict(
                answer,
                attempts=claimed.attempt,
                accepted=claimed.accepted,
                failing_since=endpoint.failing_since,
                now=self._clock.now(),
                jitter=random.random(),  # noqa: S311 - spreads load, hides nothing
            )
            if store.settle(transaction, claimed, answer, follows) and follows.switch_off and endpoint.active:
                self._switch.off(transaction, endpoint.id, follows.switch_off)
        self._observe("arrived" if answer.arrived else "answered" if answer.status else "unreachable")
        log.info("webhook.tried", delivery=claimed.delivery_id, attempt=claimed.attempt, status=answer.status)
        # The next one of the same order or endpoint was held up by this one.
        self._queued.ring()

    def _work(self) -> None:
        while not self._stopping.is_set():
            seen = self._queued.rings
            try:
                answer = self.send_next()
            except Unavailable:
                log.warning("webhook.storage_unavailable", exc_info=True)
                self._stopping.wait(POLL_SECONDS)
                continue
            except Exception:
                log.exception("webhook.sender_failed")
                self._stopping.wait(POLL_SECONDS)
                continue
            if answer is None:
                self._queued.wait(seen, POLL_SECONDS)
