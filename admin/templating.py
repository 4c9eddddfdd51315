"""What templates can use beside their context."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app, g, request, url_for

from admin.away import WORDS
from admin.grpcfab import cells, context, references
from admin.grpcfab.fields import time_zones
from admin.grpcfab.numbers import digits
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from flask import Flask


def install(app: Flask) -> None:
    """Add functions and filters to the templates of an application."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=asset,
        viewer=context.viewer,
        instant=cells.instant,
        byte_size=cells.byte_size,
        initials=cells.initials,
        utc=dt.UTC,
        now=_now,
        from_timestamp=lambda stamp: stamp.ToDatetime(tzinfo=dt.UTC),
        new_id=new_id,
        time_zones=time_zones,
        picker_place=picker_place,
        reference_title=references.title_of,
    )
    app.jinja_env.filters["digits"] = digits
    app.jinja_env.filters["number"] = lambda value: digits(value, ",")

    @app.context_processor
    def _context() -> dict[str, Any]:
        return {
            "navigation": navigation() if g.get("viewer") else [],
            "request_path": request.path,
            "fragment": bool(request.headers.get("HX-Request")),
            "not_serving": _not_serving(),
            "zone_name": str(getattr(context.viewer_zone(), "key", "UTC")),
        }


def _not_serving() -> list[tuple[str, str]]:
    """Services that a whole page says are away, with what that means."""
    if not g.get("viewer") or request.headers.get("HX-Request"):
        return []
    return [(name, WORDS[name]) for name in current_app.extensions["watch"].away()]


def asset(name: str) -> str:
    """The address of a static file, with a mark that changes when the file does."""
    return url_for("static", filename=name, v=_mark(str(Path(str(current_app.static_folder)) / name)))


def picker_place(reference: str) -> dict[str, str] | None:
    """Where a search box for a resource asks; None where the viewer may not list it."""
    panel = context.catalogue().panel(reference)
    if panel is None or not panel.may("options"):
        return None
    return {"url": panel.url("options"), "plural": panel.datamodel.resource.plural}


def navigation() -> list[dict[str, Any]]:
    """The side bar: groups of entries that the viewer may open, with the present one marked."""
    builder = current_app.appbuilder  # type: ignore[attr-defined]
    groups: list[dict[str, Any]] = []
    for entry in builder.menu.get_list():
        children = [
            child
            for child in entry.childs or [entry]
            if builder.sm.has_access("menu_access", child.name) and _concerns(child)
        ]
        links = [_link(child) for child in children]
        if links:
            label = entry.label if entry.childs else ""
            first = bool(label) and not any(group["label"] for group in groups)
            current = any(link["current"] for link in links)
            groups.append({"label": label, "links": links, "open": current, "first": first})
    return groups


def _concerns(entry: Any) -> bool:
    """Whether an entry means anything to the viewer's organisation; most do to everybody who may open them."""
    concerns = getattr(entry.baseview, "concerns", None)
    who: Any = context.viewer()
    return concerns is None or concerns(who.organization_kind, everybody="admin" in who.roles)


def _link(entry: Any) -> dict[str, Any]:
    url = entry.get_url()
    current = request.path == url or request.path.startswith(url.rstrip("/") + "/")
    return {"label": entry.label, "icon": entry.icon, "url": url, "current": current}


@functools.lru_cache(maxsize=256)
def _mark(path: str) -> str:
    file = Path(path)
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else "0"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
