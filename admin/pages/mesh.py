"""The Mesh page for admins: how every service is, what its lanes hold, mails that failed, and who changed what."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2, operations_pb2, operations_pb2_grpc
from flask import flash, make_response, redirect, request
from flask_appbuilder.baseviews import BaseView
from grpc_health.v1 import health_pb2, health_pb2_grpc
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose, has_access
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

TABS: Final = (
    ("", "Services"),
    ("events", "Events"),
    ("mail", "Mail"),
    ("webhooks", "Webhooks"),
    ("changes", "Changes"),
)
# A service that does not answer within this is shown as not answering; the page must not wait for it.
_PATIENCE_SECONDS: Final = 2.0
_STATES: Final = {
    operations_pb2.INBOX_STATE_WAITING: ("Waiting", "info"),
    operations_pb2.INBOX_STATE_DONE: ("Done", "success"),
    operations_pb2.INBOX_STATE_PARKED: ("Parked", "danger"),
    operations_pb2.INBOX_STATE_SKIPPED: ("Skipped", "warning"),
}


@dataclasses.dataclass(frozen=True)
class ServiceCard:
    """What one service says of itself; `problem` stands for it where it says nothing."""

    name: str
    status: operations_pb2.ServiceStatus | None = None
    serving: bool = False
    problem: str = ""

    @property
    def parked(self) -> int:
        return sum(lag.parked for lag in self.status.lags) if self.status else 0

    @property
    def waiting(self) -> int:
        return sum(lag.waiting for lag in self.status.lags) if self.status else 0


@dataclasses.dataclass(frozen=True)
class Entries:
    """One service's rows of a kind, or why there are none."""

    service: str
    rows: Sequence[Any] = ()
    total: int = 0
    problem: str = ""


class MeshView(BaseView):  # type: ignore[misc]
    """Health, lanes, mails and changes; each tab is read when it is opened."""

    route_base = "/mesh"
    default_view = "mesh"
    template_folder = None

    @expose("/")
    @has_access
    def mesh(self) -> Any:
        tab = request.args.get("tab", "")
        if tab not in dict(TABS):
            raise PageMissing
        return self.render_template(
            "pages/mesh/mesh.html",
            title="Mesh",
            tabs=TABS,
            tab=tab,
            cards=cards() if not tab else (),
            events=[_inbox(name) for name in mesh().services] if tab == "events" else (),
            changes=[_changes(name) for name in mesh().services] if tab == "changes" else (),
            states=_STATES,
        )

    @expose("/services")
    @has_access
    def services(self) -> Any:
        """The cards alone, for the page that asks again every few seconds."""
        return self.render_template("pages/mesh/_services.html", cards=cards())

    @expose("/events/<service>/<entry>/retry", methods=["POST"])
    @has_access
    def retry(self, service: str, entry: str) -> Any:
        try:
            _operations(service).RetryInboxEntry(operations_pb2.RetryInboxEntryRequest(id=entry))
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash("The event will be tried again now.", "success")
        return redirect("/mesh/?tab=events")

    @expose("/events/<service>/<entry>/skip", methods=["GET", "POST"])
    @has_access
    def skip(self, service: str, entry: str) -> Any:
        reason = request.form.get("reason", "").strip()
        if request.method == "GET":
            return self._ask(service, entry)
        if not reason:
            return self._ask(service, entry, "Say why: it is kept with the event."), 422
        try:
            _operations(service).SkipInboxEntry(operations_pb2.SkipInboxEntryRequest(id=entry, reason=reason))
        except Refusal as refusal:
            return self._ask(service, entry, sentence(refusal), reason), http_status(refusal)
        flash("The event was passed over; its lane goes on.", "success")
        return _onward("/mesh/?tab=events")

    def _ask(self, service: str, entry: str, problem: str = "", reason: str = "") -> Any:
        inside = request.headers.get("HX-Target") == "dialog-body"
        template = "pages/mesh/_skip.html" if inside else "pages/mesh/skip.html"
        return self.render_template(
            template, title="Skip this event", service=service, entry=entry, problem=problem, reason=reason
        )


def cards() -> list[ServiceCard]:
    """Every service, also those that do not answer."""
    return [_card(name) for name in mesh().services]


def _card(name: str) -> ServiceCard:
    try:
        health: Any = mesh().stub(health_pb2_grpc.HealthStub, name)
        serving = health.Check(health_pb2.HealthCheckRequest(), timeout=_PATIENCE_SECONDS).status
        status = _operations(name).GetServiceStatus(operations_pb2.GetServiceStatusRequest(), timeout=_PATIENCE_SECONDS)
    except Refusal as refusal:
        return ServiceCard(name, problem=str(refusal))
    return ServiceCard(name, status, serving == health_pb2.HealthCheckResponse.SERVING)


def _inbox(name: str) -> Entries:
    asked = operations_pb2.ListInboxEntriesRequest(query=list_pb2.ListQuery(page_size=50))
    try:
        answer = _operations(name).ListInboxEntries(asked, timeout=_PATIENCE_SECONDS)
    except Refusal as refusal:
        return Entries(name, problem=str(refusal))
    return Entries(name, answer.entries, answer.page.total_size)


def _changes(name: str) -> Entries:
    asked = operations_pb2.ListAuditEntriesRequest(query=list_pb2.ListQuery(page_size=50))
    try:
        answer = _operations(name).ListAuditEntries(asked, timeout=_PATIENCE_SECONDS)
    except Refusal as refusal:
        return Entries(name, problem=str(refusal))
    return Entries(name, answer.entries, answer.page.total_size)


def _operations(name: str) -> Any:
    if name not in mesh().services:
        raise PageMissing
    return mesh().stub(operations_pb2_grpc.OperationsServiceStub, name)


def _onward(url: str) -> Any:
    if request.headers.get("HX-Request"):
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url
        return answer
    return redirect(url)


class MeshPage:
    """Registers the page for admins."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(MeshView, "Mesh", icon="diagram-3", category="System")
        roles["admin"] += [["^MeshView$", "^can_(mesh|services|retry|skip)$"], ["^Mesh$", "^menu_access$"]]
