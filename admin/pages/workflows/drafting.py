"""Writing drafts: the editor, checking what stands in it, publishing, retiring and deleting."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import workflow_pb2
from flask import flash, redirect, request

from admin.grpcfab.context import resumed
from admin.grpcfab.errors import form_sentence, http_status, sentence
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.workflows import calls
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"(?m)^version:.*$")
_SAVED = 200


@dataclasses.dataclass(frozen=True)
class Sheet:
    """What stands in the editor: the draft that it changes (none for a new one), and what is said of it."""

    one: str
    text: str
    note: str
    etag: str
    request_key: str
    faults: Sequence[workflow_pb2.WorkflowFault] = ()
    checked: bool = False
    problems: Sequence[str] = ()


class Drafting:
    """The writing routes of the workflows' panel."""

    @expose("/compose", methods=["GET", "POST"])
    @has_access
    @redraws
    def compose(self) -> Any:
        """A new draft; `?from=` begins it with the text of a version, under the next number."""
        if request.method == "GET":
            return self._drawn(Sheet("", _beginning(request.args.get("from", "")), "", "", new_id()))
        return self._answered("")

    @expose("/<pk>/compose", methods=["GET", "POST"])
    @has_access
    @redraws
    def recompose(self, pk: str) -> Any:
        """A draft that exists."""
        if request.method == "GET":
            found = calls.described(pk)
            version = found.version
            sheet = Sheet(pk, found.text, version.note, version.etag, new_id(), list(found.faults), checked=True)
            return self._drawn(sheet)
        return self._answered(pk)

    @expose("/<pk>/publish", methods=["POST"])
    @has_access
    def publish(self, pk: str) -> Any:
        asked = workflow_pb2.PublishWorkflowRequest(id=pk, **_named())
        return self._done(pk, lambda: calls.workflows().PublishWorkflow(asked), "New orders begin with this version.")

    @expose("/<pk>/retire", methods=["POST"])
    @has_access
    def retire(self, pk: str) -> Any:
        asked = workflow_pb2.RetireWorkflowRequest(id=pk, **_named())
        told = "No new orders begin with this version; those in it go on."
        return self._done(pk, lambda: calls.workflows().RetireWorkflow(asked), told)

    @expose("/<pk>/discard", methods=["POST"])
    @has_access
    def discard(self, pk: str) -> Any:
        try:
            calls.workflows().DeleteDraft(workflow_pb2.DeleteDraftRequest(id=pk, **_named()))
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return redirect(self.url(pk))  # type: ignore[attr-defined]
        flash("The draft was deleted.", "success")
        return redirect(self.url(""))  # type: ignore[attr-defined]

    def _done(self, pk: str, call: Any, told: str) -> Any:
        try:
            call()
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            for violation in refusal.violations[:10]:
                flash(f"{violation.field}: {violation.description}", "danger")
        else:
            flash(told, "success")
        return redirect(self.url(pk))  # type: ignore[attr-defined]

    def _answered(self, one: str) -> Any:
        """What was sent from the editor: checked, or saved."""
        form = request.form
        text = form.get("text", "").replace("\r\n", "\n")
        sheet = Sheet(
            one, text, form.get("note", ""), form.get("etag_seen", ""), form.get("request_key", "") or new_id()
        )
        try:
            if form.get("do") == "check" or resumed():
                return self._drawn(dataclasses.replace(sheet, faults=calls.faults_of(text), checked=True))
            saved = calls.workflows().SaveDraft(
                workflow_pb2.SaveDraftRequest(
                    id=one, text=text, note=sheet.note, etag=sheet.etag, request_id=sheet.request_key
                )
            )
        except Refusal as refusal:
            lines = [form_sentence(refusal), *(f"{each.field}: {each.description}" for each in refusal.violations)]
            return self._drawn(dataclasses.replace(sheet, problems=lines, request_key=new_id())), http_status(refusal)
        count = len(saved.faults)
        if count:
            flash(f"The draft was saved with {count} fault{'s' if count > 1 else ''}.", "warning")
            return redirect(self.url(saved.version.id, "compose"))  # type: ignore[attr-defined]
        flash("The draft was saved, and nothing is wrong with it.", "success")
        return redirect(self.url(saved.version.id))  # type: ignore[attr-defined]

    def _drawn(self, sheet: Sheet) -> Any:
        asked = request.headers.get("HX-Target") == "faults"
        template = "pages/workflows/_faults.html" if asked else "pages/workflows/compose.html"
        title = "Edit draft" if sheet.one else "New draft"
        return self.render_template(template, panel=self, title=title, sheet=sheet)  # type: ignore[attr-defined]


def _named() -> dict[str, str]:
    return {"etag": request.form.get("etag_seen", ""), "request_id": request.form.get("request_key", "")}


def _beginning(one: str) -> str:
    """The text of a version with the number that comes next; nothing where none is named."""
    if not one:
        return ""
    text = calls.described(one).text
    asked = workflow_pb2.ValidateWorkflowRequest(text=text)
    return _NUMBER.sub(f"version: {calls.workflows().ValidateWorkflow(asked).next_version}", text, count=1)
