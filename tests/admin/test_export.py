from __future__ import annotations

import csv
import io

import pytest
from fieldmesh.workorders.v1.account_pb2 import Account

from admin.grpcfab.export import guarded
from services.chassis.errors import Unavailable
from tests.support import memory_data
from tests.support.markup import read


def lines(answer):
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_an_export_holds_every_page_of_the_list_as_it_is_filtered(dispatcher, mesh):
    memory_data.customers(mesh, accounts=4, stations=450)

    answer = dispatcher.get("/stations/export.csv?f.active.is=true&sort=serial_number")

    rows = lines(answer)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="stations-')
    assert rows[0][:3] == ["Name", "Facility", "Serial number"]
    assert len(rows) == 1 + sum(1 for row in mesh.rows["fieldmesh.workorders.v1.Station"].values() if row.active)
    assert {row[1] for row in rows[1:]} <= {f"{place[0]}, garage" for place in memory_data.PLACES}
    assert [request.query.page_size for request in mesh.asked("ListStations")] == [200, 200, 200]
    assert len(mesh.asked("BatchGetFacilities")) == 1, "a reference is asked for once an export"


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\r=x", "|calc", "%0A"])
def test_text_that_a_spreadsheet_would_run_is_guarded(text):
    assert guarded(text) == f"'{text}"


def test_a_hostile_name_is_guarded_and_a_negative_number_stays_a_number(dispatcher, mesh):
    mesh.put(Account(name='=HYPERLINK("http://evil.example","x")', account_number="-7", active=True))

    rows = lines(dispatcher.get("/accounts/export.csv?q=hyperlink"))

    assert rows[1][0].startswith("'=HYPERLINK")
    assert rows[1][1] == "'-7"


def test_an_export_that_cannot_begin_is_an_error_page(dispatcher, mesh):
    mesh.down.add("workorders")

    answer = dispatcher.get("/accounts/export.csv")

    assert answer.status_code == 503
    assert answer.mimetype == "text/html"


def test_an_export_that_fails_midway_breaks_off(dispatcher, mesh):
    memory_data.customers(mesh, accounts=4, stations=450)
    answer = dispatcher.client.get("/stations/export.csv", buffered=False)
    chunks = answer.iter_encoded()
    next(chunks)
    mesh.refuse["ListStations"] = Unavailable("gone")

    with pytest.raises(Unavailable):
        list(chunks)
    answer.close()


def test_an_export_holds_the_columns_of_the_list_and_more_only_where_asked(dispatcher, mesh):
    shown = lines(dispatcher.get("/stations/export.csv"))[0]
    everything = lines(dispatcher.get("/stations/export.csv?columns=all&ids=1"))
    page = read(dispatcher.get("/stations/").text).one("main")

    assert shown == list(page.table[0])
    assert set(shown) < set(everything[0])
    assert everything[0][-1] == "Id"
    assert everything[1][-1] in mesh.rows["fieldmesh.workorders.v1.Station"]


@pytest.mark.req("CP-12")
def test_an_export_of_work_orders_is_the_view_with_its_columns_and_what_they_show(dispatcher, portal, mesh):
    path = "/work-orders/?view=completed_closed"
    page = read(dispatcher.get(path).text).one("main")
    link = next(a for a in page.all("a") if a.text == "Export CSV").attributes["href"]

    rows = lines(dispatcher.get(link))

    assert mesh.asked("ListWorkOrders")[-1].view == "completed_closed"
    assert rows[0] == list(page.table[0])[1:]  # rows are selected in the first
    assert rows[1][:6] == [
        "20107925", "15576001", "Assure - VT-40 - Head Replacement (Ver 01)", "Harbor Glen Apartments",
        "California - San Diego Metro", "In Progress",
    ]  # fmt: skip
    everything = lines(dispatcher.get("/work-orders/export.csv?columns=all"))
    assert len(set(everything[0])) == len(everything[0])
    assert {"Status", "Status (state label)", "Case", "Case (case number)"} <= set(everything[0])
    appointment = lines(dispatcher.get("/work-orders/export.csv?view=all"))
    assert dict(zip(*appointment, strict=True))["Appointment Date"] == "2026-03-05 12:30:00-06:00"
