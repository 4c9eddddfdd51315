"""Calendars, policies and organisations: what targets and ordering look up."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from services.chassis.projections import Projection
from services.shipping.domain.calendar import DAYS_A_WEEK, CalendarVersion, DayException, Window
from services.shipping.domain.policy import CUT_OFF, Policy, Unit
from services.shipping.tables import business_calendars, organizations, sla_policies

ORGANIZATIONS = Projection("technicians", "Organization", organizations)
"""What technicians says of organisations."""

UNITS = {1: Unit.BUSINESS_DAYS, 2: Unit.BUSINESS_HOURS, 3: Unit.CLOCK_HOURS}
"""Units by the number of the contract."""


def find_policy(connection: Connection, code: str, organization_id: str) -> Policy | None:
    """The policy in force with a code: the organisation's own, else the one that all share."""
    row = _in_force(connection, sla_policies, sla_policies.c.code == code, organization_id)
    return _policy(row) if row else None


class Calendars:
    """Calendars in force, kept with their computed windows for as long as their version is in force."""

    def __init__(self) -> None:
        self._known: dict[str, CalendarVersion] = {}

    def find(self, connection: Connection, name: str, organization_id: str) -> CalendarVersion | None:
        """The calendar in force with a name: the organisation's own, else the one that all share."""
        row = _in_force(connection, business_calendars, business_calendars.c.name == name, organization_id)
        if row is None:
            return None
        # A row is one version and never changes, so its id is all that has to match.
        known = self._known.get(row["id"])
        if known is None:
            known = self._known[row["id"]] = calendar_version(row)
        return known


def _in_force(connection: Connection, table: Table, condition: Any, organization_id: str) -> RowMapping | None:
    owner = table.c.organization_id
    statement = select(table).where(condition, table.c.in_force, owner.in_({organization_id, ""}))
    return connection.execute(statement.order_by(owner.desc(), table.c.version.desc())).mappings().first()


def calendar_version(row: RowMapping) -> CalendarVersion:
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


def _policy(row: RowMapping) -> Policy:
    return Policy(
        id=row["code"],
        name=row["name"],
        version=row["version"],
        unit=UNITS[row["unit"]],
        amount=row["amount"],
        due_time=time.fromisoformat(row["due_time"]) if row["due_time"] else None,
        cut_off=time.fromisoformat(row["cut_off"]) if row["cut_off"] else CUT_OFF,
    )


def places_orders_itself(connection: Connection, organization_id: str) -> bool:
    """Whether an organisation's parts are ordered without a dispatcher's click; no while nothing is known of it."""
    columns = organizations.c
    wanted = select(columns.auto_place_orders).where(columns.id == organization_id, columns.deleted.is_(False))
    return bool(connection.execute(wanted).scalar_one_or_none())
