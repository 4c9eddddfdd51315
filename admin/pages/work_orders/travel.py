"""Travel as a form shows it while it is filled in (CP-52); the service computes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.grpcfab import cells

if TYPE_CHECKING:
    from admin.grpcfab.forms import ResourceForm

ROUND_TRIP, TECHNICIANS = "travel__round_trip_miles", "travel__technicians"
BILLED = "travel.billable_miles"


def miles(number: float) -> str:
    """A distance with at most two decimals, such as 1,250.5 mi."""
    return f"{number:,.2f}".rstrip("0").rstrip(".") + " mi"


def billed(each: float, technicians: int) -> str:
    """What is billed for each technician, and where several travel in all."""
    return miles(each) if technicians <= 1 else f"{miles(each)} each, {miles(each * technicians)} in all"


def preview(form: ResourceForm, free: float) -> cells.Cell:
    """What would be billed for the round trip in a form; nothing while that is missing or wrong."""
    trip, technicians = form[ROUND_TRIP].data, form[TECHNICIANS].data or 0
    if trip is None or trip < 0 or technicians < 1:
        return cells.EMPTY
    return cells.Cell("text", billed(round(max(0.0, trip - free), 2), technicians))
