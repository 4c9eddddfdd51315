"""What a utility asks for (UM-1, UM-2): the values of a service order, and what its types need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.workorders.domain.values import digits


class ServiceType(StrEnum):
    """What a service order is for."""

    UNSPECIFIED = "unspecified"
    CONNECTION = "connection"
    DISCONNECTION = "disconnection"
    SPECIAL_READ = "special_read"
    FINAL_READ = "final_read"
    METER_INVESTIGATION = "meter_investigation"


class MeterUnit(StrEnum):
    """What a meter counts."""

    UNSPECIFIED = "unspecified"
    KILOWATT_HOURS = "kilowatt_hours"
    CUBIC_METRES = "cubic_metres"
    HUNDRED_CUBIC_FEET = "hundred_cubic_feet"
    GALLONS = "gallons"


UNIT_WORDS = {
    MeterUnit.KILOWATT_HOURS: "kWh",
    MeterUnit.CUBIC_METRES: "m³",
    MeterUnit.HUNDRED_CUBIC_FEET: "CCF",
    MeterUnit.GALLONS: "gal",
}
# An investigation may end without a read: the meter may be broken, or gone.
READS_A_METER = frozenset(ServiceType) - {ServiceType.UNSPECIFIED, ServiceType.METER_INVESTIGATION}


@dataclass(frozen=True, slots=True)
class UtilityRequest:
    """What, when, with what and at which meter; below `provider_reference`, what came of it."""

    type: ServiceType = ServiceType.UNSPECIFIED
    instructions: str = ""
    materials: str = ""
    requested_date: date | None = None
    meter: str = ""
    event: str = ""
    event_source: str = ""
    provider_reference: str = ""
    meter_read: float | None = None
    read_unit: MeterUnit = MeterUnit.UNSPECIFIED
    read_time: datetime | None = None
    lower_read_reason: str = ""
    remark: str = ""
    earlier_read: float | None = None
    earlier_read_time: datetime | None = None

    @property
    def needs_read(self) -> bool:
        """Whether it is done only once the meter was read."""
        return self.type in READS_A_METER


def read_in_words(value: float | None, unit: MeterUnit) -> str:
    """A meter read as people read it; empty where there is none."""
    if value is None:
        return ""
    return " ".join(filter(None, (digits(round(value, 3), ","), UNIT_WORDS.get(unit, ""))))


def type_in_words(kind: ServiceType) -> str:
    """A type as people read it."""
    return kind.value.replace("_", " ").capitalize()


def subject_of(kind: ServiceType, meter: str, facility: str) -> str:
    """The subject of a service order, which follows from what it is for."""
    what = f"{type_in_words(kind)}, meter {meter}" if meter else type_in_words(kind)
    return f"{what}, {facility}" if facility else what
