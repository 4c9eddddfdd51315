"""Pages of calendars and policies: a year at a glance, drafts, and what publishing one would move (B-1)."""

from __future__ import annotations

import pytest
from fieldmesh.shipping.v1 import sla_draft_service_pb2 as drafts
from fieldmesh.shipping.v1 import sla_pb2

from services.chassis.errors import InvalidRequest, StaleEtag, Violation

SERVICE = "/fieldmesh.shipping.v1.SlaDraftService/"
CALENDARS, POLICIES = "fieldmesh.shipping.v1.BusinessCalendar", "fieldmesh.shipping.v1.SlaPolicy"

pytestmark = pytest.mark.req("B-1")


def calendar(one: str, version: int, state: int) -> sla_pb2.BusinessCalendar:
    made = sla_pb2.BusinessCalendar(
        id=one,
        name="US days",
        version=version,
        state=state,
        in_force=state == sla_pb2.VERSION_STATE_IN_FORCE,
        etag="e1",
    )
    for weekday in range(1, 6):
        made.windows.add(weekday=weekday, opens="08:00", closes="17:00")
    made.exceptions.add(date={"year": 2026, "month": 12, "day": 25}, name="Christmas <Day>", imported=True)
    return made


@pytest.fixture
def verbs(mesh):
    mesh.rows[CALENDARS] = {
        "c-1": calendar("c-1", 1, sla_pb2.VERSION_STATE_IN_FORCE),
        "c-2": calendar("c-2", 2, sla_pb2.VERSION_STATE_DRAFT),
    }
    mesh.rows[POLICIES] = {
        "p-1": sla_pb2.SlaPolicy(id="p-1", code="a", name="Assure", version=2, state=1, unit=1, amount=1, etag="e1")
    }
    asked = []

    def answering(make):
        def answer(request, _caller):
            asked.append(request)
            return make(request)

        return answer

    def page(request):
        if request.after:
            answer = drafts.PreviewPublicationResponse(looked_at=1, total=3)
            answer.shifts.add(work_order_id="w3", work_order_number="20107901", problem="=No working time.")
            return answer
        answer = drafts.PreviewPublicationResponse(looked_at=2, total=3, next="w2")
        shift = answer.shifts.add(work_order_id="w1", work_order_number="20107925")
        shift.time_zone = "America/Chicago"
        shift.old_due_time.FromJsonString("2026-03-03T06:00:00Z")
        shift.new_due_time.FromJsonString("2026-03-03T20:30:00Z")
        shift.old_due_date.year, shift.old_due_date.month, shift.old_due_date.day = 2026, 3, 2
        shift.new_due_date.year, shift.new_due_date.month, shift.new_due_date.day = 2026, 3, 3
        return answer

    mesh.rows["fieldmesh.shipping.v1.SlaRecalculation"] = {
        "r-1": sla_pb2.SlaRecalculation(id="r-1", title="US days, version 2", state=1, total=10, done=4, etag="e")
    }
    answers = {
        "StartCalendarDraft": lambda _: calendar("c-2", 2, 1),
        "SaveCalendarDraft": lambda _: calendar("c-2", 2, 1),
        "SetCalendarDays": lambda _: calendar("c-2", 2, 1),
        "ImportHolidays": lambda _: calendar("c-2", 2, 1),
        "SavePolicyDraft": lambda _: sla_pb2.SlaPolicy(id="p-1"),
        "PreviewPublication": page,
        "PublishVersion": lambda _: sla_pb2.SlaRecalculation(id="r-1", title="US days, version 2"),
    }
    mesh.verbs.update({f"{SERVICE}{name}": answering(make) for name, make in answers.items()})
    yield asked
    for name in [name for name in mesh.verbs if name.startswith(SERVICE)]:
        del mesh.verbs[name]


@pytest.fixture
def admin(sign_in, verbs):
    return sign_in("admin")


def test_a_year_shows_every_day_and_holidays_by_name(admin):
    page = admin.get("/business-calendars/c-1?year=2026").text

    assert "Christmas &lt;Day&gt;" in page
    assert page.count('class="day day-') == 365 + 4
    assert "/days/" not in page
    assert "260 working days" in page


def test_a_day_of_a_draft_is_a_link_to_change_it(admin, verbs):
    assert 'href="/business-calendars/c-2/days/2026-03-02"' in admin.get("/business-calendars/c-2?year=2026").text

    fields = admin.fields("/business-calendars/c-2/days/2026-03-02", do="close", name="Stocktaking")
    answer = admin.post("/business-calendars/c-2/days/2026-03-02", fields)

    assert answer.headers["Location"].endswith("/business-calendars/c-2?year=2026")
    sent = verbs[-1].days[0]
    assert (sent.date.day, sent.name, len(sent.windows), verbs[-1].etag) == (2, "Stocktaking", 0, "e1")


def test_hours_that_cannot_be_read_are_named_and_kept(admin):
    fields = admin.fields("/business-calendars/c-2/days/2026-03-07", do="work", name="Open", windows="nine to five")

    answer = admin.post("/business-calendars/c-2/days/2026-03-07", fields)

    assert answer.status_code == 422
    assert "“nine to five” is not written as a span" in answer.text
    assert 'value="nine to five"' in answer.text


def test_the_working_week_takes_several_spans_a_day(admin, verbs):
    fields = admin.fields("/business-calendars/c-2", form="/business-calendars/c-2/week")
    fields |= {"day1": "8-12, 13:00–17:30", "day2": ""}

    admin.post("/business-calendars/c-2/week", fields)

    monday = [(each.opens, each.closes) for each in verbs[-1].windows if each.weekday == 1]
    assert monday == [("08:00", "12:00"), ("13:00", "17:30")]
    assert not [each for each in verbs[-1].windows if each.weekday == 2]


def test_a_refused_week_names_the_day_and_keeps_what_was_typed(admin, mesh):
    wrong = [Violation("windows[1].closes", "must be after the opening")]
    mesh.refuse["SaveCalendarDraft"] = InvalidRequest("Some fields are wrong.", violations=wrong)
    fields = admin.fields("/business-calendars/c-2", form="/business-calendars/c-2/week")
    fields |= {"day1": "8-12", "day2": "17-8", "note": "Summer"}

    answer = admin.post("/business-calendars/c-2/week", fields)

    assert answer.status_code == 422
    assert "Tuesday, closing: must be after the opening" in answer.text
    assert 'value="17-8"' in answer.text
    assert 'value="Summer"' in answer.text


def test_every_day_of_a_week_that_cannot_be_read_is_named(admin, verbs):
    fields = admin.fields("/business-calendars/c-2", form="/business-calendars/c-2/week")

    answer = admin.post("/business-calendars/c-2/week", {**fields, "day1": "early", "day3": "late"})

    assert answer.status_code == 422
    assert "Monday: “early” is not written as a span" in answer.text
    assert "Wednesday: “late” is not written as a span" in answer.text
    assert not verbs


def test_refused_holidays_are_named_as_the_form_does_and_kept(admin, mesh):
    wrong = [Violation("region", "must be one of US: AK"), Violation("first_year", "must be 1990 to 2190")]
    mesh.refuse["ImportHolidays"] = InvalidRequest("Some fields are wrong.", violations=wrong)
    fields = admin.fields("/business-calendars/c-2", form="/business-calendars/c-2/holidays")

    answer = admin.post("/business-calendars/c-2/holidays", {**fields, "region": "QQ", "first_year": "19"})

    assert answer.status_code == 422
    assert "State or region: must be one of US" in answer.text
    assert "From: must be 1990 to 2190" in answer.text
    assert 'value="QQ"' in answer.text
    assert 'value="19"' in answer.text


def test_a_refused_day_is_named_as_the_form_does(admin, mesh):
    wrong = [
        Violation("days[0].name", "must have 1 to 80 characters"),
        Violation("days[0].windows[0].closes", "must be after the opening"),
    ]
    mesh.refuse["SetCalendarDays"] = InvalidRequest("Some fields are wrong.", violations=wrong)
    one = "/business-calendars/c-2/days/2026-03-02"

    answer = admin.post(one, admin.fields(one, do="work", name="", windows="12-8"))

    assert "Its name: must have 1 to 80 characters" in answer.text
    assert "Hours, closing: must be after the opening" in answer.text


def test_a_preview_lists_what_would_move_batch_after_batch_and_then_publishes(admin, verbs):
    first = admin.post("/business-calendars/c-2/preview", admin.fields("/business-calendars/c-2/preview"))
    assert "20107925" in first.text
    assert "Mon 2 Mar 2026<" in first.text
    assert "Tue 3 Mar 2026, before 14:30 CST" in first.text

    answer = admin.post(
        "/business-calendars/c-2/publish",
        {**admin.fields("/business-calendars/c-2/preview"), "etag_seen": "e1", "request_key": "k"},
    )

    assert answer.headers["Location"].endswith("/sla-recalculations/r-1")
    assert "4 of 10 open orders" in admin.get("/sla-recalculations/r-1").text


def test_everything_that_would_move_is_a_file(admin):
    answer = admin.get("/business-calendars/c-2/preview?format=csv")

    lines = answer.text.lstrip("\ufeff").splitlines()
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert lines == [
        "Work order,Due now,Due then,Time zone,Note",
        '20107925,Mon 2 Mar 2026,"Tue 3 Mar 2026, before 14:30 CST",America/Chicago,',
        "20107901,no date,no date,,'=No working time.",
    ]


def test_a_refused_policy_keeps_what_was_written(admin, mesh):
    wrong = [Violation("amount", "must be 0 to 400"), Violation("second_warning", "must be above the first warning")]
    mesh.refuse["SavePolicyDraft"] = InvalidRequest("Some fields are wrong.", violations=wrong)
    fields = admin.fields("/sla-policies/p-1/write", amount="5000")

    answer = admin.post("/sla-policies/p-1/write", fields)

    assert answer.status_code == 422
    assert "Amount: must be 0 to 400" in answer.text
    assert "At risk from: must be above the first warning" in answer.text
    assert 'value="5000"' in answer.text


def test_terms_of_a_class_are_written_beside_the_general_ones_and_read_again(admin, verbs, mesh):
    fields = admin.fields("/sla-policies/p-1/write", amount_2="10", unit_2="1", due_time_2="12:00", amount_3=" ")

    answer = admin.post("/sla-policies/p-1/write", fields)

    sent = verbs[-1]
    assert answer.status_code == 302
    assert [(each.work_class, each.unit, each.amount, each.due_time) for each in sent.class_terms] == [
        (sla_pb2.WORK_CLASS_INSTALLATION, sla_pb2.SLA_UNIT_BUSINESS_DAYS, 10, "12:00")
    ]
    mesh.rows[POLICIES]["p-1"].class_terms.extend(sent.class_terms)
    form = admin.fields("/sla-policies/p-1/write")
    assert (form["amount_1"], form["amount_2"], form["due_time_2"]) == ("", "10", "12:00")
    page = admin.get("/sla-policies/p-1").text
    assert "Terms by class of work" in page
    assert "Installation" in page


def test_wrong_terms_of_a_class_are_named_by_the_class_and_kept(admin, verbs, mesh):
    wrong = [Violation("class_terms[0].amount", "must be 0 to 400")]
    mesh.refuse["SavePolicyDraft"] = InvalidRequest("Some fields are wrong.", violations=wrong)

    answer = admin.post("/sla-policies/p-1/write", admin.fields("/sla-policies/p-1/write", cut_off_3="16:00"))

    assert answer.status_code == 422
    assert "Commissioning, amount: must be 0 to 400" in answer.text
    assert 'value="16:00"' in answer.text


def test_a_stale_draft_is_told(admin, mesh):
    mesh.refuse["PublishVersion"] = StaleEtag("Somebody else changed this since you read it.")

    answer = admin.post(
        "/business-calendars/c-2/publish", admin.fields("/business-calendars/c-2/preview"), follow_redirects=True
    )

    assert "Somebody else changed this" in answer.text


def test_dispatchers_read_and_look_ahead_but_write_nothing(dispatcher, verbs):
    page = dispatcher.get("/business-calendars/c-2?year=2026").text

    assert "/days/" not in page
    assert "What would move?" in page
    assert dispatcher.get("/business-calendars/c-2/days/2026-03-02").status_code in {302, 403}
    assert dispatcher.get("/business-calendars/begin").status_code in {302, 403}
