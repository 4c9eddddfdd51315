"""What the forms of a calendar's draft ask of the service: the week, single days, and holidays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as messages
from flask import request

from admin.pages.service_levels import calls, year
from services.chassis.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    import datetime as dt

# What the form of a day calls what it sends.
DAY_PLACES: Final = {"days[0].name": "Its name", "days[0].windows": "Hours"}


def week_asked(pk: str) -> messages.SaveCalendarDraftRequest:
    """The working week as the form has it, and the note. Raises InvalidRequest that names every day it cannot read."""
    seen = calls.named()
    asked = messages.SaveCalendarDraftRequest(
        id=pk, note=request.form.get("note", ""), etag=seen["etag"], request_id=seen["request_id"]
    )
    wrong: list[Violation] = []
    for number, text in typed_week().items():
        try:
            asked.windows.extend(calls.windows_of(year.WEEKDAYS[number - 1], text, number))
        except InvalidRequest as refusal:
            wrong += refusal.violations
    if wrong:
        raise InvalidRequest("Some fields are missing or wrong.", violations=wrong)
    return asked


def typed_week() -> dict[int, str]:
    """The hours of each weekday (1 is Monday) as they were typed."""
    return {number: request.form.get(f"day{number}", "") for number in range(1, len(year.WEEKDAYS) + 1)}


def week_places(asked: messages.SaveCalendarDraftRequest) -> dict[str, str]:
    """The weekday of each window of a request, by its path."""
    named = {f"windows[{place}]": year.WEEKDAYS[each.weekday - 1] for place, each in enumerate(asked.windows)}
    return {"windows": "Working week", **named}


def holidays_asked(pk: str) -> messages.ImportHolidaysRequest:
    """The public holidays of a country, as the form has it."""
    form = request.form
    return messages.ImportHolidaysRequest(
        id=pk, country=form.get("country", ""), region=form.get("region", ""),
        first_year=calls.whole(form.get("first_year", "")), last_year=calls.whole(form.get("last_year", "")),
        **calls.named(),
    )  # fmt: skip


def set_day(pk: str, when: dt.date) -> None:
    """Sets or clears one day of a draft as the form has it. Raises InvalidRequest for hours that it cannot read."""
    form = request.form
    date = {"year": when.year, "month": when.month, "day": when.day}
    seen = calls.named()
    asked = messages.SetCalendarDaysRequest(id=pk, etag=seen["etag"], request_id=seen["request_id"])
    if form.get("do") == "clear":
        asked.cleared.add(**date)
    else:
        windows = calls.windows_of("Hours", form.get("windows", "")) if form.get("do") == "work" else ()
        asked.days.add(date=date, name=form.get("name", ""), windows=windows)
        if form.get("do") == "work" and not windows:
            raise InvalidRequest("Some fields are missing or wrong.", violations=[Violation("Hours", "is required")])
    calls.drafts().SetCalendarDays(asked)
