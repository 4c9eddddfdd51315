"""Questions that a refusal asks back, each with the reasons to choose from (CP-65, CP-74 to CP-77)."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Final

from fieldmesh.workorders.v1 import work_order_pb2

from admin.grpcfab import references
from admin.pages.work_orders.sites import site_zone, until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from admin.grpcfab.forms import ResourceForm
    from admin.pages.work_orders.moves import Move, Reason
    from services.chassis.errors import Refusal

LATE: Final = frozenset({"APPOINTMENT_AFTER_TARGET", "TARGET_CHANGED"})
UNSKILLED: Final = frozenset({"SKILLS_MISSING", "OVERRIDE_REASON_MISSING"})
FREELANCER: Final = "FREELANCER_REASON_MISSING"
ABSENT: Final = "TECHNICIAN_ABSENT"
UNCHECKED: Final = "ASSIGNMENT_UNCHECKED"
CONTINUE: Final = "inputs__continue_past_target"
REASON: Final = "inputs__reason_code"
COMMENT: Final = "inputs__comment"
REASON_TEXT: Final = "inputs__reason_text"
SEEN: Final = "inputs__seen_target_version"
PERSON: Final = "fieldmesh.technicians.v1.Person"
# The kind of reasons of the transition that asks, by the kind of its question.
_KINDS: Final = {
    "late": "delay",
    "skills": "override",
    "absent": "override",
    "freelancer": "override",
    "unchecked": "override",
}
_ANCHORS: Final = {
    "late": {CONTINUE: "late-yes", REASON: "reason-1", COMMENT: "late-details"},
    "skills": {REASON: "override-reason", COMMENT: "override-comment"},
    "absent": {REASON: "override-reason", COMMENT: "override-comment"},
    "freelancer": {REASON: "override-reason", COMMENT: "override-comment"},
    "unchecked": {REASON: "override-reason", COMMENT: "override-comment"},
}

_UNANSWERED: Final = {
    "late": "Choose a delay reason.",
    "skills": "Choose a reason to override.",
    "absent": "Choose a reason to override.",
    "freelancer": "Choose why a freelancer comes.",
    "unchecked": "Choose why nobody can wait for the check.",
}


@dataclasses.dataclass(frozen=True)
class Prompt:
    """A question: what it says, what it is about, its reasons, and the hidden inputs that bring it back."""

    kind: str
    title: str
    words: str
    reasons: Sequence[Reason]
    kept: Mapping[str, str]
    facts: Sequence[tuple[str, str]] = ()
    missing: Sequence[str] = ()
    explained: str = COMMENT
    """The input that takes what is said about the reason."""

    @property
    def anchors(self) -> Mapping[str, str]:
        """The inputs that answer it, each with its id on the page."""
        return {self.explained if key == COMMENT else key: anchor for key, anchor in _ANCHORS[self.kind].items()}

    def check(self, form: ResourceForm, answer: str | None) -> bool:
        """Whether it is answered; what is missing becomes an error of its input. `answer` is that to a late one."""
        if self.kind == "late" and answer is None:
            _blame(form, CONTINUE, "Choose yes or no.")
            return False
        if not form[REASON].data:
            _blame(form, REASON, _UNANSWERED[self.kind])
            return False
        return True


def asked_by(refusal: Refusal, move: Move, form: ResourceForm) -> Prompt | None:
    """The question of a refusal; None where it asks nothing."""
    if refusal.reason in LATE:
        known = {name: refusal.metadata.get(name, "") for name in ("target_version", "due_date", "due_time")}
        changed = "The target has changed since it was shown." if refusal.reason == "TARGET_CHANGED" else ""
        form[CONTINUE].data = False
        return _late(move, form, known, changed)
    if refusal.reason in UNSKILLED:
        said = refusal.violations[0].description if refusal.violations else ""
        return _skills(move, form, refusal.metadata.get("missing", ""), said)
    if refusal.reason == ABSENT:
        return _absent(move, form, refusal.metadata.get("missing", ""), refusal.metadata.get("name", ""))
    if refusal.reason == FREELANCER:
        return _freelancer(move, refusal.metadata.get("missing", ""), refusal.metadata.get("name", ""))
    if refusal.reason == UNCHECKED:
        return _unchecked(move)
    return None


def asked_before(move: Move, form: ResourceForm, sent: Mapping[str, str]) -> Prompt | None:
    """The question that the browser's form answers; None where it answers none."""
    kind = sent.get("prompt", "")
    if _KINDS.get(kind) != move.transition.reason_kind:
        return None
    if kind == "late":
        known = {"target_version": sent.get(SEEN, ""), "due_date": sent.get("prompt_due_date", ""),
                 "due_time": sent.get("prompt_due_time", "")}  # fmt: skip
        return _late(move, form, known, "")
    missing = sent.get("prompt_missing", "")
    if kind == "absent":
        return _absent(move, form, missing, sent.get("prompt_name", ""))
    if kind == "freelancer":
        return _freelancer(move, missing, sent.get("prompt_name", ""))
    return _unchecked(move) if kind == "unchecked" else _skills(move, form, missing, "")


def explained_by(form: ResourceForm) -> str:
    """The input of a form that explains a reason: its comment, unless that is meant for somebody else."""
    return REASON_TEXT if REASON_TEXT in form else COMMENT


def person_name(person_id: str) -> str:
    """The name of a person for a sentence."""
    found = references.fetch({PERSON: [person_id]})[PERSON, person_id] if person_id else None
    return found.title if found and found.known else "The technician"


def _late(move: Move, form: ResourceForm, known: Mapping[str, str], words: str) -> Prompt:
    kept = {"prompt": "late", SEEN: known["target_version"] or str(move.order.sla.version),
            "prompt_due_date": known["due_date"], "prompt_due_time": known["due_time"]}  # fmt: skip
    facts = [("Appointment", _appointment(move, form)), ("Target", _target(move.order, known))]
    title = "Selected Appointment Date is not within SLA Completed Date"
    return Prompt("late", title, words, move.reasons, kept, [fact for fact in facts if fact[1]])


def _skills(move: Move, form: ResourceForm, missing: str, said: str) -> Prompt:
    codes = [code for code in missing.split(",") if code]
    name = person_name(form["inputs__person_id"].data or "") if "inputs__person_id" in form else "The technician"
    words = f"{name} does not hold every certification that this work needs." if codes else said
    reasons = [reason for reason in move.reasons if reason.kind != "freelancer"]
    return Prompt("skills", "Missing Skills", words, reasons, {"prompt": "skills", "prompt_missing": missing},
                  missing=codes)  # fmt: skip


def _absent(move: Move, form: ResourceForm, missing: str, name: str) -> Prompt:
    """Why somebody comes who is absent then; the reason stands for missing certifications as well."""
    codes = [code for code in missing.split(",") if code]
    lacks = " These certifications are missing on the day of the visit:" if codes else ""
    words = f"{name or 'The technician'} is absent at the time of the appointment.{lacks}"
    reasons = [reason for reason in move.reasons if reason.kind != "freelancer"]
    kept = {"prompt": "absent", "prompt_missing": missing, "prompt_name": name}
    title, explained = "Technician Absent", explained_by(form)
    return Prompt("absent", title, words, reasons, kept, missing=codes, explained=explained)


def _freelancer(move: Move, missing: str, name: str) -> Prompt:
    """Why somebody from outside comes; the reason stands for certifications that they lack as well (CP-66)."""
    codes = [code for code in missing.split(",") if code]
    words = f"{name or 'The technician'} is a freelancer and does not belong to the organisation that does this work."
    lacks = " These certifications are missing on the day of the visit:" if codes else ""
    reasons = [reason for reason in move.reasons if reason.kind == "freelancer"]
    kept = {"prompt": "freelancer", "prompt_missing": missing, "prompt_name": name}
    return Prompt("freelancer", "Freelancer", words + lacks, reasons, kept, missing=codes)


def _unchecked(move: Move) -> Prompt:
    """Why somebody is assigned while technicians does not answer; whoever it is, nothing is known of their skills."""
    words = "Technicians does not answer. The assignment is kept and flagged, and checked by itself when it does."
    return Prompt("unchecked", "Not checked", words, move.reasons, {"prompt": "unchecked"})


def _appointment(move: Move, form: ResourceForm) -> str:
    start = wall_start(form)
    if start is None:
        return ""
    later = form["appointment__fold"].data == work_order_pb2.CLOCK_FOLD_LATER
    return f"{start.replace(tzinfo=site_zone(move.order), fold=int(later)):%a %-d %b %Y, %H:%M %Z} at the site"


def wall_start(form: ResourceForm) -> dt.datetime | None:
    """The wall time that an appointment's form names; None where it names none."""
    if "appointment__date" not in form or not form["appointment__date"].data:
        return None
    with contextlib.suppress(ValueError):
        clock = dt.time.fromisoformat(form["appointment__time"].data or "")
        return dt.datetime.combine(form["appointment__date"].data, clock)
    return None


def _target(order: work_order_pb2.WorkOrder, known: Mapping[str, str]) -> str:
    """The date of the target, and until when on it; the order's own where the refusal does not say."""
    with contextlib.suppress(ValueError):
        date = dt.date.fromisoformat(known["due_date"])
        return _told(date, dt.datetime.fromisoformat(known["due_time"]).astimezone(site_zone(order)))
    if not order.sla.HasField("due_date"):
        return ""
    own = order.sla.due_date
    return _told(
        dt.date(own.year, own.month, own.day), order.sla.due_time.ToDatetime(dt.UTC).astimezone(site_zone(order))
    )


def _told(date: dt.date, due: dt.datetime) -> str:
    return f"{date:%a %-d %b %Y}, {until(date, due)}"


def _blame(form: ResourceForm, key: str, words: str) -> None:
    form[key].errors = [*form[key].errors, words]
