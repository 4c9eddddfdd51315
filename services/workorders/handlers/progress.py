"""What shipping tells of an order: its SLA target, and how far its parts are (CP-71, CP-73)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from fieldmesh.shipping.v1 import events_pb2, fulfilment_order_pb2

from services.chassis.errors import NotFound
from services.chassis.identity import service_caller
from services.chassis.log import get_logger
from services.workorders import repository, wire
from services.workorders.domain import paths
from services.workorders.domain.definition import Category
from services.workorders.domain.fulfilment import implied_transition
from services.workorders.domain.history import Evidence
from services.workorders.domain.schedule_flags import flags_with_target
from services.workorders.domain.situation import Inputs
from services.workorders.domain.work_order import FulfilmentSummary
from services.workorders.handlers import moving, parcels, targets
from services.workorders.handlers.copying import copy
from services.workorders.handlers.moving import Move
from services.workorders.json_values import records
from services.workorders.presenting import sla_summary
from services.workorders.rows import flatten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldmesh.common.v1 import events_pb2 as envelope_pb2

    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.work_order import WorkOrder
    from services.workorders.domain.workflow import Workflow
    from services.workorders.repository import Stored

log = get_logger(__name__)
SHIPPING = service_caller("shipping")
EXPECTED_CHANGED = "expected_delivery_changed"
EXPECTED_DATE = "fulfilment.expected_delivery_date"
_TOLD_OF_TARGETS = ("sla.due_date", "sla.warning", "flags")
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
        """Keep the newest target of an order; a changed date is a row of history, as is a warning that it lifts.

        One that overtakes an appointment that was in time when it was agreed raises a flag (hard case 4).
        """
        del event
        target = payload.target
        stored = self._locked(transaction, target.work_order_id)
        if stored is None or target.version <= stored.order.sla.version:
            return
        sla = sla_summary(target).warned_as(stored.order.sla)
        working = stored.row["category"] in {Category.OPEN, Category.HELD}
        flags = flags_with_target(stored.order, sla) if working else stored.order.flags
        changed = replace(stored.order, sla=sla, flags=flags)
        columns = {**flatten(sla, "sla_"), "flags": records(flags)}
        evidence = targets.evidence_of(sla.version, sla.as_of_time)
        copy(transaction, SHIPPING, stored.order, changed, _TOLD_OF_TARGETS, columns, evidence)

    def fulfilment_progressed(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.FulfilmentProgressed
    ) -> None:
        """Keep the newest summary of the parts, and move the order where they imply it.

        A summary of a time before shipping knew what was asked for last tells of parts that nobody waits for.
        """
        del event
        stored, told_parts = self._locked(transaction, payload.work_order_id), payload.parts
        if stored is None or not _is_news(stored, told_parts):
            return
        told = {"fulfilment": _told(told_parts), "parcels": parcels.counted(told_parts.parcels)}
        workflow = self._workflows.of(stored.order.workflow, stored.order.workflow_version)
        stored = self._expected_date(transaction, workflow, stored, payload, told)
        phase = _phase(told_parts, stored.order)
        implied = implied_transition(workflow.definition, stored.order.state, phase)
        if implied is not None:
            move = Move(implied.name, Inputs(), remote=told, evidence=(_evidence(payload),))
            stored = moving.commit(transaction, SHIPPING, workflow, stored, move).stored
        summary = FulfilmentSummary(
            phase=phase,
            order_number=told_parts.order_number,
            fulfilment_order_id=told_parts.fulfilment_order_id,
            expected_delivery_date=stored.order.fulfilment.expected_delivery_date,
            as_of_time=transaction.now,
        )
        columns = {
            **flatten(summary, "fulfilment_"),
            "fulfilment_version": told_parts.version,
            "fulfilment_acceptance": told_parts.acceptance_version,
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


def _is_news(stored: Stored, told: events_pb2.PartsSummary) -> bool:
    """Whether a summary is newer than the order's, and knows what the order asked for last."""
    is_newer = told.version > stored.row["fulfilment_version"]
    return is_newer and told.acceptance_version >= stored.order.acceptance_version


def _phase(told: events_pb2.PartsSummary, order: WorkOrder) -> str:
    """The phase of the parts; where shipping tells none, that of the order: asked for, or given up with the work."""
    code = wire.enum_code(_PHASES, told.phase)
    return order.fulfilment.phase if code == paths.UNSPECIFIED else code


def _evidence(payload: events_pb2.FulfilmentProgressed) -> Evidence:
    version = f"{payload.parts.acceptance_version}.{payload.parts.version}"
    return Evidence("shipping's fulfilment order", version, payload.progress_time.ToDatetime(tzinfo=UTC))


def _told(parts: events_pb2.PartsSummary) -> Mapping[str, object]:
    return {"expected_delivery_date": wire.read(parts, "expected_delivery_date")}
