"""Returns of parts (RMA, CP-47, CP-69, CP-83): what must come back, until when, and how far it is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum

from services.shipping.domain.errors import InvalidReturn, ReturnWrongState, Violation
from services.shipping.domain.zones import zone_named

FIRST_NUMBER = 51201
ORDER_CLASS = "Return Material Authorization"


class RmaState(IntEnum):
    """How a return stands. The numbers are those of the contract."""

    REQUESTED = 1
    CANCELLED = 2
    LABEL_SENT = 3
    SHIPPED = 4
    RECEIVED = 5
    CLOSED = 6


class Cause(IntEnum):
    """Why parts come back. The numbers are those of the contract."""

    UNKNOWN = 0
    OLD_PARTS = 1
    UNUSED_PARTS = 2
    FAULTY_PARTS = 3
    READDRESSED = 4


class Condition(IntEnum):
    """In which condition a part is. The numbers are those of the contract."""

    UNKNOWN = 0
    UNUSED = 1
    USED = 2
    DAMAGED = 3
    WRONG = 4


class Reminder(IntEnum):
    """Which reminders went out, each once."""

    NONE = 0
    DUE_SOON = 1
    OVERDUE = 2


UNPROVED = frozenset({RmaState.REQUESTED, RmaState.LABEL_SENT})
OPEN = UNPROVED | {RmaState.SHIPPED}
LABELS = {
    RmaState.REQUESTED: "requested",
    RmaState.CANCELLED: "cancelled",
    RmaState.LABEL_SENT: "labelled",
    RmaState.SHIPPED: "on its way back",
    RmaState.RECEIVED: "received",
    RmaState.CLOSED: "closed",
}


@dataclass(frozen=True, slots=True)
class RmaLine:
    """A part that must come back, and how many of it the warehouse has."""

    id: str
    line_item_id: str
    part_id: str
    part_number: str
    part_name: str
    quantity: int
    condition: Condition = Condition.UNKNOWN
    received: int = 0
    received_condition: Condition = Condition.UNKNOWN

    @property
    def missing(self) -> int:
        """How many did not arrive yet."""
        return self.quantity - self.received


@dataclass(frozen=True, slots=True)
class Label:
    """A label for the way back."""

    carrier: str
    tracking_number: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that parts are on their way back: a tracking number, a file of the work order, or both."""

    carrier: str
    tracking_number: str
    attachment_id: str
    attachment_title: str
    person_name: str
    recorded: datetime


@dataclass(frozen=True, slots=True)
class Rma:
    """Parts that must come back, why, and until when.

    `due` is a day at the site. With `proof_required` the work is not completed before there is a proof (CP-83).
    """

    id: str
    number: str
    work_order_id: str
    fulfilment_order_id: str
    cause: Cause
    reason: str
    lines: tuple[RmaLine, ...]
    due: date | None = None
    proof_required: bool = False
    state: RmaState = RmaState.REQUESTED
    label: Label | None = None
    proof: Proof | None = None
    received: datetime | None = None
    ended: datetime | None = None
    remark: str = ""
    reminded: Reminder = Reminder.NONE
    version: int = 1

    @property
    def missing(self) -> int:
        """How many parts did not arrive yet."""
        return sum(line.missing for line in self.lines)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Parts that the warehouse has now."""

    line_id: str
    quantity: int
    condition: Condition = Condition.UNKNOWN


def due_day(now: datetime, zone: str, days: int) -> date:
    """The day at a site that is some days from now."""
    return now.astimezone(zone_named(zone)).date() + timedelta(days=days)


def send_label(rma: Rma, label: Label) -> Rma:
    """A label was sent. Raises ReturnWrongState."""
    _check(rma, UNPROVED, "a label is sent")
    return replace(rma, state=RmaState.LABEL_SENT, label=label)


def prove(rma: Rma, proof: Proof) -> Rma:
    """There is proof that the parts are on their way. Raises ReturnWrongState."""
    _check(rma, OPEN, "proof is recorded")
    return replace(rma, state=RmaState.SHIPPED, proof=proof)


def receive(rma: Rma, arrived: Sequence[Arrived], remark: str, now: datetime) -> Rma:
    """The warehouse has parts; none named: all that were missing. Raises ReturnWrongState and InvalidReturn."""
    _check(rma, OPEN | {RmaState.RECEIVED}, "parts are received")
    told = {each.line_id: each for each in arrived}
    faults = [
        Violation(f"lines[{place}].{field}", text)
        for place, each in enumerate(arrived)
        for field, text in _misfits(each, rma, arrived)
    ]
    if faults:
        raise InvalidReturn(faults)
    lines = tuple(
        _counted(line, told.get(line.id, Arrived(line.id, 0 if arrived else line.missing))) for line in rma.lines
    )
    return replace(rma, state=RmaState.RECEIVED, lines=lines, received=rma.received or now, remark=remark or rma.remark)


def close(rma: Rma, remark: str, now: datetime) -> Rma:
    """A received return is settled. Raises ReturnWrongState, InvalidReturn where a missing part is unexplained."""
    _check(rma, {RmaState.RECEIVED}, "it is closed")
    if rma.missing and not remark:
        raise InvalidReturn([Violation("comment", f"is required: {rma.missing} of the parts did not arrive")])
    return replace(rma, state=RmaState.CLOSED, remark=remark or rma.remark, ended=now)


def cancel(rma: Rma, remark: str, now: datetime) -> Rma:
    """The parts need not come back after all. Raises ReturnWrongState."""
    _check(rma, UNPROVED, "it is cancelled")
    return replace(rma, state=RmaState.CANCELLED, remark=remark, ended=now)


def reminder_for(rma: Rma, now: datetime, zone: str, days_before: int) -> Reminder:
    """Which reminder is due now; NONE where none is, or it went out already."""
    if rma.due is None or rma.state not in UNPROVED:
        return Reminder.NONE
    today = now.astimezone(UTC).astimezone(zone_named(zone)).date()
    due = Reminder.NONE
    if today > rma.due:
        due = Reminder.OVERDUE
    elif today >= rma.due - timedelta(days=days_before):
        due = Reminder.DUE_SOON
    return due if due > rma.reminded else Reminder.NONE


def _misfits(each: Arrived, rma: Rma, arrived: Sequence[Arrived]) -> Iterable[tuple[str, str]]:
    line = next((line for line in rma.lines if line.id == each.line_id), None)
    if line is None:
        yield "line_id", "is no line of this return"
    elif sum(other.line_id == each.line_id for other in arrived) > 1:
        yield "line_id", "names a line twice"
    elif not 0 <= each.quantity <= line.missing:
        yield "quantity", f"must be 0 to {line.missing}: so many of {line.part_number} are missing"


def _counted(line: RmaLine, arrived: Arrived) -> RmaLine:
    if not arrived.quantity:
        return line
    condition = arrived.condition or line.condition
    return replace(line, received=line.received + arrived.quantity, received_condition=condition)


def _check(rma: Rma, allowed: Collection[RmaState], what: str) -> None:
    if rma.state not in allowed:
        names = " or ".join(LABELS[state] for state in sorted(allowed))
        text = f"Return {rma.number} is {LABELS[rma.state]}; {what} only while it is {names}."
        raise ReturnWrongState(text, rma.number, rma.state.name)
