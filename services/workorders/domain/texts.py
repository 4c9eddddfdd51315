"""Values as people read them in histories and feeds."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING

from services.workorders.domain.approval import ActionItem, Approval, Assignee, Handover
from services.workorders.domain.links import LinkedOrder
from services.workorders.domain.paths import is_set
from services.workorders.domain.requests import CostRequest, DirectedAction
from services.workorders.domain.travel import MILE_DECIMALS
from services.workorders.domain.utility import UtilityRequest, read_in_words
from services.workorders.domain.values import digits, postal_line
from services.workorders.domain.work_order import (
    Appointment,
    Ending,
    Hold,
    HoldRequest,
    LineItem,
    OrderFlag,
    ShipTo,
    SiteTechnician,
    Travel,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def text_of(value: object) -> str:  # noqa: PLR0911 - one line a type is the clearest table
    """One value as text: instants as RFC 3339 in UTC, dates as YYYY-MM-DD, yes and no, nothing as ""."""
    if not is_set(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value).replace("_", " ").capitalize()
    if isinstance(value, float):
        return digits(value)
    if isinstance(value, tuple):
        return ("; " if any(map(is_dataclass, value)) else ", ").join(text_of(part) for part in value)
    if isinstance(value, OrderFlag):
        return value.message
    write = _GROUPS.get(type(value))
    if write is None and is_dataclass(value) and type(value).__str__ is object.__str__:
        return "; ".join(filter(None, (text_of(getattr(value, part.name)) for part in fields(value))))
    return write(value) if write else str(value)


def _ship_to(value: ShipTo) -> str:
    where = postal_line(value.street, value.city, value.state, value.postal_code, value.country)
    home = "residential" if value.residential else ""
    return "; ".join(filter(None, (value.name, value.phone, value.party, where, text_of(value.handling), home)))


def _travel(value: Travel) -> str:
    crew, each = value.technicians or 1, value.billable_miles
    in_all = f" each, {digits(round(each * crew, MILE_DECIMALS))} mi in all" if crew > 1 else ""
    facts = (
        f"{text_of(value.round_trip_miles)} mi round trip" if value.round_trip_miles is not None else "",
        f"{crew} technician{'s' if crew > 1 else ''}" if value.technicians else "",
        f"{digits(each)} mi billable{in_all}",
        f"{value.cost_per_mile} per mile" if value.cost_per_mile else "",
        f"zone {value.zone}" if value.zone else "",
    )
    return "; ".join(filter(None, facts))


def _appointment(value: Appointment) -> str:
    day = f"{text_of(value.date)} {value.time}".strip()
    late = f"(after the target: {value.delay_reason or value.delay_reason_code})" if value.delay_reason_code else ""
    return " ".join(filter(None, (day, value.time_zone, late)))


def _technician(value: SiteTechnician) -> str:
    return "; ".join(filter(None, (value.name, value.phone, value.email)))


def _hold(value: Hold) -> str:
    until = f"until {text_of(value.resume_date)}" if value.resume_date else ""
    return "; ".join(filter(None, (until, value.reason)))


def _hold_request(value: HoldRequest) -> str:
    return value.text


def _ending(value: Ending) -> str:
    return value.reason


def _line_item(value: LineItem) -> str:
    return " ".join(filter(None, (value.number, text_of(value.state), f"({value.result})" if value.result else "")))


def _linked(value: LinkedOrder) -> str:
    return value.number


def _cost_request(value: CostRequest) -> str:
    asked = " ".join(
        filter(None, (text_of(value.kind), str(value.amount), f"({value.details})" if value.details else ""))
    )
    comment = f" ({value.comment})" if value.comment else ""
    return f"{asked}: {text_of(value.decision).lower()}{comment}"


def _directed_action(value: DirectedAction) -> str:
    until = f" until {text_of(value.due_date)}" if value.due_date else ""
    done = f": done{f' ({value.result})' if value.result else ''}" if not value.is_open else ""
    return f"{value.title}{until}{done}"


def _action_item(value: ActionItem) -> str:
    return f"{value.number}. {value.title}: {text_of(value.state)}"


def _approval(value: Approval) -> str:
    facts = (
        f"{value.submitter_name} asks {value.approver_name}" if value.submit_time else "",
        f"version {value.submitted_version}" if value.submit_time else "",
        f"decided by {value.delegate_name or value.approver_name}" if value.decide_time else "",
        value.comment,
    )
    return "; ".join(filter(None, facts))


def _assignee(value: Assignee) -> str:
    return "; ".join(filter(None, (value.name, value.email)))


def _handover(value: Handover) -> str:
    if value.accept_time:
        return "Accepted"
    return "Asked" if value.ask_time else ""


def _utility(value: UtilityRequest) -> str:
    facts = (
        text_of(value.type),
        f"meter {value.meter}" if value.meter else "",
        f"for {text_of(value.requested_date)}" if value.requested_date else "",
        f"reference {value.provider_reference}" if value.provider_reference else "",
        f"read {read_in_words(value.meter_read, value.read_unit)}" if value.meter_read is not None else "",
        value.lower_read_reason,
        value.remark,
    )
    return "; ".join(filter(None, facts))


_GROUPS: dict[type, Callable[..., str]] = {
    ShipTo: _ship_to,
    Travel: _travel,
    Appointment: _appointment,
    SiteTechnician: _technician,
    Hold: _hold,
    HoldRequest: _hold_request,
    Ending: _ending,
    LineItem: _line_item,
    LinkedOrder: _linked,
    CostRequest: _cost_request,
    DirectedAction: _directed_action,
    ActionItem: _action_item,
    Approval: _approval,
    Assignee: _assignee,
    Handover: _handover,
    UtilityRequest: _utility,
}
