"""CSV exports: every page of a list, streamed, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime as dt
import io
import itertools
import time
from typing import TYPE_CHECKING, Any, Final

from flask import Response, stream_with_context

from admin.grpcfab import cells, references, values
from admin.grpcfab.context import viewer_zone
from admin.grpcfab.spec import Field, Kind
from services.chassis.identity import BROWSER_BUDGET_SECONDS, calling, current_call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fieldmesh.common.v1 import list_pb2

    from admin.grpcfab.interface import GrpcInterface
    from admin.grpcfab.rows import Row

# A cell that starts so may be taken for a formula (CWE-1236).
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_NUMBERS: Final = {Kind.INTEGER, Kind.NUMBER, Kind.BYTES, Kind.MONEY}
_BYTE_ORDER_MARK: Final = "\ufeff"  # Without it Excel takes UTF-8 for the local code page.


def csv_response(
    datamodel: GrpcInterface, filters: Any, query: list_pb2.ListQuery, fields: Sequence[Field]
) -> Response:
    """Every row of a query as a download.

    The first page is read before the answer starts, so that a refusal is still an error page; a failure later breaks
    the download off instead of pretending that it is whole.
    """
    pages = _patiently(datamodel.pages(filters, query))
    first = next(pages)
    name = f"{datamodel.resource.slug}-{dt.datetime.now(viewer_zone()):%Y-%m-%d}.csv"
    return Response(
        stream_with_context(_lines(itertools.chain([first], pages), fields)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
    )


def _patiently(pages: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
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


def _lines(pages: Iterator[Sequence[Row]], fields: Sequence[Field]) -> Iterator[str]:
    yield _BYTE_ORDER_MARK + _csv([field.label for field in fields])
    for rows in pages:
        known = references.resolve(rows, fields)
        yield "".join(_csv([_text(row, field, known) for field in fields]) for row in rows)


def _text(row: Row, field: Field, known: Mapping[tuple[str, str], references.Reference]) -> str:
    value = values.read(row.message, field)
    if values.is_empty(value):
        return ""
    if not field.repeated and field.kind in _NUMBERS:
        return str(value.amount) if isinstance(value, values.Money) else str(value)
    if not field.repeated and field.kind is Kind.INSTANT:
        return str(value.astimezone(viewer_zone()).isoformat(sep=" ", timespec="seconds"))
    if not field.repeated and field.kind is Kind.DATE:
        return str(value.isoformat())
    return guarded(cells.cell(row, field, known).plain)


def _csv(line: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(line)
    return out.getvalue()
