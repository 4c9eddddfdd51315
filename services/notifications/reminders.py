"""Mails before a certificate expires: to the technician who holds it, and to their organisation's office (CP-92)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from fieldmesh.common.v1 import types_pb2

from services.chassis.log import get_logger
from services.notifications import directory, repository, wording
from services.notifications.domain.audience import Audience, Involved, Outsider, addressees, selectors
from services.notifications.domain.delivery import is_backdated
from services.notifications.facts import MoveFacts, OrderFacts
from services.notifications.repository import NewMessage

if TYPE_CHECKING:
    from collections.abc import Callable

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.technicians.v1 import credential_service_pb2, events_pb2

    from services.chassis.clock import Clock
    from services.chassis.unit_of_work import Transaction
    from services.notifications.catalog import Catalog
    from services.notifications.domain.people import Person
    from services.notifications.handlers import MailPolicy

log = get_logger(__name__)
TEMPLATES: Final = {
    Audience.CREDENTIAL_HOLDER: "credential_expiring",
    Audience.CREDENTIAL_OFFICE: "technician_credential_expiring",
}


class Reminders:
    """Turns expiring certificates into queued messages; `wake` is called after the commit that queued one."""

    def __init__(self, catalog: Catalog, policy: MailPolicy, clock: Clock, wake: Callable[[], object]) -> None:
        """Takes the system's clock: due times are the machine's business, not the business's."""
        self._catalog = catalog
        self._policy = policy
        self._clock = clock
        self._wake = wake

    def credential_expiring(
        self, transaction: Transaction, event: envelope_pb2.Event, told: events_pb2.CredentialExpiring
    ) -> None:
        """Queues one mail to the technician and one to the office's address, else to each of its people.

        Whoever is both is told once. Raises RecipientUnknown: the event is tried again.
        """
        involved = Involved(
            technician_person_id=told.person_id,
            executor_org=told.organization_id,
            outside_assignee=Outsider(told.organization_name, told.office_email),
        )
        found: dict[str, list[Person]] = {
            audience: directory.find(transaction.connection, selectors(audience, involved)) for audience in TEMPLATES
        }
        words = facts_of(told.credential)
        now = self._clock.now()
        written = event.occur_time.ToDatetime(now.tzinfo)
        backdated = is_backdated(written, now, self._policy.backdated_after)
        chosen = addressees(found, author="")
        if not chosen:
            log.warning("reminder.reaches_nobody", certificate=told.credential.id)
        for person, audience in chosen.values():
            template = TEMPLATES[Audience(audience)]
            content = self._catalog.fill(
                self._catalog.find(template, person.locale),
                words,
                MoveFacts("Fieldmesh"),
                audience=audience,
                url=self._policy.university_url,
            )
            new = NewMessage(
                event_id=event.id,
                request_id=event.request_id,
                template=template,
                recipient_id=person.person_id,
                recipient_name=person.name,
                recipient_email=person.email,
                work_order_id="",
                content=content,
                parties=types_pb2.Parties(executor_org=told.organization_id),
                written=written,
            )
            repository.queue(transaction, new, self._policy.domain, now, backdated=backdated)
        transaction.after_commit(self._wake)


def facts_of(credential: credential_service_pb2.Credential) -> OrderFacts:
    """A certificate in the words that mails are filled with: its code stands for the number."""
    last, days = credential.expiry_date, credential.days_left
    return OrderFacts(
        work_order_id="",
        number=credential.code,
        subject=wording.one_line(credential.name),
        state="Expires soon",
        technician=credential.technician_name,
        certificate=wording.one_line(": ".join(filter(None, (credential.code, credential.name)))),
        evidence_number=credential.evidence_number,
        expires=wording.day(date(last.year, last.month, last.day)) if last.year else "",
        days_left="today" if not days else f"in {days} day{'' if days == 1 else 's'}",
    )
