"""A workflow as data: states, transitions and who may use them, as loaded from one versioned YAML file.

Nothing here knows YAML or the contract; services/workorders/definitions reads and checks the files and hands over
these values. A definition is immutable once published, and an order keeps the version it began with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.workorders.domain.links import LinkKind

SAME = "same"
COMPUTED = "computed"


class Category(StrEnum):
    """What a state means for lists and clocks, whatever its code."""

    OPEN = "open"
    HELD = "held"
    DONE = "done"
    DEAD = "dead"


class Position(StrEnum):
    """Where the record page draws a transition's button."""

    HIDDEN = "hidden"
    BAR = "bar"
    MORE = "more"
    INLINE = "inline"


@dataclass(frozen=True, slots=True)
class State:
    """One state; rank sorts lists in lifecycle order (CP-15), tone colours the badge, frozen keeps its files."""

    code: str
    label: str
    rank: int
    category: Category
    clock_running: bool
    tone: str = "neutral"
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class ActorRule:
    """Who one name in a transition's `who` stands for.

    `party` is the column of the order that must hold the actor's organisation; `kinds` are the kinds of organisation
    that may hold the role; `owns` names a tie to the order itself, such as being its assigned technician, and `never`
    one that excludes: four eyes are needed where the submitter never approves.
    """

    name: str
    role: str
    party: str = ""
    kinds: tuple[str, ...] = ()
    owns: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A predicate over the situation: a combinator with parts, a comparison, or a named primitive with arguments.

    `says` and `blames` replace the words and the field of the objections of its parts.
    """

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    parts: tuple[Condition, ...] = ()
    says: str = ""
    blames: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a literal, a path of the situation, or a named computation."""

    path: str = ""
    compute: str = ""
    literal: object = None


@dataclass(frozen=True, slots=True)
class FormField:
    """One field that a transition asks for; `path` is one of the WorkOrder message, or an input (`inputs.comment`).

    What is asked for `singly` belongs to one order, such as what its meter shows, and is not given for several at once.
    """

    path: str
    required: bool = False
    label: str = ""
    help: str = ""
    default: Source | None = None
    read_only: bool = False
    singly: bool = False


@dataclass(frozen=True, slots=True)
class FormStep:
    """One page of a form."""

    title: str
    fields: tuple[FormField, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A field that the transition sets by itself."""

    path: str
    source: Source


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail that a transition asks for: a template and symbolic recipients, resolved by notifications.

    Nobody is told what they did themselves, but where it goes `to_actor`, as a confirmation does (PT-8).
    """

    template: str
    recipients: tuple[str, ...]
    when: Condition | None = None
    to_actor: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """What a transition writes into the order's feed: a text, labelled facts (CP-59), and who is mentioned.

    `{path}` in the text is replaced by the value at that path. Mentions are symbolic, as in notices.
    """

    text: str
    facts: tuple[tuple[str, Source], ...] = ()
    mentions: tuple[str, ...] = ()

    def pieces(self) -> tuple[tuple[str, str], ...]:
        """The text as pairs of literal text and the path after it; the last pair's path may be empty."""
        return tuple((literal, path or "") for literal, path, _, _ in Formatter().parse(self.text))


class Carried(StrEnum):
    """Which line items go over to an order that continues another."""

    ALL = "all"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Continuation:
    """A transition that begins a new order, which goes on with the task of this one and is linked to it.

    `then` names the transition that the new order makes at once, with the same inputs, where an organisation is given.
    """

    link: LinkKind
    line_items: Carried
    files: bool = False
    then: str = ""


@dataclass(frozen=True, slots=True)
class Caution:
    """What keeps the order as it was, with a warning instead of a refusal, until its condition holds (CP-49)."""

    code: str
    unless: Condition
    says: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One way to move, or to change fields while staying (`to: same`).

    Where `to` is computed, `computes` names the computation of the state, which is one of `among`.
    `through` are states passed within the same transaction before `to`, each with a history row of its own. `when`
    decides whether the transition is offered at all; a guard decides whether an offered one may be used now, and says
    why not.
    `drafts` names the transition whose form is kept without committing anything; `phase` is the phase of the parts that
    implies this transition. `continuation` begins a new order that goes on with the task. `derives` is set before the
    guards look, `sets` after them. `done` is a sentence that tells afterwards what was done. On the day at the path
    `due_on` it fires by itself.
    """

    name: str
    label: str
    starts: tuple[str, ...]
    to: str
    who: tuple[str, ...]
    among: tuple[str, ...] = ()
    computes: str = ""
    through: tuple[str, ...] = ()
    when: Condition | None = None
    form: tuple[FormStep, ...] = ()
    requires: tuple[str, ...] = ()
    guards: tuple[Condition, ...] = ()
    reason: str = ""
    more_reasons: tuple[str, ...] = ()
    caution: Caution | None = None
    derives: tuple[Assignment, ...] = ()
    sets: tuple[Assignment, ...] = ()
    effects: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    post: Post | None = None
    continuation: Continuation | None = None
    drafts: str = ""
    phase: str = ""
    due_on: str = ""
    help: str = ""
    done: str = ""
    icon: str = ""
    confirm: str = ""
    danger: bool = False
    position: Position = Position.BAR
    bulk: bool = False

    @property
    def reason_kinds(self) -> tuple[str, ...]:
        """The kinds of reasons that it takes; none where it asks for no reason."""
        return (self.reason, *self.more_reasons) if self.reason else ()

    @property
    def stays(self) -> bool:
        """Whether the state remains what it is."""
        return self.to == SAME

    @property
    def ends(self) -> tuple[str, ...]:
        """The states that it may lead to; none where the state remains what it is."""
        if self.stays:
            return ()
        return self.among if self.computes else (self.to,)

    def form_fields(self) -> tuple[FormField, ...]:
        """The fields of all steps, in order."""
        return tuple(field for step in self.form for field in step.fields)


@dataclass(frozen=True)
class Definition:
    """One version of one workflow; `labels` are the contract's words for the paths that it uses."""

    name: str
    version: int
    label: str
    initial: str
    creators: tuple[str, ...]
    states: Mapping[str, State]
    actors: Mapping[str, ActorRule]
    transitions: Mapping[str, Transition]
    history_groups: tuple[str, ...] = ()
    history_omits: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_state(self) -> Mapping[str, tuple[Transition, ...]]:
        """The transitions that start from each state, in the order of the file."""
        return {
            code: tuple(transition for transition in self.transitions.values() if code in transition.starts)
            for code in self.states
        }

    @cached_property
    def input_paths(self) -> Mapping[str, frozenset[str]]:
        """For each transition, the paths that its caller may give."""
        return {name: self._input_paths(transition) for name, transition in self.transitions.items()}

    def _input_paths(self, transition: Transition) -> frozenset[str]:
        form = (self.transitions[transition.drafts] if transition.drafts else transition).form_fields()
        return frozenset(field.path for field in form if not field.read_only)
