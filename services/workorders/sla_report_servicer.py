"""How well targets were met, by partner, territory and month, excused delays apart (B-1)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import sla_report_service_pb2 as messages
from fieldmesh.workorders.v1 import sla_report_service_pb2_grpc
from sqlalchemy import and_, case, func, literal, or_, select

from services.chassis.errors import InvalidRequest, Violation
from services.chassis.identity import current_caller
from services.workorders import wire
from services.workorders.domain.target import SlaState
from services.workorders.scope import branches
from services.workorders.tables import organizations, reason_codes, territories, work_orders

if TYPE_CHECKING:
    from datetime import datetime

    import grpc
    from sqlalchemy import ColumnElement, Connection

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.identity import Caller

MOST_MONTHS = 36
MONTHS_A_YEAR = 12
_DELAY = 1
Key = tuple[date, str, str]


class SlaReportServicer(sla_report_service_pb2_grpc.SlaReportServiceServicer):
    """Counts the targets of the orders that the caller sees."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ReportSla(
        self, request: messages.ReportSlaRequest, context: grpc.ServicerContext
    ) -> messages.ReportSlaResponse:
        del context
        first, last = months_of(request)
        with self._database.read() as connection:
            rows = _rows(connection, current_caller(), first, _following(last), self._clock.now())
        return messages.ReportSlaResponse(rows=rows)


def months_of(request: messages.ReportSlaRequest) -> tuple[date, date]:
    """The first days of the first and last month. Raises InvalidRequest."""
    found: dict[str, date] = {}
    wrong: list[Violation] = []
    for name in ("first_month", "last_month"):
        given = getattr(request, name)
        try:
            found[name] = date(given.year, given.month, 1)
        except ValueError:
            wrong.append(Violation(name, "must be a day: year, month and day"))
    if not wrong:
        first, last = found["first_month"], found["last_month"]
        months = (last.year - first.year) * MONTHS_A_YEAR + last.month - first.month + 1
        if not 0 < months <= MOST_MONTHS:
            wrong.append(Violation("last_month", f"must be the first month or later, at most {MOST_MONTHS} in all"))
    if wrong:
        raise InvalidRequest("Some fields are missing or wrong.", violations=wrong)
    return found["first_month"], found["last_month"]


def _following(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _rows(connection: Connection, caller: Caller, first: date, end: date, now: datetime) -> list[messages.SlaReportRow]:
    granted = branches(caller)
    if not granted:
        return []
    columns = work_orders.c
    outcome = _outcome(now).label("outcome")
    group = (columns.sla_due_date, columns.executor_org, columns.territory_id)
    wanted = (
        select(*group, outcome, func.count().label("orders"))
        .where(or_(*granted), columns.sla_due_date >= first, columns.sla_due_date < end, outcome.is_not(None))
        .group_by(*group, outcome)
    )
    counts: defaultdict[Key, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in connection.execute(wanted):
        counts[row.sla_due_date.replace(day=1), row.executor_org, row.territory_id][row.outcome] += row.orders
    executors = _names(connection, organizations, {key[1] for key in counts})
    places = _names(connection, territories, {key[2] for key in counts})
    made = [
        messages.SlaReportRow(
            month=wire.date_message(month), executor_org=executor, executor_name=executors.get(executor, ""),
            territory_id=territory, territory_name=places.get(territory, ""), **found,
        )
        for (month, executor, territory), found in counts.items()
    ]  # fmt: skip
    return sorted(
        made, key=lambda row: (row.month.year, row.month.month, row.executor_name, row.territory_name, row.executor_org)
    )


def _outcome(now: datetime) -> ColumnElement[str]:
    """In which number an order's target is counted; NULL where it has none that counts."""
    columns = work_orders.c
    excuses = select(literal(1)).where(
        reason_codes.c.organization_id == columns.issuer_org,
        reason_codes.c.kind == _DELAY,
        reason_codes.c.code == columns.appointment_delay_reason_code,
        reason_codes.c.excused,
    )
    missed = columns.sla_state == SlaState.MISSED
    running = columns.sla_state == SlaState.RUNNING
    return case(
        (columns.sla_state == SlaState.MET, "met"),
        (and_(missed, excuses.exists()), "excused"),
        (missed, "missed"),
        (and_(running, columns.sla_due_time <= now), "overdue"),
        (or_(running, columns.sla_state == SlaState.PAUSED), "open"),
        else_=None,
    )


def _names(connection: Connection, table: object, ids: set[str]) -> dict[str, str]:
    columns = table.c  # type: ignore[attr-defined]
    rows = connection.execute(select(columns.id, columns.name).where(columns.id.in_(sorted(ids))))
    return {row.id: row.name for row in rows}
