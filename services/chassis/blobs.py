"""Contents of files: spooled while they stream in, then kept in a local folder or in S3 (hard-parts 24).

A content is stored and synced before its metadata commits, so that a row never points at nothing. A content whose
metadata never committed is an orphan; :meth:`BlobStore.sweep` removes those older than a day.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from obstore.store import LocalStore, ObjectStore, from_url

from services.chassis.errors import Exhausted, NotFound

CHUNK_BYTES = 256 * 1024
ORPHAN_AGE = timedelta(hours=24)


class FileTooLarge(Exhausted):
    """More content came than is allowed; what had come is thrown away."""

    default_reason = "FILE_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A content that came in whole: where it lies for now, its bytes, and its SHA-256 in hexadecimal."""

    path: Path
    size: int
    sha256: str


@contextmanager
def spooled(chunks: Iterable[bytes], *, limit: int, folder: Path | None = None) -> Iterator[Spooled]:
    """Write chunks to a temporary file and give it; it is gone after the block.

    Raises FileTooLarge as soon as more than `limit` bytes have come, without reading on.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="upload-") as scratch:
        path = Path(scratch) / "content"
        with path.open("wb") as target:
            for chunk in chunks:
                target.write(chunk)
                if target.tell() > limit:
                    raise FileTooLarge(f"The file is larger than {limit // 1_000_000} MB.")
        yield measured(path)


def measured(path: Path) -> Spooled:
    """Give size and hash of a file."""
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return Spooled(path, path.stat().st_size, digest)


class BlobStore:
    """Contents by key, in a folder (``file:///…``) or a bucket (``s3://bucket/prefix``).

    Keys are made by the caller and never by a user. Local folders suit one replica only; settings refuse more.
    """

    def __init__(self, url: str) -> None:
        self._folder = Path(urlsplit(url).path) if url.startswith("file://") else None
        self._store: ObjectStore
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(self._folder, mkdir=True)
        else:
            self._store = from_url(url)

    @classmethod
    def in_folder(cls, folder: Path) -> BlobStore:
        """Open a local folder."""
        return cls(f"file://{folder.resolve()}")

    def put(self, key: str, content: Spooled) -> None:
        """Store a content; durable when this returns. The same key again replaces it with the same bytes."""
        self._store.put(key, content.path)
        if self._folder is not None:
            _sync(self._folder / key)
            _sync((self._folder / key).parent)

    def chunks(self, key: str) -> Iterator[bytes]:
        """Read a content in pieces of at most 256 KiB. Raises NotFound where it is missing."""
        try:
            stream = self._store.get(key).stream(min_chunk_size=CHUNK_BYTES)
        except FileNotFoundError as error:
            raise NotFound(f"The content of this file is missing (key {key}).") from error
        for piece in stream:
            view = memoryview(piece)
            for start in range(0, len(view), CHUNK_BYTES):
                yield bytes(view[start : start + CHUNK_BYTES])

    def delete(self, key: str) -> None:
        """Remove a content; nothing happens where it is gone."""
        try:
            self._store.delete(key)
        except FileNotFoundError:
            return

    def sweep(self, now: datetime, is_known: Callable[[list[str]], set[str]]) -> int:
        """Remove orphans older than a day and give their number; `is_known` tells which keys have metadata."""
        removed = 0
        for batch in self._store.list(chunk_size=500):
            old = [item["path"] for item in batch if item["last_modified"] < now - ORPHAN_AGE]
            known = is_known(old) if old else set()
            for key in old:
                if key not in known:
                    self.delete(key)
                    removed += 1
        return removed


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
