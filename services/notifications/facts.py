"""From the events of workorders to the words that templates use.

Everything is text that is ready to be read; what is unknown is empty, and the line that holds it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import TYPE_CHECKING, TypeVar

from fieldmesh.ui.v1 import options_pb2
from fieldmesh.workorders.v1 import feed_pb2, work_order_pb2

from services.notifications import wording
from services.notifications.domain.audience import Involved, Outsider
from services.notifications.domain.hours import Hours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fieldmesh.common.v1 import types_pb2
    from fieldmesh.workorders.v1 import events_pb2
    from google.protobuf import timestamp_pb2
    from google.protobuf.descriptor import EnumDescriptor
    from google.type import date_pb2

M = TypeVar("M", work_order_pb2.CostRequest, work_order_pb2.DirectedAction)

DELIVERED = "delivered"
_NOBODY = work_order_pb2.Assignee()
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
    requested: str = ""
    directed: str = ""
    ship_to: str = ""
    facility: str = ""
    issuer: str = ""
    submitter: str = ""
    approver: str = ""
    decided_by: str = ""
    assignee: str = ""
    estimate: str = ""
    action_items: str = ""
    submission: int = 0
    service: str = ""
    meter: str = ""
    requested_date: str = ""
    instructions: str = ""
    materials: str = ""
    description: str = ""
    access: str = ""
    contact: str = ""
    reference: str = ""
    meter_read: str = ""
    remark: str = ""
    certificate: str = ""
    evidence_number: str = ""
    expires: str = ""
    days_left: str = ""
    return_number: str = ""
    return_parts: str = ""
    return_due: str = ""
    return_label: str = ""
    invited: str = ""
    roles: str = ""
    valid_until: str = ""


@dataclass(frozen=True, slots=True)
class MoveFacts:
    """What happened, in words: who did it, the reason's label, their text, an earlier date, who was sent, parts."""

    actor: str
    reason: str = ""
    comment: str = ""
    earlier_delivery: str = ""
    technician: str = ""
    parts: str = ""


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
        technician=" and ".join(
            filter(None, (order.technician.name, *(each.name for each in order.further_technicians)))
        ),
        technician_phone=order.technician.phone,
        parts_order=order.fulfilment.order_number,
        # Once the parts are there, nobody expects them.
        expected_delivery="" if order.fulfilment.phase == DELIVERED else _day(order.fulfilment.expected_delivery_date),
        arrived=_instant(order.visit.arrive_time, zone) if order.visit.HasField("arrive_time") else "",
        departed=_instant(order.visit.depart_time, zone) if order.visit.HasField("depart_time") else "",
        rental=_cost(order.costs.rental_cost, order.costs.rental_details),
        resumes=_day(order.hold.resume_date),
        ship_to=wording.receiver(order.ship_to),
        submission=order.approval.submission,
        facility=order.facility_name,
        issuer=order.issuer_name,
        submitter=order.approval.submitter_name,
        approver=order.approval.approver_name,
        decided_by=order.approval.delegate_name or order.approval.approver_name,
        assignee=order.assignee.name,
        estimate=" + ".join(_cost(amount, "") for amount in order.estimate_totals),
        action_items="; ".join(wording.one_line(title) for title in order.action_items),
        **_service(order),
        permit=_cost(order.costs.permit_cost, order.costs.permit_details),
        requested=_requested(order.cost_requests),
        directed=_directed(order.directed_actions),
    )


def move_facts(event: events_pb2.WorkOrderMoved) -> MoveFacts:
    """The words of a transition."""
    reason = event.reason_label or event.reason_code
    actor = actor_words(event.actor.display_name, event.actor.subject)
    sent = event.assigned_technician.name
    parts = "; ".join(f"{each.quantity} × {each.part_number} {each.part_name}".strip() for each in event.parts.lines)
    return MoveFacts(actor, reason, event.comment, _day(event.earlier_delivery_date), sent, parts)


def warning_facts(event: events_pb2.WorkOrderWarned) -> MoveFacts:
    """How near a target is, in words, as the reason."""
    if event.missed:
        return MoveFacts("", "the target has passed")
    return MoveFacts("", f"{event.percent} % of the time is used up" if event.percent else "it is due today")


def telling_hours(event: events_pb2.WorkOrderWarned) -> Hours:
    """When people may be told."""
    windows = [(each.weekday, each.opens, each.closes) for each in event.windows]
    return Hours(windows, frozenset(date(each.year, each.month, each.day) for each in event.closed_days))


def post_facts(event: events_pb2.FeedPosted) -> MoveFacts:
    """The words of a post or an answer."""
    return MoveFacts(actor_words(event.author.display_name, event.author.subject), comment=event.body)


def involved(
    order: events_pb2.WorkOrderSnapshot,
    former_assignee_id: str = "",
    former_assignee: work_order_pb2.Assignee = _NOBODY,
) -> Involved:
    """Who has a part in the order; before it is submitted, its creator stands for the submitter."""
    return Involved(
        issuer_org=order.parties.issuer_org,
        executor_org=order.parties.executor_org,
        facility_org=order.parties.facility_org,
        customer_service_executive_id=order.customer_service_executive_id,
        technician_person_id=order.technician.person_id,
        further_technician_ids=tuple(each.person_id for each in order.further_technicians),
        follower_ids=tuple(order.follower_ids),
        submitter_id=order.approval.submitter_id or order.creator_id,
        approver_id=order.approval.approver_id,
        approver_delegate_id=order.approver_delegate_id,
        assignee_id=order.assignee.person_id,
        former_assignee_id=former_assignee_id,
        outside_assignee=Outsider(order.assignee.name, order.assignee.email),
        former_outside_assignee=Outsider(former_assignee.name, former_assignee.email),
    )


def mentioned(event: events_pb2.FeedPosted) -> Involved:
    """Who is mentioned in a post."""
    ids: dict[int, list[str]] = {feed_pb2.MENTION_KIND_PERSON: [], feed_pb2.MENTION_KIND_TEAM: []}
    for mention in event.mentions:
        ids.setdefault(mention.kind, []).append(mention.id)
    people, teams = ids[feed_pb2.MENTION_KIND_PERSON], ids[feed_pb2.MENTION_KIND_TEAM]
    return Involved(mentioned_person_ids=tuple(people), mentioned_team_ids=tuple(teams))


def actor_words(name: str, subject: str) -> str:
    """Who did something: a name, or the program itself."""
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


def _service(order: events_pb2.WorkOrderSnapshot) -> dict[str, str]:
    """All that whoever does a service order has to know (UM-5), and what came of it."""
    asked = order.utility
    if not asked.type:
        return {}
    contact = ", ".join(filter(None, (order.contact_name, order.contact_phone)))
    unit = _label(asked.read_unit, work_order_pb2.MeterUnit.DESCRIPTOR)
    return {
        "service": _label(asked.type, work_order_pb2.ServiceType.DESCRIPTOR),
        "meter": asked.meter,
        "requested_date": _day(asked.requested_date),
        "instructions": wording.one_line(asked.instructions),
        "materials": wording.one_line(asked.materials),
        "description": wording.one_line(order.description),
        "access": wording.one_line(order.access_notes),
        "contact": contact,
        "reference": asked.provider_reference,
        "meter_read": f"{asked.meter_read:,.12g} {unit}".strip() if asked.HasField("meter_read") else "",
        "remark": wording.one_line(asked.remark),
    }


def _requested(requests: Iterable[work_order_pb2.CostRequest]) -> str:
    """The requests that the last word on them was about: asked for, or decided."""
    return "; ".join(
        f"{_label(each.kind, work_order_pb2.CostKind.DESCRIPTOR)} {_cost(each.amount, each.details)}"
        f" ({_label(each.decision, work_order_pb2.CostDecision.DESCRIPTOR).lower()})"
        for each in _latest(requests, "request_time", "decide_time")
    )


def _directed(actions: Iterable[work_order_pb2.DirectedAction]) -> str:
    """The further actions that the last word on them was about, with the day until which they are to be done."""
    return "; ".join(
        f"{wording.one_line(each.title)}{f' until {_day(each.due_date)}' if each.due_date.year else ''}"
        for each in _latest(actions, "direct_time", "done_time")
    )


def _latest(values: Iterable[M], begun: str, ended: str) -> list[M]:
    """The messages that were touched last, by their two instants."""
    moments = [(max(getattr(each, name).ToNanoseconds() for name in (begun, ended)), each) for each in values]
    last = max((moment for moment, _ in moments), default=0)
    return [each for moment, each in moments if moment == last]


def _label(number: int, kind: EnumDescriptor) -> str:
    return kind.values_by_number[number].GetOptions().Extensions[options_pb2.value].label


def _day(value: date_pb2.Date) -> str:
    return wording.day(_date(value)) if value.year else ""


def _date(value: date_pb2.Date) -> date:
    return date(value.year, value.month, value.day)


def _instant(value: timestamp_pb2.Timestamp, zone: str) -> str:
    return wording.instant(value.ToDatetime(tzinfo=UTC), zone)
