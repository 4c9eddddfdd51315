"""The engine: what an actor may do with an order now, and doing it.

`Workflow` is made once from a definition and holds no state of its own. Nothing else in this product moves a state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.workorders.domain import approving as _approving  # noqa: F401 - registers primitives and computations
from services.workorders.domain import assignment_rules as _assignment_rules  # noqa: F401 - registers more of them
from services.workorders.domain import crew as _crew  # noqa: F401 - registers more of them
from services.workorders.domain import guards as _guards  # noqa: F401 - registers the primitives
from services.workorders.domain import metering as _metering  # noqa: F401 - registers primitives and computations
from services.workorders.domain import paths
from services.workorders.domain import replacing as _replacing  # noqa: F401 - registers more of them
from services.workorders.domain import request_rules as _request_rules  # noqa: F401 - registers more of them
from services.workorders.domain import schedule_flags as _schedule_flags  # noqa: F401 - registers computations
from services.workorders.domain.changes import changes_between, state_changes
from services.workorders.domain.computations import COMPUTATIONS
from services.workorders.domain.errors import ActorNotAllowed, StateDoesNotAllow, TransitionUnknown, WorkOrderError
from services.workorders.domain.line_items import changed
from services.workorders.domain.outcome import Caveat, FeedDraft, Outcome, Refusal, refuse
from services.workorders.domain.permissions import permitted
from services.workorders.domain.predicates import Objection, asked_paths, judge, needed_snapshots, preferred_snapshots
from services.workorders.domain.resolvers import RESOLVERS
from services.workorders.domain.situation import INPUT_NAMES, NOTHING, Inputs, Situation
from services.workorders.domain.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from services.workorders.domain.definition import Assignment, Condition, Definition, Source, State, Transition
    from services.workorders.domain.values import Actor
    from services.workorders.domain.work_order import WorkOrder

NO_INPUTS = Inputs()
# Roots of paths whose values a transition does not change while it runs.
OUTSIDE = frozenset({"inputs", "snapshots", "actor", "before", "now"})


@dataclass(frozen=True, slots=True)
class Offer:
    """A transition that an actor is offered, with what refuses it now and the values that its form begins with."""

    transition: Transition
    objections: tuple[Objection, ...]
    defaults: Mapping[str, object]

    @property
    def allowed(self) -> bool:
        """Whether nothing that is known before the form is filled in speaks against it."""
        return not self.objections


class Workflow:
    """One version of one workflow, ready to run."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._starts = definition.by_state
        self._input_paths = definition.input_paths
        self._known_beforehand = {
            name: tuple(guard for guard in transition.guards if not self._awaits_form(name, guard))
            for name, transition in definition.transitions.items()
        }

    def state(self, code: str) -> State:
        """The state with a code."""
        return self.definition.states[code]

    def snapshots_of(self, name: str) -> frozenset[str]:
        """The snapshots that the guards of a transition need or prefer; none for an unknown one."""
        transition = self.definition.transitions.get(name)
        guards = transition.guards if transition else ()
        return frozenset().union(*(needed_snapshots(guard) | preferred_snapshots(guard) for guard in guards))

    def may_create(self, actor: Actor) -> bool:
        """Whether the actor may create an order in this workflow; its organisation becomes the issuer."""
        rules = (self.definition.actors[name] for name in self.definition.creators)
        return any(
            rule.role in actor.roles and (not rule.kinds or actor.organization_kind in rule.kinds) for rule in rules
        )

    def available(
        self, order: WorkOrder, actor: Actor, now: datetime, snapshots: Mapping[str, object] = NOTHING
    ) -> tuple[Offer, ...]:
        """Every transition that the actor is offered in the order's state, in the order of the file.

        A guard that looks at what the form asks for, or at a snapshot that is not given, is left to `fire`.
        """
        situation = Situation(order, order, actor, now, NO_INPUTS, snapshots)
        return tuple(
            self._offer(transition, situation)
            for transition in self._starts[order.state]
            if permitted(self.definition, transition, order, actor)
            and (transition.when is None or not judge(transition.when, situation))
        )

    def fire(  # noqa: PLR0913, PLR0917 - what a move is made of; each is one thing
        self,
        order: WorkOrder,
        name: str,
        inputs: Inputs,
        actor: Actor,
        now: datetime,
        snapshots: Mapping[str, object] = NOTHING,
    ) -> Outcome | Refusal:
        """Move the order, or say everything that is in the way; `order` itself is never changed."""
        transition = self.definition.transitions.get(name)
        if transition is None:
            return Refusal(TransitionUnknown(f"{self.definition.label} has no transition “{name}”."))
        if not permitted(self.definition, transition, order, actor):
            return Refusal(ActorNotAllowed(f"You may not use “{transition.label}” on this work order."))
        before = Situation(order, order, actor, now, inputs, snapshots)
        if order.state not in transition.starts or (transition.when and judge(transition.when, before)):
            label = self.state(order.state).label
            return Refusal(StateDoesNotAllow(f"“{transition.label}” is not possible while the work order is {label}."))
        try:
            return self._move(transition, before)
        except WorkOrderError as error:
            return Refusal(error)

    def _move(self, transition: Transition, before: Situation) -> Outcome | Refusal:
        order = before.order
        strangers = self._strangers(transition, before.inputs)
        if strangers:
            return refuse(transition.label, strangers, ())
        if transition.drafts:
            values = dict(before.inputs.values)
            return Outcome(transition, order, order.state, order.state, draft=values)
        given = before.with_order(_written(order, before.inputs.values, before))
        if transition.caution and judge(transition.caution.unless, given):
            caveat = Caveat(transition.caution.code, transition.caution.says)
            return Outcome(transition, order, order.state, order.state, happened=False, warnings=(caveat,))
        given = _assigned(given, transition.derives)
        missing, refusing = self._missing(transition, given), self._refusing(transition, given)
        if missing or refusing:
            return refuse(transition.label, missing, refusing)
        return self._outcome(transition, before, _assigned(given, transition.sets))

    def _outcome(self, transition: Transition, before: Situation, after: Situation) -> Outcome:
        old, to_state = before.order, _target(self.definition, transition, after)
        touched = (*before.inputs.values, *(item.path for item in (*transition.derives, *transition.sets)))
        told = (path for path in touched if path not in self.definition.history_omits)
        changes = changes_between(old, after.order, told, self.definition.history_groups, after.line_item)
        route = () if transition.stays else (old.state, *transition.through, to_state)
        changes += state_changes([self.state(code).label for code in route])
        return Outcome(
            transition=transition,
            order=after.order if transition.stays else replace(after.order, state=to_state),
            from_state=old.state,
            to_state=to_state,
            changes=changes,
            effects=transition.effects,
            notices=tuple(notice for notice in transition.notices if not notice.when or not judge(notice.when, after)),
            post=_post(transition, after),
        )

    def _offer(self, transition: Transition, situation: Situation) -> Offer:
        known = self._known_beforehand[transition.name]
        guards = (guard for guard in known if needed_snapshots(guard) <= situation.snapshots.keys())
        asked = self._input_paths[transition.name]
        objections = [objection for guard in guards for objection in judge(guard, situation)]
        objections += self._unset(transition, (path for path in transition.requires if path not in asked), situation)
        return Offer(transition, tuple(objections), self._defaults(transition, situation))

    def _defaults(self, transition: Transition, situation: Situation) -> Mapping[str, object]:
        drafts = situation.snapshots.get("drafts")
        draft = paths.read(drafts, transition.name) if drafts else None
        sources = {field.path: field.default for field in transition.form_fields() if field.default}
        values = {path: _value(source, situation) for path, source in sources.items()}
        return {**values, **(draft if isinstance(draft, dict) else {})}

    def _strangers(self, transition: Transition, inputs: Inputs) -> tuple[Objection, ...]:
        allowed = self._input_paths[transition.name]
        given = {f"inputs.{name}" for name in INPUT_NAMES if getattr(inputs, name) != getattr(NO_INPUTS, name)}
        text = f"“{transition.label}” does not ask for this."
        return tuple(
            Objection("form", text, path, "FIELD_NOT_IN_FORM")
            for path in (*inputs.values, *sorted(given))
            if path not in allowed
        )

    def _missing(self, transition: Transition, situation: Situation) -> tuple[Objection, ...]:
        required = [field.path for field in transition.form_fields() if field.required]
        missing = self._unset(transition, required, situation)
        known = paths.read(situation.snapshots, "reasons") if transition.reason else None
        code = situation.inputs.reason_code
        if code and isinstance(known, dict) and code not in known:
            missing += (Objection("reason", "Choose one of the reasons offered.", "inputs.reason_code"),)
        return missing

    def _refusing(self, transition: Transition, situation: Situation) -> tuple[Objection, ...]:
        asked = self._input_paths[transition.name]
        objections = self._unset(transition, (path for path in transition.requires if path not in asked), situation)
        for guard in transition.guards:
            absent = needed_snapshots(guard) - situation.snapshots.keys()
            if absent:
                text = f"It cannot be checked now, because {', '.join(sorted(absent))} is not known. Try again later."
                objections += (Objection(guard.name, text, code="SERVICE_UNAVAILABLE"),)
            else:
                objections += judge(guard, situation)
        return objections

    def _unset(self, transition: Transition, wanted: Iterable[str], situation: Situation) -> tuple[Objection, ...]:
        missing = [path for path in wanted if not paths.is_set(situation.read(path))]
        if not missing:
            return ()
        labels = {
            **self.definition.labels,
            **{field.path: field.label for field in transition.form_fields() if field.label},
        }
        return tuple(Objection("field_set", f"{labels.get(path, path)} is required.", path) for path in missing)

    def _awaits_form(self, name: str, guard: Condition) -> bool:
        asked = self._input_paths[name]
        derived = {item.path for item in self.definition.transitions[name].derives}
        return any(
            path in asked or path in derived or path.startswith(("inputs.", "line_item."))
            for path in asked_paths(guard)
        )


def _target(definition: Definition, transition: Transition, situation: Situation) -> str:
    """The state that a transition leads to."""
    if transition.stays:
        return situation.order.state
    if not transition.computes:
        return transition.to
    found = RESOLVERS[transition.computes](definition, situation)
    if found not in transition.among:
        raise StateDoesNotAllow(f"“{transition.label}” cannot lead to the state {found}.")
    return found


def _value(source: Source, situation: Situation) -> object:
    if source.compute:
        return COMPUTATIONS[source.compute].compute(situation)
    return situation.read(source.path) if source.path else source.literal


def _assigned(situation: Situation, assignments: tuple[Assignment, ...]) -> Situation:
    """The situation with what a transition sets, each after those before it, in few copies."""
    pending: dict[str, object] = {}
    for item in assignments:
        if pending and _looks_at_order(item.source):
            situation = situation.with_order(_written(situation.order, pending, situation))
            pending = {}
        pending[item.path] = _value(item.source, situation)
    return situation.with_order(_written(situation.order, pending, situation)) if pending else situation


def _looks_at_order(source: Source) -> bool:
    return bool(source.compute) or (bool(source.path) and source.path.partition(".")[0] not in OUTSIDE)


def _written(order: WorkOrder, values: Mapping[str, object], situation: Situation) -> WorkOrder:
    if not values:
        return order
    fields = {path: value for path, value in values.items() if not path.startswith("line_item.")}
    written = paths.write(order, fields) if fields else order
    if len(fields) == len(values):
        return written
    item = {path.removeprefix("line_item."): value for path, value in values.items() if path.startswith("line_item.")}
    return replace(written, line_items=changed(written.line_items, situation.inputs.line_item_id, item))


def _post(transition: Transition, situation: Situation) -> FeedDraft | None:
    if transition.post is None:
        return None
    facts = ((label, text_of(_value(source, situation))) for label, source in transition.post.facts)
    body = "".join(_piece(piece, situation) for piece in transition.post.pieces())
    return FeedDraft(body.strip(), tuple((label, text) for label, text in facts if text), transition.post.mentions)


def _piece(piece: tuple[str, str], situation: Situation) -> str:
    literal, path = piece
    return literal + (text_of(situation.read(path)) if path else "")
