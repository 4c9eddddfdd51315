"""Who is on an order, how many are missing, and whom the next choice is for (CP-62 to CP-67)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2
    from werkzeug.datastructures import MultiDict

ASSIGN: Final = "assign_technician"
FURTHER: Final = "assign_further_technician"
RELEASE: Final = "release_technician"
# The flag of an assignment that technicians has not looked at yet.
UNCHECKED: Final = "assignment_unchecked"


@dataclasses.dataclass(frozen=True)
class Present:
    """Somebody who is on the order; `unchecked` while technicians has not looked at the assignment."""

    technician: work_order_pb2.SiteTechnician
    leads: bool
    unchecked: bool

    @property
    def replace(self) -> str:
        """What the address of the search for somebody in this place ends with."""
        return f"?tab=assignment&replace={self.technician.person_id}"


class Crew:
    """The technicians of an order and the place that somebody is chosen for, as the address bar says it."""

    def __init__(
        self,
        order: work_order_pb2.WorkOrder,
        args: MultiDict[str, str],
        offered: Mapping[str, work_order_service_pb2.AvailableTransition],
    ) -> None:
        unchecked = {flag.person_id for flag in order.flags if flag.code == UNCHECKED}
        lead = [order.technician] if order.technician.person_id else []
        self.present = [
            Present(each, each is order.technician, each.person_id in unchecked)
            for each in (*lead, *order.further_technicians)
        ]
        self.needed = max(order.technicians_needed, 1)
        self.may_release = RELEASE in offered
        self.may_add = FURTHER in offered
        self.replaced = self._named(args.get("replace", ""))
        self.more = self.may_add and (
            bool(args.get("more")) or (not self.replaced and 0 < len(self.present) < self.needed)
        )
        if self.replaced is not None and not self.replaced.leads and not self.may_add:
            self.replaced = None

    @property
    def ids(self) -> frozenset[str]:
        """Persons who are on the order."""
        return frozenset(each.technician.person_id for each in self.present)

    @property
    def counted(self) -> str:
        """How many are needed and how many are there, in words; empty where one person does the work, as usual."""
        here = len(self.present)
        if self.needed < 2 and here < 2:  # noqa: PLR2004 - one is the usual case, which needs no words
            return ""
        return f"{self.needed} technician{'s' if self.needed > 1 else ''} needed, {here} assigned"

    @property
    def too_few(self) -> bool:
        return len(self.present) < self.needed

    @property
    def transition(self) -> str:
        """The transition that the choice fires."""
        if self.replaced is not None:
            return ASSIGN if self.replaced.leads else FURTHER
        return FURTHER if self.more else ASSIGN

    @property
    def kept(self) -> Sequence[tuple[str, str]]:
        """What a search has to send again so that it is for the same place."""
        if self.replaced is not None:
            return [("replace", self.replaced.technician.person_id)]
        return [("more", "1")] if self.more else []

    @property
    def sent(self) -> Sequence[tuple[str, str]]:
        """Inputs of the transition that are chosen already."""
        if self.replaced is None or self.replaced.leads:
            return ()
        return [
            ("inputs__present_person_id", self.replaced.technician.person_id),
            ("held", "inputs__present_person_id"),
        ]

    @property
    def place(self) -> str:
        """Whom the choice is for, in words."""
        if self.replaced is not None:
            return f"Choose who comes in the place of {self.replaced.technician.name}."
        if not self.present:
            return "Choose who comes; the first one leads." if self.needed > 1 else ""
        lead = self.present[0].technician.name
        return f"Choose who comes beside {lead}." if self.more else f"Whoever is chosen comes in the place of {lead}."

    def _named(self, person_id: str) -> Present | None:
        return next((each for each in self.present if each.technician.person_id == person_id), None)
