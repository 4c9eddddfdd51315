"""Rows that other rows name by id: resolved with one BatchGet a page and resource, never one call a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from flask import g

from admin.grpcfab import values
from admin.grpcfab.context import catalogue
from admin.grpcfab.spec import Field, Kind
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from google.protobuf.message import Message

    from admin.grpcfab.rows import Row
    from admin.grpcfab.spec import Resource


class Reference(NamedTuple):
    """What stands for another row: its title, and a link where the viewer may open it."""

    title: str
    url: str = ""
    known: bool = True


UNKNOWN: Final = Reference("not to be seen now", known=False)


def resolve(rows: Iterable[Row], fields: Iterable[Field]) -> Mapping[tuple[str, str], Reference]:
    """The references of these rows by resource and id."""
    wanted: dict[str, set[str]] = {}
    shown = list(fields)
    for row in rows:
        _collect(row.message, shown, wanted)
    return fetch(wanted)


def _collect(message: Message, fields: Iterable[Field], wanted: dict[str, set[str]]) -> None:
    """Note what a message refers to, and the messages within it."""
    for field in fields:
        if field.hidden:
            continue
        value = values.read(message, field)
        if field.kind is Kind.REFERENCE:
            wanted.setdefault(field.reference, set()).update(_ids(value))
        elif field.kind is Kind.FIELDS and value is not None:
            for inner in value if field.repeated else [value]:
                _collect(inner, field.children, wanted)


def fetch(wanted: Mapping[str, Iterable[str]]) -> Mapping[tuple[str, str], Reference]:
    """References by resource and id, remembered for the rest of the request."""
    known: dict[tuple[str, str], Reference] = g.setdefault("references", {})
    for resource, ids in wanted.items():
        missing = sorted({one for one in ids if one and (resource, one) not in known})
        if missing:
            known.update({(resource, one): reference for one, reference in _fetch(resource, missing).items()})
    return known


def title_of(resource: str, one: str) -> str:
    """The title of one row; that it cannot be seen where it cannot be read."""
    return fetch({resource: [one]})[resource, one].title if one else ""


def titles(resource: Resource, rows: Sequence[Row]) -> list[str]:
    """What people call these rows, also where other rows give them their names."""
    field = resource.fields.get(resource.title_field)
    if field is None or field.kind is not Kind.REFERENCE:
        return [str(row) for row in rows]
    ids = [str(getattr(row, field.name)) for row in rows]
    known = fetch({field.reference: ids})
    return [known[field.reference, one].title if one else resource.title(resource.message()) for one in ids]


def _fetch(resource: str, ids: list[str]) -> dict[str, Reference]:
    found = dict.fromkeys(ids, UNKNOWN)
    panel = catalogue().panel(resource)
    try:
        interface = catalogue().interface(resource)
        rows = interface.many(ids)
    except (Refusal, KeyError, LookupError):
        # A page about one thing stays useful while the service of another is away.
        return found
    for row, title in zip(rows, titles(interface.resource, rows), strict=True):
        found[row.id] = Reference(title, panel.url_of(row.id) if panel and panel.may("show") else "")
    return found


def _ids(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
