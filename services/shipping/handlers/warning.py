"""Tells when targets come near and when they are missed: once, and never on hold (sla.md, 10)."""

from datetime import date, datetime, timedelta

from fieldmesh.shipping.v1 import events_pb2, sla_pb2
from sqlalchemy import Connection, RowMapping

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.log import get_logger
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.calendar import CalendarVersion
from services.shipping.domain.known_order import KnownOrder
from services.shipping.domain.order_clock import Category, SlaState
from services.shipping.domain.outcome import WarningKind
from services.shipping.domain.policy import Policy
from services.shipping.domain.zones import MINUTES_A_DAY
from services.shipping.handlers.targets import AGGREGATE
from services.shipping.repository import orders, reference, targets, warnings
from services.shipping.seeds import DEFAULT_CALENDAR

log = get_logger(__name__)
BATCH = 100
BATCHES_A_RUN = 20
ITSELF = service_actor("shipping")
_DAYS_AHEAD = 21
_HOUR = 60


class SlaWarnings:
    """Looks for warnings whose instant has come; several replicas may look at once, each is told by one."""

    def __init__(self, database: Database, calendars: reference.Calendars) -> None:
        self._database = database
        self._calendars = calendars

    def run_due(self, now: datetime) -> int:
        """Tells what is due at `now`; gives how many. What is told is noted in the same unit of work as its event."""
        told = 0
        for _ in range(BATCHES_A_RUN):
            with self._database.begin(actor=ITSELF, now=now) as transaction:
                due = warnings.claim(transaction.connection, now, BATCH)
                if not due:
                    break
                known = orders.lock_orders(transaction.connection, (row["work_order_id"] for row in due))
                latest = targets.latest_targets(transaction.connection, known)
                last = {row["work_order_id"]: row for row in due}
                for row in due:
                    if row is not last[row["work_order_id"]]:
                        # After a standstill only the last of several is news.
                        warnings.drop(transaction.connection, row)
                        continue
                    order, target = known.get(row["work_order_id"]), latest.get(row["work_order_id"])
                    told += self._tell(transaction, row, order, target)
        return told

    def _tell(
        self, transaction: Transaction, row: RowMapping, order: KnownOrder | None, target: RowMapping | None
    ) -> bool:
        """Checks again behind the lock: the order may have moved since the row was read."""
        connection = transaction.connection
        if order is None or target is None or not _still_counts(row, order, target):
            warnings.drop(connection, row)
            return False
        warnings.told(connection, row, transaction.now)
        event = self._event(connection, row, order, target, transaction.now.date())
        transaction.publish(event, AGGREGATE, order.id, row["target_version"])
        log.info("sla.warned", work_order=order.number, kind=row["kind"], target_version=row["target_version"])
        return True

    def _event(
        self, connection: Connection, row: RowMapping, order: KnownOrder, target: RowMapping, today: date
    ) -> events_pb2.SlaWarned:
        owner = order.parties.issuer_org
        policy = reference.find_policy(connection, order.policy_code, owner)
        event = events_pb2.SlaWarned(
            work_order_id=order.id,
            target_version=row["target_version"],
            kind=row["kind"],
            percent=_percent(policy, WarningKind(row["kind"])),
        )
        event.due_time.FromDatetime(target["due_time"])
        calendar = self._calendars.find(connection, order.calendar_name or DEFAULT_CALENDAR, owner)
        calendar = calendar or self._calendars.find(connection, DEFAULT_CALENDAR, "")
        if calendar is not None:
            _hours(event, calendar, today)
        return event


def _still_counts(row: RowMapping, order: KnownOrder, target: RowMapping) -> bool:
    running = target["state"] == SlaState.RUNNING and not order.clock.frozen and order.category is Category.OPEN
    return running and target["version"] == row["target_version"]


def _percent(policy: Policy | None, kind: WarningKind) -> int:
    shares = policy.warn_percents if policy else ()
    if kind is WarningKind.AT_RISK and shares:
        return shares[-1]
    return shares[0] if kind is WarningKind.FIRST and shares else 0


def _hours(event: events_pb2.SlaWarned, calendar: CalendarVersion, today: date) -> None:
    """The calendar's working week, and the days of the next weeks on which it is closed."""
    for weekday, windows in enumerate(calendar.week, 1):
        event.windows.extend(
            sla_pb2.WorkingWindow(weekday=weekday, opens=_clock(window.opens), closes=_clock(window.closes))
            for window in windows
        )
    days = (today + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD))
    event.closed_days.extend(wire.date_message(day) for day in days if not calendar.windows_on(day))


def _clock(minute: int) -> str:
    return "24:00" if minute == MINUTES_A_DAY else f"{minute // _HOUR:02}:{minute % _HOUR:02}"
