"""Asking the carriers that can be asked, and taking what they tell."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Database
from services.chassis.identity import service_caller
from services.chassis.log import get_logger
from services.shipping.carriers.port import Carrier, Engine

log = get_logger(__name__)
ITSELF = service_caller("shipping")


class AskingCarriers:
    """Looks what each carrier tells; several replicas may look at once, each message takes effect once."""

    def __init__(self, database: Database, engine: Engine, carriers: Sequence[Carrier]) -> None:
        self._database = database
        self._engine = engine
        self._carriers = tuple(carriers)

    def run_due(self, now: datetime) -> int:
        """Takes what there is to tell at `now`; gives how many messages changed a parcel."""
        changed = 0
        for carrier in self._carriers:
            with self._database.read() as connection:
                updates = carrier.messages(connection, now)
            if not updates:
                continue
            with self._database.begin(actor=ITSELF, now=now) as transaction:
                taken = self._engine.take(transaction, updates)
            changed += sum(each.applied for each in taken)
            for each in taken:
                if each.refused:
                    log.warning("carrier.refused", parcel=each.parcel_id, reason=each.message)
        return changed
