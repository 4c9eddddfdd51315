"""The JSON that other systems get (docs/operations.md documents it); version 1, to which fields are only added.

It says what every party to the order may know. Who does the work and for whom they do it get its dates and people as
well; nobody gets costs, ids of people, or what was written for the own organisation.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import work_order_pb2
from google.protobuf import json_format

from services.notifications.domain.webhooks import TEST

if TYPE_CHECKING:
    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.common.v1 import types_pb2
    from fieldmesh.workorders.v1 import events_pb2
    from google.protobuf import timestamp_pb2
    from google.type import date_pb2

VERSION = 1
# Parts of a snapshot that belong to one workflow; told by the names of their own fields, such as the provider's
# reference and what a meter showed.
_PARTICULARS = ("utility",)


def moved_body(kind: str, event: envelope_pb2.Event, moved: events_pb2.WorkOrderMoved, organization_id: str) -> str:
    """What an organisation is told of a move."""
    order = moved.work_order
    works = organization_id in {order.parties.issuer_org, order.parties.executor_org}
    move = {
        "transition": moved.transition,
        "from_state": moved.from_state,
        "to_state": moved.to_state,
        "effects": list(moved.effects),
        "time": _instant(moved.move_time),
    }
    if works:
        move |= {"reason_code": moved.reason_code, "reason": moved.reason_label, "comment": moved.comment}
    data = {"work_order": _order(order) | (_work(order) if works else {}), "move": move}
    return _message(
        kind,
        event.occur_time.ToDatetime(UTC),
        {"event_id": event.id, "sequence": event.sequence, "data": data},
    )


def test_body(endpoint_name: str, now: datetime) -> str:
    """A body that tells of nothing."""
    return _message(TEST, now, {"event_id": "", "sequence": 0, "data": {"endpoint": endpoint_name}})


def _message(kind: str, occurred: datetime, rest: dict[str, Any]) -> str:
    whole = {"type": kind, "version": VERSION, "timestamp": occurred.isoformat().replace("+00:00", "Z"), **rest}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def _order(order: events_pb2.WorkOrderSnapshot) -> dict[str, Any]:
    return {
        "id": order.work_order_id,
        "number": order.number,
        "workflow": order.workflow,
        "state": order.state,
        "state_label": order.state_label,
        "category": _name(work_order_pb2.StateCategory, order.category, "STATE_CATEGORY_"),
        "subject": order.subject,
        "issuer": order.parties.issuer_org,
        "executor": order.parties.executor_org,
        "executor_name": order.executor_name,
        "facility_owner": order.parties.facility_org,
        "account": order.account_name,
        "site": {"time_zone": order.site_time_zone, **_address(order.site_address)},
        "appointment": _instant(order.appointment.start_time),
    }


def _work(order: events_pb2.WorkOrderSnapshot) -> dict[str, Any]:
    """What those who do the work, and those for whom it is done, know beside."""
    return {
        "case_number": order.case_number,
        "priority": _name(work_order_pb2.Priority, order.priority, "PRIORITY_"),
        "entitlement": order.entitlement_name,
        "technician": order.technician.name,
        "arrived": _instant(order.visit.arrive_time),
        "departed": _instant(order.visit.depart_time),
        "completed": _instant(order.complete_time),
        "due_date": _day(order.sla.due_date),
        "parts": order.fulfilment.phase,
        "expected_delivery": _day(order.fulfilment.expected_delivery_date),
        **_particulars(order),
    }


def _particulars(order: Any) -> dict[str, Any]:
    return {
        name: json_format.MessageToDict(getattr(order, name), preserving_proto_field_name=True)
        for name in _PARTICULARS
        if name in order.DESCRIPTOR.fields_by_name and order.HasField(name)
    }


def _address(value: types_pb2.Address) -> dict[str, str]:
    return {name: getattr(value, name) for name in ("street", "city", "state", "postal_code", "country")}


def _name(kind: Any, value: int, prefix: str) -> str:
    """An enum's value by name; a number that this process does not know stays one."""
    if not value:
        return ""
    known = value in kind.values()
    return str(kind.Name(value)).removeprefix(prefix).lower() if known else str(value)


def _instant(value: timestamp_pb2.Timestamp) -> str | None:
    if not value.seconds:
        return None
    return value.ToDatetime(UTC).isoformat().replace("+00:00", "Z")


def _day(value: date_pb2.Date) -> str | None:
    return date(value.year, value.month, value.day).isoformat() if value.year else None
