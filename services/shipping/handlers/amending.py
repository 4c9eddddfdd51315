"""What moves of a work order change after parts were asked for: address, lost parcels, faulty parts, its end."""

from collections.abc import Callable, Mapping

from fieldmesh.common.v1.events_pb2 import Event
from fieldmesh.workorders.v1 import events_pb2

from services.chassis.ids import derive_id
from services.chassis.unit_of_work import Transaction
from services.shipping.domain.amending import Amended, Ask, Parts, correct, lose, release, replace_faulty
from services.shipping.domain.asking_back import lines_of
from services.shipping.domain.fulfilment import RequestState
from services.shipping.domain.known_order import KnownOrder
from services.shipping.domain.returns import Cause, Condition
from services.shipping.handlers import asking
from services.shipping.handlers.ordering import Ordering
from services.shipping.handlers.returning import Raised, Returning
from services.shipping.handlers.telling import News, case_of, tell
from services.shipping.repository import fulfilment, parcels

# Effects of the workflow definitions that change what was asked for.
CORRECT_SHIP_TO = "correct_ship_to"
REPLACE_PARCEL = "replace_parcel"
REPLACE_PARTS = "replace_parts"
RELEASE_PARTS = "release_parts"

Moved = events_pb2.WorkOrderMoved
READDRESSED = "The parts went to an address that was corrected"
LOST = "Lost on its way"
_CAUSES = {
    CORRECT_SHIP_TO: Cause.READDRESSED,
    REPLACE_PARTS: Cause.FAULTY_PARTS,
    RELEASE_PARTS: Cause.UNUSED_PARTS,
}
# Reasons for a replacement that say in which condition the part is.
_CONDITIONS = {"part_damaged": Condition.DAMAGED, "part_wrong": Condition.WRONG}


class Amending:
    """Follows moves with one of the effects above; each event takes effect once."""

    def __init__(self, ordering: Ordering, returning: Returning) -> None:
        self._ordering = ordering
        self._returning = returning

    def follow(self, transaction: Transaction, order: KnownOrder, event: Event, moved: Moved) -> None:
        """Changes requests, orders and parcels as a move asks, raises returns, and tells others. Raises ParcelUnknown.

        The work order is locked by the caller, and stored as it is now.
        """
        effect = next((each for each in moved.effects if each in _CHANGES), None)
        if effect is None:
            return
        connection = transaction.connection
        before = Parts(tuple(fulfilment.requests_of(connection, order.id)), tuple(case_of(connection, order)[1]))
        amended = _CHANGES[effect](before, order, moved)
        self._save(transaction, order, before, amended)
        if effect == RELEASE_PARTS:
            self._returning.leave_in_place(transaction, order, frozenset(moved.finished_line_item_ids))
        for place, going in enumerate(amended.returns):
            rma_id = derive_id("rma", going.order.id, event.aggregate_version, place)
            cause = _CAUSES[effect]
            lines = lines_of(going.lines, cause, _CONDITIONS.get(moved.reason_code, Condition.UNKNOWN))
            asked = Raised(going.order.id, cause, _why(effect, moved), lines)
            self._returning.raise_return(transaction, order, rma_id, asked)
        self._tell(transaction, order, before, amended)
        for request in amended.requests:
            if request.state is RequestState.REQUESTED:
                self._ordering.place_by_setting(transaction, order, request)

    @staticmethod
    def _save(transaction: Transaction, order: KnownOrder, before: Parts, amended: Amended) -> None:
        connection = transaction.connection
        known = {each.id for each in before.requests}
        for request in amended.requests:
            if request.id in known:
                fulfilment.save_request(connection, request)
            else:
                fulfilment.add_request(connection, request, order, transaction.now)
        for one in amended.fulfilments:
            fulfilment.save_order(connection, one.order)
            parcels.write_parcels(connection, one.parcels)

    @staticmethod
    def _tell(transaction: Transaction, order: KnownOrder, before: Parts, amended: Amended) -> None:
        expected = {one.order.id: one.order.expected for one in before.fulfilments}
        news = {
            one.order.id: News(expected_changed=one.order.expected != expected[one.order.id])
            for one in amended.fulfilments
        }
        tell(transaction, [case_of(transaction.connection, order)], news)


def _ask(order: KnownOrder, moved: Moved, fault: str = "") -> Ask:
    wanted = moved.parts
    to, version = asking.ship_to(wanted), wanted.acceptance_version
    ids = asking.line_ids(order.id, version)
    lines, zone = asking.part_lines(wanted, ids), to.zone(order.site_time_zone)
    return Ask(order.id, version, asking.request_id(order.id, version), to, zone, ids, lines, fault)


def _why(effect: str, moved: Moved) -> str:
    """Why parts come back, in words."""
    if effect == CORRECT_SHIP_TO:
        return READDRESSED
    state = moved.work_order.state_label if effect == RELEASE_PARTS else ""
    return ": ".join(filter(None, (state, moved.reason_label)))


_CHANGES: Mapping[str, Callable[[Parts, KnownOrder, Moved], Amended]] = {
    CORRECT_SHIP_TO: lambda parts, order, moved: correct(parts, _ask(order, moved)),
    REPLACE_PARCEL: lambda parts, order, moved: lose(parts, _ask(order, moved, LOST), moved.parts.lost_parcel_id),
    REPLACE_PARTS: lambda parts, order, moved: replace_faulty(
        parts, _ask(order, moved, moved.reason_label), goes_back=moved.parts.faulty_returns
    ),
    RELEASE_PARTS: lambda parts, _order, moved: release(parts, frozenset(moved.finished_line_item_ids)),
}
