"""What a transition is judged by: the order before and after, who acts, what was given, and what others told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from services.workorders.domain import paths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from services.workorders.domain.replacing import AffectedPart
    from services.workorders.domain.values import Actor, Money
    from services.workorders.domain.work_order import LineItem, WorkOrder

NOTHING: Mapping[str, object] = MappingProxyType({})

ROOTS = ("inputs", "snapshots", "actor", "before", "line_item", "now")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the caller gives with a transition: new values by path, and what is no field of the order."""

    values: Mapping[str, object] = field(default_factory=dict)
    reason_code: str = ""
    comment: str = ""
    resume_date: date | None = None
    seen_target_version: int | None = None
    person_id: str = ""
    continue_past_target: bool | None = None
    line_item_id: str = ""
    executor_org: str = ""
    freelancer: bool = False
    amount: Money | None = None
    cost_kind: str = "unspecified"
    cost_request_id: str = ""
    directed_action_id: str = ""
    title: str = ""
    due_date: date | None = None
    parcel_id: str = ""
    part_id: str = ""
    quantity: int | None = None
    reason_text: str = ""
    affected_parts: tuple[AffectedPart, ...] = ()
    approver_id: str = ""
    assignee_id: str = ""
    provider_org: str = ""
    seen_content_version: int | None = None
    present_person_id: str = ""


INPUT_NAMES = frozenset(name for name in Inputs.__dataclass_fields__ if name != "values")


@dataclass(frozen=True, slots=True)
class Situation:
    """One order at one moment; `snapshots` are facts of other aggregates and services, by name (hard-parts 21)."""

    order: WorkOrder
    before: WorkOrder
    actor: Actor
    now: datetime
    inputs: Inputs = field(default_factory=Inputs)
    snapshots: Mapping[str, object] = field(default_factory=dict)

    def read(self, path: str) -> object:
        """The value at a path: of the order, or below one of the ROOTS."""
        root, _, rest = path.partition(".")
        if root not in ROOTS:
            return paths.getter(path)(self.order)
        if root == "line_item":
            return paths.read(self.line_item, rest)
        whole = getattr(self, root)
        return paths.read(whole, rest) if rest else whole

    @property
    def line_item(self) -> LineItem | None:
        """The line item that the inputs name; None where they name none of this order."""
        wanted = self.inputs.line_item_id
        return next((item for item in self.order.line_items if item.id == wanted), None)

    def with_order(self, order: WorkOrder) -> Situation:
        """The same moment with another order."""
        return replace(self, order=order)
