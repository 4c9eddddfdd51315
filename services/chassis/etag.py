"""Etags: the version of a row as callers see it, opaque on purpose."""

import hashlib
import hmac

from services.chassis.errors import InvalidRequest, StaleEtag, Violation


def etag_of(row_id: str, version: int) -> str:
    """Give the etag of one version of one row."""
    return hashlib.sha256(f"{row_id}@{version}".encode()).hexdigest()[:16]


def check_etag(given: str, row_id: str, version: int) -> None:
    """Refuse a change that was based on another version than the present one.

    Raises InvalidRequest without an etag: a change that was not read first would overwrite somebody else's.
    Raises StaleEtag where the row changed since it was read.
    """
    if not given:
        wrong = Violation("etag", "is required: send the one that was read")
        raise InvalidRequest("The etag is missing.", reason="INVALID_FIELDS", violations=[wrong])
    if not hmac.compare_digest(given.encode(), etag_of(row_id, version).encode()):
        raise StaleEtag("Somebody else changed this since you read it.", metadata={"id": row_id})
