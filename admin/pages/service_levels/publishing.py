"""What publishing a draft would move, and publishing it: the same pages for calendars and policies (B-1)."""

from __future__ import annotations

import datetime as dt
import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as messages
from flask import flash, redirect, request

from admin.grpcfab.errors import form_sentence, http_status, sentence
from admin.grpcfab.export import guarded, table_response
from admin.grpcfab.routes import expose, has_access
from admin.pages.service_levels import calls
from admin.pages.work_orders import sites
from admin.pages.workflows.runs import MOST_ROWS, Run
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf import timestamp_pb2
    from google.type import date_pb2

BATCH = 250
HEADS = ("Work order", "Due now", "Due then", "Time zone", "Note")


class Publishing:
    """The routes of a draft beside writing it."""

    @expose("/<pk>/preview", methods=["GET", "POST"])
    @has_access
    def preview(self, pk: str) -> Any:
        """Open orders whose target would move, batch after batch; all of them as a file, where it is asked for."""
        version: Any = self.row(pk).message  # type: ignore[attr-defined]
        if request.args.get("format") == "csv":
            name = re.sub(r"[^a-z0-9]+", "-", self.name_of(version).lower())
            return table_response(f"moved-by-{name}", HEADS, _moved(pk))
        run, problem, status = Run(), "", 200
        if request.method == "POST":
            run = Run.of_request()
            try:
                _looked(pk, run)
            except Refusal as refusal:
                problem, status = form_sentence(refusal), http_status(refusal)
        part = request.headers.get("HX-Target") == "run"
        template = f"pages/service_levels/{'_preview' if part else 'preview'}.html"
        page = self.render_template(  # type: ignore[attr-defined]
            template, panel=self, title="Publish", version=version, version_title=self.name_of(version), one=pk,
            run=run if request.method == "POST" else None, problem=problem,
        )  # fmt: skip
        return page, status

    @expose("/<pk>/publish", methods=["POST"])
    @has_access
    def publish(self, pk: str) -> Any:
        """Puts the draft in force; the page of the recalculation shows how far it is."""
        try:
            job = calls.drafts().PublishVersion(messages.PublishVersionRequest(id=pk, **calls.named()))
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return redirect(self.url(pk))  # type: ignore[attr-defined]
        flash(f"{job.title} is in force.", "success")
        return redirect(f"/sla-recalculations/{job.id}")

    @expose("/<pk>/discard", methods=["POST"])
    @has_access
    def discard(self, pk: str) -> Any:
        """Deletes the draft."""
        try:
            calls.drafts().DiscardDraft(messages.DiscardDraftRequest(id=pk, **calls.named()))
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return redirect(self.url(pk))  # type: ignore[attr-defined]
        flash("The draft was deleted.", "success")
        return redirect(self.url(""))  # type: ignore[attr-defined]

    @staticmethod
    def badge_of(version: Any) -> tuple[str, str]:
        """The state of a version in words, with its tone."""
        return calls.badge_of(version)

    @staticmethod
    def name_of(version: Any) -> str:
        """A version as people call it."""
        return f"{version.name}, version {version.version}"


def _looked(pk: str, run: Run) -> None:
    answer = _page(pk, run.after)
    run.after, run.total = answer.next, answer.total
    run.done += answer.looked_at
    for shift in answer.shifts:
        run.count("refused" if shift.problem else "moved")
        if len(run.rows) < MOST_ROWS:
            run.rows.append([
                shift.work_order_number, shift.work_order_id, _told(shift, "old"), _told(shift, "new"), shift.problem,
            ])  # fmt: skip
    run.rows.sort(key=itemgetter(0))
    run.finished = not answer.next


def _moved(pk: str) -> Iterator[list[list[str]]]:
    after, more = "", True
    while more:
        answer = _page(pk, after)
        yield [
            [
                shift.work_order_number, _told(shift, "old"), _told(shift, "old" if shift.problem else "new"),
                shift.time_zone, guarded(shift.problem),
            ]
            for shift in answer.shifts
        ]  # fmt: skip
        after, more = answer.next, bool(answer.next)


def _page(pk: str, after: str) -> messages.PreviewPublicationResponse:
    asked = messages.PreviewPublicationRequest(id=pk, after=after, limit=BATCH)
    answer: messages.PreviewPublicationResponse = calls.drafts().PreviewPublication(asked)
    return answer


def _told(shift: messages.TargetShift, which: str) -> str:
    """When an order is due, as the site says it; with the time where that is not the end of the day."""
    if not shift.HasField(f"{which}_due_time"):  # type: ignore[arg-type]
        return "no date"
    day: date_pb2.Date = getattr(shift, f"{which}_due_date")
    due: timestamp_pb2.Timestamp = getattr(shift, f"{which}_due_time")
    date = dt.date(day.year, day.month, day.day)
    limit = sites.limit(date, due.ToDatetime(tzinfo=dt.UTC).astimezone(sites.zone_named(shift.time_zone)))
    return f"{date:%a} {date.day} {date:%b %Y}" + (f", {limit}" if limit else "")
