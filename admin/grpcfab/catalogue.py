"""Which panel shows which resource, and which roles a contract lets in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pool

from admin.grpcfab.interface import GrpcInterface
from admin.grpcfab.spec import message_class
from services.chassis.access import allowed_roles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from admin.grpcfab.panel import Panel


class Catalogue:
    """The panels of an application by the full name of their resource."""

    def __init__(self) -> None:
        self._panels: dict[str, Panel] = {}
        self._interfaces: dict[str, GrpcInterface] = {}

    def add(self, panel: Panel) -> None:
        self._panels.setdefault(panel.datamodel.resource.full_name, panel)

    def panel(self, full_name: str) -> Panel | None:
        """The panel of a resource; None where it has none."""
        return self._panels.get(full_name)

    def interface(self, full_name: str) -> GrpcInterface:
        """The data model of a resource, also of one without a panel. Raises KeyError for an unknown message."""
        panel = self._panels.get(full_name)
        if panel is not None:
            return panel.datamodel
        if full_name not in self._interfaces:
            descriptor = descriptor_pool.Default().FindMessageTypeByName(full_name)
            self._interfaces[full_name] = GrpcInterface(message_class(descriptor))
        return self._interfaces[full_name]

    def referring_to(self, full_name: str) -> list[tuple[Panel, str]]:
        """Panels with a filterable reference to a resource, each with the field that refers."""
        return [
            (panel, field.name)
            for panel in self._panels.values()
            for field in panel.datamodel.resource.chosen("filter")
            if field.reference == full_name and not field.repeated
        ]


def grants(panels: Iterable[Panel], roles: Iterable[str]) -> dict[str, list[list[str]]]:
    """Flask-AppBuilder's FAB_ROLES for panels: each role's permissions, as anchored patterns.

    Flask-AppBuilder matches them unanchored, so that "can_edit" on "Order" would open "OrderArchive" as well.
    """
    found: dict[str, list[list[str]]] = {role: [] for role in roles}
    for panel in panels:
        for permission, method in panel.permissions().items():
            for role in allowed_roles(method) & found.keys():
                found[role].append([_anchored(panel.class_permission_name), _anchored(permission)])
        listed = allowed_roles(panel.datamodel.resource.methods["list"]) - panel.listed_elsewhere
        for role in listed & found.keys():
            found[role].append([_anchored(panel.menu_name), _anchored("menu_access")])
    return found


def _anchored(name: str) -> str:
    return f"^{re.escape(name)}$"
