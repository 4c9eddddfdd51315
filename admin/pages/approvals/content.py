"""Action items, notes and estimates of an order: reading them, and their forms while it is a draft (PT-2, PT-7)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import (
    action_item_pb2,
    action_item_pb2_grpc,
    estimate_pb2,
    estimate_pb2_grpc,
    note_pb2,
    note_pb2_grpc,
)
from flask import flash, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import spec, values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status, sentence
from admin.grpcfab.forms import ResourceForm, dump, form_class, load
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.work_orders.related import of_order
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2
    from google.protobuf.message import Message

    from admin.grpcfab.rows import Row

_UNPROCESSABLE: Final = 422


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of content: its words, its messages, its methods and what is asked for."""

    key: str
    word: str
    message: type[Any]
    contract: Any
    stub: Any
    plural: str
    asked: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.message.DESCRIPTOR.name)

    @property
    def field(self) -> str:
        """The name of the row in requests."""
        return self.word.replace(" ", "_")

    @property
    def form(self) -> type[ResourceForm]:
        """The form of one of them."""
        return _FORMS[self.key]

    def call(self, verb: str, request_kind: str, **fields: Any) -> Any:
        """Call a method of the kind's service; raises Refusal."""
        wanted = getattr(self.contract, f"{request_kind}Request")(**fields)
        return getattr(mesh().stub(self.stub), verb)(wanted)


ACTION_ITEMS: Final = Kind(
    "action-items", "action item", action_item_pb2.ActionItem, action_item_pb2,
    action_item_pb2_grpc.ActionItemServiceStub, "ActionItems", ("title", "station_id", "description"),
)  # fmt: skip
NOTES: Final = Kind("notes", "note", note_pb2.Note, note_pb2, note_pb2_grpc.NoteServiceStub, "Notes", ("text",))
ESTIMATES: Final = Kind(
    "estimates", "estimate", estimate_pb2.Estimate, estimate_pb2, estimate_pb2_grpc.EstimateServiceStub, "Estimates",
    ("description", "quantity", "unit_price"),
)  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = {kind.key: kind for kind in (ACTION_ITEMS, NOTES, ESTIMATES)}


def specs_of(kind: Kind) -> tuple[spec.Field, ...]:
    """The inputs of one of a kind, in order."""
    known = {field.name: field for field in spec.fields_of(kind.message.DESCRIPTOR)}
    return tuple(known[name] for name in kind.asked)


_FORMS: Final = {key: form_class(specs_of(kind), f"{kind.name}Form") for key, kind in KINDS.items()}


def content(order: work_order_pb2.WorkOrder, kind: Kind) -> list[Any]:
    """Everything of a kind that belongs to an order."""
    order_by = "number" if kind is ACTION_ITEMS else "create_time"
    found = kind.call(f"List{kind.plural}", f"List{kind.plural}", query=of_order(order, order_by))
    return list(getattr(found, kind.key.replace("-", "_")))


class Content:
    """The routes that change what is in a draft."""

    @expose("/<pk>/<kind>/new", methods=["GET", "POST"])
    @has_access
    @redraws
    def add_part(self, pk: str, kind: str) -> Any:
        row, chosen = self.row(pk), _kind(kind)  # type: ignore[attr-defined]
        if request.method == "GET":
            form = chosen.form(formdata=None)
            form.remember("")
            return self._draw_part(row, chosen, form)
        form = chosen.form.sent(request.form)
        if not form.validate():
            return self._draw_part(row, chosen, form, status=_UNPROCESSABLE)
        made = chosen.message(work_order_id=row.id)
        _write(form, chosen, made)
        fields = {chosen.field: made, "request_id": form.request_key.data or new_id()}
        try:
            chosen.call(f"Create{chosen.name}", f"Create{chosen.name}", **fields)
        except Refusal as refusal:
            return self._refused_part(row, chosen, form, refusal)
        flash(f"The {chosen.word} was added.", "success")
        return redirect(self.url_of(row.id))  # type: ignore[attr-defined]

    @expose("/<pk>/<kind>/<one>/edit", methods=["GET", "POST"])
    @has_access
    @redraws
    def edit_part(self, pk: str, kind: str, one: str) -> Any:
        row, chosen = self.row(pk), _kind(kind)  # type: ignore[attr-defined]
        stored = _stored(row, chosen, one)
        if request.method == "GET":
            form = chosen.form(formdata=None, data=load(stored, specs_of(chosen)))
            form.remember(stored.etag)
            return self._draw_part(row, chosen, form)
        form = chosen.form.sent(request.form)
        if not form.validate():
            return self._draw_part(row, chosen, form, status=_UNPROCESSABLE)
        touched = [field.name for field in form.touched()]
        _write(form, chosen, stored)
        stored.etag = form.etag_seen.data or ""
        fields = {chosen.field: stored, "request_id": form.request_key.data or new_id()}
        try:
            if touched:
                chosen.call(f"Update{chosen.name}", f"Update{chosen.name}", update_mask={"paths": touched}, **fields)
        except Refusal as refusal:
            if refusal.kind == "stale":
                form.etag_seen.data, form.request_key.data = _stored(row, chosen, one).etag, new_id()
            return self._refused_part(row, chosen, form, refusal)
        flash(f"The {chosen.word} was saved." if touched else "Nothing was changed.", "success")
        return redirect(self.url_of(row.id))  # type: ignore[attr-defined]

    @expose("/<pk>/<kind>/<one>/remove", methods=["POST"])
    @has_access
    def remove_part(self, pk: str, kind: str, one: str) -> Any:
        row, chosen = self.row(pk), _kind(kind)  # type: ignore[attr-defined]
        etag, key = request.form.get("etag_seen", ""), request.form.get("request_key", "")
        try:
            chosen.call(f"Delete{chosen.name}", f"Delete{chosen.name}", id=one, etag=etag, request_id=key)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash(f"The {chosen.word} was removed.", "success")
        return redirect(self.url_of(row.id))  # type: ignore[attr-defined]

    def _refused_part(self, row: Row, kind: Kind, form: ResourceForm, refusal: Refusal) -> Any:
        problems = form.blame(refusal.violations) if refusal.violations else [form_sentence(refusal)]
        return self._draw_part(row, kind, form, problems, http_status(refusal))

    def _draw_part(
        self, row: Row, kind: Kind, form: ResourceForm, problems: Sequence[str] = (), status: int = 200
    ) -> Any:
        order: Any = row.message
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/approvals/part.html",
            panel=self,
            title=kind.word.capitalize(),
            row=row,
            facility_id=order.facility_id,
            form=form,
            problems=list(problems),
            status=status,
        )
        return page, status


def _kind(key: str) -> Kind:
    if key not in KINDS:
        raise PageMissing
    return KINDS[key]


def _stored(row: Row, kind: Kind, one: str) -> Any:
    """One of an order's parts; 404 for that of another order."""
    found = kind.call(f"Get{kind.name}", f"Get{kind.name}", id=one)
    if found.work_order_id != row.id:
        raise PageMissing
    return found


def _write(form: ResourceForm, kind: Kind, made: Message) -> None:
    for field in specs_of(kind):
        values.write(made, field, dump(form[field.name], field))
