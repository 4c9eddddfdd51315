"""The address at which carriers report: what comes is forwarded as it is, and refusals are told in JSON."""

from __future__ import annotations

import pytest
from fieldmesh.shipping.v1 import carrier_service_pb2, shipping_service_pb2

from admin.security.models import Attempts
from services.chassis.errors import InvalidRequest, Unauthenticated, Unavailable, Violation

ADDRESS = "/api/carriers/northway-freight"
METHOD = "/fieldmesh.shipping.v1.CarrierDeskService/AcceptCarrierReport"
HEADERS = {"webhook-id": "w-1", "webhook-timestamp": "1772377200", "webhook-signature": "v1,abc="}


@pytest.fixture(autouse=True)
def fresh(app):
    """No failures of earlier tests."""
    with app.app_context():
        session = app.appbuilder.session
        session.query(Attempts).delete()
        session.commit()


@pytest.fixture
def told(mesh):
    """What shipping was told, and by whom."""
    asked = []

    def answer(request, caller):
        asked.append((request, caller))
        results = [shipping_service_pb2.TrackingResult(parcel_id="p", applied=True)]
        return carrier_service_pb2.AcceptCarrierReportResponse(carrier="Northway Freight", results=results)

    mesh.verbs[METHOD] = answer
    yield asked
    del mesh.verbs[METHOD]


@pytest.mark.req("B-9")
def test_a_report_reaches_shipping_byte_by_byte_without_anybody_signed_in(visitor, told):
    body = b'{"updates":  []}'

    answer = visitor.client.post(ADDRESS, data=body, headers=HEADERS)

    ((request, caller),) = told
    assert (answer.status_code, answer.json["carrier"]) == (200, "Northway Freight")
    assert answer.json["results"] == [{"applied": True, "refused": False, "message": ""}]
    assert (request.carrier, request.body, request.webhook_id) == ("northway-freight", body, "w-1")
    assert (request.timestamp, request.signature) == ("1772377200", "v1,abc=")
    assert caller.is_service


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Unauthenticated("The signature does not fit.", reason="SIGNATURE_REFUSED"), 401),
        (InvalidRequest("Wrong.", violations=[Violation("updates[0].state", "must be one of these")]), 422),
        (Unavailable("gone", metadata={"service": "shipping"}), 503),
    ],
)
def test_a_refusal_is_told_in_json_with_each_field(visitor, mesh, told, refusal, status):
    mesh.refuse["AcceptCarrierReport"] = refusal

    answer = visitor.client.post(ADDRESS, data=b"{}", headers=HEADERS)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert [each["field"] for each in answer.json["errors"]] == [each.field for each in refusal.violations]
    assert told == []


def test_a_report_that_is_too_large_is_refused_unread(visitor, told):
    answer = visitor.client.post(ADDRESS, data=b" " * 70_000, headers=HEADERS)

    assert answer.status_code in {413, 422}
    assert told == []


@pytest.mark.req("B-9")
def test_wrong_signatures_are_throttled_by_address(visitor, mesh, told):
    mesh.refuse["AcceptCarrierReport"] = Unauthenticated("The signature does not fit.", reason="SIGNATURE_REFUSED")
    wrong = [visitor.client.post(ADDRESS, data=b"{}", headers=HEADERS) for _ in range(6)]
    del mesh.refuse["AcceptCarrierReport"]

    waits = visitor.client.post(ADDRESS, data=b"{}", headers=HEADERS)
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    taken = visitor.client.post(ADDRESS, data=b"{}", headers=HEADERS, environ_overrides=elsewhere)

    assert [each.status_code for each in wrong[:5]] == [401] * 5
    assert (waits.status_code, waits.json["title"]) == (429, "TOO_MANY_FAILURES")
    assert 0 < int(waits.headers["Retry-After"]) <= 31
    assert taken.status_code == 200
    assert len(told) == 1


def test_what_a_carrier_fills_in_wrong_throttles_nobody(visitor, mesh, told):
    mesh.refuse["AcceptCarrierReport"] = InvalidRequest("Wrong.", violations=[Violation("updates", "is empty")])
    faults = [visitor.client.post(ADDRESS, data=b"{}", headers=HEADERS).status_code for _ in range(7)]
    del mesh.refuse["AcceptCarrierReport"]

    assert faults == [422] * 7
    assert visitor.client.post(ADDRESS, data=b"{}", headers=HEADERS).status_code == 200
    assert len(told) == 1
