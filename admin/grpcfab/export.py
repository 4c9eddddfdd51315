"""CSV exports: every page of a list, streamed, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime as dt
import io
import itertools
import time
from typing import TYPE_CHECKING, Final, TypeVar

from flask import Response, stream_with_context

from admin.grpcfab import cells, references, values
from admin.grpcfab.context import viewer_zone
from admin.grpcfab.spec import Field, Kind, words
from services.chassis.identity import BROWSER_BUDGET_SECONDS, calling, current_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from admin.grpcfab.rows import Row

    Draw = Callable[[Row, Field, Mapping[tuple[str, str], references.Reference]], cells.Cell]

T = TypeVar("T")
# A cell that starts so may be taken for a formula (CWE-1236).
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_NUMBERS: Final = {Kind.INTEGER, Kind.NUMBER, Kind.BYTES, Kind.MONEY}
_BYTE_ORDER_MARK: Final = "\ufeff"  # Without it Excel takes UTF-8 for the local code page.


def csv_response(slug: str, pages: Iterator[Sequence[Row]], fields: Sequence[Field], draw: Draw) -> Response:
    """Every row of these pages as a download; `draw` says what a field of a row shows."""
    return table_response(slug, headers(fields), (_told(rows, fields, draw) for rows in pages))


def table_response(slug: str, heads: Sequence[str], pages: Iterator[Sequence[Sequence[str]]]) -> Response:
    """These pages of lines as a download; whoever makes the lines guards the texts in them.

    The first page is read before the answer starts, so that a refusal is still an error page; a failure later breaks
    the download off instead of pretending that it is whole.
    """
    pages = _patiently(pages)
    first = next(pages, [])
    name = f"{slug}-{dt.datetime.now(viewer_zone()):%Y-%m-%d}.csv"
    lines = ("".join(map(_csv, page)) for page in itertools.chain([first], pages))
    return Response(
        stream_with_context(itertools.chain([_BYTE_ORDER_MARK + _csv(heads)], lines)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
    )


def _patiently(pages: Iterator[Sequence[T]]) -> Iterator[Sequence[T]]:
    """A download may take longer than a page: every fetch gets a budget of its own."""
    call = current_call()
    while True:
        fresh = dataclasses.replace(call, deadline=time.monotonic() + BROWSER_BUDGET_SECONDS) if call else None
        with calling(fresh) if fresh else contextlib.nullcontext():
            rows = next(pages, None)
        if rows is None:
            return
        yield rows


def guarded(text: str) -> str:
    """Text that a spreadsheet shows and never runs."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def headers(fields: Sequence[Field]) -> list[str]:
    """What the columns are called; where two fields are called alike, the later says which one it is."""
    found: list[str] = []
    for field in fields:
        found.append(field.label if field.label not in found else f"{field.label} ({words(field.name)})")
    return found


def _told(rows: Sequence[Row], fields: Sequence[Field], draw: Draw) -> list[list[str]]:
    known = references.resolve(rows, fields)
    return [[_text(row, field, draw(row, field, known)) for field in fields] for row in rows]


def _text(row: Row, field: Field, drawn: cells.Cell) -> str:
    if drawn.kind == "instant":
        return dt.datetime.fromisoformat(drawn.iso).astimezone(viewer_zone()).isoformat(sep=" ", timespec="seconds")
    if drawn.kind == "date":
        return drawn.iso
    value = values.read(row.message, field)
    if field.kind in _NUMBERS and not field.repeated and not values.is_empty(value):
        return str(value.amount) if isinstance(value, values.Money) else str(value)
    return guarded(drawn.plain)


def _csv(line: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(line)
    return out.getvalue()
