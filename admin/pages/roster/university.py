"""The university: what the organisation's technicians hold, what expires, and revoking (CP-3, CP-92)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fieldmesh.technicians.v1 import (
    credential_service_pb2,
    credential_service_pb2_grpc,
    technician_certification_pb2,
    technician_certification_pb2_grpc,
)
from flask import flash, g, redirect, request
from flask_appbuilder.baseviews import BaseView
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import references
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose, has_access
from admin.pages.roster import words
from admin.pages.roster.managing import KINDS, ORGANIZATION, keeps_evidence, names_organization
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

READERS: Final = ("partner", "dispatcher", "approver", "technician", "admin")
MAINTAINERS: Final = ("dispatcher", "admin")
TECHNICIAN: Final = "fieldmesh.technicians.v1.Technician"
# Tabs: what is asked for, and the count that stands beside the label.
TABS: Final[tuple[tuple[str, str, str, dict[str, int]], ...]] = (
    ("", "All", "total", {}),
    ("30", "Within 30 days", "within_30_days", {"expires_within_days": 30}),
    ("60", "Within 60 days", "within_60_days", {"expires_within_days": 60}),
    ("90", "Within 90 days", "within_90_days", {"expires_within_days": 90}),
    ("expired", "Expired", "expired", {"state": credential_service_pb2.CREDENTIAL_STATE_EXPIRED}),
    ("revoked", "Revoked", "revoked", {"state": credential_service_pb2.CREDENTIAL_STATE_REVOKED}),
)
KIND_LABELS: Final = (("", "All"), ("certification", "Certifications"), ("micro_credential", "Micro-credentials"))
_PAGE: Final = 50


class UniversityView(BaseView):  # type: ignore[misc]
    """Lists certificates by when they expire; those who maintain them revoke them here."""

    route_base = "/university"
    default_view = "university"
    template_folder = None

    @staticmethod
    def concerns(kind: str, *, everybody: bool) -> bool:
        """Whether an organisation of a kind has technicians at all."""
        return everybody or kind in KINDS or not kind

    @expose("/")
    @has_access
    def university(self) -> Any:
        tab, kind = request.args.get("tab", ""), request.args.get("kind", "")
        chosen: dict[str, Any] | None = next((asked for key, _, _, asked in TABS if key == tab), None)
        if chosen is None or kind not in dict(KIND_LABELS):
            raise PageMissing
        wanted = credential_service_pb2.ListCredentialsRequest(
            organization_id=request.args.get("organization_id", "") if sees_others() else "",
            kind=kind,
            page_size=_PAGE,
            page_token=request.args.get("after", ""),
            **chosen,
        )
        answer = mesh().stub(credential_service_pb2_grpc.CredentialServiceStub).ListCredentials(wanted)
        return self.render_template(
            "pages/roster/university.html",
            title="University",
            rows=words.held(answer.credentials),
            counts=answer.counts,
            tabs=[(key, label, getattr(answer.counts, count)) for key, label, count, _ in TABS],
            tab=tab,
            kind=kind,
            kinds=KIND_LABELS,
            organization=ORGANIZATION,
            organization_id=wanted.organization_id,
            sees_others=sees_others(),
            may_revoke=names_organization(),
            keeps_evidence=keeps_evidence(),
            address=_address,
            next_token=answer.next_page_token,
        )

    @expose("/<credential_id>/revoke", methods=["GET", "POST"])
    @has_access
    def revoke(self, credential_id: str) -> Any:
        stub = mesh().stub(technician_certification_pb2_grpc.TechnicianCertificationServiceStub)
        held = stub.GetTechnicianCertification(
            technician_certification_pb2.GetTechnicianCertificationRequest(id=credential_id)
        )
        if request.method == "GET":
            return self._ask(held)
        wanted = credential_service_pb2.RevokeCredentialRequest(
            id=credential_id,
            etag=request.form.get("etag_seen", ""),
            reason=request.form.get("reason", "").strip(),
            request_id=request.form.get("request_key", "") or new_id(),
        )
        try:
            mesh().stub(credential_service_pb2_grpc.CredentialServiceStub).RevokeCredential(wanted)
        except Refusal as refusal:
            return self._ask(held, refusal), http_status(refusal)
        flash(
            f"The certificate for {held.certification_code} was revoked; it counts for no assignment any more.",
            "success",
        )
        return redirect("/university/?tab=revoked")

    def _ask(self, held: Any, refusal: Refusal | None = None) -> Any:
        wrong = {each.field: each.description for each in refusal.violations} if refusal is not None else {}
        return self.render_template(
            "pages/roster/revoke.html",
            title=f"Revoke {held.certification_code}",
            held=held,
            technician=references.title_of(TECHNICIAN, held.technician_id),
            expires=words.day(held.expiry_date) if held.HasField("expiry_date") else "never",
            reason=request.form.get("reason", ""),
            wrong=wrong.get("reason", ""),
            problem=sentence(refusal) if refusal is not None and "reason" not in wrong else "",
        )


class UniversityPage:
    """Registers the page for everybody who knows of certificates."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(UniversityView, "University", icon="mortarboard", category="People")
        for role in READERS:
            roles[role] += [["^UniversityView$", "^can_university$"], ["^University$", "^menu_access$"]]
        for role in MAINTAINERS:
            roles[role].append(["^UniversityView$", "^can_revoke$"])


def sees_others() -> bool:
    """Whether the viewer sees the technicians of several organisations."""
    roles = g.viewer.roles
    return "admin" in roles or (
        g.viewer.organization_kind == "vendor" and bool({"dispatcher", "approver"} & set(roles))
    )


def _address(**changes: str) -> str:
    """The page's address with other values; the page within the list begins anew."""
    kept = {name: value for name, value in request.args.items() if name != "after" and value}
    asked = {name: value for name, value in {**kept, **changes}.items() if value}
    return f"/university/?{urlencode(asked)}" if asked else "/university/"
