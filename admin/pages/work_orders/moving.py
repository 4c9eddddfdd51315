"""Firing transitions: the form in a dialog or on a page of its own, and what comes back (CP-37, CP-48 to CP-86)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from flask import flash, make_response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.routes import expose, has_access
from admin.pages.work_orders import moves
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.grpcfab.forms import ResourceForm
    from admin.grpcfab.rows import Row
    from admin.pages.work_orders.moves import Move

LATE: Final = frozenset({"APPOINTMENT_AFTER_TARGET", "TARGET_CHANGED"})
UNSKILLED: Final = frozenset({"SKILLS_MISSING", "OVERRIDE_REASON_MISSING"})
_COMMITTED: Final = 200
# "No" to an appointment after the target leads back to the date (CP-76).
_CONTINUE: Final = "inputs__continue_past_target"


@dataclasses.dataclass(frozen=True)
class Prompt:
    """A question that a refusal asks back: what it says, and the reasons to choose from."""

    kind: str
    words: str
    reasons: Sequence[moves.Reason]
    target_version: str = ""
    missing: Sequence[str] = ()


class Moving:
    """The transition routes of the work orders' panel."""

    @expose("/<pk>/do/<name>", methods=["GET", "POST"])
    @has_access
    def move(self, pk: str, name: str) -> Any:
        row: Row = self.row(pk)  # type: ignore[attr-defined]
        offered = {transition.name: transition for transition in moves.available(row.id)}
        if name not in offered:
            raise PageMissing
        chosen = moves.move_of(offered[name], row.message)  # type: ignore[arg-type]
        drafts = next((each.name for each in offered.values() if each.drafts == name), "")
        if request.method == "GET":
            return self._ask_move(row, chosen, self._prefilled_move(chosen), drafts=drafts)
        form = chosen.sent(request.form)
        if "draft" in request.form and drafts:
            return self._keep_draft(row, chosen, form, drafts)
        if request.form.get(_CONTINUE) == "":
            return self._ask_move(row, chosen, form, problems=["Choose another date."], status=422, drafts=drafts)
        if not form.validate() and not self._left_blank_on_purpose(chosen):
            return self._ask_move(row, chosen, form, status=422, drafts=drafts)
        return self._fire(row, chosen, form, drafts)

    def _fire(self, row: Row, chosen: Move, form: ResourceForm, drafts: str) -> Any:
        try:
            answer = moves.fire(chosen.request(form))
        except Refusal as refusal:
            return self._refused(row, chosen, form, refusal, drafts)
        if not answer.happened:
            problems = [warning.message for warning in answer.warnings]
            return self._ask_move(row, chosen, form, problems=problems, status=422, drafts=drafts)
        for warning in answer.warnings:
            flash(warning.message, "warning")
        flash(f"{chosen.transition.label}: done. {row} is now {answer.work_order.state_label}.", "success")
        return onward(self.url_of(row.id) + self._tab_back())  # type: ignore[attr-defined]

    def _refused(self, row: Row, chosen: Move, form: ResourceForm, refusal: Refusal, drafts: str) -> Any:
        prompt = self._prompt(chosen, refusal)
        if prompt is not None:
            form.request_key.data = new_id()
            return self._ask_move(row, chosen, form, prompt=prompt, status=409, drafts=drafts)
        if refusal.kind == "stale":
            form.etag_seen.data, form.request_key.data = self.row(row.id).etag, new_id()  # type: ignore[attr-defined]
        named = refusal.kind in {"invalid", "state"} and refusal.violations
        problems = _at_fields(form, refusal) if named else [form_sentence(refusal)]
        return self._ask_move(row, chosen, form, problems=problems, status=http_status(refusal), drafts=drafts)

    @staticmethod
    def _prompt(chosen: Move, refusal: Refusal) -> Prompt | None:
        if refusal.reason in LATE:
            words = "Selected Appointment Date is not within SLA Completed Date"
            version = refusal.metadata.get("target_version", "")
            return Prompt("late", words, chosen.reasons, target_version=version)
        if refusal.reason in UNSKILLED:
            missing = [code for code in refusal.metadata.get("missing", "").split(",") if code]
            return Prompt("skills", str(refusal), chosen.reasons, missing=missing)
        return None

    def _keep_draft(self, row: Row, chosen: Move, form: ResourceForm, drafts: str) -> Any:
        """Keep what was entered so far; empty and wrong fields may wait until it is submitted (CP-50)."""
        try:
            moves.fire(chosen.request(form, drafts))
        except Refusal as refusal:
            return self._refused(row, chosen, form, refusal, drafts)
        flash("Your input is kept. The work order stays as it is until you submit.", "success")
        fresh = self.row(row.id)  # type: ignore[attr-defined]
        step = request.form.get("draft", "")
        form.etag_seen.data, form.request_key.data = fresh.etag, new_id()
        return self._ask_move(fresh, chosen, form, drafts=drafts, step=step)

    def _prefilled_move(self, chosen: Move) -> ResourceForm:
        """The form with what the link brought along, such as the line item that is finished."""
        form = chosen.drawn()
        for asked in chosen.writable():
            given = request.args.get(asked.key) or request.args.get(asked.path.removeprefix(moves.INPUTS))
            if given is not None:
                field = form[asked.key]
                field.process(MultiDict({field.name: given}))
                field.raw_data = None
        return form

    @staticmethod
    def _left_blank_on_purpose(chosen: Move) -> bool:
        """Accept without shipping information is the service's to answer: it stays Assigned and says so (CP-49)."""
        asked = [each.key for each in chosen.writable() if each.path.startswith("ship_to.")]
        blank = [key for key in asked if not request.form.get(key) or key.endswith("residential")]
        return bool(asked) and len(blank) == len(asked)

    def _ask_move(  # noqa: PLR0913 - what a form page is made of
        self,
        row: Row,
        chosen: Move,
        form: ResourceForm,
        *,
        problems: Sequence[str] = (),
        prompt: Prompt | None = None,
        status: int = _COMMITTED,
        drafts: str = "",
        step: str = "",
    ) -> Any:
        dialog = request.headers.get("HX-Target") == "dialog-body"
        for field in form:  # the page beneath a dialog may show inputs of the same names
            field.id = f"do-{field.name}"
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/_move.html" if dialog else "pages/work_orders/move.html",
            panel=self,
            title=chosen.transition.label,
            row=row,
            order=row.message,
            move=chosen,
            form=form,
            problems=problems,
            prompt=prompt,
            drafts=drafts,
            step=step,
            dialog=dialog,
            tab=request.values.get("tab", ""),
        )
        # Browsers log answers of 400 and above as errors; to the dialog that asked, this is an answer like any other.
        return page, _COMMITTED if dialog else status

    @staticmethod
    def _tab_back() -> str:
        tab = request.form.get("tab", "")
        return f"?tab={tab}" if tab.isalpha() else ""


def onward(url: str) -> Any:
    """Go on to a page, also from a dialog that htmx posted."""
    if request.headers.get("HX-Request"):
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url
        return answer
    return redirect(url)


def _at_fields(form: ResourceForm, refusal: Refusal) -> list[str]:
    """Put violations at the fields that they name; what belongs to no field of this form is answered."""
    loose = []
    for violation in refusal.violations:
        key = violation.field.replace(".", "__")
        if violation.field and key in form:
            form[key].errors = [*form[key].errors, violation.description]
        else:
            loose.append(violation.description)
    return list(dict.fromkeys(loose))
