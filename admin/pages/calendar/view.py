"""The week by person and day, the viewer's secret links, and the feed behind such a link."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fieldmesh.common.v1 import list_pb2
from fieldmesh.technicians.v1 import team_pb2, team_pb2_grpc
from fieldmesh.workorders.v1 import work_order_service_pb2, work_order_service_pb2_grpc
from flask import Response, current_app, flash, g, redirect, request
from flask_appbuilder.baseviews import BaseView
from werkzeug.exceptions import NotFound as PageMissing
from werkzeug.exceptions import TooManyRequests

from admin import identity
from admin.grpcfab.context import mesh, viewer_zone
from admin.grpcfab.routes import expose, has_access
from admin.pages.calendar import board, feed
from admin.pages.calendar.absences import absences_of
from admin.pages.calendar.moving import Transfer, Wanted
from admin.pages.calendar.visits import Visit, between, visit_of
from admin.security.calendar_links import MOST, CalendarLinks, LinkUnknown, TooManyLinks
from admin.security.throttle import Throttle
from services.chassis.errors import NotFound, Unavailable, WrongState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

WEEK: Final = dt.timedelta(days=7)
BEHIND, AHEAD = dt.timedelta(days=30), dt.timedelta(days=180)
LONGEST_NAME: Final = 60
# Who may be offered to plan visits, and to enter absences; the services decide.
MOVERS: Final = ("partner", "dispatcher", "requester", "admin")
ENTER_ABSENCES: Final = ("partner", "dispatcher", "technician", "admin")
ROLES: Final = ("partner", "dispatcher", "approver", "requester", "technician", "admin")


class CalendarView(BaseView):  # type: ignore[misc]
    """Appointments of the orders that the viewer sees; each at its site's own date and clock."""

    route_base = "/calendar"
    default_view = "week"
    template_folder = None

    @expose("/")
    @has_access
    def week(self) -> Any:
        """One week: a row for each technician and everybody else who goes, a column for each day."""
        today = dt.datetime.now(viewer_zone()).date()
        first = _monday(request.args.get("week", ""), today)
        asked = board.Asked(
            request.args.get("name", "").strip(), request.args.get("team", ""), request.args.get("mine") == "1"
        )
        days = [first + dt.timedelta(days=number) for number in range(7)]
        everything, cut = between(days[0], days[-1])
        visits = _kept(everything, g.viewer.person_id, mine=asked.mine)
        crew = board.crew_of(g.viewer, days, asked, visits)
        rows = board.board_of(crew, visits, days, asked)
        return self.render_template(
            "pages/calendar/week.html",
            title="Calendar",
            days=days,
            today=today,
            asked=asked,
            cut=cut,
            crew=crew,
            total=len({visit.order.id for row in rows for cell in row.days.values() for visit in cell.visits}),
            rows=rows,
            by_day={day: _agenda(rows, day) for day in days},
            teams=_teams() if g.viewer.has(*board.PLANNERS) else (),
            moves=g.viewer.has(*MOVERS),
            enters=g.viewer.has(*ENTER_ABSENCES),
            own_technician=g.viewer.technician_id,
            address=lambda day: _address(day, asked),
            before=first - WEEK,
            after=first + WEEK,
        )

    @expose("/move/<order_id>")
    @has_access
    def move(self, order_id: str) -> Any:
        """Where a visit goes: asked first, then led to the transitions that bring it there. Nothing is saved here."""
        stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
        order: Any = stub.GetWorkOrder(work_order_service_pb2.GetWorkOrderRequest(id=order_id))
        visit = visit_of(order)
        if visit is None:
            raise PageMissing
        transfer = Transfer(visit, Wanted.read(request.args, visit))
        problems = transfer.problems() if "go" in request.args else {}
        if "go" in request.args and not problems:
            return redirect(transfer.url(), 303)
        dialog = request.headers.get("HX-Target") == "dialog-body"
        page = self.render_template(
            "pages/calendar/_move.html" if dialog else "pages/calendar/move.html",
            title="Move a visit",
            visit=visit,
            wanted=transfer.wanted,
            transfer=transfer,
            people=_people(visit, transfer.wanted),
            problems=problems,
            dialog=dialog,
        )
        return page, 200 if dialog or not problems else 422

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
            absences = absences_of(who, today - BEHIND, today + AHEAD, mine=link.mine)
        name = f"Fieldmesh: {link.name}"
        visits = _kept(found, who.person_id, mine=link.mine)
        told = feed.feed_of(visits, absences, name, str(current_app.config["PUBLIC_URL"]))
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
            roles[role] += [["^CalendarView$", "^can_(week|move|links|revoke)$"], ["^Calendar$", "^menu_access$"]]


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


def _agenda(rows: Sequence[board.Row], day: dt.date) -> tuple[list[Visit], list[tuple[str, board.Away]]]:
    """One day as a list: visits by time, and who is away."""
    found = {visit.order.id: visit for row in rows for visit in row.days[day].visits}  # once, whoever goes beside
    visits = sorted(found.values(), key=lambda visit: visit.start)
    return visits, [(row.name, away) for row in rows for away in row.days[day].away]


def _address(day: dt.date, asked: board.Asked) -> str:
    """The address of the week of a day, with the same rows."""
    kept = {"week": day.isoformat(), "name": asked.name, "team": asked.team_id, "mine": "1" if asked.mine else ""}
    return f"/calendar/?{urlencode({name: value for name, value in kept.items() if value})}"


def _teams() -> Sequence[team_pb2.Team]:
    """Teams of the viewer's organisation; none where technicians does not answer."""
    query = list_pb2.ListQuery(page_size=200, order_by="name")
    try:
        answer: Any = mesh().stub(team_pb2_grpc.TeamServiceStub).ListTeams(team_pb2.ListTeamsRequest(query=query))
    except Unavailable:
        return ()
    return [team for team in answer.teams if team.organization_id == g.viewer.organization_id]


def _people(visit: Visit, wanted: Wanted) -> list[tuple[str, str]]:
    """Who can be chosen; whoever goes now and whoever is asked for are among them."""
    found = board.choices_of(g.viewer, wanted.date or visit.day)
    known = {person_id for person_id, _ in found}
    now = [] if visit.person_id in known else [(visit.person_id, visit.person)]
    return [*now, *found]
