"""Rows that other rows name by id: resolved with one BatchGet a page and resource, never one call a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import g

from admin.grpcfab.context import catalogue
from admin.grpcfab.spec import Field, Kind
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from admin.grpcfab.rows import Row


class Reference(NamedTuple):
    """What stands for another row: its title, and a link where the viewer may open it."""

    title: str
    url: str = ""
    known: bool = True


def resolve(rows: Iterable[Row], fields: Iterable[Field]) -> Mapping[tuple[str, str], Reference]:
    """The references of these rows by resource and id."""
    wanted: dict[str, set[str]] = {}
    everything = list(rows)
    for field in fields:
        if field.kind is Kind.REFERENCE:
            for row in everything:
                wanted.setdefault(field.reference, set()).update(_ids(getattr(row, field.name)))
    return fetch(wanted)


def fetch(wanted: Mapping[str, Iterable[str]]) -> Mapping[tuple[str, str], Reference]:
    """References by resource and id, remembered for the rest of the request."""
    known: dict[tuple[str, str], Reference] = g.setdefault("references", {})
    for resource, ids in wanted.items():
        missing = sorted({one for one in ids if one and (resource, one) not in known})
        if missing:
            known.update({(resource, one): reference for one, reference in _fetch(resource, missing).items()})
    return known


def title_of(resource: str, one: str) -> str:
    """The title of one row; its id where it cannot be read."""
    return fetch({resource: [one]})[resource, one].title if one else ""


def _fetch(resource: str, ids: list[str]) -> dict[str, Reference]:
    found = {one: Reference(one[:8], known=False) for one in ids}
    panel = catalogue().panel(resource)
    try:
        rows = catalogue().interface(resource).many(ids)
    except (Refusal, KeyError, LookupError):
        # A page about one thing stays useful while the service of another is away: ids stand in for names.
        return found
    for row in rows:
        found[row.id] = Reference(str(row), panel.url_of(row.id) if panel and panel.may("show") else "")
    return found


def _ids(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
