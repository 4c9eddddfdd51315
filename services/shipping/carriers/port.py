"""The port of carriers: an adapter gives messages, and the engine of IngestTracking takes them (hard case 1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from services.chassis.unit_of_work import Transaction
from services.shipping.domain.tracking import Taken, Update


class Carrier(Protocol):
    """An adapter that is asked, such as the simulator, or one that polls a carrier's service."""

    def messages(self, connection: Connection, now: datetime) -> Sequence[Update]:
        """What there is to tell at `now`; the same message may be told again, and changes nothing then."""
        ...


class Engine(Protocol):
    """What takes carriers' messages, whoever brings them."""

    def take(self, transaction: Transaction, updates: Sequence[Update]) -> list[Taken]:
        """Takes messages inside an open unit of work; answers one result each, in order."""
        ...
