"""Certificates and micro-credentials: evidence, revocation, the university's list, and reminders (CP-3, CP-92)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fieldmesh.technicians.v1 import certification_pb2, credential_service_pb2, technician_certification_pb2

from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, StaleEtag
from services.technicians.domain.credentials import Standing, reminder_due, standing
from services.technicians.domain.errors import CredentialRevoked
from tests.integration.technicians.conftest import NOON, TODAY, House, day

S = credential_service_pb2


def revoke(house: House, held: Any, caller: Any = None, **more: Any) -> Any:
    asked = {"id": held.id, "etag": held.etag, "reason": "Issued in error", **more}
    return house.call("RevokeCredential", caller or house.dispatcher, **asked)


def listed(house: House, caller: Any = None, **asked: Any) -> Any:
    return house.call("ListCredentials", caller or house.partner, **asked)


def expiring(house: House, technician: Any, code: str, days: int) -> Any:
    return house.certify(technician, code, expiry_date=day(TODAY + timedelta(days=days)))


@pytest.mark.req("CP-92")
def test_a_revoked_certificate_counts_for_nothing_from_that_instant_on(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    held = house.certify(allan, "VT40-CM")
    house.work_type("head", "VT40-CM")

    def eligible(start: Any) -> bool:
        asked = {"need": house.need(start=start), "technician_id": allan.id}
        return bool(house.call("CheckEligibility", house.partner, **asked).eligible)

    # It is the next day by UTC already, and still the day of the visit at the site.
    house.clock.advance(timedelta(hours=7))
    evening = NOON + timedelta(hours=8)
    before = eligible(evening)
    revoked = revoke(house, held)

    assert before
    assert not eligible(evening)
    assert not eligible(NOON + timedelta(days=4))
    assert (revoked.revoke_reason, revoked.revoked_by) == ("Issued in error", "Dispatcher")
    assert revoked.revoke_time.ToDatetime() == (NOON + timedelta(hours=7)).replace(tzinfo=None)
    assert not house.call("SearchRoster", house.partner, my_organization=True, certification_codes=["VT40-CM"]).entries


@pytest.mark.req("CP-92")
def test_revoking_needs_a_reason_the_version_read_and_the_right_to_and_is_done_once(house: House) -> None:
    house.work_type("head", "VT40-CM")
    house.work_type("wiring", "VX60-INS")
    allan = house.technician("Allan Heward", house.bluefern)
    held = house.certify(allan, "VT40-CM")

    with pytest.raises(InvalidRequest) as refused:
        revoke(house, held, reason=" ")
    with pytest.raises(StaleEtag):
        revoke(house, held, etag="0123456789abcdef")
    with pytest.raises(NotAllowed):
        revoke(house, held, house.partner)
    with pytest.raises(NotFound):
        revoke(house, held, house.partner2)
    first = revoke(house, held, request_id="once")
    again = revoke(house, held, request_id="once")
    with pytest.raises(CredentialRevoked):
        revoke(house, first)
    told = [each for each in house.events("TechnicianCertification") if hasattr(each, "revoke_time")]
    assert [(each.credential.code, list(each.work_type_ids), each.reason, each.actor.subject) for each in told] == [
        ("VT40-CM", ["head"], "Issued in error", "person-dispatcher")
    ]

    assert [each.field for each in refused.value.violations] == ["reason"]
    assert first == again
    changed = technician_certification_pb2.TechnicianCertification(
        id=held.id, etag=first.etag, expiry_date=day(date(2030, 1, 1))
    )
    with pytest.raises(InvalidRequest) as late:
        house.call(
            "UpdateTechnicianCertification",
            house.dispatcher,
            technician_certification=changed,
            update_mask={"paths": ["expiry_date"]},
        )
    assert [each.field for each in late.value.violations] == ["expiry_date"]


@pytest.mark.req("CP-92")
def test_evidence_is_a_number_and_an_https_address(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)

    held = house.certify(allan, "VT40-CM", evidence_number="C-1042", evidence_url="https://certs.example.com/C-1042")

    assert (held.evidence_number, held.evidence_url) == ("C-1042", "https://certs.example.com/C-1042")
    for wrong in ("http://certs.example.com/1", "javascript:alert(1)", "certs.example.com"):
        with pytest.raises(InvalidRequest) as refused:
            house.certify(allan, "VT40-CM", date(2026, 7, 1), evidence_url=wrong)
        assert [each.field for each in refused.value.violations] == ["evidence_url"]


@pytest.mark.req("CP-3")
@pytest.mark.req("CP-92")
def test_the_university_shows_what_expires_first_and_counts_everything(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    bea = house.technician("Bea Baker", house.bluefern)
    house.technician("Cleo Kestrel", house.kestrel, ["VT40-CM"])
    badge = certification_pb2.Certification(
        code="HV-SAFETY", name="High voltage safety", kind="micro_credential", current="DC", work="INS"
    )
    house.call("CreateCertification", house.dispatcher, certification=badge)
    for who, code, days in (
        (allan, "QA1", 200), (allan, "QB1", 20), (bea, "QC1", 45), (bea, "QD1", 80), (bea, "QE1", -5),
        (allan, "HV-SAFETY", 30),
    ):  # fmt: skip
        expiring(house, who, code, days)
    revoke(house, expiring(house, allan, "QF1", 10))

    everything = listed(house)
    counts = everything.counts

    assert [each.code for each in everything.credentials] == ["QE1", "QF1", "QB1", "HV-SAFETY", "QC1", "QD1", "QA1"]
    assert (counts.total, counts.valid, counts.expired, counts.revoked, counts.technicians) == (7, 5, 1, 1, 2)
    assert (counts.within_30_days, counts.within_60_days, counts.within_90_days) == (2, 3, 4)
    micro = next(each for each in everything.credentials if each.code == "HV-SAFETY")
    assert (micro.kind, micro.current, micro.work, micro.days_left, micro.technician_name) == (
        "micro_credential", "DC", "INS", 30, "Allan Heward",
    )  # fmt: skip

    def codes(**asked: Any) -> list[str]:
        return [each.code for each in listed(house, **asked).credentials]

    assert codes(expires_within_days=60) == ["QB1", "HV-SAFETY", "QC1"]
    assert codes(kind="micro_credential") == ["HV-SAFETY"]
    assert codes(state=S.CREDENTIAL_STATE_EXPIRED) == ["QE1"]
    assert codes(state=S.CREDENTIAL_STATE_REVOKED) == ["QF1"]
    assert codes(state=S.CREDENTIAL_STATE_VALID) == ["QA1"]
    first = listed(house, page_size=4)
    rest = listed(house, page_size=4, page_token=first.next_page_token)
    assert [each.code for each in (*first.credentials, *rest.credentials)] == codes()
    assert listed(house, house.dispatcher).counts.total == 8
    assert listed(house, house.dispatcher, organization_id=house.kestrel.id).counts.total == 1
    assert listed(house, organization_id=house.kestrel.id).counts.total == 0


@pytest.mark.req("R-4")
def test_a_technician_sees_own_certificates_only(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern, ["VT40-CM"])
    house.technician("Bea Baker", house.bluefern, ["VT40-CM"])
    himself = house.caller("allan", house.bluefern, "partner", technician_id=allan.id)

    assert [each.technician_name for each in listed(house, himself).credentials] == ["Allan Heward"]
    assert listed(house, himself).counts.total == 1


@pytest.mark.req("CP-92")
def test_each_reminder_is_told_once_and_the_nearest_stands_for_the_earlier(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    expiring(house, allan, "VT40-CM", 92)
    told: list[tuple[int, int]] = []

    for passed in range(1, 95):
        house.clock.advance(timedelta(days=1))
        house.app.run_due()
        house.app.run_due()
        events = [each for each in house.events("TechnicianCertification") if hasattr(each, "threshold_days")]
        told += [(passed, each.threshold_days) for each in events[len(told) :]]

    assert told == [(2, 90), (62, 30), (85, 7)]
    event = house.events("TechnicianCertification")[-1]
    assert (event.organization_name, event.person_id, event.credential.code, event.credential.days_left) == (
        "Bluefern", allan.person_id, "VT40-CM", 7,
    )  # fmt: skip


@pytest.mark.req("CP-92")
def test_nobody_is_reminded_of_what_was_renewed_revoked_or_entered_expired(house: House) -> None:
    allan = house.technician("Allan Heward", house.bluefern)
    revoke(house, expiring(house, allan, "QA1", 20))
    expiring(house, allan, "QB1", -1)
    expiring(house, allan, "QC1", 20)
    house.certify(allan, "QC1", date(2027, 1, 1), expiry_date=day(TODAY + timedelta(days=400)))
    expiring(house, allan, "QD1", 20)

    house.app.run_due()

    told = [each for each in house.events("TechnicianCertification") if hasattr(each, "threshold_days")]
    assert [(each.credential.code, each.threshold_days) for each in told] == [("QD1", 30)]


def test_how_a_certificate_stands_on_the_days_around_its_end() -> None:
    issued = date(2026, 1, 1)

    def on(today: date, expires: date | None = date(2026, 12, 31), *, revoked: bool = False) -> Standing:
        return standing(issued, expires, today, revoked=revoked)

    assert on(date(2025, 12, 31)) is Standing.NOT_YET_VALID
    assert on(issued, None) is Standing.VALID
    assert on(date(2026, 10, 1)) is Standing.VALID
    assert on(date(2026, 10, 2)) is Standing.EXPIRING
    assert on(date(2026, 12, 31)) is Standing.EXPIRING
    assert on(date(2027, 1, 1)) is Standing.EXPIRED
    assert on(issued, revoked=True) is Standing.REVOKED
    assert [reminder_due(issued + timedelta(days=left), issued) for left in (91, 90, 31, 30, 8, 7, 0, -1)] == [
        None, 90, 90, 30, 30, 7, 7, None,
    ]  # fmt: skip
