"""Calendars, policies and organisations: what targets and ordering look up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import Column, Connection, Table, select

from services.chassis.projections import Projection
from services.shipping.domain.calendar import DAYS_A_WEEK, CalendarVersion, DayException, Window
from services.shipping.domain.policy import CUT_OFF, ClassTerms, Policy, Unit, WorkClass
from services.shipping.tables import business_calendars, organizations, sla_policies

ORGANIZATIONS = Projection("technicians", "Organization", organizations)
"""What technicians says of organisations."""

UNITS = {1: Unit.BUSINESS_DAYS, 2: Unit.BUSINESS_HOURS, 3: Unit.CLOCK_HOURS}
"""Units by the number of the contract."""

WORK_CLASSES = dict(enumerate(WorkClass))
"""Classes of work by the number of both contracts."""


_MOST_KNOWN = 64


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that counts as if it were in force: what-if before it is published. `key` is its name or code."""

    table: Table
    key: str
    row: Mapping[str, Any]


def find_policy(connection: Connection, code: str, organization_id: str, draft: Draft | None = None) -> Policy | None:
    """The policy in force with a code: the organisation's own, else the one that all share."""
    row = _in_force(connection, sla_policies.c.code, code, organization_id, draft)
    return policy_version(row) if row else None


class Calendars:
    """Calendars in force, kept with their computed windows for as long as their version is in force."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], CalendarVersion] = {}

    def find(
        self, connection: Connection, name: str, organization_id: str, draft: Draft | None = None
    ) -> CalendarVersion | None:
        """The calendar in force with a name: the organisation's own, else the one that all share."""
        row = _in_force(connection, business_calendars.c.name, name, organization_id, draft)
        if row is None:
            return None
        # What is published never changes, and a draft counts its changes.
        key = (row["id"], row["revision"])
        known = self._known.get(key)
        if known is None:
            while len(self._known) >= _MOST_KNOWN:
                self._known.pop(next(iter(self._known)), None)
            known = self._known[key] = calendar_version(row)
        return known


def _in_force(
    connection: Connection, key: Column[str], value: str, organization_id: str, draft: Draft | None
) -> Mapping[str, Any] | None:
    table = key.table
    owner = table.c.organization_id
    statement = select(table).where(key == value, table.c.in_force, owner.in_({organization_id, ""}))
    row = connection.execute(statement.order_by(owner.desc(), table.c.version.desc())).mappings().first()
    found = {str(name): value for name, value in row.items()} if row else None
    if draft is None or draft.table is not table or draft.key != value:
        return found
    owned_by = draft.row["organization_id"]
    fits = owned_by in {organization_id, ""} and (found is None or found["organization_id"] <= owned_by)
    return draft.row if fits else found


def calendar_version(row: Mapping[str, Any]) -> CalendarVersion:
    """A calendar from its row. A day without windows is a holiday; one with windows is worked whatever its weekday."""
    week: list[list[Window]] = [[] for _ in range(DAYS_A_WEEK)]
    for window in row["windows"]:
        week[window["weekday"] - 1].append(_window(window))
    holidays: dict[date, str] = {}
    exceptions: dict[date, DayException] = {}
    for each in row["exceptions"]:
        day = date(each["date"]["year"], each["date"]["month"], each["date"]["day"])
        if each.get("windows"):
            exceptions[day] = DayException(each["name"], _sorted(_window(window) for window in each["windows"]))
        else:
            holidays[day] = each["name"]
    return CalendarVersion(
        row["id"], row["name"], row["version"], tuple(_sorted(windows) for windows in week), holidays, exceptions
    )


def minutes_of(text: str) -> int:
    """Minutes after midnight of HH:MM; 24:00 is 1440."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _sorted(windows: Iterable[Window]) -> tuple[Window, ...]:
    return tuple(sorted(windows))


def _window(values: Mapping[str, Any]) -> Window:
    return Window(minutes_of(values["opens"]), minutes_of(values["closes"]))


def policy_version(row: Mapping[str, Any]) -> Policy:
    """A policy from its row. Raises InvalidPolicy."""
    morning = row["morning_warning"]
    return Policy(
        id=row["code"],
        name=row["name"],
        version=row["version"],
        unit=UNITS[row["unit"]],
        amount=row["amount"],
        due_time=time.fromisoformat(row["due_time"]) if row["due_time"] else None,
        cut_off=time.fromisoformat(row["cut_off"]) if row["cut_off"] else CUT_OFF,
        class_terms=tuple(_class_terms(each) for each in row["class_terms"]),
        ignores_holds=bool(row["ignores_holds"]),
        warn_percents=tuple(share for share in (row["first_warning"], row["second_warning"]) if share),
        morning=time.fromisoformat(morning) if morning else None,
    )


def _class_terms(values: Mapping[str, Any]) -> ClassTerms:
    due_time, cut_off = values.get("due_time"), values.get("cut_off")
    return ClassTerms(
        WORK_CLASSES[values["work_class"]],
        UNITS[values["unit"]],
        values.get("amount", 0),
        time.fromisoformat(due_time) if due_time else None,
        time.fromisoformat(cut_off) if cut_off else CUT_OFF,
    )


def places_orders_itself(connection: Connection, organization_id: str) -> bool:
    """Whether an organisation's parts are ordered without a dispatcher's click; no while nothing is known of it."""
    columns = organizations.c
    wanted = select(columns.auto_place_orders).where(columns.id == organization_id, columns.deleted.is_(False))
    return bool(connection.execute(wanted).scalar_one_or_none())


def return_days_of(connection: Connection, organization_id: str) -> int:
    """Days that an organisation gives for returns of its orders; 0 where it leaves that to the installation."""
    columns = organizations.c
    wanted = select(columns.return_days).where(columns.id == organization_id, columns.deleted.is_(False))
    return connection.execute(wanted).scalar_one_or_none() or 0
