"""Signing keys: one Ed25519 pair an issuer, public halves shared by key id (hard-parts 5).

A key id reads `<issuer>.<fingerprint>`. The issuer is read from the key id of a stored public key, never from what a
token says, so a stolen service key cannot speak for the admin.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from filelock import FileLock

from services.chassis.settings import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ISSUERS: Final = ("admin", "cli", *SERVICES)
_PRIVATE: Final = "private"
_PUBLIC: Final = "public"
# An unknown key id makes the folder be read again, but not for every forged token.
_RELOAD_SECONDS: Final = 5.0


class KeyFault(Exception):
    """A signing key is missing or unreadable; the message names the file and the command that helps."""


@dataclass(frozen=True)
class SigningKey:
    """The private half of an issuer's key, with the id under which others find the public half."""

    issuer: str
    key_id: str
    private: Ed25519PrivateKey


def ensure_keys(folder: Path, issuers: Iterable[str] = ISSUERS) -> list[str]:
    """Create the pairs that are missing, and say for which issuers; safe to call from several processes at once.

    Private keys are readable by their owner only (mode 600).
    """
    private, public = folder / _PRIVATE, folder / _PUBLIC
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    public.mkdir(parents=True, exist_ok=True)
    created = []
    with FileLock(folder / ".lock"):
        for issuer in issuers:
            if not (private / f"{issuer}.pem").exists():
                _create(private, public, issuer)
                created.append(issuer)
    return created


def signing_key(folder: Path, issuer: str) -> SigningKey:
    """Read an issuer's private key; KeyFault where it is missing or open to others."""
    path = folder / _PRIVATE / f"{issuer}.pem"
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        raise KeyFault(f"{path} cannot be read ({error.strerror}); run: fieldmesh keys") from error
    if mode & 0o077:
        raise KeyFault(f"{path} is readable by others; run: chmod 600 {path}")
    private = load_pem_private_key(data, password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFault(f"{path} is not an Ed25519 key; remove it and run: fieldmesh keys")
    return SigningKey(issuer, key_id(issuer, private.public_key()), private)


def key_id(issuer: str, public: Ed25519PublicKey) -> str:
    """The id of a public key: its issuer and the start of a SHA-256 over both, so that a renamed file is noticed."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"{issuer}.{hashlib.sha256(issuer.encode() + b':' + raw).hexdigest()[:16]}"


class PublicKeys:
    """The public keys of all issuers by key id; picks up rotated keys without a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _PUBLIC
        self._lock = threading.Lock()
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._read_at = float("-inf")

    def find(self, kid: str) -> tuple[str, Ed25519PublicKey] | None:
        """The issuer and key of a key id; None where nobody published it."""
        if kid not in self._keys:
            self._reload()
        key = self._keys.get(kid)
        return None if key is None else (kid.rpartition(".")[0], key)

    def _reload(self) -> None:
        with self._lock:
            if time.monotonic() - self._read_at < _RELOAD_SECONDS:
                return
            self._read_at = time.monotonic()
            self._keys = dict(_published(self._folder))


def _published(folder: Path) -> Iterable[tuple[str, Ed25519PublicKey]]:
    for path in sorted(folder.glob("*.pem")):
        key = load_pem_public_key(path.read_bytes())
        issuer = path.stem.rpartition(".")[0]
        # A renamed file would let one issuer's key pass for another's.
        if isinstance(key, Ed25519PublicKey) and key_id(issuer, key) == path.stem:
            yield path.stem, key


def _create(private: Path, public: Path, issuer: str) -> None:
    key = Ed25519PrivateKey.generate()
    published = public / f"{key_id(issuer, key.public_key())}.pem"
    published.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # The mode is set at creation: the key is never readable by others, not even for a moment.
    draft = private / f".{issuer}.draft"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    draft.replace(private / f"{issuer}.pem")
