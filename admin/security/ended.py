"""Answers to requests of a session that has ended, and to forms of an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from admin.security.carrying import carried, here

if TYPE_CHECKING:
    from admin.security.carrying import Carried

ENDED: Final = "Your session has ended, so nothing was saved. Sign in and do it again."
_UNAUTHORIZED: Final = 401


def to_sign_in() -> Any:
    """Lead to the sign-in and back to the page that the person was on; what a form held comes along where it can."""
    form = carried()
    if form is not None:
        return _sign_in(form)
    if request.headers.get("HX-Request"):
        page = here(request.headers.get("HX-Current-URL", ""))
        return "", _UNAUTHORIZED, {"HX-Redirect": url_for("SignInView.login", next=page or None)}
    if request.method == "GET":
        return redirect(url_for("SignInView.login", next=request.full_path.rstrip("?")))
    flash(ENDED, "warning")
    return redirect(url_for("SignInView.login", next=here(request.referrer or "") or None))


def foreign_form() -> Any:
    """The answer to a form of an earlier session; None where there is nothing better than an error page."""
    if request.endpoint == "SignInView.login":
        flash("This page was open for too long. Sign in now.", "warning")
        return redirect(url_for("SignInView.login", next=request.form.get("next") or None))
    if not current_user.is_authenticated:
        return to_sign_in()
    form = carried()
    return resume(form) if form is not None else None


def resume(form: Carried) -> Any:
    """A page that goes on to the form, with a token of the present session; it is drawn again and not yet sent."""
    title = "Your input is kept"
    return _page("security/resume.html", carried=form, title=title), 200, _headers()


def _sign_in(form: Carried) -> Any:
    from admin.security.views import SignInForm

    drawn = SignInForm(formdata=None)
    drawn.next.data = here(request.headers.get("HX-Current-URL", "") or request.referrer or "")
    drawn.carried.data = form.sealed()
    page = _page("security/login.html", form=drawn, problem="", kept=True, files=bool(request.files), title="Sign in")
    return page, 200 if _in_dialog() else _UNAUTHORIZED, _headers()


def _page(template: str, **more: Any) -> str:
    return render_template(template, frame="fragment.html" if _in_dialog() else "bare.html", **more)


def _in_dialog() -> bool:
    """Forms that htmx posts stand in the dialog."""
    return bool(request.headers.get("HX-Request"))


def _headers() -> dict[str, str]:
    return {"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"} if _in_dialog() else {}
