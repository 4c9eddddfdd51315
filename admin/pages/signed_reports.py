"""What the addresses share at which other systems report: each proves itself by a signature, nobody is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, current_app, jsonify, request

from admin.grpcfab.errors import http_status, sentence
from admin.security.throttle import Throttle
from services.chassis.errors import Exhausted, InvalidRequest, Refusal, Violation
from services.chassis.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

log = get_logger(__name__)

LARGEST: Final = 64 * 1024
UNAUTHORIZED: Final = 401
LIMITED: Final = 429


def answered(kind: str, sender: str, take: Callable[[], dict[str, Any]]) -> Any:
    """What `take` gives, as JSON with status 200, or a problem in JSON (RFC 9457) that says what to mend.

    Addresses that send wrong signatures again and again wait longer and longer, as those do that try passwords.
    They are counted for each `kind` of report: "webhook", "carrier". `sender` is named in the log.
    """
    throttle = Throttle(current_app.appbuilder.session)  # type: ignore[attr-defined]
    address = f"{kind} {request.remote_addr or ''}"
    if waits := throttle.wait(address, address):
        many = Exhausted("Too many wrong signatures from your address; try again later.", reason="TOO_MANY_FAILURES")
        answer, status = _problem(many, LIMITED)
        answer.headers["Retry-After"] = str(int(waits) + 1)
        return answer, status
    try:
        return jsonify(take())
    except Refusal as refusal:
        wrong = refusal.kind == "unauthenticated"
        if wrong:
            throttle.failed(address, address)
        log.info("report.refused", kind=kind, sender=sender, reason=refusal.reason)
        return _problem(refusal, UNAUTHORIZED if wrong else http_status(refusal))


def signed_body() -> bytes:
    """The body byte by byte, as it was signed. Raises InvalidRequest where it is too large, or says no length."""
    length = request.content_length
    if length is None or length > LARGEST:
        wrong = Violation("", f"The body has to have a Content-Length of at most {LARGEST // 1024} KiB.")
        raise InvalidRequest("The report is too large.", reason="INVALID_FIELDS", violations=[wrong])
    return request.get_data()


def _problem(refusal: Refusal, status: int) -> tuple[Response, int]:
    """A refusal of a signed report as RFC 9457 has it."""
    answer = jsonify(
        type="about:blank",
        title=refusal.reason,
        status=status,
        detail=sentence(refusal) if refusal.kind != "missing" else str(refusal),
        errors=[{"field": each.field, "message": each.description} for each in refusal.violations],
    )
    answer.mimetype = "application/problem+json"
    return answer, status
