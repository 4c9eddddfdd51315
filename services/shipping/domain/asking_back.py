"""Which parts are asked back, and how many: never more than were sent, and no old part twice (CP-69, hard case 11)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.shipping.domain.errors import InvalidReturn, Violation
from services.shipping.domain.fulfilment import FulfilmentOrder, PartLine, Phase
from services.shipping.domain.known_order import Fulfilment
from services.shipping.domain.returns import UNPROVED, Cause, Condition, Rma, RmaLine, RmaState

OLD_PARTS_WORDS = "Old parts that were replaced"
STAYS = "The work ended, and the old parts stay in place."
IMPLIED = {
    Cause.OLD_PARTS: Condition.USED,
    Cause.UNUSED_PARTS: Condition.UNUSED,
    Cause.READDRESSED: Condition.UNUSED,
}
"""The condition in which parts are expected, where nobody says another."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A part to ask back: a line of the fulfilment order, how many (0: all), in which condition."""

    line_id: str
    quantity: int = 0
    condition: Condition = Condition.UNKNOWN


def lines_of(parts: Iterable[PartLine], cause: Cause, condition: Condition = Condition.UNKNOWN) -> tuple[RmaLine, ...]:
    """Parts as lines of a return, in the condition that the cause implies unless another is given."""
    expected = condition or IMPLIED.get(cause, Condition.UNKNOWN)
    return tuple(
        RmaLine(part.id, part.line_item_id, part.part_id, part.part_number, part.part_name, part.quantity, expected)
        for part in parts
    )


def old_parts(fulfilments: Sequence[Fulfilment], known: Sequence[Rma]) -> Mapping[str, tuple[PartLine, ...]]:
    """The old parts to ask back once the new ones are there, by the fulfilment order that brought these (CP-69).

    One that took the place of a faulty part asks nothing back that was asked back with the first.
    """
    asked: dict[tuple[str, str], int] = {}
    for rma in known:
        if rma.cause is Cause.OLD_PARTS and rma.state is not RmaState.CANCELLED:
            for line in rma.lines:
                asked[line.line_item_id, line.part_id] = asked.get((line.line_item_id, line.part_id), 0) + line.quantity
    found = {}
    for one in fulfilments:
        if one.order.counts and one.order.phase is Phase.DELIVERED:
            lines = tuple(_unasked(one.order, asked))
            if lines:
                found[one.order.id] = lines
    return found


def _unasked(order: FulfilmentOrder, asked: dict[tuple[str, str], int]) -> Iterable[PartLine]:
    for line in order.lines:
        need = line.line_item_id, line.part_id
        covered = min(asked.get(need, 0), line.remaining)
        asked[need] = asked.get(need, 0) - covered
        if line.returnable and line.remaining > covered:
            yield replace(line, quantity=line.remaining - covered, replaced=0)


def asked_back(order: FulfilmentOrder, cause: Cause, wanted: Sequence[Wanted], known: Sequence[Rma]) -> list[RmaLine]:
    """The lines that somebody asks back of what an order sent. Raises InvalidReturn naming every wrong line."""
    lines = {line.id: line for line in order.lines}
    asked = wanted or [Wanted(line.id) for line in order.lines]
    found: list[RmaLine] = []
    faults: list[Violation] = []
    for place, each in enumerate(asked):
        line = lines.get(each.line_id)
        if line is None or sum(other.line_id == each.line_id for other in asked) > 1:
            text = "is no line of this fulfilment order" if line is None else "names a line twice"
            faults.append(Violation(f"lines[{place}].fulfilment_line_id", text))
            continue
        left = line.quantity - _asked_before(line, order.id, cause, known)
        quantity = each.quantity or left
        if not 1 <= quantity <= left:
            before = "were all asked back already" if left < 1 else f"allows 1 to {left}: {line.quantity} were sent"
            faults.append(Violation(f"lines[{place}].quantity", f"{line.part_number} {before}"))
            continue
        found += lines_of([replace(line, quantity=quantity)], cause, each.condition)
    if faults:
        raise InvalidReturn(faults)
    return found


def _asked_before(line: PartLine, order_id: str, cause: Cause, known: Sequence[Rma]) -> int:
    """How many of a line were asked back already: an old part and the new one in its place are two parts."""
    is_old = cause is Cause.OLD_PARTS
    return sum(
        each.quantity
        for rma in known
        if rma.fulfilment_order_id == order_id
        and rma.state is not RmaState.CANCELLED
        and (rma.cause is Cause.OLD_PARTS) == is_old
        for each in rma.lines
        if (each.line_item_id, each.part_id) == (line.line_item_id, line.part_id)
    )


def left_in_place(rma: Rma, used: Collection[str], now: datetime) -> Rma:
    """A return of old parts after the work ended; `used` are the line items that were done.

    What was not done left its old parts where they are, so that nobody has to send them.
    """
    if rma.cause is not Cause.OLD_PARTS or rma.state not in UNPROVED:
        return rma
    kept = tuple(line for line in rma.lines if line.line_item_id in used)
    if kept:
        return replace(rma, lines=kept)
    return replace(rma, state=RmaState.CANCELLED, remark=STAYS, ended=now)
