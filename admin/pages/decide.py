"""Approving or denying from a mail: a signed link shows the order without a sign-in and asks once (hard-parts 25).

GET shows, POST acts, once, as the person whom the link names and with the rights that they have at that moment. The
link decides on one submission: once that is decided, withdrawn or replaced, the page says so.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_service_pb2, work_order_service_pb2_grpc
from flask import current_app, request
from flask_appbuilder.baseviews import BaseView

from admin import identity
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose
from admin.pages.approvals.content import ACTION_ITEMS, ESTIMATES, NOTES, content
from admin.pages.approvals.record import money, money_sum
from admin.pages.work_orders import moves
from services.chassis import links
from services.chassis.errors import NotFound, Refusal, WrongState
from services.chassis.ids import derive_id

if TYPE_CHECKING:
    from fieldmesh.workorders.v1 import work_order_pb2
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

ANSWERS: Final = ("approve", "deny")
SUBMITTED: Final = "submitted"
GONE: Final = 410
_NOT_YOURS: Final = "You may not decide on this work order any more. Sign in to see what you may do."


@dataclasses.dataclass(frozen=True)
class Dead:
    """Why a link leads nowhere."""

    title: str
    words: str
    status: int = GONE


class DecideView(BaseView):  # type: ignore[misc]
    """The one page that needs no sign-in; the link says who reads it."""

    route_base = "/decide"
    template_folder = None
    default_view = "decide"

    @expose("/<token>", methods=["GET", "POST"])
    def decide(self, token: str) -> Any:
        try:
            wanted = links.read(current_app.extensions["link_keys"], token)
        except links.LinkExpired:
            return self._dead(Dead("This link has expired", "Sign in to decide; the work order may still await you."))
        except links.LinkInvalid:
            words = "Open it from the mail once more, or sign in."
            return self._dead(Dead("This link is not valid", words, 404))
        try:
            who = identity.ask_directory(mesh(), person_id=wanted.person_id)
        except (NotFound, WrongState):
            return self._dead(Dead("You cannot decide any more", "Your access to Fieldmesh has ended.", 403))
        except Refusal as refusal:
            return self._dead(Dead("This cannot be shown now", sentence(refusal), http_status(refusal)))
        try:
            with identity.acting_as(who):
                return self._serve(wanted, who, token)
        except Refusal as refusal:
            return self._dead(Dead("This cannot be shown now", sentence(refusal), http_status(refusal)))

    def _serve(self, wanted: links.Decision, who: identity.Identity, token: str) -> Any:
        stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
        try:
            order = stub.GetWorkOrder(work_order_service_pb2.GetWorkOrderRequest(id=wanted.work_order_id))
        except NotFound:
            return self._dead(Dead("You cannot decide any more", _NOT_YOURS, 403))
        dead = _dead_end(order, wanted)
        if dead is not None:
            return self._dead(dead, order)
        if not {move.name for move in moves.available(order.id)}.issuperset(ANSWERS):
            return self._dead(Dead("You cannot decide any more", _NOT_YOURS, 403), order)
        problem = ""
        if request.method == "POST":
            name, comment = request.form.get("answer", ""), request.form.get("comment", "").strip()
            if name not in ANSWERS:
                problem = "Choose whether to approve or to deny."
            elif name == "deny" and not comment:
                problem = "Say why you deny it."
            else:
                return self._act(order, who, token, name, comment)
        return self._ask(order, who, problem)

    def _act(self, order: work_order_pb2.WorkOrder, who: identity.Identity, token: str, name: str, comment: str) -> Any:
        seen = request.form.get("seen", "")
        asked = work_order_service_pb2.TransitionWorkOrderRequest(
            work_order_id=order.id,
            transition=name,
            etag=request.form.get("etag_seen", ""),
            request_id=derive_id("decide", token, name, comment),
        )
        asked.inputs.comment = comment
        if seen.isdigit():
            asked.inputs.seen_content_version = int(seen)
        try:
            moves.fire(asked)
        except Refusal as refusal:
            return self._ask(order, who, sentence(refusal), http_status(refusal))
        done = "approved" if name == "approve" else "denied"
        words = f"Work order {order.number} was {done}, and {order.approval.submitter_name} is told."
        return self._dead(Dead("Thank you", words, 200), order)

    def _ask(
        self, order: work_order_pb2.WorkOrder, who: identity.Identity, problem: str = "", status: int = 422
    ) -> Any:
        page = self.render_template(
            "pages/decide/decide.html",
            frame="bare.html",
            title=f"Approve work order {order.number}?",
            order=order,
            who=who,
            problem=problem,
            comment=request.form.get("comment", ""),
            action_items=content(order, ACTION_ITEMS),
            notes=content(order, NOTES),
            estimates=content(order, ESTIMATES),
            money=money,
            money_sum=money_sum,
        )
        return page, status if problem else 200

    def _dead(self, dead: Dead, order: work_order_pb2.WorkOrder | None = None) -> Any:
        page = self.render_template(
            "pages/decide/dead.html", frame="bare.html", title=dead.title, words=dead.words, order=order
        )
        return page, dead.status


class DecidePage:
    """Registers the page; nobody needs a role for it."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        del roles
        builder.add_view_no_menu(DecideView)


def _dead_end(order: work_order_pb2.WorkOrder, wanted: links.Decision) -> Dead | None:
    """Why there is nothing to decide by this link; None where there is."""
    if order.state == SUBMITTED and order.approval.submission == wanted.submission:
        return None
    if order.approval.submission != wanted.submission:
        words = (
            "The work order was withdrawn and submitted again. There is a newer mail, where you are asked once more."
        )
        return Dead("This link is out of date", words)
    if not order.approval.HasField("decide_time"):
        return Dead("The submission was withdrawn", "There is nothing to decide now.")
    by = order.approval.delegate_name or order.approval.approver_name
    return Dead("This was decided already", f"{by} decided; the work order is {order.state_label} now.")
