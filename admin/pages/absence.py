"""One's own absence: from when until when, and who decides meanwhile (PT-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import (
    person_pb2,
    person_pb2_grpc,
    technicians_service_pb2,
    technicians_service_pb2_grpc,
)
from flask import flash, g, redirect, request
from flask_appbuilder.baseviews import BaseView

from admin.grpcfab import spec, values
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.routes import expose, has_access, redraws
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

_KNOWN: Final = {field.name: field for field in spec.fields_of(person_pb2.Person.DESCRIPTOR)}
_FIELDS: Final = tuple(_KNOWN[name] for name in ("away_from", "away_until", "delegate_id"))
AbsenceForm: Final = form_class(_FIELDS, "AbsenceForm")
# Who decides on anything that somebody else may decide in their place.
ROLES: Final = ("approver", "requester", "dispatcher", "admin")


class AbsenceView(BaseView):  # type: ignore[misc]
    """Shows and changes the viewer's own absence."""

    route_base = "/absence"
    template_folder = None
    default_view = "absence"

    @expose("/", methods=["GET", "POST"])
    @has_access
    @redraws
    def absence(self) -> Any:
        if request.method == "GET":
            person = (
                mesh()
                .stub(person_pb2_grpc.PersonServiceStub)
                .GetPerson(person_pb2.GetPersonRequest(id=g.viewer.person_id))
            )
            return self._draw(AbsenceForm.drawn(person))
        form = AbsenceForm.sent(request.form)
        if not form.validate():
            return self._draw(form, (), 422)
        wanted = technicians_service_pb2.UpdateOwnProfileRequest(request_id=form.request_key.data or new_id())
        for field in _FIELDS:
            values.write(wanted, field, dump(form[field.name], field))
            wanted.update_mask.paths.append(field.name)
        try:
            mesh().stub(technicians_service_pb2_grpc.ProfileServiceStub).UpdateOwnProfile(wanted)
        except Refusal as refusal:
            problems = form.blame(refusal.violations) if refusal.violations else [form_sentence(refusal)]
            return self._draw(form, problems, http_status(refusal))
        flash("Your absence was saved.", "success")
        return redirect("/absence/")

    def _draw(self, form: ResourceForm, problems: Sequence[str] = (), status: int = 200) -> Any:
        page = self.render_template(
            "pages/absence/absence.html",
            title="Absence",
            form=form,
            problems=list(problems),
            organization_id=g.viewer.organization_id,
        )
        return page, status


class AbsencePage:
    """Registers the page; it is reached from the viewer's account."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view_no_menu(AbsenceView)
        for role in ROLES:
            roles[role].append(["^AbsenceView$", "^can_absence$"])
