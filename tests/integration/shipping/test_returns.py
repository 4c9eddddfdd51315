"""Returns from the moment parts are asked back until they are settled, verb by verb on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldmesh.shipping.v1 import events_pb2, rma_pb2, rma_service_pb2
from fieldmesh.workorders.v1 import attachment_pb2
from fieldmesh.workorders.v1 import events_pb2 as work_events
from google.type import date_pb2

from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, NotFound, StaleEtag, Unavailable
from services.chassis.identity import Caller
from services.shipping import seeds
from services.shipping.bootstrap import Outside, assemble
from services.shipping.domain.errors import InvalidReturn, NotYourPart, OrderHidden, ReturnHidden, ReturnWrongState
from tests.integration.shipping import conftest
from tests.integration.shipping.conftest import (
    DISPATCHER,
    ME,
    PARTNER,
    STRANGER,
    Desk,
    carrier_says,
    parts,
)
from tests.integration.shipping.test_amending import DEAD, asked, end
from tests.integration.shipping.test_parts import organization

HANDED_OVER, DELIVERED = 2, 5
REQUESTED, CANCELLED, LABEL_SENT, SHIPPED, RECEIVED, CLOSED = 1, 2, 3, 4, 5, 6
OLD, UNUSED, FAULTY, READDRESSED = 1, 2, 3, 4
USED, DAMAGED, WRONG = 2, 3, 4
TECHNICIAN = Caller("p-4", "Sam", roles=frozenset({"technician"}), organization_id="bluefern", technician_id="t-1")
BOTH = Caller("p-5", roles=frozenset({"dispatcher", "partner"}), organization_id="bluefern")
conftest.EVENTS["RmaChanged"] = events_pb2.RmaChanged
verbs = rma_service_pb2


class Files:
    """The files of workorders: one of this order, one of another; or nobody answers."""

    silent = False

    def GetAttachment(self, request: attachment_pb2.GetAttachmentRequest) -> attachment_pb2.Attachment:  # noqa: N802
        if self.silent:
            raise Unavailable("The workorders service does not answer; try again.")
        known = {"f1": "w1", "f2": "w2"}
        if request.id not in known:
            raise NotFound("There is no such file.")
        return attachment_pb2.Attachment(id=request.id, title="Receipt.png", work_order_id=known[request.id])


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def desk(database: Database, clock: ScriptedClock, files: Files) -> Desk:
    app = assemble(database, clock, Outside(files, return_days=10, reminder_days=3))
    with database.begin(actor=ME) as transaction:
        seeds.seed(transaction.connection)
    return Desk(app, clock)


def wanted(quantity: int = 1) -> work_events.PartsWanted:
    """Heads whose old ones return."""
    made = parts(1)
    made.lines[0].returnable, made.lines[0].quantity = True, quantity
    return made


def delivered(desk: Desk, quantity: int = 1) -> rma_pb2.Rma:
    """An order with its parts there, and the return of the old ones."""
    organization(desk, places=True, version=1)
    desk.move(effects=("request_parts",), parts=wanted(quantity), acceptance_version=1)
    number = desk.list("FulfilmentOrder")[0].number
    desk.track(carrier_says(1, DELIVERED, tracking="T0", order=number))
    (rma,) = desk.list("Rma")
    return rma


def do(desk: Desk, method: str, caller: Caller, rma: rma_pb2.Rma, **more: object) -> rma_pb2.Rma:
    request = getattr(verbs, f"{method}Request")(rma_id=rma.id, **more)
    answer: rma_pb2.Rma = desk.call("rma_desk", method, caller, request)
    return answer


def prove(desk: Desk, rma: rma_pb2.Rma, caller: Caller = PARTNER, **more: object) -> rma_pb2.Rma:
    return do(desk, "RecordReturnProof", caller, rma, **{"carrier": "UPS", "tracking_number": "1ZBACK", **more})


def news(desk: Desk) -> list[int]:
    return [each.news for each in desk.told("RmaChanged")]


@pytest.mark.req("CP-69")
@pytest.mark.req("CP-47")
def test_old_parts_are_asked_back_once_when_the_new_ones_are_there(desk: Desk) -> None:
    rma = delivered(desk, quantity=2)
    desk.track(carrier_says(1, DELIVERED, tracking="T0"), carrier_says(2, DELIVERED, tracking="T0"))

    (again,) = desk.list("Rma", PARTNER)
    assert again == rma
    assert (rma.state, rma.cause, rma.proof_required) == (REQUESTED, OLD, True)
    assert rma.due_date == date_pb2.Date(year=2026, month=3, day=11)
    assert [(line.part_number, line.quantity, line.condition) for line in rma.lines] == [("VT40-HEAD", 2, USED)]
    assert desk.list("Rma", STRANGER) == []
    assert news(desk) == [events_pb2.RMA_NEWS_RAISED]


@pytest.mark.req("CP-47")
@pytest.mark.parametrize(
    ("days", "due"),
    [(21, date_pb2.Date(year=2026, month=3, day=22)), (None, date_pb2.Date(year=2026, month=3, day=11))],
)
def test_the_issuer_says_how_many_days_returns_have_and_else_the_installation(
    desk: Desk, days: int | None, due: date_pb2.Date
) -> None:
    organization(desk, places=True, version=1, return_days=5)
    organization(desk, places=True, version=2, return_days=days)
    rma = delivered(desk)
    organization(desk, places=True, version=3, return_days=2)

    assert rma.due_date == due
    assert desk.list("Rma")[0].due_date == due


@pytest.mark.req("CP-69")
def test_parts_whose_old_ones_stay_are_not_asked_back(desk: Desk) -> None:
    organization(desk, places=True, version=1)
    desk.accept(acceptance_version=1)
    desk.track(carrier_says(1, DELIVERED, order=desk.list("FulfilmentOrder")[0].number))

    assert desk.list("Rma") == []


@pytest.mark.req("CP-77")
def test_a_replacement_asks_the_old_part_back_no_second_time_and_names_what_it_replaces(desk: Desk) -> None:
    delivered(desk)
    again = asked(2, lines=True, faulty_returns=True)
    again.lines[0].returnable = True
    moved = work_events.WorkOrderMoved(
        effects=["replace_parts", "place_order"], reason_code="part_damaged", reason_label="Part arrived damaged"
    )
    desk.tell(moved, parts=again, acceptance_version=2)
    first, second = desk.list("FulfilmentOrder", order_by="create_time")
    if first.lines[0].replaces_line_id:
        first, second = second, first
    desk.track(carrier_says(1, DELIVERED, tracking="T1", order=second.number))

    assert {each.cause: each.lines[0].condition for each in desk.list("Rma")} == {OLD: USED, FAULTY: DAMAGED}
    (line,), (sent_again,) = first.lines, second.lines
    assert (line.replaced, line.fault) == (1, "Part arrived damaged")
    assert sent_again.replaces_line_id == line.id


@pytest.mark.req("CP-83")
def test_a_return_goes_from_its_label_over_its_proof_to_the_warehouse_and_is_settled(desk: Desk) -> None:
    rma = delivered(desk, quantity=2)

    labelled = do(desk, "SendReturnLabel", DISPATCHER, rma, carrier="UPS", tracking_number="1ZLABEL")
    proved = prove(desk, labelled, carrier="", tracking_number="1ZLABEL", etag=labelled.etag)
    (line,) = proved.lines
    part = do(desk, "ReceiveReturn", DISPATCHER, rma, lines=[verbs.LineReceived(line_id=line.id, quantity=1)])
    with pytest.raises(InvalidReturn) as unexplained:
        do(desk, "CloseReturn", DISPATCHER, rma)
    whole = do(desk, "ReceiveReturn", DISPATCHER, rma, comment="The box was wet.")
    closed = do(desk, "CloseReturn", DISPATCHER, rma)

    assert [each.state for each in (labelled, proved, part, whole, closed)] == [
        LABEL_SENT, SHIPPED, RECEIVED, RECEIVED, CLOSED,
    ]  # fmt: skip
    assert (proved.proof.carrier, proved.proof.tracking_number) == ("UPS", "1ZLABEL")
    assert [part.lines[0].received, whole.lines[0].received] == [1, 2]
    assert whole.lines[0].received_condition == USED
    assert "comment" in str(unexplained.value)
    assert closed.HasField("end_time")
    assert closed.remark == "The box was wet."
    assert len({each.etag for each in (rma, labelled, proved, part, whole, closed)}) == 6


@pytest.mark.req("CP-83")
def test_a_file_of_the_work_order_is_a_proof_and_one_of_another_is_none(desk: Desk, files: Files) -> None:
    rma = delivered(desk)
    no_number = {"carrier": "", "tracking_number": ""}

    for file in ("f2", "f9"):
        with pytest.raises(InvalidRequest) as refused:
            prove(desk, rma, attachment_id=file, **no_number)
        assert [each.field for each in refused.value.violations] == ["attachment_id"]
    files.silent = True
    with pytest.raises(Unavailable):
        prove(desk, rma, attachment_id="f1", **no_number)
    files.silent = False
    proved = prove(desk, rma, with_technician(desk), attachment_id="f1", **no_number)

    assert (proved.proof.attachment_id, proved.proof.attachment_title) == ("f1", "Receipt.png")
    assert proved.proof.person_name == "Sam"


def with_technician(desk: Desk) -> Caller:
    """The technician, who has a part in the order from now on."""
    made = conftest.snapshot()
    made.parties.technician_ids.append("t-1")
    made.parties.scope_version = 2
    desk.move(parties=made.parties, acceptance_version=1)
    return TECHNICIAN


@pytest.mark.req("CP-83")
def test_a_number_needs_no_other_service(desk: Desk, files: Files) -> None:
    files.silent = True

    assert prove(desk, delivered(desk)).state == SHIPPED


@pytest.mark.parametrize(
    ("method", "given", "field"),
    [
        ("RecordReturnProof", {}, "tracking_number"),
        ("RecordReturnProof", {"tracking_number": "1Z"}, "carrier"),
        ("RecordReturnProof", {"tracking_number": "1" * 81, "carrier": "UPS"}, "tracking_number"),
        ("SendReturnLabel", {"carrier": "UPS"}, "tracking_number"),
        ("CancelRma", {}, "comment"),
        ("ReceiveReturn", {"lines": [verbs.LineReceived(line_id="x", quantity=1)]}, "lines[0].line_id"),
        ("ReceiveReturn", {"lines": [verbs.LineReceived(line_id="x", quantity=1, condition=9)]}, "lines[0].condition"),
    ],
)
def test_wrong_words_about_a_return_are_named(desk: Desk, method: str, given: dict[str, object], field: str) -> None:
    rma = delivered(desk)

    with pytest.raises((InvalidRequest, InvalidReturn)) as refused:
        do(desk, method, PARTNER if method == "RecordReturnProof" else DISPATCHER, rma, **given)

    assert [each.field for each in refused.value.violations] == [field]
    assert desk.list("Rma") == [rma]


@pytest.mark.req("B-6")
@pytest.mark.req("R-1")
@pytest.mark.req("R-2")
def test_each_verb_is_for_one_side_and_strangers_find_no_return(desk: Desk) -> None:
    rma = delivered(desk)
    label = {"carrier": "UPS", "tracking_number": "1Z"}

    with pytest.raises(ReturnHidden):
        prove(desk, rma, STRANGER)
    with pytest.raises(ReturnHidden):
        prove(desk, rma, TECHNICIAN)
    with pytest.raises(NotYourPart):
        do(desk, "SendReturnLabel", BOTH, rma, **label)
    with pytest.raises(NotYourPart):
        prove(desk, rma, DISPATCHER)
    with pytest.raises(ReturnHidden):
        prove(desk, rma_pb2.Rma(id="none"))
    assert desk.list("Rma") == [rma]


def test_a_verb_takes_effect_once_for_a_request_id_and_never_on_a_return_that_changed(desk: Desk) -> None:
    rma = delivered(desk)

    first = prove(desk, rma, request_id="r-9", etag=rma.etag)
    again = prove(desk, rma, request_id="r-9", etag=rma.etag)
    with pytest.raises(StaleEtag):
        prove(desk, rma, etag=rma.etag)

    assert first == again
    assert news(desk).count(events_pb2.RMA_NEWS_PROVED) == 1


@pytest.mark.parametrize(
    ("before", "method", "given"),
    [
        ("RecordReturnProof", "CancelRma", {"comment": "Keep it."}),
        ("RecordReturnProof", "SendReturnLabel", {"carrier": "UPS", "tracking_number": "1Z"}),
        ("ReceiveReturn", "RecordReturnProof", {"carrier": "UPS", "tracking_number": "1Z"}),
        ("CancelRma", "RecordReturnProof", {"carrier": "UPS", "tracking_number": "1Z"}),
        ("CancelRma", "ReceiveReturn", {}),
        ("", "CloseReturn", {}),
    ],
)
def test_no_verb_leads_out_of_a_state_that_it_is_not_for(
    desk: Desk, before: str, method: str, given: dict[str, object]
) -> None:
    rma = delivered(desk)
    first = {"RecordReturnProof": {"carrier": "UPS", "tracking_number": "1Z"}, "CancelRma": {"comment": "Keep it."}}
    if before:
        rma = do(desk, before, conftest.SYSTEM, rma, **first.get(before, {}))

    with pytest.raises(ReturnWrongState) as refused:
        do(desk, method, conftest.SYSTEM, rma, **given)

    assert rma.number in str(refused.value)
    assert desk.list("Rma") == [rma]


def test_a_dispatcher_asks_parts_back_and_never_more_than_were_sent(desk: Desk) -> None:
    delivered(desk, quantity=3)
    (order,) = desk.list("FulfilmentOrder")

    def ask(caller: Caller = DISPATCHER, **more: object) -> rma_pb2.Rma:
        request = verbs.RaiseRmaRequest(fulfilment_order_id=order.id, cause=UNUSED, comment="Too many.", **more)
        answer: rma_pb2.Rma = desk.call("rma_desk", "RaiseRma", caller, request)
        return answer

    line = verbs.RmaLineWanted(fulfilment_line_id=order.lines[0].id, quantity=2)
    due = date_pb2.Date(year=2026, month=4, day=1)
    raised = ask(lines=[line], due_date=due, without_proof=True, request_id="q-1")
    assert ask(lines=[line], due_date=due, without_proof=True, request_id="q-1") == raised
    with pytest.raises(InvalidReturn) as too_many:
        ask(lines=[line])
    with pytest.raises(InvalidReturn) as unknown:
        ask(lines=[verbs.RmaLineWanted(fulfilment_line_id="x")])
    with pytest.raises(InvalidRequest) as past:
        ask(due_date=date_pb2.Date(year=2026, month=2, day=1))
    with pytest.raises(OrderHidden):
        ask(STRANGER)

    assert (raised.lines[0].quantity, raised.due_date, raised.proof_required) == (2, due, False)
    assert raised.reason == "Too many."
    assert [each.field for each in too_many.value.violations] == ["lines[0].quantity"]
    assert [each.field for each in unknown.value.violations] == ["lines[0].fulfilment_line_id"]
    assert [each.field for each in past.value.violations] == ["due_date"]
    assert [line.quantity for line in ask().lines] == [1]


@pytest.mark.req("R-1")
@pytest.mark.req("CP-47")
def test_a_partner_returns_parts_under_the_dispatchers_rules_and_leaves_day_and_proof_to_them(desk: Desk) -> None:
    delivered(desk, quantity=3)
    (order,) = desk.list("FulfilmentOrder")

    def send_back(caller: Caller = PARTNER, **more: object) -> rma_pb2.Rma:
        line = verbs.RmaLineWanted(fulfilment_line_id=order.lines[0].id, quantity=2, condition=WRONG)
        wanted = {"fulfilment_order_id": order.id, "cause": FAULTY, "lines": [line], **more}
        answer: rma_pb2.Rma = desk.call("rma_desk", "RaiseRma", caller, verbs.RaiseRmaRequest(**wanted))
        return answer

    raised = send_back(request_id="q-1")
    assert send_back(request_id="q-1") == raised
    with pytest.raises(InvalidReturn) as too_many:
        send_back()
    with pytest.raises(InvalidRequest) as reserved:
        due = date_pb2.Date(year=2026, month=4, day=1)
        send_back(cause=READDRESSED, due_date=due, without_proof=True)
    with pytest.raises(OrderHidden):
        send_back(STRANGER)
    with pytest.raises(NotYourPart):
        send_back(with_technician(desk))
    with pytest.raises(NotYourPart):
        do(desk, "CancelRma", PARTNER, raised, comment="Not needed.")

    assert (raised.state, raised.cause, raised.proof_required) == (REQUESTED, FAULTY, True)
    assert raised.due_date == date_pb2.Date(year=2026, month=3, day=11)
    assert [(each.quantity, each.condition) for each in raised.lines] == [(2, WRONG)]
    assert [each.field for each in too_many.value.violations] == ["lines[0].quantity"]
    assert [each.field for each in reserved.value.violations] == ["cause", "due_date", "without_proof"]
    assert news(desk).count(events_pb2.RMA_NEWS_RAISED) == 2


def test_nothing_can_be_asked_back_that_never_left(desk: Desk) -> None:
    organization(desk, places=True, version=1)
    desk.accept(acceptance_version=1)
    (order,) = desk.list("FulfilmentOrder")
    desk.track(carrier_says(1, 1, tracking="T0", order=order.number))

    with pytest.raises(ReturnWrongState) as refused:
        request = verbs.RaiseRmaRequest(fulfilment_order_id=order.id, cause=UNUSED)
        desk.call("rma_desk", "RaiseRma", DISPATCHER, request)

    assert order.number in str(refused.value)


@pytest.mark.req("CP-88")
def test_hard_case_11_old_parts_of_work_that_was_not_done_stay_and_unused_new_ones_return(desk: Desk) -> None:
    delivered(desk)

    end(desk)

    by_cause = {each.cause: each for each in desk.list("Rma")}
    assert (by_cause[OLD].state, by_cause[UNUSED].state) == (CANCELLED, REQUESTED)
    assert "stay in place" in by_cause[OLD].remark
    assert news(desk)[1:] == [events_pb2.RMA_NEWS_CANCELLED, events_pb2.RMA_NEWS_RAISED]


@pytest.mark.req("CP-88")
def test_old_parts_of_a_line_item_that_was_done_return_although_the_rest_ended(desk: Desk) -> None:
    rma = delivered(desk)
    moved = work_events.WorkOrderMoved(effects=["release_parts"], finished_line_item_ids=[rma.lines[0].line_item_id])

    desk.tell(moved, acceptance_version=1, category=DEAD)

    assert [(each.cause, each.state) for each in desk.list("Rma")] == [(OLD, REQUESTED)]


@pytest.mark.req("CP-83")
def test_reminders_go_out_before_and_after_the_due_day_once_each(desk: Desk) -> None:
    rma = delivered(desk)
    told: Callable[[], list[int]] = lambda: news(desk)[1:]  # noqa: E731
    due = datetime(2026, 3, 11, 15, tzinfo=UTC)

    desk.app.reminders.run_due(due - timedelta(days=4))
    assert told() == []
    for _ in range(2):
        desk.app.reminders.run_due(due - timedelta(days=3))
    assert told() == [events_pb2.RMA_NEWS_DUE_SOON]
    desk.app.reminders.run_due(datetime(2026, 3, 12, 4, 59, tzinfo=UTC))
    assert len(told()) == 1, "it is still the due day in Chicago"
    for days in (1, 2, 30):
        desk.app.reminders.run_due(due + timedelta(days=days))
    assert told() == [events_pb2.RMA_NEWS_DUE_SOON, events_pb2.RMA_NEWS_OVERDUE]
    assert desk.list("Rma")[0].due_date == rma.due_date


@pytest.mark.req("CP-83")
def test_nobody_is_reminded_of_what_is_on_its_way(desk: Desk) -> None:
    prove(desk, delivered(desk))

    assert desk.app.reminders.run_due(datetime(2026, 4, 1, tzinfo=UTC)) == 0


def test_what_went_to_a_wrong_address_needs_no_proof(desk: Desk) -> None:
    organization(desk, places=True, version=1)
    desk.move(effects=("request_parts",), parts=wanted(), acceptance_version=1)
    number = desk.list("FulfilmentOrder")[0].number
    desk.track(carrier_says(1, HANDED_OVER, tracking="T0", order=number))
    desk.tell(work_events.WorkOrderMoved(effects=["correct_ship_to"]), parts=asked(2), acceptance_version=2)

    assert [(each.cause, each.proof_required) for each in desk.list("Rma")] == [(READDRESSED, False)]
    assert date(2026, 3, 11) == date(*(getattr(desk.list("Rma")[0].due_date, n) for n in ("year", "month", "day")))
