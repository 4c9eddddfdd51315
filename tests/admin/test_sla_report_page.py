"""The SLA report: a table, a chart and a CSV file (B-1)."""

from __future__ import annotations

import re

import pytest
from fieldmesh.workorders.v1 import sla_report_service_pb2 as messages

from services.chassis.errors import InvalidRequest, Violation

METHOD = "/fieldmesh.workorders.v1.SlaReportService/ReportSla"

pytestmark = pytest.mark.req("B-1")


@pytest.fixture
def asked(mesh):
    seen = []

    def answer(request, _caller):
        seen.append(request)
        rows = [
            messages.SlaReportRow(executor_name="=Bluefern", territory_name="Ohio", met=3, missed=1, excused=2, open=4),
            messages.SlaReportRow(executor_name="Kestrel <b>", territory_name="Ohio", met=1),
        ]
        for row, month in zip(rows, (3, 5), strict=True):
            row.month.year, row.month.month, row.month.day = 2026, month, 1
        return messages.ReportSlaResponse(rows=rows)

    mesh.verbs[METHOD] = answer
    yield seen
    del mesh.verbs[METHOD]


def test_the_report_has_a_table_a_chart_and_rates_without_what_is_excused(dispatcher, asked):
    page = dispatcher.get("/sla-report/?first=2026-03&last=2026-05").text

    assert (asked[0].first_month.month, asked[0].last_month.month) == (3, 5)
    assert re.findall(r">(\w+ 2026)</text>", page) == ["Mar 2026", "Apr 2026", "May 2026"]
    assert "75.0 %" in page
    assert "March 2026: 2 missed, excused" in page
    assert "Kestrel &lt;b&gt;" in page
    assert 'href="/sla-report/"' in page


def test_the_report_is_exported_and_harmless_to_spreadsheets(dispatcher, asked):
    answer = dispatcher.get("/sla-report/?first=2026-03&last=2026-04&format=csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert lines[0] == 'Month,Partner,Territory,Met,"Missed, excused",Missed,Overdue,Open,Met of those judged'
    assert lines[1] == "2026-03,'=Bluefern,Ohio,3,2,1,0,4,75.0 %"


def test_months_that_are_refused_are_told(dispatcher, asked, mesh):
    wrong = [Violation("last_month", "must be the first month or later")]
    mesh.refuse["ReportSla"] = InvalidRequest("Some fields are missing or wrong.", violations=wrong)

    answer = dispatcher.get("/sla-report/?first=2026-04&last=2026-03")

    assert answer.status_code == 422
    assert "To: must be the first month or later." in answer.text


def test_what_is_no_month_is_named_and_not_asked_for(dispatcher, asked):
    answer = dispatcher.get("/sla-report/?first=2026-13&last=soon")

    assert answer.status_code == 422
    assert "From: “2026-13” is not a month such as 2026-03." in answer.text
    assert "To: “soon” is not a month such as 2026-03." in answer.text
    assert not asked
