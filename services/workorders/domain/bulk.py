"""Transitions on several orders at once: which are offered so, and why one may not be used so (UM-9, UM-10)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.workorders.domain.errors import TransitionUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.workorders.domain.definition import ActorRule, Definition, Transition
    from services.workorders.domain.values import Actor


def offered(definition: Definition, actor: Actor) -> tuple[Transition, ...]:
    """What an actor may fire on several orders; whether it fits one of them is judged order by order."""
    return tuple(
        _for_several(transition)
        for transition in definition.transitions.values()
        if transition.bulk and any(_may_fit(definition.actors[name], actor) for name in transition.who)
    )


def check(definition: Definition, name: str, workflow: str = "", given: Iterable[str] = ()) -> None:
    """Raises TransitionUnknown where a transition is not for several orders, or is meant for another workflow's.

    So does a `given` path whose value belongs to one order alone.
    """
    transition = definition.transitions.get(name)
    if workflow and workflow != definition.name:
        raise TransitionUnknown(f"This work order is moved by {definition.label}, which the action is not of.")
    if transition is not None and not transition.bulk:
        raise TransitionUnknown(f"“{transition.label}” is for one work order at a time.")
    alone = {field.path for field in transition.form_fields() if field.singly} if transition is not None else set()
    if transition is not None and alone.intersection(given):
        raise TransitionUnknown(f"“{transition.label}” asks for something that is given for one work order at a time.")


def _for_several(transition: Transition) -> Transition:
    """The transition without what its form asks for each order alone."""
    form = [(step, tuple(field for field in step.fields if not field.singly)) for step in transition.form]
    return replace(transition, form=tuple(replace(step, fields=fields) for step, fields in form if fields))


def _may_fit(rule: ActorRule, actor: Actor) -> bool:
    return rule.role in actor.roles and (not rule.kinds or actor.organization_kind in rule.kinds)
