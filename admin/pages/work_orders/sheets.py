"""A transition's form as a page shows it: what is typed, what is told, what stays out of sight, and what is wrong."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from fieldmesh.workorders.v1 import work_order_pb2

from admin.grpcfab import cells
from admin.grpcfab.clocks import folds_of
from admin.grpcfab.spec import Choice
from admin.pages.work_orders import prompts, travel
from admin.pages.work_orders.sites import site_zone
from services.chassis.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.forms import ResourceForm
    from admin.grpcfab.spec import Field
    from admin.pages.work_orders.moves import Asked, Move, Step
    from admin.pages.work_orders.prompts import Prompt

FOLD, ITEM, PERSON = "appointment__fold", "inputs__line_item_id", "inputs__person_id"
PRESENT: Final = "inputs__present_person_id"
ITEM_PATH: Final = "inputs.line_item_id"
# What a button may have chosen already; the form then tells it instead of asking.
CHOSEN: Final = frozenset({ITEM, PERSON, "inputs__cost_request_id", "inputs__directed_action_id", PRESENT})
# Kinds of reasons that are asked for by a prompt, and the inputs that only a prompt shows.
CONFIRMING: Final = frozenset({"delay", "override"})
PROMPTED: Final = frozenset({prompts.CONTINUE, prompts.REASON, prompts.COMMENT, prompts.REASON_TEXT})
# The version that an approver saw: sent as it was, never shown.
SEEN_CONTENT: Final = "inputs__seen_content_version"
_FOLDS: Final = {
    "earlier": work_order_pb2.CLOCK_FOLD_EARLIER,
    "later": work_order_pb2.CLOCK_FOLD_LATER,
}


@dataclasses.dataclass(frozen=True)
class Fact:
    """Something that a form tells: its words, its name in the browser, and the error of what it stands for."""

    label: str
    name: str
    cell: cells.Cell
    error: str = ""


@dataclasses.dataclass(frozen=True)
class Wrong:
    """One error for the summary, with the id of the input to correct."""

    anchor: str
    label: str
    words: str


class Sheet:
    """One drawing of a form. `held` are inputs that were chosen before: they are told, and sent as they are."""

    def __init__(self, move: Move, form: ResourceForm, sent: MultiDict[str, str], held: Collection[str]) -> None:
        self._move, self._form, self._sent = move, form, sent
        self.held = [key for key in held if key in form and form[key].data]
        self.prompt: Prompt | None = None
        if FOLD in form:
            self._offer_folds()

    def ask(self, prompt: Prompt | None) -> None:
        """Show a question alone; where something beside its answer is wrong, that comes first."""
        beside = (key for key in self._keys() if self._form[key].errors and prompt and key not in prompt.anchors)
        self.prompt = None if next(beside, None) else prompt

    def inputs(self, step: Step) -> list[Field]:
        """What is typed or chosen."""
        return [asked.field for asked in step.asked if self._drawn(asked)]

    def drawn(self, key: str) -> bool:
        """Whether an error of this input would be seen at it."""
        if self.prompt:
            return key in self.prompt.anchors
        return key in self.held or any(asked.key == key and self._drawn(asked) for asked in self._move.writable())

    def chosen(self, step: Step) -> list[Fact]:
        """What was chosen before, such as the line item that is finished."""
        return [self._held(asked) for asked in step.asked if asked.key in self.held]

    def facts(self, step: Step) -> list[Fact]:
        """What is only told."""
        told = [Fact(field.label, field.name, cell) for field, cell in self._move.shown(step)]
        return [
            dataclasses.replace(fact, cell=self._billed()) if fact.name == _key(travel.BILLED) else fact
            for fact in told
        ]

    def kept(self) -> list[tuple[str, str]]:
        """Inputs that are sent again without being shown, each with its value."""
        if self.prompt:
            answers = {*self.prompt.anchors, *self.prompt.kept}
            kept = [(key, value) for key in self._keys() if key not in answers for value in self._sent.getlist(key)]
            return [*kept, *self.prompt.kept.items(), *(("held", key) for key in self.held)]
        kept = [(key, str(self._form[key].data)) for key in self.held] + [("held", key) for key in self.held]
        if SEEN_CONTENT in self._form:
            kept.append((SEEN_CONTENT, str(self._form[SEEN_CONTENT].data or "")))
        if prompts.SEEN in self._form:
            kept.append((prompts.SEEN, str(self._form[prompts.SEEN].data or self._move.order.sla.version or "")))
        if self._move.transition.reason_kind in CONFIRMING:
            typed = (key for key in (prompts.REASON, prompts.explained_by(self._form)) if self._form[key].data)
            kept += [(key, str(self._form[key].data)) for key in typed]
        return kept

    def blame(self, violations: Sequence[Violation], prompt: Prompt | None) -> list[str]:
        """Put violations at the inputs that they name, or at the answers to a question; the others are answered."""
        violations = [dataclasses.replace(each, field=each.field.partition("[")[0]) for each in violations]
        keys = {asked.path: asked.key for asked in self._move.writable()}
        if len(violations) > 1:  # once the rest is right, the question is asked by itself
            violations = [each for each in violations if keys.get(each.field) != prompts.CONTINUE]
        self.prompt = None
        answers = prompt.anchors if prompt else {}
        shown = {path for path, key in keys.items() if key in answers or self.drawn(key)}
        self._form.blame(Violation(keys[each.field], each.description) for each in violations if each.field in shown)
        loose = self._form.blame(Violation("", each.description) for each in violations if each.field not in shown)
        return list(dict.fromkeys(loose))

    def wrong(self) -> list[Wrong]:
        """Every error that is shown at an input."""
        anchors = self.prompt.anchors if self.prompt else {}
        return [
            Wrong(anchors.get(key, self._form[key].id), self._form[key].label.text, str(words))
            for key in self._keys()
            if self.drawn(key)
            for words in self._form[key].errors
        ]

    def _keys(self) -> Sequence[str]:
        return [asked.key for asked in self._move.writable()]

    def _drawn(self, asked: Asked) -> bool:
        key = asked.key
        if self.prompt or asked.read_only or key in self.held or key in {prompts.SEEN, SEEN_CONTENT}:
            return False
        if key == FOLD:
            return self._twice
        if key == prompts.COMMENT and prompts.explained_by(self._form) != key:
            return True
        return not (key in PROMPTED and self._move.transition.reason_kind in CONFIRMING)

    def _held(self, asked: Asked) -> Fact:
        field = self._form[asked.key]
        if asked.key == PERSON:
            text = prompts.person_name(str(field.data))
        elif asked.key == PRESENT:
            order = self._move.order
            present = {each.person_id: each.name for each in (order.technician, *order.further_technicians)}
            text = present.get(str(field.data), "Not on this work order")
        else:
            choice = asked.field.choice(field.data)
            text = choice.label if choice else "Not one of this work order"
        return Fact(asked.field.label, asked.key, cells.Cell("text", text), " ".join(map(str, field.errors)))

    def _billed(self) -> cells.Cell:
        free = next((asked for asked in self._move.told() if asked.path == "travel.free_miles"), None)
        text = free.default.replace(",", "") if free else ""
        return travel.preview(self._form, float(text or self._move.order.travel.free_miles))

    def _offer_folds(self) -> None:
        """Ask which instant is meant where clocks show the appointment's time twice, and nowhere else."""
        field, start = self._form[FOLD], prompts.wall_start(self._form)
        offered = folds_of(start, site_zone(self._move.order)) if start else []
        self._twice = bool(offered)
        if not offered:
            field.data = 0
            return
        known = {choice.number: choice for choice in field.spec.choices}
        choices = [(known[_FOLDS[fold.value]], fold.label) for fold in offered]
        field.spec = dataclasses.replace(
            field.spec, choices=tuple(Choice(choice.value, label, number=choice.number) for choice, label in choices)
        )
        field.flags.required = True


def _key(path: str) -> str:
    return path.replace(".", "__")
