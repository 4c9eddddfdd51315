"""Error pages: what happened, what was kept, and a way on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import g, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from admin.grpcfab.errors import http_status, sentence
from admin.security import ended
from services.chassis.errors import Refusal
from services.chassis.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

log = get_logger(__name__)

TITLES: Final[Mapping[int, str]] = {
    400: "That request cannot be read",
    401: "Sign in first",
    403: "That is not open to you",
    404: "Nothing here",
    405: "That does not work this way",
    409: "That does not go together",
    413: "That is too large",
    422: "Something is missing or wrong",
    429: "Too many at once",
    500: "Something broke on our side",
    503: "A service is not answering",
}
WORDS: Final[Mapping[int, str]] = {
    400: "The address or the form is not in a form that this page understands. Go back and try again.",
    403: "Your role does not include this page. Whoever administers your organisation can change that.",
    404: "The page does not exist, or what it showed is not there any more, or it is not yours to see.",
    405: "This address takes other requests. Use the buttons of the page that you came from.",
    413: "Files can be up to 25 MB.",
    500: "It was recorded and nothing was half saved. Try again; if it happens again, tell us the number below.",
}


FOREIGN: Final = (
    "This page was opened before you signed in the last time, so what it sent was not accepted and nothing was saved. "
    "Open the page again and repeat it."
)


def install(app: Flask) -> None:
    """Show every error as a page of ours, or as a fragment where a page asked for a part of itself."""

    @app.errorhandler(CSRFError)
    def _forged(error: CSRFError) -> Any:
        log.info("csrf.refused", why=str(error.description))
        return ended.foreign_form() or _page(400, FOREIGN)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Any:
        code = error.code or 500
        return _page(code, WORDS.get(code, error.description or "")) if code >= 400 else error  # noqa: PLR2004

    @app.errorhandler(Refusal)
    def _refused(refusal: Refusal) -> Any:
        return _page(http_status(refusal), sentence(refusal), service=refusal.metadata.get("service", ""))

    @app.errorhandler(Exception)
    def _bug(error: Exception) -> Any:
        log.error("page.failed", path=request.path, exc_info=error)
        return _page(500, WORDS[500])


def _page(code: int, words: str, service: str = "") -> Any:
    fragment = bool(request.headers.get("HX-Request")) and request.headers.get("HX-Boosted") != "true"
    title = f"{service.capitalize()} is not answering" if code == 503 and service else TITLES.get(code, "Error")  # noqa: PLR2004
    template = "errors/_fragment.html" if fragment else "errors/error.html"
    incident = g.get("request_id", "") if code >= 500 else ""  # noqa: PLR2004
    page = render_template(template, code=code, title=title, words=words, incident=incident, base_template=_base())
    return page, code


def _base() -> str:
    return "layout.html" if g.get("viewer") else "bare.html"
