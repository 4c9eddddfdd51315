"""The page of a technician's day, its two taps, and whether it is where the technician starts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from flask import flash, redirect, request
from flask_appbuilder.baseviews import BaseView

from admin.grpcfab.context import viewer_roles, viewer_zone
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose, has_access
from admin.pages.my_day.cards import cards_of, dialled
from admin.pages.my_day.day import date_at, own_day
from admin.pages.my_day.taps import ARRIVE, DEPART, Tap, tell
from admin.pages.work_orders.panel import WorkOrderPanel
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

ROLE: Final = "technician"
MY_DAY: Final = "/my-day/"


class MyDayView(BaseView):  # type: ignore[misc]
    """Today's visits of the viewer as cards, then what comes; each by the clock of its site."""

    route_base = "/my-day"
    default_view = "day"
    template_folder = None

    @expose("/")
    @has_access
    def day(self) -> Any:
        """The viewer's day (R-4)."""
        now = dt.datetime.now(dt.UTC)
        shown: dict[str, Any] = {"day": None, "cards": (), "away": ""}
        status = 200
        try:
            found = own_day(now)
            shown = {"day": found, "cards": cards_of(found.today), "away": ""}
        except Refusal as refusal:
            if refusal.kind != "unavailable":
                raise
            shown["away"], status = sentence(refusal), http_status(refusal)
        page = self.render_template(
            "pages/my_day/day.html",
            title="My day",
            date=now.astimezone(viewer_zone()).date(),
            dialled=dialled,
            today_at=lambda visit: date_at(visit, now),
            item_badge=WorkOrderPanel.item_badge,
            **shown,
        )
        return page, status

    @expose("/<order_id>/arrive", methods=["POST"])
    @has_access
    def arrive(self, order_id: str) -> Any:
        """Tell that the viewer is at the site now (CP-41)."""
        return self._tap(order_id, ARRIVE)

    @expose("/<order_id>/depart", methods=["POST"])
    @has_access
    def depart(self, order_id: str) -> Any:
        """Tell that the viewer leaves the site now (CP-41)."""
        return self._tap(order_id, DEPART)

    @staticmethod
    def _tap(order_id: str, tap: Tap) -> Any:
        try:
            told = tell(order_id, tap, request.form.get("request_key", ""), dt.datetime.now(dt.UTC))
        except Refusal as refusal:
            if refusal.kind == "missing":
                raise
            flash(f"{tap.label} was not noted. {sentence(refusal)}", "danger")
        else:
            flash(told, "success")
        return redirect(MY_DAY)


class MyDayPage:
    """Registers the page for technicians, beside the calendar."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(MyDayView, "My day", icon="calendar-day")
        entries = builder.menu.get_list()
        entry = entries.pop()
        entries.insert(sum(1 for each in entries if not each.childs), entry)
        roles[ROLE] += [["^MyDayView$", "^can_(day|arrive|depart)$"], ["^My day$", "^menu_access$"]]


def starts_here() -> bool:
    """Whether the viewer is a technician with visits today; where that cannot be asked, the day is not the start."""
    if ROLE not in viewer_roles():
        return False
    try:
        return bool(own_day(dt.datetime.now(dt.UTC)).today)
    except Refusal:
        return False
