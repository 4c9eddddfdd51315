"""The record page of a service order: what, where, when and who; the meter's reads; files, history and feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2

from admin.grpcfab import cells
from admin.grpcfab.context import viewer
from admin.grpcfab.rows import Row
from admin.grpcfab.spec import Field, resource_of
from admin.pages.work_orders import related
from admin.pages.work_orders.listing import state_badge
from admin.pages.work_orders.sites import site_zone
from admin.pages.work_orders.tabs import FIRST, open_tab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from admin.pages.work_orders.moves import Available

NEW: Final = "new"
TABS: Final[Mapping[str, str]] = {"details": "Details", "related": "Related", "collaborate": "Collaborate"}
BAR: Final = work_order_service_pb2.TRANSITION_POSITION_BAR
MORE: Final = work_order_service_pb2.TRANSITION_POSITION_MORE


def service_badge(order: work_order_pb2.WorkOrder) -> cells.Cell:
    """What a service order is for, as a badge."""
    choice = _field("type").choice(order.utility.type)
    return cells.Cell("badge", choice.label, tone=choice.tone) if choice else cells.EMPTY


def read_words(value: float, unit: int) -> str:
    """A meter read with its unit."""
    choice = _field("read_unit").choice(unit)
    return f"{value:,.12g} {choice.label if choice and unit else ''}".strip()


def draw(
    panel: Any, row: Row, offered: Sequence[Available], tabs: Mapping[str, Any], appointment: Mapping[str, cells.Cell]
) -> Any:
    """The page of an order; `tabs` gather what the tabs show that it shares with other work orders."""
    order: Any = row.message

    def gather(tab: str) -> Mapping[str, Any]:
        return _details(order, appointment) if tab == FIRST else tabs[tab](order, offered)

    opened = open_tab(panel, row, TABS, gather)
    tab, shown = opened.tab, opened.content
    return panel.render_template(
        "pages/service_orders/show.html",
        panel=panel,
        title=f"{order.number} {order.subject}",
        row=row,
        order=order,
        badge=state_badge(order),
        service=service_badge(order),
        requested=cells.cell(Row(order.utility), _field("requested_date"), {}),
        read_words=read_words,
        site_zone=site_zone(order),
        bar=[each for each in offered if each.position == BAR],
        more=[each for each in offered if each.position == MORE],
        offered={each.name: each for each in offered},
        editable=order.state == NEW and _is_home(order),
        tabs=TABS,
        tab=tab,
        away=opened.away,
        **({**shown, "items": None} if tab == "related" else shown),
    )


def _details(order: work_order_pb2.WorkOrder, appointment: Mapping[str, cells.Cell]) -> Mapping[str, Any]:
    return {
        "stations": related.by_ids("fieldmesh.workorders.v1.Station", order.station_ids),
        "appointment": appointment,
    }


def _field(name: str) -> Field:
    asked = resource_of(work_order_pb2.WorkOrder).fields["utility"]
    return next(child for child in asked.children if child.name == name)


def _is_home(order: work_order_pb2.WorkOrder) -> bool:
    """Whether the viewer's office edits it; the service decides again."""
    who: Any = viewer()
    if who is None:
        return False
    return "admin" in who.roles or (who.organization_id == order.issuer_org and "dispatcher" in who.roles)
