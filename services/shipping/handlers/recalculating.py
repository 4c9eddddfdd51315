"""Open orders computed anew after a publication: batch after batch, each with how far it came (sla.md, 11)."""

from datetime import datetime

from sqlalchemy import RowMapping

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.log import get_logger
from services.chassis.unit_of_work import Transaction
from services.shipping.handlers.targets import Targets
from services.shipping.repository import orders, parcels, recalculations
from services.shipping.repository.versions import KINDS

log = get_logger(__name__)
BATCH = 250
BATCHES_A_RUN = 20
ITSELF = service_actor("shipping")
_LONGEST_PROBLEM = 500


class Recalculating:
    """Goes on with recalculations; after a restart behind the last batch, and an order that is the same stays so."""

    def __init__(self, database: Database, computing: Targets) -> None:
        self._database = database
        self._computing = computing

    def run_due(self, now: datetime) -> int:
        """Looks at the next open orders, at most 5,000; gives how many. Each batch is a unit of work of its own."""
        looked_at = 0
        for _ in range(BATCHES_A_RUN):
            with self._database.begin(actor=ITSELF, now=now) as transaction:
                job = recalculations.claim(transaction.connection)
                if job is None:
                    break
                looked_at += self._batch(transaction, job)
        return looked_at

    def _batch(self, transaction: Transaction, job: RowMapping) -> int:
        connection = transaction.connection
        condition = recalculations.open_orders(KINDS[job["version_kind"]], job["version_key"], job["organization_id"])
        ids = recalculations.page_of(connection, condition, job["after"], BATCH)
        known, found = orders.lock_orders(connection, ids), parcels.fulfilments_of(connection, ids)
        # One that ended between the page and the lock is not computed: what ended never moves.
        cases = [(order, found[order.id]) for order in known.values() if not order.clock.frozen]
        shifts = self._computing.would_be(connection, cases)
        self._computing.store(transaction, shifts)
        refused = [shift for shift in shifts if shift.refusal]
        values = {
            "done": job["done"] + len(ids),
            "moved": job["moved"] + sum(shift.moves for shift in shifts),
            "refused": job["refused"] + len(refused),
            "after": ids[-1] if ids else job["after"],
        }
        if refused and not job["problem"]:
            first = refused[0]
            values["problem"] = f"Work order {first.order.number}: {first.refusal}"[:_LONGEST_PROBLEM]
        finished = len(ids) < BATCH
        recalculations.advance(connection, job, values, transaction.now if finished else None)
        log.info("recalculation.batch", job=job["id"], done=values["done"], finished=finished)
        return len(ids)
