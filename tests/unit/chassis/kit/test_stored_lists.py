"""Lists of messages from what rows keep: the same messages as ParseDict makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.shipping.v1 import parts_request_pb2, rma_pb2, sla_pb2
from google.protobuf import json_format
from google.protobuf.message import Message

from services.chassis.kit import message_of, row_of
from services.chassis.kit.stored_lists import write_list

STEPS = [
    {"kind": "policy", "text": "Repair SLA Assure"},
    {"kind": "due", "text": "Due", "date": {"year": 2026, "month": 3, "day": 2}, "instant": "2026-03-03T06:00:00Z"},
    {"kind": "fine", "instant": "2026-03-03T06:00:00.123456789Z"},
    {"kind": "offset", "instant": "2026-03-03T06:00:00.5+02:00"},
]
LINES = [
    {"line_item_id": "li1", "quantity": 2, "returnable": True},
    {"lineItemId": "li1", "quantity": "3", "gone_field": {"a": 1}, "part_name": None},
    {"quantity": 4.0},
    {},
]
EXCEPTIONS = [{"name": "Open", "windows": [{"weekday": 6, "opens": "09:00"}, {}]}, {"name": "Closed"}]
TERMS = [{"work_class": "WORK_CLASS_REPAIR", "amount": 4}, {"work_class": 2}, {"work_class": "WORK_CLASS_GONE"}]


@pytest.mark.parametrize(
    ("kind", "name", "stored"),
    [
        (sla_pb2.SlaTarget, "steps", STEPS),
        (parts_request_pb2.PartsRequest, "lines", LINES),
        (sla_pb2.BusinessCalendar, "exceptions", EXCEPTIONS),
        (sla_pb2.SlaPolicy, "class_terms", TERMS),
    ],
)
def test_a_stored_list_is_what_the_json_says(kind: type[Message], name: str, stored: list[dict[str, Any]]) -> None:
    written, parsed = kind(), kind()

    write_list(written, name, stored)
    json_format.ParseDict({name: stored}, parsed, ignore_unknown_fields=True)

    assert written == parsed
    assert len(getattr(written, name)) == len(stored)


@pytest.mark.parametrize("wrong", [{"quantity": "many"}, {"quantity": 1.5}, {"part_name": 7}, {"quantity": 2**40}])
def test_a_value_that_fits_no_field_is_an_error_that_names_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(json_format.ParseError, match=next(iter(wrong))):
        write_list(parts_request_pb2.PartsRequest(), "lines", [wrong])


def test_rows_and_messages_are_the_same_both_ways() -> None:
    rma = rma_pb2.Rma(id="r1", number="1")
    rma.lines.add(part_number="VT40-HEAD", quantity=2, condition=rma_pb2.PART_CONDITION_USED)

    assert message_of(rma_pb2.Rma, row_of(rma)) == rma
