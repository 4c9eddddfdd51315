"""SLA targets as events come in, and as they are asked for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from fieldmesh.shipping.v1 import shipping_service_pb2
from fieldmesh.workorders.v1 import work_order_pb2
from google.type import date_pb2

from services.chassis.errors import InvalidRequest
from services.shipping import seeds
from services.shipping.domain.errors import NoSuchPolicy, OrderHidden, UnknownZone
from tests.integration.shipping.conftest import NOW, PARTNER, STRANGER, Desk, carrier_says

HANDED_OVER, DELIVERED = 2, 5
OPEN, HELD, DONE, DEAD = 1, 2, 3, 4

pytestmark = [pytest.mark.req("CP-73"), pytest.mark.req("B-1")]


def day(message: date_pb2.Date) -> date:
    return date(message.year, message.month, message.day)


def shipped(desk: Desk, expected: date) -> None:
    desk.accept()
    desk.track(carrier_says(1, HANDED_OVER, order=desk.place().number, expected=expected))


def evaluate(desk: Desk, start: datetime, caller=PARTNER):
    request = shipping_service_pb2.EvaluateAppointmentRequest(work_order_id="w1")
    request.start_time.FromDatetime(start)
    return desk.call("sla_desk", "EvaluateAppointment", caller, request)


@pytest.mark.req("CP-72")
def test_the_target_follows_the_expected_delivery_date(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 1))
    assert (day(desk.target().due_date), desk.target().policy_code) == (date(2026, 3, 2), seeds.ASSURE)
    assert desk.target().due_time.ToDatetime(UTC) == datetime(2026, 3, 3, 6, tzinfo=UTC)

    desk.track(carrier_says(2, expected=date(2026, 3, 5)))

    assert day(desk.target().due_date) == date(2026, 3, 6)


def test_an_order_with_parts_awaits_a_date(desk: Desk) -> None:
    desk.accept()

    assert desk.target().state == work_order_pb2.SLA_STATE_AWAITING_DELIVERY_DATE
    assert desk.target().steps[-1].text == "A required part has no delivery date yet, so there is no target yet."


def test_an_order_without_parts_follows_its_assignment(desk: Desk) -> None:
    desk.move(parts_required=False, assigned_time=datetime(2026, 3, 6, 21, 50, tzinfo=UTC))

    assert day(desk.target().due_date) == date(2026, 3, 9)


@pytest.mark.req("CP-16")
def test_no_entitlement_means_no_sla(desk: Desk) -> None:
    desk.move(sla_policy_code="", parts_required=False)

    assert desk.target().state == work_order_pb2.SLA_STATE_NONE
    assert not desk.target().HasField("due_time")


def test_before_the_allocation_there_is_no_target(desk: Desk) -> None:
    unallocated = desk.versions.setdefault("w1", 0)
    assert unallocated == 0
    from tests.integration.shipping.conftest import snapshot

    early = snapshot()
    early.ClearField("assigned_time")
    from fieldmesh.common.v1 import events_pb2
    from fieldmesh.workorders.v1 import events_pb2 as work_events

    moved = work_events.WorkOrderMoved(work_order=early)
    moved.move_time.FromDatetime(NOW)
    desk.handle("work_order_moved", events_pb2.Event(aggregate_version=1), moved)

    assert desk.target() is None


def test_a_target_that_stays_the_same_is_told_once(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 1))
    before = len(desk.told("SlaTargetChanged"))

    desk.move()
    desk.track(carrier_says(2, 3))

    assert len(desk.told("SlaTargetChanged")) == before


def test_every_version_is_kept_with_its_steps(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 1))
    desk.track(carrier_says(2, expected=date(2026, 3, 5)))

    rows = desk.list("SlaTarget", PARTNER)

    assert [(each.version, each.latest) for each in rows] == [(3, True), (2, False), (1, False)]
    assert [each.kind for each in rows[1].steps] == [
        "policy",
        "zone",
        "calendar",
        "parcel",
        "delivery_anchor",
        "counted_days",
        "due_date",
    ]
    assert rows[1].steps[0].text == "Repair SLA Assure, version 1, allows 1 business day."


def test_a_late_delivery_moves_the_target(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 3))

    desk.clock.set(datetime(2026, 3, 6, 20, tzinfo=UTC))
    delivered = carrier_says(2, DELIVERED)
    delivered.occur_time.FromDatetime(desk.clock.now())
    delivered.delivery_date.CopyFrom(date_pb2.Date(year=2026, month=3, day=6))
    desk.track(delivered)

    assert day(desk.target().due_date) == date(2026, 3, 9)


def test_a_hold_pauses_and_resuming_moves_the_target(desk: Desk) -> None:
    desk.clock.set(datetime(2026, 3, 3, 20, tzinfo=UTC))
    shipped(desk, date(2026, 3, 3))
    desk.move(category=HELD)
    assert desk.target().state == work_order_pb2.SLA_STATE_PAUSED
    assert day(desk.target().due_date) == date(2026, 3, 4)

    desk.clock.set(datetime(2026, 3, 6, 15, tzinfo=UTC))
    desk.move(category=OPEN)

    assert desk.target().state == work_order_pb2.SLA_STATE_RUNNING
    assert day(desk.target().due_date) == date(2026, 3, 9)


def test_completion_stops_the_clock_at_the_departure_and_freezes_the_target(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 1))
    desk.clock.set(datetime(2026, 3, 4, 15, tzinfo=UTC))
    visit = work_order_pb2.Visit()
    visit.depart_time.FromDatetime(datetime(2026, 3, 2, 22, tzinfo=UTC))

    desk.move(category=DONE, visit=visit)
    desk.track(carrier_says(2, expected=date(2026, 3, 20)))

    assert desk.target().state == work_order_pb2.SLA_STATE_MET
    assert day(desk.target().due_date) == date(2026, 3, 2)


def test_sending_back_pauses_since_the_completion(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 1))
    desk.clock.set(datetime(2026, 3, 2, 16, tzinfo=UTC))
    desk.move(category=DONE)
    desk.clock.set(datetime(2026, 3, 2, 18, tzinfo=UTC))

    desk.move(category=OPEN, effects=("resume_clock",))

    assert desk.target().state == work_order_pb2.SLA_STATE_RUNNING
    assert day(desk.target().due_date) == date(2026, 3, 3)


def test_a_cancelled_order_is_void(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 1))

    desk.move(category=DEAD)

    assert desk.target().state == work_order_pb2.SLA_STATE_VOID


@pytest.mark.req("CP-74")
def test_an_appointment_is_late_from_the_exclusive_instant_on(desk: Desk) -> None:
    shipped(desk, date(2026, 3, 1))
    limit = datetime(2026, 3, 3, 6, tzinfo=UTC)

    assert not evaluate(desk, limit - timedelta(minutes=1)).late
    assert evaluate(desk, limit).late
    assert evaluate(desk, limit).target.version == desk.target().version
    with pytest.raises(OrderHidden):
        evaluate(desk, limit, STRANGER)


def test_an_appointment_without_a_target_is_never_late(desk: Desk) -> None:
    desk.accept()

    assert not evaluate(desk, datetime(2030, 1, 1, tzinfo=UTC)).late


def preview(desk: Desk, **fields):
    request = shipping_service_pb2.PreviewSlaTargetRequest(
        **{"policy_code": seeds.ASSURE, "site_time_zone": "America/Chicago", **fields}
    )
    return desk.call("sla_desk", "PreviewSlaTarget", PARTNER, request).target


def parcel(*when: int) -> shipping_service_pb2.ParcelDates:
    return shipping_service_pb2.ParcelDates(
        expected_delivery_date=date_pb2.Date(year=when[0], month=when[1], day=when[2])
    )


def test_a_preview_answers_target_and_steps_and_stores_nothing(desk: Desk) -> None:
    pause = shipping_service_pb2.Pause()
    pause.start_time.FromDatetime(datetime(2026, 3, 3, 20, tzinfo=UTC))
    pause.end_time.FromDatetime(datetime(2026, 3, 6, 15, tzinfo=UTC))

    target = preview(desk, parcels=[parcel(2026, 3, 3)], pauses=[pause])

    assert day(target.due_date) == date(2026, 3, 9)
    assert any("1,140 minutes do not count" in step.text for step in target.steps)
    assert desk.list("SlaTarget") == []


def test_a_preview_knows_the_federal_holidays(desk: Desk) -> None:
    target = preview(desk, parcels=[parcel(2026, 7, 2)])

    assert day(target.due_date) == date(2026, 7, 6)
    assert any("Independence Day (observed)" in step.text for step in target.steps)


def test_a_preview_names_what_is_wrong(desk: Desk) -> None:
    with pytest.raises(InvalidRequest) as refused:
        preview(desk, policy_code="")
    assert [each.field for each in refused.value.violations] == ["policy_code"]
    with pytest.raises(InvalidRequest) as refused:
        preview(desk)
    assert [each.field for each in refused.value.violations] == ["assign_time"]
    with pytest.raises(InvalidRequest):
        preview(desk, parcels=[parcel(2026, 2, 30)])
    with pytest.raises(NoSuchPolicy):
        preview(desk, policy_code="gold", parcels=[parcel(2026, 7, 2)])
    with pytest.raises(UnknownZone):
        preview(desk, site_time_zone="America/Nowhere", parcels=[parcel(2026, 7, 2)])


def test_an_unknown_policy_is_no_target_and_says_so(desk: Desk) -> None:
    desk.move(sla_policy_code="gold", parts_required=False)

    assert desk.target().state == work_order_pb2.SLA_STATE_NONE
    assert "gold" in desk.target().steps[0].text


def test_everybody_reads_the_seeded_calendar_and_policies(desk: Desk) -> None:
    calendars, policies = desk.list("BusinessCalendar", PARTNER), desk.list("SlaPolicy", PARTNER)

    assert [(each.name, len(each.windows)) for each in calendars] == [(seeds.DEFAULT_CALENDAR, 5)]
    assert [(each.code, each.amount) for each in policies] == [("assure", 1), ("non-assure", 5)]


def test_each_year_has_eleven_federal_holidays_observed_on_working_days() -> None:
    found = seeds.federal_holidays(2026, 2028)

    assert len([name for on, name in found.items() if on.year == 2026 and "observed" not in name]) == 11
    assert found[date(2027, 12, 31)] == "New Year's Day (observed)"
    assert found[date(2026, 7, 3)] == "Independence Day (observed)"
