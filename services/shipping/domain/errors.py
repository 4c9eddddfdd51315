"""What shipping refuses. Each class names its gRPC kind and its reason; an interceptor maps them once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field of a request, by its path in the request message."""

    field: str
    description: str


class ShippingRefusal(Exception):
    """Base of everything that shipping refuses."""

    kind: str = "state"
    reason: str = ""
    violations: Sequence[Violation] = ()

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.metadata: Mapping[str, str] = metadata


class CalendarWithoutWorkingTime(ShippingRefusal):
    """A calendar has too little working time within the horizon to reach a target (sla.md, 12)."""

    reason = "CALENDAR_WITHOUT_WORKING_TIME"

    def __init__(self, calendar_id: str, name: str) -> None:
        super().__init__(
            f"The calendar “{name}” has not enough working time within three years to reach a target.",
            calendar_id=calendar_id,
            calendar=name,
        )


class BeyondHorizon(ShippingRefusal):
    """A pause ends so late that no calendar is kept for it."""

    kind = "invalid"
    reason = "BEYOND_HORIZON"

    def __init__(self, year: int) -> None:
        super().__init__(f"A pause ends in {year}: targets are computed for at most ten years.", year=str(year))


class InvalidCalendar(ShippingRefusal):
    """A calendar's windows contradict each other."""

    kind = "invalid"
    reason = "INVALID_CALENDAR"


class InvalidPolicy(ShippingRefusal):
    """A policy asks for something that has no meaning."""

    kind = "invalid"
    reason = "INVALID_POLICY"


class UnknownZone(ShippingRefusal):
    """A name that is no IANA time zone."""

    kind = "invalid"
    reason = "UNKNOWN_TIME_ZONE"

    def __init__(self, zone: str) -> None:
        super().__init__(f"“{zone}” is not a time zone; one is named like America/Chicago.", zone=zone)


class NoSuchPolicy(ShippingRefusal):
    """No SLA policy in force has that code."""

    kind = "missing"
    reason = "NO_SUCH_POLICY"

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no SLA policy “{code}”.", policy=code)


class NoSuchCalendar(ShippingRefusal):
    """No business calendar in force has that name."""

    kind = "missing"
    reason = "NO_SUCH_CALENDAR"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no business calendar “{name}”.", calendar=name)


class VersionMissing(ShippingRefusal):
    """No such version of a calendar or policy, or a draft that the caller may not see."""

    kind = "missing"
    reason = "NOT_FOUND"

    def __init__(self, version_id: str) -> None:
        super().__init__("There is no such calendar or policy.", id=version_id)


class VersionIsPublished(ShippingRefusal):
    """Only drafts change: what is published stays as the targets that count by it say (sla.md, 11)."""

    reason = "VERSION_IS_PUBLISHED"

    def __init__(self, title: str) -> None:
        super().__init__(f"{title} is published and never changes. Begin a draft of the next version.", version=title)


class DraftExists(ShippingRefusal):
    """One draft of a calendar or policy exists at a time."""

    kind = "exists"
    reason = "DRAFT_EXISTS"

    def __init__(self, name: str, draft_id: str) -> None:
        super().__init__(f"“{name}” has a draft already: publish or delete that one first.", draft=draft_id)


class OrderHidden(ShippingRefusal):
    """No such work order here, or none that the caller may see."""

    kind = "missing"
    reason = "NOT_FOUND"

    def __init__(self, work_order_id: str) -> None:
        super().__init__("There is no such work order.", work_order_id=work_order_id)


class ReturnWrongState(ShippingRefusal):
    """A return is in a state that does not allow what is asked."""

    reason = "RETURN_WRONG_STATE"

    def __init__(self, message: str, rma: str, state: str) -> None:
        super().__init__(message, rma=rma, state=state)


class InvalidReturn(ShippingRefusal):
    """Lines or words of a return are missing or wrong; each is named."""

    kind = "invalid"
    reason = "INVALID_FIELDS"

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{each.field} {each.description}" for each in violations) + ".")
        self.violations = violations


class ReturnHidden(ShippingRefusal):
    """No such return here, or none that the caller may see."""

    kind = "missing"
    reason = "NOT_FOUND"

    def __init__(self, rma_id: str) -> None:
        super().__init__("There is no such return.", rma_id=rma_id)


class ReportRefused(ShippingRefusal):
    """A report is not signed by the carrier that it names, or not just now."""

    kind = "unauthenticated"
    reason = "SIGNATURE_REFUSED"


class NotYourPart(ShippingRefusal):
    """The caller sees the return, but has not the part in its work order that this takes."""

    kind = "forbidden"
    reason = "ROLE_NOT_ALLOWED"
