"""Views that people save of the work-order list, for themselves or shared: columns, conditions and order (CP-13)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import view_service_pb2
from flask import flash, redirect, request

from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose, has_access, redraws
from admin.grpcfab.spec import Field, Kind
from admin.pages.work_orders import listing
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

# A message that a list shows as one column.
_SHOWN_WHOLE = frozenset({"appointment"})


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the form of a view holds."""

    label: str
    columns: Sequence[str]
    shared: bool
    pinned: bool


class OwnViews:
    """The routes of saved views."""

    @expose("/views/edit")
    @has_access
    def edit_view(self) -> Any:
        """The form of a view: a new one with what the list shows now, or the one that is open."""
        view = self._view(listing.views())  # type: ignore[attr-defined]
        if request.args.get("change") and view.own:
            return self._draw_view(view, Asked(view.label, view.columns, view.shared, view.pinned))
        return self._draw_view(view, Asked("", view.columns, shared=False, pinned=False))

    @expose("/views/save", methods=["POST"])
    @has_access
    @redraws
    def save_view(self) -> Any:
        view = self._view(listing.views())  # type: ignore[attr-defined]
        form = request.form
        asked = Asked(form.get("label", ""), form.getlist("column"), bool(form.get("shared")), bool(form.get("pinned")))
        try:
            saved = listing.save_view(self._asked_view(view, asked), form.get("request_key", ""))
            if asked.pinned and not saved.pinned:
                listing.pin(saved.code)
        except Refusal as refusal:
            words = [each.description for each in refusal.violations] or [sentence(refusal)]
            return self._draw_view(view, asked, words), http_status(refusal)
        flash(f"{saved.label} is saved.", "success")
        return redirect(f"{self.url('')}?view={saved.code}")  # type: ignore[attr-defined]

    @expose("/views/<code>/delete", methods=["POST"])
    @has_access
    def delete_view(self, code: str) -> Any:
        try:
            listing.delete_view(code)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash("The view is deleted.", "success")
        return redirect(self.url(""))  # type: ignore[attr-defined]

    def _asked_view(self, view: view_service_pb2.View, asked: Asked) -> view_service_pb2.View:
        """The view as it is to be: what was entered, with what the list shows."""
        state: listing.ViewState = self._state(view)  # type: ignore[attr-defined]
        changes = self._changes(view)
        return view_service_pb2.View(
            code=view.code if changes else "",
            etag=request.form.get("etag", "") if changes else "",
            label=asked.label,
            columns=asked.columns,
            shared=asked.shared,
            base=view.base or view.code,
            default_order=state.order or view.default_order,
            search=state.search,
            mine=state.mine,
            filters=[
                view_service_pb2.ViewFilter(field=each.field, condition=each.code, values=each.values)
                for each in state.conditions
            ],
        )

    @staticmethod
    def _changes(view: view_service_pb2.View) -> bool:
        return bool(request.args.get("change")) and view.own

    def _draw_view(self, view: view_service_pb2.View, asked: Asked, problems: Sequence[str] = ()) -> Any:
        state: listing.ViewState = self._state(view)  # type: ignore[attr-defined]
        changes = self._changes(view)
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/view_form.html",
            panel=self,
            title="Change this view" if changes else "Save a view of your own",
            view=view,
            asked=asked,
            columns=self._columns(asked.columns),
            chips=self.chips(state),  # type: ignore[attr-defined]
            state=state,
            etag=view.etag if changes else "",
            problems=problems,
            query=request.query_string.decode(),
        )

    def _columns(self, chosen: Sequence[str]) -> list[Field]:
        """The fields that can be columns: the chosen ones in their order, then the others by their label."""
        fields = {
            field.name: field
            for field in self.datamodel.resource.visible()  # type: ignore[attr-defined]
            if field.name in chosen
            or field.name in _SHOWN_WHOLE
            or (field.kind is not Kind.FIELDS and not field.repeated)
        }
        first = [fields[name] for name in chosen if name in fields]
        # A reference and the name that it leads to are called alike; one of them is enough to choose from.
        rest = {each.label: each for each in fields.values() if each.label not in {kept.label for kept in first}}
        return [*first, *sorted(rest.values(), key=lambda each: each.label)]
