"""What makes a definition unusable in itself; whether it fits the contract is judged outside the domain."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from services.workorders.domain.computations import COMPUTATIONS
from services.workorders.domain.definition import SAME, Category
from services.workorders.domain.fulfilment import PHASES
from services.workorders.domain.permissions import ORGANIZATION_KINDS, PARTIES, ROLES, TIES
from services.workorders.domain.resolvers import RESOLVERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from services.workorders.domain.definition import Definition, Transition

Path = tuple[str | int, ...]
Found = tuple[Path, str]

RECIPIENTS = (
    "executor_organization",
    "issuer_dispatchers",
    "issuer_approvers",
    "customer_service_executive",
    "technician",
    "followers",
    "mentioned",
    "executor_dispatchers",
    "submitter",
    "approver",
    "approver_delegate",
    "assignee",
    "former_assignee",
    "assigned_technician",
    "released_technicians",
)
REASON_KINDS = ("delay", "override", "freelancer", "cannot_complete", "cancel", "reject", "hold", "replacement")


def faults_of(definition: Definition) -> Iterator[Found]:
    """Every fault as the path within the file and what to say."""
    if definition.initial not in definition.states:
        yield ("initial",), f"There is no state “{definition.initial}”."
    yield from _unknown(("creators",), definition.creators, definition.actors, "actor")
    yield from _actor_faults(definition)
    yield from _state_faults(definition)
    for transition in definition.transitions.values():
        yield from _transition_faults(definition, transition)
    yield from _reach_faults(definition)


def _unknown(path: Path, names: Collection[str], known: Collection[str], what: str) -> Iterator[Found]:
    for index, name in enumerate(names):
        if name not in known:
            yield (*path, index), f"There is no {what} “{name}”."
    for name, count in Counter(names).items():
        if count > 1:
            yield path, f"“{name}” stands here {count} times."


def _actor_faults(definition: Definition) -> Iterator[Found]:
    for name, rule in definition.actors.items():
        if rule.role not in ROLES:
            yield ("actors", name, "role"), f"There is no role “{rule.role}”."
        if rule.party and rule.party not in PARTIES:
            yield ("actors", name, "party"), f"A party is one of {', '.join(PARTIES)}."
        if rule.owns and rule.owns not in TIES:
            yield ("actors", name, "owns"), f"There is no tie “{rule.owns}”."
        if rule.never and rule.never not in TIES:
            yield ("actors", name, "never"), f"There is no tie “{rule.never}”."
        yield from _unknown(("actors", name, "kinds"), rule.kinds, ORGANIZATION_KINDS, "kind of organisation")


def _state_faults(definition: Definition) -> Iterator[Found]:
    labels = Counter(state.label for state in definition.states.values())
    ranks = Counter(state.rank for state in definition.states.values())
    for code, state in definition.states.items():
        if labels[state.label] > 1:
            yield ("states", code, "label"), f"Two states have the label “{state.label}”."
        if ranks[state.rank] > 1:
            yield ("states", code, "rank"), f"Two states have the rank {state.rank}."


def _transition_faults(definition: Definition, transition: Transition) -> Iterator[Found]:
    here: Path = ("transitions", transition.name)
    yield from _unknown((*here, "from"), transition.starts, definition.states, "state")
    yield from _unknown((*here, "through"), transition.through, definition.states, "state")
    yield from _unknown((*here, "who"), transition.who, definition.actors, "actor")
    yield from (
        ((*here, "to"), f"There is no state “{code}”.") for code in transition.ends if code not in definition.states
    )
    if transition.computes and transition.computes not in RESOLVERS:
        yield (*here, "to"), f"There is no resolver “{transition.computes}”."
    if transition.stays and transition.through:
        yield (*here, "through"), f"A transition to “{SAME}” passes no states."
    if transition.drafts and transition.drafts not in definition.transitions:
        yield (*here, "drafts"), f"There is no transition “{transition.drafts}”."
    yield from _reason_faults(here, transition)
    if transition.phase and transition.phase not in PHASES:
        yield (*here, "phase"), f"A phase is one of {', '.join(PHASES)}."
    repeated = Counter(field.path for field in transition.form_fields())
    for path, count in repeated.items():
        if count > 1:
            yield (*here, "form"), f"The form asks for “{path}” {count} times."
    yield from _continuation_faults(here, definition, transition)
    yield from _source_faults(here, transition)
    for index, notice in enumerate(transition.notices):
        yield from _unknown((*here, "notices", index, "to"), notice.recipients, RECIPIENTS, "recipient")
    if transition.post:
        yield from _unknown((*here, "post", "mentions"), transition.post.mentions, RECIPIENTS, "recipient")


def _reason_faults(here: Path, transition: Transition) -> Iterator[Found]:
    if transition.reason and transition.reason not in REASON_KINDS:
        yield (*here, "reason"), f"There is no kind of reason “{transition.reason}”."
    yield from _unknown((*here, "more_reasons"), transition.more_reasons, REASON_KINDS, "kind of reason")
    if transition.more_reasons and not transition.reason:
        yield (*here, "more_reasons"), "Further kinds of reasons need a first one under “reason”."


def _continuation_faults(here: Path, definition: Definition, transition: Transition) -> Iterator[Found]:
    then = transition.continuation.then if transition.continuation else ""
    if then and then not in definition.transitions:
        yield (*here, "continues_as", "then"), f"There is no transition “{then}”."
    elif then and definition.initial not in definition.transitions[then].starts:
        yield (*here, "continues_as", "then"), f"“{then}” does not start from the state of a new order."


def _source_faults(here: Path, transition: Transition) -> Iterator[Found]:
    for part, assignments in (("derives", transition.derives), ("sets", transition.sets)):
        for item in assignments:
            if item.source.compute and item.source.compute not in COMPUTATIONS:
                yield (*here, part, item.path), f"There is no computation “{item.source.compute}”."
            if item.path == "state":
                yield (*here, part, item.path), "Only the transition itself moves the state."


def _reach_faults(definition: Definition) -> Iterator[Found]:
    reached = {definition.initial}
    resting = {definition.initial}
    grew = True
    while grew:
        moves = [move for move in definition.transitions.values() if not move.stays and reached & set(move.starts)]
        found = {code for move in moves for code in (*move.through, *move.ends)}
        resting |= {code for move in moves for code in move.ends}
        grew = not found <= reached
        reached |= found
    for code, state in definition.states.items():
        if code not in reached:
            yield ("states", code), "No transition reaches this state."
        ways_out = (move for move in definition.by_state[code] if not move.stays)
        if code in resting and state.category in {Category.OPEN, Category.HELD} and not any(ways_out):
            yield ("states", code), "No transition leads out of this open state."
