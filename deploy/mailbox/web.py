"""The mailbox's page, and the same as JSON for tests.

Mails are other people's HTML: they are shown in a sandboxed frame under a policy that lets them load nothing, and
only requests that name this machine are answered, so that no page elsewhere can read or delete mails.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from deploy.mailbox.store import Mail, MailStore

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
LOCAL = re.compile(r"^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$")
VIEWS = ("html", "text", "raw")


def create_app(store: MailStore, *, any_host: bool = False) -> Flask:
    """The page over `store`; `any_host` answers under every name, for a mailbox that is bound to more than loopback."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.before_request
    def refuse_strangers() -> None:
        if not any_host and not LOCAL.match(request.host):
            abort(421)
        if request.method not in {"GET", "HEAD"} and request.headers.get("Sec-Fetch-Site", "none") not in {
            "same-origin",
            "none",
        }:
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    _add_pages(app, store)
    _add_api(app, store)
    return app


def _add_pages(app: Flask, store: MailStore) -> None:
    @app.get("/")
    def index() -> str:
        return render_template("mailbox.html", mails=_found(store), mail=None, search=request.args.get("search", ""))

    @app.get("/messages/<mail_id>")
    def show(mail_id: str) -> str:
        mail = _get(store, mail_id)
        available = [view for view in VIEWS if view == "raw" or mail.body("plain" if view == "text" else view)]
        view = request.args.get("view", "")
        return render_template(
            "mailbox.html",
            mails=_found(store),
            mail=mail,
            views=available,
            view=view if view in available else available[0],
            raw=store.raw(mail_id).decode(errors="replace") if view == "raw" or available == ["raw"] else "",
            search=request.args.get("search", ""),
        )

    @app.get("/messages/<mail_id>/html")
    def html(mail_id: str) -> Response:
        return Response(_framed(_get(store, mail_id)), headers={"Content-Security-Policy": MAIL_POLICY})

    @app.get("/messages/<mail_id>/parts/<int:index>")
    def part(mail_id: str, index: int) -> Response:
        found = next((part for part in _get(store, mail_id).parts() if part.index == index), None)
        if found is None:
            abort(404)
        picture = found.content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}
        kind = found.content_type if picture else "application/octet-stream"
        response = Response(found.content, content_type=kind)
        response.headers.set("Content-Disposition", "inline" if picture else "attachment", filename=found.name)
        return response

    @app.post("/delete")
    def delete() -> AnyResponse:
        chosen = request.form.get("id", "")
        store.delete(chosen) if chosen else store.delete_all()
        return redirect(url_for("index"), code=303)


def _add_api(app: Flask, store: MailStore) -> None:
    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/api/messages")
    def messages() -> dict[str, Any]:
        mails = _found(store)
        return {"total": len(mails), "messages": [_summary(mail) for mail in mails]}

    @app.get("/api/messages/<mail_id>")
    def message(mail_id: str) -> dict[str, Any]:
        mail = _get(store, mail_id)
        headers = [[name, str(value)] for name, value in mail.message.items()]
        return {**_summary(mail), "headers": headers, "text": mail.body("plain"), "html": mail.body("html")}

    @app.get("/api/messages/<mail_id>/raw")
    def raw(mail_id: str) -> Response:
        _get(store, mail_id)
        return Response(store.raw(mail_id), content_type="text/plain; charset=utf-8")

    @app.delete("/api/messages")
    def delete_all() -> tuple[str, int]:
        store.delete_all()
        return "", 204

    @app.delete("/api/messages/<mail_id>")
    def delete_one(mail_id: str) -> tuple[str, int]:
        store.delete(mail_id)
        return "", 204


def _get(store: MailStore, mail_id: str) -> Mail:
    mail = store.get(mail_id)
    if mail is None:
        abort(404)
    return mail


def _found(store: MailStore) -> list[Mail]:
    """The mails that match ?to= (an exact address) and ?search= (subject, sender, recipients)."""
    mails = store.all()
    to = request.args.get("to", "").lower()
    search = request.args.get("search", "").strip().lower()
    if to:
        mails = [mail for mail in mails if to in (recipient.lower() for recipient in mail.recipients)]
    if search:
        mails = [mail for mail in mails if search in _searchable(mail)]
    return mails


def _searchable(mail: Mail) -> str:
    return " ".join([mail.subject, mail.header("From"), mail.header("To"), *mail.recipients]).lower()


def _summary(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "received": mail.received.isoformat(),
        "message_id": mail.header("Message-ID"),
        "from": mail.header("From"),
        "to": mail.header("To"),
        "sender": mail.sender,
        "recipients": list(mail.recipients),
        "subject": mail.subject,
        "size": mail.size,
        "attachments": [{"name": part.name, "content_type": part.content_type} for part in mail.parts()],
    }


def _framed(mail: Mail) -> str:
    """The mail's HTML; links open beside the mailbox, and embedded pictures come from it."""
    html = mail.body("html")
    for part in mail.parts():
        if part.content_id:
            html = html.replace(f"cid:{part.content_id}", url_for("part", mail_id=mail.id, index=part.index))
    base = '<base target="_blank">'
    with_base, found = re.subn(r"(?i)(<head[^>]*>)", lambda match: match[1] + base, html, count=1)
    return with_base if found else base + html
