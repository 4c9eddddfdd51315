"""One transition on several orders: row by row committed, and every row answered (B-4, UM-9, UM-10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import work_order_service_pb2
from sqlalchemy import or_, select

from services.chassis.errors import CODES, InvalidRequest, NotFound, StaleEtag, Violation, WrongState, is_refusal
from services.chassis.etag import etag_of
from services.chassis.ids import derive_id
from services.workorders.acting import actor_of
from services.workorders.domain import bulk
from services.workorders.domain.outcome import Refusal
from services.workorders.domain.workflow import Offer
from services.workorders.handlers import facts, parcels, returns
from services.workorders.handlers.choices import choices_of_many
from services.workorders.handlers.transitions import PARCELS, RETURNS, Gathered, PreviewRequest
from services.workorders.presenting import offer_message, refusal_messages
from services.workorders.schemas import inputs_of
from services.workorders.scope import branches
from services.workorders.tables import work_orders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.workorders.definitions import Workflows
    from services.workorders.domain.history import Evidence
    from services.workorders.handlers.transitions import Transitions

    Told = Mapping[str, tuple[object, Evidence | None]]

MOST_ROWS = 200

BatchRequest = work_order_service_pb2.BatchTransitionWorkOrdersRequest
BatchResponse = work_order_service_pb2.BatchTransitionWorkOrdersResponse
BulkResponse = work_order_service_pb2.ListBulkTransitionsResponse
MoveRequest = work_order_service_pb2.TransitionWorkOrderRequest
Result = work_order_service_pb2.BatchResult
DONE = work_order_service_pb2.BATCH_OUTCOME_DONE
REFUSED = work_order_service_pb2.BATCH_OUTCOME_REFUSED
MISSING = work_order_service_pb2.BATCH_OUTCOME_MISSING


@dataclass(frozen=True, slots=True)
class Services:
    """What batches are made of: moves of single orders, their workflows, and shipping's parcels and returns."""

    transitions: Transitions
    workflows: Workflows
    parcels: parcels.ParcelList
    returns: returns.ReturnList
    clock: Clock


class Batches:
    """Fires a transition on many orders as often as it would be fired on each of them alone."""

    def __init__(self, database: Database, services: Services) -> None:
        self._database = database
        self._transitions = services.transitions
        self._workflows = services.workflows
        self._parcels = services.parcels
        self._returns = services.returns
        self._clock = services.clock

    def offers(self, caller: Caller) -> BulkResponse:
        """What the caller may do with several orders at once, by the latest version of each workflow."""
        answer = BulkResponse()
        actor = actor_of(caller)
        with self._database.read() as connection:
            for definition in (self._workflows.latest(name).definition for name in self._workflows.names()):
                for transition in bulk.offered(definition, actor):
                    reasons = facts.reasons_of(connection, caller.organization_id, transition.reason_kinds)
                    answer.transitions.add(
                        workflow=definition.name,
                        workflow_label=definition.label,
                        transition=offer_message(
                            Offer(transition, (), {}), reasons, choices_of_many(connection, transition)
                        ),
                    )
        return answer

    def fire(self, caller: Caller, request: BatchRequest) -> BatchResponse:
        """Fire a transition on every row, or tell what would become of them.

        Raises InvalidRequest where rows or inputs are wrong before any order is looked at.
        """
        asked = _checked_rows(request)
        inputs_of(request.work_order, request.update_mask.paths, request.inputs)
        known = self._known(caller, asked)
        told = self._told(known, request.transition)
        results = []
        for row in request.rows:
            stored = known.get(row.work_order_id)
            if stored is None:
                missing = NotFound(f"There is no work order {row.work_order_id} that you may see.")
                results.append(_refused(Result(work_order_id=row.work_order_id), missing))
            else:
                etag = etag_of(row.work_order_id, stored["version"])
                gathered = Gathered(told.get(row.work_order_id, {}), etag)
                results.append(self._result(caller, request, row, stored, gathered))
        return BatchResponse(results=results)

    def _result(
        self,
        caller: Caller,
        request: BatchRequest,
        row: work_order_service_pb2.BatchRow,
        stored: Mapping[str, Any],
        gathered: Gathered,
    ) -> Result:
        """What became of a row; its refusal is a result as well, so that it never stops the others."""
        result = Result(work_order_id=row.work_order_id, number=stored["number"])
        try:
            definition = self._workflows.of(stored["workflow"], stored["workflow_version"]).definition
            bulk.check(definition, request.transition, request.workflow, request.update_mask.paths)
            if request.validate_only:
                return self._foreseen(caller, request, row, result, gathered)
            return self._fired(caller, request, row, result, gathered)
        except Exception as error:
            if not is_refusal(error):
                raise
            return _refused(result, error)

    def _fired(
        self,
        caller: Caller,
        request: BatchRequest,
        row: work_order_service_pb2.BatchRow,
        result: Result,
        gathered: Gathered,
    ) -> Result:
        single = MoveRequest(
            work_order_id=row.work_order_id,
            transition=request.transition,
            work_order=request.work_order,
            update_mask=request.update_mask,
            inputs=request.inputs,
            etag=row.etag,
            # The same batch again is the same move of each order, whatever other rows came with it.
            request_id=derive_id("batch", request.request_id, row.work_order_id) if request.request_id else "",
        )
        answer = self._transitions.fire(caller, single, gathered)
        if not answer.happened:
            raise WrongState(" ".join(warning.message for warning in answer.warnings), reason="TRANSITION_REFUSED")
        order = answer.work_order
        result.outcome, result.etag = DONE, order.etag
        result.state, result.state_label = order.state, order.state_label
        return result

    def _foreseen(
        self,
        caller: Caller,
        request: BatchRequest,
        row: work_order_service_pb2.BatchRow,
        result: Result,
        gathered: Gathered,
    ) -> Result:
        single = PreviewRequest(
            work_order_id=row.work_order_id,
            transition=request.transition,
            work_order=request.work_order,
            update_mask=request.update_mask,
            inputs=request.inputs,
        )
        stored, foreseen = self._transitions.foresee(caller, single, gathered)
        result.etag = etag_of(stored.order.id, stored.order.version)
        if row.etag and row.etag != result.etag:
            raise StaleEtag("The work order changed since it was read.")
        if isinstance(foreseen, Refusal):
            return _refused(result, foreseen.error, refusal_messages(foreseen))
        if not foreseen.happened:
            words = " ".join(warning.message for warning in foreseen.warnings)
            raise WrongState(words, reason="TRANSITION_REFUSED")
        workflow = self._workflows.of(stored.order.workflow, stored.order.workflow_version)
        result.outcome, result.state = DONE, foreseen.to_state
        result.state_label = workflow.state(foreseen.to_state).label
        return result

    def _known(self, caller: Caller, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """What moves the orders that the caller sees: one statement for the whole batch."""
        granted = branches(caller)
        if not granted:
            return {}
        columns = work_orders.c
        names = (columns.id, columns.number, columns.version, columns.workflow, columns.workflow_version)
        with self._database.read() as connection:
            rows = connection.execute(select(*names).where(columns.id.in_(ids), or_(*granted))).mappings()
            return {row["id"]: dict(row) for row in rows}

    def _told(self, known: Mapping[str, Mapping[str, Any]], transition: str) -> Mapping[str, Told]:
        """What shipping tells of the whole batch, where the transition looks at parcels or returns."""
        versions = {(row["workflow"], row["workflow_version"]) for row in known.values()}
        asked = frozenset[str]().union(*(self._workflows.of(*each).snapshots_of(transition) for each in versions))
        told: dict[str, dict[str, tuple[object, Evidence | None]]] = {order_id: {} for order_id in known}
        now = self._clock.now()
        if PARCELS in asked:
            for order_id, counted in parcels.told_of_many(self._parcels, sorted(known), "", now).items():
                told.setdefault(order_id, {})[PARCELS] = counted
        if RETURNS in asked:
            for order_id, open_ones in returns.told_of_many(self._returns, sorted(known), now).items():
                told[order_id][RETURNS] = open_ones
        return told


def _checked_rows(request: BatchRequest) -> list[str]:
    ids = [row.work_order_id for row in request.rows]
    problem = ""
    if not 0 < len(ids) <= MOST_ROWS:
        problem = f"Give between 1 and {MOST_ROWS} work orders."
    elif len(set(ids)) < len(ids):
        problem = "Give each work order once."
    if problem:
        raise InvalidRequest(problem, violations=[Violation("rows", problem)])
    return ids


def _refused(
    result: Result, error: Any, reasons: Sequence[work_order_service_pb2.GuardRefusal] | None = None
) -> Result:
    result.outcome = MISSING if error.kind == "missing" else REFUSED
    result.code = CODES[error.kind].name
    result.refusals.extend(refusal_messages(Refusal(error)) if reasons is None else reasons)
    return result
