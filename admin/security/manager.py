"""Flask-AppBuilder's security with roles from the directory and permissions from the contracts."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_appbuilder.security.sqla.manager import SecurityManager

from admin.grpcfab.context import viewer_roles
from admin.security.models import Login
from admin.security.throttle import Throttle
from admin.security.views import AccountView, SignInView

if TYPE_CHECKING:
    from collections.abc import Iterable


class MeshSecurityManager(SecurityManager):  # type: ignore[misc]
    """Logins here, people in the directory, permissions in FAB_ROLES; no permission is ever read from a table.

    Flask-AppBuilder asks its tables 17 times a page; the built-in roles of this manager cost a dictionary look-up.
    """

    user_model = Login
    authdbview = SignInView

    def register_views(self) -> None:
        """Signing in and the account page; Flask-AppBuilder's other security views stay unregistered."""
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)
        self.appbuilder.add_view_no_menu(AccountView)

    def create_limiter(self, app: Any) -> None:
        """None: sign-ins are throttled in the database, which all workers share."""
        del app

    def load_user(self, pk: str) -> Login | None:
        """The login of a session; None where its epoch has moved on since."""
        number, _, epoch = str(pk).partition(".")
        user: Login | None = self.get_user_by_id(int(number)) if number.isdigit() else None
        return user if user is not None and user.is_active and str(user.epoch) == epoch else None

    @property
    def throttle(self) -> Throttle:
        return Throttle(self.session)

    # -- permissions --------------------------------------------------------------------------------------------------

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether one of the viewer's roles is granted a permission; nobody signed in has none."""
        return any(_granted(_Roles.current(), role, permission_name, view_name) for role in viewer_roles())

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is."""
        del permission_name, view_name
        return False

    def exist_permission_on_roles(self, view_name: str, permission_name: str, role_ids: list[int]) -> bool:
        """Never: roles kept in tables grant nothing."""
        del view_name, permission_name, role_ids
        return False

    def get_user_menu_access(self, menu_names: Iterable[str] | None = None) -> set[str]:
        """Names of the side bar's entries that the viewer may see."""
        return {name for name in menu_names or () if self.has_access("menu_access", name)}

    def bump_epoch(self, user: Login) -> None:
        """End every session of a login."""
        user.epoch += 1
        self.session.commit()


class _Roles:
    """FAB_ROLES of an application, hashable by identity so that answers can be remembered."""

    def __init__(self, patterns: dict[str, list[list[str]]]) -> None:
        self.patterns = patterns

    @classmethod
    def current(cls) -> _Roles:
        roles = current_app.extensions.get("fab_roles")
        if roles is None or roles.patterns is not current_app.config["FAB_ROLES"]:
            roles = current_app.extensions["fab_roles"] = cls(current_app.config["FAB_ROLES"])
        found: _Roles = roles
        return found


@functools.lru_cache(maxsize=8192)
def _granted(roles: _Roles, role: str, permission: str, view: str) -> bool:
    return any(
        re.match(view_pattern, view) and re.match(permission_pattern, permission)
        for view_pattern, permission_pattern in roles.patterns.get(role, ())
    )
