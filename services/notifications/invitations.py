"""Mails that invite people to sign in, with a link of their own (R-1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from fieldmesh.common.v1 import types_pb2

from services.notifications import repository, wording
from services.notifications.domain.audience import Audience
from services.notifications.domain.delivery import is_backdated
from services.notifications.facts import MoveFacts, OrderFacts
from services.notifications.repository import NewMessage

if TYPE_CHECKING:
    from collections.abc import Callable

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.technicians.v1 import events_pb2, invitation_pb2

    from services.chassis.clock import Clock
    from services.chassis.unit_of_work import Transaction
    from services.notifications.catalog import Catalog
    from services.notifications.handlers import MailPolicy

TEMPLATE = "person_invited"


class InvitationMails:
    """Turns invitations into queued messages; `wake` is called after the commit that queued one."""

    def __init__(self, catalog: Catalog, policy: MailPolicy, clock: Clock, wake: Callable[[], object]) -> None:
        """Takes the system's clock: due times are the machine's business, not the business's."""
        self._catalog = catalog
        self._policy = policy
        self._clock = clock
        self._wake = wake

    def person_invited(
        self, transaction: Transaction, event: envelope_pb2.Event, told: events_pb2.PersonInvited
    ) -> None:
        """Queues the mail of an invitation, once an event; its link is signed as it is sent."""
        invitation = told.invitation
        content = self._catalog.fill(
            self._catalog.find(TEMPLATE, ""),
            facts_of(invitation, told.organization_name),
            MoveFacts(invitation.inviter_name or "Fieldmesh"),
            audience=Audience.INVITED,
            url=self._policy.public_url,
        )
        now = self._clock.now()
        written = event.occur_time.ToDatetime(now.tzinfo)
        new = NewMessage(
            event_id=event.id,
            request_id=event.request_id,
            template=TEMPLATE,
            # Nobody of the directory yet; each invitation is an addressee of its own.
            recipient_id=invitation.id,
            recipient_name=invitation.name,
            recipient_email=invitation.email,
            work_order_id="",
            content=replace(
                content,
                invitation=invitation.id,
                round=invitation.round,
                until=invitation.expire_time.ToSeconds(),
            ),
            parties=types_pb2.Parties(executor_org=invitation.organization_id),
            written=written,
        )
        backdated = is_backdated(written, now, self._policy.backdated_after)
        repository.queue(transaction, new, self._policy.domain, now, backdated=backdated)
        transaction.after_commit(self._wake)


def facts_of(invitation: invitation_pb2.Invitation, organization: str) -> OrderFacts:
    """An invitation in the words that mails are filled with."""
    return OrderFacts(
        work_order_id="",
        number="",
        subject="",
        state="",
        executor=wording.one_line(organization),
        invited=wording.one_line(invitation.name),
        roles=" and ".join(invitation.roles),
        valid_until=wording.instant(invitation.expire_time.ToDatetime(tzinfo=UTC), "UTC"),
    )
