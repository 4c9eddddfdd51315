"""One action on many orders: its form once, a preview of every row, and running it batch by batch (UM-9, UM-10).

The page's script sends the batches, so that progress shows and a stop is possible; the services see to it that nothing
is done twice.
"""

from __future__ import annotations

import dataclasses
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc
from flask import flash, jsonify, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab.context import mesh, resumed
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.work_orders import listing, moves
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldmesh.workorders.v1.view_service_pb2 import View

    from admin.grpcfab.forms import ResourceForm
    from admin.pages.work_orders.moves import Move

MOST_ORDERS: Final = 10_000
# So few that a batch ends within a browser's patience on a machine that is busy with other things.
BATCH: Final = 25
_OUTCOMES: Final = {
    work_order_service_pb2.BATCH_OUTCOME_DONE: "done",
    work_order_service_pb2.BATCH_OUTCOME_REFUSED: "refused",
    work_order_service_pb2.BATCH_OUTCOME_MISSING: "missing",
}
_GONE: Final = "This is not there any more, or not yours to see."


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The action that somebody wants to do with many orders, and what it asks for."""

    workflow: str
    move: Move

    @property
    def code(self) -> str:
        """What names it in forms."""
        return f"{self.workflow}/{self.move.transition.name}"


class Bulk:
    """The routes of actions on many orders."""

    @expose("/bulk", methods=["GET", "POST"])
    @has_access
    @redraws
    def bulk(self) -> Any:
        """The form of the chosen action; once it is filled in, the page that previews and runs it."""
        if request.method == "GET":
            return redirect(self.url(""))  # type: ignore[attr-defined]
        chosen, ids = _chosen(request.form.get("transition", "")), self._selected()
        if not ids:
            flash("Select work orders first.", "warning")
            return redirect(self.url("") + self._list_state().url())  # type: ignore[attr-defined]
        filled = request.form.get("step") == "check"
        if not filled and chosen.move.asks:
            return self._draw_bulk("bulk_form", chosen, chosen.move.drawn(), ids)
        form = chosen.move.sent(request.form) if filled else chosen.move.drawn()
        if filled and (resumed() or not form.validate()):
            return self._draw_bulk("bulk_form", chosen, form, ids), 422
        return self._draw_bulk("bulk_run", chosen, form, ids)

    @expose("/bulk/run", methods=["POST"])
    @has_access
    def bulk_run(self) -> Any:
        """One batch: what would become of its rows, or what became of them."""
        chosen = _chosen(request.form.get("transition", ""))
        form = chosen.move.sent(request.form)
        if not form.validate():
            return jsonify(problem="What was entered is not complete: go back and look at it again."), 422
        try:
            stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
            answer = stub.BatchTransitionWorkOrders(_batch(chosen, form))
        except Refusal as refusal:
            return jsonify(problem=sentence(refusal)), http_status(refusal)
        return jsonify(results=[self._told_result(result) for result in answer.results])

    def _told_result(self, result: work_order_service_pb2.BatchResult) -> dict[str, Any]:
        missing = result.outcome == work_order_service_pb2.BATCH_OUTCOME_MISSING
        return {
            "id": result.work_order_id,
            "number": result.number,
            "url": "" if missing else self.url_of(result.work_order_id),  # type: ignore[attr-defined]
            "outcome": _OUTCOMES.get(result.outcome, "refused"),
            "state": result.state_label,
            "reasons": [_GONE] if missing else [refusal.message for refusal in result.refusals],
            "etag": result.etag,
        }

    def _selected(self) -> list[str]:
        """The ids of the rows that were ticked, of all of the view, or of the step before."""
        if carried := request.form.get("rows"):
            ids = carried.split(",")
        elif request.form.get("all"):
            state = self._list_state()
            pages = self.datamodel.pages_of(state, self.filters(state), "")  # type: ignore[attr-defined]
            ids = [row.id for row in islice((row for rows in pages for row in rows), MOST_ORDERS)]
        else:
            ids = request.form.getlist("rowid")
        return list(dict.fromkeys(ids))[:MOST_ORDERS]

    def _list_state(self) -> listing.ViewState:
        view: View = self._view(listing.views())  # type: ignore[attr-defined]
        state: listing.ViewState = self._state(view)  # type: ignore[attr-defined]
        return state

    def _draw_bulk(self, template: str, chosen: Chosen, form: ResourceForm, ids: Sequence[str]) -> Any:
        return self.render_template(  # type: ignore[attr-defined]
            f"pages/work_orders/{template}.html",
            panel=self,
            title=chosen.move.transition.label,
            chosen=chosen,
            move=chosen.move,
            form=form,
            ids=ids,
            size=BATCH,
            back=self.url("") + self._list_state().url(),  # type: ignore[attr-defined]
            query=request.query_string.decode(),
        )


def _chosen(code: str) -> Chosen:
    """An action that is offered to the viewer for many orders; PageMissing for another one."""
    workflow, _, name = code.partition("/")
    for offer in listing.bulk_offers():
        if (offer.workflow, offer.transition.name) == (workflow, name):
            return Chosen(workflow, moves.move_of(offer.transition, work_order_pb2.WorkOrder()))
    raise PageMissing


def _batch(chosen: Chosen, form: ResourceForm) -> work_order_service_pb2.BatchTransitionWorkOrdersRequest:
    single = chosen.move.request(form)
    rows = zip(request.form.getlist("rowid"), request.form.getlist("etag"), strict=False)
    return work_order_service_pb2.BatchTransitionWorkOrdersRequest(
        rows=[work_order_service_pb2.BatchRow(work_order_id=row, etag=etag) for row, etag in rows],
        transition=single.transition,
        workflow=chosen.workflow,
        work_order=single.work_order,
        update_mask=single.update_mask,
        inputs=single.inputs,
        request_id=single.request_id,
        validate_only=bool(request.form.get("preview")),
    )
