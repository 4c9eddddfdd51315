"""Service orders of a utility over the servicers, on both databases: by hand and by event, to a provider and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fieldmesh.technicians.v1 import events_pb2 as directory_events
from fieldmesh.workorders.v1 import utility_event_service_pb2, work_order_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2 as contract

from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound, WrongState
from services.chassis.identity import service_caller
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import ADMIN, DISPATCHER, PARTNER, UTILITY, on, person

LIGHT, NORTHSTAR = "city-light", "northstar"
NORA = person("dispatcher", NORTHSTAR, "provider")
PIA = replace(person("partner", NORTHSTAR, "provider"), name="Pia Provider")
TESS = replace(person("technician", LIGHT, "utility", "t-9"), subject="tess", name="Tess Meter")
KEY = replace(person("integration", LIGHT, "utility"), subject="key:billing", name="Billing")
CONNECTION, DISCONNECTION, SPECIAL_READ = (
    work_order_pb2.SERVICE_TYPE_CONNECTION,
    work_order_pb2.SERVICE_TYPE_DISCONNECTION,
    work_order_pb2.SERVICE_TYPE_SPECIAL_READ,
)
INVESTIGATION = work_order_pb2.SERVICE_TYPE_METER_INVESTIGATION
VISIT = {"appointment": {"date": on(date(2026, 3, 3)), "time": "08:00"}}
VISIT_PATHS = ["appointment.date", "appointment.time"]
READ_PATHS = ["utility.meter_read", "utility.read_unit"]


class Office:
    """The desk with a utility's customer, meter and people, and a provider."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        told = directory_events.OrganizationChanged(
            organization={"id": NORTHSTAR, "name": "Northstar", "kind": 3, "active": True}
        )
        desk.handle("directory", "organization_changed", told, 9)
        known = {"id": "tess", "name": "Tess Meter", "organization_id": LIGHT, "active": True, "roles": ["technician"]}
        known |= {"email": "tess@example.com", "technician_id": "t-9"}
        desk.handle("directory", "person_changed", directory_events.PersonChanged(person=known), 9)
        self.ids: dict[str, str] = {}
        self._make("Account", "account", name="12 Mill Lane", account_number="M-1")
        self._make(
            "Territory",
            "territory",
            name="Waco City",
            zone="Zone 1",
            time_zone="America/Chicago",
            served_by=[NORTHSTAR],
        )
        self._make(
            "Facility", "facility", name="Mill Lane 12", account_id=self.ids["account"],
            territory_id=self.ids["territory"], time_zone="America/Chicago", access_notes="Ring twice",
        )  # fmt: skip
        self._make(
            "Station", "station", name="Meter 1", facility_id=self.ids["facility"], serial_number="W-77",
            station_model="DN20",
        )  # fmt: skip

    def _make(self, resource: str, key: str, **fields: Any) -> None:
        request = {key: fields, "request_id": self.desk.request_id()}
        self.ids[key] = self.desk.kit(resource, f"Create{resource}", UTILITY, **request).id

    def create(self, kind: int = SPECIAL_READ, who: Any = UTILITY, **utility: Any) -> Any:
        asked = {"type": kind, "meter": "W-77", "instructions": "Behind the stairs", "materials": "Seal", **utility}
        order = {"account_id": self.ids["account"], "facility_id": self.ids["facility"], "utility": asked}
        if not asked["meter"]:
            order["station_ids"] = [self.ids["station"]]
        return self.desk.orders(
            "CreateWorkOrder", who, work_order=order, workflow="utility_request", request_id=self.desk.request_id()
        )

    def event(self, who: Any = KEY, event_id: str = "E-1", kind: int = 1, **more: Any) -> Any:
        request = {"event_id": event_id, "kind": kind, "account": "M-1", "meter": "W-77", "source": "billing", **more}
        wanted = utility_event_service_pb2.RecordEventRequest(**request)
        return self.desk.call(self.desk.app.utility_events, "RecordEvent", who, wanted)

    def read(self, order: Any, value: float, who: Any = UTILITY, transition: str = "complete", **more: Any) -> Any:
        given = {"meter_read": value, "read_unit": work_order_pb2.METER_UNIT_CUBIC_METRES, **more}
        paths = [*READ_PATHS, *(f"utility.{name}" for name in more)]
        values = work_order_pb2.WorkOrder(utility=given)
        return self.desk.fire(order, transition, who, paths, values=values).work_order

    def sent(self, **utility: Any) -> Any:
        order = self.create(**utility)
        return self.desk.fire(order, "send_to_provider", UTILITY, provider_org=NORTHSTAR).work_order

    def batch(self, transition: str, orders: list[Any], **request: Any) -> list[Any]:
        rows = [{"work_order_id": order.id} for order in orders]
        given = {"workflow": "utility_request", "transition": transition, "request_id": "b-1", **request}
        return list(self.desk.orders("BatchTransitionWorkOrders", UTILITY, rows=rows, **given).results)

    def queue(self, view: str) -> set[str]:
        return {order.id for order in self.desk.list(UTILITY, view=view).work_orders}


@pytest.fixture
def office(desk):
    return Office(desk)


@pytest.mark.req("UM-1")
@pytest.mark.req("UM-2")
@pytest.mark.req("UM-3")
def test_a_dispatcher_of_the_utility_writes_what_where_when_and_with_what(office):
    made = office.create(DISCONNECTION, requested_date=on(date(2026, 3, 4)))

    order = office.desk.get(made.id, UTILITY)
    assert (order.state_label, order.issuer_org, order.subject) == (
        "New",
        LIGHT,
        "Disconnection, meter W-77, Mill Lane 12",
    )
    assert (order.utility.instructions, order.utility.materials) == ("Behind the stairs", "Seal")
    assert (order.utility.requested_date.day, order.territory_name) == (4, "Waco City")
    assert office.create(meter="").utility.meter == "W-77"


@pytest.mark.req("UM-3")
@pytest.mark.req("R-1")
def test_nobody_else_creates_or_sees_a_service_order(office):
    for who in (DISPATCHER, PARTNER, NORA, TESS):
        with pytest.raises((NotAllowed, InvalidRequest)):
            office.create(who=who)
    order = office.create()
    for who in (DISPATCHER, PARTNER, NORA, PIA, TESS, KEY):
        with pytest.raises(NotFound):
            office.desk.get(order.id, who)


def test_everything_that_is_wrong_with_a_new_order_is_named_at_once(office):
    with pytest.raises(InvalidRequest) as refused:
        office.desk.orders(
            "CreateWorkOrder", UTILITY, work_order={"utility": {"instructions": "x" * 4001}}, workflow="utility_request"
        )

    assert {each.field for each in refused.value.violations} >= {
        "account_id", "facility_id", "utility.type", "utility.instructions",
    }  # fmt: skip


@pytest.mark.req("UM-4")
def test_an_event_makes_one_order_however_often_it_comes(office):
    first, again = office.event(), office.event()

    assert (first.created, again.created, again.work_order.id) == (True, False, first.work_order.id)
    order = office.desk.get(first.work_order.id, UTILITY)
    assert (order.utility.type, order.utility.event, order.utility.event_source) == (CONNECTION, "E-1", "billing")
    assert office.event(event_id="E-2", kind=2).work_order.utility.type == DISCONNECTION
    assert office.event(UTILITY, event_id="E-3", kind=3).work_order.utility.type == SPECIAL_READ
    assert len(office.desk.list(UTILITY).work_orders) == 3


@pytest.mark.req("UM-4")
def test_another_content_under_the_same_event_id_is_refused(office):
    made = office.event().work_order

    with pytest.raises(AlreadyExists) as refused:
        office.event(meter="W-78")

    assert refused.value.reason == "EVENT_ID_REUSED"
    assert refused.value.metadata == {"work_order": made.number}
    assert office.event().created is False


@pytest.mark.req("UM-4")
def test_an_event_names_what_leads_nowhere_and_is_not_kept_then(office):
    for wrong, field in (
        ({"account": "A-1"}, "account"),
        ({"facility": "Nowhere"}, "facility"),
        ({"meter": ""}, "meter"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            office.event(**wrong)
        assert [each.field for each in refused.value.violations] == [field]
    for who in (DISPATCHER, NORA, PIA):
        with pytest.raises(NotAllowed):
            office.event(who)
    for who in (replace(KEY, organization_id=""), replace(KEY, organization_id="voltara")):
        with pytest.raises(InvalidRequest):
            office.event(who)
    with pytest.raises(InvalidRequest):
        office.event(ADMIN, account="A-1")

    assert office.event().created


@pytest.mark.req("UM-5")
@pytest.mark.req("UM-7")
def test_a_scheduled_order_still_shows_new_and_its_technician_sees_and_completes_it(office):
    order = office.create()
    moved = office.desk.fire(
        order, "schedule", UTILITY, VISIT_PATHS, values=work_order_pb2.WorkOrder(**VISIT), assignee_id="tess"
    ).work_order

    assert (moved.state_label, moved.assignee.name) == ("New", "Tess Meter")
    assert moved.appointment.start_time.ToDatetime(tzinfo=UTC) == datetime(2026, 3, 3, 14, tzinfo=UTC)
    told = office.desk.told()[-1]
    assert [(notice.template, list(notice.recipients)) for notice in told.notices] == [
        ("service_order_assigned", ["assignee"])
    ]
    assert (told.work_order.access_notes, told.work_order.utility.instructions) == ("Ring twice", "Behind the stairs")
    assert office.queue("service_scheduled") == {order.id}
    later = work_order_pb2.WorkOrder(appointment={"date": on(date(2026, 3, 4)), "time": "09:00"})
    assert (
        office.desk.fire(order, "schedule", UTILITY, VISIT_PATHS, values=later).work_order.assignee.person_id == "tess"
    )
    done = office.read(office.desk.get(order.id, TESS), 412.5, TESS)
    assert (done.state_label, done.utility.meter_read) == ("Completed", 412.5)
    assert office.desk.told()[-1].effects == ["completed", "billing"]


@pytest.mark.req("UM-5")
def test_somebody_outside_is_assigned_by_name_and_address_and_told_when_it_is_not_theirs_any_more(office):
    order = office.create()
    with pytest.raises(WorkOrderError):
        office.desk.fire(order, "schedule", UTILITY, VISIT_PATHS, values=work_order_pb2.WorkOrder(**VISIT))
    values = work_order_pb2.WorkOrder(**VISIT, assignee={"name": "Max Out", "email": "max@example.com"})
    paths = [*VISIT_PATHS, "assignee.name", "assignee.email"]

    office.desk.fire(order, "schedule", UTILITY, paths, values=values)
    office.desk.fire(order, "send_to_provider", UTILITY, provider_org=NORTHSTAR)

    assert office.desk.told()[-2].work_order.assignee.email == "max@example.com"
    told = office.desk.told()[-1]
    assert (told.former_assignee.email, told.work_order.assignee.email) == ("max@example.com", "")
    assert {notice.template for notice in told.notices} == {"service_order_sent", "service_order_withdrawn"}


@pytest.mark.req("UM-5")
@pytest.mark.req("UM-11")
@pytest.mark.req("UM-12")
def test_a_provider_sets_up_and_completes_or_declines_and_sees_nothing_afterwards(office):
    order, other = office.sent(), office.sent()
    assert office.desk.told()[-1].effects == ["handed_over"]
    values = work_order_pb2.WorkOrder(utility={"provider_reference": "UST-9"})

    set_up = office.desk.fire(order, "set_up", NORA, ["utility.provider_reference"], values=values).work_order
    office.desk.fire(other, "decline", PIA, comment="No crew")

    assert (set_up.state_label, set_up.utility.provider_reference) == ("Set Up", "UST-9")
    assert office.queue("service_sent") == {order.id}
    declined = office.desk.get(other.id, UTILITY)
    assert (declined.state_label, declined.executor_org) == ("New", "")
    with pytest.raises(NotFound):
        office.desk.get(other.id, PIA)
    assert office.read(set_up, 10, PIA).state_label == "Completed"
    notices = [notice for moved in office.desk.told()[-3:] for notice in moved.notices]
    assert {notice.template for notice in notices} == {
        "service_order_set_up", "service_order_declined", "service_order_completed",
    }  # fmt: skip


@pytest.mark.req("UM-11")
def test_the_providers_reference_may_come_later(office):
    order = office.sent()
    values = work_order_pb2.WorkOrder(utility={"provider_reference": "UST-9"})

    kept = office.desk.fire(
        order, "set_reference", service_caller("notifications"), ["utility.provider_reference"], values=values
    ).work_order

    assert (kept.state_label, kept.utility.provider_reference) == ("Sent", "UST-9")


@pytest.mark.req("UM-8")
def test_a_new_order_is_edited_with_history_and_a_sent_one_is_not(office):
    order = office.create()
    changed = {"id": order.id, "etag": order.etag, "utility": {"materials": "Two seals", "type": CONNECTION}}
    mask = {"paths": ["utility.materials", "utility.type"]}

    saved = office.desk.orders("UpdateWorkOrder", UTILITY, work_order=changed, update_mask=mask)

    assert (saved.utility.materials, saved.subject) == ("Two seals", "Connection, meter W-77, Mill Lane 12")
    rows = {(row.field, row.old_value, row.new_value) for row in office.desk.history(order)}
    assert ("utility.materials", "Seal", "Two seals") in rows
    sent = office.desk.fire(saved, "send_to_provider", UTILITY, provider_org=NORTHSTAR).work_order
    for verb, request in (
        ("UpdateWorkOrder", {"work_order": {**changed, "etag": sent.etag}, "update_mask": mask}),
        ("DeleteWorkOrder", {"id": sent.id, "etag": sent.etag}),
    ):
        with pytest.raises(WrongState):
            office.desk.orders(verb, UTILITY, **request)


def test_a_new_order_is_cancelled_rather_than_deleted(office):
    order = office.create()

    with pytest.raises(WrongState):
        office.desk.orders("DeleteWorkOrder", UTILITY, id=order.id, etag=order.etag)


@pytest.mark.req("UM-9")
def test_a_read_is_asked_for_and_is_not_less_than_the_last_one_known_without_a_reason(office):
    first, second = office.create(), office.create()
    with pytest.raises(WorkOrderError) as missing:
        office.desk.fire(first, "complete", UTILITY)
    assert [each.field for each in missing.value.violations] == ["utility.meter_read"]
    office.read(first, 500)

    with pytest.raises(WorkOrderError) as lower:
        office.read(second, 20)
    done = office.read(second, 20, lower_read_reason="New meter")

    assert "500 m³" in str(lower.value.violations[0].description)
    assert (done.utility.meter_read, done.utility.earlier_read) == (20, 500)
    assert done.utility.read_time.ToDatetime(tzinfo=UTC) == office.desk.clock.now()


@pytest.mark.req("UM-6")
@pytest.mark.req("UM-9")
def test_of_forty_orders_completed_at_once_three_are_explained_and_it_may_come_again(office):
    unread = [office.create() for _ in range(3)]
    ready = office.read(office.create(), 7, transition="record_read")
    orders = [*unread, ready, *(office.create(INVESTIGATION) for _ in range(36))]
    assert office.queue("service_new") <= {order.id for order in orders}

    first = office.batch("complete", orders, request_id="b-1")
    again = office.batch("complete", orders, request_id="b-1")

    assert [each.outcome for each in first[:3]] == [contract.BATCH_OUTCOME_REFUSED] * 3
    assert {each.outcome for each in first[3:]} == {contract.BATCH_OUTCOME_DONE}
    assert [refusal.guard for each in first for refusal in each.refusals] == ["METER_READ_MISSING"] * 3
    assert again == first
    assert [moved.transition for moved in office.desk.told()].count("complete") == 37
    assert office.queue("service_new") == {order.id for order in unread}


@pytest.mark.req("UM-9")
def test_one_meter_read_is_never_given_to_several_orders(office):
    values = {"utility": {"meter_read": 5, "read_unit": work_order_pb2.METER_UNIT_GALLONS}}

    results = office.batch("complete", [office.create()], work_order=values, update_mask={"paths": READ_PATHS})
    offers = office.desk.orders("ListBulkTransitions", UTILITY).transitions

    assert [each.outcome for each in results] == [contract.BATCH_OUTCOME_REFUSED]
    asked = {
        each.transition.name: [field.path for step in each.transition.steps for field in step.fields] for each in offers
    }
    assert asked == {"complete": ["utility.remark"], "cancel": ["inputs.comment"]}


@pytest.mark.req("UM-10")
def test_a_bulk_cancellation_withdraws_and_leaves_what_is_done(office):
    sent, done = office.sent(), office.read(office.create(), 3)

    results = office.batch("cancel", [done, sent], inputs={"comment": "Paid"})

    assert [each.outcome for each in results] == [contract.BATCH_OUTCOME_REFUSED, contract.BATCH_OUTCOME_DONE]
    told = office.desk.told()[-1]
    assert (told.to_state, list(told.effects)) == ("cancelled", ["cancelled", "withdrawn"])
    assert [list(notice.recipients) for notice in told.notices] == [
        ["executor_organization", "executor_dispatchers", "assignee"]
    ]
    assert office.desk.get(sent.id, ADMIN).ending.reason == "Paid"


@pytest.mark.req("CP-94")
@pytest.mark.req("UM-5")
def test_a_visit_of_somebody_who_left_waits_for_somebody_else(office):
    desk, order = office.desk, office.create()
    desk.fire(order, "schedule", UTILITY, VISIT_PATHS, values=work_order_pb2.WorkOrder(**VISIT), assignee_id="tess")
    mine = [{"field": "assignee", "operator": 1, "values": ["tess"]}]
    listed = [each.id for each in desk.list(UTILITY, filters=mine).work_orders]
    left = directory_events.TechnicianOffboarded(
        technician_id="t-9", technician_name="Tess Meter", organization_id=LIGHT, membership_id="m-9", person_id="tess"
    )

    desk.handle("departing", "technician_offboarded", left, 9)
    desk.handle("departing", "technician_offboarded", left, 9)

    after = desk.get(order.id)
    assert listed == [order.id]
    assert (after.assignee.name, after.state, after.appointment.time) == ("", "new", "08:00")
    row = desk.history(order)[-1]
    assert (row.field_label, row.reason) == ("Assignee", "Tess Meter left the organisation")
    released = [each for each in desk.told() if each.transition == "technician_released"]
    assert [(each.template, list(each.recipients)) for move in released for each in move.notices] == [
        ("technician_released", ["issuer_dispatchers"])
    ]
    assert released[0].former_assignee_id == "tess"
    with pytest.raises(NotFound):
        desk.get(order.id, TESS)
