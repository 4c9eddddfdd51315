"""What the running application holds for grpcfab: the channels, the catalogue of panels, and who is looking."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Protocol

from flask import current_app, g, has_request_context

if TYPE_CHECKING:
    from admin.grpcfab.catalogue import Catalogue
    from admin.grpcfab.channels import Mesh


class Viewer(Protocol):
    """The person a page is made for."""

    @property
    def person_id(self) -> str: ...

    @property
    def roles(self) -> frozenset[str]: ...

    @property
    def time_zone(self) -> str: ...


def mesh() -> Mesh:
    """The services' channels of this application."""
    found: Mesh = current_app.extensions["mesh"]
    return found


def catalogue() -> Catalogue:
    """The panels of this application by resource."""
    found: Catalogue = current_app.extensions["grpcfab"]
    return found


def viewer() -> Viewer | None:
    """Who is looking; None for nobody signed in."""
    return getattr(g, "viewer", None)


def resumed() -> bool:
    """Whether this request brings back a form after a new sign-in: it is drawn again and never saved."""
    return bool(getattr(g, "resumed", False))


def viewer_roles() -> frozenset[str]:
    """Roles of the signed-in person; none for anybody else."""
    person = viewer() if has_request_context() else None
    return person.roles if person else frozenset()


def viewer_zone() -> dt.tzinfo:
    """The zone in which instants are shown and read (CP-5); UTC where none is known."""
    person = viewer() if has_request_context() else None
    try:
        return zoneinfo.ZoneInfo(person.time_zone) if person and person.time_zone else dt.UTC
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return dt.UTC
