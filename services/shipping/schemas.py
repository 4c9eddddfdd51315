"""Untrusted requests as commands; every wrong field is named by its path, such as `updates[3].carrier`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from fieldmesh.shipping.v1 import shipping_service_pb2 as messages
from google.protobuf.message import Message
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.chassis.errors import InvalidRequest, Violation
from services.shipping.domain.packing import Stated
from services.shipping.domain.parcels import ParcelState, Sighting
from services.shipping.domain.policy import Anchor, AssignmentAnchor, DeliveryAnchor, Pause, RequiredDelivery, WorkClass
from services.shipping.domain.tracking import Update
from services.shipping.repository.reference import WORK_CLASSES

MOST_UPDATES = 500
MOST_PARCELS = 200
MOST_PAUSES = 100
MOST_CONTENTS = 200
MOST_PIECES = 10_000
LONGEST_SEQUENCE = 2**62
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Years that calendars can be computed for, with room for pauses and horizon."""


@dataclass(frozen=True, slots=True)
class TargetPreview:
    """What a target would be computed from; policy and calendar are those in force."""

    policy_code: str
    calendar_name: str
    zone: str
    anchor: Anchor
    pauses: tuple[Pause, ...] = ()
    work_classes: tuple[WorkClass, ...] = ()


class _Day(fields.Field[date]):
    """A google.type.Date that is a whole date."""

    default_error_messages = {"invalid": "must be a whole date: year, month and day"}  # noqa: RUF012 - marshmallow's way

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:  # noqa: ARG002
        try:
            found = date(value.year, value.month, value.day)
        except ValueError as error:
            raise self.make_error("invalid") from error
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise self.make_error("invalid")
        return found


class _Instant(fields.Field[datetime]):
    """A google.protobuf.Timestamp, to the microsecond."""

    default_error_messages = {"invalid": "must be an instant", "required": "is required"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # noqa: ARG002
        try:
            found: datetime = value.ToDatetime(UTC)
        except (ValueError, OverflowError) as error:
            raise self.make_error("invalid") from error
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise self.make_error("invalid")
        return found


def _words(most: int, least: int = 1) -> fields.String:
    message = f"must have {least} to {most} characters" if least else f"must be at most {most} characters"
    return fields.String(required=True, validate=validate.Length(least, most, error=message))


class _Packed(Schema):
    fulfilment_line_id = _words(40, 0)
    part_number = _words(80, 0)
    quantity = fields.Integer(
        required=True, validate=validate.Range(1, MOST_PIECES, error=f"must be 1 to {MOST_PIECES}")
    )

    @validates_schema(skip_on_field_errors=False)
    def _named(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data.get("fulfilment_line_id") and not data.get("part_number", "").strip():
            raise ValidationError("is required where no line is named", "part_number")


def _contents() -> fields.List[Any]:
    most = validate.Length(0, MOST_CONTENTS, error=f"at most {MOST_CONTENTS}")
    return fields.List(fields.Nested(_Packed), required=True, validate=most)


class _Update(Schema):
    carrier = _words(60)
    tracking_number = _words(80)
    carrier_sequence = fields.Integer(
        required=True, validate=validate.Range(1, LONGEST_SEQUENCE, error="must be at least 1: the carrier counts")
    )
    state = fields.Integer(
        required=True, validate=validate.OneOf([int(state) for state in ParcelState], error="is no state of a parcel")
    )
    occur_time = _Instant(required=True)
    expected_delivery_date = _Day(load_default=None)
    delivery_date = _Day(load_default=None)
    description = _words(500, 0)
    location = _words(200, 0)
    fulfilment_order_number = _words(20, 0)
    optional_parcel = fields.Boolean(required=True)
    required_parcels = fields.Integer(
        required=True, validate=validate.Range(0, MOST_PARCELS, error=f"must be 0 to {MOST_PARCELS}")
    )
    contents = _contents()


class _Pack(Schema):
    parcel_id = _words(40)
    contents = _contents()


class _Tracking(Schema):
    updates = fields.List(
        fields.Nested(_Update),
        required=True,
        validate=validate.Length(1, MOST_UPDATES, error=f"must be 1 to {MOST_UPDATES} messages"),
    )


class _ParcelDates(Schema):
    expected_delivery_date = _Day(load_default=None)
    delivery_date = _Day(load_default=None)


class _Pause(Schema):
    start_time = _Instant(required=True)
    end_time = _Instant(load_default=None)


class _Preview(Schema):
    policy_code = _words(80)
    calendar_name = _words(80, 0)
    site_time_zone = _words(80)
    parcels = fields.List(
        fields.Nested(_ParcelDates), validate=validate.Length(0, MOST_PARCELS, error=f"at most {MOST_PARCELS}")
    )
    assign_time = _Instant(load_default=None)
    pauses = fields.List(
        fields.Nested(_Pause), validate=validate.Length(0, MOST_PAUSES, error=f"at most {MOST_PAUSES}")
    )


class _Evaluate(Schema):
    work_order_id = _words(40)
    start_time = _Instant(required=True)


class _Place(Schema):
    work_order_id = _words(40)
    acceptance_version = fields.Integer(required=True, validate=validate.Range(0, 2**31 - 1, error="must be positive"))


def tracking_updates(request: messages.IngestTrackingRequest) -> tuple[Update, ...]:
    """Messages of carriers; raises InvalidRequest."""
    loaded = _load(_Tracking(), request)
    return tuple(
        Update(
            each["carrier"].strip(),
            each["tracking_number"].strip(),
            Sighting(
                each["carrier_sequence"],
                ParcelState(each["state"]),
                each["occur_time"],
                each["expected_delivery_date"],
                each["delivery_date"],
                each["description"],
                each["location"],
            ),
            each["fulfilment_order_number"],
            not each["optional_parcel"],
            each["required_parcels"],
            _stated(each["contents"]),
        )
        for each in loaded["updates"]
    )


def packed_parts(request: messages.PackParcelRequest) -> tuple[Stated, ...]:
    """What is said to be in a parcel; raises InvalidRequest."""
    return _stated(_load(_Pack(), request)["contents"])


def _stated(contents: Iterable[Mapping[str, Any]]) -> tuple[Stated, ...]:
    return tuple(Stated(each["fulfilment_line_id"], each["part_number"].strip(), each["quantity"]) for each in contents)


def target_preview(request: messages.PreviewSlaTargetRequest) -> TargetPreview:
    """Inputs of a preview; raises InvalidRequest."""
    loaded = _load(_Preview(), request)
    anchor: Anchor
    if loaded["parcels"]:
        dates = [
            RequiredDelivery(str(index), each["expected_delivery_date"], each["delivery_date"])
            for index, each in enumerate(loaded["parcels"], 1)
        ]
        anchor = DeliveryAnchor(tuple(dates))
    elif loaded["assign_time"] is not None:
        anchor = AssignmentAnchor(loaded["assign_time"])
    else:
        raise _invalid([Violation("assign_time", "is required where there are no parcels")])
    pauses = tuple(Pause(each["start_time"], each["end_time"]) for each in loaded["pauses"])
    backwards = [index for index, each in enumerate(pauses) if each.end is not None and each.end < each.start]
    if backwards:
        raise _invalid([Violation(f"pauses[{index}].end_time", "is before its start") for index in backwards])
    unknown = [index for index, each in enumerate(request.work_classes) if each not in WORK_CLASSES]
    if unknown:
        raise _invalid([Violation(f"work_classes[{index}]", "is no class of work") for index in unknown])
    classes = tuple(WORK_CLASSES[each] for each in sorted(set(request.work_classes)))
    zone = loaded["site_time_zone"]
    return TargetPreview(loaded["policy_code"], loaded["calendar_name"], zone, anchor, pauses, classes)


def appointment_start(request: messages.EvaluateAppointmentRequest) -> datetime:
    """Start of the appointment to evaluate; raises InvalidRequest."""
    start: datetime = _load(_Evaluate(), request)["start_time"]
    return start


def check_place_order(request: messages.PlaceOrderRequest) -> None:
    """Raises InvalidRequest."""
    _load(_Place(), request)


def _load(schema: Schema, request: Message) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(_plain(request, schema), unknown="exclude")
    except ValidationError as error:
        raise _invalid(_violations(error.messages, "")) from error
    return loaded


def _plain(message: Any, schema: Schema) -> dict[str, Any]:
    """The fields that a schema reads; messages that are not set are left out."""
    values: dict[str, Any] = {}
    for name, field in schema.fields.items():
        described = message.DESCRIPTOR.fields_by_name[name]
        if isinstance(field, fields.List):
            nested = field.inner
            inner = nested.schema if isinstance(nested, fields.Nested) else None
            values[name] = [_plain(each, inner) for each in getattr(message, name)] if inner else []
        elif not described.has_presence or message.HasField(name):
            values[name] = getattr(message, name)
    return values


def _violations(found: Any, path: str) -> list[Violation]:
    if isinstance(found, dict):
        return [each for key, inner in found.items() for each in _violations(inner, _joined(path, key))]
    return [Violation(path, str(text)) for text in found]


def _joined(path: str, key: object) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)


def _invalid(violations: Iterable[Violation]) -> InvalidRequest:
    return InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=violations)
