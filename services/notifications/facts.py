"""From the events of workorders to the words that templates use.

Everything is text that is ready to be read; what is unknown is empty, and the line that holds it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import feed_pb2, work_order_pb2

from services.notifications import wording
from services.notifications.domain.audience import Involved

if TYPE_CHECKING:
    from fieldmesh.common.v1 import types_pb2
    from fieldmesh.workorders.v1 import events_pb2
    from google.protobuf import timestamp_pb2
    from google.type import date_pb2

DELIVERED = "delivered"
UNSHOWN_PRIORITIES = {work_order_pb2.PRIORITY_UNSPECIFIED, work_order_pb2.PRIORITY_NORMAL}


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A work order in words."""

    work_order_id: str
    number: str
    subject: str
    state: str
    account: str = ""
    site: str = ""
    case_number: str = ""
    territory: str = ""
    priority: str = ""
    entitlement: str = ""
    executor: str = ""
    parts_required: bool = False
    sla_due: str = ""
    appointment: str = ""
    technician: str = ""
    technician_phone: str = ""
    parts_order: str = ""
    expected_delivery: str = ""
    arrived: str = ""
    departed: str = ""
    rental: str = ""
    permit: str = ""
    resumes: str = ""


@dataclass(frozen=True, slots=True)
class MoveFacts:
    """What happened, in words: who did it, the reason's label, their text, and the date it takes the place of."""

    actor: str
    reason: str = ""
    comment: str = ""
    earlier_delivery: str = ""


def order_facts(order: events_pb2.WorkOrderSnapshot) -> OrderFacts:
    """The words of a snapshot; dates and times are the site's."""
    zone = order.site_time_zone
    return OrderFacts(
        work_order_id=order.work_order_id,
        number=order.number,
        subject=wording.one_line(order.subject),
        state=order.state_label or order.state,
        account=order.account_name,
        site=wording.address(order.site_address),
        case_number=order.case_number,
        territory=order.territory_name,
        priority=_priority(order.priority),
        entitlement=order.entitlement_name,
        executor=order.executor_name,
        parts_required=order.parts_required,
        sla_due=_target(order.sla, zone),
        appointment=_instant(order.appointment.start_time, zone) if order.appointment.HasField("start_time") else "",
        technician=order.technician.name,
        technician_phone=order.technician.phone,
        parts_order=order.fulfilment.order_number,
        # Once the parts are there, nobody expects them.
        expected_delivery="" if order.fulfilment.phase == DELIVERED else _day(order.fulfilment.expected_delivery_date),
        arrived=_instant(order.visit.arrive_time, zone) if order.visit.HasField("arrive_time") else "",
        departed=_instant(order.visit.depart_time, zone) if order.visit.HasField("depart_time") else "",
        rental=_cost(order.costs.rental_cost, order.costs.rental_details),
        resumes=_day(order.hold.resume_date),
        permit=_cost(order.costs.permit_cost, order.costs.permit_details),
    )


def move_facts(event: events_pb2.WorkOrderMoved) -> MoveFacts:
    """The words of a transition."""
    reason = event.reason_label or event.reason_code
    actor = _actor(event.actor.display_name, event.actor.subject)
    return MoveFacts(actor, reason, event.comment, _day(event.earlier_delivery_date))


def post_facts(event: events_pb2.FeedPosted) -> MoveFacts:
    """The words of a post or an answer."""
    return MoveFacts(_actor(event.author.display_name, event.author.subject), comment=event.body)


def involved(order: events_pb2.WorkOrderSnapshot) -> Involved:
    """Who has a part in the order."""
    return Involved(
        issuer_org=order.parties.issuer_org,
        executor_org=order.parties.executor_org,
        customer_service_executive_id=order.customer_service_executive_id,
        technician_person_id=order.technician.person_id,
        follower_ids=tuple(order.follower_ids),
    )


def mentioned(event: events_pb2.FeedPosted) -> Involved:
    """Who is mentioned in a post."""
    ids: dict[int, list[str]] = {feed_pb2.MENTION_KIND_PERSON: [], feed_pb2.MENTION_KIND_TEAM: []}
    for mention in event.mentions:
        ids.setdefault(mention.kind, []).append(mention.id)
    people, teams = ids[feed_pb2.MENTION_KIND_PERSON], ids[feed_pb2.MENTION_KIND_TEAM]
    return Involved(mentioned_person_ids=tuple(people), mentioned_team_ids=tuple(teams))


def _actor(name: str, subject: str) -> str:
    if name and not subject.startswith("service:"):
        return name
    return "Fieldmesh" if subject.startswith("service:") or not subject else "Somebody"


def _priority(value: work_order_pb2.Priority.ValueType) -> str:
    """Said only where it differs from the usual."""
    return "" if value in UNSHOWN_PRIORITIES else work_order_pb2.Priority.Name(value).removeprefix("PRIORITY_").title()


def _target(sla: work_order_pb2.SlaSummary, zone: str) -> str:
    if sla.state == work_order_pb2.SLA_STATE_AWAITING_DELIVERY_DATE:
        return "follows the delivery of the parts"
    if sla.state in {work_order_pb2.SLA_STATE_NONE, work_order_pb2.SLA_STATE_VOID} or not sla.due_date.year:
        return ""
    due = wording.day_at(_date(sla.due_date), sla.time_zone or zone)
    return f"{due}, paused" if sla.state == work_order_pb2.SLA_STATE_PAUSED else due


def _cost(money: types_pb2.Money, details: str) -> str:
    """An amount with what it was for; empty where there was none."""
    amount = f"{money.micros / 1_000_000:,.2f} {money.currency_code}" if money.currency_code else ""
    return ": ".join(filter(None, (amount, wording.one_line(details))))


def _day(value: date_pb2.Date) -> str:
    return wording.day(_date(value)) if value.year else ""


def _date(value: date_pb2.Date) -> date:
    return date(value.year, value.month, value.day)


def _instant(value: timestamp_pb2.Timestamp, zone: str) -> str:
    return wording.instant(value.ToDatetime(tzinfo=UTC), zone)
