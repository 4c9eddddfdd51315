"""Flask-AppBuilder's route decorators, with types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask_appbuilder.baseviews import expose as fab_expose
from flask_appbuilder.security.decorators import has_access as fab_has_access

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

F = TypeVar("F", bound="Callable[..., Any]")


def expose(url: str, methods: Sequence[str] = ("GET",)) -> Callable[[F], F]:
    """Serve a method of a view at an address below the view's own."""
    return cast("Callable[[F], F]", fab_expose(url, methods))


def redraws(method: F) -> F:
    """Mark a route that draws its form again with its input where it cannot be saved; nearest to the function."""
    method.redraws = True  # type: ignore[attr-defined]
    return method


def draws_again(view: object) -> bool:
    """Whether a view function is marked so."""
    return bool(getattr(view, "redraws", False))


def has_access(method: F) -> F:
    """Let in only whose roles are granted `can_<method>` on the view."""
    return cast("F", fab_has_access(method))
