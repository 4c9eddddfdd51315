"""Forms from descriptors: what may be written, with the checks that the contract names."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

import wtforms
from flask_wtf import FlaskForm
from wtforms import validators

from admin.grpcfab import choosing, fields, values
from admin.grpcfab.context import resumed
from admin.grpcfab.numbers import digits
from admin.grpcfab.spec import Field, Kind, nested_class, words
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from google.protobuf.message import Message
    from werkzeug.datastructures import MultiDict

    from services.chassis.errors import Refusal, Violation

_FIELDS: Final[Mapping[Kind, type[wtforms.Field]]] = {
    Kind.TEXT: fields.TextField,
    Kind.MULTILINE: fields.MultilineField,
    Kind.EMAIL: fields.EmailField,
    Kind.PHONE: fields.PhoneField,
    Kind.URL: fields.UrlField,
    Kind.TIME_ZONE: fields.TimeZoneField,
    Kind.CHOICE: choosing.ChoiceField,
    Kind.BOOLEAN: fields.SwitchField,
    Kind.INTEGER: fields.IntegerField,
    Kind.BYTES: fields.IntegerField,
    Kind.NUMBER: fields.NumberField,
    Kind.MONEY: fields.MoneyField,
    Kind.INSTANT: fields.InstantField,
    Kind.DATE: fields.DateField,
    Kind.REFERENCE: choosing.ReferenceField,
    Kind.FIELDS: choosing.GroupField,
}
_REPEATED: Final[Mapping[Kind, type[wtforms.Field]]] = {
    Kind.CHOICE: choosing.ChoiceListField,
    Kind.REFERENCE: choosing.ReferenceListField,
    Kind.TEXT: fields.LinesField,
    Kind.EMAIL: fields.LinesField,
}
_TEXTS: Final = {Kind.TEXT, Kind.MULTILINE, Kind.EMAIL, Kind.PHONE, Kind.URL}


class ResourceForm(FlaskForm):  # type: ignore[misc]
    """A form over a message: remembers the etag and the values that it was drawn with."""

    etag_seen = wtforms.HiddenField()
    base_seen = wtforms.HiddenField()
    request_key = wtforms.HiddenField()
    specs: Sequence[Field] = ()

    @classmethod
    def refresh(cls, obj: Any = None) -> ResourceForm:
        """Flask-AppBuilder's way of making a form for a row, or an empty one."""
        return cls.drawn(obj.message, obj.etag) if obj is not None else cls.drawn(None)

    @classmethod
    def drawn(cls, message: Message | None, etag: str = "") -> ResourceForm:
        """A form for the browser, filled from a message."""
        form = cls(formdata=None, data=load(message, cls.specs) if message is not None else {})
        form.remember(etag)
        return form

    @classmethod
    def sent(cls, formdata: MultiDict[str, str]) -> ResourceForm:
        """The form as the browser sent it."""
        return cls(formdata=formdata)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it may be sent; never right after a new sign-in, when it is drawn for people to look over."""
        return bool(super().validate(extra_validators)) and not resumed()

    def remember(self, etag: str) -> None:
        """Note what is drawn now, so that what the person changed can be told later."""
        self.etag_seen.data = etag
        self.base_seen.data = json.dumps(self.fingerprints(), separators=(",", ":"))
        self.request_key.data = self.request_key.data or new_id()

    def fingerprints(self) -> dict[str, str]:
        return {spec.name: _fingerprint(dump(self[spec.name], spec)) for spec in self.specs}

    def touched(self) -> list[Field]:
        """Fields whose value differs from the one that the form was drawn with."""
        base, now = self.drawn_with(), self.fingerprints()
        return [spec for spec in self.specs if base.get(spec.name) != now[spec.name]]

    def drawn_with(self) -> dict[str, str]:
        """The fingerprints of the values that the form was drawn with; none where the browser sent none."""
        try:
            base = json.loads(self.base_seen.data or "{}")
        except ValueError:
            return {}
        return base if isinstance(base, dict) else {}

    def refuse(self, refusal: Refusal) -> list[str]:
        """Put a refusal's violations at their fields; what belongs to no field is answered."""
        return self.blame(refusal.violations) or ([] if refusal.violations else [str(refusal)])

    def blame(self, violations: Iterable[Violation]) -> list[str]:
        """Put violations at their fields; what belongs to no field is answered. All of it in sentences."""
        loose = []
        for violation in violations:
            target = _find(self, violation.field)
            if target is None:
                loose.append(_sentence(violation.description, _words(violation.field)))
            else:
                target.errors = [*target.errors, _sentence(violation.description, "This")]
        return loose


def form_class(specs: Iterable[Field], name: str = "DynamicForm") -> type[ResourceForm]:
    """A form with one field for each spec that can be written."""
    writable = [spec for spec in specs if _field_class(spec) is not None]
    return type(name, (ResourceForm,), {"specs": tuple(writable), **{spec.name: _unbound(spec) for spec in writable}})


def load(message: Message, specs: Iterable[Field]) -> dict[str, Any]:
    """A message's values as form data; nested messages become dictionaries."""
    found: dict[str, Any] = {}
    for spec in specs:
        value = values.read(message, spec)
        nested = spec.kind is Kind.FIELDS and not spec.repeated
        found[spec.name] = load(value, spec.children) if nested and value is not None else value
    return found


def dump(field: Any, spec: Field) -> Any:
    """A form field's value as admin.grpcfab.values.write takes it; None clears."""
    if spec.kind is Kind.FIELDS and not spec.repeated:
        return _nested(field, spec)
    if spec.kind is Kind.BOOLEAN:
        return bool(field.data)
    if field.data in ("", None):
        return None
    return field.data


def _nested(field: Any, spec: Field) -> Message | None:
    message = nested_class(spec.descriptor)()
    for child in spec.children:
        if child.name in field.form:
            values.write(message, child, dump(field.form[child.name], child))
    return message if message.ByteSize() else None


def _fingerprint(value: Any) -> str:
    text = value.SerializeToString(deterministic=True) if hasattr(value, "SerializeToString") else repr(value).encode()
    # Absent, empty and zero are one and the same on the wire of a field without presence.
    return hashlib.sha256(text).hexdigest()[:12] if value not in (None, 0, []) else ""


def _field_class(spec: Field) -> type[wtforms.Field] | None:
    if spec.hidden or spec.output_only:
        return None
    return (_REPEATED if spec.repeated else _FIELDS).get(spec.kind)


def _unbound(spec: Field) -> Any:
    kind = _field_class(spec)
    assert kind is not None, spec.name  # noqa: S101 - callers filtered
    if spec.kind is Kind.FIELDS:
        children = {child.name: _unbound(child) for child in spec.children if _field_class(child) is not None}
        return _with_spec(type(f"{spec.name}Group", (choosing.GroupField,), {"spec": spec}), spec)(
            type(f"{spec.name}Form", (wtforms.Form,), children), label=spec.label, description=spec.help
        )
    return field_of_class(kind, spec)


def field_of_class(kind: type[wtforms.Field], spec: Field) -> Any:
    """An unbound field of a class for a field of a contract, with the checks that the contract names."""
    return _with_spec(kind, spec)(validators=list(_checks(spec)), label=spec.label, description=spec.help)


def _with_spec(kind: type[wtforms.Field], spec: Field) -> Any:
    return type(kind.__name__, (kind,), {"spec": spec})


def _checks(spec: Field) -> Iterable[Any]:
    if spec.required and spec.kind is not Kind.BOOLEAN:
        yield Required()
    else:
        yield validators.Optional()
    if spec.kind in _TEXTS and not spec.repeated:
        longest = spec.max_length
        yield validators.Length(max=longest, message=f"At most {longest:,} characters.")
    if spec.options.pattern:
        yield Pattern(str(spec.options.pattern), str(spec.options.pattern_help) or "This is not in the expected form.")
    if spec.kind is Kind.EMAIL and not spec.repeated:
        yield Pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+", "Enter an e-mail address such as name@example.com.")
    if spec.options.HasField("minimum") or spec.options.HasField("maximum"):
        yield _range(spec)


def _range(spec: Field) -> validators.NumberRange:
    low = spec.options.minimum if spec.options.HasField("minimum") else None
    high = spec.options.maximum if spec.options.HasField("maximum") else None
    ends = [digits(end, ",") for end in (low, high) if end is not None]
    told = f"between {' and '.join(ends)}" if len(ends) > 1 else f"at {'least' if high is None else 'most'} {ends[0]}"
    return validators.NumberRange(min=low, max=high, message=f"Enter a number {told}.")


class Required:
    """Something was given; zero counts, and so does what could not be read, which has its own error."""

    field_flags: Mapping[str, Any] = {"required": True}

    def __call__(self, form: Any, field: Any) -> None:
        del form
        if field.process_errors:
            raise validators.StopValidation
        if field.data in (None, "", []) or (getattr(field, "kind", "") == "choice" and not field.data):
            raise validators.StopValidation("This is required.")


class Pattern:
    """The whole text matches, or each of several; small letters where capitals are meant become capitals."""

    def __init__(self, pattern: str, message: str) -> None:
        self._pattern = re.compile(pattern)
        self._message = message

    def __call__(self, form: Any, field: Any) -> None:
        del form
        if isinstance(field.data, (list, tuple)):
            field.data = [self._matching(str(each)) for each in field.data]
        elif field.data:
            field.data = self._matching(str(field.data))

    def _matching(self, text: str) -> str:
        for candidate in (text, text.upper()):
            if self._pattern.fullmatch(candidate):
                return candidate
        raise validators.ValidationError(self._message)


def _sentence(description: str, subject: str) -> str:
    """What is wrong, as a sentence: services say "is required" of a field, or name in a sentence what is wrong."""
    text = f"{subject} {description}".strip() if description[:1].islower() else description
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _words(path: str) -> str:
    """The last step of a violation's path as people read it."""
    return words(path.rpartition(".")[2].partition("[")[0].removesuffix("_id")).capitalize()


def _find(form: Any, path: str) -> Any:
    """The field of a violation's path, such as `ship_to.postal_code`, with or without the message's name in front."""
    steps = path.split(".")
    for start in range(len(steps)):
        found = _walk(form, steps[start:])
        if found is not None:
            return found
    return None


def _walk(form: Any, steps: Sequence[str]) -> Any:
    name = steps[0].partition("[")[0]
    if name not in form:
        return None
    field = form[name]
    if len(steps) == 1 or not hasattr(field, "form"):
        return field
    return _walk(field.form, steps[1:])
