"""Files that people send and open: read in pieces, and handed out so that nothing in them can run here (ADR 11)."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Response, stream_with_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.datastructures import FileStorage

CHUNK: Final = 256 * 1024  # bytes
# Shown in the page; everything else is downloaded.
_SHOWN: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


def pieces_of(file: FileStorage) -> Iterator[bytes]:
    """Give what a browser sent, in pieces of 256 KiB."""
    return itertools.takewhile(bool, iter(lambda: file.stream.read(CHUNK), None))


def size_of(file: FileStorage) -> int:
    """Give how many bytes a browser sent; reading begins at the first of them afterwards."""
    size = file.stream.seek(0, os.SEEK_END)
    file.stream.seek(0)
    return size


def file_response(name: str, media_type: str, size: int, chunks: Iterator[bytes], *, download: bool) -> Response:
    """Answer with a file of so many bytes: a picture is shown unless it is to be downloaded, all else is downloaded."""
    shown = media_type in _SHOWN
    place = "inline" if shown and not download else "attachment"
    return Response(
        stream_with_context(chunks),
        mimetype=media_type if shown else "application/octet-stream",
        headers={
            "Content-Disposition": f"{place}; filename*=UTF-8''{quote(name)}",
            "Content-Length": str(size),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=300",
        },
    )
