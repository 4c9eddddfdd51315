"""Form fields that choose: codes, other rows, and messages within the message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import wtforms

from admin.grpcfab import references
from admin.grpcfab.fields import TextField

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from admin.grpcfab.kinds import Choice, Field


class ChoiceField(wtforms.Field):
    """One allowed value: an enum's number, or a code; a value that this process does not know stays choosable."""

    kind: ClassVar[str] = "choice"
    spec: Field

    @property
    def options(self) -> list[tuple[str, str]]:
        known = [(choice.value, choice.label) for choice in self.spec.choices]
        return [*known, (str(self.data), f"Unknown ({self.data})")] if self._unknown() else known

    def chosen(self, value: str) -> bool:
        choice = self.spec.choice(self.data)
        return value == (choice.value if choice else str(self.data or ""))

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]) if valuelist else ""
        self.data = _stored(self.spec, text)

    def _unknown(self) -> bool:
        return bool(self.data) and self.spec.choice(self.data) is None


class ChoiceListField(wtforms.Field):
    """Several allowed values, as check boxes."""

    kind: ClassVar[str] = "choice-list"
    spec: Field

    @property
    def options(self) -> Sequence[Choice]:
        return self.spec.choices

    def chosen(self, choice: Choice) -> bool:
        return (choice.number if self.spec.is_enum else choice.value) in (self.data or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = [_stored(self.spec, str(text)) for text in valuelist if text]


class ReferenceField(TextField):
    """Another row, picked with a search box that asks the server; its name is looked up when it is drawn."""

    kind = "reference"
    spec: Field

    @property
    def title(self) -> str:
        return references.title_of(self.spec.reference, self._value())


class ReferenceListField(wtforms.Field):
    """Several other rows."""

    kind: ClassVar[str] = "reference-list"
    spec: Field

    @property
    def chosen(self) -> list[tuple[str, str]]:
        known = references.fetch({self.spec.reference: self.data or []})
        return [(one, known[self.spec.reference, one].title) for one in self.data or []]

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = list(dict.fromkeys(str(one).strip() for one in valuelist if str(one).strip()))


class GroupField(wtforms.FormField):  # type: ignore[type-arg]
    """A message within the message, such as an address."""

    kind: ClassVar[str] = "group"

    def process(self, formdata: Any, data: Any = None, extra_filters: Iterable[Any] | None = None) -> None:
        del extra_filters
        prefix = f"{self.name}{self.separator}"
        self.form = self.form_class(formdata=formdata, prefix=prefix, data=data if isinstance(data, dict) else {})


def _stored(spec: Field, text: str) -> Any:
    if not spec.is_enum:
        return text
    for choice in spec.choices:
        if choice.value == text:
            return choice.number
    return int(text) if text.isdigit() else 0
