"""How one's own organisation is reached: its contacts, kept by its office (R-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import (
    organization_pb2,
    organization_pb2_grpc,
    organization_service_pb2,
    organization_service_pb2_grpc,
)
from flask import flash, g, redirect, request
from flask_appbuilder.baseviews import BaseView

from admin.grpcfab import values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.routes import expose, has_access, redraws
from admin.grpcfab.spec import resource_of
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

_KNOWN: Final = resource_of(organization_pb2.Organization).fields
_FIELDS: Final = tuple(_KNOWN[name] for name in ("contact_name", "office_email", "phone", "address"))
ContactsForm: Final = form_class(_FIELDS, "ContactsForm")


class OwnOrganizationView(BaseView):  # type: ignore[misc]
    """Shows and changes the contacts of the viewer's organisation."""

    route_base = "/organization"
    template_folder = None
    default_view = "contacts"

    @expose("/", methods=["GET", "POST"])
    @has_access
    @redraws
    def contacts(self) -> Any:
        home = (
            mesh()
            .stub(organization_pb2_grpc.OrganizationServiceStub)
            .GetOrganization(organization_pb2.GetOrganizationRequest(id=g.viewer.organization_id))
        )
        if request.method == "GET":
            return self._draw(home, ContactsForm.drawn(home, home.etag))
        form = ContactsForm.sent(request.form)
        if not form.validate():
            return self._draw(home, form, (), 422)
        wanted = organization_service_pb2.UpdateOrganizationContactsRequest(
            etag=form.etag_seen.data or "", request_id=form.request_key.data or new_id()
        )
        for field in _FIELDS:
            values.write(wanted, field, dump(form[field.name], field))
        try:
            desk = mesh().stub(organization_service_pb2_grpc.OrganizationContactServiceStub)
            desk.UpdateOrganizationContacts(wanted)
        except Refusal as refusal:
            form.request_key.data = new_id()
            if refusal.kind == "stale":
                form.etag_seen.data = home.etag
            problems = form.blame(refusal.violations) if refusal.violations else [form_sentence(refusal)]
            return self._draw(home, form, problems, http_status(refusal))
        flash("The contacts of your organisation were saved.", "success")
        return redirect("/organization/")

    def _draw(
        self, home: organization_pb2.Organization, form: ResourceForm, problems: Sequence[str] = (), status: int = 200
    ) -> Any:
        page = self.render_template(
            "pages/own_organization/contacts.html",
            title="Your organisation",
            home=home,
            form=form,
            problems=list(problems),
            status=status,
        )
        return page, status


class OwnOrganizationPage:
    """Registers the page; it is reached from the viewer's menu."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view_no_menu(OwnOrganizationView)
        roles["partner"].append(["^OwnOrganizationView$", "^can_contacts$"])
