"""Domain values as messages of the contract, and as the JSON that rows keep of them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol

from fieldmesh.shipping.v1 import (
    events_pb2,
    fulfilment_order_pb2,
    rma_pb2,
    shipment_pb2,
    shipping_service_pb2,
    sla_draft_service_pb2,
    sla_pb2,
)
from google.type import date_pb2
from sqlalchemy import RowMapping

from services.chassis.etag import etag_of
from services.chassis.kit.columns import message_of
from services.shipping.domain.errors import ShippingRefusal
from services.shipping.domain.known_order import KnownOrder, Summary
from services.shipping.domain.order_clock import SlaState
from services.shipping.domain.policy import DeliveryAnchor, SlaInputs
from services.shipping.domain.sla import Target
from services.shipping.domain.steps import Step, in_words
from services.shipping.domain.tracking import Taken
from services.shipping.domain.zones import instant
from services.shipping.repository.orders import party_columns, pauses_to_json

Columns = dict[str, Any]


class Shift(Protocol):
    """What a computation made of an order's target: a row before and one afterwards, or a refusal."""

    @property
    def order(self) -> KnownOrder: ...
    @property
    def before(self) -> RowMapping | None: ...
    @property
    def columns(self) -> Columns | None: ...
    @property
    def refusal(self) -> ShippingRefusal | None: ...


NO_SLA = "There is no entitlement with an SLA, so there is no target."
_NO_TARGET: Columns = {
    "due_time": None,
    "due_date": None,
    "time_zone": "",
    "warn_time": None,
    "policy_code": "",
    "policy_version": 0,
    "calendar_name": "",
    "calendar_version": 0,
    "inputs": {},
}


def no_sla(entitlement: str) -> str:
    """Why an order without a policy has no target (sla.md, 13)."""
    if not entitlement:
        return NO_SLA
    return f"The entitlement “{entitlement}” names no SLA policy, so there is no target."


def target_columns(
    order: KnownOrder, state: SlaState, target: Target | None, why_none: str, ended: Iterable[Step] = ()
) -> Columns:
    """A target of an order as the columns of its row, without id, version and time; `ended` are steps after its own."""
    zone = {} if target else {"time_zone": order.site_time_zone}
    facts = target_facts(state, target, why_none)
    facts["steps"] = [*facts["steps"], *(_step_json(step, order.site_time_zone) for step in ended)]
    return facts | zone | {"work_order_id": order.id, **party_columns(order.parties)}


def target_facts(state: SlaState, target: Target | None, why_none: str = NO_SLA) -> Columns:
    """What was computed, as columns."""
    if target is None:
        steps = [{"kind": "no_entitlement", "text": why_none}]
        return {**_NO_TARGET, "state": int(state), "steps": steps}
    return {
        "state": int(state),
        "due_time": target.due_at,
        "due_date": target.due_date,
        "time_zone": target.inputs.zone,
        "warn_time": target.at_risk_at,
        "policy_code": target.inputs.policy.id,
        "policy_version": target.inputs.policy.version,
        "calendar_name": target.inputs.calendar.name,
        "calendar_version": target.inputs.calendar.version,
        "steps": [_step_json(step, target.inputs.zone) for step in target.steps],
        "inputs": _inputs_json(target.inputs),
    }


def target_message(row: Mapping[str, Any] | RowMapping) -> sla_pb2.SlaTarget:
    """A target from its row."""
    message = message_of(sla_pb2.SlaTarget, dict(row))
    message.etag = etag_of(row["id"], row["version"])
    return message


def version_title(row: Mapping[str, Any] | RowMapping) -> str:
    """A version of a calendar or policy as people name it, such as "US business days, version 2"."""
    return f"{row['name']}, version {row['version']}"


def calendar_message(row: Mapping[str, Any]) -> sla_pb2.BusinessCalendar:
    """A version of a calendar from its row."""
    message = message_of(sla_pb2.BusinessCalendar, row)
    message.etag = etag_of(row["id"], row["revision"])
    return message


def policy_message(row: Mapping[str, Any]) -> sla_pb2.SlaPolicy:
    """A version of a policy from its row."""
    message = message_of(sla_pb2.SlaPolicy, row)
    message.etag = etag_of(row["id"], row["revision"])
    return message


def recalculation_message(row: Mapping[str, Any]) -> sla_pb2.SlaRecalculation:
    """A recalculation from its row."""
    message = message_of(sla_pb2.SlaRecalculation, row)
    message.etag = etag_of(row["id"], row["version"])
    return message


def shift_message(shift: Shift) -> sla_draft_service_pb2.TargetShift:
    """What publishing would do to one order."""
    order, before, after = shift.order, shift.before or _NO_TARGET, shift.columns or {}
    message = sla_draft_service_pb2.TargetShift(
        work_order_id=order.id,
        work_order_number=order.number,
        time_zone=order.site_time_zone,
        state=after.get("state", 0),
        problem=str(shift.refusal or ""),
    )
    for name, values in (("old", before), ("new", after)):
        if values.get("due_time"):
            getattr(message, f"{name}_due_time").FromDatetime(values["due_time"])
        if values.get("due_date"):
            getattr(message, f"{name}_due_date").CopyFrom(date_message(values["due_date"]))
    return message


def fulfilment_order_message(row: RowMapping) -> fulfilment_order_pb2.FulfilmentOrder:
    """A fulfilment order from its row."""
    message = message_of(fulfilment_order_pb2.FulfilmentOrder, dict(row))
    message.etag = etag_of(row["id"], row["version"])
    return message


def rma_message(row: RowMapping) -> rma_pb2.Rma:
    """A return from its row."""
    message = message_of(rma_pb2.Rma, dict(row))
    message.etag = etag_of(row["id"], row["version"])
    return message


def parcel_message(row: RowMapping) -> shipment_pb2.Parcel:
    """A parcel from its row."""
    message = message_of(shipment_pb2.Parcel, dict(row))
    message.etag = etag_of(row["id"], row["version"])
    return message


def parts_summary(
    order: KnownOrder, told: Summary, version: int, parcels: Iterable[RowMapping]
) -> events_pb2.PartsSummary:
    """The parts of a work order as a whole; `parcels` are those of the fulfilment orders that count."""
    message = events_pb2.PartsSummary(
        version=version,
        acceptance_version=order.acceptance_version,
        phase=int(told.phase or 0),  # type: ignore[arg-type]
        parcels=[parcel_message(each) for each in parcels],
    )
    if told.expected:
        message.expected_delivery_date.CopyFrom(date_message(told.expected))
    if told.latest:
        message.fulfilment_order_id, message.order_number = told.latest.id, told.latest.number
    return message


def progressed_event(  # noqa: PLR0913 - what is told of an order
    row: RowMapping,
    parcels: Iterable[RowMapping],
    parts: events_pb2.PartsSummary,
    now: datetime,
    *,
    expected_changed: bool,
    reason: str = "",
) -> events_pb2.FulfilmentProgressed:
    """How a fulfilment order stands, and the parts of its work order as a whole."""
    event = events_pb2.FulfilmentProgressed(
        work_order_id=row["work_order_id"],
        fulfilment_order_id=row["id"],
        order_number=row["number"],
        phase=row["phase"],
        version=row["version"],
        parcels=[parcel_message(each) for each in parcels],
        expected_delivery_changed=expected_changed,
        reason=reason,
        acceptance_version=row["acceptance_version"],
        parts=parts,
        outcome=row["outcome"],
    )
    if row["expected_delivery_date"]:
        event.expected_delivery_date.CopyFrom(date_message(row["expected_delivery_date"]))
    event.progress_time.FromDatetime(now)
    return event


def tracking_results(taken: Iterable[Taken]) -> shipping_service_pb2.IngestTrackingResponse:
    """What became of carriers' messages."""
    results = [
        shipping_service_pb2.TrackingResult(
            parcel_id=each.parcel_id, applied=each.applied, message=each.message, refused=each.refused
        )
        for each in taken
    ]
    return shipping_service_pb2.IngestTrackingResponse(results=results)


def date_message(day: date) -> date_pb2.Date:
    """A date of the contract."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def _step_json(step: Step, zone: str) -> dict[str, Any]:
    values: dict[str, Any] = {"kind": step.kind.value.lower(), "text": in_words(step, zone)}
    if step.day:
        values["date"] = {"year": step.day.year, "month": step.day.month, "day": step.day.day}
    at = step.end if step.start is None else step.start
    if at is not None:
        values["instant"] = _rfc3339(instant(at))
    return values


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _inputs_json(inputs: SlaInputs) -> dict[str, Any]:
    """Everything that the target was computed from, so that it can be computed anew."""
    anchor: dict[str, Any]
    if isinstance(inputs.anchor, DeliveryAnchor):
        anchor = {
            "deliveries": [
                {
                    "label": each.label,
                    "expected": each.expected.isoformat() if each.expected else None,
                    "delivered": each.delivered.isoformat() if each.delivered else None,
                }
                for each in inputs.anchor.deliveries
            ]
        }
    else:
        anchor = {"assigned": _rfc3339(inputs.anchor.at)}
    return {
        "policy": {"code": inputs.policy.id, "version": inputs.policy.version},
        "calendar": {"id": inputs.calendar.id, "version": inputs.calendar.version},
        "zone": inputs.zone,
        "anchor": anchor,
        "pauses": pauses_to_json(inputs.pauses),
        **({"work_classes": list(inputs.work_classes)} if inputs.policy.class_terms else {}),
    }
