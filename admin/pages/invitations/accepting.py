"""Accepting an invitation: a signed link shows who is invited where, and takes a password once.

The directory enters the person and decides whether the link still counts; the admin keeps the password, nothing else.
Whoever holds the link and was stopped between the two can finish with it; once there is a login, it leads nowhere.
"""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import (
    invitation_pb2,
    invitation_pb2_grpc,
    organization_pb2,
    organization_pb2_grpc,
)
from flask import current_app, flash, g, redirect, request, url_for
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.decorators import no_cache
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import EqualTo, Length

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose
from admin.security.models import Login
from admin.security.views import MINIMUM_PASSWORD
from services.chassis import links
from services.chassis.errors import NotFound, Refusal, WrongState
from services.chassis.ids import derive_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fieldmesh.technicians.v1 import person_pb2
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

GONE: Final = 410
_OPEN: Final = invitation_pb2.INVITATION_STATE_OPEN
_ACCEPTED: Final = invitation_pb2.INVITATION_STATE_ACCEPTED
_ASK: Final = "Ask whoever invited you to send it again."
_WHY: Final = {
    _ACCEPTED: ("This invitation was used", "You have a login already: sign in with it."),
    invitation_pb2.INVITATION_STATE_WITHDRAWN: ("This invitation was withdrawn", "Ask whoever invited you."),
    invitation_pb2.INVITATION_STATE_EXPIRED: ("This invitation has expired", _ASK),
}


@dataclasses.dataclass(frozen=True)
class Dead:
    """Why a link leads nowhere."""

    title: str
    words: str
    status: int = GONE


class ChoosePasswordForm(FlaskForm):  # type: ignore[misc]
    fresh = PasswordField(
        "Password",
        description=f"At least {MINIMUM_PASSWORD} characters. A few unrelated words are fine.",
        validators=[Length(MINIMUM_PASSWORD, 1024, f"At least {MINIMUM_PASSWORD} characters.")],
    )
    again = PasswordField("Password, again", validators=[EqualTo("fresh", "The two are not the same.")])


class InvitedView(BaseView):  # type: ignore[misc]
    """The page of an invitation's link; nobody is signed in on it."""

    route_base = "/invited"
    template_folder = None
    default_view = "invited"

    @expose("/<token>", methods=["GET", "POST"])
    @no_cache  # type: ignore[untyped-decorator]
    def invited(self, token: str) -> Any:
        try:
            wanted = links.read_invitation(current_app.extensions["link_keys"], token)
        except links.LinkExpired:
            return self._dead(Dead("This invitation has expired", _ASK))
        except links.LinkInvalid:
            return self._dead(Dead("This link is not valid", "Open it from the mail once more.", 404))
        if current_user.is_authenticated:
            words = "Sign out first: an invitation is for somebody who has no login yet."
            return self._dead(Dead("You are signed in", words, 409))
        try:
            with _as_admin_itself():
                return self._serve(wanted, token)
        except NotFound:
            return self._dead(Dead("This invitation is gone", "Ask whoever invited you.", 404))
        except Refusal as refusal:
            return self._dead(Dead("This cannot be done now", sentence(refusal), http_status(refusal)))

    def _serve(self, wanted: links.Invited, token: str) -> Any:
        stub = mesh().stub(invitation_pb2_grpc.InvitationServiceStub)
        invitation = stub.GetInvitation(invitation_pb2.GetInvitationRequest(id=wanted.invitation_id))
        dead = _dead_end(self.appbuilder, invitation, wanted)
        if dead is not None:
            return self._dead(dead)
        form = ChoosePasswordForm()
        if request.method == "GET" or not form.validate_on_submit():
            return self._ask(invitation, form, 422 if request.method == "POST" else 200)
        accepted = invitation_pb2.AcceptInvitationRequest(
            invitation_id=invitation.id, round=wanted.round, request_id=derive_id("invited", token)
        )
        try:
            desk = mesh().stub(invitation_pb2_grpc.InvitationDeskServiceStub)
            person = desk.AcceptInvitation(accepted).person
        except WrongState as refusal:
            return self._dead(Dead("This invitation cannot be used", sentence(refusal)))
        name = self._give_login(person, form.fresh.data or "")
        flash(f"Welcome, {person.name}. Sign in as {name}.", "success")
        return redirect(url_for("SignInView.login"))

    def _give_login(self, person: person_pb2.Person, password: str) -> str:
        """Makes the login of a person, and gives its name: the directory's, unless an old login has it."""
        manager, name, number = self.appbuilder.sm, person.login, 1
        while manager.find_user(username=name) is not None:
            number += 1
            name = f"{person.login}-{number}"
        made = manager.add_user(name, name, "", f"{name}@login.invalid", password=password)
        made.person_id = person.id
        self.appbuilder.session.commit()
        return name

    def _ask(self, invitation: invitation_pb2.Invitation, form: ChoosePasswordForm, status: int) -> Any:
        asked = organization_pb2.GetOrganizationRequest(id=invitation.organization_id)
        home = mesh().stub(organization_pb2_grpc.OrganizationServiceStub).GetOrganization(asked)
        page = self.render_template(
            "pages/invitations/accept.html",
            frame="bare.html",
            title="Choose a password",
            invitation=invitation,
            organization=home.name,
            form=form,
        )
        return page, status

    def _dead(self, dead: Dead) -> Any:
        page = self.render_template(
            "pages/decide/dead.html", frame="bare.html", title=dead.title, words=dead.words, order=None
        )
        return page, dead.status


class InvitedPage:
    """Registers the page; nobody needs a role for it."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        del roles
        builder.add_view_no_menu(InvitedView)


@contextmanager
def _as_admin_itself() -> Iterator[None]:
    """Make the calls of a block as the admin: nobody is signed in, and only services enter people."""
    before = g.get("as_service", False)
    g.as_service = True
    try:
        yield
    finally:
        g.as_service = before


def _dead_end(builder: AppBuilder, invitation: invitation_pb2.Invitation, wanted: links.Invited) -> Dead | None:
    """Why there is nothing to accept by this link; None where there is."""
    if invitation.round != wanted.round:
        return Dead("This link is out of date", "A newer mail went out: use the link in that one.")
    unfinished = invitation.state == _ACCEPTED and not _has_login(builder, invitation.person_id)
    if invitation.state == _OPEN or unfinished:
        return None
    return Dead(*_WHY[invitation.state])


def _has_login(builder: AppBuilder, person_id: str) -> bool:
    return builder.session.query(Login).filter(Login.person_id == person_id).first() is not None
