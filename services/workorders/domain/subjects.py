"""Subjects of orders: "<plan> - <model> - <work> (Ver nn)", and where one contradicts the order (CP-18).

People write the dashes with and without spaces, and models have dashes of their own; what does not follow the form at
all says nothing, and is never blamed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.workorders.domain.work_order import OrderFlag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PLAN_FLAG = "subject_plan_mismatch"
MODEL_FLAG = "subject_model_mismatch"
# A dash inside a model has letters or digits on both sides; one that separates has a space beside it.
_SEPARATOR = re.compile(r"\s+-\s*|\s*-\s+")
_VERSION = re.compile(r"\(\s*ver\.?\s*(\d+)\s*\)\s*\Z", re.IGNORECASE)
_SHORTEST_FORM = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """What a subject names; everything that it does not name is empty."""

    plan: str = ""
    model: str = ""
    work: str = ""
    version: str = ""


def parse(subject: str, plans: Iterable[str]) -> Subject:
    """What a subject says; a plan is one of `plans`, written in whatever case, and given as it is called there."""
    found = _VERSION.search(subject)
    version, rest = (found[1], subject[: found.start()].strip()) if found else ("", subject.strip())
    plan = _plan(rest, plans)
    # "Assure-CT4020-HD - Head" says the same as "Assure - CT4020-HD - Head".
    after = rest[len(plan) :].lstrip(" -") if plan else "".join(_SEPARATOR.split(rest, maxsplit=1)[1:])
    parts = [part.strip() for part in _SEPARATOR.split(after)]
    if len(parts) < _SHORTEST_FORM:
        return Subject(plan, "", " ".join(parts), version)
    return Subject(plan, parts[0], " - ".join(parts[1:]), version)


def contradictions(subject: str, plan: str, plans: Iterable[str], models: Collection[str]) -> tuple[OrderFlag, ...]:
    """Flags where a subject names another plan than the entitlement's, or a model that none of the stations has.

    `plan` is the entitlement's, empty without one; no stations, and stations of unknown model, contradict nothing.
    """
    said = parse(subject, plans)
    flags = []
    if said.plan and said.plan.casefold() != plan.casefold():
        flags.append(OrderFlag(PLAN_FLAG, f"The subject names the plan {said.plan}, the entitlement {plan or 'none'}."))
    known = sorted({model for model in models if model})
    if said.model and known and not any(_same(said.model, model) for model in known):
        text = f"The subject names the model {said.model}, the stations are {', '.join(known)}."
        flags.append(OrderFlag(MODEL_FLAG, text))
    return tuple(flags)


def _plan(text: str, plans: Iterable[str]) -> str:
    """The longest plan that a text begins with as a word of its own."""
    begins = (each for each in plans if each and re.match(rf"{re.escape(each)}\s*(-|\Z)", text, re.IGNORECASE))
    return max(begins, key=len, default="")


def _same(said: str, model: str) -> bool:
    """Whether two models are one: people leave out suffixes such as "-HD-GW", and makers' letters in front."""
    one, other = _bare(said), _bare(model)
    return bool(one) and (one in other or other in one)


def _bare(model: str) -> str:
    return re.sub(r"[^a-z0-9]", "", model.casefold())
