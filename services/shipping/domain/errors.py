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


class OrderHidden(ShippingRefusal):
    """No such work order here, or none that the caller may see."""

    kind = "missing"
    reason = "NOT_FOUND"

    def __init__(self, work_order_id: str) -> None:
        super().__init__("There is no such work order.", work_order_id=work_order_id)
