"""Buttons from method options: one row or many, always by POST, always within the view's base filters."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.ui.v1 import options_pb2
from flask import flash, make_response, redirect, request
from werkzeug.exceptions import Forbidden
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import spec, values
from admin.grpcfab.base import PanelBase
from admin.grpcfab.context import mesh, viewer_roles
from admin.grpcfab.errors import form_sentence, http_status, sentence
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.routes import expose, redraws
from services.chassis.access import allowed_roles
from services.chassis.errors import Refusal
from services.chassis.ids import derive_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.descriptor import MethodDescriptor

    from admin.grpcfab.rows import Row

_CARRIED: Final = {"id", "ids", "etag", "request_id"}


@dataclasses.dataclass(frozen=True)
class Action:
    """One RPC that the contract offers as a button."""

    name: str
    method: MethodDescriptor
    options: options_pb2.ActionOptions
    inputs: tuple[spec.Field, ...]
    form: type[ResourceForm]

    @property
    def asks(self) -> bool:
        """Whether there is something to confirm or to fill in first."""
        return bool(self.options.confirm or self.inputs)

    @property
    def allowed(self) -> bool:
        return bool(allowed_roles(self.method) & viewer_roles())


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one selected row."""

    title: str
    url: str
    problem: str = ""


def discover(resource: spec.Resource) -> Mapping[str, Action]:
    """The actions of a resource's service by their name in addresses."""
    found = {}
    standard = {method.full_name for method in resource.methods.values()}
    for method in _candidates(resource):
        options = method.GetOptions()
        named = {"id", "ids"} & set(method.input_type.fields_by_name)
        if options.HasExtension(options_pb2.action) and method.full_name not in standard and named:
            name = re.sub(r"(?<!^)(?=[A-Z])", "-", method.name).lower()
            fields = [field for field in spec.fields_of(method.input_type) if field.name not in _CARRIED]
            found[name] = Action(
                name,
                method,
                options.Extensions[options_pb2.action],
                tuple(fields),
                form_class(fields, f"{method.name}Form"),
            )
    return found


def _candidates(resource: spec.Resource) -> Sequence[MethodDescriptor]:
    """Methods of the resource's own service, and those beside it that answer with the resource."""
    beside: list[Any] = [
        method
        for service in resource.message.DESCRIPTOR.file.services_by_name.values()
        for method in service.methods
        if service is not resource.service and method.output_type is resource.message.DESCRIPTOR
    ]
    return [*resource.service.methods, *beside]


class Acting(PanelBase):
    """The action routes of a panel."""

    @property
    def offered(self) -> Mapping[str, Action]:
        """All actions of the contract, whoever may use them."""
        if not hasattr(self, "_offered"):
            self._offered = discover(self.datamodel.resource)
        return self._offered

    def row_actions(self) -> Sequence[Action]:
        return [action for action in self.offered.values() if action.allowed]

    def bulk_actions(self) -> Sequence[Action]:
        return [action for action in self.row_actions() if action.options.bulk]

    @expose("/<pk>/actions/<name>", methods=["GET", "POST"])
    @redraws
    def action(self, pk: str, name: str) -> Any:
        chosen = self._allowed_action(name)
        row: Row = self.row(pk)
        if request.method == "GET":
            return self._ask(chosen, row, chosen.form.drawn(None))
        form = chosen.form.sent(request.form)
        if not form.validate():
            return self._ask(chosen, row, form, status=422)
        try:
            self._run(chosen, row, form)
        except Refusal as refusal:
            problems = form.refuse(refusal) if refusal.kind == "invalid" else [form_sentence(refusal)]
            return self._ask(chosen, row, form, problems, http_status(refusal))
        flash(f"{chosen.options.label}: done for {self.title_of(row)}.", "success")
        return self._onward(self.url_of(row.id))

    @expose("/actions", methods=["POST"])
    @redraws
    def action_post(self) -> Any:
        chosen = self._allowed_action(request.form.get("action", ""))
        if not chosen.options.bulk:
            raise PageMissing
        ids = list(dict.fromkeys(request.form.getlist("rowid")))[:200]
        form = chosen.form.sent(request.form)
        confirmed = "confirmed" in request.form
        if chosen.asks and not (confirmed and form.validate()):
            drawn = form if confirmed else chosen.form.drawn(None)
            return self._ask_for_many(chosen, ids, drawn)
        rows = {row.id: row for row in self.datamodel.many(ids, self._base_filters)}
        outcomes = [self._outcome(chosen, rows.get(one), form) for one in ids]
        return self.render_template(
            "panel/outcomes.html", panel=self, title=chosen.options.label, action=chosen, outcomes=outcomes
        )

    def _outcome(self, action: Action, row: Row | None, form: ResourceForm) -> Outcome:
        """One row's result; a refused row never stops the others."""
        if row is None:
            return Outcome("One that was selected", "", "This is not there any more, or not yours to see.")
        try:
            self._run(action, row, form)
        except Refusal as refusal:
            return Outcome(self.title_of(row), self.url_of(row.id), sentence(refusal))
        return Outcome(self.title_of(row), self.url_of(row.id))

    def _allowed_action(self, name: str) -> Action:
        found = self.offered.get(name)
        if found is None:
            raise PageMissing
        if not found.allowed:
            raise Forbidden
        return found

    @staticmethod
    def _run(action: Action, row: Row, form: ResourceForm) -> None:
        message: Any = spec.message_class(action.method.input_type)()
        wanted = action.method.input_type.fields_by_name
        if "ids" in wanted:
            message.ids.append(row.id)
        else:
            message.id = row.id
        if "etag" in wanted:
            message.etag = row.etag
        if "request_id" in wanted:
            message.request_id = derive_id(form.request_key.data or "", row.id)
        for field in form.specs:
            values.write(message, field, dump(form[field.name], field))
        mesh().call(action.method, message)

    def _ask(
        self, action: Action, row: Row, form: ResourceForm, problems: Sequence[str] = (), status: int = 200
    ) -> Any:
        target = self.url(row.id, "actions", action.name)
        return self._question(
            action, form, target, problems, status, subject=self.title_of(row), back=self.url_of(row.id)
        )

    def _ask_for_many(self, action: Action, ids: Sequence[str], form: ResourceForm) -> Any:
        subject = f"{len(ids)} selected"
        target, back = self.url("actions"), self.url("")
        return self._question(action, form, target, (), 200, subject=subject, back=back, ids=ids)

    def _question(
        self, action: Action, form: ResourceForm, target: str, problems: Sequence[str], status: int, **more: Any
    ) -> Any:
        template = "panel/_action.html" if request.headers.get("HX-Target") == "dialog-body" else "panel/action.html"
        page = self.render_template(
            template, panel=self, title=action.options.label, action=action, form=form, target=target,
            problems=problems, **more,
        )  # fmt: skip
        return page, status

    @staticmethod
    def _onward(url: str) -> Any:
        """Go on to a page, also from a dialog that htmx posted."""
        if request.headers.get("HX-Request"):
            answer = make_response("", 204)
            answer.headers["HX-Redirect"] = url
            return answer
        return redirect(url)
