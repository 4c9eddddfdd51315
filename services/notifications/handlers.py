"""What events of other services lead to: mails to those whom a transition or a mention concerns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.chassis.log import get_logger
from services.notifications import directory, facts, repository
from services.notifications.domain.audience import Audience, addressees, sees, selectors
from services.notifications.domain.delivery import BACKDATED_AFTER, is_backdated
from services.notifications.repository import NewMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.workorders.v1 import events_pb2
    from google.protobuf import timestamp_pb2

    from services.chassis.clock import Clock
    from services.chassis.unit_of_work import Transaction
    from services.notifications.catalog import Catalog
    from services.notifications.domain.audience import Involved
    from services.notifications.domain.hours import Hours
    from services.notifications.domain.people import Person
    from services.notifications.facts import MoveFacts, OrderFacts

log = get_logger(__name__)

MENTION = "mention"
STATE_CHANGED = "state_changed"


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """What holds for every mail: the domain of its id, the admin's address for links, and when it is too late."""

    domain: str
    public_url: str
    backdated_after: timedelta = BACKDATED_AFTER

    def order_url(self, work_order_id: str) -> str:
        """Where the admin shows an order."""
        return f"{self.public_url.rstrip('/')}/work-orders/{work_order_id}"

    @property
    def university_url(self) -> str:
        """Where the admin shows certificates."""
        return f"{self.public_url.rstrip('/')}/university/"

    @property
    def webhooks_url(self) -> str:
        """Where the admin shows webhooks."""
        return f"{self.public_url.rstrip('/')}/webhooks/"


class Notices:
    """Turns events into queued messages; `wake` is called after the commit that queued one."""

    def __init__(self, catalog: Catalog, policy: MailPolicy, clock: Clock, wake: Callable[[], object]) -> None:
        """Takes the system's clock: due times are the machine's business, not the business's."""
        self._catalog = catalog
        self._policy = policy
        self._clock = clock
        self._wake = wake

    def work_order_moved(
        self, transaction: Transaction, event: envelope_pb2.Event, moved: events_pb2.WorkOrderMoved
    ) -> None:
        """Queues the mails that the workflow asks for; somebody in several of its audiences gets the first one.

        Raises RecipientUnknown, and UnknownTemplate or UnknownAudience for a faulty workflow: the event is tried
        again and, in the end, parked where an admin sees it.
        """
        involved = _involved(moved)
        told: set[str] = set()
        for notice in moved.notices:
            found = {
                audience: directory.find(transaction.connection, selectors(audience, involved))
                for audience in notice.recipients
            }
            chosen = addressees(found, "" if notice.to_actor else moved.actor.subject)
            if not any(found.values()):
                log.warning("notice.reaches_nobody", template=notice.template, work_order=moved.work_order.number)
            fresh = [(person, audience) for person, audience in chosen.values() if person.person_id not in told]
            told.update(person.person_id for person, _ in fresh)
            self.queue(transaction, event, notice.template, fresh, moved.work_order, facts.move_facts(moved))
        if moved.to_state != moved.from_state:
            self._tell_followers(transaction, event, moved, told)

    def _tell_followers(
        self, transaction: Transaction, event: envelope_pb2.Event, moved: events_pb2.WorkOrderMoved, told: set[str]
    ) -> None:
        """Queues a mail to who follows an order whose state changed, unless another mail tells them of it (CP-36).

        Somebody who left every organisation with a part in the order does not see it any more, and is told nothing.
        """
        involved = facts.involved(moved.work_order)
        found = directory.find(transaction.connection, selectors(Audience.FOLLOWERS, involved))
        allowed = [person for person in found if sees(person, involved)]
        chosen = addressees({Audience.FOLLOWERS: allowed}, moved.actor.subject)
        fresh = [(person, audience) for person, audience in chosen.values() if person.person_id not in told]
        self.queue(transaction, event, STATE_CHANGED, fresh, moved.work_order, facts.move_facts(moved))

    def work_order_warned(
        self, transaction: Transaction, event: envelope_pb2.Event, warned: events_pb2.WorkOrderWarned
    ) -> None:
        """Queues the mails about a target that comes near or is missed, each within its reader's working hours.

        Raises RecipientUnknown and UnknownTemplate.
        """
        involved = facts.involved(warned.work_order)
        told: set[str] = set()
        for notice in warned.notices:
            found = {
                audience: directory.find(transaction.connection, selectors(audience, involved))
                for audience in notice.recipients
            }
            fresh = [one for one in addressees(found, "").values() if one[0].person_id not in told]
            told.update(person.person_id for person, _ in fresh)
            move, hours = facts.warning_facts(warned), facts.telling_hours(warned)
            # What was missed long ago, such as before a standstill, is no news.
            news = warned.due_time if warned.missed else event.occur_time
            self.queue(transaction, event, notice.template, fresh, warned.work_order, move, hours=hours, happened=news)

    def feed_posted(self, transaction: Transaction, event: envelope_pb2.Event, posted: events_pb2.FeedPosted) -> None:
        """Queues a mail to everybody mentioned (CP-57), except to the author.

        A post that a transition wrote mentions people whom the transition's own mail may have told: once is enough.
        Raises RecipientUnknown.
        """
        found = directory.find(transaction.connection, selectors(Audience.MENTIONED, facts.mentioned(posted)))
        chosen = addressees({Audience.MENTIONED: found}, posted.author.subject)
        told = repository.told_by_request(transaction.connection, event.request_id, posted.work_order.work_order_id)
        fresh = [(person, audience) for person, audience in chosen.values() if person.person_id not in told]
        self.queue(transaction, event, MENTION, fresh, posted.work_order, facts.post_facts(posted))

    def queue(  # noqa: PLR0913, PLR0917 - what is told, to whom, and why
        self,
        transaction: Transaction,
        event: envelope_pb2.Event,
        template: str,
        people: Iterable[tuple[Person, str]],
        order: events_pb2.WorkOrderSnapshot,
        move: MoveFacts,
        known: OrderFacts | None = None,
        hours: Hours | None = None,
        happened: timestamp_pb2.Timestamp | None = None,
    ) -> None:
        """Queues a mail to people, each with the audience that reached them; `known` is said instead of the order."""
        order_facts = known or facts.order_facts(order)
        url = self._policy.order_url(order.work_order_id)
        now = self._clock.now()
        written = (happened or event.occur_time).ToDatetime(now.tzinfo)
        # The machine's time: demo data is loaded under a scripted business clock that lies in the past throughout.
        backdated = is_backdated(written, now, self._policy.backdated_after)
        for person, audience in people:
            content = self._catalog.fill(
                self._catalog.find(template, person.locale), order_facts, move, audience=audience, url=url
            )
            new = NewMessage(
                event_id=event.id,
                request_id=event.request_id,
                template=template,
                recipient_id=person.person_id,
                recipient_name=person.name,
                recipient_email=person.email,
                work_order_id=order.work_order_id,
                content=content,
                parties=order.parties,
                written=written,
                not_before=hours.next_within(now, person.time_zone or order.site_time_zone) if hours else None,
            )
            repository.queue(transaction, new, self._policy.domain, now, backdated=backdated)
        transaction.after_commit(self._wake)


def _involved(moved: events_pb2.WorkOrderMoved) -> Involved:
    """Who has a part in the order, and who had one until it moved."""
    known = facts.involved(moved.work_order, moved.former_assignee_id, moved.former_assignee)
    released = tuple(each.person_id for each in moved.released_technicians)
    return replace(known, assigned_technician_id=moved.assigned_technician.person_id, released_technician_ids=released)
