"""The calendar over a mesh in memory: the week by person and day, and the feed behind a secret link."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from fieldmesh.workorders.v1 import work_order_pb2
from icalendar import Calendar

from services.chassis.errors import Unavailable
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_visits import MONDAY, made_link, order


@pytest.mark.req("PT-10")
def test_a_week_has_a_row_for_each_person_and_a_column_for_each_day(planner, agreed):
    agreed.orders = [
        order(71, MONDAY, "09:30", "Zora Hale"),
        order(72, MONDAY + dt.timedelta(days=2), "23:30", "Allan Heward"),
        order(73, MONDAY + dt.timedelta(days=6), "08:00"),
        order(75, MONDAY, "11:00", "Zora Hale"),
        order(76, MONDAY + dt.timedelta(days=7), "00:30", "Zora Hale"),  # Sunday somewhere, Monday at the site
    ]
    agreed.orders[3].category = work_order_pb2.STATE_CATEGORY_DEAD
    agreed.orders[1].workflow, agreed.orders[2].workflow = "facility_approval", "utility_request"

    shown = read(planner.get("/calendar/?week=2026-03-04").text).one("main")

    table = shown.one("table")
    rows = {row.one("th").text: [cell.text.split() for cell in row.all("td")] for row in table.all("tr")[1:]}
    assert list(rows) == ["Allan Heward", "Zora Hale", "Nobody yet"]
    assert [cell[:2] for cell in rows["Zora Hale"]] == [["09:30", "71"], [], [], [], [], [], []]
    assert [cell[:2] for cell in rows["Allan Heward"]] == [[], [], ["23:30", "72"], [], [], [], []]
    assert rows["Nobody yet"][6][:2] == ["08:00", "73"]
    assert {link.attributes["href"] for link in table.all("a")} == {
        f"/work-orders/{ident('visit', n)}" for n in (71, 72, 73)
    }
    _, query = agreed.asked[0]
    assert [(each.field, each.values[0][:10]) for each in query.filters] == [
        ("appointment", "2026-03-01"),
        ("appointment", "2026-03-09"),
    ]


def test_mine_keeps_to_visits_that_the_viewer_goes_to(planner, agreed):
    own = order(71, MONDAY, "09:30", "Megan")
    planner.get("/calendar/")
    own.technician.person_id = agreed.asked[0][0].subject
    beside = order(73, MONDAY, "11:00", "Zora Hale")
    beside.further_technicians.add(person_id=own.technician.person_id, name="Megan")
    agreed.orders = [own, order(72, MONDAY, "10:00", "Zora Hale"), beside]

    shown = read(planner.get("/calendar/?week=2026-03-02&mine=1").text).one("main").text

    assert "Repair 71" in shown
    assert "Repair 72" not in shown
    assert "Repair 73" in shown
    assert "Zora Hale, Megan" in shown


@pytest.mark.parametrize("week", ["", "soon", "0001-01-01", "9999-12-31"])
def test_a_week_that_is_none_shows_this_one(planner, week):
    answer = planner.get(f"/calendar/?week={week}")

    assert answer.status_code == 200
    assert "No visits in this week" in answer.text


@pytest.mark.req("PT-10")
@pytest.mark.req("B-8")
def test_a_secret_link_gives_the_visits_to_any_calendar_program(planner, agreed, app):
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    agreed.orders = [order(71, day, "09:30", "Zora Hale"), order(72, day, "10:00")]
    address = made_link(planner)

    answer = app.test_client().get(address)

    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    read_back = Calendar.from_ical(answer.get_data())
    first, second = read_back.walk("VEVENT")
    assert str(first["summary"]) == "71 Repair 71"
    assert first.decoded("dtstart") == dt.datetime.combine(day, dt.time(15, 30), dt.UTC)
    assert str(first["location"]) == "Harbor Glen, 2100 Riverside Dr, Columbus, OH 43221"
    assert "Zora Hale" in str(first["description"])
    assert "09:30 at the site (America/Chicago)" in str(first["description"])
    assert first["uid"] != second["uid"]
    # it is read as its person, with what that person may see at the moment
    assert agreed.asked[-1][0].roles == {"partner"}


@pytest.mark.req("B-8")
@pytest.mark.req("B-6")
def test_a_link_ends_when_it_is_revoked_and_when_its_person_may_not_sign_in_any_more(planner, app, mesh, sign_in):
    address = made_link(planner)
    other = made_link(planner, "Tablet", "mine")
    assert app.test_client().get(other).status_code == 200
    ends = re.search(r"/calendar/links/[\w-]+/revoke", planner.get("/calendar/links").text)[0]

    stranger = sign_in("dispatcher")
    stranger.get("/calendar/links")
    assert stranger.post(ends).status_code == 404
    planner.get("/calendar/links")
    assert planner.post(ends).status_code == 302
    assert sorted(app.test_client().get(each).status_code for each in (address, other)) == [200, 404]
    for person in mesh.rows["fieldmesh.technicians.v1.Person"].values():
        person.active = False
    assert {app.test_client().get(each).status_code for each in (address, other)} == {404}


def test_guessed_links_are_throttled_and_names_are_checked(planner, app):
    planner.get("/calendar/links")
    for name in ("", "x" * 61):
        refused = planner.post("/calendar/links", {"name": name, "what": "all"})
        assert refused.status_code == 422
        assert "at most 60 characters" in refused.text

    guesses = [app.test_client().get(f"/calendar/feed/guess{number}.ics").status_code for number in range(8)]

    assert guesses[0] == 404
    assert guesses[-1] == 429


def test_a_calendar_without_its_service_says_so(planner, agreed):
    agreed.refusal = Unavailable("Gone.", metadata={"service": "workorders"})

    answer = planner.get("/calendar/")

    assert answer.status_code == 503
    assert "not answering" in answer.text
