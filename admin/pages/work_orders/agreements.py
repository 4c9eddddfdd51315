"""What stands beside the work: the orders that it continues or that continue it, requested costs, directed actions."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_pb2

from admin.grpcfab import cells, spec
from admin.pages.work_orders import related

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldmesh.common.v1 import types_pb2
    from google.protobuf.descriptor import EnumDescriptor

_ORDERS: Final = str(work_order_pb2.WorkOrder.DESCRIPTOR.full_name)
_CONTINUES: Final = {
    work_order_pb2.LINK_KIND_REALLOCATION: "Reallocated from",
    work_order_pb2.LINK_KIND_FOLLOW_UP: "Follow-up of",
}
_CONTINUED: Final = {
    work_order_pb2.LINK_KIND_REALLOCATION: "Reallocated as",
    work_order_pb2.LINK_KIND_FOLLOW_UP: "Follow-up",
}


@dataclasses.dataclass(frozen=True)
class Link:
    """Another order that this one is linked to; without an address where the viewer may not see it."""

    label: str
    number: str
    url: str


@dataclasses.dataclass(frozen=True)
class Asked:
    """A requested cost or a directed action as the page shows it; `open` ones can still be decided or done."""

    id: str
    title: str
    amount: str
    details: str
    badge: cells.Cell
    open: bool
    lines: Sequence[tuple[str, cells.Cell]]
    answer: str = ""


def links(order: work_order_pb2.WorkOrder) -> list[Link]:
    """The orders that this one continues, and that continue it."""
    ends = ((order.predecessor, _CONTINUES), (order.successor, _CONTINUED))
    linked = [(end, words[end.kind]) for end, words in ends if end.id and end.kind in words]
    if not linked:
        return []
    seen = {row.id for row in related.by_ids(_ORDERS, [end.id for end, _ in linked])}  # type: ignore[attr-defined]
    return [Link(word, end.number, f"/work-orders/{end.id}" if end.id in seen else "") for end, word in linked]


def cost_requests(order: work_order_pb2.WorkOrder) -> list[Asked]:
    """What the partner asked for beyond what is agreed, the open ones first, then the latest."""
    found = [_cost(each) for each in reversed(order.cost_requests)]
    return sorted(found, key=lambda each: not each.open)


def directed_actions(order: work_order_pb2.WorkOrder) -> list[Asked]:
    """What the vendor directed, the open ones first, then the latest."""
    found = [_action(each) for each in reversed(order.directed_actions)]
    return sorted(found, key=lambda each: not each.open)


def amount_of(money: types_pb2.Money) -> str:
    """An amount as people read it, such as 1,240.00 USD."""
    return f"{money.micros / 1_000_000:,.2f} {money.currency_code}"


def _cost(request: work_order_pb2.CostRequest) -> Asked:
    decided = request.decision != work_order_pb2.COST_DECISION_REQUESTED
    lines = [(request.requested_by, _when(request, "request_time"))]
    if decided:
        lines.append((request.decided_by, _when(request, "decide_time")))
    return Asked(
        id=request.id,
        title=_choice(work_order_pb2.CostKind.DESCRIPTOR, request.kind).text,
        amount=amount_of(request.amount),
        details=request.details,
        badge=_choice(work_order_pb2.CostDecision.DESCRIPTOR, request.decision),
        open=not decided,
        lines=lines,
        answer=request.comment,
    )


def _action(action: work_order_pb2.DirectedAction) -> Asked:
    done = action.HasField("done_time")
    until = action.due_date
    due = f"until {dt.date(until.year, until.month, until.day):%a %-d %b %Y}" if until.year else ""
    lines = [(action.directed_by, _when(action, "direct_time"))]
    if done:
        lines.append((action.done_by, _when(action, "done_time")))
    badge = cells.Cell("badge", "Done", tone="success") if done else cells.Cell("badge", "Open", tone="warning")
    return Asked(action.id, action.title, due, action.details, badge, not done, lines, action.result)


def _choice(kind: EnumDescriptor, number: int) -> cells.Cell:
    choice = spec.enum_choice(kind.values_by_number[number])
    return cells.Cell("badge", choice.label, tone=choice.tone)


def _when(message: Any, name: str) -> cells.Cell:
    return cells.instant(getattr(message, name).ToDatetime(tzinfo=dt.UTC)) if message.HasField(name) else cells.EMPTY
