"""Moving a visit to another day, time or person: the transitions and their guards do it, not this page (PT-10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc

from admin.grpcfab.context import mesh
from admin.pages.calendar.returning import step_url, tab_of
from admin.pages.work_orders import moves
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from admin.pages.calendar.visits import Visit

DATE, TIME = "appointment.date", "appointment.time"
# What a transition calls the person who goes.
PEOPLE: Final = ("inputs.person_id", "inputs.assignee_id")
_BUSY_GUARD: Final = "technician_is_free"
_FIXED: Final = "cannot be changed by you in this state"


@dataclass(frozen=True)
class Wanted:
    """Day, clock and person that somebody asks for, as typed."""

    day: str
    clock: str
    person_id: str

    @classmethod
    def read(cls, args: Mapping[str, str], visit: Visit) -> Wanted:
        """What the address says; the visit's own where it says nothing."""
        return cls(
            args.get("day") or visit.day.isoformat(),
            args.get("time") or visit.clock,
            args.get("person") or visit.person_id,
        )

    @property
    def date(self) -> dt.date | None:
        """The day; None for what is none."""
        try:
            return dt.date.fromisoformat(self.day)
        except ValueError:
            return None


class Transfer:
    """What it takes to bring a visit where it is wanted: at most two transitions, each with a form of its own."""

    def __init__(self, visit: Visit, wanted: Wanted) -> None:
        self.visit, self.wanted = visit, wanted
        self.order: work_order_pb2.WorkOrder = visit.order
        self._offered = {each.name: each for each in moves.available(self.order.id)}

    @cached_property
    def dating(self) -> str:
        """The transition that saves an appointment; empty where none is offered."""
        found = [name for name, each in self._offered.items() if DATE in _asked(each)]
        return next(iter(sorted(found, key=lambda name: not _requires(self._offered[name], DATE))), "")

    @cached_property
    def staffing(self) -> str:
        """The transition that says who goes: that of the appointment itself where it asks for both."""
        if self.dating and self._person_key(self.dating):
            return self.dating
        return next((name for name in self._offered if self._person_key(name)), "")

    @property
    def movable(self) -> bool:
        """Whether anything of the visit can be changed by the viewer."""
        return bool(self.dating or self.staffing)

    def problems(self) -> dict[str, str]:
        """What is wrong with what is wanted, by field."""
        found = {}
        if self.wanted.date is None:
            found["day"] = "Enter a date such as 2026-03-31."
        if not _is_clock(self.wanted.clock):
            found["time"] = "Hours and minutes, such as 14:30."
        if not found and self._redated and not self.dating:
            found["day"] = f"The appointment {_FIXED}."
        if self._restaffed and not self.staffing:
            found["person"] = f"Who goes {_FIXED}."
        if not found and not self._redated and not self._restaffed:
            found["day"] = "Choose another day, another time or somebody else."
        return found

    def url(self) -> str:
        """The form of the first transition, filled in; the second one follows it. Raises Refusal."""
        week = self.wanted.date or self.visit.day
        steps = self._steps()
        name, values = steps[0]
        then, more = steps[1] if len(steps) > 1 else ("", {})
        return step_url(self.order.id, name, values, tab_of(week, then, more))

    def _steps(self) -> list[tuple[str, Mapping[str, str]]]:
        both = self.dating == self.staffing
        who = {self._person_key(self.staffing): self.wanted.person_id} if self.staffing else {}
        when = {_key(DATE): self.wanted.day, _key(TIME): self.wanted.clock}
        if both:
            return [(self.dating, {**when, **(who if self.wanted.person_id else {})})]
        steps: list[tuple[str, Mapping[str, str]]] = []
        if self._redated:
            steps.append((self.dating, when))
        if self._restaffed:
            steps.append((self.staffing, who))
        return steps[::-1] if len(steps) > 1 and self._is_taken() else steps

    def _is_taken(self) -> bool:
        """Whether whoever goes now has another visit at the new time; then somebody else is assigned first."""
        if self.wanted.date is None:
            return False
        request = work_order_service_pb2.PreviewTransitionRequest(work_order_id=self.order.id, transition=self.dating)
        agreed = request.work_order.appointment
        agreed.date.year, agreed.date.month, agreed.date.day = self.wanted.date.timetuple()[:3]
        agreed.time = self.wanted.clock
        request.update_mask.paths.extend([DATE, TIME])
        try:
            answer: Any = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).PreviewTransition(request)
        except Refusal:
            return False  # the form itself says what is wrong
        return any(each.guard == _BUSY_GUARD for each in answer.refusals)

    @property
    def _redated(self) -> bool:
        return (self.wanted.date, self.wanted.clock) != (self.visit.day, self.visit.clock)

    @property
    def _restaffed(self) -> bool:
        return self.wanted.person_id != self.visit.person_id

    def _person_key(self, name: str) -> str:
        """The name in the browser of the input for who goes; empty where the transition asks for nobody."""
        asked = _asked(self._offered[name])
        return next((_key(path) for path in PEOPLE if path in asked), "")


def _asked(transition: moves.Available) -> set[str]:
    return {field.path for step in transition.steps for field in step.fields if not field.read_only}


def _requires(transition: moves.Available, path: str) -> bool:
    return any(field.path == path and field.required for step in transition.steps for field in step.fields)


def _key(path: str) -> str:
    return path.replace(".", "__")


def _is_clock(text: str) -> bool:
    try:
        return len(text) == len("09:00") and dt.time.fromisoformat(text) is not None
    except ValueError:
        return False
