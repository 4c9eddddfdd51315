"""What is in parcels: which part and how many of each line, never more over all parcels than a line has."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.shipping.domain.errors import ShippingRefusal, Violation
from services.shipping.domain.fulfilment import FulfilmentOrder, PartLine
from services.shipping.domain.parcels import Packed, Parcel, Retirement


class InvalidContents(ShippingRefusal):
    """What is said to be in a parcel does not fit the fulfilment order; names every wrong field."""

    kind = "invalid"
    reason = "INVALID_CONTENTS"

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(" ".join(f"{each.field} {each.description}." for each in self.violations))


class ParcelHidden(ShippingRefusal):
    """There is no such parcel, or the caller does not see it."""

    kind = "missing"
    reason = "PARCEL_NOT_FOUND"

    def __init__(self, parcel_id: str) -> None:
        super().__init__("There is no such parcel.", parcel_id=parcel_id)


class ParcelRetired(ShippingRefusal):
    """The work no longer waits for a parcel, so what was in it is settled."""

    reason = "PARCEL_RETIRED"

    def __init__(self, parcel: Parcel) -> None:
        text = f"Parcel {parcel.tracking_number} is no longer awaited; what was in it is settled."
        super().__init__(text, tracking_number=parcel.tracking_number, retirement=parcel.retirement.name)


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody says is in a parcel: a line by its id, or by the number of its part, and how many."""

    line_id: str = ""
    part_number: str = ""
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class Packing:
    """A statement of everything that is in a parcel: who said it, and when."""

    stated: tuple[Stated, ...]
    by: str
    at: datetime


def pack(parcel: Parcel, order: FulfilmentOrder, parcels: Iterable[Parcel], packing: Packing, sequence: int) -> Parcel:
    """A parcel with contents; `sequence` is the carrier's where its message told them, and none of an older one counts.

    Raises InvalidContents.
    """
    others = [each for each in parcels if each.id != parcel.id and each.retirement is not Retirement.VOID]
    contents = tuple(_packed(order, others, packing.stated))
    return replace(parcel, contents=contents, packed_sequence=sequence, packed_at=packing.at, packed_by=packing.by)


def lines_in(parcel: Parcel, lines: Sequence[PartLine]) -> tuple[PartLine, ...]:
    """The lines of an order as far as they are in a parcel and not sent again; none where nobody said what is in it."""
    held = {each.line_id: each.quantity for each in parcel.contents}
    found = (replace(line, quantity=min(held.get(line.id, 0), line.remaining), replaced=0) for line in lines)
    return tuple(line for line in found if line.quantity)


def _packed(order: FulfilmentOrder, others: Sequence[Parcel], stated: Sequence[Stated]) -> Iterator[Packed]:
    room = {line.id: line.quantity - _elsewhere(line, others) for line in order.lines}
    taken: dict[str, int] = {}
    faults: list[Violation] = []
    for place, each in enumerate(stated):
        fault = _take(order, each, room, taken)
        if fault:
            faults.append(Violation(f"contents[{place}].{fault.field}", fault.description))
    if faults:
        raise InvalidContents(faults)
    for line in order.lines:
        if taken.get(line.id):
            yield Packed(line.id, line.line_item_id, line.part_id, line.part_number, line.part_name, taken[line.id])


def _take(order: FulfilmentOrder, each: Stated, room: dict[str, int], taken: dict[str, int]) -> Violation | None:
    """Takes what is stated from the lines that it fits, the first one first; gives what is wrong with it."""
    by = "fulfilment_line_id" if each.line_id else "part_number"
    fitting = [
        line
        for line in order.lines
        if (each.line_id == line.id if each.line_id else each.part_number == line.part_number)
    ]
    if not fitting:
        return Violation(by, f"is no line of fulfilment order {order.number}")
    free = sum(room[line.id] for line in fitting)
    if not 1 <= each.quantity <= free:
        number, total = fitting[0].part_number, sum(line.quantity for line in fitting)
        left = f"1 to {free} of {number}" if free > 0 else f"no more of {number}"
        return Violation("quantity", f"allows {left}: {total} are sent over all parcels")
    left_over = each.quantity
    for line in fitting:
        part = min(left_over, room[line.id])
        room[line.id] -= part
        taken[line.id] = taken.get(line.id, 0) + part
        left_over -= part
    return None


def _elsewhere(line: PartLine, others: Iterable[Parcel]) -> int:
    return sum(held.quantity for parcel in others for held in parcel.contents if held.line_id == line.id)
