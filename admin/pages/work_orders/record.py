"""The record page: header, action bar and five tabs, each gathered when it is opened (CP-35 to CP-47)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from fieldmesh.workorders.v1 import (
    attachment_pb2,
    entitlement_pb2,
    line_item_pb2,
    station_pb2,
    work_order_pb2,
    work_order_service_pb2,
    work_order_service_pb2_grpc,
)
from flask import flash, g, redirect, request

from admin.grpcfab import cells
from admin.grpcfab.context import mesh, viewer, viewer_roles
from admin.grpcfab.errors import sentence
from admin.grpcfab.routes import expose, has_access
from admin.pages.work_orders import moves, parts, related
from admin.pages.work_orders.assignment import Desk
from admin.pages.work_orders.listing import state_badge
from admin.pages.work_orders.sites import site_zone, until
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from admin.grpcfab.rows import Row
    from admin.pages.work_orders.moves import Available

BAR: Final = work_order_service_pb2.TRANSITION_POSITION_BAR
MORE: Final = work_order_service_pb2.TRANSITION_POSITION_MORE
INLINE: Final = work_order_service_pb2.TRANSITION_POSITION_INLINE
TABS: Final[Mapping[str, str]] = {
    "details": "Details",
    "parts": "Related RMA / FSO",
    "related": "Related",
    "collaborate": "Collaborate",
    "assignment": "WO Assignment",
}
SLA_TONES: Final = {
    work_order_pb2.SLA_STATE_RUNNING: ("Running", "info"),
    work_order_pb2.SLA_STATE_PAUSED: ("Paused", "warning"),
    work_order_pb2.SLA_STATE_MET: ("Met", "success"),
    work_order_pb2.SLA_STATE_MISSED: ("Missed", "danger"),
    work_order_pb2.SLA_STATE_AWAITING_DELIVERY_DATE: ("Awaiting delivery date", ""),
    work_order_pb2.SLA_STATE_VOID: ("Void", ""),
    work_order_pb2.SLA_STATE_NONE: ("No SLA", ""),
}


@dataclasses.dataclass(frozen=True)
class Sla:
    """The SLA target as the page shows it; `late` means that it has passed while work goes on."""

    badge: cells.Cell
    due: cells.Cell
    date: str
    until: str
    late: bool
    at_risk: bool
    as_of: cells.Cell


class Record:
    """The record routes of the work orders' panel."""

    @expose("/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        if pk != row.id:
            return redirect(self.url_of(row.id))  # type: ignore[attr-defined]
        order: Any = row.message
        offered = moves.available(row.id)
        tab = request.args.get("tab", "")
        tab = tab if tab in TABS else "details"
        gather: Callable[[Any, Sequence[Available]], Mapping[str, Any]] = getattr(self, f"_tab_{tab}")
        g.opened = (self.datamodel.resource.full_name, row.id, f"{order.number} {order.subject}")  # type: ignore[attr-defined]
        away = ""
        try:
            content = gather(order, offered)
        except Refusal as refusal:
            if refusal.kind != "unavailable":
                raise
            content, away = {}, sentence(refusal)
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/show.html",
            panel=self,
            title=f"{order.number} {order.subject}",
            row=row,
            order=order,
            badge=state_badge(order),
            sla=sla_of(order),
            site_zone=site_zone(order),
            bar=[each for each in offered if each.position == BAR],
            more=[each for each in offered if each.position == MORE],
            inline={each.name: each for each in offered if each.position == INLINE},
            offered={each.name: each for each in offered},
            editable=self._editable(order),
            tabs=TABS,
            tab=tab,
            away=away,
            **content,
        )

    @expose("/<pk>/follow", methods=["POST"])
    @has_access
    def follow(self, pk: str) -> Any:
        wanted = request.form.get("follow") == "1"
        stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
        try:
            stub.FollowWorkOrder(work_order_service_pb2.FollowWorkOrderRequest(work_order_id=pk, follow=wanted))
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        return redirect(self.url_of(pk))  # type: ignore[attr-defined]

    @expose("/<pk>/target")
    @has_access
    def target(self, pk: str) -> Any:
        """The SLA target's reasoning in words (B-1)."""
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        order: Any = row.message
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/_target.html", panel=self, order=order, sla=sla_of(order), target=parts.target_of(order)
        )

    def _editable(self, order: work_order_pb2.WorkOrder) -> bool:
        """Only an order that was never allocated is edited as a form; later fields move by transitions."""
        return order.state == "unallocated" and self.may("edit")  # type: ignore[attr-defined]

    def _tab_details(self, order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Mapping[str, Any]:
        inline = {each.name: moves.move_of(each, order) for each in offered if each.position == INLINE}
        forms = {name: move.drawn() for name, move in inline.items() if name in {"save_appointment", "set_visit_times"}}
        address = order.site_address
        line = ", ".join(
            filter(
                None, [address.street, address.city, f"{address.state} {address.postal_code}".strip(), address.country]
            )
        )
        return {
            "moves": inline,
            "forms": forms,
            "stations": related.by_ids(station_pb2.Station.DESCRIPTOR.full_name, order.station_ids),
            "entitlement": related.title(entitlement_pb2.Entitlement.DESCRIPTOR.full_name, order.entitlement_id),
            "address": line,
            "map_url": f"https://www.openstreetmap.org/search?query={quote_plus(line)}" if line else "",
            "checklist": self._checklist(offered),
            "costs": _costs(order),
            "appointment": appointment_of(order),
            "visit": {
                "arrive": _instant(order.visit, "arrive_time", site_zone(order)),
                "depart": _instant(order.visit, "depart_time", site_zone(order)),
            },
        }

    @staticmethod
    def _checklist(offered: Sequence[Available]) -> Sequence[str] | None:
        """What is still missing before the order can be completed; None where that is not the viewer's to do."""
        complete = next((each for each in offered if each.name == "complete"), None)
        return None if complete is None else [refusal.message for refusal in complete.refusals]

    def _tab_parts(self, order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Mapping[str, Any]:
        del offered
        return {"fulfilments": parts.fulfilments(order)}

    def _tab_related(self, order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Mapping[str, Any]:
        del offered
        items = related.line_items(order)
        kinds = related.work_types(items)
        files = related.files(order)
        return {
            "items": items,
            "next_item": next((item.id for item in items if item.state == line_item_pb2.LINE_ITEM_STATE_OPEN), ""),
            "history": related.history(order, request.args.get("after", "")),
            "files": files,
            "removable": _removable(order, files),
            "deliverables": related.deliverables(kinds),
            "old_part_returns": {kind.id for kind in kinds if kind.old_part_returns},
        }

    def _tab_collaborate(self, order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Mapping[str, Any]:
        del offered
        words, order_by = request.args.get("q", "").strip()[:200], request.args.get("sort", "activity")
        return {
            "feed": related.feed(order, words, order_by, request.args.get("after", "")),
            "words": words,
            "feed_order": order_by,
            "deliverables": related.deliverables(related.work_types(related.line_items(order))),
        }

    def _tab_assignment(self, order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Mapping[str, Any]:
        may = next((each for each in offered if each.name == "assign_technician"), None)
        desk = Desk(order, request.args, may.reasons if may else ())
        return {
            "desk": desk,
            "may_assign": may,
            "assignments": desk.assignments(),
            "found": desk.found() if may else None,
        }


def sla_of(order: work_order_pb2.WorkOrder) -> Sla:
    """The SLA target of an order; dates are those of the site."""
    sla = order.sla
    label, tone = SLA_TONES.get(sla.state, ("Not known yet", ""))
    zone = site_zone(order)
    due = sla.due_time.ToDatetime(tzinfo=dt.UTC) if sla.HasField("due_time") else None
    warn = sla.warn_time.ToDatetime(tzinfo=dt.UTC) if sla.HasField("warn_time") else None
    now = dt.datetime.now(dt.UTC)
    running = sla.state == work_order_pb2.SLA_STATE_RUNNING
    late = running and due is not None and now >= due
    at_risk = running and not late and warn is not None and now >= warn
    date = dt.date(sla.due_date.year, sla.due_date.month, sla.due_date.day) if sla.HasField("due_date") else None
    return Sla(
        badge=cells.Cell("badge", "Overdue" if late else "At risk" if at_risk else label,
                         tone="danger" if late else "warning" if at_risk else tone),
        due=cells.instant(due, zone) if due else cells.EMPTY,
        date=f"{date:%a %-d %b %Y}" if date else "",
        until=until(date, due.astimezone(zone)) if date and due else "",
        late=late,
        at_risk=at_risk,
        as_of=_instant(sla, "as_of_time"),
    )  # fmt: skip


def _removable(order: work_order_pb2.WorkOrder, files: Sequence[attachment_pb2.Attachment]) -> frozenset[str]:
    """Files that the viewer is offered to remove: their own, and all for dispatchers; the service decides."""
    who = viewer()
    if who is None or order.category == work_order_pb2.STATE_CATEGORY_DEAD or order.close_time.seconds:
        return frozenset()
    keeps_all = bool({"dispatcher", "admin"} & viewer_roles())
    return frozenset(file.id for file in files if keeps_all or file.owner.subject == who.person_id)


def _costs(order: work_order_pb2.WorkOrder) -> list[tuple[str, str, str]]:
    """What the completion costs beside work and travel, each with amount and details (CP-83)."""
    costs = order.costs
    lines = (
        ("Rental equipment", _money(costs, "rental_cost"), costs.rental_details),
        ("Permit", _money(costs, "permit_cost"), costs.permit_details),
    )
    return [line for line in lines if line[1] or line[2]]


def _money(message: Any, name: str) -> str:
    if not message.HasField(name):
        return ""
    money = getattr(message, name)
    return f"{money.micros / 1_000_000:,.2f} {money.currency_code}"


def appointment_of(order: work_order_pb2.WorkOrder) -> Mapping[str, cells.Cell]:
    """The appointment on the site's clock and on the viewer's."""
    if not order.appointment.HasField("start_time"):
        return {}
    start = order.appointment.start_time.ToDatetime(tzinfo=dt.UTC)
    return {"site": cells.instant(start, site_zone(order)), "viewer": cells.instant(start)}


def _instant(message: Any, name: str, zone: dt.tzinfo | None = None) -> cells.Cell:
    """An instant in a zone, by default the viewer's; nothing where it is not set."""
    if not message.HasField(name):
        return cells.EMPTY
    return cells.instant(getattr(message, name).ToDatetime(tzinfo=dt.UTC), zone)
