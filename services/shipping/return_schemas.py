"""Untrusted requests about returns as commands; every wrong field is named by its path."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fieldmesh.shipping.v1 import rma_service_pb2 as messages

from services.chassis.errors import InvalidRequest, Violation
from services.shipping.domain.asking_back import Wanted
from services.shipping.domain.returns import Arrived, Cause, Condition

MOST_LINES = 200
LONGEST_COMMENT = 500
LONGEST_CARRIER = 60
LONGEST_TRACKING = 80
FURTHEST_YEAR = 2200
PARTNERS_CAUSES = frozenset({Cause.OLD_PARTS, Cause.UNUSED_PARTS, Cause.FAULTY_PARTS})


@dataclass(frozen=True, slots=True)
class Asking:
    """Parts that somebody asks back; `due` is None where the installation's days hold."""

    fulfilment_order_id: str
    cause: Cause
    lines: tuple[Wanted, ...]
    comment: str
    due: date | None
    proof_required: bool


@dataclass(frozen=True, slots=True)
class Proving:
    """What shows that parts are on their way: a tracking number with its carrier, a file, or both."""

    carrier: str
    tracking_number: str
    attachment_id: str


class _Faults:
    """What is wrong with a request, gathered field by field."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def add(self, field: str, description: str) -> None:
        self._found.append(Violation(field, description))

    def text(self, field: str, value: str, most: int, *, required: bool = False) -> str:
        """A text without blanks around it; what is missing or too long is a fault."""
        stripped = value.strip()
        if required and not stripped:
            self.add(field, "is required")
        elif len(stripped) > most:
            self.add(field, f"must be at most {most} characters")
        return stripped

    def count(self, field: str, values: Iterable[object]) -> None:
        if len(list(values)) > MOST_LINES:
            self.add(field, f"at most {MOST_LINES}")

    def condition(self, field: str, value: int) -> Condition:
        if value in list(Condition):
            return Condition(value)
        self.add(field, "is no condition of a part")
        return Condition.UNKNOWN

    def check(self) -> None:
        """Raises InvalidRequest where something is wrong."""
        if self._found:
            raise InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=self._found)


def asking(request: messages.RaiseRmaRequest, today: date) -> Asking:
    """Parts to ask back; raises InvalidRequest. A due day before `today` is none."""
    faults = _Faults()
    order_id = faults.text("fulfilment_order_id", request.fulfilment_order_id, 40, required=True)
    faults.count("lines", request.lines)
    given = int(request.cause)
    cause = Cause(given) if given in set(map(int, Cause)) else Cause.UNKNOWN
    if cause is Cause.UNKNOWN:
        faults.add("cause", "is required: say why the parts come back")
    lines = tuple(
        Wanted(
            faults.text(f"lines[{place}].fulfilment_line_id", each.fulfilment_line_id, 40, required=True),
            each.quantity,
            faults.condition(f"lines[{place}].condition", each.condition),
        )
        for place, each in enumerate(request.lines)
    )
    comment = faults.text("comment", request.comment, LONGEST_COMMENT)
    due = _due(request, today, faults) if request.HasField("due_date") else None
    faults.check()
    return Asking(order_id, cause, lines, comment, due, not request.without_proof)


def check_partners(asked: Asking) -> None:
    """Refuses what only those who gave the work out decide: when, and without proof. Raises InvalidRequest."""
    faults = _Faults()
    if asked.cause not in PARTNERS_CAUSES:
        faults.add("cause", "is told by the carrier: a partner returns old, unused, damaged or wrong parts")
    if asked.due is not None:
        faults.add("due_date", "is set by the organisation that gave the work out")
    if not asked.proof_required:
        faults.add("without_proof", "is for the organisation that gave the work out")
    faults.check()


def labelled(request: messages.SendReturnLabelRequest) -> tuple[str, str]:
    """Carrier and tracking number of a label; raises InvalidRequest."""
    faults = _Faults()
    carrier = faults.text("carrier", request.carrier, LONGEST_CARRIER, required=True)
    number = faults.text("tracking_number", request.tracking_number, LONGEST_TRACKING, required=True)
    faults.check()
    return carrier, number


def proving(request: messages.RecordReturnProofRequest) -> Proving:
    """A proof; raises InvalidRequest where it is neither a tracking number nor a file."""
    faults = _Faults()
    carrier = faults.text("carrier", request.carrier, LONGEST_CARRIER)
    number = faults.text("tracking_number", request.tracking_number, LONGEST_TRACKING)
    file = faults.text("attachment_id", request.attachment_id, 40)
    if not number and not file:
        faults.add("tracking_number", "is required, unless a file of the work order is named as proof")
    faults.check()
    return Proving(carrier, number, file)


def received(request: messages.ReceiveReturnRequest) -> tuple[tuple[Arrived, ...], str]:
    """What arrived, and what there is to say about it; raises InvalidRequest."""
    faults = _Faults()
    faults.count("lines", request.lines)
    arrived = tuple(
        Arrived(
            faults.text(f"lines[{place}].line_id", each.line_id, 40, required=True),
            each.quantity,
            faults.condition(f"lines[{place}].condition", each.condition),
        )
        for place, each in enumerate(request.lines)
    )
    if arrived and not any(each.quantity for each in arrived):
        faults.add("lines", "say of at least one part that it arrived")
    comment = faults.text("comment", request.comment, LONGEST_COMMENT)
    faults.check()
    return arrived, comment


def said(comment: str, *, required: bool = False) -> str:
    """A comment; raises InvalidRequest."""
    faults = _Faults()
    text = faults.text("comment", comment, LONGEST_COMMENT, required=required)
    faults.check()
    return text


def _due(request: messages.RaiseRmaRequest, today: date, faults: _Faults) -> date | None:
    given = request.due_date
    try:
        day = date(given.year, given.month, given.day)
    except ValueError:
        faults.add("due_date", "must be a whole date: year, month and day")
        return None
    if not today <= day or day.year > FURTHEST_YEAR:
        faults.add("due_date", "must not lie in the past")
    return day
