"""Logins, for admins: who may sign in, new passwords shown once, sessions ended, logins switched off."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1.person_pb2 import Person
from flask import flash, redirect, request
from flask_appbuilder.baseviews import BaseView
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import references
from admin.grpcfab.context import catalogue
from admin.grpcfab.routes import expose, has_access
from admin.security.models import Login

if TYPE_CHECKING:
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

PERSON: Final = str(Person.DESCRIPTOR.full_name)


class LoginsView(BaseView):  # type: ignore[misc]
    """The admin's own table; names and roles come from the directory."""

    route_base = "/logins"
    default_view = "logins"
    template_folder = None

    @expose("/")
    @has_access
    def logins(self) -> Any:
        return self._draw()

    @expose("/new", methods=["POST"])
    @has_access
    def create(self) -> Any:
        """Give a person of the directory a login under the name that stands there."""
        row = catalogue().interface(PERSON).get(request.form.get("person_id", "").strip())
        if row is None:
            return self._draw(problem="Choose a person of the directory."), 422
        name = str(row.login)
        if not name:
            return self._draw(problem=f"{row} has no login name in the directory: enter one there first."), 422
        if self.appbuilder.sm.find_user(username=name) is not None:
            return self._draw(problem=f"{name} has a login already."), 409
        password = secrets.token_urlsafe(12)
        made = self.appbuilder.sm.add_user(name, name, "", f"{name}@login.invalid", password=password)
        made.person_id = row.id
        self.appbuilder.session.commit()
        return self._draw(told=(name, password))

    @expose("/<int:number>/password", methods=["POST"])
    @has_access
    def password(self, number: int) -> Any:
        login = self._login(number)
        password = secrets.token_urlsafe(12)
        self.appbuilder.sm.reset_password(login.id, password)
        self.appbuilder.sm.bump_epoch(login)
        return self._draw(told=(login.username, password))

    @expose("/<int:number>/sessions", methods=["POST"])
    @has_access
    def sessions(self, number: int) -> Any:
        login = self._login(number)
        self.appbuilder.sm.bump_epoch(login)
        flash(f"Every session of {login.username} has ended.", "success")
        return redirect("/logins/")

    @expose("/<int:number>/switch", methods=["POST"])
    @has_access
    def switch(self, number: int) -> Any:
        login = self._login(number)
        login.active = not login.active
        self.appbuilder.sm.bump_epoch(login)
        flash(f"{login.username} may {'sign in again' if login.active else 'no longer sign in'}.", "success")
        return redirect("/logins/")

    def _login(self, number: int) -> Login:
        found = self.appbuilder.session.get(Login, number)
        if found is None:
            raise PageMissing
        login: Login = found
        return login

    def _draw(self, problem: str = "", told: tuple[str, str] | None = None) -> Any:
        logins = self.appbuilder.session.query(Login).order_by(Login.username).all()
        people = references.fetch({PERSON: [login.person_id for login in logins]})
        return self.render_template(
            "pages/logins/logins.html", title="Logins", logins=logins, people=people, person=PERSON,
            problem=problem, told=told,
        )  # fmt: skip


class LoginsPage:
    """Registers the page for admins."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(LoginsView, "Logins", icon="key", category="System")
        roles["admin"] += [
            ["^LoginsView$", "^can_(logins|create|password|sessions|switch)$"],
            ["^Logins$", "^menu_access$"],
        ]
