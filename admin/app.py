"""The admin's application factory."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
import structlog
from flask import Flask, Response, current_app, flash, g, redirect, request, session
from flask_appbuilder import AppBuilder
from flask_login import current_user, logout_user
from flask_wtf import CSRFProtect
from sqlalchemy.orm import scoped_session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from admin import errors, identity, templating
from admin.away import Watch
from admin.grpcfab.catalogue import Catalogue, grants
from admin.grpcfab.channels import Mesh
from admin.grpcfab.routes import draws_again
from admin.pages import PAGES
from admin.pages.index import IndexView
from admin.pages.work_orders.listing import record_visit
from admin.panels import PANELS
from admin.security import ended, headers
from admin.security.carrying import RESUMED
from admin.security.manager import MeshSecurityManager
from admin.security.secret import session_secret
from services.chassis.credentials import PersonCredentials
from services.chassis.grpc_channel import Channels
from services.chassis.identity import BROWSER_BUDGET_SECONDS, Call, Caller, enter
from services.chassis.ids import new_id
from services.chassis.keys import PublicKeys, signing_key
from services.chassis.tokens import TokenSigner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.grpcfab.panel import Panel
    from admin.settings import AdminSettings

HERE: Final = Path(__file__).resolve().parent
# Reached without being signed in.
HTTP_OK: Final = 200
OPEN_ENDPOINTS: Final = frozenset({
    "static", "SignInView.login", "SignInView.logout", "DecideView.decide", "InvitedView.invited",
    "UtilityEventsView.record",
    "CalendarView.feed", "webhook_report", "carrier_report", "healthz",
})  # fmt: skip


class MeshAppBuilder(AppBuilder):  # type: ignore[misc]
    """Flask-AppBuilder without the views, static files and templates of its own look."""

    def _add_global_static(self) -> None:
        """Nothing: its Bootstrap 3 and its templates are not reachable."""

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()


def create_app(
    settings: AdminSettings, *, panels: Sequence[type[Panel]] = PANELS, create_tables: bool = False
) -> Flask:
    """The application for these settings; with `create_tables` it makes its tables and roles first (admin.init).

    Nothing is dialled and no service needs to answer: channels open with the first call of a process.
    """
    app = Flask("admin", root_path=str(HERE), static_folder="static", template_folder="templates")
    app.config.update(_config(settings, create_tables=create_tables))
    if settings.admin_proxies:
        count = settings.admin_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.extensions["mesh"] = _mesh(settings)
    app.extensions["watch"] = Watch(app.extensions["mesh"])
    app.extensions["link_keys"] = PublicKeys(settings.keys_folder)
    app.extensions["grpcfab"] = Catalogue()
    CSRFProtect(app)
    headers.install(app, secure=settings.secure_cookies)
    with app.app_context():
        _install_views(app, _logins(app, settings), panels)
    _install_hooks(app)
    templating.install(app)
    errors.install(app)
    return app


def _config(settings: AdminSettings, *, create_tables: bool) -> dict[str, Any]:
    return {
        "SECRET_KEY": session_secret(settings),
        "APP_NAME": "Fieldmesh",
        "PUBLIC_URL": settings.public_url.rstrip("/"),
        "EVIDENCE_MEGABYTES": settings.evidence_megabytes,
        "FAB_CREATE_DB": create_tables,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_VIEWS": False,
        "FAB_ADD_SECURITY_API": False,
        "FAB_ADD_MENU_API": False,
        "FAB_ADD_OPENAPI_VIEWS": False,
        "FAB_BASE_TEMPLATE": "layout.html",
        "FAB_ROLES": {},
        "RATELIMIT_ENABLED": False,
        "SESSION_COOKIE_NAME": "__Host-fieldmesh" if settings.secure_cookies else "fieldmesh",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": dt.timedelta(hours=settings.admin_session_hours),
        # The token lives as long as its session: a form that was open over lunch can still be saved.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": settings.secure_cookies,
        "PREFERRED_URL_SCHEME": "https" if settings.secure_cookies else "http",
        "MAX_CONTENT_LENGTH": 26 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "LOGOUT_REDIRECT_URL": "/login/",
    }


def _mesh(settings: AdminSettings) -> Mesh:
    signer = TokenSigner(signing_key(settings.keys_folder, "admin"))
    credentials = PersonCredentials(signer, identity.current_grant)
    targets = {name: service.target for name, service in settings.services.items()}
    return Mesh(Channels(targets, credentials), tuple(targets))


def _logins(app: Flask, settings: AdminSettings) -> scoped_session[Any]:
    url = sa.make_url(settings.admin_database_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    sqlite = url.get_backend_name() == "sqlite"
    engine = sa.create_engine(url, pool_pre_ping=not sqlite, connect_args={"timeout": 5} if sqlite else {})
    if sqlite:
        sa.event.listen(engine, "connect", _tune_sqlite)
    found: scoped_session[Any] = scoped_session(sessionmaker(engine))
    app.extensions["logins"] = engine

    @app.teardown_appcontext
    def _release(error: BaseException | None) -> None:
        del error
        found.remove()

    return found


def _tune_sqlite(connection: Any, record: Any) -> None:
    del record
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _install_views(app: Flask, logins: scoped_session[Any], panels: Sequence[type[Panel]]) -> None:
    builder = MeshAppBuilder(app, logins, indexview=IndexView, security_manager_class=MeshSecurityManager)
    made: list[Panel] = []
    for panel in panels:
        view = panel()
        builder.add_view(view, view.menu_name, icon=view.icon, category=view.menu)
        app.extensions["grpcfab"].add(view)
        made.append(view)
    roles = grants(made, identity.PERSON_ROLES)
    for page in PAGES:
        page.register(builder, roles)
    app.config["FAB_ROLES"] = builder.sm._builtin_roles = roles  # noqa: SLF001 - it copied the empty roles at its start


def _install_hooks(app: Flask) -> None:
    @app.before_request
    def _surround() -> Any:
        g.request_id = new_id()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        _enter_call(Caller(subject="", request_id=g.request_id))
        if request.endpoint in OPEN_ENDPOINTS:
            return None
        if not current_user.is_authenticated:
            return ended.to_sign_in()
        try:
            g.viewer = identity.recall(app.extensions["mesh"], current_user.person_id)
        except identity.SignedOut:
            logout_user()
            session.clear()
            g.pop("csrf_token", None)  # It belonged to that session.
            return ended.to_sign_in()
        _enter_call(g.viewer.caller(g.request_id))
        return _resume() if RESUMED in request.form else None

    @app.after_request
    def _note_visit(response: Response) -> Response:
        """Keep which record of which kind was opened, for "Recently Viewed" (CP-11)."""
        opened = g.pop("opened", None)
        if opened and response.status_code == HTTP_OK and not request.headers.get("HX-Request"):
            record_visit(*opened)
        return response

    @app.get("/healthz")
    def healthz() -> Any:
        """For the launcher and probes: this process answers."""
        return {"status": "SERVING"}


def _enter_call(caller: Caller) -> None:
    enter(Call(caller, g.request_id, deadline=time.monotonic() + BROWSER_BUDGET_SECONDS))


def _resume() -> Any:
    """Let a form that was carried through a sign-in be drawn again, and keep every route from saving it."""
    if not draws_again(current_app.view_functions.get(request.endpoint or "")):
        return redirect(current_app.appbuilder.get_url_for_index)  # type: ignore[attr-defined]
    g.resumed = True
    flash("You are signed in again. Nothing was sent yet: look your input over, then save.", "info")
    return None
