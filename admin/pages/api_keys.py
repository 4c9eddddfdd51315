"""API keys of an organisation: made, shown once, and revoked by its dispatchers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from flask import current_app, flash, g, redirect, request
from flask_appbuilder.baseviews import BaseView
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab.routes import expose, has_access
from admin.security.api_keys import ApiKeys, KeyUnknown

if TYPE_CHECKING:
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

# Kinds of organisations whose programs have something to tell us.
KINDS: Final = frozenset({"utility"})
LONGEST_NAME: Final = 60


class ApiKeysView(BaseView):  # type: ignore[misc]
    """The keys of the viewer's organisation; an admin sees all, and makes none."""

    route_base = "/api-keys"
    default_view = "api_keys"
    template_folder = None

    @staticmethod
    def concerns(kind: str, *, everybody: bool) -> bool:
        """Whether somebody of an organisation of a kind has keys at all."""
        return everybody or kind in KINDS

    @expose("/")
    @has_access
    def api_keys(self) -> Any:
        return self._draw()

    @expose("/new", methods=["POST"])
    @has_access
    def create(self) -> Any:
        name = request.form.get("name", "").strip()
        if g.viewer.organization_kind not in KINDS:
            return self._draw(problem="A key is made by a dispatcher of the utility that it acts for."), 403
        if not 0 < len(name) <= LONGEST_NAME:
            return self._draw(problem=f"Give the key a name of at most {LONGEST_NAME} characters."), 422
        return self._draw(told=self._keys().make(g.viewer, name))

    @expose("/<key_id>/revoke", methods=["POST"])
    @has_access
    def revoke(self, key_id: str) -> Any:
        try:
            key = self._keys().revoke(self._home(), key_id)
        except KeyUnknown:
            raise PageMissing from None
        flash(f"The key “{key.name}” is not accepted any more.", "success")
        return redirect("/api-keys/")

    def _keys(self) -> ApiKeys:
        return ApiKeys(self.appbuilder.session, current_app.config["SECRET_KEY"])

    @staticmethod
    def _home() -> str:
        """The organisation whose keys are shown; none, so all, for an admin."""
        if "admin" in g.viewer.roles:
            return ""
        if g.viewer.organization_kind not in KINDS:
            raise PageMissing
        return str(g.viewer.organization_id)

    def _draw(self, problem: str = "", told: Any = None) -> Any:
        return self.render_template(
            "pages/api_keys/api_keys.html",
            title="API keys",
            keys=self._keys().of(self._home()),
            may_make=g.viewer.organization_kind in KINDS,
            problem=problem,
            told=told,
            moment=lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC),
        )


class ApiKeysPage:
    """Registers the page for dispatchers and admins."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(ApiKeysView, "API keys", icon="plug", category="System")
        for role in ("dispatcher", "admin"):
            roles[role] += [["^ApiKeysView$", "^can_(api_keys|create|revoke)$"], ["^API keys$", "^menu_access$"]]
            if ["^System$", "^menu_access$"] not in roles[role]:
                roles[role].append(["^System$", "^menu_access$"])
