"""Work orders before they are allocated: a new one with its line items, and editing it (R-2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_service_pb2, work_order_service_pb2_grpc
from flask import flash, redirect, request

from admin.grpcfab import values
from admin.grpcfab.context import mesh, viewer
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.work_orders import line_items
from admin.pages.work_orders.line_items import is_sound, item_form, write
from services.chassis.errors import AlreadyExists, Refusal, Violation
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.rows import Row

# What a dispatcher gives, before the order is allocated; all else is asked for by transitions.
GIVEN: Final = (
    "account_id", "facility_id", "territory_id", "entitlement_id", "case_id", "contact_id", "priority", "subject",
    "description", "station_ids", "site_validation_count", "customer_service_executive_id",
)  # fmt: skip
MOST_ITEMS: Final = 20
LONGEST_SUBJECT: Final = 300
UNALLOCATED: Final = "unallocated"
_IN_ITEM: Final = re.compile(r"line_items\[(\d+)\]\.(.+)")


class Creation:
    """The routes that make a new order, and change one that nobody works on yet."""

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @redraws
    def add(self) -> Any:
        fields = self.datamodel.resource.fields  # type: ignore[attr-defined]
        kind = form_class([fields[name] for name in GIVEN], "NewWorkOrderForm")
        if request.method == "GET":
            return self._draw_new(kind.drawn(None), [item_form(None, 0)])
        form = kind.sent(request.form)
        items = [item_form(request.form, place) for place in _places(request.form)]
        sound = [form.validate(), *(is_sound(item) for item in items)]
        if not items:
            return self._draw_new(form, [item_form(None, 0)], ["A work order needs at least one line item."], 422)
        if not all(sound):
            return self._draw_new(form, items, (), 422)
        return self._create(form, items)

    def _create(self, form: ResourceForm, items: Sequence[ResourceForm]) -> Any:
        wanted = work_order_service_pb2.CreateWorkOrderRequest(request_id=form.request_key.data or new_id())
        for field in form.specs:
            values.write(wanted.work_order, field, dump(form[field.name], field))
        for item in items:
            write(item, wanted.line_items.add())
        try:
            made = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).CreateWorkOrder(wanted)
        except Refusal as refusal:
            if isinstance(refusal, AlreadyExists):
                form.request_key.data = new_id()
            return self._draw_new(form, items, _refused(form, items, refusal), http_status(refusal))
        flash(f"Work order {made.number} was created. Allocate it when it is ready.", "success")
        for flag in made.flags:
            flash(flag.message, "warning")
        return redirect(self.url_of(made.id))  # type: ignore[attr-defined]

    @expose("/<pk>/edit", methods=["GET", "POST"])
    @has_access
    @redraws
    def edit(self, pk: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        if row.state != UNALLOCATED:
            flash("This work order was allocated; it is changed by its actions only.", "warning")
            return redirect(self.url_of(row.id))  # type: ignore[attr-defined]
        return super().edit(pk)  # type: ignore[misc]

    def _init_forms(self) -> None:
        super()._init_forms()  # type: ignore[misc]
        fields = self.datamodel.resource.fields  # type: ignore[attr-defined]
        self.edit_form = form_class([fields[name] for name in GIVEN], "WorkOrderEditForm")

    def narrowing(self, row: Row | None) -> Mapping[str, str]:
        """The customer service executive is one of the issuer's people."""
        who = viewer()
        issuer = row.issuer_org if row is not None else getattr(who, "organization_id", "")
        return {"organization_id": issuer}

    @expose("/subject-check")
    @has_access
    def subject_check(self) -> Any:
        """What the subject that is being written contradicts (CP-18); nothing while that cannot be told."""
        given = request.args
        if not given.get("subject", "").strip():
            return ""
        asked = work_order_service_pb2.CheckSubjectRequest(
            subject=given.get("subject", "")[:LONGEST_SUBJECT],
            entitlement_id=given.get("entitlement_id", ""),
            station_ids=[each for each in given.getlist("station_ids") if each],
            account_id=given.get("account_id", ""),
        )
        try:
            flags = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).CheckSubject(asked).flags
        except Refusal as refusal:
            if refusal.kind != "unavailable":
                raise
            return ""
        return self.render_template("pages/work_orders/_subject_flags.html", flags=flags)  # type: ignore[attr-defined]

    @expose("/line-item-fields")
    @has_access
    def line_item_fields(self) -> Any:
        """The inputs of one more line item."""
        place = min(max(request.args.get("place", 1, int), 0), MOST_ITEMS - 1)
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/_new_item.html", item=item_form(None, place), place=place, panel=self
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


def _refused(form: ResourceForm, items: Sequence[ResourceForm], refusal: Refusal) -> list[str]:
    """Put what is wrong at the inputs of the order and of its line items; what belongs to none is answered."""
    if not refusal.violations:
        return [form_sentence(refusal)]
    rest, problems = [], []
    for each in refusal.violations:
        inside = _IN_ITEM.fullmatch(each.field)
        if inside and int(inside[1]) < len(items):
            problems += line_items.blame(items[int(inside[1])], [Violation(inside[2], each.description)])
        else:
            rest.append(each)
    return form.blame(rest) + problems
