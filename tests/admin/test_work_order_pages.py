"""What the pages of work orders say, word by word: the list with its views, and the record with its tabs."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from fieldmesh.workorders.v1 import work_order_pb2

from admin.pages.work_orders import collaboration
from services.chassis.errors import WrongState
from services.chassis.file_types import FileTypeNotAllowed
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER

RECORD = f"/work-orders/{ORDER}"
FIRST = ["Work Order Number", "Case", "Subject", "Account", "Service Territory", "Status"]
KEY = [*FIRST, "WO Assigned Date", "Entitlement", "Appointment Date", "Work Type"]
VIEWS = {
    "All Work Orders": [*KEY, "Priority"],
    "My Open Work Orders": KEY,
    "Recently Viewed": None,
    "Recently Viewed Work Orders": ["Work Order Number", "Subject", "Account", "Service Territory", "Status",
                                    "Appointment Date"],
    "WO Completed / Closed": [*FIRST, "Completed", "Closed", "Entitlement", "Work Type"],
    "WO Rejected / Cancelled / Cannot Complete": [*FIRST, "WO Assigned Date", "Work Type", "Updated"],
}  # fmt: skip
DELAY_REASONS = {
    "Delay due to Unresponsive POC": ("before the SLA date", "another will be found"),
    "Delay due to POC Schedule Preference": ("proposes a date",),
    "O&M Partner Work Order Management Performance": ("asked to delay", "unclear"),
    "Delay due to weather": ("forecast",),
    "Technician Availability": ("technician",),
    "Delay due to Special On-Site Requirement": ("safety equipment", "COI", "JHA"),
    "Delay due to local Regulatory/Compliance": ("permit", "prevailing wage"),
    "Part delivery is later than expected delivery date": ("did not come", "expected date"),
    "Parts arrived damaged or are missing": ("damaged", "not every part came"),
}


@pytest.fixture
def partner(portal, sign_in):
    return sign_in("partner")


def page(person, path, status=200):
    answer = person.get(path)
    shown = read(answer.text).one("main")
    assert answer.status_code == status, shown.text
    return shown


@pytest.mark.req("CP-8")
@pytest.mark.req("CP-8a")
@pytest.mark.req("CP-11")
@pytest.mark.req("CP-12")
@pytest.mark.req("CP-22")
def test_each_view_has_columns_of_its_own_and_a_number_opens_the_record(partner):
    menu = page(partner, "/work-orders/").one("div", id="views").all("a")
    shown = {link.text: page(partner, link.attributes["href"]) for link in menu}

    assert [link.text for link in menu][: len(VIEWS)] == list(VIEWS)
    assert all(shown[label].one("h1").text == label for label in VIEWS)
    tables = {label: list(shown[label].table[0]) for label, columns in VIEWS.items() if columns}
    assert tables == {label: columns for label, columns in VIEWS.items() if columns}
    row = shown["All Work Orders"].table[0]
    assert row == {
        "Work Order Number": "20107925",
        "Case": "15576001",
        "Subject": "Assure - VT-40 - Head Replacement (Ver 01)",
        "Account": "Harbor Glen Apartments",
        "Service Territory": "California - San Diego Metro",
        "Status": "In Progress",
        "WO Assigned Date": row["WO Assigned Date"],
        "Entitlement": "Repair SLA Assure",
        "Appointment Date": row["Appointment Date"],
        "Work Type": "Head replacement",
        "Priority": "High",
    }
    assert "2 Mar 2026" in row["WO Assigned Date"]
    assert "5 Mar 2026" in row["Appointment Date"]
    assert "12:30" in row["Appointment Date"]
    number = shown["All Work Orders"].one("tbody").all("a")[0]
    assert (number.text, number.attributes["href"]) == ("20107925", RECORD)
    assert page(partner, number.attributes["href"]).one("h1").text.startswith("20107925")


@pytest.mark.req("CP-9")
def test_the_meta_line_tells_how_many_how_sorted_how_filtered_and_how_old(partner):
    mine = page(partner, "/work-orders/?view=my_open").one("p", class_="meta").text
    searched = page(partner, "/work-orders/?view=all&sort=-assigned_time&q=head").one("p", class_="meta").text

    assert mine == ("1 item · sorted by Work Order Number · filtered by My work orders, Status · updated just now")
    visited = page(partner, "/work-orders/?view=recently_viewed_orders").one("p", class_="meta").text
    assert visited == "1 item · sorted by when you opened them · filtered by Viewed by me · updated just now"
    assert searched == "1 item · sorted by WO Assigned Date · filtered by My work orders, “head” · updated just now"


@pytest.mark.req("CP-13")
def test_a_pinned_view_opens_at_the_next_visit_of_this_user(partner, sign_in, dispatcher):
    before = page(partner, "/work-orders/")
    partner.get("/work-orders/?view=completed_closed")
    answer = partner.post("/work-orders/pin", {"view": "completed_closed"})
    page(partner, answer.location)

    assert before.one("h1").text == "My Open Work Orders"
    assert page(sign_in("partner"), "/work-orders/").one("h1").text == "WO Completed / Closed"
    assert page(dispatcher, "/work-orders/").one("h1").text == "My Open Work Orders"


@pytest.mark.req("CP-35")
@pytest.mark.req("CP-37")
@pytest.mark.req("CP-38")
def test_the_header_names_the_order_and_five_tabs_follow(partner, portal):
    record = page(partner, RECORD)
    head, facts = record.one("div", class_="record-head"), record.one("dl", class_="record-facts").facts

    assert head.one("h1").text == "20107925 In Progress"
    assert head.one("p", class_="record-subject").text == "Assure - VT-40 - Head Replacement (Ver 01)"
    assert facts["Status"].text == "In Progress How it moved"
    links = {term: facts[term].all("a")[0] for term in ("Owner", "Case")}
    assert {term: (link.text, link.attributes["href"]) for term, link in links.items()} == {
        "Owner": ("Bluefern Dispatch", f"/organizations/{ident('organization', 'Bluefern Dispatch')}"),
        "Case": ("15576001", f"/cases/{ident('case', 1)}"),
    }
    for link in links.values():
        assert link.text in page(partner, link.attributes["href"]).one("h1").text
    assert [tab.text for tab in record.one("nav", class_="tabs").all("a")] == [
        "Details", "Related RMA / FSO", "Related", "Collaborate", "WO Assignment",
    ]  # fmt: skip
    assert record.one("section", aria_label="Before this can be completed").all("li")
    bar = {action.text: action.attributes for action in head.one("div", class_="action-bar").all("a")}
    # what follows the three stands under More Actions
    assert list(bar) == [
        "Completed",
        "Could Not Complete",
        "Request For Assistance",
        "Request rate or cost",
        "Request hold",
    ]
    assert "is not finished" in bar["Completed"]["title"]
    portal.state = "assigned"
    assert page(partner, RECORD).one("div", class_="action-bar").all("a")[0].text == "Accept"


@pytest.mark.req("CP-39")
def test_details_describe_the_work_its_target_and_its_stations(partner, mesh):
    details = page(partner, RECORD)
    described = {term: fact.text for term, fact in details.section("Description").facts.items()}
    station = mesh.rows["fieldmesh.workorders.v1.Station"][ident("station", 0)]

    target = details.section("Description").facts["Target SLA Date"]
    assert (
        described.items()
        >= {
            "Work Order Number": "20107925",
            "Entitlement": "Repair SLA Assure",
            "Subject": "Assure - VT-40 - Head Replacement (Ver 01)",
            "Customer Service Executive": "Jonas Reidel",
            "Description": "Replace the head. Run the self test.",
        }.items()
    )
    # the legal day is the site's, and ends at midnight there
    assert "Fri 6 Mar 2026" in target.text
    assert target.text.startswith("Fri 6 Mar 2026 until the end of the day, PST")
    assert target.all("time")[0].attributes["datetime"] == "2026-03-07T08:00:00+00:00"
    assert {term: fact.text for term, fact in details.section("Stations").facts.items()} == {
        "Name": "Bay 01",
        "Serial Number": station.serial_number,
        "MAC Address": station.mac_address,
        "Station Model": station.station_model,
        "Station Physical Address": "210 Harbor Glen Dr, San Diego, CA 92101, US",
    }


@pytest.mark.req("B-1")
@pytest.mark.parametrize(
    "case",
    [
        (1, 50, "50 % of the time is used up"),
        (2, 75, "At risk: 75 % of the time is used up"),
        (3, 0, "The due day has begun"),
        (4, 0, "The target has passed"),
    ],
)
def test_what_was_told_of_a_target_stands_beside_it_while_there_is_work_to_do(partner, mesh, case):
    warning, percent, words = case
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    before = page(partner, RECORD).one("dl", class_="record-facts").facts["Target SLA Date"].text
    order.sla.warning, order.sla.warning_percent = warning, percent
    order.sla.warning_time.FromDatetime(dt.datetime(2026, 3, 6, 15, 5, tzinfo=dt.UTC))

    shown = page(partner, RECORD).one("dl", class_="record-facts").facts["Target SLA Date"]
    order.category = 3
    ended = page(partner, RECORD).one("dl", class_="record-facts").facts["Target SLA Date"]

    assert "told" not in before
    assert words in shown.text
    assert "(told Fri 6 Mar 2026" in shown.text or "(told 6 Mar 2026" in shown.text
    assert words not in ended.text


@pytest.mark.req("B-1")
def test_a_list_says_the_time_of_a_target_that_is_not_due_at_the_end_of_its_day(partner, mesh):
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    order.site_time_zone = "America/Chicago"
    order.sla.state = work_order_pb2.SLA_STATE_RUNNING
    order.sla.due_date.year, order.sla.due_date.month, order.sla.due_date.day = 2031, 3, 3
    order.sla.due_time.FromDatetime(dt.datetime(2031, 3, 4, 6, tzinfo=dt.UTC))
    by_its_end = page(partner, "/work-orders/?view=at_risk").one("table").text

    order.sla.due_time.FromDatetime(dt.datetime(2031, 3, 3, 20, 30, tzinfo=dt.UTC))
    by_half_past_two = page(partner, "/work-orders/?view=at_risk").one("table").text

    assert "Running · Mon 3 Mar 2031" in by_its_end
    assert "before" not in by_its_end
    assert "Running · Mon 3 Mar 2031, before 14:30 CST" in by_half_past_two


@pytest.mark.req("CP-40")
@pytest.mark.req("CP-41")
def test_customer_information_is_shown_and_edited_in_place(partner, mesh):
    details = page(partner, RECORD)
    customer = details.section("Customer information")
    facts = {term: fact.text for term, fact in customer.facts.items()}
    forms = {form.one("button", type="submit").text: form for form in customer.all("form")}

    assert facts["Number of stations"].startswith("15")
    assert (
        facts.items()
        >= {
            "Account": "Harbor Glen Apartments",
            "Facility": mesh.rows["fieldmesh.workorders.v1.Facility"][ident("facility", 0)].name,
            "Number of site validations": "2",
            "Contact": "Sam Riley",
            "Case contact e-mail": "sam@example.com",
            "Case contact phone": "619-555-0144",
            "Address": "210 Harbor Glen Dr, San Diego, CA 92101, US Map",
            "Technician": "Rosa Imani · 619-555-0102 rosa@example.com",
            "Scheduling Completed": "2 Mar 2026",
        }.items()
    )
    assert "5 Mar 2026, 10:30 PST at the site" in facts["Appointment"]
    assert facts["Actual site arrive time"] == "5 Mar 2026, 10:40 PST at the site"
    assert facts["Actual site departure time"] == "5 Mar 2026, 12:00 PST at the site"
    assert "Harbor+Glen" in customer.facts["Address"].one("a").attributes["href"]
    assert list(forms["Save"].labels) == [
        "Appointment date", "Appointment time", "Technician name", "Technician e-mail", "Technician phone",
        "Scheduling Completed",
    ]  # fmt: skip
    assert list(forms["Save visit times"].labels) == ["Actual site arrive time", "Actual site departure time"]
    for form in forms.values():
        assert form.one("button", type="reset").text == "Cancel"


@pytest.mark.req("CP-42")
@pytest.mark.req("CP-43")
@pytest.mark.req("CP-69")
def test_each_line_item_is_a_task_that_opens_to_its_description(partner):
    related = page(partner, f"{RECORD}?tab=related")
    items = related.one("ul", class_="line-items").all("details")

    assert [item.one("summary").text for item in items] == [
        "00000001 Head replacement Bay 01 Voltara Assure Finished",
        "00000002 Wiring verification Bay 01 Voltara Assure Open",
    ]
    assert "Replace the head." in items[0].text
    assert "Torque the clamps." in items[1].text
    assert [link.text for link in related.one("ul", class_="line-items").all("a")] == [
        "Finish line item 00000002",
        "Failed line item 00000002",
    ]
    # what is asked for beside the work: pictures, and the old part
    deliverables = related.one("ul", aria_label="Deliverables").all("li")
    assert [(each.text, each.one("i").attributes["aria-label"]) for each in deliverables] == [
        ("Photo before", "there"),
        ("Photo after", "missing"),
    ]
    assert "The old part goes back to the vendor." in items[0].text
    assert "The old part goes back" not in items[1].text


@pytest.mark.req("CP-45")
@pytest.mark.req("CP-46")
def test_history_and_files_are_tables_newest_first(partner):
    related = page(partner, f"{RECORD}?tab=related")
    history, files = related.section("Work Order History").table, related.section("Notes and Attachments").table

    assert [list(row) for row in history[:1]] == [["No.", "Date", "Field", "User", "Original value", "New value"]]
    assert [(row["No."], row["User"], row["Original value"], row["New value"]) for row in history] == [
        ("11", "shipping", "Parts Delivered", "In Progress"),
        ("10", "shipping", "Shipped", "Parts Delivered"),
        ("9", "Megan Ortiz", "Assigned", "Ship-To Received"),
    ]
    assert {row["Field"] for row in history} == {"Status"}
    assert len({row["Date"] for row in history}) == 1
    assert [(row["Title"], row["Owner"], row["Size"]) for row in files] == [("before.png", "Megan Ortiz", "112.0 KiB")]
    assert "4 Mar 2026" in files[0]["Last modified"]


@pytest.mark.req("CP-47")
def test_fulfilment_orders_are_shown_with_the_parcels_on_their_way(partner):
    parts = page(partner, f"{RECORD}?tab=parts")
    facts = {term: fact.text for term, fact in parts.facts.items()}

    assert (
        facts.items()
        >= {
            "Order Number": "00287387 Shipped",
            "Order Class": "Assure Fulfillment Sales Order",
            "Expected delivery": "Wed 4 Mar 2026",
        }.items()
    )
    assert "2 Mar 2026" in facts["Created Date"]
    assert "Northway Freight NW000001 In transit" in parts.text
    everything = next(link for link in parts.all("a") if link.text == "View all")
    assert page(partner, everything.attributes["href"]).table[0]["Order Number"] == "00287387"


@pytest.mark.req("CP-50")
@pytest.mark.req("CP-51")
@pytest.mark.req("CP-52")
@pytest.mark.req("CP-53")
@pytest.mark.req("CP-54")
def test_accepting_asks_in_two_steps_for_what_it_needs_prefilled(partner, portal):
    portal.state = "assigned"
    asked = page(partner, f"{RECORD}/do/accept").one("form", data_wizard="")
    first, second = asked.all("fieldset", class_="move-step")
    values = {field.attributes["name"]: field.attributes.get("value") for field in asked.all("input")}

    assert first.labels == {
        "Is residential?": False, "Ship to name": True, "Ship to phone number": True, "Shipping party": True,
        "Does your team require any of the following?": True, "Street": True, "City": True, "State/Province": True,
        "Postal code": True, "Country": True,
    }  # fmt: skip
    assert [option.text for option in first.one("select").all("option")] == [
        "Choose…", "Neither", "Liftgate", "Pallet jack", "Liftgate and pallet jack",
    ]  # fmt: skip
    assert "The company that signs for the parts" in first.text
    prefilled = {
        "name": "Bluefern Dispatch", "phone": "555-0101", "party": "Bluefern Dispatch", "street": "1 Elm St",
        "city": "Waco", "state": "TX", "postal_code": "76701", "country": "US",
    }  # fmt: skip
    assert {name: values[f"ship_to__{name}"] for name in prefilled} == prefilled
    assert [button.text for button in first.all("button")] == ["Save", "Next"]
    assert second.labels == {
        "Round trip (mi)": True, "Travelling technicians": True, "Travel cost per mile": True,
    }  # fmt: skip
    assert {term: fact.text for term, fact in second.facts.items()} == {
        "Free miles": "50", "Travel distance (mi)": "–", "Zone": "Zone 2",
    }  # fmt: skip
    assert (values["travel__technicians"], values["travel__cost_per_mile"]) == ("1", "USD")
    assert asked.one("button", data_wizard_submit="").text == "Submit"


@pytest.mark.req("CP-74")
@pytest.mark.req("CP-75")
@pytest.mark.req("CP-76")
@pytest.mark.req("CP-77")
def test_a_late_appointment_offers_nine_reasons_with_guidance_or_another_date(partner, mesh):
    mesh.refuse["TransitionWorkOrder"] = WrongState(
        "late", reason="APPOINTMENT_AFTER_TARGET", metadata={"target_version": "3"}
    )
    path = f"{RECORD}/do/save_appointment"
    given = {"appointment__date": "2026-03-12", "appointment__time": "09:30"}

    asked = partner.post(path, partner.fields(path, **given))
    prompt = read(asked.text).one("fieldset", class_="prompt")
    again = partner.post(path, partner.fields(path, **given, inputs__continue_past_target=""))
    form = read(again.text).one("main")

    assert asked.status_code == 409
    assert prompt.one("legend").text == "Selected Appointment Date is not within SLA Completed Date"
    assert "Do you want to continue? *" in prompt.text
    assert [label.text.split(",")[0] for label in prompt.all("label", for_="late-yes")] == ["Yes"]
    assert [label.text.split(",")[0] for label in prompt.all("label", for_="late-no")] == ["No"]
    offered = {reason.one("label").children[0]: reason.one("span", class_="guidance").text
               for reason in prompt.all("div", class_="reason")}  # fmt: skip
    assert list(offered) == list(DELAY_REASONS)
    for label, words in DELAY_REASONS.items():
        assert all(word.lower() in offered[label].lower() for word in words), offered[label]
    # "No" leads back to the date, and nothing was sent
    assert "Choose another date." in form.text
    assert form.one("input", name="appointment__date").attributes["value"] == "2026-03-12"
    assert not form.all("fieldset", class_="prompt")
    assert len(mesh.asked("TransitionWorkOrder")) == 1


@pytest.mark.req("CP-83")
@pytest.mark.req("CP-84")
def test_completing_asks_for_costs_that_may_stay_blank(partner):
    costs = page(partner, f"{RECORD}/do/complete").one("fieldset", class_="move-step")

    assert costs.labels == {
        "Rental equipment details": False,
        "Rental equipment cost": False,
        "Permit details": False,
        "Permit cost": False,
    }
    assert "Leave blank what there was none of. Purchases need the vendor's approval." in costs.text


@pytest.mark.req("CP-75")
@pytest.mark.req("CP-83")
def test_details_keep_the_reason_of_a_delay_and_the_costs_of_the_completion(partner, mesh):
    order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
    order.appointment.delay_reason_code = "weather"
    order.appointment.delay_reason = "Delay due to weather: ice on the ramp"
    order.costs.rental_cost.currency_code, order.costs.rental_cost.micros = "USD", 1_234_500_000
    order.costs.rental_details = "Scissor lift"

    details = page(partner, RECORD)

    assert details.section("Customer information").facts["Delay reason"].text == order.appointment.delay_reason
    costs = {term: fact.text for term, fact in details.section("Costs").facts.items()}
    assert costs == {"Rental equipment": "1,234.50 USD Scissor lift"}


@pytest.mark.req("CP-45")
def test_a_recorded_value_reads_as_on_every_page_and_whole(partner, mesh):
    entry = next(iter(mesh.rows["fieldmesh.workorders.v1.HistoryEntry"].values()))
    entry.new_value = "2026-12-10 09:00 America/New_York"
    entry.old_value = "x" * 200
    entry.actor.subject, entry.actor.display_name = "service:shipping", "shipping"
    entry.evidence = "shipping's SLA target, version 3, told 2026-03-02 15:00:00 UTC"

    row = next(
        each for each in page(partner, f"{RECORD}?tab=related").section("Work Order History").table
        if each["No."] == str(entry.sequence)
    )  # fmt: skip

    assert row["New value"].startswith("10 Dec 2026 09:00 America/New_York")
    assert "shipping's SLA target, version 3, told 2 Mar 2026 15:00:00 UTC" in row["New value"]
    assert "x" * 200 in row["Original value"]
    assert row["User"] == "Shipping (system)"


@pytest.mark.req("CP-56")
def test_a_refused_file_keeps_what_was_written_and_the_files_that_are_stored(partner, mesh, monkeypatch):
    good = next(iter(mesh.rows["fieldmesh.workorders.v1.Attachment"].values()))

    def upload(_order, file, _stands_for, _request):
        if file.filename.endswith(".exe"):
            raise FileTypeNotAllowed("a program")
        return good.id

    monkeypatch.setattr(collaboration, "_upload", upload)
    partner.get(f"{RECORD}?tab=collaborate")
    sent = {"body": "See the list", "request_key": "k-1", "csrf_token": partner.token}
    files = [(BytesIO(b"%PDF-1"), "list.pdf"), (BytesIO(b"MZ"), "x.exe")]

    answer = partner.client.post(f"{RECORD}/posts", data={**sent, "files": files}, content_type="multipart/form-data")

    kept = read(answer.text).one("main")
    assert answer.status_code == 422
    assert "x.exe: This is a program." in kept.text
    assert f"stored and come with it: {good.title}." in kept.one("form").text
    assert kept.one("textarea").text == "See the list"
    hidden = {each.attributes["name"]: each.attributes.get("value") for each in kept.all("input")}
    assert hidden["attachment"] == good.id
    assert mesh.asked("CreateFeedPost") == []
