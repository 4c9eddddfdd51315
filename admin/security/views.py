"""Signing in, signing out, and one's own account."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import technicians_service_pb2, technicians_service_pb2_grpc
from flask import current_app, flash, g, redirect, request, session, url_for
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.views import AuthView
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.security import check_password_hash
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from admin import identity
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.fields import TimeZoneField
from admin.grpcfab.routes import expose
from admin.security import ended
from admin.security.carrying import unsealed
from admin.settings import SHORTEST_PASSWORD
from services.chassis.errors import NotFound, Refusal, Unavailable, WrongState
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from admin.security.models import Login

MINIMUM_PASSWORD: Final = SHORTEST_PASSWORD
# The same words for a wrong name, a wrong password and an inactive person: they tell nothing about who exists.
REFUSED: Final = "Name or password is wrong, or this login is not active."


class SignInForm(FlaskForm):  # type: ignore[misc]
    username = StringField("Login", validators=[InputRequired("Enter your login."), Length(max=128)])
    password = PasswordField("Password", validators=[InputRequired("Enter your password."), Length(max=1024)])
    next = HiddenField()
    carried = HiddenField()


class PasswordForm(FlaskForm):  # type: ignore[misc]
    current = PasswordField("Present password", validators=[InputRequired("Enter your present password.")])
    fresh = PasswordField(
        "New password",
        description=f"At least {MINIMUM_PASSWORD} characters. A few unrelated words are fine.",
        validators=[Length(MINIMUM_PASSWORD, 1024, f"At least {MINIMUM_PASSWORD} characters.")],
    )
    again = PasswordField("New password, again", validators=[EqualTo("fresh", "The two are not the same.")])


class ZoneForm(FlaskForm):  # type: ignore[misc]
    time_zone = TimeZoneField("Time zone", description="Empty: that of your organisation.")


class SignInView(AuthView):  # type: ignore[misc]
    """Sign-in with lockout; signing out is a POST, so that no picture on another site can do it."""

    template_folder = None

    @expose("/login/", methods=["GET", "POST"])
    @no_cache  # type: ignore[untyped-decorator]
    def login(self) -> Any:
        if current_user.is_authenticated:
            return redirect(safe_target(request.args.get("next", "")))
        form = SignInForm()
        if request.method == "GET":
            form.next.data = request.args.get("next", "")
            return self._page(form)
        if not form.validate_on_submit():
            return self._page(form, status=422)
        return self._try(form)

    def _try(self, form: SignInForm) -> Any:
        sm, name, address = self.appbuilder.sm, (form.username.data or "").strip(), request.remote_addr or ""
        wait = sm.throttle.wait(name, address)
        if wait > 0:
            return self._page(form, f"Too many tries. Wait {_duration(wait)}, then try again.", 429)
        user = sm.auth_user_db(name, form.password.data)
        if user is None:
            sm.throttle.failed(name, address)
            return self._page(form, REFUSED, 403)
        try:
            who = identity.ask_directory(
                mesh(), login="" if user.person_id else user.username, person_id=user.person_id
            )
        except (NotFound, WrongState):
            sm.throttle.failed(name, address)
            return self._page(form, REFUSED, 403)
        except Unavailable:
            return self._page(form, "The directory of people is not answering, so nobody can sign in. Try again.", 503)
        sm.throttle.succeeded(name)
        self._enter(user, who)
        kept = unsealed(form.carried.data or "")
        return ended.resume(kept) if kept else redirect(safe_target(form.next.data or ""))

    def _enter(self, user: Login, who: identity.Identity) -> None:
        if not user.person_id:
            user.person_id = who.person_id
            self.appbuilder.session.commit()
        session.clear()  # Nothing that was planted before signing in survives it.
        g.pop("csrf_token", None)
        session.permanent = True
        login_user(user, remember=False)
        identity.remember(who)

    def _page(self, form: SignInForm, problem: str = "", status: int = 200) -> Any:
        page = self.render_template(
            "security/login.html", frame="bare.html", form=form, problem=problem, kept=bool(form.carried.data),
            title="Sign in",
        )  # fmt: skip
        return page, status

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        logout_user()
        session.clear()
        flash("You are signed out.", "info")
        return redirect(url_for("SignInView.login"))


class AccountView(BaseView):  # type: ignore[misc]
    """What the directory says of the person who is signed in, and a new password."""

    route_base = "/account"
    template_folder = None
    default_view = "account"

    @expose("/time-zone", methods=["POST"])
    def time_zone(self) -> Any:
        """Choose the zone in which pages show and read times (CP-5); empty: the organisation's."""
        form = ZoneForm()
        if not form.validate_on_submit():
            return self._draw(PasswordForm(formdata=None), form, 422)
        wanted = technicians_service_pb2.UpdateOwnProfileRequest(
            time_zone=form.time_zone.data or "", request_id=new_id()
        )
        try:
            mesh().stub(technicians_service_pb2_grpc.ProfileServiceStub).UpdateOwnProfile(wanted)
            identity.remember(identity.ask_directory(mesh(), person_id=g.viewer.person_id))
        except Refusal as refusal:
            form.time_zone.errors = [form_sentence(refusal)]
            return self._draw(PasswordForm(formdata=None), form, http_status(refusal))
        flash("Your time zone was saved. Times are shown and read in it from now on.", "success")
        return redirect(url_for("AccountView.account"))

    @expose("/", methods=["GET", "POST"])
    def account(self) -> Any:
        form = PasswordForm()
        if request.method == "POST" and form.validate_on_submit():
            if self._changed(form):
                return redirect(url_for("AccountView.account"))
            form.current.errors = ["This is not your present password."]
        return self._draw(form, ZoneForm(formdata=None), 422 if request.method == "POST" else 200)

    def _draw(self, form: PasswordForm, zone: ZoneForm, status: int) -> Any:
        if zone.time_zone.data is None:
            zone.time_zone.data = g.viewer.own_time_zone
        page = self.render_template("security/account.html", form=form, zone=zone, who=g.viewer, title="Your account")
        return page, status

    def _changed(self, form: PasswordForm) -> bool:
        sm, user = self.appbuilder.sm, self.appbuilder.sm.get_user_by_id(current_user.id)
        if sm.throttle.wait(user.username, "") > 0 or not check_password_hash(user.password, form.current.data or ""):
            sm.throttle.failed(user.username, "")
            return False
        sm.reset_password(user.id, form.fresh.data)
        sm.bump_epoch(user)
        login_user(user, remember=False)  # This session goes on; all others of the login have ended.
        flash("Your password was changed. Every other session of yours has ended.", "success")
        return True


def safe_target(target: str) -> str:
    """A path of this site to go on to; the start page for anything else."""
    inside = (
        target.startswith("/") and not target.startswith(("//", "/\\")) and "\n" not in target and "\r" not in target
    )
    return target if inside else str(current_app.appbuilder.get_url_for_index)  # type: ignore[attr-defined]


def _duration(seconds: float) -> str:
    return f"{math.ceil(seconds)} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"  # noqa: PLR2004
