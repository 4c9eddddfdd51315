"""The key that signs session cookies: from the environment, or made once and kept among the signing keys."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from admin.settings import AdminSettings

SHORTEST: Final = 32


class SecretFault(Exception):
    """There is no usable secret; the message says what to do."""


def session_secret(settings: AdminSettings) -> str:
    """The secret; SecretFault where there is none, or one that can be guessed."""
    path = _path(settings)
    if settings.admin_secret:
        found, where = settings.admin_secret, "FIELDMESH_ADMIN_SECRET"
    elif path.is_file():
        found, where = path.read_text().strip(), str(path)
    else:
        raise SecretFault(f"{path} is missing: run `python -m admin.init`, or set FIELDMESH_ADMIN_SECRET.")
    if len(found) < SHORTEST:
        raise SecretFault(f"{where} must be at least {SHORTEST} characters long.")
    return found


def ensure_secret(settings: AdminSettings) -> None:
    """Make the secret where there is none; readable by its owner only."""
    path = _path(settings)
    if settings.admin_secret or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))


def _path(settings: AdminSettings) -> Path:
    return settings.keys_folder / "private" / "admin-session.secret"


def keyed_digest(secret: str, purpose: str, text: str) -> str:
    """What is kept of a secret text: HMAC-SHA256 under the installation's own, apart for each purpose."""
    return hmac.new(secret.encode(), f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()
