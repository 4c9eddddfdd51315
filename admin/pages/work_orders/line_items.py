"""Line items of an order that was not allocated yet: their form, and adding, editing and removing them (R-2)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import line_item_pb2, line_item_pb2_grpc, work_order_pb2
from flask import flash, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import spec, values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status, sentence
from admin.grpcfab.forms import ResourceForm, dump, form_class, load
from admin.grpcfab.routes import expose, has_access, redraws
from services.chassis.errors import Refusal, Violation
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.rows import Row

_ITEM_FIELDS: Final = {field.name: field for field in spec.fields_of(work_order_pb2.NewLineItem.DESCRIPTOR)}
_PART_FIELDS: Final = {field.name: field for field in spec.fields_of(work_order_pb2.PartNeed.DESCRIPTOR)}
_ITEM_SPECS: Final = tuple(
    _ITEM_FIELDS[name] for name in ("work_type_id", "station_id", "warranty_type", "description")
)
# A line item may do without a part; the work type says where one is needed.
_PART_SPECS: Final = tuple(dataclasses.replace(_PART_FIELDS[name], required=False) for name in ("part_id", "quantity"))
LineItemForm: Final = form_class((*_ITEM_SPECS, *_PART_SPECS), "LineItemForm")
_UNPROCESSABLE: Final = 422


def item_form(formdata: MultiDict[str, str] | None, place: int) -> ResourceForm:
    """The inputs of one of several line items in a form."""
    data = None if formdata is not None else {"quantity": 1}
    form: ResourceForm = LineItemForm(formdata=formdata, data=data, prefix=f"item-{place}-", meta={"csrf": False})
    return form


def is_sound(item: ResourceForm) -> bool:
    """Whether a line item can be sent; with a part it says how many."""
    valid = bool(item.validate())
    if item["part_id"].data and not item["quantity"].data:
        item["quantity"].errors = [*item["quantity"].errors, "How many of the part?"]
        return False
    return valid


def write(item: ResourceForm, made: Any) -> None:
    """A line item's input as a message: its first part is what the form holds, others stay."""
    for field in _ITEM_SPECS:
        values.write(made, field, dump(item[field.name], field))
    others = list(made.parts)[1:]
    del made.parts[:]
    if item["part_id"].data:
        need = made.parts.add()
        for field in _PART_SPECS:
            values.write(need, field, dump(item[field.name], field))
    made.parts.extend(others)


def blame(item: ResourceForm, violations: Iterable[Violation]) -> list[str]:
    """Put what a service finds wrong with a line item at its inputs; the rest is answered."""
    return item.blame(
        Violation("part_id" if each.field == "parts" else each.field, each.description) for each in violations
    )


class LineItems:
    """The routes that change the line items of an order that was not allocated yet."""

    @expose("/<pk>/line-items/new", methods=["GET", "POST"])
    @has_access
    @redraws
    def add_line_item(self, pk: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        if request.method == "GET":
            form = LineItemForm(formdata=None, data={"quantity": 1})
            form.remember("")
            return self._draw_item(row, form)
        form = LineItemForm.sent(request.form)
        if not is_sound(form):
            return self._draw_item(row, form, status=_UNPROCESSABLE)
        item = line_item_pb2.LineItem(work_order_id=row.id)
        write(form, item)
        wanted = line_item_pb2.CreateLineItemRequest(line_item=item, request_id=form.request_key.data or new_id())
        try:
            made = _service().CreateLineItem(wanted)
        except Refusal as refusal:
            return self._refused_item(row, form, refusal)
        flash(f"Line item {made.number} was added.", "success")
        return self._items_of(row)

    @expose("/<pk>/line-items/<item>/edit", methods=["GET", "POST"])
    @has_access
    @redraws
    def edit_line_item(self, pk: str, item: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        stored = _item(row, item)
        if request.method == "GET":
            return self._draw_item(row, _filled(stored), stored)
        form = LineItemForm.sent(request.form)
        if not is_sound(form):
            return self._draw_item(row, form, stored, status=_UNPROCESSABLE)
        touched = {"parts" if field in _PART_SPECS else field.name for field in form.touched()}
        write(form, stored)
        stored.etag = form.etag_seen.data or ""
        wanted = line_item_pb2.UpdateLineItemRequest(line_item=stored, request_id=form.request_key.data or new_id())
        wanted.update_mask.paths.extend(sorted(touched))
        try:
            if touched:
                _service().UpdateLineItem(wanted)
        except Refusal as refusal:
            return self._refused_item(row, form, refusal, _item(row, item))
        flash(f"Line item {stored.number} was saved." if touched else "Nothing was changed.", "success")
        return self._items_of(row)

    @expose("/<pk>/line-items/<item>/remove", methods=["POST"])
    @has_access
    def remove_line_item(self, pk: str, item: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        wanted = line_item_pb2.DeleteLineItemRequest(
            id=item, etag=request.form.get("etag_seen", ""), request_id=request.form.get("request_key", "")
        )
        try:
            _service().DeleteLineItem(wanted)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash("The line item was removed.", "success")
        return self._items_of(row)

    def _items_of(self, row: Row) -> Any:
        return redirect(f"{self.url_of(row.id)}?tab=related")  # type: ignore[attr-defined]

    def _refused_item(
        self, row: Row, form: ResourceForm, refusal: Refusal, item: line_item_pb2.LineItem | None = None
    ) -> Any:
        """The form again with what is wrong; after somebody else's change, saving once more puts this one in place."""
        if refusal.kind == "stale" and item is not None:
            form.etag_seen.data, form.request_key.data = item.etag, new_id()
        problems = blame(form, refusal.violations) if refusal.violations else [form_sentence(refusal)]
        return self._draw_item(row, form, item, problems, http_status(refusal))

    def _draw_item(
        self,
        row: Row,
        form: ResourceForm,
        item: line_item_pb2.LineItem | None = None,
        problems: Iterable[str] = (),
        status: int = 200,
    ) -> Any:
        order: Any = row.message
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/line_item.html",
            panel=self,
            title=f"Line item {item.number}" if item is not None else "New line item",
            row=row,
            facility_id=order.facility_id,
            form=form,
            problems=list(problems),
            status=status,
        )
        return page, status


def _filled(item: line_item_pb2.LineItem) -> ResourceForm:
    part = item.parts[0] if item.parts else work_order_pb2.PartNeed(quantity=1)
    form: ResourceForm = LineItemForm(formdata=None, data={**load(item, _ITEM_SPECS), **load(part, _PART_SPECS)})
    form.remember(item.etag)
    return form


def _item(row: Row, one: str) -> line_item_pb2.LineItem:
    """A line item of an order; 404 for that of another."""
    found = _service().GetLineItem(line_item_pb2.GetLineItemRequest(id=one))
    if found.work_order_id != row.id:
        raise PageMissing
    return found


def _service() -> line_item_pb2_grpc.LineItemServiceStub:
    return mesh().stub(line_item_pb2_grpc.LineItemServiceStub)
