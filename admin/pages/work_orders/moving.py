"""Firing transitions: the form in a dialog or on a page of its own, and what comes back (CP-37, CP-48 to CP-86)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from flask import flash, make_response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab.context import resumed
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.calendar.returning import onward_from, week_of
from admin.pages.work_orders import moves, prompts, related, travel
from admin.pages.work_orders.sheets import CHOSEN, ITEM_PATH, PERSON, PROMPTED, Sheet
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2

    from admin.grpcfab.forms import ResourceForm
    from admin.grpcfab.rows import Row
    from admin.pages.work_orders.moves import Move
    from admin.pages.work_orders.prompts import Prompt

_COMMITTED: Final = 200
# Where somebody goes on who came from elsewhere than the record, by what the form holds as its tab.
ELSEWHERE: Final[Mapping[str, str]] = {"inbox": "/approvals/?view=approvals_awaiting", "myday": "/my-day/"}
_DIALOG_FORM: Final = "move-form"


@dataclasses.dataclass(frozen=True)
class Attempt:
    """A transition that somebody fills in: the order, the form, and the transition that keeps it as a draft."""

    row: Row
    move: Move
    form: ResourceForm
    sheet: Sheet
    drafts: str
    prompt: Prompt | None = None


@dataclasses.dataclass(frozen=True)
class Remark:
    """What a form that is shown again says first; `step` is the step to stay on.

    A `plain` one does not list what is wrong at which input, a `led_back` one gives up nothing that was typed in it.
    """

    problems: Sequence[str] = ()
    saved: str = ""
    step: str = ""
    status: int = _COMMITTED
    plain: bool = False
    led_back: bool = False


class Moving:
    """The transition routes of the work orders' panel."""

    miles = staticmethod(travel.miles)

    @staticmethod
    def billed(of: work_order_pb2.Travel) -> str:
        """The distance that an order bills, as its form told it beforehand."""
        return travel.billed(of.billable_miles, of.technicians)

    @expose("/<pk>/do/<name>", methods=["GET", "POST"])
    @has_access
    @redraws
    def move(self, pk: str, name: str) -> Any:
        attempt = self._attempt(self.row(pk), name)  # type: ignore[attr-defined]
        form, answer = attempt.form, request.form.get(prompts.CONTINUE)
        if request.method == "GET":
            return self._ask_move(attempt, Remark())
        if resumed():
            return self._ask_move(attempt, Remark(status=422))
        if "draft" in request.form and attempt.drafts:
            return self._keep_draft(attempt)
        if answer == "":
            return self._ask_another_date(attempt)
        sound = form.validate() or self._left_blank_on_purpose(attempt.move)
        if attempt.prompt is not None:
            sound = attempt.prompt.check(form, answer) and sound
        return self._fire(attempt) if sound else self._ask_move(attempt, Remark(status=422))

    @staticmethod
    def _attempt(row: Row, name: str) -> Attempt:
        order: Any = row.message
        offered = {transition.name: transition for transition in moves.available(row.id)}
        if name not in offered:
            raise PageMissing
        asked = {field.path for step in offered[name].steps for field in step.fields}
        tasks = related.line_items(order) if ITEM_PATH in asked else ()
        chosen = moves.move_of(offered[name], order, tasks)
        drafts = next((each.name for each in offered.values() if each.drafts == name), "")
        if request.method == "GET":
            form, held = _prefilled(chosen)
            return Attempt(row, chosen, form, Sheet(chosen, form, request.args, held), drafts)
        form = chosen.sent(request.form)
        held = [*request.form.getlist("held"), *([PERSON] if _in_dialog() else [])]
        sheet = Sheet(chosen, form, request.form, [key for key in held if key in CHOSEN])
        return Attempt(row, chosen, form, sheet, drafts, prompts.asked_before(chosen, form, request.form))

    def _fire(self, attempt: Attempt) -> Any:
        row, form = attempt.row, attempt.form
        try:
            answer = moves.fire(attempt.move.request(form, without=_unanswered(attempt.move, form)))
        except Refusal as refusal:
            return self._refused(attempt, refusal)
        if not answer.happened:
            form.request_key.data = new_id()
            problems = [warning.message for warning in answer.warnings]
            return self._ask_move(attempt, Remark(problems=problems, status=422, plain=True))
        for warning in answer.warnings:
            flash(warning.message, "warning")
        flash(_told(attempt, answer.work_order), "success")
        tab = request.form.get("tab", "")
        elsewhere = ELSEWHERE.get(tab) or onward_from(tab, row.id)
        return onward(elsewhere or self.url_of(row.id) + self._tab_back())  # type: ignore[attr-defined]

    def _refused(self, attempt: Attempt, refusal: Refusal) -> Any:
        form = attempt.form
        prompt = prompts.asked_by(refusal, attempt.move, form)
        if prompt is not None:
            return self._ask_move(dataclasses.replace(attempt, prompt=prompt), Remark(status=409))
        if refusal.kind == "stale":
            form.etag_seen.data = self.row(attempt.row.id).etag  # type: ignore[attr-defined]
        named = refusal.kind in {"invalid", "state"} and refusal.violations
        problems = attempt.sheet.blame(refusal.violations, attempt.prompt) if named else [form_sentence(refusal)]
        return self._ask_move(attempt, Remark(problems=problems, status=http_status(refusal)))

    def _ask_another_date(self, attempt: Attempt) -> Any:
        """Whoever says no to an appointment after the target is led back to the date (CP-76)."""
        date = attempt.form["appointment__date"]
        date.errors = [*date.errors, "Choose another date."]
        attempt.form[prompts.CONTINUE].data = False
        back = dataclasses.replace(attempt, prompt=None)
        return self._ask_move(back, Remark(status=422, plain=True, led_back=True))

    def _keep_draft(self, attempt: Attempt) -> Any:
        """Keep what was entered so far, on any step; wrong values are left out and named (CP-50)."""
        form, keys = attempt.form, [asked.key for asked in attempt.move.writable()]
        form.validate()
        for key in keys:
            if _blank(form[key]):
                form[key].errors = []
        try:
            self._save_draft(attempt, keys)
        except Refusal as refusal:
            return self._refused(attempt, refusal)
        fresh = self.row(attempt.row.id)  # type: ignore[attr-defined]
        form.etag_seen.data, form.request_key.data = fresh.etag, new_id()
        saved = "Draft saved, but for what is wrong" if any(form[key].errors for key in keys) else "Draft saved"
        step = request.form.get("draft", "")
        return self._ask_move(dataclasses.replace(attempt, row=fresh), Remark(saved=saved, step=step))

    @staticmethod
    def _save_draft(attempt: Attempt, keys: Sequence[str]) -> None:
        """Sends the draft without what is wrong, once more where the service finds more of it."""
        wrong = [key for key in keys if attempt.form[key].errors]
        try:
            moves.fire(attempt.move.request(attempt.form, attempt.drafts, wrong))
        except Refusal as refusal:
            if (
                refusal.kind != "invalid"
                or not refusal.violations
                or attempt.sheet.blame(refusal.violations, attempt.prompt)
            ):
                raise
            wrong = [key for key in keys if attempt.form[key].errors]
            moves.fire(attempt.move.request(attempt.form, attempt.drafts, wrong))

    @staticmethod
    def _left_blank_on_purpose(chosen: Move) -> bool:
        """Accept without shipping information is the service's to answer: it stays Assigned and says so (CP-49)."""
        asked = [each.key for each in chosen.writable() if each.path.startswith("ship_to.")]
        blank = [key for key in asked if not request.form.get(key) or key.endswith("residential")]
        return bool(asked) and len(blank) == len(asked)

    def _ask_move(self, attempt: Attempt, remark: Remark) -> Any:
        dialog = _in_dialog()
        for field in attempt.form:  # the page beneath a dialog may show inputs of the same names
            field.id = f"do-{field.name}"
        attempt.sheet.ask(attempt.prompt)
        wrong = attempt.sheet.wrong()
        # What was typed on the page beneath is still there, and that page asks about it.
        typed_here = not dialog or (request.headers.get("HX-Trigger") == _DIALOG_FORM and not remark.led_back)
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/_move.html" if dialog else "pages/work_orders/move.html",
            panel=self,
            title=attempt.move.transition.label,
            row=attempt.row,
            order=attempt.row.message,
            move=attempt.move,
            form=attempt.form,
            sheet=attempt.sheet,
            prompt=attempt.sheet.prompt,
            remark=remark,
            wrong=() if remark.plain else wrong,
            dirty=typed_here and bool(remark.problems or wrong or attempt.sheet.prompt),
            drafts=attempt.drafts,
            dialog=dialog,
            tab=request.values.get("tab", ""),
            week=week_of(request.values.get("tab", "")),
        )
        # Browsers log answers of 400 and above as errors; to the dialog that asked, this is an answer like any other.
        return page, _COMMITTED if dialog else remark.status

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


def _prefilled(chosen: Move) -> tuple[ResourceForm, list[str]]:
    """The form with what the link brought along, such as the line item that is finished, and the names of that."""
    form, held = chosen.drawn(), []
    for asked in chosen.writable():
        given = request.args.getlist(asked.key) or request.args.getlist(asked.path.removeprefix(moves.INPUTS))
        if given:
            field = form[asked.key]
            field.process(MultiDict((field.name, each) for each in given))
            field.raw_data = None
            held.append(asked.key)
    return form, [key for key in held if key in CHOSEN]


def _told(attempt: Attempt, order: Any) -> str:
    """What was done, and how the state changed where it did; by now others may have changed it again."""
    before: Any = attempt.row.message
    done = attempt.move.transition.done or f"{attempt.move.transition.label}: done."
    if order.state == before.state:
        return done
    return f"{done} {attempt.row} went from {before.state_label} to {order.state_label}."


def _unanswered(chosen: Move, form: ResourceForm) -> frozenset[str]:
    """A delay reason is none until somebody says yes to the delay."""
    late = chosen.transition.reason_kind == "delay" and not form[prompts.CONTINUE].data
    return PROMPTED if late else frozenset()


def _in_dialog() -> bool:
    """Whether the answer stands in a dialog; what led to it is chosen on the page beneath."""
    return request.headers.get("HX-Target") == "dialog-body"


def _blank(field: Any) -> bool:
    return not any(str(text).strip() for text in (field.raw_data or [])[:1])
