"""What is written into drafts of calendars and policies, checked; every wrong field is named by its path."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as messages
from fieldmesh.shipping.v1 import sla_pb2

from services.chassis.errors import InvalidRequest, Violation
from services.shipping.domain.calendar import DAYS_A_WEEK
from services.shipping.domain.policy import LONGEST
from services.shipping.repository.reference import UNITS, WORK_CLASSES, minutes_of

MOST_DAYS = 400
MOST_WINDOWS = 70
MOST_YEARS = 50
FIRST_YEAR, LAST_YEAR = 1990, 2190
LONGEST_NAME, LONGEST_NOTE = 80, 500
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHARES = range(100)
Json = dict[str, Any]


def refuse(wrong: Iterable[Violation]) -> None:
    """Raises InvalidRequest that names every wrong field; nothing where none is."""
    found = list(wrong)
    if found:
        raise InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=found)


def week_of(request: messages.SaveCalendarDraftRequest) -> list[Json]:
    """The working week and nothing else of a request; raises InvalidRequest."""
    wrong = _windows(request.windows, "windows", by_weekday=True)
    if not request.windows:
        wrong.append(Violation("windows", "is required: a calendar needs working time"))
    refuse([*wrong, *_note(request.note)])
    return sorted(
        ({"weekday": each.weekday, "opens": each.opens, "closes": each.closes} for each in request.windows),
        key=lambda each: (each["weekday"], each["opens"]),
    )


def days_of(request: messages.SetCalendarDaysRequest) -> tuple[list[Json], set[date]]:
    """The days to set, as rows keep them, and those to clear; raises InvalidRequest."""
    wrong: list[Violation] = []
    if not request.days and not request.cleared:
        wrong.append(Violation("days", "is required: no day is set or cleared"))
    if len(request.days) > MOST_DAYS:
        wrong.append(Violation("days", f"must be at most {MOST_DAYS}"))
    found: dict[date, Json] = {}
    for index, each in enumerate(request.days[:MOST_DAYS]):
        day = _date(each.date, f"days[{index}].date", wrong)
        if not 0 < len(each.name.strip()) <= LONGEST_NAME:
            wrong.append(Violation(f"days[{index}].name", f"must have 1 to {LONGEST_NAME} characters"))
        wrong += _windows(each.windows, f"days[{index}].windows", by_weekday=False)
        if day in found:
            wrong.append(Violation(f"days[{index}].date", "is there twice"))
        if day is not None:
            found[day] = day_json(day, each.name.strip(), each.windows)
    cleared = {_date(each, f"cleared[{index}]", wrong) for index, each in enumerate(request.cleared)}
    refuse(wrong)
    return list(found.values()), {day for day in cleared if day is not None}


def day_json(day: date, name: str, windows: Iterable[sla_pb2.WorkingWindow] = (), *, imported: bool = False) -> Json:
    """A day that differs from the week, as rows keep it."""
    values: Json = {"date": {"year": day.year, "month": day.month, "day": day.day}, "name": name}
    kept = [{"opens": each.opens, "closes": each.closes} for each in windows]
    if kept:
        values["windows"] = kept
    return {**values, "imported": True} if imported else values


def date_of(values: Json) -> date:
    """The date of a day that differs."""
    return date(values["date"]["year"], values["date"]["month"], values["date"]["day"])


def check_years(request: messages.ImportHolidaysRequest) -> None:
    """Raises InvalidRequest for years that no calendar is kept for."""
    wrong = [
        Violation(name, f"must be {FIRST_YEAR} to {LAST_YEAR}")
        for name in ("first_year", "last_year")
        if not FIRST_YEAR <= getattr(request, name) <= LAST_YEAR
    ]
    if not wrong and not 0 <= request.last_year - request.first_year < MOST_YEARS:
        wrong.append(Violation("last_year", f"must be the first year or later, at most {MOST_YEARS} years in all"))
    refuse(wrong)


def check_name(field: str, name: str) -> str:
    """A name without blanks around it; raises InvalidRequest."""
    stripped = name.strip()
    if not 0 < len(stripped) <= LONGEST_NAME:
        refuse([Violation(field, f"must have 1 to {LONGEST_NAME} characters")])
    return stripped


def check_code(code: str) -> str:
    """A policy's code; raises InvalidRequest."""
    if len(code) > LONGEST_NAME or not _CODE.fullmatch(code):
        refuse([Violation("code", "must be small letters, digits and hyphens, such as gold-4h")])
    return code


def policy_of(request: messages.SavePolicyDraftRequest) -> Json:
    """What a policy says, as its columns; raises InvalidRequest."""
    wrong = _note(request.note)
    if not 0 < len(request.name.strip()) <= LONGEST_NAME:
        wrong.append(Violation("name", f"must have 1 to {LONGEST_NAME} characters"))
    wrong += _amount(request)
    wrong += _times(request, ("cut_off", "due_time", "morning_warning"))
    wrong += _class_terms(request)
    for name in ("first_warning", "second_warning"):
        if getattr(request, name) not in _SHARES:
            wrong.append(Violation(name, "must be 1 to 99 percent, or 0 for none"))
    if request.first_warning and request.second_warning <= request.first_warning:
        wrong.append(Violation("second_warning", "must be above the first warning"))
    refuse(wrong)
    return {
        "name": request.name.strip(),
        "unit": int(request.unit),
        "amount": request.amount,
        "cut_off": request.cut_off,
        "due_time": request.due_time,
        "ignores_holds": request.ignores_holds,
        "first_warning": request.first_warning,
        "second_warning": request.second_warning,
        "morning_warning": request.morning_warning,
        "note": request.note.strip(),
        "class_terms": [
            {
                "work_class": int(each.work_class),
                "unit": int(each.unit),
                "amount": each.amount,
                "cut_off": each.cut_off,
                "due_time": each.due_time,
            }
            for each in sorted(request.class_terms, key=lambda each: int(each.work_class))
        ],
    }


def _class_terms(request: messages.SavePolicyDraftRequest) -> list[Violation]:
    """What is wrong with the terms of single classes: each named once, each as the general ones are."""
    wrong: list[Violation] = []
    seen = set[int]()
    for index, each in enumerate(request.class_terms):
        path, number = f"class_terms[{index}].", int(each.work_class)
        if not number or number not in WORK_CLASSES:
            wrong.append(Violation(f"{path}work_class", "is required"))
        elif number in seen:
            wrong.append(Violation(f"{path}work_class", "is there twice"))
        seen.add(number)
        found = [*_amount(each), *_times(each, ("cut_off", "due_time"))]
        wrong += [Violation(f"{path}{violation.field}", violation.description) for violation in found]
    return wrong


def _times(terms: Any, names: Iterable[str]) -> list[Violation]:
    texts = {name: getattr(terms, name) for name in names}
    wrong = (name for name, text in texts.items() if text and (not _TIME.fullmatch(text) or text == "24:00"))
    return [Violation(name, "must be a time such as 17:00") for name in wrong]


def _amount(request: messages.SavePolicyDraftRequest | sla_pb2.WorkClassTerms) -> list[Violation]:
    """What is wrong with unit and amount, and with what only policies in days have."""
    unit = UNITS.get(int(request.unit))
    if unit is None:
        return [Violation("unit", "is required")]
    wrong: list[Violation] = []
    in_days = request.unit == sla_pb2.SLA_UNIT_BUSINESS_DAYS
    least = 0 if in_days else 1
    if not least <= request.amount <= LONGEST[unit]:
        wrong.append(Violation("amount", f"must be {least} to {LONGEST[unit]:,}"))
    if not in_days and request.due_time:
        wrong.append(Violation("due_time", "is for business days only: hours end at an instant"))
    if not in_days and request.cut_off:
        wrong.append(Violation("cut_off", "is for business days only: hours count from the instant"))
    return wrong


def _note(note: str) -> list[Violation]:
    return [Violation("note", f"must be at most {LONGEST_NOTE} characters")] if len(note) > LONGEST_NOTE else []


def _windows(windows: Sequence[sla_pb2.WorkingWindow], path: str, *, by_weekday: bool) -> list[Violation]:
    """What is wrong with windows: each within its day, none over another."""
    wrong: list[Violation] = []
    if len(windows) > MOST_WINDOWS:
        return [Violation(path, f"must be at most {MOST_WINDOWS}")]
    kept: list[tuple[int, int, int, int]] = []
    for index, each in enumerate(windows):
        if by_weekday and not 1 <= each.weekday <= DAYS_A_WEEK:
            wrong.append(Violation(f"{path}[{index}].weekday", "must be 1 (Monday) to 7 (Sunday)"))
        faulty = [name for name in ("opens", "closes") if not _TIME.fullmatch(getattr(each, name))]
        wrong += [Violation(f"{path}[{index}].{name}", "must be a time such as 08:00") for name in faulty]
        if not faulty:
            opens, closes = minutes_of(each.opens), minutes_of(each.closes)
            if opens >= closes:
                wrong.append(Violation(f"{path}[{index}].closes", "must be after the opening"))
            else:
                kept.append((each.weekday if by_weekday else 0, opens, closes, index))
    kept.sort()
    wrong += [
        Violation(f"{path}[{later[3]}].opens", "lies within another window of that day")
        for earlier, later in pairwise(kept)
        if earlier[0] == later[0] and later[1] < earlier[2]
    ]
    return wrong


def _date(message: Any, path: str, wrong: list[Violation]) -> date | None:
    try:
        found = date(message.year, message.month, message.day)
    except ValueError:
        wrong.append(Violation(path, "must be a whole date: year, month and day"))
        return None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        wrong.append(Violation(path, f"must be in {FIRST_YEAR} to {LAST_YEAR}"))
        return None
    return found
