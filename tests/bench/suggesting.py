"""Suggestions for an order whose executor has 2,500 technicians (design: 50 ms at the service)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fieldmesh.technicians.v1 import shift_pattern_pb2
from sqlalchemy import Table, insert, select

from services.chassis.actors import service_actor
from services.chassis.blobs import BlobStore
from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.migrations import migrate
from services.technicians import tables
from services.technicians.domain.availability import WEEKDAYS
from tests.integration.technicians.conftest import NOON, House, day

COLUMBUS = {"latitude": 39.9612, "longitude": -82.9988}
CODES = ("VT40-CM", "VT40-INS")
TABLES = (
    tables.technicians,
    tables.memberships,
    tables.technician_certifications,
    tables.assignments,
    tables.shift_patterns,
)
_KEYS = ("id", "technician_id", "person_id", "email", "work_order_id")
_STEPS = 50
Spread = tuple[float, float]
COUNTRY, REGION = (18.0, 50.0), (5.0, 5.0)
"""Degrees of latitude and longitude over which homes are spread, from the south-west corner of each."""
_CORNERS = {COUNTRY: (29.5, -122.0), REGION: (38.0, -85.0)}


@contextmanager
def suggestions(url: str, count: int, *, spread: Spread, one_elsewhere_of: int) -> Iterator[Callable[[], None]]:
    """An executor with so many technicians; gives what asks for suggestions once.

    Each has shifts and a visit in that week, one of so many at the very time.
    """
    migrate("technicians", url)
    database = Database(url, clock=ScriptedClock(NOON))
    folder = tempfile.TemporaryDirectory(prefix="evidence-")
    try:
        house = House(database, ScriptedClock(NOON), BlobStore.in_folder(Path(folder.name)))
        house.work_type("head", *CODES)
        one = house.technician("Allan Near", house.bluefern, CODES, position=COLUMBUS)
        house.moved("o-9")
        house.reserve(one, house.need("o-9"))
        house.moved()
        house.call("CreateShiftPattern", house.partner, shift_pattern=_usual_week(one.id))
        _colleagues(database, count, spread, one_elsewhere_of)
        need = house.need(site_position=COLUMBUS)
        yield lambda: _suggest(house, need, count)
    finally:
        database.close()
        folder.cleanup()


def _suggest(house: House, need: Any, count: int) -> None:
    compared = house.call("SuggestTechnicians", house.partner, need=need).compared
    if compared != count:
        raise RuntimeError(f"{compared} of {count} were compared")


def _usual_week(technician_id: str) -> shift_pattern_pb2.ShiftPattern:
    week: dict[str, Any] = {weekday: ["08:00-12:00", "13:00-17:00"] for weekday in WEEKDAYS[:5]}
    return shift_pattern_pb2.ShiftPattern(
        technician_id=technician_id, valid_from=day(date(2027, 1, 4)), time_zone="America/New_York", **week
    )


def _colleagues(database: Database, count: int, spread: Spread, one_elsewhere_of: int) -> None:
    """Copies of one technician with what belongs to it, whose homes are spread evenly."""
    with database.begin(actor=service_actor("bench")) as transaction:
        for table in TABLES:
            found = transaction.connection.execute(select(table)).mappings().all()
            rows = [
                _copy(table, row, number, spread, elsewhere=number % one_elsewhere_of == 0)
                for number in range(1, count)
                for row in found
            ]
            transaction.connection.execute(insert(table), rows)


def _copy(table: Table, row: Any, number: int, spread: Spread, *, elsewhere: bool) -> dict[str, Any]:
    keys: dict[str, Any] = {name: f"{row[name]}-{number}" for name in _KEYS if name in table.c and row[name]}
    if table is tables.technicians:
        south, west = _CORNERS[spread]
        keys["position_latitude"] = south + spread[0] * (number % _STEPS) / _STEPS
        keys["position_longitude"] = west + spread[1] * (number // _STEPS % _STEPS) / _STEPS
    if table is tables.assignments and not elsewhere:
        keys |= {name: row[name] + timedelta(days=1) for name in ("start_time", "end_time")}
    return {**row, **keys}
