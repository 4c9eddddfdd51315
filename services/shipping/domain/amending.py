"""What changes after parts were asked for: a corrected address, a lost parcel, a faulty part, the end of the work.

What was in a lost parcel goes again: its contents where they are known, the part that somebody names, else the order as
a whole. `replaced` of a line keeps count, so that nothing is asked for or asked back twice.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from services.shipping.domain.errors import ShippingRefusal
from services.shipping.domain.fulfilment import (
    RETIREMENTS,
    FulfilmentOrder,
    Outcome,
    PartLine,
    PartsRequest,
    Phase,
    RequestState,
    progress,
)
from services.shipping.domain.known_order import Fulfilment
from services.shipping.domain.packing import lines_in
from services.shipping.domain.parcels import Retirement, retire, void
from services.shipping.domain.ship_to import ShipTo


class ParcelUnknown(ShippingRefusal):
    """No fulfilment order of the work order holds that parcel."""

    reason = "PARCEL_UNKNOWN"

    def __init__(self, work_order_id: str, parcel_id: str) -> None:
        super().__init__(
            "There is no such parcel on this work order.", work_order_id=work_order_id, parcel_id=parcel_id
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for anew: the next version for the work order, where to, and which parts.

    `request_id` is that of the request which it opens where none waits; `line_id` gives its lines their ids, by place.
    `fault` says in words what was wrong with the parts that are sent again.
    """

    work_order_id: str
    acceptance_version: int
    request_id: str
    ship_to: ShipTo
    ship_to_zone: str
    line_id: Callable[[int], str]
    lines: tuple[PartLine, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that was asked for and ordered for a work order."""

    requests: tuple[PartsRequest, ...]
    fulfilments: tuple[Fulfilment, ...]

    @property
    def waiting(self) -> PartsRequest | None:
        """The request that is not ordered yet; there is one at most, because later needs are added to it."""
        return next((each for each in self.requests if each.state is RequestState.REQUESTED), None)

    @property
    def counting(self) -> list[Fulfilment]:
        """The fulfilment orders that the work needs, the latest first."""
        found = (each for each in self.fulfilments if each.order.counts)
        return sorted(found, key=lambda each: each.order.acceptance_version, reverse=True)

    def request_of(self, order: FulfilmentOrder) -> PartsRequest:
        """The request that an order was placed for."""
        return next(each for each in self.requests if each.id == order.parts_request_id)


@dataclass(frozen=True, slots=True)
class GoingBack:
    """Parts that must come back, with their quantities, and the order that sent them."""

    order: FulfilmentOrder
    lines: tuple[PartLine, ...]


@dataclass(slots=True)
class Amended:
    """What changed: requests (those that are new among them), fulfilment orders with their parcels, and returns."""

    requests: list[PartsRequest] = field(default_factory=list)
    fulfilments: list[Fulfilment] = field(default_factory=list)
    returns: list[GoingBack] = field(default_factory=list)


def correct(parts: Parts, ask: Ask) -> Amended:
    """The parts go to another address (workflows.md, row 6b).

    What was not picked up is sent there under the same number, with new dates; what was is sent again and comes back.
    What was delivered is where the work found it.
    """
    amended, again = Amended(), list[PartLine]()
    for one in parts.counting:
        if one.order.phase is Phase.DELIVERED:
            continue
        if one.has_left:
            lines = _remaining(one.order.lines)
            again += lines
            amended.returns.append(GoingBack(one.order, lines))
            amended.fulfilments.append(_ended(one, Outcome.REPLACED))
            continue
        redirected = _redirected(one, ask)
        amended.fulfilments.append(redirected)
        amended.requests.append(
            replace(parts.request_of(one.order), ship_to=ask.ship_to, ship_to_zone=ask.ship_to_zone)
        )
    if again or parts.waiting:
        amended.requests.append(_asked(parts, ask, again))
    else:
        _answered_by_latest(parts, amended, ask)
    return amended


def lose(parts: Parts, ask: Ask, parcel_id: str) -> Amended:
    """A parcel is lost: what was in it is sent again, and the work waits for it no longer (row 6b).

    `ask.lines` say which parts were in it; without them its known contents are lost, and where nobody said what was in
    it, everything of its order. Raises ParcelUnknown.
    """
    found = ((one, each) for one in parts.fulfilments for each in one.parcels if each.id == parcel_id)
    holder, parcel = next(found, (None, None))
    if holder is None or parcel is None:
        raise ParcelUnknown(ask.work_order_id, parcel_id)
    contents = lines_in(parcel, holder.order.lines)
    known = [_limited(_limited(line, holder.order.lines), contents) for line in ask.lines]
    lost = tuple(line for line in known if line.remaining) or contents or _remaining(holder.order.lines)
    parcels = tuple(
        replace(each, retirement=Retirement.LOST) if each.id == parcel_id else each for each in holder.parcels
    )
    order = _without(holder.order, lost, ask.fault)
    if not any(each.is_awaited for each in parcels):
        if _remaining(order.lines):
            # The rest was in none of the parcels that were announced: one more must come.
            announced = sum(each.is_announced for each in parcels)
            order = replace(order, required_parcels=max(order.required_parcels, announced + 1))
        else:
            order = replace(order, outcome=Outcome.REPLACED)
    if order.counts:
        order = progress(replace(order, phase=Phase.PLACED), parcels).order
    changed = Fulfilment(replace(order, version=holder.order.version + 1), parcels)
    return Amended([_asked(parts, ask, lost)], [changed])


def replace_faulty(parts: Parts, ask: Ask, *, goes_back: bool) -> Amended:
    """Parts that came damaged, wrong or not at all are sent again, and go back where they can (row 7a).

    All of them are asked for at once; of each order that sent some, they go back together.
    """
    amended = Amended([_asked(parts, ask, ask.lines)])
    senders = [_sender(parts, line) for line in ask.lines]
    for one in parts.counting:
        faulty = tuple(line for line, sender in zip(ask.lines, senders, strict=True) if sender is one)
        if not faulty:
            continue
        order = replace(_without(one.order, faulty, ask.fault), version=one.order.version + 1)
        amended.fulfilments.append(replace(one, order=order))
        going = tuple(line for line in faulty if line.returnable) if goes_back else ()
        if going:
            amended.returns.append(GoingBack(one.order, going))
    return amended


def _sender(parts: Parts, line: PartLine) -> Fulfilment | None:
    """The latest order that sent what a line needs; None where none did."""
    held = (one for one in parts.counting if any(each.is_same_need(line) for each in one.order.lines))
    return next(held, None)


def release(parts: Parts, used: Collection[str]) -> Amended:
    """The work ended (rows 13 and 15); `used` are the line items whose parts were used.

    What was not ordered, or did not leave, is cancelled; what left and was not used must come back.
    """
    amended = Amended()
    if parts.waiting is not None:
        amended.requests.append(replace(parts.waiting, state=RequestState.CANCELLED))
    for one in parts.counting:
        if not one.has_left:
            amended.fulfilments.append(_ended(one, Outcome.CANCELLED))
            continue
        unused = tuple(line for line in _remaining(one.order.lines) if line.line_item_id not in used)
        if unused:
            amended.fulfilments.append(_ended(one, Outcome.RETURNING))
            amended.returns.append(GoingBack(one.order, unused))
    return amended


def _asked(parts: Parts, ask: Ask, lines: Iterable[PartLine]) -> PartsRequest:
    """What is not ordered yet with further lines, sent where the ask says."""
    before = parts.waiting or PartsRequest(
        ask.request_id, ask.work_order_id, ask.acceptance_version, (), ask.ship_to, ask.ship_to_zone
    )
    first = len(before.lines)
    added = (
        replace(
            line,
            id=ask.line_id(first + place),
            quantity=line.remaining,
            replaced=0,
            fault="",
            replaces=_sent_before(parts, line),
        )
        for place, line in enumerate(lines)
    )
    return replace(
        before,
        acceptance_version=ask.acceptance_version,
        ship_to=ask.ship_to,
        ship_to_zone=ask.ship_to_zone,
        lines=(*before.lines, *added),
    )


def _sent_before(parts: Parts, line: PartLine) -> str:
    """The line of an earlier order that one is sent for; empty where no order held it."""
    held = [each for one in (*parts.counting, *parts.fulfilments) for each in one.order.lines]
    itself = next((each.id for each in held if each.id == line.id), "")
    return itself or next((each.id for each in held if each.is_same_need(line) and each.remaining), "")


def _answered_by_latest(parts: Parts, amended: Amended, ask: Ask) -> None:
    """Nothing new is to be ordered, so the latest order answers this version as well, and its request with it."""
    if not parts.counting:
        return
    latest = parts.counting[0]
    fulfilments = {one.order.id: one for one in (latest, *amended.fulfilments)}
    requests = {each.id: each for each in (parts.request_of(latest.order), *amended.requests)}
    one, request = fulfilments[latest.order.id], requests[latest.order.parts_request_id]
    version, order_version = ask.acceptance_version, latest.order.version + 1
    answering = replace(one.order, acceptance_version=version, version=order_version)
    fulfilments[latest.order.id] = replace(one, order=answering)
    requests[request.id] = replace(request, acceptance_version=version)
    amended.fulfilments, amended.requests = list(fulfilments.values()), list(requests.values())


def _redirected(one: Fulfilment, ask: Ask) -> Fulfilment:
    """An order of which nothing left, sent elsewhere: it begins again, and its labels are void."""
    order = replace(
        one.order,
        ship_to=ask.ship_to,
        ship_to_zone=ask.ship_to_zone,
        phase=Phase.PLACED,
        expected=None,
        required_parcels=0,
        version=one.order.version + 1,
    )
    return Fulfilment(order, tuple(void(each, ask.ship_to_zone) for each in one.parcels))


def _ended(one: Fulfilment, outcome: Outcome) -> Fulfilment:
    """An order that no longer counts; parcels that arrived before the work ended stay delivered."""
    why = RETIREMENTS[outcome]
    kept = outcome is Outcome.RETURNING
    parcels = tuple(each if kept and each.is_delivered else retire(each, why) for each in one.parcels)
    return Fulfilment(replace(one.order, outcome=outcome, version=one.order.version + 1), parcels)


def _remaining(lines: Sequence[PartLine]) -> tuple[PartLine, ...]:
    """Lines as far as they are not sent again by another order."""
    return tuple(replace(line, quantity=line.remaining, replaced=0) for line in lines if line.remaining)


def _limited(line: PartLine, lines: Sequence[PartLine]) -> PartLine:
    """A line with no more of it than these hold; as it is where they do not hold it."""
    held = next((each.remaining for each in lines if each.is_same_need(line)), line.quantity)
    return replace(line, quantity=min(line.quantity, held))


def _without(order: FulfilmentOrder, lines: Iterable[PartLine], fault: str) -> FulfilmentOrder:
    """An order whose lines count these as sent again, and say why."""
    kept = list(order.lines)
    for line in lines:
        for place, each in enumerate(kept):
            if each.is_same_need(line) and each.remaining:
                again = each.replaced + min(line.quantity, each.remaining)
                kept[place] = replace(each, replaced=again, fault=fault or each.fault)
                break
    return replace(order, lines=tuple(kept))
