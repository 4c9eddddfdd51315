"""Saying what is in a parcel, for the shipping desk of those who gave the work out (CP-47)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.shipping.v1 import shipment_pb2, shipment_pb2_grpc, shipping_service_pb2
from flask import flash, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.forms import ResourceForm, form_class
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.work_orders.contents import PACK
from admin.pages.work_orders.returning import fulfilment_of, number_in
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldmesh.shipping.v1 import fulfilment_order_pb2
    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.rows import Row

PackForm: Final = form_class((), "PackParcelForm")


class Packing:
    """The route of the work orders' panel that notes what is in a parcel."""

    @expose("/<pk>/parcels/<one>/contents", methods=["GET", "POST"])
    @has_access
    @redraws
    def pack_parcel(self, pk: str, one: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        parcel = _parcel(row, one)
        sent = fulfilment_of(row, parcel.fulfilment_order_id)
        if request.method == "GET":
            form = PackForm.drawn(None)
            form.remember(parcel.etag)
            return self._draw_parcel(row, form, parcel, sent)
        form = PackForm.sent(request.form)
        message = shipping_service_pb2.PackParcelRequest(
            parcel_id=parcel.id,
            contents=_packed(sent, request.form),
            etag=form.etag_seen.data or "",
            request_id=form.request_key.data or new_id(),
        )
        try:
            mesh().call(PACK, message)
        except Refusal as refusal:
            form.request_key.data = new_id()
            if refusal.kind == "stale":
                form.etag_seen.data = parcel.etag
            told = _named(refusal, message) or [form_sentence(refusal)]
            return self._draw_parcel(row, form, parcel, sent, told), http_status(refusal)
        flash(f"What is in {parcel.carrier} {parcel.tracking_number} was noted.", "success")
        return redirect(f"{self.url_of(row.id)}?tab=parts")  # type: ignore[attr-defined]

    def _draw_parcel(
        self,
        row: Row,
        form: ResourceForm,
        parcel: shipment_pb2.Parcel,
        sent: fulfilment_order_pb2.FulfilmentOrder,
        problems: Sequence[str] = (),
    ) -> Any:
        held = {each.fulfilment_line_id: each.quantity for each in parcel.contents}
        lines = [
            (line.id, line.part_number, line.part_name, line.quantity, held.get(line.id, 0)) for line in sent.lines
        ]
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/contents.html",
            panel=self,
            title=f"Contents of {parcel.tracking_number}",
            row=row,
            form=form,
            parcel=parcel,
            lines=lines,
            problems=list(problems),
            given=request.form,
        )


def _parcel(row: Row, one: str) -> shipment_pb2.Parcel:
    """A parcel of an order; 404 for that of another."""
    found = mesh().stub(shipment_pb2_grpc.ParcelServiceStub).GetParcel(shipment_pb2.GetParcelRequest(id=one))
    if found.work_order_id != row.id:
        raise PageMissing
    return found


def _packed(
    sent: fulfilment_order_pb2.FulfilmentOrder, given: MultiDict[str, str]
) -> list[shipping_service_pb2.PackedPart]:
    """How many of each line are in the parcel, as far as any are."""
    counted = ((line, number_in(given.get(f"quantity-{line.id}", ""))) for line in sent.lines)
    return [
        shipping_service_pb2.PackedPart(fulfilment_line_id=line.id, part_number=line.part_number, quantity=quantity)
        for line, quantity in counted
        if quantity
    ]


def _named(refusal: Refusal, message: shipping_service_pb2.PackParcelRequest) -> list[str]:
    """What is wrong with which part, instead of its place in the request."""
    parts = {f"contents[{place}]": each.part_number for place, each in enumerate(message.contents)}
    return [
        f"{parts.get(each.field.partition('.')[0], each.field)}: {each.description}." for each in refusal.violations
    ]
