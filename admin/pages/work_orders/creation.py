"""A new work order with its line items (R-2)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc
from flask import flash, redirect, request

from admin.grpcfab import spec, values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.routes import expose, has_access
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

_ASKED: Final = (
    "account_id", "facility_id", "territory_id", "entitlement_id", "case_id", "contact_id", "priority", "subject",
    "description", "station_ids", "site_validation_count", "customer_service_executive_id",
)  # fmt: skip
MOST_ITEMS: Final = 20
_ITEM_FIELDS: Final = {field.name: field for field in spec.fields_of(work_order_pb2.NewLineItem.DESCRIPTOR)}
_PART_FIELDS: Final = {field.name: field for field in spec.fields_of(work_order_pb2.PartNeed.DESCRIPTOR)}
_ITEM_SPECS: Final = tuple(
    _ITEM_FIELDS[name] for name in ("work_type_id", "station_id", "warranty_type", "description")
)
# A line item may do without a part; the work type says where one is needed.
_PART_SPECS: Final = tuple(dataclasses.replace(_PART_FIELDS[name], required=False) for name in ("part_id", "quantity"))
LineItemForm: Final = form_class((*_ITEM_SPECS, *_PART_SPECS), "LineItemForm")


class Creation:
    """The routes that make a new order."""

    @expose("/new", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        fields = self.datamodel.resource.fields  # type: ignore[attr-defined]
        kind = form_class([fields[name] for name in _ASKED], "NewWorkOrderForm")
        if request.method == "GET":
            return self._draw_new(kind.drawn(None), [_item_form(None, 0)])
        form = kind.sent(request.form)
        items = [_item_form(request.form, place) for place in _places(request.form)]
        sound = [form.validate(), *(_sound(item) for item in items)]
        if not items:
            return self._draw_new(form, [_item_form(None, 0)], ["A work order needs at least one line item."], 422)
        if not all(sound):
            return self._draw_new(form, items, (), 422)
        return self._create(form, items)

    def _create(self, form: ResourceForm, items: Sequence[ResourceForm]) -> Any:
        wanted = work_order_service_pb2.CreateWorkOrderRequest(request_id=form.request_key.data or new_id())
        for field in form.specs:
            values.write(wanted.work_order, field, dump(form[field.name], field))
        wanted.line_items.extend(_new_item(item) for item in items)
        try:
            made = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).CreateWorkOrder(wanted)
        except Refusal as refusal:
            problems = form.refuse(refusal) if refusal.kind == "invalid" else [sentence(refusal)]
            return self._draw_new(form, items, problems, http_status(refusal))
        flash(f"Work order {made.number} was created. Allocate it when it is ready.", "success")
        return redirect(self.url_of(made.id))  # type: ignore[attr-defined]

    @expose("/line-item-fields")
    @has_access
    def line_item_fields(self) -> Any:
        """The inputs of one more line item."""
        place = min(max(request.args.get("place", 1, int), 0), MOST_ITEMS - 1)
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/_new_item.html", item=_item_form(None, place), place=place, panel=self
        )

    def _draw_new(
        self, form: ResourceForm, items: Sequence[ResourceForm], problems: Sequence[str] = (), status: int = 200
    ) -> Any:
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/new.html",
            panel=self,
            title="New work order",
            form=form,
            items=items,
            problems=problems,
            most=MOST_ITEMS,
        )
        return page, status


def _places(formdata: MultiDict[str, str]) -> list[int]:
    """Which line items the browser sent, by the number in the names of their inputs."""
    found = {name.split("-", 2)[1] for name in formdata if name.startswith("item-") and name.count("-") >= 2}  # noqa: PLR2004
    return sorted(int(place) for place in found if place.isdigit())[:MOST_ITEMS]


def _item_form(formdata: MultiDict[str, str] | None, place: int) -> ResourceForm:
    data = None if formdata is not None else {"quantity": 1}
    form: ResourceForm = LineItemForm(formdata=formdata, data=data, prefix=f"item-{place}-", meta={"csrf": False})
    return form


def _sound(item: ResourceForm) -> bool:
    """Whether a line item can be sent; with a part it says how many."""
    sound = bool(item.validate())
    if item["part_id"].data and not item["quantity"].data:
        item["quantity"].errors = [*item["quantity"].errors, "How many of the part?"]
        return False
    return sound


def _new_item(item: ResourceForm) -> work_order_pb2.NewLineItem:
    made = work_order_pb2.NewLineItem()
    for field in _ITEM_SPECS:
        values.write(made, field, dump(item[field.name], field))
    if item["part_id"].data:
        need = made.parts.add()
        for field in _PART_SPECS:
            values.write(need, field, dump(item[field.name], field))
    return made
