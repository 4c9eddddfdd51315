"""One work order from allocation to closed, over gRPC, on both stacks: the main line of the partner portal."""

import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    parts_request_pb2,
    parts_request_pb2_grpc,
    shipment_pb2,
    sla_pb2,
    sla_pb2_grpc,
)
from fieldmesh.workorders.v1 import (
    feed_pb2,
    feed_pb2_grpc,
    work_order_pb2,
    work_order_service_pb2,
    work_order_service_pb2_grpc,
)
from google.protobuf import field_mask_pb2
from PIL import Image

from services.chassis.errors import Refusal, Unavailable
from services.chassis.grpc_channel import Channels
from services.chassis.ids import new_id
from services.cli.demo.calls import assign, of_order
from tests.support.patience import eventually
from tests.support.proxy import proxy_to
from tests.support.stage import ACCEPTANCE

ANNOUNCED = shipment_pb2.PARCEL_STATE_ANNOUNCED
HANDED_OVER = shipment_pb2.PARCEL_STATE_HANDED_OVER
DELIVERED = shipment_pb2.PARCEL_STATE_DELIVERED
COLUMBUS = ZoneInfo("America/New_York")

pytestmark = pytest.mark.xdist_group("mesh")  # one filled mesh a size is enough


def picture():
    target = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(target, "PNG")
    return target.getvalue()


def accept_request(stage, order_id, request_id):
    request = work_order_service_pb2.TransitionWorkOrderRequest(
        work_order_id=order_id,
        transition="accept",
        etag=stage.order(order_id).etag,
        request_id=request_id,
        update_mask=field_mask_pb2.FieldMask(paths=sorted(ACCEPTANCE)),
    )
    for path, value in ACCEPTANCE.items():
        assign(request.work_order, path, value)
    return request


def asked(stage, stub, request, order_id):
    stage.desk.become("dana")
    return stage.channels.stub(stub, "shipping"), request(query=of_order(order_id))


def parts_requests(stage, order_id):
    stub, request = asked(
        stage, parts_request_pb2_grpc.PartsRequestServiceStub, parts_request_pb2.ListPartsRequestsRequest, order_id
    )
    return list(stub.ListPartsRequests(request).parts_requests)


def fulfilment_orders(stage, order_id):
    stub, request = asked(
        stage,
        fulfilment_order_pb2_grpc.FulfilmentOrderServiceStub,
        fulfilment_order_pb2.ListFulfilmentOrdersRequest,
        order_id,
    )
    return list(stub.ListFulfilmentOrders(request).fulfilment_orders)


def workday(day, days):
    while days:
        day += dt.timedelta(days=1)
        days -= day.weekday() < 5
    return day


@pytest.mark.req("CP-49")
def test_accepting_without_shipping_information_leaves_the_order_assigned(on_stage):
    order_id = on_stage.allocated()
    before = on_stage.history(order_id)

    answer = on_stage.desk.fire("megan", order_id, "accept", {})

    assert not answer.happened
    assert "remaining in an assigned state" in answer.warnings[0].message
    assert on_stage.order(order_id).state == "assigned"
    assert on_stage.history(order_id) == before


@pytest.mark.req("CP-55")
def test_hard_case_6_a_double_click_on_accept_asks_for_parts_once(on_stage):
    order_id = on_stage.allocated()
    request = accept_request(on_stage, order_id, new_id())
    on_stage.desk.become("megan")
    stub = on_stage.desk._orders

    first = stub.TransitionWorkOrder(request)
    second = stub.TransitionWorkOrder(request)
    on_stage.settle()

    assert first == second
    assert on_stage.states(order_id).count("Ship-To Received") == 1
    assert len(parts_requests(on_stage, order_id)) == 1
    assert len(fulfilment_orders(on_stage, order_id)) == 1


@pytest.mark.req("CP-55")
def test_hard_case_6_a_retry_after_the_answer_was_lost_asks_for_parts_once(on_stage):
    order_id = on_stage.allocated()
    request = accept_request(on_stage, order_id, new_id())
    host, _, port = on_stage.running.target("workorders").rpartition(":")
    with proxy_to(host, int(port)) as proxy:
        channels = Channels({"workorders": f"127.0.0.1:{proxy.port}"}, on_stage.channels._credentials)
        stub = channels.stub(work_order_service_pb2_grpc.WorkOrderServiceStub, "workorders")
        on_stage.desk.become("megan")
        stub.GetWorkOrder(work_order_service_pb2.GetWorkOrderRequest(id=order_id))
        proxy.loses_answers = True

        with pytest.raises(Unavailable):
            stub.TransitionWorkOrder(request, timeout=2)
        eventually(lambda: on_stage.order(order_id).state != "assigned")
        channels.close()
    on_stage.desk.become("megan")
    again = on_stage.desk._orders.TransitionWorkOrder(request)
    on_stage.settle()

    assert again.happened
    assert on_stage.states(order_id).count("Ship-To Received") == 1
    assert len(parts_requests(on_stage, order_id)) == 1
    assert len(fulfilment_orders(on_stage, order_id)) == 1


@pytest.mark.req("CP-52")
@pytest.mark.req("CP-54")
def test_accepting_keeps_raw_and_billable_distance(on_stage):
    order_id = on_stage.accepted()

    travel = on_stage.order(order_id).travel

    assert (travel.round_trip_miles, travel.free_miles, travel.billable_miles) == (120, 50, 70)
    assert travel.zone == "Zone 1"


@pytest.mark.req("CP-7")
@pytest.mark.req("B-6")
def test_another_partner_never_sees_the_order(on_stage):
    order_id = on_stage.accepted()

    with pytest.raises(Refusal) as hidden:
        on_stage.order(order_id, "kwame")

    assert hidden.value.kind == "missing"


@pytest.mark.req("CP-72")
@pytest.mark.req("CP-73")
@pytest.mark.req("CP-28")
def test_parts_move_the_order_forwards_only_and_the_target_follows(on_stage):
    order_id = on_stage.accepted()
    today = dt.datetime.now(COLUMBUS).date()
    first, later = workday(today, 2), workday(today, 4)

    on_stage.track(order_id, ANNOUNCED, expected=first)
    on_stage.settle()
    assert on_stage.order(order_id).state == "shipping"
    due = on_stage.order(order_id).sla.due_date
    assert dt.date(due.year, due.month, due.day) == workday(first, 1)

    on_stage.track(order_id, HANDED_OVER, sequence=5, expected=later)
    on_stage.settle()
    assert on_stage.order(order_id).state == "shipped"
    due = on_stage.order(order_id).sla.due_date
    assert dt.date(due.year, due.month, due.day) == workday(later, 1)

    late = on_stage.track(order_id, ANNOUNCED, sequence=3, expected=first)
    again = on_stage.track(order_id, HANDED_OVER, sequence=5, expected=first)
    on_stage.settle()
    assert (late.applied, again.applied) == (False, False)
    assert on_stage.order(order_id).state == "shipped"

    on_stage.track(order_id, DELIVERED, sequence=9)
    on_stage.settle()
    assert on_stage.order(order_id).state == "in_progress"
    assert on_stage.states(order_id)[-2:] == ["Parts Delivered", "In Progress"]


@pytest.mark.req("CP-71")
def test_the_last_required_parcel_counts(on_stage):
    order_id = on_stage.accepted()
    expected = workday(dt.datetime.now(COLUMBUS).date(), 2)

    for parcel in (1, 2):
        on_stage.track(order_id, HANDED_OVER, parcel=parcel, expected=expected)
    on_stage.track(order_id, DELIVERED, parcel=1)
    on_stage.settle()
    assert on_stage.order(order_id).state == "shipped"

    on_stage.track(order_id, DELIVERED, parcel=2)
    on_stage.settle()
    assert on_stage.order(order_id).state == "in_progress"


@pytest.mark.req("B-1")
def test_the_target_is_explained_in_words(on_stage):
    order_id = on_stage.accepted()
    on_stage.track(order_id, ANNOUNCED, expected=workday(dt.datetime.now(COLUMBUS).date(), 2))
    on_stage.settle()

    on_stage.desk.become("megan")
    query = of_order(order_id, "-version")
    stub = on_stage.channels.stub(sla_pb2_grpc.SlaTargetServiceStub, "shipping")
    target = stub.ListSlaTargets(sla_pb2.ListSlaTargetsRequest(query=query)).sla_targets[0]

    assert target.policy_code == "assure"
    assert len(target.steps) >= 2
    assert all(step.text for step in target.steps)


@pytest.mark.req("CP-65")
@pytest.mark.req("CP-59")
def test_a_missing_skill_needs_a_reason_and_is_told_in_the_feed(on_stage):
    order_id = on_stage.accepted()

    with pytest.raises(Refusal) as refused:
        on_stage.desk.fire("megan", order_id, "assign_technician", person_id=on_stage.world.people["priya"])
    assert refused.value.reason == "SKILLS_MISSING"
    assert refused.value.metadata["missing"] == "VT40-CM"

    person = on_stage.world.people["priya"]
    on_stage.desk.fire("megan", order_id, "assign_technician", person_id=person, reason_code="only_available")
    on_stage.settle()
    stub = on_stage.channels.stub(feed_pb2_grpc.FeedPostServiceStub, "workorders")
    post = stub.ListFeedPosts(feed_pb2.ListFeedPostsRequest(query=of_order(order_id))).feed_posts[0]
    facts = {fact.label: fact.value for fact in post.facts}
    assert facts["Assigned To"] == "Priya Raman"
    assert "Override" in " ".join(facts.values())


@pytest.mark.req("CP-74")
@pytest.mark.req("CP-75")
def test_an_appointment_after_the_target_asks_for_a_reason(on_stage):
    order_id = on_stage.accepted()
    today = dt.datetime.now(COLUMBUS).date()
    on_stage.track(order_id, ANNOUNCED, expected=workday(today, 1))
    on_stage.settle()
    late = {
        "appointment.date": workday(today, 8),
        "appointment.time": "10:00",
        "technician.name": "Allan Heward",
        "technician.phone": "614-555-0113",
        "scheduling_completed_date": today,
    }

    with pytest.raises(Refusal) as refused:
        on_stage.desk.fire("megan", order_id, "save_appointment", late)
    assert refused.value.reason == "APPOINTMENT_AFTER_TARGET"
    seen = int(refused.value.metadata["target_version"])

    with pytest.raises(Refusal) as changed:
        on_stage.desk.fire(
            "megan", order_id, "save_appointment", late,
            continue_past_target=True, reason_code="weather", seen_target_version=seen + 7,
        )  # fmt: skip
    assert changed.value.reason == "TARGET_CHANGED"

    on_stage.desk.fire(
        "megan", order_id, "save_appointment", late,
        continue_past_target=True, reason_code="weather", seen_target_version=seen,
    )  # fmt: skip
    assert on_stage.order(order_id).appointment.delay_reason_code == "weather"

    def told_why():
        mails = on_stage.mailbox.to("jonas.reidel@voltara.example.com")
        return [mail for mail in mails if "weather" in mail.get_body(("plain",)).get_content().lower()]

    assert eventually(told_why)


@pytest.mark.req("CP-44")
@pytest.mark.req("CP-80")
@pytest.mark.req("CP-81")
@pytest.mark.req("CP-82")
@pytest.mark.req("CP-85")
@pytest.mark.req("CP-86")
def test_work_is_done_in_order_completed_with_everything_and_closed_for_good(on_stage):
    order_id = on_stage.allocated("VT-40 Wiring Verification", "VT-40 Wiring Verification")
    travel = {path: value for path, value in ACCEPTANCE.items() if path.startswith("travel.")}
    items = on_stage.line_items(order_id)
    now = dt.datetime.now(dt.UTC)
    if on_stage.order(order_id).parts_required:
        pytest.fail("neither work type of this order takes parts")
    on_stage.desk.fire("megan", order_id, "accept_without_parts", travel)
    assert on_stage.order(order_id).state == "in_progress"

    with pytest.raises(Refusal) as refused:
        on_stage.desk.fire("megan", order_id, "finish_line_item", line_item_id=items[1].id)
    assert refused.value.reason == "LINE_ITEM_OUT_OF_ORDER"

    with pytest.raises(Refusal) as refused:
        on_stage.desk.fire("megan", order_id, "complete")
    told = " ".join(violation.description for violation in refused.value.violations)
    assert refused.value.reason == "TRANSITION_REFUSED"
    for missing in ("00000001", "Wiring checklist", "Appointment", "phone", "arrive", "departure"):
        assert missing.lower() in told.lower()

    _visit(on_stage, order_id, items, now)
    on_stage.desk.fire(
        "megan",
        order_id,
        "complete",
        {"costs.permit_details": "Permit.", "costs.permit_cost": ACCEPTANCE["travel.cost_per_mile"]},
    )
    on_stage.settle()
    assert on_stage.order(order_id).state == "completed"
    assert on_stage.order(order_id).sla.state in {work_order_pb2.SLA_STATE_MET, work_order_pb2.SLA_STATE_MISSED}

    with pytest.raises(Refusal):
        on_stage.desk.fire("megan", order_id, "close")
    on_stage.desk.fire("amara", order_id, "approve_cost", cost_request_id="1")
    on_stage.desk.fire("amara", order_id, "close")
    assert on_stage.order(order_id).state == "closed"
    with pytest.raises(Refusal):
        on_stage.desk.fire("dana", order_id, "send_back", comment="too late")
    verified = on_stage.running.fieldmesh("verify", on_stage.order(order_id).number)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _visit(stage, order_id, items, now):
    """Everything that completion asks for."""
    day = now.astimezone(COLUMBUS).date()
    stage.desk.fire("megan", order_id, "assign_technician", person_id=stage.world.people["allan"])
    appointment = {
        "appointment.date": workday(day, 1),
        "appointment.time": "08:30",
        "technician.phone": "614-555-0113",
        "scheduling_completed_date": day,
    }
    stage.desk.fire("megan", order_id, "save_appointment", appointment)
    visit = {"visit.arrive_time": now - dt.timedelta(hours=2), "visit.depart_time": now - dt.timedelta(hours=1)}
    stage.desk.fire("allan", order_id, "set_visit_times", visit)
    for item in items:
        stage.desk.fire("allan", order_id, "finish_line_item", line_item_id=item.id, comment="Done.")
    for name in ("Wiring checklist", "Photo of the station after"):
        stage.desk.upload("allan", order_id, f"{name}.png", picture(), name)


@pytest.mark.req("CP-57")
def test_those_mentioned_get_one_mail_and_the_author_none(on_stage):
    order_id = on_stage.allocated()
    on_stage.settle()
    before = len(on_stage.mailbox.to("theo.lindqvist@bluefern.example.com"))
    on_stage.desk.become("megan")
    team = feed_pb2.Mention(kind=feed_pb2.MENTION_KIND_TEAM, id=on_stage.world.teams["Bluefern Schedulers"])
    theo = feed_pb2.Mention(kind=feed_pb2.MENTION_KIND_PERSON, id=on_stage.world.people["theo"])
    post = feed_pb2.FeedPost(work_order_id=order_id, body="@Theo who is free on Monday?", mentions=[team, theo])
    stub = on_stage.channels.stub(feed_pb2_grpc.FeedPostServiceStub, "workorders")
    made = stub.CreateFeedPost(feed_pb2.CreateFeedPostRequest(feed_post=post, request_id=new_id()))

    def mentioned(address):
        return [
            mail
            for mail in on_stage.mailbox.to(address)
            if "who is free on Monday" in mail.get_body(("plain",)).get_content()
        ]

    eventually(lambda: mentioned("theo.lindqvist@bluefern.example.com"))
    on_stage.settle()
    assert len(mentioned("theo.lindqvist@bluefern.example.com")) == 1
    assert mentioned("megan.castellano@bluefern.example.com") == []
    assert before <= len(on_stage.mailbox.to("theo.lindqvist@bluefern.example.com"))
    assert made.author.display_name == "Megan Castellano"
