"""Letting a technician go: every open assignment is given to somebody else or returned to the queue (CP-94)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import assignment_pb2, roster_service_pb2, roster_service_pb2_grpc
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc
from werkzeug.datastructures import MultiDict

from admin.grpcfab import cells
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import sentence
from admin.pages.roster.visits import SCHEDULE, reassigned, visits_of
from admin.pages.work_orders.assignment import Desk
from admin.pages.work_orders.crew import ASSIGN, FURTHER
from admin.pages.work_orders.sites import site_zone
from services.chassis.errors import Refusal, WrongState
from services.chassis.ids import derive_id, new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

QUEUE: Final = "queue"
# Beyond these, the page would take longer to build than anybody waits; the others are handled on the work order.
_OFFERED: Final = 20
_MOST: Final = 200
_FIELD: Final = "to-"
# Visits of approved work and service orders, which technicians keeps no assignments of.
_VISIT: Final = "visit-"


@dataclasses.dataclass
class Open:
    """An assignment that is open: its order, who else could do it, and what was chosen."""

    assignment: Any
    order: work_order_pb2.WorkOrder | None
    candidates: Sequence[Any] = ()
    chosen: str = ""
    problem: str = ""
    transition: str = ASSIGN
    present: str = ""
    """Person whose place the chosen one takes, where it is not the lead's."""
    field: str = _FIELD

    @property
    def number(self) -> str:
        return str(self.assignment.work_order_number or self.assignment.work_order_id)

    @property
    def key(self) -> str:
        """Name of its input."""
        return f"{self.field}{self.assignment.id}"

    @property
    def etag(self) -> str:
        return self.order.etag if self.order is not None else ""

    @property
    def when(self) -> cells.Cell:
        """The appointment, in the site's time."""
        if self.order is None or not self.order.appointment.HasField("start_time"):
            return cells.EMPTY
        return cells.instant(self.order.appointment.start_time.ToDatetime(tzinfo=dt.UTC), site_zone(self.order))


class Leaving:
    """One technician's leave as it is filled in."""

    def __init__(self, preview: roster_service_pb2.PreviewOffboardingResponse, sent: Mapping[str, str]) -> None:
        self.preview = preview
        self.technician_id = preview.membership.technician_id
        self.name = preview.technician_name
        self.reason = sent.get("reason", "").strip()
        self.request_key = sent.get("request_key", "") or new_id()
        self.etag = sent.get("etag_seen", "") or preview.membership.etag
        self.reason_problem = ""
        self.problems: list[str] = []
        self.open = self._open(sent)
        self._sent = sent

    @classmethod
    def of(cls, technician_id: str, sent: Mapping[str, str]) -> Leaving:
        """What is open now; raises Refusal for somebody who is not the viewer's to let go."""
        stub = mesh().stub(roster_service_pb2_grpc.RosterServiceStub)
        asked = roster_service_pb2.PreviewOffboardingRequest(technician_id=technician_id)
        return cls(stub.PreviewOffboarding(asked), sent)

    def _open(self, sent: Mapping[str, str]) -> list[Open]:
        assignments = list(self.preview.assignments)
        orders = _orders([each.work_order_id for each in assignments])
        found: list[Open] = []
        for assignment in assignments:
            order = orders.get(assignment.work_order_id)
            beside = {each.technician_id: each.person_id for each in order.further_technicians} if order else {}
            present = beside.get(self.technician_id, "")
            if order is not None and not present and order.technician.technician_id not in {"", self.technician_id}:
                continue  # somebody else has it by now; the assignments have not heard of it yet
            fresh = Open(assignment, order, transition=FURTHER if present else ASSIGN, present=present)
            fresh.chosen = sent.get(fresh.key, "")
            if order is not None and len(found) < _OFFERED:
                fresh.candidates = self._candidates(order)
            found.append(fresh)
        person_id, home = self.preview.person_id, self.preview.membership.organization_id
        for order, candidates in visits_of(person_id, home, _OFFERED):
            assignment = assignment_pb2.Assignment(id=order.id, work_order_id=order.id, work_order_number=order.number)
            visit = Open(assignment, order, candidates, transition=SCHEDULE, field=_VISIT)
            visit.chosen = sent.get(visit.key, "")
            found.append(visit)
        return found

    def _candidates(self, order: work_order_pb2.WorkOrder) -> list[Any]:
        """Colleagues who are qualified for the order and free then."""
        try:
            rows = Desk(order, MultiDict()).found().rows
        except Refusal:
            return []
        return [
            row.technician
            for row in rows
            if row.qualified and row.free == "yes" and row.technician.id != self.technician_id
        ]

    def check(self) -> bool:
        """Whether everything is said; what is not is named where it is missing."""
        if not self.reason:
            self.reason_problem = "Say why."
        for each in self.open:
            known = {QUEUE, *(candidate.person_id for candidate in each.candidates)}
            if not each.chosen:
                each.problem = "Choose who does it, or return it to the queue."
            elif each.chosen not in known:
                each.problem = "Choose somebody of the list."
        return not self.reason_problem and not any(each.problem for each in self.open)

    def commit(self) -> None:
        """Assign the others, all of whom are asked for first, then end the membership; raises Refusal."""
        given = [each for each in self.open if each.chosen != QUEUE]
        for each in given:
            self._try(each)
        refused = [each for each in given if each.problem]
        if refused:
            numbers = ", ".join(each.number for each in refused)
            raise WrongState(f"Nothing was changed: see work order {numbers}.", reason="OPEN_ASSIGNMENTS")
        for each in given:
            self._assign(each)
        mesh().stub(roster_service_pb2_grpc.RosterServiceStub).OffboardTechnician(
            _request(self.technician_id, self._sent)
        )

    def blame(self, refusal: Refusal) -> None:
        """Say what was refused; the form is sent again as another one, with what is open now."""
        kept = {each.assignment.id: each for each in self.open}
        self.request_key = new_id()
        self.problems.append(sentence(refusal))
        if refusal.kind == "stale" or any(each.field == "return_to_queue" for each in refusal.violations):
            fresh = Leaving.of(self.technician_id, {})
            self.etag = fresh.etag
            self.open = fresh.open
            for each in self.open:
                if each.assignment.id in kept:
                    each.chosen = kept[each.assignment.id].chosen
                    each.problem = kept[each.assignment.id].problem
        self.reason_problem = next((each.description for each in refusal.violations if each.field == "reason"), "")

    def told(self) -> str:
        """What was done, in a sentence or two."""
        queued = sum(each.chosen == QUEUE for each in self.open)
        given = len(self.open) - queued
        parts = [f"{self.name} was offboarded."]
        if given:
            parts.append(f"Assigned to somebody else: {_many(given)}.")
        if queued:
            parts.append(f"Returned to the queue: {_many(queued)}.")
        return " ".join(parts)

    def _try(self, each: Open) -> None:
        asked = work_order_service_pb2.PreviewTransitionRequest(
            work_order_id=each.assignment.work_order_id, transition=each.transition, **_given(each)
        )
        try:
            answer = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).PreviewTransition(asked)
        except Refusal as refusal:
            each.problem = sentence(refusal)
            return
        if not answer.allowed:
            each.problem = " ".join(one.message for one in answer.refusals) or "Cannot be assigned now."

    def _assign(self, each: Open) -> None:
        """Assign somebody else, once for each time that the form is sent."""
        try:
            mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).TransitionWorkOrder(
                work_order_service_pb2.TransitionWorkOrderRequest(
                    work_order_id=each.assignment.work_order_id,
                    transition=each.transition,
                    **_given(each),
                    etag=self._sent.get(f"etag-{each.assignment.id}", "") or each.etag,
                    request_id=derive_id("offboard", self.request_key, each.assignment.id),
                )
            )
        except Refusal as refusal:
            each.problem = sentence(refusal)
            raise


def done_before(technician_id: str, sent: Mapping[str, str]) -> bool:
    """Whether this very form was carried out already, as after a second click."""
    try:
        mesh().stub(roster_service_pb2_grpc.RosterServiceStub).OffboardTechnician(_request(technician_id, sent))
    except Refusal:
        return False
    return True


def _request(technician_id: str, sent: Mapping[str, str]) -> roster_service_pb2.OffboardTechnicianRequest:
    """What a form asks for; the same form makes the same request, whatever is open by now."""
    returned = [
        name.removeprefix(_FIELD) for name, choice in sent.items() if name.startswith(_FIELD) and choice == QUEUE
    ]
    return roster_service_pb2.OffboardTechnicianRequest(
        technician_id=technician_id,
        etag=sent.get("etag_seen", ""),
        reason=sent.get("reason", "").strip(),
        return_to_queue=sorted(returned),
        request_id=sent.get("request_key", ""),
    )


def _given(each: Open) -> dict[str, Any]:
    """What the transition is given: who comes, and for a visit the appointment as it stands."""
    if each.field == _VISIT and each.order is not None:
        return reassigned(each.order, each.chosen)
    inputs = work_order_service_pb2.TransitionInputs(person_id=each.chosen, present_person_id=each.present)
    return {"inputs": inputs}


def _orders(ids: Sequence[str]) -> dict[str, work_order_pb2.WorkOrder]:
    """The orders that the viewer sees, by id."""
    asked = list(dict.fromkeys(ids))[:_MOST]
    if not asked:
        return {}
    stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
    try:
        answer = stub.BatchGetWorkOrders(work_order_service_pb2.BatchGetWorkOrdersRequest(ids=asked))
    except Refusal:
        return {}
    return {order.id: order for order in answer.work_orders}


def _many(count: int) -> str:
    return f"{count} work order{'' if count == 1 else 's'}"
