"""Accepts what other systems report: says whose signed report it is, and that an id stands for one body."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from fieldmesh.notifications.v1 import webhook_pb2

from services.chassis.actors import service_actor
from services.chassis.errors import AlreadyExists, InvalidRequest, NotFound, Violation
from services.notifications.domain import signing
from services.notifications.webhooks import store

if TYPE_CHECKING:
    from services.chassis.clock import Clock
    from services.chassis.database import Database

LARGEST = 64 * 1024
LONGEST_ID = 255
KEPT = timedelta(days=30)
ACTOR = service_actor("notifications")


class Reports:
    """Checks signatures; what a report leads to is decided where work orders are."""

    def __init__(self, database: Database, master: bytes, clock: Clock) -> None:
        """Takes the key of all secrets and the system's clock."""
        self._database = database
        self._master = master
        self._clock = clock

    def accept(self, request: webhook_pb2.AcceptReportRequest) -> webhook_pb2.AcceptReportResponse:
        """Whose report it is; the same report again is accepted again, and means nothing new.

        Raises SignatureRefused, NotFound for an unknown or switched-off endpoint, AlreadyExists where another body
        came under the id, InvalidRequest for what is too large.
        """
        if len(request.body) > LARGEST or len(request.webhook_id) > LONGEST_ID:
            wrong = Violation("body", f"must be at most {LARGEST // 1024} KiB, the id at most {LONGEST_ID} characters")
            raise InvalidRequest("The report is too large.", reason="INVALID_FIELDS", violations=[wrong])
        now = self._clock.now()
        with self._database.read() as connection:
            endpoint = store.endpoint(connection, request.endpoint_id)
        if endpoint is None or not endpoint.active:
            raise NotFound("There is no such endpoint, or it is switched off.")
        secrets = signing.secrets_at(self._master, endpoint.id, endpoint.secret_version, endpoint.rotate_time, now)
        signing.check(secrets, request.webhook_id, request.timestamp, request.signature, request.body, now)
        body_hash = hashlib.sha256(request.body).hexdigest()
        with self._database.begin(actor=ACTOR) as transaction:
            if not store.keep_report(transaction, endpoint.id, request.webhook_id, body_hash, now):
                raise AlreadyExists("This webhook-id came before with another body.", reason="REQUEST_ID_REUSED")
        return webhook_pb2.AcceptReportResponse(organization_id=endpoint.organization_id, endpoint_name=endpoint.name)

    def forget(self) -> int:
        """Deletes deliveries that ended and ids of reports, both older than 30 days; gives their number."""
        with self._database.begin(actor=ACTOR) as transaction:
            return store.forget(transaction, self._clock.now() - KEPT)
