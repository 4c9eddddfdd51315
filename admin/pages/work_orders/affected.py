"""The form field for parts that are ordered again: how many of each, all of them in one dialog (CP-77)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Final

import wtforms
from fieldmesh.workorders.v1 import work_order_service_pb2

from admin.grpcfab.forms import field_of_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from admin.grpcfab.forms import ResourceForm
    from admin.grpcfab.spec import Field

AffectedPart = work_order_service_pb2.AffectedPart
AFFECTED: Final = "inputs__affected_parts"


@dataclasses.dataclass(frozen=True)
class Line:
    """A part that may be chosen: what is sent for it, what people read, how many there are, and what was typed."""

    value: str
    label: str
    most: int
    typed: str


class AffectedPartsField(wtforms.Field):
    """A number for each part that is offered; the browser sends each part's value, and then its number.

    Empty and zero leave a part out. Its data is a list of `AffectedPart`.
    """

    kind: ClassVar[str] = "amounts"
    spec: Field
    typed: dict[str, str]

    @property
    def lines(self) -> list[Line]:
        """Every part that is offered, with what was typed for it."""
        return [Line(each.value, each.label, each.most, self.typed.get(each.value, "")) for each in self.spec.choices]

    def process_data(self, value: Any) -> None:
        """`value` is the one part that a form begins with, or nothing."""
        self.typed = {str(value): "1"} if value else {}
        self.data = self._read()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError for what is no number."""
        if not valuelist:
            return
        sent = [str(each).strip() for each in valuelist]
        self.typed = dict(zip(sent[::2], sent[1::2], strict=False))
        self.data = self._read()
        wrong = [self._label(value) for value, text in self.typed.items() if text and not _is_number(text)]
        if wrong:
            raise ValueError(f"Enter a whole number for {', '.join(wrong)}.")

    def _read(self) -> list[AffectedPart]:
        """What was chosen, of each part as many as were typed."""
        chosen = ((value, int(text)) for value, text in self.typed.items() if _is_number(text) and int(text))
        split = ((*value.partition("/")[::2], number) for value, number in chosen)
        return [AffectedPart(line_item_id=item, part_id=part, quantity=number) for item, part, number in split]

    def _label(self, value: str) -> str:
        return next((each.label for each in self.spec.choices if each.value == value), "a part")


def asked_in(form: type[ResourceForm], fields: Iterable[Field]) -> type[ResourceForm]:
    """The form with the field of this module, where one of its fields asks for it."""
    for spec in fields:
        if spec.name == AFFECTED:
            setattr(form, AFFECTED, field_of_class(AffectedPartsField, spec))
            form.specs = (*form.specs, spec)
    return form


def given_for(parts: Iterable[tuple[str, str, int]]) -> Sequence[tuple[str, str]]:
    """What a link says so that the form begins with parts, each with its line item, its id and how many."""
    return [("affected_parts", text) for item, part, number in parts for text in (f"{item}/{part}", str(number))]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
