"""Instants that people type near a clock change: what clocks leave out is refused, what they show twice is asked."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import zoneinfo

import pytest
from fieldmesh.workorders.v1.work_order_pb2 import Visit
from fieldmesh.workorders.v1.work_order_service_pb2 import TransitionWorkOrderResponse
from flask import g, render_template_string
from werkzeug.datastructures import MultiDict

from admin.grpcfab import spec
from admin.grpcfab.clocks import instants_of
from admin.grpcfab.forms import form_class
from admin.identity import Identity
from tests.support.memory_orders import ORDER, SERVICE

SET_BACK = "2025-11-02T01:30"  # in Chicago first at 06:30 in UTC, and an hour later again
SET_FORWARD = "2026-03-08T02:30"
EARLIER, LATER = dt.datetime(2025, 11, 2, 6, 30, tzinfo=dt.UTC), dt.datetime(2025, 11, 2, 7, 30, tzinfo=dt.UTC)
VisitForm = form_class(spec.fields_of(Visit.DESCRIPTOR))
PATH = f"/work-orders/{ORDER}/do/set_visit_times"


@pytest.fixture
def chicago(app):
    with app.test_request_context():
        g.viewer = Identity("p", "d", "D", frozenset(), time_zone="America/Chicago")
        yield


def sent(**values):
    form = VisitForm.sent(MultiDict(values))
    form.validate()
    return form


def drawn(field):
    return render_template_string("{% from 'macros/forms.html' import field %}{{ field(f) }}", f=field)


def options(html, name="arrive_time"):
    """The second input's options: each value with its words, and which of them is chosen."""
    found = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', html, re.DOTALL)
    if not found:
        return {}, ""
    chosen = re.search(r'<option value="(\w*)" selected', found[1])
    return dict(re.findall(r'<option value="(\w+)"[^>]*>([^<]+)<', found[1])), chosen[1] if chosen else ""


AT_THE_SITE = {
    "earlier": "Before the clock change (PDT, UTC-07:00)",
    "later": "After the clock change (PST, UTC-08:00)",
}
OFFERED = {
    "earlier": "Before the clock change (CDT, UTC-05:00)",
    "later": "After the clock change (CST, UTC-06:00)",
}


def test_a_time_in_a_gap_is_refused_with_its_field_and_nothing_to_choose(chicago):
    field = sent(arrive_time=SET_FORWARD).arrive_time

    assert list(field.errors) == [
        "Actual site arrive time: 02:30 on 8 March 2026 does not exist, because clocks are set forward then."
    ]
    assert options(drawn(field)) == ({}, "")
    assert SET_FORWARD in drawn(field)


def test_a_time_that_comes_twice_is_asked_with_both_offsets_and_kept(chicago):
    field = sent(arrive_time=SET_BACK).arrive_time

    assert list(field.errors) == [
        "01:30 on 2 November 2025 comes twice, because clocks are set back then. Choose which is meant."
    ]
    assert field.data is None
    assert options(drawn(field)) == (OFFERED, "")
    assert f'value="{SET_BACK}"' in drawn(field)


@pytest.mark.parametrize(("fold", "meant"), [("earlier", EARLIER), ("later", LATER)])
def test_the_answer_decides_and_stays_chosen(chicago, fold, meant):
    form = sent(arrive_time=[SET_BACK, fold])

    assert form.arrive_time.data == meant
    assert not form.arrive_time.errors
    assert options(drawn(form.arrive_time)) == (OFFERED, fold)


@pytest.mark.parametrize("fold", ["", "both"])
def test_what_is_no_answer_is_asked_again(chicago, fold):
    assert "comes twice" in sent(arrive_time=[SET_BACK, fold]).arrive_time.errors[0]


def test_an_answer_beside_a_time_without_doubt_changes_nothing(chicago):
    form = sent(arrive_time=["2025-11-02T12:00", "later"])

    assert form.arrive_time.data == dt.datetime(2025, 11, 2, 18, tzinfo=dt.UTC)
    assert options(drawn(form.arrive_time)) == ({}, "")


@pytest.mark.parametrize(("instant", "fold"), [(EARLIER, "earlier"), (LATER, "later")])
def test_saving_what_is_shown_changes_nothing(chicago, instant, fold):
    visit = Visit()
    visit.arrive_time.FromDatetime(instant)
    form = VisitForm.drawn(visit)
    assert options(drawn(form.arrive_time)) == (OFFERED, fold)

    again = sent(arrive_time=[form.arrive_time._value(), fold], base_seen=form.base_seen.data)

    assert again.arrive_time.data == instant
    assert again.touched() == []


def test_a_required_time_that_cannot_be_read_has_one_error(chicago):
    arrival = next(field for field in spec.fields_of(Visit.DESCRIPTOR) if field.name == "arrive_time")
    form = form_class([dataclasses.replace(arrival, required=True)]).sent(MultiDict({"arrive_time": SET_BACK}))

    form.validate()

    assert len(form.arrive_time.errors) == 1


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "9999-12-31T23:59", "soon"])
def test_the_ends_of_the_calendar_are_no_times(chicago, text):
    field = sent(arrive_time=text).arrive_time

    assert list(field.errors) == ["Enter a date and a time."]
    assert options(drawn(field)) == ({}, "")


def test_a_zone_whose_clocks_move_by_half_an_hour():
    lord_howe = zoneinfo.ZoneInfo("Australia/Lord_Howe")

    assert len(instants_of(dt.datetime.fromisoformat("2026-04-05T01:45"), lord_howe)) == 2
    assert instants_of(dt.datetime.fromisoformat("2025-10-05T02:15"), lord_howe) == []


def test_a_page_asks_and_sends_what_was_answered(portal, mesh, sign_in):
    transition = f"{SERVICE}.WorkOrderService/TransitionWorkOrder"
    fired = []
    mesh.verbs[transition] = lambda request, _: fired.append(request) or TransitionWorkOrderResponse(happened=True)
    partner = sign_in("partner")
    form = partner.fields(PATH, visit__arrive_time=SET_BACK, visit__depart_time="2025-11-02T09:00")

    asked = partner.post(PATH, form)
    done = partner.post(PATH, form | {"visit__arrive_time": [SET_BACK, "later"]})
    del mesh.verbs[transition]

    assert asked.status_code == 422
    assert 'visit__arrive_time-error"' in asked.text
    assert options(asked.text, "visit__arrive_time") == (AT_THE_SITE, "")
    assert "2025-11-02T09:00" in asked.text
    assert done.status_code == 302
    assert [request.work_order.visit.arrive_time.ToDatetime(dt.UTC) for request in fired] == [
        LATER + dt.timedelta(hours=2)
    ]
