"""Travel that a partner bills (CP-52): nobody subtracts the free miles twice."""

from __future__ import annotations

MILE_DECIMALS = 2


def billable_miles(round_trip: float, free: float) -> float:
    """Billable miles of one technician: the round trip less what the dispatch rate covers, never below 0."""
    return round(max(0.0, round_trip - free), MILE_DECIMALS)


def billable_miles_in_all(round_trip: float, free: float, technicians: int) -> float:
    """Billable miles of everyone who travels; the free miles count for each of them."""
    return round(billable_miles(round_trip, free) * technicians, MILE_DECIMALS)
