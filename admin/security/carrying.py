"""What was typed into a form whose session has ended: carried through the sign-in, drawn again, never sent by itself.

Only a form that its route draws again is carried, and only one that a page of this site posted: whoever signs in would
otherwise be shown a form that another site filled in. Passwords and files are never among it: forms with passwords have
no request key, and files are no fields of a form.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from admin.grpcfab.routes import draws_again

if TYPE_CHECKING:
    from collections.abc import Sequence

RESUMED: Final = "resumed"
LONGEST: Final = 200_000  # Characters of all values together.
_KEPT_SECONDS: Final = 12 * 3600
# The token of the session that ended, and the button that was pressed.
_DROPPED: Final = frozenset({"csrf_token", "draft", RESUMED})


@dataclasses.dataclass(frozen=True)
class Carried:
    """A form on its way: where it was posted to, and its fields."""

    path: str
    fields: Sequence[tuple[str, str]]

    def sealed(self) -> str:
        """For a hidden input of the sign-in; signed, so that nothing else can be put there."""
        return _serializer().dumps([self.path, [list(field) for field in self.fields]])


def carried() -> Carried | None:
    """The form that this request posted; None where it cannot be carried."""
    if request.method != "POST" or "request_key" not in request.form or not _from_here():
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in _DROPPED]
    if not draws_again(view) or sum(len(value) for _, value in fields) > LONGEST:
        return None
    return Carried(request.full_path.rstrip("?"), fields)


def unsealed(text: str) -> Carried | None:
    """A form that `sealed` made; None for anything else, or after half a day."""
    try:
        path, fields = _serializer().loads(text, max_age=_KEPT_SECONDS)
    except BadData:
        return None
    return Carried(path, [(name, value) for name, value in fields])


def here(url: str) -> str:
    """The path of an address of this site; empty for any other."""
    parts = urlsplit(url)
    inside = parts.netloc == request.host and parts.path.startswith("/") and not parts.path.startswith("//")
    return (f"{parts.path}?{parts.query}" if parts.query else parts.path) if inside else ""


def _from_here() -> bool:
    origin = request.headers.get("Origin", "")
    return urlsplit(origin).netloc == request.host if origin else request.headers.get("Sec-Fetch-Site") == "same-origin"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="carried-form")
