"""Reports that carriers sign: taken once, by the same rules as everything that carriers say."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fieldmesh.shipping.v1 import carrier_service_pb2

from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.errors import AlreadyExists, InvalidRequest
from services.chassis.settings import SettingsFault, load_settings
from services.shipping import seeds
from services.shipping.bootstrap import NoFiles, Outside, assemble
from services.shipping.carriers.signed import carriers_of, signature_of
from services.shipping.domain.errors import ReportRefused
from services.shipping.settings import ShippingSettings
from tests.integration.shipping.conftest import ME, NOW, SYSTEM, Desk
from tests.integration.shipping.test_parts import organization

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
SENT = NOW + timedelta(minutes=1)


@pytest.fixture
def desk(database: Database, clock: ScriptedClock) -> Desk:
    signed = carriers_of(f"Northway Freight={SECRET}; UPS=whsec_{base64.b64encode(KEY[::-1]).decode()}")
    app = assemble(database, clock, Outside(NoFiles(), signed=signed, machine=ScriptedClock(SENT)))
    with database.begin(actor=ME) as transaction:
        seeds.seed(transaction.connection)
    made = Desk(app, clock)
    organization(made, places=True, version=1)
    made.accept(acceptance_version=1)
    return made


def message(desk: Desk, sequence: int = 1, state: str = "in_transit", **more: Any) -> dict[str, Any]:
    number = desk.list("FulfilmentOrder")[0].number
    return {
        "tracking_number": "NW1",
        "carrier_sequence": sequence,
        "state": state,
        "occur_time": "2026-03-01T15:00:00Z",
        "fulfilment_order_number": number,
        **more,
    }


def report(desk: Desk, *messages: Any, key: bytes = KEY, sent: datetime = SENT, **changes: Any) -> Any:
    body = changes.pop("body", None) or json.dumps({"updates": messages}).encode()
    told = {"carrier": "northway-freight", "webhook_id": "w-1", "timestamp": str(int(sent.timestamp()))} | changes
    told.setdefault("signature", signature_of(key, told["webhook_id"], sent, body))
    request = carrier_service_pb2.AcceptCarrierReportRequest(body=body, **told)
    return desk.call("carrier_desk", "AcceptCarrierReport", SYSTEM, request)


@pytest.mark.req("CP-71")
@pytest.mark.req("B-9")
def test_a_signed_report_moves_the_parcel_and_a_repeat_gets_the_same_answer(desk: Desk) -> None:
    first = message(desk, expected_delivery_date="2026-03-03", description="Left the sorting centre")
    unknown = {**message(desk), "tracking_number": "NW9", "fulfilment_order_number": ""}

    answer = report(desk, first, unknown)
    again = report(desk, first, unknown)

    assert answer == again
    assert answer.carrier == "Northway Freight"
    assert [(each.applied, each.refused) for each in answer.results] == [(True, False), (False, True)]
    (parcel,) = desk.list("Parcel")
    expected = parcel.expected_delivery_date
    assert (parcel.carrier, parcel.state) == ("Northway Freight", 3)
    assert date(expected.year, expected.month, expected.day) == date(2026, 3, 3)
    assert len(desk.list("TrackingEvent")) == 1


@pytest.mark.req("CP-71")
def test_hard_case_1_reports_out_of_order_never_move_a_parcel_back(desk: Desk) -> None:
    report(desk, message(desk, 9, "delivered"), webhook_id="w-1")
    late = report(desk, message(desk, 3, "handed_over"), webhook_id="w-2")

    assert [each.applied for each in late.results] == [False]
    assert [each.state for each in desk.list("Parcel")] == [5]


@pytest.mark.req("B-9")
@pytest.mark.parametrize(
    "changes",
    [
        {"key": KEY[::-1]},
        {"carrier": "ups"},
        {"carrier": "nobody"},
        {"signature": ""},
        {"signature": "v1,AAAA"},
        {"timestamp": "soon"},
        {"webhook_id": ""},
        {"sent": SENT - timedelta(minutes=6)},
        {"sent": SENT + timedelta(minutes=6)},
    ],
    ids=str,
)
def test_what_the_carrier_did_not_sign_just_now_is_refused_and_changes_nothing(
    desk: Desk, changes: dict[str, Any]
) -> None:
    with pytest.raises(ReportRefused) as refused:
        report(desk, message(desk), **changes)

    assert (refused.value.kind, refused.value.reason) == ("unauthenticated", "SIGNATURE_REFUSED")
    assert desk.list("Parcel") == []


def test_another_body_under_the_same_id_is_refused(desk: Desk) -> None:
    report(desk, message(desk))

    with pytest.raises(AlreadyExists):
        report(desk, message(desk, 2, "delivered"))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"state": "flying"}, "updates[0].state"),
        ({"carrier_sequence": "3"}, "updates[0].carrier_sequence"),
        ({"carrier_sequence": 0}, "updates[0].carrier_sequence"),
        ({"carrier_sequence": 2**70}, "updates[0].carrier_sequence"),
        ({"occur_time": "2026-03-01T15:00:00"}, "updates[0].occur_time"),
        ({"expected_delivery_date": "tomorrow"}, "updates[0].expected_delivery_date"),
        ({"optional_parcel": "no"}, "updates[0].optional_parcel"),
        ({"tracking_number": 4711}, "updates[0].tracking_number"),
        ({"tracking_number": ""}, "updates[0].tracking_number"),
        ({"colour": "brown"}, "updates[0].colour"),
    ],
    ids=str,
)
def test_each_wrong_field_of_a_report_is_named_and_nothing_is_taken(
    desk: Desk, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        report(desk, {**message(desk), **wrong}, {**message(desk), "tracking_number": "NW2"})

    assert [each.field for each in refused.value.violations] == [field]
    assert desk.list("Parcel") == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"updates": {}}', b'{"updates": [1]}', b"\xff"])
def test_a_body_that_is_no_report_is_refused(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        report(desk, body=body or b" ")


@pytest.mark.parametrize(
    "value", ["Northway Freight", "=whsec_AAAA", "A=whsec_AAAA", "A=whsec_!", f"A={SECRET}; a={SECRET}"]
)
def test_secrets_that_cannot_be_read_are_named_before_anything_listens(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("FIELDMESH_CARRIER_SECRETS", value)

    with pytest.raises(SettingsFault) as fault:
        load_settings(ShippingSettings)

    assert "FIELDMESH_CARRIER_SECRETS" in str(fault.value)
    assert SECRET not in str(fault.value)
