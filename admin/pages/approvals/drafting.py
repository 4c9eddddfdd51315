"""A new order that is to be approved, with everything in it in one form, and changing or discarding the draft."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import note_pb2, work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc
from flask import flash, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import spec, values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status, sentence
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.routes import expose, has_access, redraws
from services.chassis.errors import AlreadyExists, Refusal, Violation
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.rows import Row

WORKFLOW: Final = "facility_approval"
GIVEN: Final = ("facility_id", "subject", "priority", "station_ids", "description")
EDITABLE: Final = GIVEN[1:]
MOST: Final = 20
_UNPROCESSABLE: Final = 422
_PLACED: Final = re.compile(r"(action_items|notes|estimates)\[(\d+)\]\.?(.*)")


def _specs(descriptor: Any, names: Sequence[str]) -> tuple[spec.Field, ...]:
    known = {field.name: field for field in spec.fields_of(descriptor)}
    return tuple(known[name] for name in names)


# What one form holds several of: the words for one, and its inputs.
PARTS: Final[Mapping[str, tuple[str, type[ResourceForm]]]] = {
    "action_items": (
        "Action item",
        form_class(
            _specs(work_order_pb2.NewActionItem.DESCRIPTOR, ("title", "station_id", "description")), "NewActionItemForm"
        ),
    ),
    "notes": ("Note", form_class(_specs(note_pb2.Note.DESCRIPTOR, ("text",)), "NewNoteForm")),
    "estimates": (
        "Estimate",
        form_class(
            _specs(work_order_pb2.NewEstimate.DESCRIPTOR, ("description", "quantity", "unit_price")), "NewEstimateForm"
        ),
    ),
}
Parts = dict[str, list[ResourceForm]]


class Drafting:
    """The routes of a draft as a whole."""

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @redraws
    def add(self) -> Any:
        kind = form_class(self._fields(GIVEN), "NewApprovalForm")
        if request.method == "GET":
            return self._draw_new(kind.drawn(None), {**_none(), "action_items": [_part("action_items", None, 0)]})
        form = kind.sent(request.form)
        parts = {name: [_part(name, request.form, at) for at in _places(name, request.form)] for name in PARTS}
        sound = [form.validate(), *(part.validate() for found in parts.values() for part in found)]
        if not all(sound):
            return self._draw_new(form, parts, (), _UNPROCESSABLE)
        return self._create(form, parts)

    def _create(self, form: ResourceForm, parts: Parts) -> Any:
        wanted = work_order_service_pb2.CreateWorkOrderRequest(
            request_id=form.request_key.data or new_id(), workflow=WORKFLOW
        )
        for field in form.specs:
            values.write(wanted.work_order, field, dump(form[field.name], field))
        for name in ("action_items", "estimates"):
            for part in parts[name]:
                made = getattr(wanted, name).add()
                for field in part.specs:
                    values.write(made, field, dump(part[field.name], field))
        wanted.notes.extend(part["text"].data for part in parts["notes"])
        try:
            made = _service().CreateWorkOrder(wanted)
        except Refusal as refusal:
            if isinstance(refusal, AlreadyExists):
                form.request_key.data = new_id()
            return self._draw_new(form, parts, _blamed(form, parts, refusal), http_status(refusal))
        flash(f"Work order {made.number} was created as a draft. Submit it when it is ready.", "success")
        return redirect(self.url_of(made.id))  # type: ignore[attr-defined]

    @expose("/<pk>/edit", methods=["GET", "POST"])
    @has_access
    @redraws
    def edit(self, pk: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        order: Any = row.message
        kind = form_class(self._fields(EDITABLE), "ApprovalForm")
        if request.method == "GET":
            return self._draw_edit(row, kind.drawn(order, order.etag))
        form = kind.sent(request.form)
        if not form.validate():
            return self._draw_edit(row, form, (), _UNPROCESSABLE)
        touched = form.touched()
        changed = work_order_pb2.WorkOrder(id=row.id, etag=form.etag_seen.data or "")
        for field in touched:
            values.write(changed, field, dump(form[field.name], field))
        wanted = work_order_service_pb2.UpdateWorkOrderRequest(
            work_order=changed, request_id=form.request_key.data or new_id()
        )
        wanted.update_mask.paths.extend(field.name for field in touched)
        try:
            if touched:
                _service().UpdateWorkOrder(wanted)
        except Refusal as refusal:
            if refusal.kind == "stale":
                form.etag_seen.data, form.request_key.data = self.row(pk).etag, new_id()  # type: ignore[attr-defined]
            problems = form.blame(refusal.violations) if refusal.violations else [form_sentence(refusal)]
            return self._draw_edit(row, form, problems, http_status(refusal))
        flash("The draft was saved." if touched else "Nothing was changed.", "success")
        return redirect(self.url_of(row.id))  # type: ignore[attr-defined]

    @expose("/<pk>/discard", methods=["POST"])
    @has_access
    def discard(self, pk: str) -> Any:
        wanted = work_order_service_pb2.DeleteWorkOrderRequest(
            id=pk, etag=request.form.get("etag_seen", ""), request_id=request.form.get("request_key", "")
        )
        try:
            _service().DeleteWorkOrder(wanted)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return redirect(self.url_of(pk))  # type: ignore[attr-defined]
        flash("The draft was discarded.", "success")
        return redirect(self.url(""))  # type: ignore[attr-defined]

    @expose("/new-part/<name>")
    @has_access
    def new_part(self, name: str) -> Any:
        """The inputs of one more action item, note or estimate."""
        if name not in PARTS:
            raise PageMissing
        place = min(max(request.args.get("place", 0, int), 0), MOST - 1)
        return self.render_template(  # type: ignore[attr-defined]
            "pages/approvals/_new_part.html", part=_part(name, None, place), place=place, name=name, word=PARTS[name][0]
        )

    def _fields(self, names: Sequence[str]) -> list[spec.Field]:
        fields = self.datamodel.resource.fields  # type: ignore[attr-defined]
        return [fields[name] for name in names]

    def _draw_new(self, form: ResourceForm, parts: Parts, problems: Sequence[str] = (), status: int = 200) -> Any:
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/approvals/new.html",
            panel=self,
            title="New work order for approval",
            form=form,
            parts=parts,
            words={name: word for name, (word, _) in PARTS.items()},
            problems=problems,
            most=MOST,
        )
        return page, status

    def _draw_edit(self, row: Row, form: ResourceForm, problems: Sequence[str] = (), status: int = 200) -> Any:
        order: Any = row.message
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/approvals/part.html",
            panel=self,
            title="Edit the draft",
            row=row,
            facility_id=order.facility_id,
            form=form,
            problems=list(problems),
            status=status,
        )
        return page, status


def _none() -> Parts:
    return {name: [] for name in PARTS}


def _part(name: str, formdata: MultiDict[str, str] | None, place: int) -> ResourceForm:
    data = {"quantity": 1.0} if formdata is None and name == "estimates" else None
    kind = PARTS[name][1]
    part: ResourceForm = kind(formdata=formdata, data=data, prefix=f"{name}-{place}-", meta={"csrf": False})
    return part


def _places(name: str, formdata: MultiDict[str, str]) -> list[int]:
    """Which of several parts the browser sent, by the number in the names of their inputs."""
    found = {key.removeprefix(f"{name}-").partition("-")[0] for key in formdata if key.startswith(f"{name}-")}
    return sorted(int(place) for place in found if place.isdigit())[:MOST]


def _blamed(form: ResourceForm, parts: Parts, refusal: Refusal) -> list[str]:
    """Put what is wrong at the inputs of the order and of its parts; what belongs to none is answered."""
    if not refusal.violations:
        return [form_sentence(refusal)]
    rest, problems = [], []
    for each in refusal.violations:
        inside = _PLACED.fullmatch(each.field)
        if inside and int(inside[2]) < len(parts[inside[1]]):
            part = parts[inside[1]][int(inside[2])]
            problems += part.blame([Violation(inside[3] or "text", each.description)])
        else:
            rest.append(each)
    return form.blame(rest) + problems


def _service() -> work_order_service_pb2_grpc.WorkOrderServiceStub:
    return mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
