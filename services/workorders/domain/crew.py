"""Who comes to a site where the work takes several technicians: one lead, and others beside (CP-62 to CP-68).

The lead is the order's `technician`, as where one person comes; the others are `further_technicians`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from services.workorders.domain.computations import TECHNICIAN_FLAGS, computation
from services.workorders.domain.outcome import Caveat
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate
from services.workorders.domain.work_order import OrderFlag, SiteTechnician

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from services.workorders.domain.situation import Situation
    from services.workorders.domain.work_order import WorkOrder

TOO_FEW = "TECHNICIANS_MISSING"
UNCHECKED, FOUND_LATER = "assignment_unchecked", "assignment_questioned"
_ABOUT_A_TECHNICIAN = TECHNICIAN_FLAGS | {UNCHECKED, FOUND_LATER}
# What begins work on site, or agrees when it begins: somebody who is missing is missed there.
_LOOKS_AT_CREW = frozenset({"save_appointment", "set_visit_times", "complete"})
_CHOSEN, _PRESENT = "inputs.person_id", "inputs.present_person_id"


def crew_of(order: WorkOrder) -> tuple[SiteTechnician, ...]:
    """Everybody who is on an order, the lead first; nobody where none was assigned."""
    lead = (order.technician,) if order.technician.person_id else ()
    return (*lead, *order.further_technicians)


def too_few(order: WorkOrder, transition: str) -> tuple[Caveat, ...]:
    """A warning where a move needs more technicians than are assigned; it stops nothing.

    The sources ask for one technician only, whom completing requires; so where a second did not come, it is the
    partner's to say what that means.
    """
    here, needed = len(crew_of(order)), order.technicians_needed
    if transition not in _LOOKS_AT_CREW or here >= needed or needed < 2:  # noqa: PLR2004 - one is required elsewhere
        return ()
    absent = needed - here
    text = f"The work takes {needed} technicians and {here or 'none'} {'is' if here < 2 else 'are'} assigned: "  # noqa: PLR2004
    return (Caveat(TOO_FEW, f"{text}{absent} {'is' if absent == 1 else 'are'} missing."),)


def without(order: WorkOrder, gone: Collection[str]) -> Mapping[str, object]:
    """What an order shows without some persons: who leads, who comes beside, and the flags of those who stay."""
    left = [each for each in crew_of(order) if each.person_id not in gone]
    about = {*gone, ""} if order.technician.person_id in gone else set(gone)
    return {
        "technician": left[0] if left else SiteTechnician(),
        "further_technicians": tuple(left[1:]),
        "flags": flags_without(order, about),
    }


def flags_without(order: WorkOrder, persons: Collection[str]) -> tuple[OrderFlag, ...]:
    """The order's flags without those about some technicians; "" stands for the lead of that time."""
    return tuple(flag for flag in order.flags if flag.code not in _ABOUT_A_TECHNICIAN or flag.person_id not in persons)


def unchecked_flag(person_id: str, name: str) -> OrderFlag:
    """What stands on an order while technicians has not looked at an assignment yet."""
    text = f"{name} was assigned while technicians did not answer; skills and other visits are not checked yet."
    return OrderFlag(UNCHECKED, text, person_id=person_id)


@computation
def flags_with_technician(situation: Situation) -> tuple[OrderFlag, ...]:
    """The order's flags, without those of whoever was replaced or is assigned anew; one more where unchecked."""
    order, chosen, given = situation.before, _chosen(situation), situation.inputs
    leads = order.technician.person_id in {"", chosen.person_id} or situation.order.technician != order.technician
    gone = {chosen.person_id, given.present_person_id} - {""}
    flags = flags_without(order, {*gone, "", order.technician.person_id} if leads else gone)
    unchecked = _eligibility(situation).get("unchecked")
    return (*flags, unchecked_flag(chosen.person_id, chosen.name)) if unchecked else flags


@computation
def flags_without_technician(situation: Situation) -> object:
    """As `flags_with_technician`; the name by which earlier texts of the workflow know it."""
    return flags_with_technician(situation)


@computation
def further_beside_lead(situation: Situation) -> tuple[SiteTechnician, ...]:
    """Those who come beside the lead: whoever leads now does not come twice."""
    lead = situation.inputs.person_id
    return tuple(each for each in situation.before.further_technicians if each.person_id != lead)


@computation
def further_with_chosen(situation: Situation) -> tuple[SiteTechnician, ...]:
    """Those who come beside the lead with the one who was chosen, in the place of whoever was named."""
    chosen, gone = _chosen(situation), situation.inputs.present_person_id
    present = situation.before.further_technicians
    if not gone:
        return (*present, chosen)
    return tuple(chosen if each.person_id == gone else each for each in present)


@computation
def lead_after_release(situation: Situation) -> object:
    """Who leads when somebody was released: where it was the lead, the next one."""
    return without(situation.before, {situation.inputs.present_person_id})["technician"]


@computation
def further_after_release(situation: Situation) -> object:
    """Who comes beside the lead when somebody was released."""
    return without(situation.before, {situation.inputs.present_person_id})["further_technicians"]


@computation
def flags_after_release(situation: Situation) -> object:
    """The order's flags, without those about whoever was released."""
    return without(situation.before, {situation.inputs.present_person_id})["flags"]


@computation
def needed_technicians(situation: Situation) -> int:
    """How many technicians the work takes, as technicians tell; as it was where they did not say."""
    told = _eligibility(situation).get("needed")
    return told if isinstance(told, int) and told else situation.order.technicians_needed


@predicate(asks=(_CHOSEN,))
def technician_is_not_on_order(situation: Situation) -> Objections:
    """The chosen technician is not on the order already."""
    found = next((each for each in crew_of(situation.before) if each.person_id == situation.inputs.person_id), None)
    if found is None:
        return HOLDS
    text = f"{found.name} is on this work order already; choose somebody else."
    return (Objection("technician_is_not_on_order", text, _CHOSEN),)


@predicate(asks=(_PRESENT,))
def technician_is_on_order(situation: Situation) -> Objections:
    """Whoever is released is on the order."""
    if any(each.person_id == situation.inputs.present_person_id for each in crew_of(situation.before)):
        return HOLDS
    return (Objection("technician_is_on_order", "Choose a technician who is on this work order.", _PRESENT),)


@predicate(asks=(_PRESENT,))
def replaced_is_beside_lead(situation: Situation) -> Objections:
    """Whoever's place is taken comes beside the lead; where nobody's is, one more comes."""
    gone = situation.inputs.present_person_id
    if not gone or any(each.person_id == gone for each in situation.before.further_technicians):
        return HOLDS
    text = "Choose a further technician of this work order; the lead is replaced by assigning another one."
    return (Objection("replaced_is_beside_lead", text, _PRESENT),)


def _chosen(situation: Situation) -> SiteTechnician:
    told = _eligibility(situation)
    known = {name: str(told[name]) for name in ("technician_id", "name", "email", "phone")}
    return SiteTechnician(person_id=situation.inputs.person_id, **known)


def _eligibility(situation: Situation) -> Mapping[str, object]:
    return cast("Mapping[str, object]", situation.snapshots["eligibility"])
