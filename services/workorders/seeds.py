"""What every installation starts with: the reasons that the sources name (CP-77, CP-65, CP-66, CP-87 to CP-89).

They belong to no organisation. An issuer adds its own beside them; one of the same kind and code takes the place of the
shipped one, also to deactivate it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import reason_code_pb2

from services.chassis.ids import derive_id
from services.chassis.kit.seeding import add_missing
from services.workorders.tables import reason_codes

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `excused` says whether SLA reports leave it out of the partner's account."""

    code: str
    kind: str
    label: str
    guidance: str = ""
    excused: bool = False


REASONS = (
    Reason(
        "unresponsive_poc",
        "DELAY",
        "Delay due to Unresponsive POC",
        "The point of contact cannot be reached. Say so before the SLA date passes: another will be found.",
        True,
    ),
    Reason(
        "poc_preference",
        "DELAY",
        "Delay due to POC Schedule Preference",
        "The point of contact proposes a date after the SLA date.",
        True,
    ),
    Reason(
        "om_management",
        "DELAY",
        "O&M Partner Work Order Management Performance",
        "The vendor asked to delay scheduling, or details needed from the vendor are unclear, such as another station "
        "address. Raise it promptly.",
        True,
    ),
    Reason("weather", "DELAY", "Delay due to weather", "The forecast does not allow the repair by the SLA date.", True),
    Reason("technician_availability", "DELAY", "Technician Availability", "No technician is free by the SLA date."),
    Reason(
        "special_requirement",
        "DELAY",
        "Delay due to Special On-Site Requirement",
        "Access to the site needs safety equipment, or paperwork such as a COI or a JHA form.",
        True,
    ),
    Reason(
        "regulatory",
        "DELAY",
        "Delay due to local Regulatory/Compliance",
        "Permits or paperwork are needed for state or local rules, such as prevailing wage.",
        True,
    ),
    Reason(
        "part_late",
        "DELAY",
        "Part delivery is later than expected delivery date",
        "The part did not come on its expected date.",
        True,
    ),
    Reason(
        "parts_damaged_or_missing",
        "DELAY",
        "Parts arrived damaged or are missing",
        "The part was damaged on the way, or not every part came.",
        True,
    ),
    Reason("only_available", "OVERRIDE", "Only technician available in time"),
    Reason("trained_on_site", "OVERRIDE", "Trained on site under supervision"),
    Reason("certificate_in_progress", "OVERRIDE", "Certificate is being issued"),
    Reason("agreed_to_come", "OVERRIDE", "Agreed to come although absent"),
    Reason("override_other", "OVERRIDE", "Other", "Say why in the comment."),
    Reason("no_own_technician", "FREELANCER", "No technician of our own in reach"),
    Reason("special_skill", "FREELANCER", "Special skill needed"),
    Reason("freelancer_other", "FREELANCER", "Other", "Say why in the comment."),
    Reason(
        "wrong_equipment",
        "CANNOT_COMPLETE",
        "Wrong equipment shipped",
        "Such as a single-port station in place of a dual-port one.",
    ),
    Reason("obstruction", "CANNOT_COMPLETE", "Physical obstruction", "Such as a stripped screw."),
    Reason("wrong_diagnosis", "CANNOT_COMPLETE", "Incorrect diagnosis", "What is broken is not what the order says."),
    Reason("equipment_removed", "CANNOT_COMPLETE", "Equipment was removed"),
    Reason("inaccessible", "CANNOT_COMPLETE", "Site inaccessible"),
    Reason("unable_to_accept", "CANNOT_COMPLETE", "Unable to accept the work"),
    Reason("self_resolved", "CANCEL", "Resolved by itself", "Stable for 48 hours."),
    Reason("customer_upgrade", "CANCEL", "Customer upgrades instead"),
    Reason("mismatch", "REJECT", "Task does not match equipment or site"),
    Reason("customer_request", "HOLD", "Customer asked to wait"),
    Reason("awaiting_repair_date", "HOLD", "Waiting for the repair date"),
    Reason("part_damaged", "REPLACEMENT", "Part arrived damaged", "It goes back where it is returnable."),
    Reason("part_missing", "REPLACEMENT", "Part is missing", "It was not among what arrived, so nothing goes back."),
    Reason("part_wrong", "REPLACEMENT", "Wrong part arrived", "It goes back where it is returnable."),
)


def seed(connection: Connection) -> None:
    """Add what is missing; called at every start, so it changes nothing that exists."""
    rows = {derive_id("reason-code", reason.kind, reason.code): reason for reason in REASONS}
    ranked = enumerate(rows.items(), 1)
    add_missing(
        connection, reason_codes, {row_id: partial(_row, row_id, rank, reason) for rank, (row_id, reason) in ranked}
    )


def _row(row_id: str, rank: int, reason: Reason) -> dict[str, Any]:
    return {
        "id": row_id,
        "code": reason.code,
        "kind": reason_code_pb2.ReasonKind.Value(f"REASON_KIND_{reason.kind}"),
        "label": reason.label,
        "guidance": reason.guidance,
        "excused": reason.excused,
        "sort_rank": rank,
        "active": True,
        "organization_id": "",
    }
