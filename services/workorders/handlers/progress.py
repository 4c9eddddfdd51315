"""What shipping tells of an order: its SLA target, and how far its parts are (CP-71, CP-73)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from fieldmesh.shipping.v1 import events_pb2, fulfilment_order_pb2

from services.chassis.errors import NotFound
from services.chassis.identity import service_caller
from services.chassis.log import get_logger
from services.workorders import repository, wire
from services.workorders.domain import paths
from services.workorders.domain.fulfilment import implied_transition
from services.workorders.domain.history import Evidence
from services.workorders.domain.situation import Inputs
from services.workorders.domain.work_order import FulfilmentSummary
from services.workorders.handlers import moving, parcels, targets
from services.workorders.handlers.copying import copy
from services.workorders.handlers.moving import Move
from services.workorders.presenting import sla_summary
from services.workorders.rows import flatten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2

    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.workflow import Workflow
    from services.workorders.repository import Stored

log = get_logger(__name__)
SHIPPING = service_caller("shipping")
EXPECTED_CHANGED = "expected_delivery_changed"
EXPECTED_DATE = "fulfilment.expected_delivery_date"
_PHASES = fulfilment_order_pb2.FulfilmentPhase.DESCRIPTOR


class Progress:
    """Copies what shipping tells into the orders and fires the transitions that it implies, never backwards.

    Copies leave an order's etag as it is: what a user has open stays valid, and what depends on a target is checked
    against its version.
    """

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows

    def sla_target_changed(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.SlaTargetChanged
    ) -> None:
        """Keep the newest target of an order; a changed date is a row of history."""
        del event
        target = payload.target
        stored = self._locked(transaction, target.work_order_id)
        if stored is None or target.version <= stored.order.sla.version:
            return
        sla = sla_summary(target)
        changed = replace(stored.order, sla=sla)
        evidence = targets.evidence_of(sla.version, sla.as_of_time)
        copy(transaction, SHIPPING, stored.order, changed, ("sla.due_date",), flatten(sla, "sla_"), evidence)

    def fulfilment_progressed(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.FulfilmentProgressed
    ) -> None:
        """Keep the newest summary of the parts, and move the order where they imply it."""
        del event
        stored = self._locked(transaction, payload.work_order_id)
        if stored is None or _newest(stored.row) >= (payload.acceptance_version, payload.version):
            return
        told = {"fulfilment": _told(payload), "parcels": parcels.counted(payload.parcels)}
        workflow = self._workflows.of(stored.order.workflow, stored.order.workflow_version)
        stored = self._expected_date(transaction, workflow, stored, payload, told)
        phase = wire.enum_code(_PHASES, payload.phase)
        implied = implied_transition(workflow.definition, stored.order.state, phase)
        if implied is not None:
            move = Move(implied.name, Inputs(), remote=told, evidence=(_evidence(payload),))
            stored = moving.commit(transaction, SHIPPING, workflow, stored, move).stored
        summary = FulfilmentSummary(
            phase=phase,
            order_number=payload.order_number,
            fulfilment_order_id=payload.fulfilment_order_id,
            expected_delivery_date=stored.order.fulfilment.expected_delivery_date,
            as_of_time=transaction.now,
        )
        columns = {
            **flatten(summary, "fulfilment_"),
            "fulfilment_version": payload.version,
            "fulfilment_acceptance": payload.acceptance_version,
        }
        changed = replace(stored.order, fulfilment=summary)
        number = ("fulfilment.order_number",)
        copy(transaction, SHIPPING, stored.order, changed, number, columns, _evidence(payload))

    def _expected_date(
        self,
        transaction: Transaction,
        workflow: Workflow,
        stored: Stored,
        payload: events_pb2.FulfilmentProgressed,
        told: Mapping[str, object],
    ) -> Stored:
        """A changed expected date is a move of its own while parts are on their way, with mail and reason."""
        date = paths.read(told, EXPECTED_DATE)
        if date == stored.order.fulfilment.expected_delivery_date:
            return stored
        transition = workflow.definition.transitions.get(EXPECTED_CHANGED)
        if transition is not None and stored.order.state in transition.starts:
            move = Move(EXPECTED_CHANGED, Inputs(comment=payload.reason), remote=told, evidence=(_evidence(payload),))
            return moving.commit(transaction, SHIPPING, workflow, stored, move).stored
        changed = paths.write(stored.order, {EXPECTED_DATE: date})
        columns = {"fulfilment_expected_delivery_date": date}
        order = copy(transaction, SHIPPING, stored.order, changed, (EXPECTED_DATE,), columns, _evidence(payload))
        return replace(stored, order=order, row={**stored.row, **columns})

    def _locked(self, transaction: Transaction, order_id: str) -> Stored | None:
        try:
            return repository.load(transaction.connection, SHIPPING, order_id, lock=True)
        except NotFound:
            # An order that was deleted before anybody worked on it, or one of another database that was restored.
            log.info("order.unknown", work_order=order_id)
            return None


def _newest(row: Mapping[str, Any]) -> tuple[int, int]:
    """The newest summary that an order has: a later acceptance has a fulfilment order of its own, which counts anew."""
    return row["fulfilment_acceptance"], row["fulfilment_version"]


def _evidence(payload: events_pb2.FulfilmentProgressed) -> Evidence:
    version = f"{payload.acceptance_version}.{payload.version}"
    return Evidence("shipping's fulfilment order", version, payload.progress_time.ToDatetime(tzinfo=UTC))


def _told(payload: events_pb2.FulfilmentProgressed) -> Mapping[str, object]:
    return {"expected_delivery_date": wire.read(payload, "expected_delivery_date")}
