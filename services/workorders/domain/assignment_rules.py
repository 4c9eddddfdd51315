"""The primitive predicates of assignments: whether somebody may come, and which reason that takes (CP-64 to CP-66)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from services.workorders.domain import paths
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.workorders.domain.situation import Situation

FREELANCER = "freelancer"
OTHER = "Say in a few words what the other reason is."


@predicate(asks=("inputs.person_id",), snapshot="eligibility")
def technician_can_be_assigned(situation: Situation) -> Objections:
    """Technicians says that the chosen person can be assigned: known, active and free at the appointment."""
    eligibility = cast("Mapping[str, object]", situation.snapshots["eligibility"])
    refusals = cast("tuple[str, ...]", eligibility["refusals"])
    return tuple(
        Objection("technician_can_be_assigned", text, "inputs.person_id", "TECHNICIAN_NOT_ELIGIBLE")
        for text in refusals
    )


@predicate(asks=("inputs.reason_code",), snapshot="eligibility")
def freelancer_explained(situation: Situation) -> Objections:
    """The technician is of the organisation, or the reason why a freelancer comes is given (CP-66)."""
    eligibility = cast("Mapping[str, object]", situation.snapshots["eligibility"])
    if not eligibility.get("freelancer") or _reason_kind(situation) == FREELANCER:
        return HOLDS
    text = f"{eligibility['name']} is a freelancer. Choose a reason."
    missing = cast("tuple[str, ...]", eligibility["missing"])
    metadata = {"name": str(eligibility["name"]), "missing": ",".join(missing)}
    return (Objection("freelancer_explained", text, "inputs.reason_code", "FREELANCER_REASON_MISSING", metadata),)


@predicate(asks=("inputs.reason_code",), snapshot="eligibility")
def missing_skills_overridden(situation: Situation) -> Objections:
    """The technician has every certification that the work needs, and is not absent, or a reason is given (CP-65).

    The reason why a freelancer comes stands for all of it. While technicians does not answer, nobody knows, so a reason
    is always needed.
    """
    eligibility = cast("Mapping[str, object]", situation.snapshots["eligibility"])
    if eligibility.get("unchecked"):
        return HOLDS if situation.inputs.reason_code else (_unchecked(str(eligibility["name"])),)
    missing = cast("tuple[str, ...]", eligibility["missing"])
    overridden = bool(situation.inputs.reason_code) and _reason_kind(situation) != FREELANCER
    absent = bool(eligibility.get("absent"))
    if not (missing or absent) or overridden or eligibility.get("freelancer"):
        return HOLDS
    if absent:
        return (_absent(str(eligibility["name"]), missing),)
    text = f"Missing skills: {', '.join(missing)}. Choose a reason to override."
    metadata = {"missing": ",".join(missing)}
    return (Objection("missing_skills_overridden", text, "inputs.reason_code", "SKILLS_MISSING", metadata),)


@predicate(asks=("inputs.assignee_id", "inputs.reason_code"), prefers="attendance")
def assignee_absence_explained(situation: Situation) -> Objections:
    """Whoever is to go is not absent at the appointment, or a reason is given; not known is no objection (PT-10)."""
    attendance = situation.snapshots.get("attendance")
    absent = isinstance(attendance, dict) and attendance["absent"]
    if not absent or situation.inputs.reason_code:
        return HOLDS
    return (_absent(str(paths.read(attendance, "name")), (), "assignee_absence_explained"),)


def _absent(name: str, missing: tuple[str, ...], guard: str = "missing_skills_overridden") -> Objection:
    lacks = f" Missing skills: {', '.join(missing)}." if missing else ""
    text = f"{name} is absent at that time.{lacks} Choose a reason to override."
    metadata = {"name": name, "missing": ",".join(missing)}
    return Objection(guard, text, "inputs.reason_code", "TECHNICIAN_ABSENT", metadata)


def _unchecked(name: str) -> Objection:
    text = f"Technicians does not answer. To assign {name} without the check, choose a reason; it is checked later."
    return Objection("missing_skills_overridden", text, "inputs.reason_code", "ASSIGNMENT_UNCHECKED")


def _reason_kind(situation: Situation) -> str:
    """The kind of the reason that was given; empty where none was."""
    reason = situation.snapshots.get("reason")
    return str(reason.get("kind", "")) if isinstance(reason, dict) else ""


@predicate(asks=("inputs.reason_code", "inputs.reason_text"))
def other_reason_is_told(situation: Situation) -> Objections:
    """The reason "other" comes with a text of its own, where the comment is meant for whoever goes."""
    if not situation.inputs.reason_code.endswith("other") or situation.inputs.reason_text.strip():
        return HOLDS
    return (Objection("other_reason_is_told", OTHER, "inputs.reason_text"),)


@predicate(asks=("inputs.reason_code", "inputs.comment"))
def other_is_explained(situation: Situation) -> Objections:
    """The reason "other" comes with a text."""
    if not situation.inputs.reason_code.endswith("other") or situation.inputs.comment.strip():
        return HOLDS
    return (Objection("other_is_explained", OTHER, "inputs.comment"),)
