"""The week by person and day, the viewer's secret links, and the feed behind such a link."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from flask import Response, current_app, flash, g, redirect, request
from flask_appbuilder.baseviews import BaseView
from werkzeug.exceptions import NotFound as PageMissing
from werkzeug.exceptions import TooManyRequests

from admin import identity
from admin.grpcfab.context import mesh, viewer_zone
from admin.grpcfab.routes import expose, has_access
from admin.pages.calendar import feed
from admin.pages.calendar.visits import NOBODY, Visit, between
from admin.security.calendar_links import MOST, CalendarLinks, LinkUnknown, TooManyLinks
from admin.security.throttle import Throttle
from services.chassis.errors import NotFound, WrongState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

WEEK: Final = dt.timedelta(days=7)
BEHIND, AHEAD = dt.timedelta(days=30), dt.timedelta(days=180)
LONGEST_NAME: Final = 60
ROLES: Final = ("partner", "dispatcher", "approver", "requester", "technician", "admin")


class CalendarView(BaseView):  # type: ignore[misc]
    """Appointments of the orders that the viewer sees; each at its site's own date and clock."""

    route_base = "/calendar"
    default_view = "week"
    template_folder = None

    @expose("/")
    @has_access
    def week(self) -> Any:
        """One week: a row for each person who goes, a column for each day."""
        today = dt.datetime.now(viewer_zone()).date()
        first = _monday(request.args.get("week", ""), today)
        mine = request.args.get("mine") == "1"
        days = [first + dt.timedelta(days=number) for number in range(7)]
        everything, cut = between(days[0], days[-1])
        found = _kept(everything, g.viewer.person_id, mine=mine)
        return self.render_template(
            "pages/calendar/week.html",
            title="Calendar",
            days=days,
            today=today,
            mine=mine,
            cut=cut,
            total=len(found),
            rows=_rows(found),
            by_day={day: [visit for visit in found if visit.day == day] for day in days},
            before=first - WEEK,
            after=first + WEEK,
        )

    @expose("/links", methods=["GET", "POST"])
    @has_access
    def links(self) -> Any:
        """The viewer's links to this calendar for other programs."""
        if request.method == "GET":
            return self._draw()
        name = request.form.get("name", "").strip()
        if not 0 < len(name) <= LONGEST_NAME:
            return self._draw(problem=f"Give the link a name of at most {LONGEST_NAME} characters."), 422
        try:
            text = self._links().make(g.viewer.person_id, name, mine=request.form.get("what") != "all")
        except TooManyLinks:
            return self._draw(problem=f"You have {MOST} links already: revoke one first."), 422
        return self._draw(told=(name, f"{current_app.config['PUBLIC_URL']}/calendar/feed/{text}.ics"))

    @expose("/links/<link_id>/revoke", methods=["POST"])
    @has_access
    def revoke(self, link_id: str) -> Any:
        """End one of the viewer's links."""
        try:
            link = self._links().revoke(g.viewer.person_id, link_id)
        except LinkUnknown:
            raise PageMissing from None
        flash(f"The link “{link.name}” leads nowhere any more.", "success")
        return redirect("/calendar/links")

    @expose("/feed/<text>.ics")
    def feed(self, text: str) -> Any:
        """The feed behind a secret link, with what its person may see at this moment."""
        throttle = Throttle(self.appbuilder.session)
        address = f"calendar {request.remote_addr or ''}"
        if throttle.wait(address, address):
            raise TooManyRequests
        try:
            link = self._links().read(text)
        except LinkUnknown:
            throttle.failed(address, address)
            raise PageMissing from None
        try:
            who = identity.ask_directory(mesh(), person_id=link.person_id)
        except (NotFound, WrongState):
            raise PageMissing from None
        today = dt.datetime.now(dt.UTC).date()
        with identity.acting_as(who):
            found, _ = between(today - BEHIND, today + AHEAD)
        name = f"Fieldmesh: {link.name}"
        told = feed.feed_of(_kept(found, who.person_id, mine=link.mine), name, str(current_app.config["PUBLIC_URL"]))
        answer = Response(told, content_type="text/calendar; charset=utf-8")
        answer.headers["Cache-Control"] = "private, max-age=300"
        return answer

    def _links(self) -> CalendarLinks:
        return CalendarLinks(self.appbuilder.session, current_app.config["SECRET_KEY"])

    def _draw(self, problem: str = "", told: tuple[str, str] | None = None) -> Any:
        return self.render_template(
            "pages/calendar/links.html",
            title="Calendar links",
            links=self._links().of(g.viewer.person_id),
            problem=problem,
            told=told,
            longest=LONGEST_NAME,
            moment=lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC),
        )


class CalendarPage:
    """Registers the page for everybody who signs in; the feed's link says by itself whose it is."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(CalendarView, "Calendar", icon="calendar-week")
        entries = builder.menu.get_list()
        entry = entries.pop()
        entries.insert(sum(1 for each in entries if not each.childs), entry)  # beside the lists, before the groups
        for role in ROLES:
            roles[role] += [["^CalendarView$", "^can_(week|links|revoke)$"], ["^Calendar$", "^menu_access$"]]


def _monday(asked: str, today: dt.date) -> dt.date:
    """The Monday of the week of a day as YYYY-MM-DD; of this week where that is no day."""
    try:
        day = dt.date.fromisoformat(asked)
    except ValueError:
        day = today
    if not dt.date(1970, 1, 8) <= day <= dt.date(9000, 1, 1):
        day = today
    return day - dt.timedelta(days=day.weekday())


def _kept(visits: Sequence[Visit], person_id: str, *, mine: bool) -> Sequence[Visit]:
    return [visit for visit in visits if visit.is_of(person_id)] if mine else visits


def _rows(visits: Sequence[Visit]) -> list[tuple[str, dict[dt.date, list[Visit]]]]:
    """Visits by person and day: people by name, orders that nobody goes to at the end."""
    people: dict[tuple[bool, str, str], dict[dt.date, list[Visit]]] = {}
    for visit in visits:
        for person_id, name in visit.people:
            row = people.setdefault((name == NOBODY, name, person_id), {})
            row.setdefault(visit.day, []).append(visit)
    return [(name, days) for (_, name, _), days in sorted(people.items(), key=lambda each: each[0])]
