"""Field technician management and the university, as people see them (CP-91 to CP-94, CP-3)."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.technicians.v1 import credential_service_pb2, membership_pb2, roster_service_pb2, technicians_service_pb2
from fieldmesh.technicians.v1.technician_certification_pb2 import TechnicianCertification
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2
from google.type.date_pb2 import Date

from services.chassis.errors import InvalidRequest, NotFound, StaleEtag, Violation, WrongState
from tests.support.markup import read
from tests.support.memory_data import ident

TECHNICIANS = "/fieldmesh.technicians.v1"
ALLAN, FREE, ELSEWHERE = ident("technician", "allan"), ident("technician", "free"), ident("technician", "elsewhere")
ORDER = ident("work order", 90)


class Roster:
    """Technicians' answers: Allan is Bluefern's with one open order, somebody is free, somebody belongs elsewhere."""

    def __init__(self, mesh: Any) -> None:
        self.mesh = mesh
        self.mine = True
        self.person_id = self.home = ""
        self.onboarded: list[Any] = []
        self.offboarded: list[Any] = []
        self.fired: list[Any] = []
        self.revoked: list[Any] = []
        self.allowed = True
        mesh.put(
            work_order_pb2.WorkOrder(
                id=ORDER, number="20107990", subject="Head replacement", workflow="partner_service",
                executor_org=ident("organization", "Bluefern Dispatch"), site_time_zone="America/Chicago",
            )
        )  # fmt: skip
        order = mesh.rows["fieldmesh.workorders.v1.WorkOrder"][ORDER]
        order.technician.technician_id = ALLAN
        order.appointment.start_time.FromJsonString("2026-12-01T15:00:00Z")
        self.verbs = {
            f"{TECHNICIANS}.RosterService/SearchRoster": self.search,
            f"{TECHNICIANS}.RosterService/OnboardTechnician": self.onboard,
            f"{TECHNICIANS}.RosterService/PreviewOffboarding": self.preview,
            f"{TECHNICIANS}.RosterService/OffboardTechnician": self.offboard,
            f"{TECHNICIANS}.CredentialService/ListCredentials": self.credentials,
            f"{TECHNICIANS}.CredentialService/RevokeCredential": self.revoke,
            f"{TECHNICIANS}.AssignmentDeskService/SearchTechnicians": self.candidates,
            "/fieldmesh.workorders.v1.WorkOrderService/PreviewTransition": self.try_assigning,
            "/fieldmesh.workorders.v1.WorkOrderService/TransitionWorkOrder": self.assign,
        }

    def held(self, code: str = "VT40-CM", **more: Any) -> Any:
        usual = {
            "id": ident("held", code), "technician_id": ALLAN, "technician_name": "Allan Heward", "code": code,
            "name": "Corrective maintenance", "kind": "certification", "current": "AC", "work": "CM",
            "issue_date": Date(year=2025, month=1, day=1), "expiry_date": Date(year=2026, month=12, day=24),
            "days_left": 26, "state": credential_service_pb2.CREDENTIAL_STATE_EXPIRING, "evidence_number": "C-1042",
            "evidence_url": "https://certs.example.com/C-1042", "etag": "h-1",
        }  # fmt: skip
        return credential_service_pb2.Credential(**{**usual, **more})

    def search(self, request: Any, _caller: Any) -> Any:
        entry = roster_service_pb2.RosterEntry
        if not request.my_organization and "@" not in request.email:
            wrong = Violation("email", "is required: whoever is not yours is found by the whole e-mail address")
            raise InvalidRequest("The search is not complete.", violations=[wrong])
        if request.email == "elsewhere@example.com":
            found = [entry(technician_id=ELSEWHERE, email=request.email, elsewhere=True)]
        elif not request.my_organization:
            found = [
                entry(technician_id=FREE, name="Free Hand", email=request.email, etag="t-1", credentials=[self.held()])
            ]
        else:
            membership = membership_pb2.Membership(
                id="m-1", technician_id=ALLAN, corporate_email="allan@bluefern.example.com", etag="m-etag"
            )
            found = [
                entry(
                    technician_id=ALLAN, name="Allan Heward", email="allan@example.com", phone="614-555-0113",
                    membership=membership, organization_name="Bluefern Dispatch", credentials=[self.held()],
                    open_assignments=1,
                )
            ]  # fmt: skip
        return roster_service_pb2.SearchRosterResponse(entries=found)

    def onboard(self, request: Any, _caller: Any) -> Any:
        if not request.corporate_email.endswith("@bluefern.example.com"):
            wrong = [Violation("corporate_email", "must be an address in bluefern.example.com")]
            raise InvalidRequest("The address is in another domain.", reason="EMAIL_DOMAIN_MISMATCH", violations=wrong)
        if request.technician_id == ELSEWHERE:
            wrong = [Violation("technician_id", "belongs to another organisation")]
            raise InvalidRequest("Technician belongs to another organisation.", violations=wrong)
        self.onboarded.append(request)
        return membership_pb2.Membership(id="m-2", technician_id=request.technician_id)

    def preview(self, request: Any, _caller: Any) -> Any:
        if request.technician_id != ALLAN:
            raise NotFound("There is no such technician in your organisation.")
        if self.offboarded:
            raise NotFound("There is no such technician in your organisation.")
        answer = roster_service_pb2.PreviewOffboardingResponse(
            technician_name="Allan Heward", organization_name="Bluefern Dispatch", person_id=self.person_id
        )
        answer.membership.organization_id = self.home
        answer.membership.technician_id, answer.membership.etag = ALLAN, "m-etag"
        answer.assignments.add(id="a-1", work_order_id=ORDER, work_order_number="20107990", technician_id=ALLAN)
        return answer

    def offboard(self, request: Any, _caller: Any) -> Any:
        if self.offboarded and request != self.offboarded[0]:
            raise NotFound("There is no such technician in your organisation.")
        self.offboarded.append(request)
        return roster_service_pb2.OffboardTechnicianResponse()

    @staticmethod
    def candidates(_request: Any, _caller: Any) -> Any:
        answer = technicians_service_pb2.SearchTechniciansResponse()
        for name, qualified, busy in (("Bea", True, False), ("Busy", True, True), ("Green", False, False)):
            match = answer.matches.add(qualified=qualified, busy=busy)
            match.technician.id, match.technician.name = f"t-{name}", f"{name} Baker"
            match.technician.person_id = f"p-{name}"
        return answer

    def try_assigning(self, _request: Any, _caller: Any) -> Any:
        answer = work_order_service_pb2.PreviewTransitionResponse(allowed=self.allowed)
        if not self.allowed:
            answer.refusals.add(guard="technician_can_be_assigned", message="Bea Baker is busy then.")
        return answer

    def assign(self, request: Any, _caller: Any) -> Any:
        self.fired.append(request)
        return work_order_service_pb2.TransitionWorkOrderResponse(happened=True)

    def credentials(self, request: Any, _caller: Any) -> Any:
        state = credential_service_pb2.CREDENTIAL_STATE_EXPIRED
        rows = [self.held(), self.held("HV-SAFETY", kind="micro_credential", days_left=-3, state=state)]
        counts = credential_service_pb2.CredentialCounts(
            total=2, valid=1, within_30_days=1, within_60_days=1, within_90_days=1, expired=1, technicians=1
        )
        if request.expires_within_days:
            rows = rows[:1]
        return credential_service_pb2.ListCredentialsResponse(credentials=rows, counts=counts)

    def revoke(self, request: Any, _caller: Any) -> Any:
        if not request.reason:
            raise InvalidRequest("Say why.", violations=[Violation("reason", "is required")])
        self.revoked.append(request)
        return TechnicianCertification(id=request.id)


@pytest.fixture
def roster(mesh):
    made = Roster(mesh)
    mesh.verbs.update(made.verbs)
    yield made
    for path in made.verbs:
        del mesh.verbs[path]


@pytest.fixture
def partner(sign_in, roster):
    return sign_in("partner")


def errors(page: Any) -> str:
    return " ".join(node.text for node in page.all("div") if "field-error" in node.attributes.get("class", ""))


@pytest.mark.req("CP-91")
def test_my_technicians_stand_with_certificates_and_can_be_offboarded(partner, mesh):
    page = read(partner.get("/field-technicians/").text)

    assert page.one("h1").text == "Field technicians"
    table = page.one("table").text
    for told in ("Allan Heward", "allan@bluefern.example.com", "VT40-CM", "Expires soon", "in 26 days"):
        assert told in table
    assert f"/field-technicians/{ALLAN}/offboard" in [link.attributes["href"] for link in page.one("main").all("a")]
    assert mesh.asked("SearchRoster")[-1].my_organization
    partner.get("/field-technicians/?mine=yes&email=allan&text=Hew&certification=VT40-CM&after=t")
    asked = mesh.asked("SearchRoster")[-1]
    assert (asked.email, asked.text, list(asked.certification_codes), asked.page_token) == (
        "allan", "Hew", ["VT40-CM"], "t",
    )  # fmt: skip


@pytest.mark.req("CP-91")
def test_whoever_is_not_mine_is_asked_for_by_e_mail(partner, mesh):
    empty = read(partner.get("/field-technicians/?mine=no").text)
    short = partner.get("/field-technicians/?mine=no&email=free")
    found = read(partner.get("/field-technicians/?mine=no&email=free@example.org").text)
    theirs = read(partner.get("/field-technicians/?mine=no&email=elsewhere@example.com").text)

    assert "Enter an e-mail address" in empty.text
    assert short.status_code == 422
    assert "whole e-mail address" in errors(read(short.text))
    assert "Free Hand" in found.one("table").text
    assert "Onboard" in found.one("table").text
    assert "Belongs to another organisation" in theirs.one("table").text
    assert "Onboard" not in theirs.one("table").text


@pytest.mark.req("CP-93")
def test_onboarding_asks_for_the_corporate_address_and_leads_to_where_it_can_be_verified(partner, roster):
    url = f"/field-technicians/{FREE}/onboard"
    form = partner.fields(f"{url}?email=free@example.org", corporate_email="free@example.org")

    refused = partner.post(url, form)
    done = partner.post(url, {**form, "corporate_email": "free@bluefern.example.com"})

    assert refused.status_code == 422
    assert "must be an address in bluefern.example.com" in errors(read(refused.text))
    assert read(refused.text).one("input", name="corporate_email").attributes["value"] == "free@example.org"
    assert done.status_code == 302
    assert done.location.endswith("mine=yes&email=free%40bluefern.example.com")
    asked = roster.onboarded[0]
    assert (asked.technician_id, asked.etag, asked.organization_id) == (FREE, "t-1", "")
    assert asked.request_id
    assert "Free Hand was onboarded." in partner.get(done.location).text


@pytest.mark.req("CP-93")
def test_somebody_who_belongs_elsewhere_is_not_onboarded(partner, roster):
    url = f"/field-technicians/{ELSEWHERE}/onboard"
    form = partner.fields(f"{url}?email=elsewhere@example.com", corporate_email="e@bluefern.example.com")

    refused = partner.post(url, form)

    assert refused.status_code == 422
    assert "belongs to another organisation" in read(refused.text).text
    assert not roster.onboarded


@pytest.mark.req("CP-94")
def test_offboarding_shows_what_is_open_and_asks_for_each(partner, roster):
    url = f"/field-technicians/{ALLAN}/offboard"
    form = partner.fields(url)
    page = read(partner.get(url).text)

    refused = read(partner.post(url, form).text)

    assert "20107990" in page.one("table").text
    assert "Head replacement" in page.one("table").text
    options = [option.text for option in page.one("select", name="to-a-1").all("option")]
    assert options == ["Choose…", "Return to the queue", "Bea Baker"]
    assert "Say why." in errors(refused)
    assert "return it to the queue" in errors(refused)
    assert not roster.offboarded
    forged = partner.post(url, {**form, "reason": "Moved", "to-a-1": "p-Green"})
    assert "Choose somebody of the list." in errors(read(forged.text))


@pytest.mark.req("CP-6")
def test_short_help_stands_beside_onboard_and_offboard(partner):
    for path in (f"/field-technicians/{FREE}/onboard?email=free@example.org", f"/field-technicians/{ALLAN}/offboard"):
        page = read(partner.get(path).text)
        name = path.split("/")[-1].partition("?")[0]
        assert page.one("button", popovertarget=f"about-{name}").attributes["aria-label"] == f"About {name.title()}"
        assert page.one("div", id=f"about-{name}").text


@pytest.mark.req("CP-94")
def test_what_is_returned_to_the_queue_is_named_to_the_service(partner, roster):
    url = f"/field-technicians/{ALLAN}/offboard"

    done = partner.post(url, partner.fields(url, **{"reason": "Moved away", "to-a-1": "queue"}))

    assert done.status_code == 302
    asked = roster.offboarded[0]
    assert (asked.technician_id, asked.etag, asked.reason, list(asked.return_to_queue)) == (
        ALLAN, "m-etag", "Moved away", ["a-1"],
    )  # fmt: skip
    assert "Allan Heward was offboarded. Returned to the queue: 1 work order." in partner.get(done.location).text
    assert not roster.fired


@pytest.mark.req("CP-94")
def test_somebody_else_is_assigned_before_the_membership_ends(partner, roster):
    url = f"/field-technicians/{ALLAN}/offboard"
    form = partner.fields(url, **{"reason": "Moved away", "to-a-1": "p-Bea"})

    done = partner.post(url, form)

    assert done.status_code == 302
    fired = roster.fired[0]
    assert (fired.work_order_id, fired.transition, fired.inputs.person_id) == (ORDER, "assign_technician", "p-Bea")
    assert fired.etag == form["etag-a-1"]
    assert fired.request_id
    assert list(roster.offboarded[0].return_to_queue) == []


@pytest.mark.req("CP-94")
@pytest.mark.req("PT-10")
def test_visits_of_approved_work_are_listed_and_given_to_somebody_else_at_their_appointment(partner, roster, mesh):
    visit, url = ident("work order", 91), f"/field-technicians/{ALLAN}/offboard"
    order = work_order_pb2.WorkOrder(
        id=visit, number="20107991", subject="Dock doors", workflow="facility_approval", etag="v-etag",
        executor_org=ident("organization", "Bluefern Dispatch"), appointment={"time": "08:00"},
    )  # fmt: skip
    order.appointment.date.CopyFrom(Date(year=2026, month=12, day=2))
    order.appointment.start_time.FromJsonString("2026-12-02T14:00:00Z")
    order.assignee.person_id = "p-Allan"
    asked = []

    def listed(request, _caller):
        asked.append(request)
        return work_order_service_pb2.ListWorkOrdersResponse(work_orders=[order])

    def offers(_request, _caller):
        field = {"path": "inputs.assignee_id", "choices": [{"value": "p-Allan"}, {"value": "p-Bea", "label": "Bea"}]}
        offered = {"name": "schedule", "steps": [{"fields": [field]}]}
        return work_order_service_pb2.ListAvailableTransitionsResponse(transitions=[offered])

    service = "/fieldmesh.workorders.v1.WorkOrderService"
    before = mesh.verbs.get(f"{service}/ListAvailableTransitions"), mesh.verbs.get(f"{service}/ListWorkOrders")
    mesh.verbs |= {f"{service}/ListAvailableTransitions": offers, f"{service}/ListWorkOrders": listed}
    roster.person_id, roster.home = "p-Allan", ident("organization", "Bluefern Dispatch")
    try:
        page = read(partner.get(url).text)
        given = {"reason": "Moved away", "to-a-1": "queue", f"visit-{visit}": "p-Bea"}
        done = partner.post(url, partner.fields(url, **given))
    finally:
        for name, verb in zip(("ListAvailableTransitions", "ListWorkOrders"), before, strict=True):
            if verb is None:
                del mesh.verbs[f"{service}/{name}"]
            else:
                mesh.verbs[f"{service}/{name}"] = verb

    options = [option.text for option in page.one("select", name=f"visit-{visit}").all("option")]
    assert options == ["Choose…", "Return to the queue", "Bea"]
    assert [(each.field, list(each.values)) for each in asked[0].query.filters] == [
        ("assignee", ["p-Allan"]), ("category", ["STATE_CATEGORY_OPEN"]),
    ]  # fmt: skip
    assert done.status_code == 302
    fired = roster.fired[0]
    assert (fired.work_order_id, fired.transition, fired.inputs.assignee_id) == (visit, "schedule", "p-Bea")
    assert (fired.work_order.appointment.time, list(fired.update_mask.paths)[:2]) == (
        "08:00", ["appointment.date", "appointment.time"],
    )  # fmt: skip
    assert list(roster.offboarded[0].return_to_queue) == ["a-1"]


@pytest.mark.req("CP-94")
def test_where_somebody_else_cannot_be_assigned_nothing_is_changed(partner, roster):
    url = f"/field-technicians/{ALLAN}/offboard"
    roster.allowed = False

    refused = partner.post(url, partner.fields(url, **{"reason": "Moved away", "to-a-1": "p-Bea"}))

    assert refused.status_code == 409
    assert "Bea Baker is busy then." in errors(read(refused.text))
    assert read(refused.text).one("input", name="reason").attributes["value"] == "Moved away"
    assert not roster.fired
    assert not roster.offboarded


@pytest.mark.req("CP-94")
@pytest.mark.parametrize(
    "refusal",
    [
        StaleEtag("changed"),
        WrongState("Still assigned.", reason="OPEN_ASSIGNMENTS", violations=[Violation("return_to_queue", "Open.")]),
    ],
)
def test_what_changed_meanwhile_is_shown_with_what_was_chosen(partner, roster, mesh, refusal):
    url = f"/field-technicians/{ALLAN}/offboard"
    form = partner.fields(url, **{"reason": "Moved away", "to-a-1": "queue"})
    del mesh.verbs[f"{TECHNICIANS}.RosterService/OffboardTechnician"]
    mesh.refuse["OffboardTechnician"] = refusal

    refused = partner.post(url, form)
    mesh.verbs[f"{TECHNICIANS}.RosterService/OffboardTechnician"] = roster.offboard

    assert refused.status_code == 409
    page = read(refused.text)
    assert "Nobody was offboarded" in page.text
    chosen = [each for each in page.one("select", name="to-a-1").all("option") if "selected" in each.attributes]
    assert [each.attributes["value"] for each in chosen] == ["queue"]
    assert page.one("input", name="request_key").attributes["value"] != form["request_key"]


@pytest.mark.req("CP-94")
def test_a_second_click_is_the_same_offboarding_and_another_form_finds_nobody(partner, roster):
    url = f"/field-technicians/{ALLAN}/offboard"
    form = partner.fields(url, **{"reason": "Moved away", "to-a-1": "queue"})

    answers = [partner.post(url, form).status_code for _ in range(2)]
    other = partner.post(url, {**form, "reason": "Something else"})

    assert answers == [302, 302]
    assert roster.offboarded[0] == roster.offboarded[1]
    assert other.status_code == 404


def test_another_organisations_technician_is_not_there(partner, roster):
    assert partner.get(f"/field-technicians/{FREE}/offboard").status_code == 404


@pytest.mark.req("CP-3")
@pytest.mark.req("CP-92")
def test_the_university_counts_and_filters_by_when_certificates_expire(partner, mesh):
    page = read(partner.get("/university/").text)
    partner.get("/university/?tab=60&kind=micro_credential&organization_id=someone")

    tabs = page.one("nav", **{"aria-label": "When they expire"}).text
    assert "Within 30 days 1" in tabs
    assert "Expired 1" in tabs
    table = page.one("table").text
    for told in (
        "Allan Heward",
        "VT40-CM",
        "Certification CM",
        "24 Dec 2026",
        "Micro-credential",
        "3 days ago",
        "C-1042",
    ):
        assert told in table
    assert "Revoke" not in table
    asked = mesh.asked("ListCredentials")[-1]
    assert (asked.expires_within_days, asked.kind, asked.organization_id) == (60, "micro_credential", "")
    assert partner.get("/university/?tab=whatever").status_code == 404


@pytest.mark.req("CP-92")
def test_the_vendors_staff_revoke_with_a_reason(sign_in, roster, mesh):
    dispatcher = sign_in("dispatcher")
    held = mesh.put(TechnicianCertification(technician_id=ALLAN, certification_code="VT40-CM"))
    url = f"/university/{held.id}/revoke"

    refused = dispatcher.post(url, dispatcher.fields(url))
    done = dispatcher.post(url, dispatcher.fields(url, reason="Issued in error"))

    assert "Revoke" in read(dispatcher.get("/university/").text).one("table").text
    assert "is required" in errors(read(refused.text))
    assert done.status_code == 302
    assert (roster.revoked[0].etag, roster.revoked[0].reason) == (held.etag, "Issued in error")


@pytest.mark.req("R-1")
def test_the_pages_are_for_those_whom_they_concern(sign_in, roster):
    technician, approver, partner = sign_in("technician"), sign_in("approver"), sign_in("partner")

    for path in ("/field-technicians/", f"/field-technicians/{ALLAN}/offboard", "/university/x/revoke"):
        assert technician.get(path).status_code == 403
        assert approver.get(path).status_code == 403
    assert technician.get("/university/").status_code == 200
    assert partner.get("/university/x/revoke").status_code == 403
    side = read(partner.get("/university/").text)
    links = [link.attributes["href"] for link in side.all("a")]
    assert {"/field-technicians/", "/university/"} <= set(links)
