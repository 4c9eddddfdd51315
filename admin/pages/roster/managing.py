"""Field technician management: search, onboard, offboard (CP-91 to CP-94)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fieldmesh.common.v1 import list_pb2
from fieldmesh.technicians.v1 import (
    certification_pb2,
    certification_pb2_grpc,
    roster_service_pb2,
    roster_service_pb2_grpc,
)
from flask import flash, g, redirect, request
from flask_appbuilder.baseviews import BaseView

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose, has_access
from admin.pages.roster import offboarding, words
from services.chassis.errors import NotFound, Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

ROLES: Final = ("partner", "dispatcher", "admin")
KINDS: Final = frozenset({"vendor", "partner", "provider"})
ORGANIZATION: Final = "fieldmesh.technicians.v1.Organization"
_PAGE: Final = 25


@dataclasses.dataclass(frozen=True)
class Found:
    """One technician of the answer, with certificates in words."""

    entry: Any
    held: Sequence[words.Held]


class FieldTechniciansView(BaseView):  # type: ignore[misc]
    """Searches technicians, and takes them on or lets them go; what was searched for stands in the address bar."""

    route_base = "/field-technicians"
    default_view = "roster"
    template_folder = None

    @staticmethod
    def concerns(kind: str, *, everybody: bool) -> bool:
        """Whether an organisation of a kind has technicians at all."""
        return everybody or kind in KINDS

    @expose("/")
    @has_access
    def roster(self) -> Any:
        args = request.args
        mine = args.get("mine", "yes") != "no"
        asked = roster_service_pb2.SearchRosterRequest(
            my_organization=mine,
            email=args.get("email", "").strip(),
            text=args.get("text", "").strip() if mine else "",
            organization_id=args.get("organization_id", "") if names_organization() else "",
            certification_codes=args.getlist("certification") if mine else [],
            page_size=_PAGE,
            page_token=args.get("after", ""),
        )
        fields: Mapping[str, str] = {}
        problem, found, status = "", None, 200
        # Nobody was asked for yet: whoever is not mine is found by e-mail only.
        if mine or "email" in args:
            try:
                found = _roster().SearchRoster(asked)
            except Refusal as refusal:
                fields = _named(refusal)
                problem, status = "" if fields else sentence(refusal), http_status(refusal)
        page = self.render_template(
            "pages/roster/roster.html",
            title="Field technicians",
            mine=mine,
            asked=asked,
            found=[Found(entry, words.held(entry.credentials)) for entry in found.entries] if found else [],
            searched=found is not None,
            next_url=_after(found.next_page_token) if found and found.next_page_token else "",
            certifications=_codes(),
            names_organization=names_organization(),
            organization=ORGANIZATION,
            problem=problem,
            wrong=fields,
        )
        return page, status

    @expose("/<technician_id>/onboard", methods=["GET", "POST"])
    @has_access
    def onboard(self, technician_id: str) -> Any:
        email = request.values.get("email", "").strip()
        answer = _roster().SearchRoster(roster_service_pb2.SearchRosterRequest(email=email, my_organization=False))
        entry = next((each for each in answer.entries if each.technician_id == technician_id), None)
        # Somebody onboarded them meanwhile: the service says what is wrong, by name.
        name = entry.name if entry is not None and entry.name else request.form.get("name", "")
        if request.method == "GET":
            return self._ask(technician_id, email, entry, name)
        wanted = roster_service_pb2.OnboardTechnicianRequest(
            technician_id=technician_id,
            etag=request.form.get("etag_seen", ""),
            corporate_email=request.form.get("corporate_email", "").strip(),
            organization_id=request.form.get("organization_id", "").strip() if names_organization() else "",
            request_id=request.form.get("request_key", "") or new_id(),
        )
        try:
            _roster().OnboardTechnician(wanted)
        except Refusal as refusal:
            return self._ask(technician_id, email, entry, name, refusal), http_status(refusal)
        flash(f"{name} was onboarded.", "success")
        back = {"mine": "yes", "email": wanted.corporate_email}
        return redirect(f"/field-technicians/?{urlencode(back)}")

    @expose("/<technician_id>/offboard", methods=["GET", "POST"])
    @has_access
    def offboard(self, technician_id: str) -> Any:
        try:
            leaving = offboarding.Leaving.of(technician_id, request.form)
        except NotFound:
            if request.method == "POST" and offboarding.done_before(technician_id, request.form):
                return redirect("/field-technicians/")
            raise
        if request.method == "GET":
            return self._ask_leaving(leaving)
        if not leaving.check():
            return self._ask_leaving(leaving), 422
        try:
            leaving.commit()
        except Refusal as refusal:
            leaving.blame(refusal)
            return self._ask_leaving(leaving), http_status(refusal)
        flash(leaving.told(), "success")
        return redirect("/field-technicians/")

    def _ask(self, technician_id: str, email: str, entry: Any, name: str, refusal: Refusal | None = None) -> Any:
        wrong = _named(refusal) if refusal is not None else {}
        shown = {"corporate_email", "organization_id"} & set(wrong)
        return self.render_template(
            "pages/roster/onboard.html",
            title=f"Onboard {name or email}",
            technician_id=technician_id,
            email=email,
            entry=entry,
            name=name,
            held=words.held(entry.credentials) if entry is not None else [],
            etag=entry.etag if entry is not None else request.form.get("etag_seen", ""),
            corporate_email=request.form.get("corporate_email", ""),
            organization_id=request.form.get("organization_id", ""),
            names_organization=names_organization(),
            organization=ORGANIZATION,
            problem=sentence(refusal) if refusal is not None and not shown else "",
            wrong=wrong,
        )

    def _ask_leaving(self, leaving: offboarding.Leaving) -> Any:
        return self.render_template(
            "pages/roster/offboard.html", title=f"Offboard {leaving.name}", leaving=leaving, queue=offboarding.QUEUE
        )


class FieldTechniciansPage:
    """Registers the page for whoever manages technicians."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(FieldTechniciansView, "Field technicians", icon="person-vcard", category="People")
        for role in ROLES:
            roles[role] += [
                ["^FieldTechniciansView$", "^can_(roster|onboard|offboard)$"],
                ["^Field technicians$", "^menu_access$"],
            ]


def names_organization() -> bool:
    """Whether the viewer acts for other organisations and says for which: the vendor's dispatchers, and admins."""
    return "admin" in g.viewer.roles or (g.viewer.organization_kind == "vendor" and "dispatcher" in g.viewer.roles)


def keeps_evidence() -> bool:
    """Whether the viewer keeps the evidence of those whose certificates are in sight."""
    return names_organization() or "partner" in g.viewer.roles


def _roster() -> Any:
    return mesh().stub(roster_service_pb2_grpc.RosterServiceStub)


def _named(refusal: Refusal) -> Mapping[str, str]:
    return {each.field: each.description for each in refusal.violations}


def _codes() -> list[str]:
    active = list_pb2.Filter(field="active", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=["true"])
    query = list_pb2.ListQuery(page_size=200, order_by="code", filters=[active])
    stub = mesh().stub(certification_pb2_grpc.CertificationServiceStub)
    found = stub.ListCertifications(certification_pb2.ListCertificationsRequest(query=query))
    return [certification.code for certification in found.certifications]


def _after(token: str) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "after"]
    return f"?{urlencode([*kept, ('after', token)])}"
