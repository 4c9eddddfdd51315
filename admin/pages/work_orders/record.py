"""The record page: header, action bar and five tabs, each gathered when it is opened (CP-35 to CP-47)."""

from __future__ import annotations

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
from flask import flash, redirect, request

from admin.grpcfab import cells
from admin.grpcfab.context import mesh, viewer, viewer_roles
from admin.grpcfab.errors import sentence
from admin.grpcfab.routes import expose, has_access
from admin.pages.approvals import record as approval_record
from admin.pages.service_orders import record as service_record
from admin.pages.work_orders import agreements, moves, parts, related, return_verbs, returning
from admin.pages.work_orders.assignment import assignment_tab
from admin.pages.work_orders.listing import state_badge
from admin.pages.work_orders.sites import site_zone
from admin.pages.work_orders.sla import sla_of
from admin.pages.work_orders.tabs import open_tab
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from admin.grpcfab.rows import Row
    from admin.pages.work_orders.moves import Available

# The workflow whose records look otherwise.
APPROVED: Final = "facility_approval"
SERVICE: Final = "utility_request"
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


# Workflows whose records are drawn otherwise.
_OWN_PAGES: Final[Mapping[str, Callable[..., Any]]] = {APPROVED: approval_record.draw, SERVICE: service_record.draw}


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
        if own_page := _OWN_PAGES.get(order.workflow):
            shared = {"related": self._tab_related, "collaborate": self._tab_collaborate}
            return own_page(self, row, offered, shared, appointment_of(order))
        opened = open_tab(self, row, TABS, lambda tab: getattr(self, f"_tab_{tab}")(order, offered))
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
            links=agreements.links(order),
            tabs=TABS,
            tab=opened.tab,
            away=opened.away,
            **opened.content,
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
            "checklist": self._checklist(order, offered),
            "costs": _costs(order),
            "cost_requests": agreements.cost_requests(order),
            "directed_actions": agreements.directed_actions(order),
            "appointment": appointment_of(order),
            "visit": {
                "arrive": _instant(order.visit, "arrive_time", site_zone(order)),
                "depart": _instant(order.visit, "depart_time", site_zone(order)),
            },
        }

    @staticmethod
    def _checklist(order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Sequence[str] | None:
        """What is still missing before the order can be completed; None where that is not the viewer's to do."""
        complete = next((each for each in offered if each.name == "complete"), None)
        if complete is None:
            return None
        unproved = returning.unproved(order) if order.parts_required else []
        proofs = [f"Proof of return {number} is missing; see Related RMA / FSO." for number in unproved]
        return [*(refusal.message for refusal in complete.refusals), *proofs]

    def _tab_parts(self, order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Mapping[str, Any]:
        return {
            "fulfilments": parts.fulfilments(order, {each.name for each in offered}),
            "returns": parts.returns(order),
            "may_raise": return_verbs.may_raise(),
            "sends_back": return_verbs.sends_back(),
        }

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
        feed = related.feed(order, words, order_by, request.args.get("after", ""))
        return {
            "feed": feed,
            "views": related.seen(order, feed.rows),
            "words": words,
            "feed_order": order_by,
            "deliverables": related.deliverables(related.work_types(related.line_items(order))),
        }

    def _tab_assignment(self, order: work_order_pb2.WorkOrder, offered: Sequence[Available]) -> Mapping[str, Any]:
        return assignment_tab(order, request.args, {each.name: each for each in offered})


def _removable(order: work_order_pb2.WorkOrder, files: Sequence[attachment_pb2.Attachment]) -> frozenset[str]:
    """Files that the viewer is offered to remove: their own, and all for dispatchers; the service decides."""
    who = viewer()
    if who is None or order.frozen:
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
    return agreements.amount_of(getattr(message, name)) if message.HasField(name) else ""


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
