"""Pages that are more than lists and forms: one module, and one folder of templates, each.

A page is an object with `register(builder, roles)`: it adds its views to the application and grants their permissions
to roles. To add one, write `admin/pages/<name>.py` with templates in `templates/pages/<name>/`, and name it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from admin.pages.logins import LoginsPage
from admin.pages.mesh import MeshPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_appbuilder import AppBuilder

Roles = dict[str, list[list[str]]]


class Page(Protocol):
    """Something that adds views to the application."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        """Add the views; append `["^View$", "^can_.*$"]` to each role that may use them."""


PAGES: Sequence[Page] = (MeshPage(), LoginsPage())
