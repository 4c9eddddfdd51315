"""Writing versions of calendars and policies before they are published (sla.md, 11)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as messages
from fieldmesh.shipping.v1 import sla_pb2
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from services.chassis.database import Database
from services.chassis.errors import Violation
from services.chassis.etag import check_etag
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.ids import new_id
from services.chassis.kit.audit import record_change
from services.chassis.unit_of_work import Transaction
from services.shipping import draft_schemas as schemas
from services.shipping import wire
from services.shipping.domain.errors import DraftExists, VersionIsPublished, VersionMissing
from services.shipping.domain.versions import FIRST_WARNING, MORNING_WARNING, SECOND_WARNING, VersionState
from services.shipping.holiday_lists import public_holidays, spelled
from services.shipping.repository import versions
from services.shipping.repository.versions import CALENDARS, POLICIES, Kind, Version
from services.shipping.resources import VERSIONED

Answer = TypeVar("Answer", bound=Message)
_WEEK = [{"weekday": day, "opens": "08:00", "closes": "17:00"} for day in range(1, 6)]
_BUSINESS_DAYS = 1
_FRESH = {
    "state": int(VersionState.DRAFT),
    "in_force": False,
    "publish_time": None,
    "publisher_name": "",
    "revision": 0,
}


class Drafting:
    """Begins, changes and deletes drafts; what is published is refused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_calendar(self, caller: Caller, request: messages.StartCalendarDraftRequest) -> sla_pb2.BusinessCalendar:
        """The next version of a calendar, or the first of a new one.

        Raises InvalidRequest, VersionMissing and DraftExists.
        """

        def work(transaction: Transaction) -> sla_pb2.BusinessCalendar:
            values: Mapping[str, Any]
            if request.from_id:
                values = version_row(transaction, CALENDARS, request.from_id)
            else:
                name = schemas.check_name("name", request.name)
                values = {"name": name, "windows": _WEEK, "exceptions": [], "organization_id": ""}
            return wire.calendar_message(_start(transaction, CALENDARS, values))

        return self._once(caller, "StartCalendarDraft", request, sla_pb2.BusinessCalendar, work)

    def save_calendar(self, caller: Caller, request: messages.SaveCalendarDraftRequest) -> sla_pb2.BusinessCalendar:
        """Replaces the working week and the note.

        Raises InvalidRequest, VersionMissing, VersionIsPublished and StaleEtag.
        """
        week = schemas.week_of(request)
        return self._changed(caller, "SaveCalendarDraft", request, lambda _: {"windows": week, "note": request.note})

    def set_days(self, caller: Caller, request: messages.SetCalendarDaysRequest) -> sla_pb2.BusinessCalendar:
        """Sets and clears single days. Raises as `save_calendar`."""
        days, cleared = schemas.days_of(request)
        replaced = cleared | {schemas.date_of(day) for day in days}

        def change(row: Version) -> dict[str, Any]:
            kept = [day for day in row["exceptions"] if schemas.date_of(day) not in replaced]
            return {"exceptions": sorted([*kept, *days], key=schemas.date_of)}

        return self._changed(caller, "SetCalendarDays", request, change)

    def import_holidays(self, caller: Caller, request: messages.ImportHolidaysRequest) -> sla_pb2.BusinessCalendar:
        """Replaces what was imported by the holidays of a country; days set by hand stay. Raises as `save_calendar`."""
        schemas.check_years(request)
        country = request.country.strip().upper()
        region = spelled(country, request.region.strip())
        found = public_holidays(country, region, request.first_year, request.last_year)

        def change(row: Version) -> dict[str, Any]:
            own = {schemas.date_of(day): day for day in row["exceptions"] if not day.get("imported")}
            imported = {day: schemas.day_json(day, name, imported=True) for day, name in found.items()}
            days = sorted((imported | own).values(), key=schemas.date_of)
            return {"exceptions": days, "country": country, "region": region}

        return self._changed(caller, "ImportHolidays", request, change)

    def start_policy(self, caller: Caller, request: messages.StartPolicyDraftRequest) -> sla_pb2.SlaPolicy:
        """The next version of a policy, or the first of a new one.

        Raises InvalidRequest, VersionMissing and DraftExists.
        """

        def work(transaction: Transaction) -> sla_pb2.SlaPolicy:
            values: Mapping[str, Any]
            if request.from_id:
                values = version_row(transaction, POLICIES, request.from_id)
            else:
                code, name = schemas.check_code(request.code), schemas.check_name("name", request.name)
                values = {"code": code, "name": name, "unit": _BUSINESS_DAYS, "amount": 1, "cut_off": "17:00",
                          "first_warning": FIRST_WARNING, "second_warning": SECOND_WARNING,
                          "morning_warning": MORNING_WARNING, "organization_id": ""}  # fmt: skip
            return wire.policy_message(_start(transaction, POLICIES, values))

        return self._once(caller, "StartPolicyDraft", request, sla_pb2.SlaPolicy, work)

    def save_policy(self, caller: Caller, request: messages.SavePolicyDraftRequest) -> sla_pb2.SlaPolicy:
        """Replaces what a draft says. Raises InvalidRequest, VersionMissing, VersionIsPublished and StaleEtag."""
        values = schemas.policy_of(request)

        def work(transaction: Transaction) -> sla_pb2.SlaPolicy:
            return wire.policy_message(_change(transaction, POLICIES, request, lambda _: values))

        return self._once(caller, "SavePolicyDraft", request, sla_pb2.SlaPolicy, work)

    def discard(self, caller: Caller, request: messages.DiscardDraftRequest) -> Empty:
        """Deletes a draft. Raises VersionMissing, VersionIsPublished and StaleEtag."""

        def work(transaction: Transaction) -> Empty:
            kind, row = locked_draft(transaction, request.id, request.etag)
            versions.remove_draft(transaction.connection, kind, row["id"])
            record_change(transaction, VERSIONED[kind.name], row["id"], "delete", (row, {}))
            return Empty()

        return self._once(caller, "DiscardDraft", request, Empty, work)

    def _changed(
        self, caller: Caller, method: str, request: Any, change: Callable[[Version], dict[str, Any]]
    ) -> sla_pb2.BusinessCalendar:
        def work(transaction: Transaction) -> sla_pb2.BusinessCalendar:
            return wire.calendar_message(_change(transaction, CALENDARS, request, change))

        return self._once(caller, method, request, sla_pb2.BusinessCalendar, work)

    def _once(
        self, caller: Caller, method: str, request: Any, answer: type[Answer], work: Callable[[Transaction], Answer]
    ) -> Answer:
        return run_once(self._database, caller, method, request.request_id, request, answer, work)


def version_row(transaction: Transaction, kind: Kind, version_id: str) -> Version:
    """A version by its id, locked. Raises VersionMissing."""
    row = versions.find_version(transaction.connection, kind, version_id, lock=True)
    if row is None:
        raise VersionMissing(version_id)
    return row


def locked_draft(transaction: Transaction, version_id: str, etag: str) -> tuple[Kind, Version]:
    """The draft of a calendar or policy. Raises VersionMissing, VersionIsPublished and StaleEtag."""
    for kind in (CALENDARS, POLICIES):
        row = versions.find_version(transaction.connection, kind, version_id, lock=True)
        if row is not None:
            _check_draft(row, etag)
            return kind, row
    raise VersionMissing(version_id)


def _check_draft(row: Version, etag: str) -> None:
    if row["state"] != VersionState.DRAFT:
        raise VersionIsPublished(wire.version_title(row))
    check_etag(etag, row["id"], row["revision"])


def _start(transaction: Transaction, kind: Kind, source: Mapping[str, Any]) -> Version:
    key, owner = kind.key_of(source), source["organization_id"]
    connection = transaction.connection
    existing = versions.draft_id(connection, kind, key, owner)
    if existing:
        raise DraftExists(key, existing)
    newest = versions.newest_version(connection, kind, key, owner)
    if newest and "id" not in source:
        schemas.refuse([Violation(kind.key.name, "is taken: begin a draft of its next version instead")])
    row = {**source, **_FRESH, "note": "", "id": new_id(), "version": newest + 1}
    versions.add_version(connection, kind, row)
    record_change(transaction, VERSIONED[kind.name], row["id"], "create", ({}, {**row, "exceptions": []}))
    return version_row(transaction, kind, row["id"])


def _change(transaction: Transaction, kind: Kind, request: Any, change: Callable[[Version], dict[str, Any]]) -> Version:
    row = version_row(transaction, kind, request.id)
    _check_draft(row, request.etag)
    values = change(row)
    if all(row[name] == value for name, value in values.items()):
        return row
    versions.change_draft(transaction.connection, kind, row, values)
    record_change(transaction, VERSIONED[kind.name], row["id"], "update", _audited(row, values))
    return version_row(transaction, kind, row["id"])


def _audited(row: Version, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit keeps of a change: of the many days of a calendar, those that differ."""
    before, after = {name: row[name] for name in values}, dict(values)
    if "exceptions" in values:
        before["exceptions"] = [day for day in row["exceptions"] if day not in values["exceptions"]]
        after["exceptions"] = [day for day in values["exceptions"] if day not in row["exceptions"]]
    return before, after
