"""Trying a mail again because a person asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.notifications.v1 import message_pb2

from services.chassis.errors import NotFound
from services.chassis.idempotency import run_once
from services.chassis.kit.engine import ResourceEngine
from services.notifications import directory, repository
from services.notifications.domain.delivery import Outcome, check_retryable

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.kit.resource import Resource
    from services.chassis.unit_of_work import Transaction

METHOD = "fieldmesh.notifications.v1.MailService.RetryDelivery"


class Retrying:
    """The verb behind the button "Try again"."""

    def __init__(self, database: Database, tries: Resource, clock: Clock, wake: Callable[[], object]) -> None:
        """Takes the resource of deliveries, for who may see which, and the system's clock."""
        self._database = database
        self._tries = ResourceEngine(tries)
        self._clock = clock
        self._wake = wake

    def retry_delivery(self, caller: Caller, request: message_pb2.RetryDeliveryRequest) -> message_pb2.Delivery:
        """Makes the message of a try due now, to the address that the directory has by now; gives its latest try.

        Raises NotFound, and NotRetryable where the mail server took the mail or is being handed it.
        """

        def work(transaction: Transaction) -> message_pb2.Delivery:
            tried = self._tries.get(transaction.connection, caller, request.id)
            message = repository.locked_message(transaction, tried.message_id)
            if message is None:
                raise NotFound("The mail of this delivery is gone.")
            check_retryable(message.id, repository.STATES[message.state], Outcome(message.last_outcome))
            person = directory.person(transaction.connection, message.recipient_id)
            address = person.email if person and person.active and person.email else message.recipient_email
            repository.requeue(transaction, message.id, address, self._clock.now())
            latest = repository.postpone_latest(transaction, message.id, self._clock.now())
            transaction.after_commit(self._wake)
            answer: message_pb2.Delivery = self._tries.get(transaction.connection, caller, latest)
            return answer

        return run_once(self._database, caller, METHOD, request.request_id, request, message_pb2.Delivery, work)
