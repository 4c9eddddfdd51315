"""Calendars and policies: drafts, what publishing would move, and open orders computed anew (sla.md, 11 and 12)."""

from datetime import UTC, date, datetime

import pytest
from fieldmesh.shipping.v1 import shipping_service_pb2, sla_pb2
from fieldmesh.shipping.v1 import sla_draft_service_pb2 as drafts
from fieldmesh.workorders.v1 import work_order_pb2
from google.type import date_pb2

from services.chassis.errors import InvalidRequest, StaleEtag
from services.chassis.identity import Caller
from services.shipping import seeds
from services.shipping.domain.errors import (
    CalendarWithoutWorkingTime,
    DraftExists,
    VersionIsPublished,
    VersionMissing,
)
from services.shipping.handlers import recalculating
from tests.integration.shipping.conftest import DISPATCHER, PARTNER, STRANGER, Desk, carrier_says

ADMIN = Caller(
    "p-9", name="Ada Admin", roles=frozenset({"admin"}), organization_id="voltara", organization_kind="vendor"
)
VENDOR = DISPATCHER
DONE = 3

pytestmark = [pytest.mark.req("B-1"), pytest.mark.req("CP-73")]


def day(year: int, month: int, number: int) -> date_pb2.Date:
    return date_pb2.Date(year=year, month=month, day=number)


def ask(desk: Desk, method: str, caller: Caller = ADMIN, **fields):
    request = getattr(drafts, f"{method}Request")(**fields)
    return desk.call("sla_drafts", method, caller, request)


def seeded(desk: Desk) -> sla_pb2.BusinessCalendar:
    return next(each for each in desk.list("BusinessCalendar") if each.in_force)


def draft(desk: Desk) -> sla_pb2.BusinessCalendar:
    return ask(desk, "StartCalendarDraft", from_id=seeded(desk).id)


def closed(made: sla_pb2.BusinessCalendar, on: date_pb2.Date, name: str) -> dict:
    return {"id": made.id, "etag": made.etag, "days": [sla_pb2.CalendarException(date=on, name=name)]}


def ordered(desk: Desk, order: str, expected: date) -> None:
    desk.accept(order)
    number = desk.place(order=order).number
    desk.track(carrier_says(1, 2, order=number, expected=expected, tracking=f"T{order}"))


def due(desk: Desk, order: str = "w1") -> date:
    found = desk.target(order).due_date
    return date(found.year, found.month, found.day)


def recalculated(desk: Desk) -> sla_pb2.SlaRecalculation:
    desk.app.recalculating.run_due(desk.clock.now())
    return desk.list("SlaRecalculation")[0]


def test_a_draft_is_the_next_version_and_counts_for_nothing(desk: Desk) -> None:
    made = draft(desk)
    ask(desk, "SetCalendarDays", **closed(made, day(2026, 3, 2), "Stocktaking"))

    ordered(desk, "w1", date(2026, 3, 1))

    assert (made.version, made.state, made.in_force) == (2, sla_pb2.VERSION_STATE_DRAFT, False)
    assert due(desk) == date(2026, 3, 2)
    with pytest.raises(DraftExists):
        draft(desk)


def test_a_draft_is_seen_by_admins_and_the_vendors_dispatchers_only(desk: Desk) -> None:
    draft(desk)

    assert len(desk.list("BusinessCalendar", ADMIN)) == 2
    assert len(desk.list("BusinessCalendar", VENDOR)) == 2
    assert len(desk.list("BusinessCalendar", PARTNER)) == 1
    providers = Caller("p-4", roles=frozenset({"dispatcher"}), organization_id="kestrel", organization_kind="provider")
    assert len(desk.list("BusinessCalendar", providers)) == 1


def test_what_is_published_never_changes(desk: Desk) -> None:
    version = seeded(desk)

    for method in ("SaveCalendarDraft", "SetCalendarDays", "PublishVersion", "DiscardDraft"):
        more = {
            "SaveCalendarDraft": {"windows": [sla_pb2.WorkingWindow(weekday=1, opens="08:00", closes="12:00")]},
            "SetCalendarDays": {"cleared": [day(2026, 12, 25)]},
        }.get(method, {})
        with pytest.raises(VersionIsPublished):
            ask(desk, method, id=version.id, etag=version.etag, **more)
    assert seeded(desk) == version


def test_a_change_that_was_based_on_an_older_draft_is_refused(desk: Desk) -> None:
    made = draft(desk)
    ask(desk, "SetCalendarDays", **closed(made, day(2026, 3, 2), "Stocktaking"))

    with pytest.raises(StaleEtag):
        ask(desk, "SetCalendarDays", **closed(made, day(2026, 3, 3), "Stocktaking"))


def test_a_day_may_be_closed_worked_and_cleared(desk: Desk) -> None:
    made = draft(desk)
    made = ask(desk, "SetCalendarDays", **closed(made, day(2026, 3, 2), "Stocktaking"))
    saturday = sla_pb2.CalendarException(date=day(2026, 3, 7), name="Open Saturday")
    saturday.windows.add(opens="09:00", closes="12:00")
    made = ask(desk, "SetCalendarDays", id=made.id, etag=made.etag, days=[saturday], cleared=[day(2026, 12, 25)])

    names = {(each.date.month, each.date.day): each.name for each in made.exceptions if each.date.year == 2026}
    assert (names[3, 2], names[3, 7]) == ("Stocktaking", "Open Saturday")
    assert (12, 25) not in names


def test_wrong_windows_and_days_are_named(desk: Desk) -> None:
    made = draft(desk)
    week = [("08:00", "12:00"), ("11:00", "17:00"), ("17:00", "09:00"), ("8", "25:00")]
    windows = [sla_pb2.WorkingWindow(weekday=1, opens=opens, closes=closes) for opens, closes in week]

    with pytest.raises(InvalidRequest) as refused:
        ask(desk, "SaveCalendarDraft", id=made.id, etag=made.etag, windows=windows)
    assert [each.field for each in refused.value.violations] == [
        "windows[2].closes", "windows[3].opens", "windows[3].closes", "windows[1].opens",
    ]  # fmt: skip
    with pytest.raises(InvalidRequest) as refused:
        ask(
            desk, "SetCalendarDays", id=made.id, etag=made.etag, days=[sla_pb2.CalendarException(date=day(2026, 2, 30))]
        )
    assert [each.field for each in refused.value.violations] == ["days[0].date", "days[0].name"]


def test_holidays_come_from_a_country_and_region_and_leave_own_days_alone(desk: Desk) -> None:
    made = draft(desk)
    made = ask(desk, "SetCalendarDays", **closed(made, day(2026, 3, 2), "Stocktaking"))

    made = ask(
        desk, "ImportHolidays", id=made.id, etag=made.etag, country="ca", region="on", first_year=2026, last_year=2027
    )

    names = {each.name for each in made.exceptions}
    assert {"Stocktaking", "Canada Day"} <= names
    assert "Thanksgiving Day" not in {each.name for each in made.exceptions if each.date.month == 11}
    assert (made.country, made.region) == ("CA", "ON")
    for country, region, wrong in (("XX", "", "country"), ("US", "ZZ", "region")):
        with pytest.raises(InvalidRequest) as refused:
            ask(desk, "ImportHolidays", id=made.id, etag=made.etag, country=country, region=region,
                first_year=2026, last_year=2026)  # fmt: skip
        assert [each.field for each in refused.value.violations] == [wrong]


def test_a_preview_lists_every_open_order_that_would_move_and_stores_nothing(desk: Desk) -> None:
    ordered(desk, "w1", date(2026, 3, 1))
    ordered(desk, "w2", date(2026, 3, 9))
    ordered(desk, "w3", date(2026, 3, 1))
    desk.move("w3", category=DONE)
    made = ask(desk, "SetCalendarDays", **closed(draft(desk), day(2026, 3, 2), "Stocktaking"))

    answer = ask(desk, "PreviewPublication", id=made.id)

    assert [(each.work_order_id, each.old_due_date.day, each.new_due_date.day) for each in answer.shifts] == [
        ("w1", 2, 3)
    ]
    assert (answer.total, answer.looked_at, answer.next) == (2, 2, "")
    assert due(desk) == date(2026, 3, 2)
    first = ask(desk, "PreviewPublication", VENDOR, id=made.id, limit=1)
    assert (first.looked_at, first.next) == (1, "w1")
    assert ask(desk, "PreviewPublication", VENDOR, id=made.id, limit=1, after="w1").looked_at == 1
    foreign = Caller("p-5", roles=frozenset({"dispatcher"}), organization_id="other", organization_kind="vendor")
    assert ask(desk, "PreviewPublication", foreign, id=made.id).total == 0


def test_publishing_moves_open_orders_and_never_ended_ones(desk: Desk) -> None:
    ordered(desk, "w1", date(2026, 3, 1))
    ordered(desk, "w2", date(2026, 3, 1))
    desk.move("w2", category=DONE)
    made = ask(desk, "SetCalendarDays", **closed(draft(desk), day(2026, 3, 2), "Stocktaking"))

    job = ask(desk, "PublishVersion", id=made.id, etag=made.etag, request_id="r1")
    assert ask(desk, "PublishVersion", id=made.id, etag=made.etag, request_id="r1") == job
    done = recalculated(desk)

    assert (job.title, job.total) == (f"{seeds.DEFAULT_CALENDAR}, version 2", 1)
    assert (done.done, done.moved, done.refused, done.state) == (1, 1, 0, sla_pb2.RECALCULATION_STATE_DONE)
    assert (due(desk, "w1"), due(desk, "w2")) == (date(2026, 3, 3), date(2026, 3, 2))
    assert any(step.text == "Mon 2 Mar 2026 is skipped: Stocktaking." for step in desk.target().steps)
    versions = {each.version: each for each in desk.list("BusinessCalendar")}
    states = (versions[1].state, versions[2].state)
    assert states == (sla_pb2.VERSION_STATE_SUPERSEDED, sla_pb2.VERSION_STATE_IN_FORCE)
    assert versions[2].publisher_name == "Ada Admin"


def test_a_recalculation_goes_on_where_it_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalculating, "BATCH", 2)
    monkeypatch.setattr(recalculating, "BATCHES_A_RUN", 1)
    for number in range(5):
        ordered(desk, f"w{number}", date(2026, 3, 1))
    made = ask(desk, "SetCalendarDays", **closed(draft(desk), day(2026, 3, 2), "Stocktaking"))
    ask(desk, "PublishVersion", id=made.id, etag=made.etag)

    progress = [recalculated(desk).done for _ in range(3)]
    told = len(desk.told("SlaTargetChanged"))
    recalculated(desk)

    assert progress == [2, 4, 5]
    assert recalculated(desk).moved == 5
    assert len(desk.told("SlaTargetChanged")) == told


def test_a_calendar_without_working_time_is_refused_by_name(desk: Desk) -> None:
    made = ask(desk, "StartCalendarDraft", name="Never open")
    made = ask(
        desk, "SaveCalendarDraft", id=made.id, etag=made.etag,
        windows=[sla_pb2.WorkingWindow(weekday=1, opens="08:00", closes="09:00")],
    )  # fmt: skip
    ask(desk, "PreviewPublication", id=made.id)
    mondays = [
        sla_pb2.CalendarException(date=day(on.year, on.month, on.day), name="Closed")
        for on in (date.fromordinal(date(2025, 12, 29).toordinal() + 7 * week) for week in range(210))
    ]
    made = ask(desk, "SetCalendarDays", id=made.id, etag=made.etag, days=mondays)

    with pytest.raises(CalendarWithoutWorkingTime, match="Never open"):
        ask(desk, "PublishVersion", id=made.id, etag=made.etag)


def test_a_policy_is_versioned_in_the_same_way(desk: Desk) -> None:
    desk.move("w1", parts_required=False, assigned_time=datetime(2026, 3, 3, 16, tzinfo=UTC))
    policy = next(each for each in desk.list("SlaPolicy") if each.code == seeds.ASSURE)
    made = ask(desk, "StartPolicyDraft", from_id=policy.id)
    saved = ask(
        desk, "SavePolicyDraft", id=made.id, etag=made.etag, name="Repair SLA Assure", amount=4,
        unit=sla_pb2.SLA_UNIT_BUSINESS_HOURS, ignores_holds=True, first_warning=40, second_warning=80,
        morning_warning="07:30",
    )  # fmt: skip

    shifts = ask(desk, "PreviewPublication", id=saved.id).shifts
    ask(desk, "PublishVersion", id=saved.id, etag=saved.etag)
    recalculated(desk)
    desk.clock.set(datetime(2026, 3, 3, 17, tzinfo=UTC))
    desk.move("w1", parts_required=False, assigned_time=datetime(2026, 3, 3, 16, tzinfo=UTC), category=2)

    assert [each.work_order_id for each in shifts] == ["w1"]
    target = desk.target()
    assert (target.policy_version, target.due_time.ToDatetime(UTC)) == (2, datetime(2026, 3, 3, 20, tzinfo=UTC))
    assert target.state == work_order_pb2.SLA_STATE_RUNNING
    assert "The clock of this policy runs on while the work order is on hold." in [each.text for each in target.steps]


def test_wrong_fields_of_a_policy_are_named(desk: Desk) -> None:
    made = ask(desk, "StartPolicyDraft", code="gold-4h", name="Gold")

    with pytest.raises(InvalidRequest) as refused:
        ask(
            desk, "SavePolicyDraft", id=made.id, etag=made.etag, unit=sla_pb2.SLA_UNIT_CLOCK_HOURS, amount=0,
            due_time="12:00", cut_off="5 pm", first_warning=80, second_warning=50,
        )  # fmt: skip

    assert {each.field for each in refused.value.violations} == {
        "name", "amount", "due_time", "cut_off", "second_warning",
    }  # fmt: skip
    with pytest.raises(InvalidRequest):
        ask(desk, "StartPolicyDraft", code="Gold 4h", name="Gold")


def test_a_draft_can_be_deleted_and_then_is_missing(desk: Desk) -> None:
    made = draft(desk)

    ask(desk, "DiscardDraft", id=made.id, etag=made.etag)

    with pytest.raises(VersionMissing):
        ask(desk, "PreviewPublication", id=made.id)
    assert draft(desk).version == 2
    assert len(desk.list("SlaRecalculation", STRANGER)) == 0


def test_terms_by_class_of_work_count_for_orders_of_that_class_alone(desk: Desk) -> None:
    assigned = {"parts_required": False, "assigned_time": datetime(2026, 3, 3, 16, tzinfo=UTC)}
    repair, installation = sla_pb2.WORK_CLASS_REPAIR, sla_pb2.WORK_CLASS_INSTALLATION
    desk.move("w1", work_type_kinds=[installation], **assigned)
    desk.move("w2", work_type_kinds=[repair], **assigned)
    desk.move("w3", work_type_kinds=[repair, installation], **assigned)
    policy = next(each for each in desk.list("SlaPolicy") if each.code == seeds.ASSURE)
    made = ask(desk, "StartPolicyDraft", from_id=policy.id)
    terms = sla_pb2.WorkClassTerms(
        work_class=installation, unit=sla_pb2.SLA_UNIT_BUSINESS_DAYS, amount=10, due_time="12:00"
    )
    general = {"name": "Repair SLA Assure", "amount": 1, "unit": sla_pb2.SLA_UNIT_BUSINESS_DAYS}
    saved = ask(desk, "SavePolicyDraft", id=made.id, etag=made.etag, class_terms=[terms], **general)

    shifts = ask(desk, "PreviewPublication", id=saved.id).shifts
    ask(desk, "PublishVersion", id=saved.id, etag=saved.etag)
    job = recalculated(desk)

    assert list(saved.class_terms) == [terms]
    assert [each.work_order_id for each in shifts] == ["w1"]
    assert (job.done, job.moved) == (3, 1)
    assert [due(desk, order) for order in ("w1", "w2", "w3")] == [
        date(2026, 3, 17), date(2026, 3, 4), date(2026, 3, 4),
    ]  # fmt: skip
    assert desk.target("w1").due_time.ToDatetime(UTC) == datetime(2026, 3, 17, 17, tzinfo=UTC)
    told = [step.text for step in desk.target("w1").steps]
    assert "All its line items are installation, which has terms of its own." in told
    again = ask(desk, "StartPolicyDraft", from_id=saved.id)
    assert list(again.class_terms) == [terms]


def test_what_if_counts_by_the_class_that_is_asked(desk: Desk) -> None:
    policy = next(each for each in desk.list("SlaPolicy") if each.code == seeds.ASSURE)
    made = ask(desk, "StartPolicyDraft", from_id=policy.id)
    terms = sla_pb2.WorkClassTerms(
        work_class=sla_pb2.WORK_CLASS_COMMISSIONING, unit=sla_pb2.SLA_UNIT_BUSINESS_HOURS, amount=4
    )
    saved = ask(
        desk, "SavePolicyDraft", id=made.id, etag=made.etag, name="Assure", amount=1,
        unit=sla_pb2.SLA_UNIT_BUSINESS_DAYS, class_terms=[terms],
    )  # fmt: skip
    ask(desk, "PublishVersion", id=saved.id, etag=saved.etag)

    def preview(*classes: int):
        asked = shipping_service_pb2.PreviewSlaTargetRequest(
            policy_code=seeds.ASSURE, calendar_name=seeds.DEFAULT_CALENDAR, site_time_zone="America/Chicago",
            work_classes=classes,
        )  # fmt: skip
        asked.assign_time.FromDatetime(datetime(2026, 3, 3, 16, tzinfo=UTC))
        return desk.call("sla_desk", "PreviewSlaTarget", ADMIN, asked).target.due_time.ToDatetime(UTC)

    assert preview(sla_pb2.WORK_CLASS_COMMISSIONING) == datetime(2026, 3, 3, 20, tzinfo=UTC)
    assert preview() == preview(sla_pb2.WORK_CLASS_REPAIR) == datetime(2026, 3, 5, 6, tzinfo=UTC)
    with pytest.raises(InvalidRequest) as refused:
        preview(99)
    assert [each.field for each in refused.value.violations] == ["work_classes[0]"]


def test_wrong_terms_of_a_class_are_named_by_their_place(desk: Desk) -> None:
    policy = next(each for each in desk.list("SlaPolicy") if each.code == seeds.ASSURE)
    made = ask(desk, "StartPolicyDraft", from_id=policy.id)
    days, hours = sla_pb2.SLA_UNIT_BUSINESS_DAYS, sla_pb2.SLA_UNIT_CLOCK_HOURS
    wrong = [
        sla_pb2.WorkClassTerms(work_class=sla_pb2.WORK_CLASS_REPAIR, unit=hours, amount=0, due_time="12:00"),
        sla_pb2.WorkClassTerms(work_class=sla_pb2.WORK_CLASS_REPAIR, unit=days, amount=1, cut_off="25:00"),
        sla_pb2.WorkClassTerms(amount=1),
    ]

    with pytest.raises(InvalidRequest) as refused:
        ask(desk, "SavePolicyDraft", id=made.id, etag=made.etag, name="A", amount=1, unit=days, class_terms=wrong)

    assert [each.field for each in refused.value.violations] == [
        "class_terms[0].amount", "class_terms[0].due_time", "class_terms[1].work_class", "class_terms[1].cut_off",
        "class_terms[2].work_class", "class_terms[2].unit",
    ]  # fmt: skip
    assert not next(each for each in desk.list("SlaPolicy") if each.id == made.id).class_terms
