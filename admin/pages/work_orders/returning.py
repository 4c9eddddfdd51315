"""What people do with the returns of an order: raising, labels, proof, receiving, closing and cancelling (CP-83)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    rma_pb2,
    rma_pb2_grpc,
    rma_service_pb2,
)
from flask import flash, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import spec, values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.work_orders import related
from admin.pages.work_orders.collaboration import upload_all
from admin.pages.work_orders.return_verbs import RAISE, UNPROVED, VERBS, sends_back
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2
    from google.protobuf.descriptor import MethodDescriptor
    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.rows import Row

_UNPROCESSABLE: Final = 422
ASK_BACK: Final = "Ask parts back"
RETURN_PARTS: Final = "Return parts"
CONDITIONS: Final = spec.fields_of(rma_service_pb2.LineReceived.DESCRIPTOR)[2].choices


_RAISE_FIELDS: Final = {field.name: field for field in spec.fields_of(RAISE.input_type)}
RaiseForm: Final = form_class(
    (
        dataclasses.replace(_RAISE_FIELDS["cause"], required=True),
        *(_RAISE_FIELDS[name] for name in ("due_date", "comment", "without_proof")),
    ),
    "RaiseRmaForm",
)
_PARTNERS_CAUSES: Final = {
    rma_pb2.RMA_CAUSE_OLD_PARTS,
    rma_pb2.RMA_CAUSE_UNUSED_PARTS,
    rma_pb2.RMA_CAUSE_FAULTY_PARTS,
}
_CAUSE: Final = _RAISE_FIELDS["cause"]
# A partner leaves the day and the need of a proof to those who gave the work out.
SendBackForm: Final = form_class(
    (
        dataclasses.replace(
            _CAUSE, required=True, choices=tuple(each for each in _CAUSE.choices if each.number in _PARTNERS_CAUSES)
        ),
        _RAISE_FIELDS["comment"],
    ),
    "SendBackForm",
)


def unproved(order: work_order_pb2.WorkOrder) -> list[str]:
    """The numbers of returns that completing waits for (CP-83); none where shipping does not answer."""
    try:
        return returns_to_prove(order)
    except Refusal as refusal:
        if refusal.kind != "unavailable":
            raise
        return []


def returns_to_prove(order: work_order_pb2.WorkOrder) -> list[str]:
    """As `unproved`; raises Refusal where shipping does not answer."""
    stub = mesh().stub(rma_pb2_grpc.RmaServiceStub)
    found = stub.ListRmas(rma_pb2.ListRmasRequest(query=related.of_order(order, "number"))).rmas
    return [rma.number for rma in found if rma.proof_required and rma.state in UNPROVED]


class Returning:
    """The routes of the work orders' panel that change returns."""

    @expose("/<pk>/returns/<one>/<name>", methods=["GET", "POST"])
    @has_access
    @redraws
    def change_return(self, pk: str, one: str, name: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        rma, verb = _return(row, one), VERBS.get(name)
        if verb is None:
            raise PageMissing
        if request.method == "GET":
            form = verb.form(formdata=None, data=_given(rma))
            form.remember(rma.etag)
            return self._draw_return(row, form, verb=verb, rma=rma)
        form = verb.form.sent(request.form)
        chosen, problems = _attached(row.id, form) if name == "proof" else ("", [])
        if problems or not form.validate():
            return self._draw_return(row, form, problems, _UNPROCESSABLE, verb=verb, rma=rma, chosen=chosen)
        message = _message(verb.method, form, form.specs)
        message.rma_id, message.etag = rma.id, form.etag_seen.data or ""
        if name == "proof":
            message.attachment_id = chosen
        if name == "receive":
            message.lines.extend(_counted(rma, request.form))
        try:
            mesh().call(verb.method, message)
        except Refusal as refusal:
            form.request_key.data = new_id()
            if refusal.kind == "stale":
                form.etag_seen.data = rma.etag
            told = form.refuse(refusal) if refusal.kind == "invalid" else [form_sentence(refusal)]
            return self._draw_return(row, form, told, http_status(refusal), verb=verb, rma=rma, chosen=chosen)
        flash(f"Return {rma.number}: {verb.done}", "success")
        return redirect(f"{self.url_of(row.id)}?tab=parts")  # type: ignore[attr-defined]

    @expose("/<pk>/parts/<one>/return", methods=["GET", "POST"])
    @has_access
    @redraws
    def raise_return(self, pk: str, one: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        sent = fulfilment_of(row, one)
        kind = SendBackForm if sends_back() else RaiseForm
        if request.method == "GET":
            form = kind.drawn(None)
            return self._draw_return(row, form, sent=sent)
        form = kind.sent(request.form)
        lines = _asked(sent, request.form)
        problems = [] if lines else ["Say of at least one part how many come back."]
        if not form.validate() or problems:
            return self._draw_return(row, form, problems, _UNPROCESSABLE, sent=sent)
        message = _message(RAISE, form, form.specs)
        message.fulfilment_order_id = sent.id
        message.lines.extend(lines)
        try:
            made: Any = mesh().call(RAISE, message)
        except Refusal as refusal:
            form.request_key.data = new_id()
            told = form.refuse(refusal) if refusal.kind == "invalid" else [form_sentence(refusal)]
            return self._draw_return(row, form, told, http_status(refusal), sent=sent)
        told_whom = "those who gave the work out are" if sends_back() else "the partner is"
        flash(f"Return {made.number} was raised; {told_whom} told.", "success")
        return redirect(f"{self.url_of(row.id)}?tab=parts")  # type: ignore[attr-defined]

    def _draw_return(
        self, row: Row, form: ResourceForm, problems: Sequence[str] = (), status: int = 200, **what: Any
    ) -> Any:
        verb, rma, order = what.get("verb"), what.get("rma"), row.message
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/return.html",
            panel=self,
            title=f"{verb.label}: {rma.number}" if verb and rma else RETURN_PARTS if sends_back() else ASK_BACK,
            sends_back=sends_back(),
            row=row,
            order=order,
            form=form,
            problems=list(problems),
            status=status,
            verb=verb,
            rma=rma,
            sent=what.get("sent"),
            files=related.files(order) if verb and verb.name == "proof" else (),  # type: ignore[arg-type]
            chosen=what.get("chosen", ""),
            conditions=CONDITIONS,
            given=request.form,
        )
        return page, status


def _return(row: Row, one: str) -> rma_pb2.Rma:
    """A return of an order; 404 for that of another."""
    found = mesh().stub(rma_pb2_grpc.RmaServiceStub).GetRma(rma_pb2.GetRmaRequest(id=one))
    if found.work_order_id != row.id:
        raise PageMissing
    return found


def fulfilment_of(row: Row, one: str) -> fulfilment_order_pb2.FulfilmentOrder:
    """A fulfilment order of an order; 404 for that of another."""
    stub = mesh().stub(fulfilment_order_pb2_grpc.FulfilmentOrderServiceStub)
    found = stub.GetFulfilmentOrder(fulfilment_order_pb2.GetFulfilmentOrderRequest(id=one))
    if found.work_order_id != row.id:
        raise PageMissing
    return found


def _given(rma: rma_pb2.Rma) -> dict[str, str]:
    """What is known beforehand: the label's number is usually the one that the parts travel with."""
    known = rma.proof if rma.HasField("proof") else rma.label
    return {"carrier": known.carrier, "tracking_number": known.tracking_number}


def _attached(order_id: str, form: ResourceForm) -> tuple[str, list[str]]:
    """The file that a proof names: one that is uploaded with it, else one that was chosen; and what is wrong."""
    stored, refused = upload_all(order_id, form.request_key.data or new_id(), "")
    if stored:
        return stored[0], refused
    return request.form.get("attachment_id", ""), [words for words in refused if request.files.getlist("files")]


def _message(method: MethodDescriptor, form: ResourceForm, fields: Sequence[spec.Field]) -> Any:
    make: Callable[[], Any] = spec.message_class(method.input_type)
    message = make()
    for field in fields:
        values.write(message, field, dump(form[field.name], field))
    message.request_id = form.request_key.data or new_id()
    return message


def _counted(rma: rma_pb2.Rma, given: MultiDict[str, str]) -> list[rma_service_pb2.LineReceived]:
    """What arrived, line by line, as far as something did."""
    return [
        rma_service_pb2.LineReceived(
            line_id=line.id,
            quantity=number_in(given.get(f"quantity-{line.id}", "")),
            condition=_condition(given.get(f"condition-{line.id}", "")),
        )
        for line in rma.lines
        if line.received < line.quantity
    ]


def _asked(
    sent: fulfilment_order_pb2.FulfilmentOrder, given: MultiDict[str, str]
) -> list[rma_service_pb2.RmaLineWanted]:
    """Which parts come back, line by line, as far as any do."""
    return [
        rma_service_pb2.RmaLineWanted(
            fulfilment_line_id=line.id,
            quantity=number_in(given.get(f"quantity-{line.id}", "")),
            condition=_condition(given.get(f"condition-{line.id}", "")),
        )
        for line in sent.lines
        if number_in(given.get(f"quantity-{line.id}", ""))
    ]


def number_in(text: str) -> int:
    """A small whole number; what is none is 0, or too many for any line."""
    return min(int(text), 1_000_000) if text.strip().isdecimal() else 0


def _condition(name: str) -> rma_pb2.PartCondition.ValueType:
    known = rma_pb2.PartCondition
    return known.Value(name) if name in known.keys() else rma_pb2.PART_CONDITION_UNSPECIFIED  # noqa: SIM118 - no mapping
