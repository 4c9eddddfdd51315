"""The primitive predicates and computations of service orders (UM-5, UM-9): who goes, and what the meter showed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from services.workorders.domain import paths
from services.workorders.domain.computations import computation
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate
from services.workorders.domain.utility import MeterUnit, read_in_words
from services.workorders.domain.values import digits

if TYPE_CHECKING:
    from services.workorders.domain.situation import Situation

READ, UNIT, READ_AT = "utility.meter_read", "utility.read_unit", "utility.read_time"
WHY_LOWER = "utility.lower_read_reason"
PERSON, NAME, EMAIL = "inputs.assignee_id", "assignee.name", "assignee.email"
_EARLIER, _EARLIER_AT, _EARLIER_UNIT = "meter.value", "meter.read_time", "meter.unit"


@predicate(asks=(PERSON, NAME, EMAIL), snapshot="assignee")
def somebody_can_go(situation: Situation) -> Objections:
    """A person of the issuer's directory goes, or somebody else whose name and address are given (UM-5)."""
    order, chosen = situation.order, situation.snapshots["assignee"]
    if situation.inputs.assignee_id:
        organization, active = paths.read(chosen, "organization_id"), paths.read(chosen, "active")
        if active and organization == order.issuer_org:
            return HOLDS
        return (Objection("somebody_can_go", "Choose an active person of your organisation.", PERSON),)
    given = {NAME: order.assignee.name, EMAIL: order.assignee.email}
    if not any(given.values()):
        text = "Choose somebody of your organisation, or give name and e-mail of whoever else goes."
        return (Objection("somebody_can_go", text, PERSON),)
    return tuple(
        Objection("somebody_can_go", "Give both name and e-mail of whoever else goes.", path)
        for path, value in given.items()
        if not value.strip()
    )


@predicate(asks=(READ,))
def meter_was_read(situation: Situation) -> Objections:
    """The meter was read, where the type of the order needs it."""
    request = situation.order.utility
    if request.meter_read is not None or not request.needs_read:
        return HOLDS
    text = "This order is done only once the meter was read: give the meter read."
    return (Objection("meter_was_read", text, READ, "METER_READ_MISSING"),)


@predicate(asks=(READ, UNIT, READ_AT, WHY_LOWER), snapshot="meter")
def meter_read_is_plausible(situation: Situation) -> Objections:
    """A read has a unit and is of now or before; it is not less than the one before, unless somebody says why."""
    request, found = situation.order.utility, []
    if request.meter_read is None:
        return HOLDS
    if request.read_unit is MeterUnit.UNSPECIFIED:
        found.append(Objection("meter_read_is_plausible", "Choose what the meter counts.", UNIT))
    if request.read_time is not None and request.read_time > situation.now:
        found.append(Objection("meter_read_is_plausible", "The meter cannot have been read in the future.", READ_AT))
    earlier = _earlier(situation)
    if earlier is not None and request.meter_read < earlier and not request.lower_read_reason.strip():
        shown = read_in_words(earlier, request.read_unit)
        text = f"The meter showed {shown} before. Look again, or say why it shows less now."
        metadata = {"earlier_read": digits(earlier)}
        found.append(Objection("meter_read_is_plausible", text, WHY_LOWER, "METER_READ_LOWER", metadata))
    return tuple(found)


@computation
def who_goes_id(situation: Situation) -> str:
    """The id of whoever goes: of the person that was chosen, or who went before and stays; empty for somebody else."""
    stays = situation.order.assignee == situation.before.assignee
    return situation.inputs.assignee_id or (situation.before.assignee.person_id if stays else "")


@computation
def who_goes(situation: Situation) -> str:
    """The name of whoever goes: of the person that was chosen, else the one that was given."""
    return str(paths.read(situation.snapshots, "assignee.name") or situation.order.assignee.name)


@computation
def who_goes_email(situation: Situation) -> str:
    """The e-mail address of whoever goes: of the person that was chosen, else the one that was given."""
    return str(paths.read(situation.snapshots, "assignee.email") or situation.order.assignee.email)


@computation
def read_moment(situation: Situation) -> datetime | None:
    """When the meter was read: as given, else now; nothing where it was not read."""
    request = situation.order.utility
    return None if request.meter_read is None else request.read_time or situation.now


@computation
def earlier_read(situation: Situation) -> float | None:
    """What the meter showed before, where it was read now."""
    return None if situation.order.utility.meter_read is None else _earlier(situation)


@computation
def earlier_read_moment(situation: Situation) -> datetime | None:
    """When the meter showed that."""
    if situation.order.utility.meter_read is None or _earlier(situation) is None:
        return None
    moment = paths.read(situation.snapshots, _EARLIER_AT)
    return moment if isinstance(moment, datetime) else None


def _earlier(situation: Situation) -> float | None:
    """The last read that is known of the meter, in the unit of this one."""
    value, unit = paths.read(situation.snapshots, _EARLIER), paths.read(situation.snapshots, _EARLIER_UNIT)
    same = unit == situation.order.utility.read_unit
    return value if same and isinstance(value, float) else None
