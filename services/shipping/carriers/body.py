"""The body of a carrier's report as the request of IngestTracking; every wrong field is named by its path."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from fieldmesh.shipping.v1 import shipment_pb2, shipping_service_pb2

from services.chassis.errors import InvalidRequest, Violation

_PREFIX = "PARCEL_STATE_"
_MOST_PIECES = 10_000
_STATES = {name.removeprefix(_PREFIX).lower(): number for name, number in shipment_pb2.ParcelState.items() if number}
Update = shipping_service_pb2.CarrierUpdate


class _WrongField(Exception):
    """A value that does not fit; the message says what would."""


def read(body: bytes, carrier: str) -> shipping_service_pb2.IngestTrackingRequest:
    """The messages of a report, such as `{"updates": [{"tracking_number": "NW1", …}]}`. Raises InvalidRequest."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    updates = told.get("updates") if isinstance(told, dict) else None
    if not isinstance(updates, list) or not all(isinstance(each, dict) for each in updates):
        raise _invalid([Violation("updates", "must be a list of objects in a JSON object")])
    faults: list[Violation] = []
    read_ones = [_update(each, carrier, f"updates[{place}]", faults) for place, each in enumerate(updates)]
    if faults:
        raise _invalid(faults)
    return shipping_service_pb2.IngestTrackingRequest(updates=read_ones)


def _update(told: Mapping[str, Any], carrier: str, path: str, faults: list[Violation]) -> Update:
    update = Update(carrier=carrier)
    for name, value in told.items():
        write = _FIELDS.get(name)
        try:
            if write is None:
                raise _WrongField("is no field of a message")  # noqa: TRY301 - told like every other fault
            write(update, name, value)
        except _WrongField as wrong:
            faults.append(Violation(f"{path}.{name}", str(wrong)))
    return update


def _text(update: Update, name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _WrongField("must be a text")
    setattr(update, name, value)


def _whole(update: Update, name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _WrongField("must be a whole number")
    try:
        setattr(update, name, value)
    except ValueError as error:
        raise _WrongField("is out of range") from error


def _flag(update: Update, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise _WrongField("must be true or false")
    setattr(update, name, value)


def _state(update: Update, name: str, value: Any) -> None:
    if value not in _STATES:
        raise _WrongField(f"must be one of {', '.join(_STATES)}")
    setattr(update, name, _STATES[value])


def _day(update: Update, name: str, value: Any) -> None:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _WrongField("must be a date such as 2026-03-02") from error
    target = getattr(update, name)
    target.year, target.month, target.day = day.year, day.month, day.day


def _instant(update: Update, name: str, value: Any) -> None:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError(value)  # noqa: TRY301 - an instant without a zone is none
        getattr(update, name).FromDatetime(at)
    except (TypeError, ValueError, OverflowError) as error:
        raise _WrongField("must be an instant with its zone such as 2026-03-02T15:30:00Z") from error


def _contents(update: Update, name: str, value: Any) -> None:
    parts = value if isinstance(value, list) else [None]
    for each in parts:
        given = each if isinstance(each, dict) else {}
        number, quantity = given.get("part_number"), given.get("quantity")
        whole = isinstance(quantity, int) and not isinstance(quantity, bool) and 0 < quantity <= _MOST_PIECES
        if given.keys() != {"part_number", "quantity"} or not isinstance(number, str) or not whole:
            raise _WrongField('must be a list such as [{"part_number": "VT40-HEAD", "quantity": 1}]')
        getattr(update, name).add(part_number=number, quantity=quantity)


_FIELDS: Mapping[str, Callable[[Update, str, Any], None]] = {
    "tracking_number": _text,
    "carrier_sequence": _whole,
    "state": _state,
    "occur_time": _instant,
    "expected_delivery_date": _day,
    "delivery_date": _day,
    "description": _text,
    "location": _text,
    "fulfilment_order_number": _text,
    "optional_parcel": _flag,
    "required_parcels": _whole,
    "contents": _contents,
}


def _invalid(violations: list[Violation]) -> InvalidRequest:
    return InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=violations)
