"""A new service order in one form, and editing one while it is New (UM-1, UM-3, UM-8)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc
from flask import flash, redirect, request

from admin.grpcfab import values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.forms import ResourceForm, dump, form_class, load
from admin.grpcfab.routes import expose, has_access, redraws
from services.chassis.errors import AlreadyExists, Refusal, Violation
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.rows import Row

WORKFLOW: Final = "utility_request"
NEW: Final = "new"
WHERE: Final = ("account_id", "facility_id", "station_ids", "contact_id", "priority", "description")
WHAT: Final = ("type", "meter", "requested_date", "instructions", "materials")
_INSIDE: Final = "utility."
_UNPROCESSABLE: Final = 422


@dataclasses.dataclass(frozen=True)
class Pages:
    """The two halves of the form: what is to be done, and where."""

    what: ResourceForm
    where: ResourceForm

    def validate(self) -> bool:
        """Whether both halves are sound; each shows what is wrong with it."""
        return all([self.what.validate(), self.where.validate()])

    def fill(self, order: work_order_pb2.WorkOrder, *, every: bool) -> list[str]:
        """Write what was given into an order, all or what was touched, and give its paths."""
        paths = []
        for form, target, before in ((self.what, order.utility, _INSIDE), (self.where, order, "")):
            for field in form.specs if every else form.touched():
                values.write(target, field, dump(form[field.name], field))
                paths.append(f"{before}{field.name}")
        return paths

    def blame(self, refusal: Refusal) -> list[str]:
        """Put what is wrong at its inputs; what belongs to none is answered."""
        if not refusal.violations:
            return [form_sentence(refusal)]
        inside = [each for each in refusal.violations if each.field.startswith(_INSIDE)]
        rest = [each for each in refusal.violations if each not in inside]
        named = [Violation(each.field.removeprefix(_INSIDE), each.description) for each in inside]
        return [*self.what.blame(named), *self.where.blame(rest)]


class Requesting:
    """The routes that make a service order and change a New one."""

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @redraws
    def add(self) -> Any:
        if request.method == "GET":
            return self._draw_form(self._pages(), title="New service order")
        pages = self._pages(request.form)
        if not pages.validate():
            return self._draw_form(pages, title="New service order", status=_UNPROCESSABLE)
        wanted = work_order_service_pb2.CreateWorkOrderRequest(
            request_id=pages.where.request_key.data or new_id(), workflow=WORKFLOW
        )
        pages.fill(wanted.work_order, every=True)
        try:
            made = _service().CreateWorkOrder(wanted)
        except Refusal as refusal:
            if isinstance(refusal, AlreadyExists):
                pages.where.request_key.data = new_id()
            return self._draw_form(pages, pages.blame(refusal), title="New service order", status=http_status(refusal))
        flash(f"Service order {made.number} was created. Schedule it, or send it to a provider.", "success")
        return redirect(self.url_of(made.id))  # type: ignore[attr-defined]

    @expose("/<pk>/edit", methods=["GET", "POST"])
    @has_access
    @redraws
    def edit(self, pk: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        order: Any = row.message
        if order.state != NEW or order.workflow != WORKFLOW:
            flash("This work order is not New any more; it is changed by its actions only.", "warning")
            return redirect(self.url_of(row.id))  # type: ignore[attr-defined]
        title = f"Edit service order {order.number}"
        if request.method == "GET":
            return self._draw_form(self._pages(order=order), title=title, row=row)
        pages = self._pages(request.form, order=order)
        if not pages.validate():
            return self._draw_form(pages, title=title, row=row, status=_UNPROCESSABLE)
        wanted = work_order_service_pb2.UpdateWorkOrderRequest(request_id=pages.where.request_key.data or new_id())
        wanted.work_order.id, wanted.work_order.etag = row.id, pages.where.etag_seen.data or ""
        wanted.update_mask.paths.extend(pages.fill(wanted.work_order, every=False))
        try:
            if wanted.update_mask.paths:
                _service().UpdateWorkOrder(wanted)
        except Refusal as refusal:
            if refusal.kind == "stale":
                again: Row = self.row(pk)  # type: ignore[attr-defined]
                pages.where.etag_seen.data, pages.where.request_key.data = again.etag, new_id()
            return self._draw_form(pages, pages.blame(refusal), title=title, row=row, status=http_status(refusal))
        flash("The service order was saved." if wanted.update_mask.paths else "Nothing was changed.", "success")
        return redirect(self.url_of(row.id))  # type: ignore[attr-defined]

    def _pages(self, sent: MultiDict[str, str] | None = None, order: Any = None) -> Pages:
        fields = self.datamodel.resource.fields  # type: ignore[attr-defined]
        names = WHERE if order is None else WHERE[1:]
        where = form_class([fields[name] for name in names], "ServicePlaceForm")
        inner = {child.name: child for child in fields["utility"].children}
        asked = tuple(inner[name] for name in WHAT)
        what = form_class(asked, "ServiceForm")
        data = load(order.utility, asked) if order is not None and sent is None else None
        half: Any = what(formdata=sent, data=data, prefix="utility-", meta={"csrf": False})
        if sent is not None:
            return Pages(half, where.sent(sent))
        half.remember("")
        return Pages(half, where.drawn(order, order.etag if order is not None else ""))

    def _draw_form(
        self, pages: Pages, problems: Sequence[str] = (), *, title: str, row: Row | None = None, status: int = 200
    ) -> Any:
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/service_orders/form.html", panel=self, title=title, pages=pages, row=row, problems=list(problems)
        )
        return page, status


def _service() -> work_order_service_pb2_grpc.WorkOrderServiceStub:
    return mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
