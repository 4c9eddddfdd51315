"""What browsers are told to forbid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import request

if TYPE_CHECKING:
    from flask import Flask, Response

# No inline script or style anywhere, so no nonces; `data:` images are Bootstrap's own drawings inside its style sheet.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_STATIC_SECONDS: Final = 31_536_000


def install(app: Flask, *, secure: bool) -> None:
    """Add the headers to every answer of the application."""

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        if secure:
            response.headers["Strict-Transport-Security"] = f"max-age={_STATIC_SECONDS}"
        if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:  # noqa: PLR2004
            response.headers["Cache-Control"] = f"public, max-age={_STATIC_SECONDS}, immutable"
        elif request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
