"""The record page of an order that is approved: header, approval, content, visit, files, history and feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import action_item_pb2, work_order_service_pb2

from admin.grpcfab import cells
from admin.grpcfab.context import viewer
from admin.grpcfab.spec import resource_of
from admin.pages.approvals.content import ACTION_ITEMS, ESTIMATES, NOTES, content
from admin.pages.work_orders import related
from admin.pages.work_orders.listing import state_badge
from admin.pages.work_orders.sites import site_zone
from admin.pages.work_orders.tabs import FIRST, open_tab

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fieldmesh.common.v1 import types_pb2
    from fieldmesh.workorders.v1 import work_order_pb2

    from admin.grpcfab.rows import Row
    from admin.pages.work_orders.moves import Available

DRAFT: Final = "draft"
TABS: Final[Mapping[str, str]] = {"details": "Details", "related": "Related", "collaborate": "Collaborate"}
BAR: Final = work_order_service_pb2.TRANSITION_POSITION_BAR
MORE: Final = work_order_service_pb2.TRANSITION_POSITION_MORE


def money(amount: types_pb2.Money) -> str:
    """An amount as people read it."""
    return f"{amount.micros / 1_000_000:,.2f} {amount.currency_code}"


def money_sum(amounts: Iterable[types_pb2.Money]) -> str:
    """Totals of several currencies in one line."""
    return " + ".join(money(amount) for amount in amounts)


def draw(
    panel: Any, row: Row, offered: Sequence[Available], tabs: Mapping[str, Any], appointment: Mapping[str, cells.Cell]
) -> Any:
    """The page of an order; `tabs` gather what the tabs show that it shares with other work orders."""
    order: Any = row.message

    def gather(tab: str) -> Mapping[str, Any]:
        return _details(order, appointment) if tab == FIRST else tabs[tab](order, offered)

    opened = open_tab(panel, row, TABS, gather)
    tab, shown = opened.tab, opened.content
    editable = order.state == DRAFT and _is_home(order)
    return panel.render_template(
        "pages/approvals/show.html",
        panel=panel,
        title=f"{order.number} {order.subject}",
        row=row,
        order=order,
        badge=state_badge(order),
        site_zone=site_zone(order),
        bar=[each for each in offered if each.position == BAR],
        more=[each for each in offered if each.position == MORE],
        offered={each.name: each for each in offered},
        editable=editable,
        discardable=editable and not order.approval.submission and _is_creator(order),
        tabs=TABS,
        tab=tab,
        away=opened.away,
        money=money,
        money_sum=money_sum,
        action_badge=action_badge,
        **({**shown, "items": None} if tab == "related" else shown),
    )


def action_badge(item: action_item_pb2.ActionItem) -> cells.Cell:
    """The state of an action item as a badge."""
    choice = resource_of(action_item_pb2.ActionItem).fields["state"].choice(item.state)
    return cells.Cell("badge", choice.label, tone=choice.tone) if choice else cells.EMPTY


def _details(order: work_order_pb2.WorkOrder, appointment: Mapping[str, cells.Cell]) -> Mapping[str, Any]:
    return {
        "action_items": content(order, ACTION_ITEMS),
        "notes": content(order, NOTES),
        "estimates": content(order, ESTIMATES),
        "stations": related.by_ids("fieldmesh.workorders.v1.Station", order.station_ids),
        "appointment": appointment,
    }


def _is_home(order: work_order_pb2.WorkOrder) -> bool:
    """Whether the viewer's organisation edits the draft; the service decides again."""
    who: Any = viewer()
    if who is None:
        return False
    own = who.organization_id == order.issuer_org and bool(who.roles & {"requester", "dispatcher"})
    return own or "admin" in who.roles


def _is_creator(order: work_order_pb2.WorkOrder) -> bool:
    who: Any = viewer()
    return who is not None and (order.creator_id == who.person_id or "admin" in who.roles)
