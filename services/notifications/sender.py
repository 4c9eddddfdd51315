"""Sends what is queued: one thread, one kept connection, the try recorded before it is made.

Several processes may send at once; each message is claimed by one. A mail server that is gone costs one probe at a
time, further and further apart, instead of a failed try of every message in the queue.
"""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from services.chassis.actors import service_actor
from services.chassis.errors import Unavailable
from services.chassis.links import Invited
from services.chassis.log import get_logger
from services.chassis.signals import Signal
from services.notifications import mime, repository
from services.notifications.domain.delivery import LEASE, Outcome, Result, standing_after
from services.notifications.mime import BadAddress, Letter, Sender

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.notifications.domain.content import MailContent
    from services.notifications.layout import Layout
    from services.notifications.repository import Claimed
    from services.notifications.smtp import MailTransport

log = get_logger(__name__)

POLL_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
ACTOR = service_actor("notifications")


class MailSender:
    """Sends on a thread of its own between `start` and `stop`; `wake` makes it look at once."""

    def __init__(  # noqa: PLR0913 - what a mail is made of, and how it goes out
        self,
        database: Database,
        layout: Layout,
        transport: MailTransport,
        sender: Sender,
        clock: Clock,
        *,
        lease: timedelta = LEASE,
        link: Callable[[str, str, int], str] | None = None,
        invitation_link: Callable[[Invited], str] | None = None,
        observe: Callable[[str], object] = lambda _outcome: None,
    ) -> None:
        """Takes the system's clock; `observe` is told the outcome of every try.

        `link` makes the address at which a person decides on a submission of an order, `invitation_link` that at which
        somebody accepts an invitation; without them, mails lead to the order's own page, or the start page.
        """
        self._database = database
        self._layout = layout
        self._transport = transport
        self._sender = sender
        self._clock = clock
        self._lease = lease
        self._link = link
        self._invitation_link = invitation_link
        self._observe = observe
        self._queued = Signal()
        self._stopping = threading.Event()
        self._pause = 0.0
        self._thread = threading.Thread(target=self._work, name="mail-sender", daemon=True)

    def start(self) -> None:
        """Begins to send; tries that an earlier process left are made again at once where it was the only sender."""
        if self._database.dialect == "sqlite":
            with self._database.begin(actor=ACTOR) as transaction:
                repository.release_interrupted(transaction, self._clock.now())
        self._thread.start()

    def stop(self, timeout: float = 20.0) -> bool:
        """Finishes the mail at hand and ends; tells whether it did in time."""
        self._stopping.set()
        self._queued.ring()
        if self._thread.ident is None:
            self._transport.close()
        else:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def wake(self) -> None:
        """Looks for work at once."""
        self._queued.ring()

    def send_next(self) -> Result | None:
        """Makes one try of the message that is due longest; None where nothing is due."""
        now = self._clock.now()
        with self._database.read() as connection:
            if not repository.is_due(connection, now):
                return None
        with self._database.begin(actor=ACTOR) as transaction:
            claimed = repository.claim(transaction, now, self._lease)
        if claimed is None:
            return None
        try:
            result = self._try(claimed)
        except Exception as fault:
            # A mail that cannot be made holds nobody up and waits for the fault to be mended.
            log.exception("mail.not_made", message=claimed.message_id, template=claimed.template)
            result = Result(Outcome.DEFERRED, 0, f"The mail could not be made: {type(fault).__name__}.")
        self._settle(claimed, result)
        return result

    def _try(self, claimed: Claimed) -> Result:
        content = self._linked(claimed)
        letter = Letter(
            message_id=claimed.mail_message_id,
            thread_id=f"work-order-{claimed.work_order_id or claimed.message_id}@{self._sender.domain}",
            recipient_name=claimed.recipient_name,
            recipient_email=claimed.recipient_email,
            subject=claimed.content.subject,
            text=self._layout.text(content),
            html=self._layout.html(content),
            written=claimed.written,
            template=claimed.template,
        )
        try:
            mail = mime.build(letter, self._sender)
        except BadAddress as fault:
            return Result(Outcome.REFUSED, 0, f"No mail can go to this person: {fault}.")
        return self._transport.send(mail, self._sender.email, claimed.recipient_email)

    def _linked(self, claimed: Claimed) -> MailContent:
        """The mail's words, with a link of the recipient's own where it lets them decide, or accept an invitation."""
        content = claimed.content
        if content.invitation and self._invitation_link is not None:
            invited = Invited(content.invitation, content.round, content.until)
            return replace(content, url=self._invitation_link(invited))
        if not content.submission or self._link is None:
            return content
        return replace(content, url=self._link(claimed.recipient_id, claimed.work_order_id, content.submission))

    def _settle(self, claimed: Claimed, result: Result) -> None:
        now = self._clock.now()
        standing = standing_after(
            result,
            attempts=claimed.attempt,
            written=claimed.accepted,
            now=now,
            jitter=random.random(),  # noqa: S311 - spreads load, hides nothing
        )
        recovered = self._pause > 0 and result.outcome is not Outcome.UNREACHABLE
        with self._database.begin(actor=ACTOR) as transaction:
            repository.settle(transaction, claimed, result, standing)
            if recovered:
                repository.hasten(transaction, now)
        self._breathe(result)
        self._observe(result.outcome)
        log.info(
            "mail.tried", message=claimed.message_id, attempt=claimed.attempt, outcome=result.outcome, code=result.code
        )

    def _breathe(self, result: Result) -> None:
        if result.outcome is not Outcome.UNREACHABLE:
            self._pause = 0.0
            return
        self._pause = min(max(self._pause * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        log.warning("mail.server_unreachable", answer=result.text, pause_seconds=self._pause)

    def _work(self) -> None:
        while not self._stopping.is_set():
            seen = self._queued.rings
            try:
                result = self.send_next()
            except Unavailable:
                log.warning("mail.storage_unavailable", exc_info=True)
                self._stopping.wait(POLL_SECONDS)
                continue
            except Exception:
                log.exception("mail.sender_failed")
                self._stopping.wait(POLL_SECONDS)
                continue
            if self._pause:
                self._stopping.wait(self._pause)
            elif result is None:
                self._queued.wait(seen, POLL_SECONDS)
        self._transport.close()
