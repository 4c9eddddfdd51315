"""The shape of a definition file; loading it makes the values of domain/definition.py."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

from services.workorders.domain.definition import (
    COMPUTED,
    ActorRule,
    Assignment,
    Carried,
    Category,
    Caution,
    Condition,
    Continuation,
    FormField,
    FormStep,
    Notice,
    Position,
    Post,
    Source,
    State,
    Transition,
)
from services.workorders.domain.links import LinkKind
from services.workorders.domain.predicates import COMPARISONS, PREDICATES

CODE = validate.Regexp(r"[a-z][a-z0-9_]*\Z", error="Small letters, digits and underscores.")
SENTENCE = validate.Regexp(r"[A-Z].*\.\Z", error="A sentence: a capital letter first, a full stop last.")
TONES = ("neutral", "info", "success", "warning", "danger")
WORDS = {"says", "blames"}


class ConditionField(fields.Field[Condition]):
    """A predicate: its name alone, a mapping of its name to arguments, a comparison, or all, any, not, set, unset."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Condition:
        return condition_of(value)


class SourceField(fields.Field[Source]):
    """A value: a path, or a mapping with path, compute or value."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Source:
        if isinstance(value, str):
            return Source(path=value)
        if isinstance(value, dict) and len(value) == 1 and value.keys() <= {"path", "compute", "value"}:
            named = value.get("path", value.get("compute", ""))
            if not isinstance(named, str) or isinstance(value.get("value"), (dict, list)):
                raise ValidationError("A path or computation is a word, a value is a text, number, yes, no or nothing.")
            return Source(value.get("path", ""), value.get("compute", ""), value.get("value"))
        raise ValidationError("A value is a path, or one of {path: …}, {compute: …}, {value: …}.")


class TargetField(fields.Field[dict[str, Any]]):
    """Where a transition leads: a state, same, or a computation with the states that it may give."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if isinstance(value, str):
            return {"to": value}
        if isinstance(value, dict) and value.keys() == {"compute", "among"} and isinstance(value["among"], list):
            return {"to": COMPUTED, "computes": str(value["compute"]), "among": list(map(str, value["among"]))}
        raise ValidationError("Where it leads is a state, same, or {compute: …, among: […]}.")


def condition_of(value: Any) -> Condition:
    """A condition from its YAML; ValidationError says what is wrong with its shape or name."""
    if isinstance(value, str):
        return _named(value, {}, "", "")
    if not isinstance(value, dict):
        raise ValidationError("A condition is a name or a mapping.")
    says, blames = value.get("says", ""), value.get("blames", "")
    rest = {key: part for key, part in value.items() if key not in WORDS}
    if "field" in rest:
        return _comparison(rest, says, blames)
    if len(rest) != 1:
        raise ValidationError("A condition has one name; combine several with all or any.")
    ((name, part),) = rest.items()
    if name in {"all", "any"}:
        if not isinstance(part, list) or not part:
            raise ValidationError(f"“{name}” takes a list of conditions.")
        return Condition(name, parts=tuple(map(condition_of, part)), says=says, blames=blames)
    if name == "not":
        return Condition("not", parts=(condition_of(part),), says=says, blames=blames)
    if name in {"set", "unset"}:
        if not _is_path(part):
            raise ValidationError(f"“{name}” takes the path of a field.")
        is_set = Condition("field_set", {"path": part}, says=says, blames=blames)
        return is_set if name == "set" else Condition("not", parts=(is_set,), says=says, blames=blames or part)
    return _named(name, part if isinstance(part, dict) else {"": part}, says, blames)


def _comparison(rest: dict[str, Any], says: str, blames: str) -> Condition:
    relations = [key for key in rest if key != "field"]
    if len(relations) != 1 or relations[0] not in COMPARISONS:
        raise ValidationError(f"A comparison has a field and one of {', '.join(COMPARISONS)}.")
    right = rest[relations[0]]
    if not _is_path(rest["field"]) or (isinstance(right, dict) and not _is_path(right.get("path"))):
        raise ValidationError("A comparison is between a field and a value, or {path: …} of another field.")
    if relations[0] == "one_of" and not isinstance(right, list):
        raise ValidationError("“one_of” takes a list of values.")
    against = {"other": right["path"]} if isinstance(right, dict) and right.keys() == {"path"} else {"value": right}
    return Condition("compare", {"field": rest["field"], "by": relations[0], **against}, says=says, blames=blames)


def _named(name: str, arguments: dict[str, Any], says: str, blames: str) -> Condition:
    known = PREDICATES.get(name)
    if known is None:
        raise ValidationError(f"There is no guard “{name}”.")
    if set(arguments) != set(
        known.parameters
    ):  # comparisons, whose arguments may be left out, have a form of their own
        wanted = ", ".join(known.parameters) or "none"
        raise ValidationError(f"The guard “{name}” takes these arguments: {wanted}.")
    wrong = [key for key in known.paths if not all(map(_is_path, _several(arguments[key])))]
    if wrong:
        raise ValidationError(f"The guard “{name}” takes paths of fields as {', '.join(wrong)}.")
    frozen = {key: tuple(part) if isinstance(part, list) else part for key, part in arguments.items()}
    return Condition(name, frozen, says=says, blames=blames)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class StateSchema(Schema):
    label = fields.String(required=True, validate=validate.Length(min=1))
    rank = fields.Integer(required=True, strict=True)
    category = fields.Enum(Category, by_value=True, required=True)
    clock_running = fields.Boolean(required=True)
    tone = fields.String(validate=validate.OneOf(TONES))
    frozen = fields.Boolean()


class ActorSchema(Schema):
    role = fields.String(required=True)
    party = fields.String()
    kinds = fields.List(fields.String())
    owns = fields.String()
    never = fields.String()


class FormFieldSchema(Schema):
    path = fields.String(required=True)
    required = fields.Boolean()
    label = fields.String()
    help = fields.String()
    default = SourceField()
    read_only = fields.Boolean()
    singly = fields.Boolean()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> FormField:
        return FormField(**data)


class FormStepSchema(Schema):
    title = fields.String(required=True)
    intro = fields.String()
    fields_ = fields.List(fields.Nested(FormFieldSchema), required=True, data_key="fields")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> FormStep:
        return FormStep(data["title"], tuple(data["fields_"]), data.get("intro", ""))


class NoticeSchema(Schema):
    template = fields.String(required=True, validate=CODE)
    to = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    when = ConditionField()
    to_actor = fields.Boolean()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Notice:
        return Notice(data["template"], tuple(data["to"]), data.get("when"), data.get("to_actor", False))


class PostSchema(Schema):
    text = fields.String(required=True)
    facts = fields.Dict(keys=fields.String(), values=SourceField())
    mentions = fields.List(fields.String())

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Post:
        return Post(data["text"], tuple(data.get("facts", {}).items()), tuple(data.get("mentions", ())))


class CautionSchema(Schema):
    code = fields.String(required=True)
    unless = ConditionField(required=True)
    says = fields.String(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Caution:
        return Caution(**data)


class ContinuationSchema(Schema):
    link = fields.Enum(LinkKind, by_value=True, required=True, validate=validate.NoneOf([LinkKind.UNSPECIFIED]))
    line_items = fields.Enum(Carried, by_value=True, required=True)
    files = fields.Boolean()
    then = fields.String()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Continuation:
        return Continuation(**data)


class TransitionSchema(Schema):
    label = fields.String(required=True, validate=validate.Length(min=1))
    starts = fields.List(fields.String(), required=True, data_key="from", validate=validate.Length(min=1))
    to = TargetField(required=True)
    through = fields.List(fields.String())
    who = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    when = ConditionField()
    form = fields.List(fields.Nested(FormStepSchema))
    requires = fields.List(fields.String())
    guards = fields.List(ConditionField())
    reason = fields.String()
    more_reasons = fields.List(fields.String())
    caution = fields.Nested(CautionSchema)
    derives = fields.Dict(keys=fields.String(), values=SourceField())
    sets = fields.Dict(keys=fields.String(), values=SourceField())
    effects = fields.List(fields.String(validate=CODE))
    notices = fields.List(fields.Nested(NoticeSchema))
    post = fields.Nested(PostSchema)
    continuation = fields.Nested(ContinuationSchema, data_key="continues_as")
    drafts = fields.String()
    phase = fields.String()
    due_on = fields.String()
    help = fields.String()
    done = fields.String(validate=SENTENCE)
    icon = fields.String()
    confirm = fields.String()
    danger = fields.Boolean()
    position = fields.Enum(Position, by_value=True)
    bulk = fields.Boolean()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        for name in ("derives", "sets"):
            data[name] = [Assignment(path, source) for path, source in data.get(name, {}).items()]
        data |= data.pop("to")
        return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


class DefinitionSchema(Schema):
    """The whole file."""

    workflow = fields.String(required=True, validate=CODE)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    label = fields.String(required=True)
    initial = fields.String(required=True)
    creators = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    states = fields.Dict(keys=fields.String(validate=CODE), values=fields.Nested(StateSchema), required=True)
    actors = fields.Dict(keys=fields.String(validate=CODE), values=fields.Nested(ActorSchema), required=True)
    transitions = fields.Dict(keys=fields.String(validate=CODE), values=fields.Nested(TransitionSchema), required=True)
    history_groups = fields.List(fields.String())
    history_omits = fields.List(fields.String())

    @pre_load
    def whole(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError("A definition is a mapping.")
        return data

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data["states"] = {code: State(code, **state) for code, state in data["states"].items()}
        data["actors"] = {
            name: ActorRule(name, **{**rule, "kinds": tuple(rule.get("kinds", ()))})
            for name, rule in data["actors"].items()
        }
        data["transitions"] = {name: Transition(name, **parts) for name, parts in data["transitions"].items()}
        return data
