"""The key that all secrets of endpoints are derived from: from the environment, or made once among the signing keys.

Secrets are derived, so that no table, backup, list or log holds one. Whoever loses this key loses all of them.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Final

from filelock import FileLock

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST: Final = 32
_FILE: Final = "webhooks.secret"


class WebhookKeyFault(Exception):
    """There is no usable key; the message says what to do."""


def master_key(folder: Path, given: str = "") -> bytes:
    """The key: `given` where it is set, otherwise that of the folder of keys, made where there is none.

    Raises WebhookKeyFault for one that can be guessed or that others may read.
    """
    if given:
        return _checked(given, "FIELDMESH_WEBHOOK_SECRET")
    private = folder / "private"
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = private / _FILE
    with FileLock(folder / ".lock"):
        if not path.exists():
            _write(path)
    if path.stat().st_mode & 0o077:
        raise WebhookKeyFault(f"{path} is readable by others; run: chmod 600 {path}")
    return _checked(path.read_text().strip(), str(path))


def _write(path: Path) -> None:
    # The mode is set at creation, and the name given at the end: half a key is never read.
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    draft.replace(path)


def _checked(text: str, where: str) -> bytes:
    if len(text) < SHORTEST:
        raise WebhookKeyFault(f"{where} must be at least {SHORTEST} characters long.")
    return text.encode()
