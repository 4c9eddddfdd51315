"""How values are shown: one small object a value, which templates draw and exports write as text."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from admin.grpcfab import values
from admin.grpcfab.context import viewer_zone
from admin.grpcfab.numbers import digits
from admin.grpcfab.references import UNKNOWN, Reference
from admin.grpcfab.spec import Field, Kind, words

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from admin.grpcfab.rows import Row

References = Mapping[tuple[str, str], Reference]
MEDIUM_TEXT, LONG_TEXT = 16, 28
_NUMERIC = {Kind.INTEGER, Kind.NUMBER, Kind.BYTES, Kind.MONEY}


@dataclasses.dataclass(frozen=True)
class Cell:
    """A value to show. `kind` picks the drawing in macros/cells.html; `items` belong to lists and nested messages."""

    kind: str
    text: str = ""
    href: str = ""
    tone: str = ""
    iso: str = ""
    label: str = ""
    known: bool = True
    items: tuple[Cell, ...] = ()

    @property
    def empty(self) -> bool:
        return self.kind == "empty"

    @property
    def told(self) -> bool:
        """Whether there is something to read."""
        return not self.empty and self.known

    @property
    def columns(self) -> tuple[str, ...]:
        """Labels of a table's columns: every label that one of its rows has, in their order."""
        return tuple(dict.fromkeys(part.label for row in self.items for part in row.items))

    def part(self, label: str) -> Cell:
        """The part of a nested message with this label."""
        return next((item for item in self.items if item.label == label), EMPTY)

    @property
    def width(self) -> str:
        """How much room a text wants in a table, so that no column is squeezed to one word a line."""
        length = len(self.plain)
        return "long" if length > LONG_TEXT else "medium" if length > MEDIUM_TEXT else ""

    @property
    def plain(self) -> str:
        """The value as one line of text."""
        return self.text or "; ".join(
            f"{item.label}: {item.plain}" if item.label else item.plain for item in self.items
        )


EMPTY = Cell("empty")


def cell(row: Row, field: Field, references: References) -> Cell:
    """A field of a row, for people."""
    return _cell(values.read(row.message, field), field, references)


def _cell(value: Any, field: Field, references: References) -> Cell:
    if values.is_empty(value):
        return EMPTY
    if field.repeated:
        one = dataclasses.replace(field, repeated=False)
        kind = "table" if field.kind is Kind.FIELDS else "list"
        return Cell(kind, items=tuple(_cell(item, one, references) for item in value))
    return _single(value, field, references)


def _single(value: Any, field: Field, references: References) -> Cell:  # noqa: PLR0911 - a table
    match field.kind:
        case Kind.CHOICE:
            return _choice(value, field)
        case Kind.BOOLEAN:
            return Cell(
                "badge" if field.badge else "boolean", "Yes" if value else "No", tone="success" if value else ""
            )
        case Kind.INSTANT:
            return instant(value)
        case Kind.DATE:
            return Cell("date", value.strftime("%-d %b %Y"), iso=value.isoformat())
        case Kind.REFERENCE:
            found = references.get((field.reference, value), UNKNOWN)
            return Cell("reference", found.title, href=found.url, known=found.known)
        case Kind.FIELDS:
            return _nested(value, field, references)
        case _:
            return _text(value, field)


def _text(value: Any, field: Field) -> Cell:  # noqa: PLR0911 - a table
    match field.kind:
        case Kind.BYTES:
            return Cell("number", byte_size(value), iso=str(value))
        case Kind.MONEY:
            return Cell("number", str(value))
        case Kind.INTEGER | Kind.NUMBER:
            return Cell("number", digits(value, ","), iso=str(value))
        case Kind.EMAIL:
            return Cell("link", value, href=f"mailto:{value}")
        case Kind.PHONE:
            return Cell("link", value, href="tel:" + "".join(c for c in value if c.isdigit() or c == "+"))
        case Kind.URL:
            safe = value.startswith(("https://", "http://"))
            return Cell("external" if safe else "text", value, href=value if safe else "")
        case Kind.MULTILINE:
            return Cell("lines", value)
        case Kind.OPAQUE:
            return Cell("text", f"{len(value)} bytes" if isinstance(value, bytes) else str(value))
        case _:
            text = words(value).capitalize() if field.coded else str(value)
            return Cell("badge" if field.badge else "text", text)


def _choice(value: Any, field: Field) -> Cell:
    choice = field.choice(value)
    if choice is None:
        return Cell("text", f"Unknown ({value})") if value else EMPTY
    return Cell("badge" if field.badge else "text", choice.label, tone=choice.tone)


def _nested(message: Message, field: Field, references: References) -> Cell:
    shown: dict[str, Cell] = {}
    for child in field.children:
        found = EMPTY if child.hidden else _cell(values.read(message, child), child, references)
        if not found.empty and (child.label not in shown or not shown[child.label].told):
            shown[child.label] = dataclasses.replace(found, label=child.label)
    return Cell("fields", items=tuple(shown.values())) if shown else EMPTY


def instant(value: dt.datetime, zone: dt.tzinfo | None = None) -> Cell:
    """An instant in the viewer's zone, or another, with the offset of that very date (CP-5)."""
    local = value.astimezone(zone or viewer_zone())
    name = local.tzname() or ""
    return Cell("instant", f"{local:%-d %b %Y, %H:%M} {name}".strip(), iso=value.astimezone(dt.UTC).isoformat())


def byte_size(count: int) -> str:
    """Bytes as people read them, in powers of 1,024."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":  # noqa: PLR2004 - the base of the units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("the last unit returns")


def align(field: Field) -> str:
    """Numbers stand to the right, so that their digits line up."""
    return "end" if field.kind in _NUMERIC and not field.repeated else "start"


def initials(name: str) -> str:
    """The first letters of a name's first two words, in the place of a picture."""
    return "".join(word[0] for word in name.split()[:2]).upper() or "?"
