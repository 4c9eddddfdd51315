"""The generic commands of the workflow: what may be done, what it would do, and doing it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import work_order_service_pb2

from services.chassis.errors import Unavailable
from services.chassis.etag import check_etag, etag_of
from services.chassis.idempotency import find_replay, run_once
from services.workorders.acting import actor_now
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.appointments import start_asked
from services.workorders.domain.crew import crew_of
from services.workorders.domain.history import Evidence
from services.workorders.domain.outcome import Refusal
from services.workorders.domain.schedule_flags import VISITOR_ABSENT, VISITOR_LACKS
from services.workorders.handlers import assigning, attendance, facts, moving, parcels, returns, targets, unchecked
from services.workorders.handlers.choices import choices_of
from services.workorders.handlers.moving import Move, Moved
from services.workorders.presenting import (
    change_message,
    followed_of,
    history_message,
    offer_message,
    order_message,
    refusal_messages,
    warning_messages,
)
from services.workorders.repository import Stored, load
from services.workorders.rows import order_row
from services.workorders.schemas import inputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.outcome import Outcome
    from services.workorders.domain.values import Actor
    from services.workorders.domain.workflow import Offer, Workflow

METHOD = "TransitionWorkOrder"
PARCEL = "inputs.parcel_id"
ELIGIBILITY, PARCELS, RETURNS, TARGET, VISIT = "eligibility", "parcels", "returns", "target", "visit"
ATTENDANCE = "attendance"

ListRequest = work_order_service_pb2.ListAvailableTransitionsRequest
ListResponse = work_order_service_pb2.ListAvailableTransitionsResponse
PreviewRequest = work_order_service_pb2.PreviewTransitionRequest
PreviewResponse = work_order_service_pb2.PreviewTransitionResponse
MoveRequest = work_order_service_pb2.TransitionWorkOrderRequest
MoveResponse = work_order_service_pb2.TransitionWorkOrderResponse


@dataclass(frozen=True, slots=True)
class Others:
    """The other services that moves ask before they commit."""

    desk: assigning.AssignmentDesk
    parcels: parcels.ParcelList
    sla: targets.SlaDesk
    returns: returns.ReturnList


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read for several orders at once.

    `told` are snapshots of other services by name, each with its evidence; `etag` is that of the order where the
    command itself names none.
    """

    told: Mapping[str, tuple[object, Evidence | None]] = field(default_factory=dict)
    etag: str = ""


NOTHING_GATHERED = Gathered()


class Transitions:
    """Answers for the orders' own workflow versions; every command is judged again under the order's row lock."""

    def __init__(self, database: Database, workflows: Workflows, others: Others, clock: Clock) -> None:
        self._database = database
        self._workflows = workflows
        self._desk = others.desk
        self._others = others
        self._clock = clock

    def available(self, caller: Caller, request: ListRequest) -> ListResponse:
        """What the caller is offered now, with forms and with why an offered one is refused."""
        with self._database.read() as connection:
            stored = load(connection, caller, request.work_order_id)
            known = facts.for_offers(connection, stored.order)
            now = self._clock.now()
            actor = actor_now(connection, caller, now)
        offers = self._offers(stored, actor, now, known)
        with self._database.read() as connection:
            asked = {offer.transition.reason_kinds for offer in offers}
            reasons = {kinds: facts.reasons_of(connection, stored.order.issuer_org, kinds) for kinds in asked}
            choices = [choices_of(connection, stored.order, offer.transition) for offer in offers]
        if any(field.path == PARCEL for offer in offers for field in offer.transition.form_fields()):
            on_the_way = {PARCEL: parcels.choices(self._others.parcels, stored.order.id)}
            choices = [{**each, **on_the_way} for each in choices]
        return ListResponse(
            transitions=[
                offer_message(offer, reasons[offer.transition.reason_kinds], each)
                for offer, each in zip(offers, choices, strict=True)
            ],
            etag=etag_of(stored.order.id, stored.order.version),
        )

    def _offers(self, stored: Stored, actor: Actor, now: datetime, known: Mapping[str, object]) -> Sequence[Offer]:
        """What is offered, judged with the order's returns where they matter and shipping answers (CP-83)."""
        workflow = self._workflow(stored)
        offers = workflow.available(stored.order, actor, now, known)
        if not any(RETURNS in workflow.snapshots_of(offer.transition.name) for offer in offers):
            return offers
        seen, _ = returns.told(self._others.returns, stored.order.id, now)
        return workflow.available(stored.order, actor, now, {**known, RETURNS: seen}) if seen["known"] else offers

    def preview(self, caller: Caller, request: PreviewRequest) -> PreviewResponse:
        """What a transition would do; nothing is stored, and nobody is reserved."""
        stored, result = self.foresee(caller, request)
        if isinstance(result, Refusal):
            return PreviewResponse(refusals=refusal_messages(result), warnings=warning_messages((), result))
        return self._preview(stored, result)

    def foresee(
        self, caller: Caller, request: PreviewRequest, gathered: Gathered = NOTHING_GATHERED
    ) -> tuple[Stored, Outcome | Refusal]:
        """An order as it stands, and what a transition would make of it. NotFound for a hidden one."""
        inputs = inputs_of(request.work_order, request.update_mask.paths, request.inputs)
        move = Move(request.transition, inputs)
        with self._database.read() as connection:
            stored = load(connection, caller, request.work_order_id)
            candidate = self._candidate(connection, stored, move)
        move = self._informed(stored, move, gathered)
        if candidate is not None:
            checked = self._checked(caller, candidate)
            move = replace(move.told(ELIGIBILITY, checked.eligibility, None), caveats=checked.caveats)
        with self._database.read() as connection:
            return stored, moving.judge(connection, caller, self._workflow(stored), stored, move, self._clock.now())

    def fire(self, caller: Caller, request: MoveRequest, gathered: Gathered = NOTHING_GATHERED) -> MoveResponse:
        """Fire a transition, once for each request id; what was gathered already is not asked again.

        Raises NotFound for a hidden order, StaleEtag, InvalidRequest naming every wrong field, the refusal that lists
        every guard, and Unavailable where a service that the move needs does not answer.
        """
        inputs = inputs_of(request.work_order, request.update_mask.paths, request.inputs)
        move = Move(request.transition, inputs, request.request_id)
        etag = request.etag or gathered.etag
        with self._database.read() as connection:
            stored = load(connection, caller, request.work_order_id)
            earlier = find_replay(connection, caller, METHOD, request.request_id, request, MoveResponse)
            if earlier is not None:
                return earlier
            check_etag(etag, stored.order.id, stored.order.version)
            candidate = self._candidate(connection, stored, move)
        move = self._informed(stored, move, gathered)
        if candidate is not None:
            move = self._reserved(caller, stored, move, candidate)

        def work(transaction: Transaction) -> MoveResponse:
            locked = load(transaction.connection, caller, stored.order.id, lock=True)
            check_etag(etag, locked.order.id, locked.order.version)
            done = moving.commit(transaction, caller, self._workflow(locked), locked, move)
            if candidate is not None and not move.assignment_id:
                unchecked.keep(transaction, caller, done.stored.order, move.inputs)
            return _answer(transaction.connection, caller, done)

        return run_once(self._database, caller, METHOD, request.request_id, request, MoveResponse, work)

    def _workflow(self, stored: Stored) -> Workflow:
        return self._workflows.of(stored.order.workflow, stored.order.workflow_version)

    def _candidate(self, connection: Connection, stored: Stored, move: Move) -> assigning.Candidate | None:
        """Whom to ask technicians about, where the transition looks at their eligibility."""
        if ELIGIBILITY not in self._workflow(stored).snapshots_of(move.transition) or not move.inputs.person_id:
            return None
        return assigning.candidate_of(connection, stored.order, move.inputs.person_id)

    def _informed(self, stored: Stored, move: Move, gathered: Gathered) -> Move:
        """The move with what others tell of it: parcels where the guards need them, and where they answer, the rest."""
        asked = self._workflow(stored).snapshots_of(move.transition)
        now = self._clock.now()
        if PARCELS in asked:
            known = gathered.told.get(PARCELS)
            chosen = move.inputs.parcel_id
            move = move.told(PARCELS, *(known or parcels.told(self._others.parcels, stored.order.id, chosen, now)))
        if RETURNS in asked:
            found = gathered.told.get(RETURNS)
            move = move.told(RETURNS, *(found or returns.told(self._others.returns, stored.order.id, now)))
        if TARGET in asked:
            move = move.told(TARGET, *targets.told(self._others.sla, stored.order, move.inputs, now))
        if VISIT in asked:
            move = self._visited(stored, move, now)
        if ATTENDANCE in asked:
            move = self._attended(stored, move, now)
        return move

    def _attended(self, stored: Stored, move: Move, now: datetime) -> Move:
        """The move with whether the person who is to go is absent at the appointment, where technicians answers."""
        start = start_asked(stored.order, move.inputs)
        if start is None or not move.inputs.assignee_id:
            return move
        with self._database.read() as connection:
            visitor = attendance.visitor_of(connection, stored.order, move.inputs.assignee_id, start)
        if visitor is None:
            return move
        seen = attendance.attendance_of(self._desk, visitor)
        if seen.known is not None:
            move = move.told(ATTENDANCE, seen.known, Evidence("technicians' absences", "", now))
        return replace(move, caveats=(*move.caveats, *seen.caveats))

    def _visited(self, stored: Stored, move: Move, now: datetime) -> Move:
        """The move with which assigned technicians are elsewhere, or lack a skill, at the appointment."""
        order, start = stored.order, start_asked(stored.order, move.inputs)
        crew = crew_of(order)
        if start is None or not crew:
            return move
        with self._database.read() as connection:
            visitors = [assigning.candidate_of(connection, order, each.person_id, start) for each in crew]
        seen = assigning.diaries_of(self._desk, visitors)
        if seen is None:
            return move
        told = move.told(VISIT, seen.busy, Evidence("technicians' visits", "", now))
        told = told.told(VISITOR_LACKS, seen.lacking, None).told(VISITOR_ABSENT, seen.absent, None)
        return replace(told, caveats=seen.caveats)

    def _reserved(self, caller: Caller, stored: Stored, move: Move, candidate: assigning.Candidate) -> Move:
        """The move with a reservation; refused before anybody is reserved where the guards refuse anyway."""
        known = self._checked(caller, candidate)
        checked = move.told(ELIGIBILITY, known.eligibility, None)
        with self._database.read() as connection:
            result = moving.judge(connection, caller, self._workflow(stored), stored, checked, self._clock.now())
        if isinstance(result, Refusal):
            raise result.error
        if known.eligibility.get("unchecked"):
            return replace(checked, caveats=known.caveats)
        held = assigning.reserve(self._desk, candidate, move.inputs, move.request_id)
        evidence = Evidence("technicians' reservation", held.version, self._clock.now())
        seen = move.told(ELIGIBILITY, held.eligibility, evidence)
        seen = seen.told(ELIGIBILITY, {**held.eligibility, "needed": known.eligibility.get("needed")}, None)
        return replace(seen, assignment_id=held.assignment_id, caveats=known.caveats)

    def _checked(self, caller: Caller, candidate: assigning.Candidate) -> assigning.Reservation:
        """What technicians says of a candidate; where it does not answer, a dispatcher may go on without.

        Raises Unavailable for everybody else (domain.md, "When one service is down").
        """
        try:
            return assigning.check(self._desk, candidate)
        except Unavailable:
            if not (caller.has("dispatcher") or caller.is_admin):
                raise
            return assigning.unchecked(candidate)

    def _preview(self, stored: Stored, outcome: Outcome) -> PreviewResponse:
        state = self._workflow(stored).state(outcome.to_state)
        row = {
            **stored.row,
            **order_row(outcome.order),
            "state_label": state.label,
            "state_rank": state.rank,
            "state_tone": state.tone,
            "category": state.category,
            "clock_running": state.clock_running,
            "frozen": state.frozen,
        }
        labels = history_labels()
        return PreviewResponse(
            allowed=outcome.happened,
            to_state=state.code,
            to_state_label=state.label,
            work_order=order_message(row),
            history=[change_message(change, labels) for change in outcome.changes],
            warnings=warning_messages(outcome.warnings),
        )


def _answer(connection: Connection, caller: Caller, done: Moved) -> MoveResponse:
    order_id = done.stored.order.id
    followed = order_id in followed_of(connection, caller, [order_id])
    return MoveResponse(
        work_order=order_message(done.stored.row, followed=followed),
        history=[history_message(row) for row in done.history],
        warnings=warning_messages(done.outcome.warnings),
        happened=done.outcome.happened,
    )
