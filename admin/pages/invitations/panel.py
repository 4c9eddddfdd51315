"""Invitations: the generic list with its buttons, and the form that invites somebody."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import invitation_pb2
from flask import flash, g, redirect, request

from admin.grpcfab import values
from admin.grpcfab.context import mesh, viewer_roles
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.panel import Panel
from admin.grpcfab.routes import expose, has_access, redraws
from admin.grpcfab.spec import Choice, Kind, resource_of
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.descriptor import MethodDescriptor

INVITE: Final = invitation_pb2.DESCRIPTOR.services_by_name["InvitationDeskService"].methods_by_name["InvitePerson"]
_KNOWN: Final = resource_of(invitation_pb2.Invitation).fields
# What an office gives, and what admins give beside that; the service decides.
_BY_OFFICES: Final = (Choice("partner", "Partner: the office"), Choice("technician", "Technician"))
_BY_ADMINS: Final = (
    *_BY_OFFICES,
    Choice("dispatcher", "Dispatcher"),
    Choice("approver", "Approver"),
    Choice("requester", "Requester"),
    Choice("admin", "Admin"),
)


def _form(name: str, roles: tuple[Choice, ...], *more: str) -> type[ResourceForm]:
    given = dataclasses.replace(_KNOWN["roles"], kind=Kind.CHOICE, choices=roles)
    asked = (_KNOWN["name"], _KNOWN["email"], given, *(_KNOWN[each] for each in more), _KNOWN["team_id"])
    return form_class(asked, name)


OfficeForm: Final = _form("OfficeInvitationForm", _BY_OFFICES)
AdminForm: Final = _form("AdminInvitationForm", _BY_ADMINS, "organization_id")


class InvitationPanel(Panel):
    """The page "Invitations"."""

    resource = invitation_pb2.Invitation
    route_base = "/invitations"
    menu = "People"
    list_title = "Invitations"
    list_template = "pages/invitations/list.html"

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        return {**super().permissions(), "can_invite": INVITE}

    @expose("/invite", methods=["GET", "POST"])
    @has_access
    @redraws
    def invite(self) -> Any:
        """Ask for name, address, roles and team, and send the mail."""
        kind = AdminForm if "admin" in viewer_roles() else OfficeForm
        if request.method == "GET":
            return self._draw_invite(kind.drawn(None))
        form = kind.sent(request.form)
        if not form.validate():
            return self._draw_invite(form, (), 422)
        message = invitation_pb2.InvitePersonRequest(request_id=form.request_key.data or new_id())
        for field in form.specs:
            values.write(message.invitation, field, dump(form[field.name], field))
        try:
            made: Any = mesh().call(INVITE, message)
        except Refusal as refusal:
            form.request_key.data = new_id()
            told = form.blame(refusal.violations) if refusal.violations else [form_sentence(refusal)]
            return self._draw_invite(form, told, http_status(refusal))
        flash(f"{made.name} was invited; the mail goes to {made.email}.", "success")
        return redirect(self.url(""))

    def _draw_invite(self, form: ResourceForm, problems: Sequence[str] = (), status: int = 200) -> Any:
        page = self.render_template(
            "pages/invitations/invite.html",
            panel=self,
            title="Invite somebody",
            form=form,
            problems=list(problems),
            status=status,
            organization_id=g.viewer.organization_id,
        )
        return page, status
