"""The panels of calendars, policies and recalculations: drafts are written, and calendars looked at by year."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as messages
from fieldmesh.shipping.v1 import sla_pb2
from flask import flash, g, redirect, request
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.panel import Panel
from admin.grpcfab.routes import expose, has_access, redraws
from admin.pages.service_levels import calendars, calls, policies, refusals, year
from admin.pages.service_levels.publishing import Publishing
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.descriptor import MethodDescriptor

_METHODS = messages.DESCRIPTOR.services_by_name["SlaDraftService"].methods_by_name
_EITHER = {"preview": "PreviewPublication", "publish": "PublishVersion", "discard": "DiscardDraft"}
_CALENDARS = {"begin": "StartCalendarDraft", "draft": "StartCalendarDraft", "week": "SaveCalendarDraft",
              "day": "SetCalendarDays", "holidays": "ImportHolidays"}  # fmt: skip
_POLICIES = {"begin": "StartPolicyDraft", "draft": "StartPolicyDraft", "write": "SavePolicyDraft"}


class _Versions(Publishing, Panel):
    """What panels of versions share."""

    menu = "Service levels"
    list_template = "pages/service_levels/list.html"
    begin_template = ""

    guarded: Mapping[str, str] = {}

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        own = {f"can_{route}": _METHODS[method] for route, method in {**_EITHER, **self.guarded}.items()}
        return {**super().permissions(), **own}

    @expose("/begin", methods=["GET", "POST"])
    @has_access
    @redraws
    def begin(self) -> Any:
        """The first draft of something new."""
        problems: Sequence[str] = ()
        status = 200
        if request.method == "POST":
            try:
                made = self.started(request.form.get("request_key", ""), "")
            except Refusal as refusal:
                problems, status = refusals.said(refusal), http_status(refusal)
            else:
                return redirect(self.url(made.id))
        page = self.render_template(
            self.begin_template, panel=self, title=self.add_title, problems=problems, form=request.form
        )
        return page, status

    @expose("/<pk>/draft", methods=["POST"])
    @has_access
    def draft(self, pk: str) -> Any:
        """The next version, beginning with this one; where there is a draft already, that one is shown."""
        try:
            made = self.started(request.form.get("request_key", ""), pk)
        except Refusal as refusal:
            flash(sentence(refusal), "warning")
            return redirect(self.url(refusal.metadata.get("draft", pk)))
        flash("This is the draft of the next version.", "success")
        return redirect(self.url(made.id))

    def started(self, key: str, source: str) -> Any:
        """A new draft."""
        raise NotImplementedError


class BusinessCalendarPanel(_Versions):
    """Calendars by version, each with its year."""

    resource = sla_pb2.BusinessCalendar
    begin_template = "pages/service_levels/new_calendar.html"
    columns = ("name", "version", "state", "country", "publish_time", "note")
    guarded = _CALENDARS

    @expose("/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        return self._drawn(pk)

    def started(self, key: str, source: str) -> sla_pb2.BusinessCalendar:
        asked = messages.StartCalendarDraftRequest(from_id=source, name=request.form.get("name", ""), request_id=key)
        made: sla_pb2.BusinessCalendar = calls.drafts().StartCalendarDraft(asked)
        return made

    @expose("/<pk>/week", methods=["GET", "POST"])
    @has_access
    @redraws
    def week(self, pk: str) -> Any:
        """Working hours of each weekday, and the note."""
        if request.method == "GET":
            return redirect(f"{self.url(pk)}?year={_year()}")
        asked = messages.SaveCalendarDraftRequest()
        try:
            asked = calendars.week_asked(pk)
            calls.drafts().SaveCalendarDraft(asked)
        except Refusal as refusal:
            return self._drawn(pk, refusals.said(refusal, calendars.week_places(asked)), http_status(refusal))
        flash("The working week was saved.", "success")
        return redirect(f"{self.url(pk)}?year={_year()}")

    @expose("/<pk>/days/<date>", methods=["GET", "POST"])
    @has_access
    @redraws
    def day(self, pk: str, date: str) -> Any:
        """One day of a draft: closed, worked at hours of its own, or as its weekday."""
        when = calls.date_of(date)
        version: Any = self.row(pk).message
        if when is None or not year.FIRST_YEAR <= when.year <= year.LAST_YEAR:
            raise PageMissing
        problems: Sequence[str] = ()
        status = 200
        if request.method == "POST":
            try:
                calendars.set_day(pk, when)
            except Refusal as refusal:
                problems, status = refusals.said(refusal, calendars.DAY_PLACES), http_status(refusal)
            else:
                return self._onward(f"{self.url(pk)}?year={when.year}")
        part = request.headers.get("HX-Target") == "dialog-body"
        page = self.render_template(
            f"pages/service_levels/{'_day' if part else 'day'}.html", panel=self, version=version, one=pk,
            day=year.day_of(version, when), usual=year.week_of(version)[when.isoweekday()], problems=problems,
            title=f"{when:%A} {when.day} {when:%B %Y}", form=request.form, part=part,
        )  # fmt: skip
        return page, status

    @expose("/<pk>/holidays", methods=["GET", "POST"])
    @has_access
    @redraws
    def holidays(self, pk: str) -> Any:
        """The public holidays of a country."""
        if request.method == "GET":
            return redirect(f"{self.url(pk)}?year={_year()}")
        try:
            calls.drafts().ImportHolidays(calendars.holidays_asked(pk))
        except Refusal as refusal:
            return self._drawn(pk, refusals.said(refusal), http_status(refusal))
        flash("The holidays were replaced; days set by hand stayed as they are.", "success")
        return redirect(f"{self.url(pk)}?year={_year()}")

    def _drawn(self, pk: str, problems: Sequence[str] = (), status: int = 200) -> Any:
        """A calendar's page; where a form of it was refused, with what was typed."""
        version: Any = self.row(pk).message
        g.opened = (self.datamodel.resource.full_name, version.id, self.name_of(version))
        shown, typed = _year(), "day1" in request.form
        page = self.render_template(
            "pages/service_levels/calendar.html", panel=self, title=self.name_of(version), version=version,
            badge=calls.badge_of(version), writable=_is_draft(version) and self.may("day"), year=shown,
            months=year.year_of(version, shown), weekdays=year.WEEKDAYS, problems=problems, form=request.form,
            week=calendars.typed_week() if typed else year.week_of(version),
        )  # fmt: skip
        return page, status


class SlaPolicyPanel(_Versions):
    """Policies by version."""

    resource = sla_pb2.SlaPolicy
    list_title = "SLA policies"
    begin_template = "pages/service_levels/new_policy.html"
    columns = ("code", "name", "version", "state", "unit", "amount", "publish_time")
    guarded = _POLICIES

    @expose("/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        row = self.row(pk)
        version: Any = row.message
        g.opened = (self.datamodel.resource.full_name, version.id, self.name_of(version))
        return self.render_template(
            "pages/service_levels/policy.html", panel=self, title=self.name_of(version), version=version,
            badge=calls.badge_of(version), facts=self.facts(row), writable=_is_draft(version) and self.may("write"),
        )  # fmt: skip

    def started(self, key: str, source: str) -> sla_pb2.SlaPolicy:
        form = request.form
        asked = messages.StartPolicyDraftRequest(
            from_id=source, code=form.get("code", ""), name=form.get("name", ""), request_id=key
        )
        made: sla_pb2.SlaPolicy = calls.drafts().StartPolicyDraft(asked)
        return made

    @expose("/<pk>/write", methods=["GET", "POST"])
    @has_access
    @redraws
    def write(self, pk: str) -> Any:
        """What a draft says."""
        version: Any = self.row(pk).message
        values, problems, status = policies.told(version), list[str](), 200
        if request.method == "POST":
            values, asked = dict(request.form), policies.asked_of(pk)
            try:
                calls.drafts().SavePolicyDraft(asked)
            except Refusal as refusal:
                problems, status = refusals.said(refusal, policies.places(asked)), http_status(refusal)
            else:
                flash("The draft was saved.", "success")
                return redirect(self.url(pk))
        page = self.render_template(
            "pages/service_levels/policy_form.html", panel=self, title="Edit draft", version=version, values=values,
            version_title=self.name_of(version), problems=problems, request_key=new_id(),
            classes=policies.class_labels(),
        )  # fmt: skip
        return page, status


class SlaRecalculationPanel(Panel):
    """How far open orders are computed anew."""

    resource = sla_pb2.SlaRecalculation
    menu = "Service levels"
    show_template = "pages/service_levels/recalculation.html"


def _is_draft(version: Any) -> bool:
    return bool(version.state == sla_pb2.VERSION_STATE_DRAFT)


def _year() -> int:
    given = request.values.get("year", "")
    now = dt.datetime.now(dt.UTC).year
    found = int(given) if given.isascii() and given.isdigit() and len(given) == 4 else now  # noqa: PLR2004 - a year
    return found if year.FIRST_YEAR <= found <= year.LAST_YEAR else now


PANELS = (SlaPolicyPanel, BusinessCalendarPanel, SlaRecalculationPanel)
