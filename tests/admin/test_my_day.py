"""A technician's day: own visits of today by the clock of their sites, two taps, and what has to be uploaded."""

from __future__ import annotations

import datetime as dt
import io
import zoneinfo

import pytest
from fieldmesh.workorders.v1 import attachment_pb2, line_item_pb2, work_order_pb2, work_order_service_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.errors import StaleEtag, Unavailable, Violation, WrongState
from services.workorders.domain.work_order import SiteTechnician
from tests.admin.conftest import PASSWORD
from tests.support import browser
from tests.support.markup import read
from tests.support.memory_data import ident
from tests.support.memory_orders import NUMBER, ORDER, SERVICE
from tests.support.orders import TECHNICIAN

LIST = f"{SERVICE}.WorkOrderService/ListWorkOrders"
FIRE = f"{SERVICE}.WorkOrderService/TransitionWorkOrder"
UPLOAD = f"{SERVICE}.FileService/UploadAttachment"
WORK_ORDER = "fieldmesh.workorders.v1.WorkOrder"
ME = ident("person", "technician")
PACIFIC, KIRITIMATI = "America/Los_Angeles", "Pacific/Kiritimati"


def on(order, days=0, clock="10:30", zone=PACIFIC, person=ME):
    """Agree the visit of an order: so many days after today at its site."""
    place = zoneinfo.ZoneInfo(zone)
    day = dt.datetime.now(place).date() + dt.timedelta(days=days)
    order.appointment.date.year, order.appointment.date.month, order.appointment.date.day = day.year, day.month, day.day
    order.appointment.time, order.appointment.time_zone = clock, zone
    start = dt.datetime.combine(day, dt.time.fromisoformat(clock), place)
    order.appointment.start_time.FromDatetime(start.astimezone(dt.UTC).replace(tzinfo=None))
    order.technician.person_id, order.technician.name = person, "Rosa Imani"
    order.site_time_zone = zone
    return order


class Day:
    """The orders that workorders lists, and what is fired at it."""

    def __init__(self, mesh):
        self.mesh, self.fired, self.refusal = mesh, [], None
        self.orders = [on(mesh.rows[WORK_ORDER][ORDER])]
        self.order.facility_name = "Harbor Glen, garage"
        self.order.visit.Clear()

    @property
    def order(self):
        return self.orders[0]

    def more(self, number, **agreed):
        made = work_order_pb2.WorkOrder(
            id=ident("visit", number), number=f"{number}", subject=f"Repair {number}", workflow="partner_service",
            state="in_progress", state_label="In Progress", category=1, facility_name=f"Site {number}",
        )  # fmt: skip
        self.orders.append(on(made, **agreed))
        return made

    def listed(self, request, caller):
        del request, caller
        return work_order_service_pb2.ListWorkOrdersResponse(work_orders=self.orders)

    def fire(self, request, caller):
        del caller
        self.fired.append(request)
        if self.refusal:
            raise self.refusal
        self.order.visit.MergeFrom(request.work_order.visit)
        return work_order_service_pb2.TransitionWorkOrderResponse(work_order=self.order, happened=True)


@pytest.fixture
def day(portal, mesh):
    made = Day(mesh)
    made.order.workflow = "partner_service"
    # to the engine, the viewer is the technician of this order
    portal.changes["technician"] = SiteTechnician(technician_id=TECHNICIAN.technician_id, person_id=TECHNICIAN.subject)
    mesh.verbs.update({LIST: made.listed, FIRE: made.fire})
    yield made
    del mesh.verbs[LIST], mesh.verbs[FIRE]


@pytest.fixture
def technician(day, sign_in):
    return sign_in("technician")


def shown(person, status=200):
    answer = person.get("/my-day/")
    assert answer.status_code == status, answer.text
    return read(answer.text).one("main")


def told(person, answer, kind):
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/my-day/"
    return [each.text for each in shown(person).all("div", class_=f"notice-{kind}")]


@pytest.mark.req("R-4")
@pytest.mark.req("PT-10")
def test_own_visits_of_today_stand_in_order_of_time_by_the_clock_of_their_sites(technician, day):
    day.more(82, clock="07:15")
    day.more(83, person=ident("person", "somebody else"), clock="08:00")
    day.more(84, clock="00:30", zone=KIRITIMATI)  # a date that begins 14 hours before that of UTC
    day.more(85, days=1, clock="09:00")
    day.more(86, days=-1, clock="09:00")
    day.more(87, days=9, clock="09:00")
    ended = day.more(88, clock="06:00")
    ended.category = work_order_pb2.STATE_CATEGORY_DEAD
    day.more(89, clock="06:30").workflow = "utility_request"

    main = shown(technician)

    cards = [card.one("h2").text for card in main.all("article")]
    assert {card.split()[0] for card in cards} == {NUMBER, "82", "84", "89"}
    same_zone = [card.split()[0] for card in cards if not card.startswith("84")]
    assert same_zone == ["89", "82", NUMBER]
    assert "4 visits today" in main.text
    coming = main.section("Next days")
    assert [link.attributes["href"] for link in coming.all("a")] == [f"/work-orders/{ident('visit', 85)}"]
    assert "(America/Los_Angeles)" in main.all("article")[0].text or "Kiritimati" in main.all("article")[0].text


def test_a_visit_that_lasts_past_midnight_can_still_be_departed_from(technician, day):
    on(day.order, days=-1, clock="23:30")
    assert "No visits today" in shown(technician).text

    arrived = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=30)
    day.order.visit.arrive_time.FromDatetime(arrived)

    assert [button.text for button in shown(technician).all("button") if "Depart" in button.text]


@pytest.mark.req("R-4")
def test_a_card_tells_where_to_go_whom_to_call_and_what_is_missing(technician, day, mesh):
    mesh.rows["fieldmesh.workorders.v1.Facility"][ident("facility", 0)].access_notes = "Gate code at the desk."
    day.order.contact_phone = "+1 619-555-0144 x12"

    card = shown(technician).one("article")

    assert "10:30" in card.text
    assert "P" in card.one("time").text
    assert "(America/Los_Angeles)" in card.text
    assert "Harbor Glen Apartments" in card.text
    assert "Gate code at the desk." in card.text
    links = {link.attributes["href"] for link in card.all("a")}
    assert "tel:+16195550144" in links
    address = "210+Harbor+Glen+Dr%2C+San+Diego%2C+CA+92101%2C+US"
    assert f"https://www.openstreetmap.org/directions?to={address}" in links
    second = ident("line item", 2)
    assert f"/work-orders/{ORDER}/do/finish_line_item?tab=myday&line_item_id={second}" in links
    assert f"/work-orders/{ORDER}/do/fail_line_item?tab=myday&line_item_id={second}" in links
    assert not any(ident("line item", 1) in link for link in links)
    assert "Photo after" in card.text
    cameras = [each for each in card.all("input") if "capture" in each.attributes]
    assert [each.attributes["capture"] for each in cameras] == ["environment"]
    assert cameras[0].attributes["accept"] == "image/*"
    assert "Before this can be completed" in card.text


def test_the_route_leads_to_the_point_on_the_map_where_it_is_known(technician, day):
    day.order.site_position.latitude, day.order.site_position.longitude = 32.71, -117.16

    links = {link.attributes["href"] for link in shown(technician).one("article").all("a")}

    assert "https://www.openstreetmap.org/directions?to=32.71%2C-117.16" in links


@pytest.mark.req("CP-41")
@pytest.mark.req("R-4")
def test_arriving_and_departing_are_one_tap_each(technician, day):
    before = dt.datetime.now(dt.UTC)
    shown(technician)

    arrived = told(technician, technician.post(f"/my-day/{ORDER}/arrive", {"request_key": "one"}), "success")

    [request] = day.fired
    assert (request.transition, list(request.update_mask.paths)) == ("set_visit_times", ["visit.arrive_time"])
    assert request.etag == day.order.etag
    sent = request.work_order.visit.arrive_time.ToDatetime(dt.UTC)
    assert before - dt.timedelta(seconds=4) < sent <= dt.datetime.now(dt.UTC)
    assert arrived[0].startswith(f"{NUMBER}: You arrived at ")
    assert day.order.visit.arrive_time == Timestamp(seconds=int(sent.timestamp()))

    day.order.visit.arrive_time.FromDatetime(before - dt.timedelta(hours=1))
    left = told(technician, technician.post(f"/my-day/{ORDER}/depart", {"request_key": "two"}), "success")

    assert list(day.fired[-1].update_mask.paths) == ["visit.depart_time"]
    assert left[0].startswith(f"{NUMBER}: You departed at ")
    assert "Arrive" not in [button.text.split()[0] for button in shown(technician).all("button") if button.text]


@pytest.mark.req("CP-62")
def test_whoever_comes_beside_the_lead_has_the_visit_in_their_day(technician, day):
    beside = day.more(82, person=ident("person", "somebody else"), clock="08:00")
    beside.further_technicians.add(person_id=ME, name="Rosa Imani")

    cards = [card.one("h2").text.split()[0] for card in shown(technician).all("article")]

    assert sorted(cards) == sorted({NUMBER, "82"})


def test_a_tap_that_comes_again_changes_nothing(technician, day):
    shown(technician)
    technician.post(f"/my-day/{ORDER}/arrive", {"request_key": "one"})
    kept = day.order.visit.arrive_time.seconds

    again = told(technician, technician.post(f"/my-day/{ORDER}/arrive", {"request_key": "one"}), "success")

    assert any("Your arrival was noted already" in words for words in again)
    assert (len(day.fired), day.order.visit.arrive_time.seconds) == (1, kept)


def test_of_two_taps_at_the_same_moment_the_first_counts(technician, day, mesh):
    shown(technician)

    def overtaken(request, caller):
        del request, caller
        day.order.visit.arrive_time.FromDatetime(dt.datetime.now(dt.UTC))
        raise StaleEtag("The order changed.")

    mesh.verbs[FIRE] = overtaken
    answer = technician.post(f"/my-day/{ORDER}/arrive", {"request_key": "one"})

    assert any("was noted already" in words for words in told(technician, answer, "success"))


@pytest.mark.req("CP-82")
def test_a_refused_tap_says_why(technician, day):
    shown(technician)
    early = told(technician, technician.post(f"/my-day/{ORDER}/depart"), "danger")
    day.refusal = WrongState(
        "This work order is On Hold.", violations=[Violation("visit.arrive_time", "Arrival cannot be in the future.")]
    )
    held = told(technician, technician.post(f"/my-day/{ORDER}/arrive"), "danger")
    day.refusal = Unavailable("Gone.", metadata={"service": "workorders"})
    away = told(technician, technician.post(f"/my-day/{ORDER}/arrive"), "danger")

    assert early == ["Your departure was not noted. Tell first that you arrived."]
    assert held[0].startswith("Your arrival was not noted. This work order is On Hold.")
    assert "The workorders service is not answering" in away[0]
    assert not day.order.visit.HasField("arrive_time")


@pytest.mark.req("B-6")
def test_a_tap_on_an_order_that_is_hidden_is_not_found_and_one_without_a_token_is_refused(technician, day):
    shown(technician)

    assert technician.post(f"/my-day/{ident('hidden', 1)}/arrive").status_code == 404
    assert technician.client.post(f"/my-day/{ORDER}/arrive").status_code in {400, 403}
    assert technician.get(f"/my-day/{ORDER}/arrive").status_code == 405
    assert day.fired == []


def test_a_failed_line_item_leads_back_to_the_day(technician, day):
    path = f"/work-orders/{ORDER}/do/fail_line_item"
    asked = f"{path}?tab=myday&line_item_id={ident('line item', 2)}"

    page = technician.get(asked).text
    sent = technician.fields(asked, inputs__comment="The conduit is blocked.")
    answer = technician.post(path, sent)

    assert 'href="/my-day/"' in page
    assert told(technician, answer, "success")[0].startswith("The line item was marked as failed.")
    assert day.fired[0].inputs.line_item_id == ident("line item", 2)


@pytest.mark.req("CP-46a")
@pytest.mark.req("R-4")
def test_a_photo_is_uploaded_for_its_deliverable_and_leads_back_to_the_day(technician, day, mesh):
    shown(technician)
    uploads = []
    mesh.verbs[UPLOAD] = lambda pieces, _: uploads.append(pieces) or attachment_pb2.Attachment(id=ident("file", 9))

    def send(key):
        data = {"tab": "myday", "deliverable": "Photo after", "request_key": key}
        data["files"] = (io.BytesIO(b"a photo"), "after.jpg")
        return technician.post(f"/work-orders/{ORDER}/files", data, content_type="multipart/form-data")

    stored = told(technician, send("k-1"), "success")
    del mesh.verbs[UPLOAD]
    mesh.refuse["UploadAttachment"] = WrongState("The file is empty.")
    refused = told(technician, send("k-2"), "danger")

    description, content = uploads[0]
    assert (description.description.work_order_id, description.description.deliverable) == (ORDER, "Photo after")
    assert content.chunk == b"a photo"
    assert stored == ["The file was uploaded."]
    assert refused == ["after.jpg: The file is empty."]


def test_what_cannot_be_read_is_named_and_the_rest_is_shown(technician, day, mesh):
    mesh.refuse["ListLineItems"] = Unavailable("Gone.", metadata={"service": "workorders"})
    mesh.down.add("shipping")

    card = shown(technician).one("article")

    assert "Line items cannot be shown. The workorders service is not answering." in card.text
    assert "Proofs of return cannot be shown. The shipping service is not answering." in card.text
    assert "Everything that completion asks for is here" not in card.text
    assert [button for button in card.all("button") if button.text.startswith("Arrive")]
    assert "Harbor Glen Apartments" in card.text


def test_without_its_service_the_page_says_so(technician, day, mesh):
    mesh.down.add("workorders")

    main = shown(technician, 503)

    assert "Your visits cannot be shown now" in main.text
    assert "The workorders service is not answering." in main.text


@pytest.mark.req("CP-2")
def test_a_technician_starts_with_the_day_where_visits_are_there_today(technician, day, mesh, sign_in):
    assert technician.get("/").headers["Location"] == "/my-day/"
    assert 'href="/my-day/"' in technician.get("/account/").text

    on(day.order, days=2)
    assert technician.get("/").headers["Location"] == "/work-orders/"
    on(day.order)
    mesh.refuse["ListWorkOrders"] = Unavailable("Gone.")
    assert technician.get("/").headers["Location"] == "/work-orders/"
    mesh.refuse.clear()

    partner = sign_in("partner")
    assert partner.get("/").headers["Location"] == "/work-orders/"
    assert 'href="/my-day/"' not in partner.get("/account/").text
    assert partner.get("/my-day/").status_code in {302, 403}


def test_an_order_whose_parts_are_on_their_way_says_when_arrival_can_be_told(technician, day, portal):
    portal.state = "shipped"
    day.order.state, day.order.state_label = "shipped", "Shipped"

    card = shown(technician).one("article")

    assert "Arrival can be told once this order is In Progress. It is Shipped." in card.text
    assert not [button for button in card.all("button") if button.text.startswith("Arrive")]


@pytest.mark.req("R-4")
def test_the_day_on_a_dark_phone_keeps_nobody_out(technician, day, site):
    day.more(82, days=1)
    with browser.launched() as chromium:
        window = browser.Window(chromium, site, size=browser.PHONE, theme="dark")
        window.sign_in("technician", PASSWORD)
        window.page.get_by_role("heading", name="My day", exact=True).wait_for()
        wide = window.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        window.page.get_by_role("button", name="Arrive").click()
        window.page.get_by_text("You arrived at").wait_for()
        found = window.violations()
        window.page.get_by_role("link", name="Failed").click()
        window.page.locator("#dialog[open]").wait_for()
        asked = window.page.locator("#dialog").get_by_label("What was in the way?").is_visible()
        window.context.close()

    assert (found, window.messages, wide, asked) == ([], [], False, True)
    assert day.order.visit.HasField("arrive_time")


def test_line_items_without_an_open_one_offer_nothing_to_finish(technician, day, mesh):
    for item in mesh.rows["fieldmesh.workorders.v1.LineItem"].values():
        item.state = line_item_pb2.LINE_ITEM_STATE_FINISHED

    card = shown(technician).one("article")

    assert not [link for link in card.all("a") if "line_item" in link.attributes["href"]]
