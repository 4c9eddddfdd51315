"""Raising returns: of old parts once the new ones are there, of what is not needed, of what somebody asks back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fieldmesh.shipping.v1 import events_pb2, rma_pb2

from services.chassis.ids import derive_id
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.asking_back import OLD_PARTS_WORDS, left_in_place, lines_of, old_parts
from services.shipping.domain.fulfilment import PartLine, Phase, format_number
from services.shipping.domain.known_order import KnownOrder
from services.shipping.domain.returns import Cause, Rma, RmaLine, RmaState, due_day
from services.shipping.handlers.telling import Case
from services.shipping.repository import reference, returns

AGGREGATE = "Rma"
RETURN_DAYS = 14
News = events_pb2.RmaNews


@dataclass(frozen=True, slots=True)
class Raised:
    """What a new return is about; `due` and `proof_required` are those of its cause unless they are given."""

    fulfilment_order_id: str
    cause: Cause
    reason: str
    lines: Sequence[RmaLine]
    due: date | None = None
    proof_required: bool | None = None


class Returning:
    """Raises returns inside the unit of work of what leads to them; their work order is locked by the caller.

    `return_days` count where the organisation that issued the order set no number of its own.
    """

    def __init__(self, return_days: int = RETURN_DAYS) -> None:
        self._return_days = return_days

    def raise_return(self, transaction: Transaction, order: KnownOrder, rma_id: str, asked: Raised) -> Rma:
        """Numbers, stores and tells a new return."""
        connection = transaction.connection
        # What went to a wrong address is brought back by its carrier; nobody else could prove anything.
        needs_proof = asked.cause is not Cause.READDRESSED if asked.proof_required is None else asked.proof_required
        days = reference.return_days_of(connection, order.parties.issuer_org) or self._return_days
        rma = Rma(
            rma_id,
            format_number(returns.next_number(connection)),
            order.id,
            asked.fulfilment_order_id,
            asked.cause,
            asked.reason,
            tuple(asked.lines),
            asked.due or due_day(transaction.now, order.site_time_zone, days),
            needs_proof,
        )
        returns.add_return(connection, rma, order, transaction.now)
        tell(transaction, rma.id, events_pb2.RMA_NEWS_RAISED)
        return rma

    def old_parts(self, transaction: Transaction, cases: Sequence[Case]) -> None:
        """Asks old parts back of every fulfilment order whose new ones are all there (CP-69)."""
        arrived = [(order, ones) for order, ones in cases if any(one.order.phase is Phase.DELIVERED for one in ones)]
        wanted = [(order, ones) for order, ones in arrived if any(_returns(one.order.lines) for one in ones)]
        if not wanted:
            return
        known = returns.returns_of(transaction.connection, (order.id for order, _ in wanted))
        for order, ones in wanted:
            own = [rma for rma in known if rma.work_order_id == order.id]
            for order_id, lines in old_parts(ones, own).items():
                again = sum(each.fulfilment_order_id == order_id for each in own)
                rma_id = derive_id("rma", order_id, "old-parts", again)
                asked = Raised(order_id, Cause.OLD_PARTS, OLD_PARTS_WORDS, lines_of(lines, Cause.OLD_PARTS))
                self.raise_return(transaction, order, rma_id, asked)

    @staticmethod
    def leave_in_place(transaction: Transaction, order: KnownOrder, used: frozenset[str]) -> None:
        """Asks no old parts back of line items that were not done; `used` are those that were (hard case 11)."""
        for rma in returns.returns_of(transaction.connection, [order.id]):
            after = left_in_place(rma, used, transaction.now)
            if after != rma:
                save(transaction, after, _news_of(after))


def save(transaction: Transaction, rma: Rma, news: News.ValueType) -> Rma:
    """Writes a return that changed, and tells others; gives it in its new version."""
    saved = returns.save_return(transaction.connection, rma)
    tell(transaction, saved.id, news)
    return saved


def tell(transaction: Transaction, rma_id: str, news: News.ValueType) -> None:
    """Publishes a return as it is stored now."""
    message = message_of(transaction, rma_id)
    event = events_pb2.RmaChanged(rma=message, news=news)
    transaction.publish(event, AGGREGATE, rma_id, message.version)


def message_of(transaction: Transaction, rma_id: str) -> rma_pb2.Rma:
    """A return as it is stored now."""
    return wire.rma_message(returns.row_of(transaction.connection, rma_id))


def _news_of(rma: Rma) -> News.ValueType:
    return events_pb2.RMA_NEWS_CANCELLED if rma.state is RmaState.CANCELLED else events_pb2.RMA_NEWS_LINES_CHANGED


def _returns(lines: Sequence[PartLine]) -> bool:
    return any(line.returnable for line in lines)
