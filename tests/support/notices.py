"""Events as workorders would send them."""

from datetime import UTC, datetime

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import events_pb2, feed_pb2, work_order_pb2
from google.type import date_pb2


def snapshot(**changes):
    order = events_pb2.WorkOrderSnapshot(
        work_order_id="0197a1f2-0000-7000-8000-000000000001",
        number="20107925",
        subject="Assure - VT-40 - Head replacement (Ver 03)",
        workflow="partner_service",
        state="assigned",
        state_label="Assigned",
        parties=types_pb2.Parties(
            issuer_org="voltara", executor_org="bluefern", facility_org="larkspur", scope_version=2
        ),
        account_name="Harbor Glen Apartments",
        case_number="00412345",
        territory_name="Texas - Austin",
        site_time_zone="America/Chicago",
        site_address=types_pb2.Address(
            street="1200 Harbor Glen Dr", city="Austin", state="TX", postal_code="78701", country="US"
        ),
        entitlement_name="Repair SLA Assure",
        parts_required=True,
        customer_service_executive_id="cse",
        priority=work_order_pb2.PRIORITY_HIGH,
        executor_name="Bluefern Dispatch",
        sla=work_order_pb2.SlaSummary(
            state=work_order_pb2.SLA_STATE_RUNNING,
            due_date=date_pb2.Date(year=2026, month=12, day=2),
            time_zone="America/Chicago",
        ),
        fulfilment=work_order_pb2.FulfilmentSummary(
            order_number="00287387", expected_delivery_date=date_pb2.Date(year=2026, month=12, day=1)
        ),
        technician=work_order_pb2.SiteTechnician(person_id="dana", name="Dana Ruiz", phone="555-0142"),
    )
    order.appointment.start_time.FromDatetime(datetime(2026, 12, 1, 15, 30, tzinfo=UTC))
    for name, value in changes.items():
        if hasattr(value, "DESCRIPTOR"):
            getattr(order, name).CopyFrom(value)
        elif isinstance(value, (list, tuple)):
            del getattr(order, name)[:]
            getattr(order, name).extend(value)
        else:
            setattr(order, name, value)
    return order


def moved(*notices, order=None, actor="morgan", **changes):
    """`notices` are pairs of a template and its recipients."""
    event = events_pb2.WorkOrderMoved(
        work_order=order or snapshot(),
        transition="allocate",
        from_state="unallocated",
        to_state="assigned",
        notices=[events_pb2.Notice(template=template, recipients=recipients) for template, recipients in notices],
        actor=types_pb2.Actor(subject=actor, display_name="Morgan Hale", organization_id="voltara"),
        **changes,
    )
    event.move_time.FromDatetime(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    return event


def posted(body, *mentions, author="morgan", order=None):
    """`mentions` are pairs of "person" or "team" and an id."""
    kinds = {"person": feed_pb2.MENTION_KIND_PERSON, "team": feed_pb2.MENTION_KIND_TEAM}
    return events_pb2.FeedPosted(
        work_order=order or snapshot(),
        feed_post_id="post-1",
        author=types_pb2.Actor(subject=author, display_name="Morgan Hale", organization_id="voltara"),
        body=body,
        mentions=[feed_pb2.Mention(kind=kinds[kind], id=identity) for kind, identity in mentions],
    )
