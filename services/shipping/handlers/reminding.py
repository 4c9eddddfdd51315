"""Reminders of returns without proof: before their due day and after it, once each."""

from dataclasses import replace
from datetime import datetime, timedelta

from fieldmesh.shipping.v1 import events_pb2

from services.chassis.database import Database
from services.chassis.identity import service_caller
from services.chassis.log import get_logger
from services.shipping.domain.returns import Reminder, reminder_for
from services.shipping.handlers.returning import save
from services.shipping.repository import orders, returns

log = get_logger(__name__)
ITSELF = service_caller("shipping")
BATCH = 200
# A day begins up to fourteen hours earlier elsewhere than in UTC, and ends up to twelve hours later.
ZONES = timedelta(hours=14)
_NEWS = {
    Reminder.DUE_SOON: events_pb2.RMA_NEWS_DUE_SOON,
    Reminder.OVERDUE: events_pb2.RMA_NEWS_OVERDUE,
}


class Reminders:
    """Looks for returns whose day comes near; several replicas may look at once, each reminder is told once."""

    def __init__(self, database: Database, days_before: int) -> None:
        self._database = database
        self._days_before = days_before

    def run_due(self, now: datetime) -> int:
        """Tells what is due at `now`, return by return in a unit of work each; gives how many were told."""
        ahead = (now + ZONES).date()
        soon, passed = ahead + timedelta(days=self._days_before), ahead - timedelta(days=1)
        with self._database.read() as connection:
            found = returns.returns_due(connection, soon, passed, BATCH)
        return sum(self._remind(rma_id, order_id, now) for rma_id, order_id in found)

    def _remind(self, rma_id: str, order_id: str, now: datetime) -> bool:
        with self._database.begin(actor=ITSELF, now=now) as transaction:
            order = orders.lock_orders(transaction.connection, [order_id]).get(order_id)
            rma = returns.find_return(transaction.connection, rma_id)
            due = reminder_for(rma, now, order.site_time_zone if order else "UTC", self._days_before)
            if due is Reminder.NONE:
                return False
            save(transaction, replace(rma, reminded=due), _NEWS[due])
        log.info("return.reminded", rma=rma.number, reminder=due.name.lower())
        return True
