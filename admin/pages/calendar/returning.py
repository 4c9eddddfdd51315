"""The way back to the calendar, and the second step of a move: both travel in a transition's form as its tab."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK: Final = "calendar?"
_NAME: Final = re.compile(r"[a-z_]{1,60}")
_WEEK, _THEN = "week", "then"


def tab_of(week: dt.date, then: str = "", values: Mapping[str, str] | None = None) -> str:
    """What the form of a transition from the calendar holds; `then` is a transition that follows, with values."""
    told = {_WEEK: week.isoformat(), **({_THEN: then, **(values or {})} if then else {})}
    return _MARK + urlencode(told)


def week_of(tab: str) -> str:
    """The address of the calendar's week that a form came from; empty where it came from elsewhere."""
    if not tab.startswith(_MARK):
        return ""
    told = dict(parse_qsl(tab.removeprefix(_MARK)))
    try:
        return f"/calendar/?week={dt.date.fromisoformat(told.get(_WEEK, ''))}"
    except ValueError:
        return "/calendar/"


def onward_from(tab: str, order_id: str) -> str:
    """Where somebody goes on: to the step that follows, else back to the week; empty where they came from elsewhere."""
    back = week_of(tab)
    told = dict(parse_qsl(tab.removeprefix(_MARK))) if back else {}
    then = told.pop(_THEN, "")
    if not _NAME.fullmatch(then):
        return back
    kept = {_WEEK: told.pop(_WEEK, "")}
    return step_url(order_id, then, told, _MARK + urlencode(kept))


def step_url(order_id: str, name: str, values: Mapping[str, str], tab: str) -> str:
    """The address of a transition's form, filled in with values."""
    return f"/work-orders/{order_id}/do/{name}?{urlencode({**values, 'tab': tab})}"
