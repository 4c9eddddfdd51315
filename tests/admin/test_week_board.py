"""The week as a board: shifts and absences behind visits, whose rows, where a move leads, and absences in feeds."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from fieldmesh.technicians.v1 import team_pb2, technician_absence_pb2
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2
from icalendar import Calendar

from admin.pages.calendar.returning import onward_from, tab_of, week_of
from services.chassis.errors import InvalidRequest, Unavailable, Violation
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, SERVICE
from tests.support.memory_visits import HOLIDAY, MONDAY, made_link, order, period, somebody

pytestmark = pytest.mark.req("PT-10")
TECHNICIANS = "/fieldmesh.technicians.v1"
ABSENCES = f"{TECHNICIANS}.TechnicianAbsenceService/ListTechnicianAbsences"
TRANSITION = f"{SERVICE}.WorkOrderService/TransitionWorkOrder"
PREVIEW = f"{SERVICE}.WorkOrderService/PreviewTransition"
WEEK = "/calendar/?week=2026-03-02"


def rows(shown):
    table = shown.one("main").one("table")
    return {row.one("th").text: [" ".join(cell.text.split()) for cell in row.all("td")] for row in table.all("tr")[1:]}


def test_shifts_and_absences_stand_behind_the_visits_of_each_technician(planner, agreed, crew):
    away = {"kind": HOLIDAY, "absence_id": "a-1", "note": "Family"}
    crew.people = [
        somebody(
            "Rosa",
            [period(2, 8, 12), period(2, 13, 17), period(3, 22, 6, 1)],
            [{"period": period(4, 0, 24), **away}],
        ),
        somebody("Theo B", [], [{"period": period(2, 0, 12)}, {"period": period(6, 14, 24)}]),
    ]  # fmt: skip
    agreed.orders = [order(71, MONDAY, "09:30", "Rosa"), order(72, MONDAY, "10:00", "Zora Hale")]
    agreed.orders[1].technician.technician_id = "t-zora"

    shown = read(planner.get(WEEK).text)

    found = rows(shown)
    assert list(found) == ["Rosa", "Theo B", "Zora Hale"]
    assert found["Rosa"][0].startswith("09:30 71 Repair 71")
    assert found["Rosa"][0].endswith("08:00–12:00, 13:00–17:00")
    assert found["Rosa"][1:5] == ["22:00–24:00", "Holiday", "off", "off"]
    assert found["Theo B"][:1] + found["Theo B"][4:5] == ["Absent until 12:00", "Absent from 14:00"]
    assert "Family" not in shown.one("main").text
    assert "/technician-absences/a-1" in {link.attributes["href"] for link in shown.one("main").all("a")}
    _, request = crew.asked[0]
    assert (request.first_day.day, request.last_day.day, request.organization_id) == (2, 8, "")
    assert list(crew.asked[1][1].technician_ids) == ["t-zora"]


def test_rows_are_narrowed_by_name_and_team(planner, agreed, crew, mesh):
    mesh.put(
        team_pb2.Team(id=ident("team", 1), name="North", organization_id=ident("organization", "Bluefern Dispatch"))
    )
    mesh.put(team_pb2.Team(id=ident("team", 2), name="Others", organization_id=ident("organization", "Voltara")))
    crew.people = [somebody("Rosa")]
    agreed.orders = [order(71, MONDAY, "09:30", "Rosa"), order(72, MONDAY, "10:00", "Zora Hale")]

    shown = read(planner.get(f"{WEEK}&name=ros&team={ident('team', 1)}").text)

    assert list(rows(shown)) == ["Rosa"]
    assert (crew.asked[0][1].search, crew.asked[0][1].team_id) == ("ros", ident("team", 1))
    assert [option.text for option in shown.one("main").all("option")] == ["All", "North"]
    after = [link.attributes["href"] for link in shown.one("main").all("a") if "2026-03-09" in link.attributes["href"]]
    assert f"name=ros&team={ident('team', 1)}" in after[0]


def test_visits_stay_where_technicians_does_not_answer(planner, agreed, crew):
    crew.refusal = Unavailable("Gone.", metadata={"service": "technicians"})
    agreed.orders = [order(71, MONDAY, "09:30", "Rosa")]

    answer = planner.get(WEEK)

    assert answer.status_code == 200
    assert "Shifts and absences are not known" in answer.text
    assert list(rows(read(answer.text))) == ["Rosa"]


@pytest.fixture
def visit(mesh, portal):
    """The record's order with an appointment on Thursday, 5 March, 10:30 at the site."""
    found = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    found.appointment.date.year, found.appointment.date.month, found.appointment.date.day = 2026, 3, 5
    found.appointment.time, found.appointment.time_zone = "10:30", "America/Los_Angeles"
    found.technician.person_id = ident("person", 4)
    return found


def led(answer):
    assert answer.status_code == 303, answer.text
    found = urlsplit(answer.headers["Location"])
    return found.path, {name: values[0] for name, values in parse_qs(found.query).items()}


def test_a_move_asks_where_to_and_leads_to_the_form_of_the_transition(planner, visit, crew):
    crew.people = [somebody("Rosa"), somebody("Zora Hale", [period(2, 8, 12)], [{"period": period(6, 0, 24)}])]
    move = f"/calendar/move/{ORDER}"

    asked = read(planner.get(f"{move}?day=2026-03-06").text).one("main")
    path, values = led(planner.get(f"{move}?day=2026-03-06&time=11:00&go=1"))
    form = planner.get(f"{path}?appointment__date=2026-03-06&appointment__time=11:00&tab={values['tab']}")

    assert {each.attributes["name"]: each.attributes.get("value") for each in asked.all("input")} == {
        "go": "1", "day": "2026-03-06", "time": "10:30",
    }  # fmt: skip
    assert [option.text for option in asked.all("option")] == ["Rosa", "Zora Hale (Absent)"]
    assert path == f"/work-orders/{ORDER}/do/save_appointment"
    assert (values["appointment__date"], values["appointment__time"]) == ("2026-03-06", "11:00")
    assert 'value="2026-03-06"' in form.text
    assert 'value="11:00"' in form.text
    assert "/calendar/?week=2026-03-06" in form.text


def test_somebody_else_takes_the_assignment_and_both_takes_two_forms(planner, visit, crew, mesh):
    crew.people = [somebody("Rosa"), somebody("Zora Hale")]
    zora = ident("person", len("Zora Hale"))
    previewed = []

    def preview(request, caller):
        del caller
        previewed.append(request)
        return work_order_service_pb2.PreviewTransitionResponse(
            refusals=[{"guard": "technician_is_free"}] if request.work_order.appointment.date.day == 7 else []
        )

    mesh.verbs[PREVIEW] = preview
    try:
        alone = led(planner.get(f"/calendar/move/{ORDER}?person={zora}&go=1"))
        both = led(planner.get(f"/calendar/move/{ORDER}?person={zora}&day=2026-03-06&go=1"))
        busy = led(planner.get(f"/calendar/move/{ORDER}?person={zora}&day=2026-03-07&go=1"))
    finally:
        del mesh.verbs[PREVIEW]

    assert alone[0].endswith("/do/assign_technician")
    assert alone[1]["inputs__person_id"] == zora
    assert both[0].endswith("/do/save_appointment")
    assert onward_from(both[1]["tab"], ORDER) == (
        f"/work-orders/{ORDER}/do/assign_technician?inputs__person_id={zora}&tab=calendar%3Fweek%3D2026-03-06"
    )
    assert busy[0].endswith("/do/assign_technician")
    assert "save_appointment?appointment__date=2026-03-07" in onward_from(busy[1]["tab"], ORDER)
    assert len(previewed) == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", "Choose another day, another time or somebody else."),
        ("&day=soon", "Enter a date such as 2026-03-31."),
        ("&time=9", "Hours and minutes, such as 14:30."),
    ],
)
def test_a_move_that_is_none_names_what_is_wrong(planner, visit, asked, words):
    answer = planner.get(f"/calendar/move/{ORDER}?go=1{asked}")

    assert answer.status_code == 422
    assert words in answer.text


def test_a_visit_that_cannot_be_moved_says_so(planner, visit, portal):
    portal.state = "closed"

    assert "cannot be moved by you" in planner.get(f"/calendar/move/{ORDER}").text


def test_the_second_form_follows_the_first_and_then_the_week(planner, visit, mesh):
    done = work_order_service_pb2.TransitionWorkOrderResponse(
        happened=True, work_order=work_order_pb2.WorkOrder(id=ORDER, state="in_progress")
    )
    mesh.verbs[TRANSITION] = lambda *_: done
    first = tab_of(MONDAY, "assign_technician", {"inputs__person_id": "p-1"})
    url = f"/work-orders/{ORDER}/do/save_appointment"
    try:
        fields = planner.fields(f"{url}?tab={first.replace('?', '%3F').replace('=', '%3D').replace('&', '%26')}")
        answer = planner.post(url, fields)
        last = planner.post(url, {**fields, "tab": tab_of(MONDAY)})
    finally:
        del mesh.verbs[TRANSITION]

    assert answer.headers["Location"] == (
        f"/work-orders/{ORDER}/do/assign_technician?inputs__person_id=p-1&tab=calendar%3Fweek%3D2026-03-02"
    )
    assert last.headers["Location"] == "/calendar/?week=2026-03-02"


def test_the_way_back_leads_nowhere_else():
    assert week_of("https://example.org/") == onward_from("myday", ORDER) == ""
    assert week_of("calendar?week=//example.org") == "/calendar/"
    assert onward_from("calendar?week=2026-03-02&then=//example.org", ORDER) == "/calendar/?week=2026-03-02"


def absence(name, day, **fields):
    made = technician_absence_pb2.TechnicianAbsence(
        id=ident("absence", name), technician_id=ident("technician", name), technician_name=name, kind=HOLIDAY, **fields
    )
    for part in (made.first_day, made.last_day):
        part.year, part.month, part.day = day.year, day.month, day.day
    made.start_time.FromDatetime(dt.datetime.combine(day, dt.time(14), dt.UTC))
    made.end_time.FromDatetime(dt.datetime.combine(day, dt.time(18), dt.UTC))
    made.update_time.FromDatetime(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    return made


@pytest.mark.req("B-8")
def test_feeds_show_ones_own_absences_and_those_of_the_organisation_as_busy(planner, agreed, app, mesh, sign_in):
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    listed = [absence("Rosa", day, note="Family"), absence("Theo", day, from_time="08:00", until_time="12:00")]
    asked = []

    def absences(request, caller):
        asked.append((caller, request.query))
        found = [each for each in listed if not caller.technician_id or each.technician_id == caller.technician_id]
        return technician_absence_pb2.ListTechnicianAbsencesResponse(technician_absences=found)

    rosa = mesh.rows["fieldmesh.technicians.v1.Person"][ident("person", "technician")]
    rosa.technician_id = ident("technician", "Rosa")
    mesh.verbs[ABSENCES] = absences
    try:
        everybody = app.test_client().get(made_link(planner)).get_data()
        own = app.test_client().get(made_link(sign_in("technician"), what="mine")).get_data()
        office = app.test_client().get(made_link(planner, "Own", "mine")).get_data()
    finally:
        del mesh.verbs[ABSENCES]

    busy = [(str(each["summary"]), each.decoded("dtstart")) for each in Calendar.from_ical(everybody).walk("VEVENT")]
    assert busy == [("Rosa: busy", day), ("Theo: busy", dt.datetime.combine(day, dt.time(14), dt.UTC))]
    assert b"Family" not in everybody
    assert b"Holiday" not in everybody
    (mine,) = Calendar.from_ical(own).walk("VEVENT")
    assert (str(mine["summary"]), str(mine["description"]), mine.decoded("dtend")) == (
        "Absent: Holiday", "Family", day + dt.timedelta(days=1),
    )  # fmt: skip
    assert [each.field for each in asked[-1][1].filters] == ["start_time", "end_time", "technician_id"]
    assert Calendar.from_ical(office).walk("VEVENT") == []


def test_an_absence_over_appointments_says_so_when_it_is_saved(planner, mesh):
    def create(request, caller):
        del caller
        made = request.technician_absence
        made.technician_name = "Rosa Imani"
        made.appointments.append("20107925 on 5 Mar 2026, 10:30")
        return mesh.put(made)

    method = f"{TECHNICIANS}.TechnicianAbsenceService/CreateTechnicianAbsence"
    mesh.verbs[method] = create
    chosen = {"technician_id": ident("technician", 1), "kind": "1", "first_day": "2026-03-05", "last_day": "2026-03-06"}
    try:
        fields = planner.fields(f"/technician-absences/new?technician_id={ident('technician', 1)}", **chosen)
        answer = planner.post("/technician-absences/new", fields, follow_redirects=True)
        mesh.refuse["CreateTechnicianAbsence"] = InvalidRequest(
            "Wrong.", violations=[Violation("first_day", "overlaps another absence: 1 Mar 2026")]
        )
        refused = planner.post("/technician-absences/new", {**fields, "request_key": "again"})
    finally:
        del mesh.verbs[method]

    assert "Rosa Imani has appointments in this time: 20107925 on 5 Mar 2026, 10:30." in answer.text
    assert "The absence of Rosa Imani was saved." in answer.text
    assert refused.status_code == 422
    assert "overlaps another absence: 1 Mar 2026" in refused.text


def test_shift_patterns_are_typed_one_shift_a_line(planner, mesh):
    fields = planner.fields(
        "/shift-patterns/new", technician_id=ident("technician", 1), valid_from="2026-03-02",
        monday="08:00-12:00\r\n13:00-17:00",
    )  # fmt: skip
    answer = planner.post("/shift-patterns/new", fields)

    assert answer.status_code == 302, answer.text
    (made,) = mesh.rows["fieldmesh.technicians.v1.ShiftPattern"].values()
    assert list(made.monday) == ["08:00-12:00", "13:00-17:00"]
