"""Refusals of services as people and browsers understand them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.chassis.errors import Refusal

_STATUS: Final[Mapping[str, int]] = {
    "invalid": 422,
    "unauthenticated": 403,
    "forbidden": 403,
    "missing": 404,
    "exists": 409,
    "state": 409,
    "stale": 409,
    "exhausted": 429,
    "unavailable": 503,
}


def http_status(refusal: Refusal) -> int:
    """The HTTP status that says what a refusal says."""
    return _STATUS.get(refusal.kind, 500)


def form_sentence(refusal: Refusal) -> str:
    """What happened to a form that is drawn again with its input."""
    if refusal.kind != "unavailable":
        return sentence(refusal)
    return f"{_happened(refusal)} What you entered is still here: send it again in a moment, nothing is done twice."


def sentence(refusal: Refusal) -> str:
    """What happened and what it means for the person, in one or two sentences."""
    match refusal.kind:
        case "unavailable":
            return f"{_happened(refusal)} Try again in a moment."
        case "stale":
            return "Somebody else changed this since you opened it. Look at it again, then repeat what you wanted."
        case "missing":
            return "This is not there any more, or not yours to see."
        case "forbidden" | "unauthenticated":
            return str(refusal) or "You may not do this."
        case _:
            return str(refusal)


def _happened(refusal: Refusal) -> str:
    named = refusal.metadata.get("service", "")
    service = f"The {named} service" if named else "A service"
    return f"{service} {'failed over this' if refusal.reason == 'REMOTE_FAILURE' else 'is not answering'}."
