"""Forms of transitions: made from what ListAvailableTransitions answers, filled from the order, sent as leaf paths."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.ui.v1 import options_pb2
from fieldmesh.workorders.v1 import (
    work_order_pb2,
    work_order_service_pb2,
    work_order_service_pb2_grpc,
)

from admin.grpcfab import cells, spec, values
from admin.grpcfab.context import mesh
from admin.grpcfab.forms import ResourceForm, dump, form_class
from admin.grpcfab.spec import Field, Kind
from admin.pages.work_orders import affected, clocks
from admin.pages.work_orders.sites import site_zone
from services.chassis.ids import derive_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from fieldmesh.workorders.v1 import line_item_pb2
    from google.protobuf.message import Message
    from werkzeug.datastructures import MultiDict

Available = work_order_service_pb2.AvailableTransition
Reason = work_order_service_pb2.ReasonChoice

INPUTS: Final = "inputs."
_SEPARATOR: Final = "__"
_ORDER: Final = spec.resource_of(
    work_order_pb2.WorkOrder,
    work_order_service_pb2.DESCRIPTOR.services_by_name["WorkOrderService"],
)
_INPUT_FIELDS: Final = {
    field.name: field for field in spec.fields_of(work_order_service_pb2.TransitionInputs.DESCRIPTOR)
}


@dataclasses.dataclass(frozen=True)
class Asked:
    """One field of a transition's form: its path, and its field renamed so that the path is its name in the browser."""

    path: str
    field: Field
    read_only: bool
    default: str

    @property
    def key(self) -> str:
        return self.field.name


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a transition's form."""

    title: str
    intro: str
    asked: tuple[Asked, ...]

    @property
    def fields(self) -> list[Field]:
        """What is asked for; read-only fields are shown instead."""
        return [each.field for each in self.asked if not each.read_only]


@dataclasses.dataclass
class Move:
    """A transition on an order, with its form."""

    transition: Available
    order: work_order_pb2.WorkOrder
    steps: tuple[Step, ...]
    reasons: Sequence[Reason]
    kind: type[ResourceForm]

    @property
    def asks(self) -> bool:
        """Whether there is anything to fill in."""
        return any(step.fields for step in self.steps)

    def drawn(self) -> ResourceForm:
        """The form for the browser: the order's own values, else the transition's defaults."""
        data: dict[str, Any] = {}
        for asked in self.writable():
            value = None if asked.path.startswith(INPUTS) else _stored(self.order, asked.path)
            data[asked.key] = value if _is_set(value) else read_text(asked.field, asked.default)
        form = self.kind(formdata=None, data=data)
        form.remember(self.order.etag)
        return form

    def sent(self, formdata: MultiDict[str, str]) -> ResourceForm:
        """The form as the browser sent it; instants that it shows to the minute keep their seconds."""
        form = self.kind.sent(formdata)
        for asked in self.writable():
            before = _stored(self.order, asked.path) if asked.field.kind is Kind.INSTANT else None
            if before and form[asked.key].data == before.replace(second=0, microsecond=0):
                form[asked.key].data = before
        return form

    def writable(self) -> list[Asked]:
        """What is asked for, over all steps."""
        return [asked for step in self.steps for asked in step.asked if not asked.read_only]

    def told(self) -> list[Asked]:
        """What is only told, over all steps."""
        return [asked for step in self.steps for asked in step.asked if asked.read_only]

    def shown(self, step: Step) -> list[tuple[Field, cells.Cell]]:
        """Read-only fields of a step with their values."""
        found = []
        for asked in step.asked:
            if asked.read_only:
                value = _stored(self.order, asked.path)
                text = cells.Cell("text", asked.default) if asked.default else cells.EMPTY
                found.append((asked.field, cells._single(value, asked.field, {}) if _is_set(value) else text))  # noqa: SLF001
        return found

    def request(
        self, form: ResourceForm, name: str = "", without: Collection[str] = ()
    ) -> work_order_service_pb2.TransitionWorkOrderRequest:
        """The form as a request; `name` fires another transition with the same inputs, such as saving a draft.

        Inputs `without` are left out. The request id is that of the form and of everything in it: sent again unchanged
        it is the same request, and a corrected form is another one.
        """
        made = work_order_service_pb2.TransitionWorkOrderRequest(
            work_order_id=self.order.id,
            transition=name or self.transition.name,
            etag=form.etag_seen.data or "",
        )
        for asked in self.writable():
            if asked.key in without:
                continue
            value = dump(form[asked.key], asked.field)
            if asked.path.startswith(INPUTS):
                target: Message = made.inputs
                leaf = asked.path.removeprefix(INPUTS)
            else:
                target, leaf = _parent(made.work_order, asked.path)
                made.update_mask.paths.append(asked.path)
            values.write(target, dataclasses.replace(asked.field, name=leaf), value)
        if form.request_key.data:
            made.request_id = derive_id(form.request_key.data, made.SerializeToString(deterministic=True).hex())
        return made


def available(order_id: str) -> Sequence[Available]:
    """What the viewer may do with an order now."""
    stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
    asked = work_order_service_pb2.ListAvailableTransitionsRequest(work_order_id=order_id)
    return list(stub.ListAvailableTransitions(asked).transitions)


def move_of(
    transition: Available, order: work_order_pb2.WorkOrder, tasks: Sequence[line_item_pb2.LineItem] = ()
) -> Move:
    """A transition with its form; `tasks` are the line items to choose from where it asks for one."""
    steps = tuple(
        Step(step.title, step.intro, tuple(_asked(field, transition.reasons, tasks) for field in step.fields))
        for step in transition.steps
    )
    specs = [asked.field for step in steps for asked in step.asked if not asked.read_only]
    kind = clocks.told_by(form_class(specs, f"{transition.name}Form"), site_zone(order))
    kind = affected.asked_in(kind, specs)
    return Move(transition, order, steps, transition.reasons, kind)


def fire(request: work_order_service_pb2.TransitionWorkOrderRequest) -> Any:
    """Fire a transition; raises Refusal."""
    return mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).TransitionWorkOrder(request)


def field_of(path: str) -> Field:
    """The contract's field at a path of the order or of the transition's inputs. Raises KeyError for another path."""
    if path.startswith(INPUTS):
        return _INPUT_FIELDS[path.removeprefix(INPUTS)]
    head, *rest = path.split(".")
    found = _ORDER.fields[head]
    for name in rest:
        found = next(child for child in found.children if child.name == name)
    return found


def read_text(field: Field, text: str) -> Any:
    """A default's text as the value that a form field takes; None where it says nothing."""
    if not text:
        return None
    if field.kind is Kind.CHOICE and field.is_enum:
        known = (choice for choice in field.choices if choice.value.lower().endswith(f"_{text.lower()}"))
        return next((choice.number for choice in known), None)
    return _READERS.get(field.kind, str)(text)


def _asked(
    field: work_order_service_pb2.FormField, reasons: Sequence[Reason], tasks: Sequence[line_item_pb2.LineItem]
) -> Asked:
    found = field_of(field.path)
    options = options_pb2.FieldOptions()
    options.CopyFrom(found.options)
    options.help = field.help or found.help
    changed: dict[str, Any] = {
        "name": field.path.replace(".", _SEPARATOR),
        "label": field.label or found.label,
        "required": field.required,
        "output_only": False,
        "options": options,
    }
    if field.path == f"{INPUTS}reason_code" and reasons:
        changed["kind"] = Kind.CHOICE
        changed["choices"] = tuple(spec.Choice(reason.code, reason.label) for reason in reasons)
    if field.path == f"{INPUTS}line_item_id" and tasks:
        changed["kind"] = Kind.CHOICE
        changed["choices"] = tuple(spec.Choice(task.id, f"{task.number} {task.work_type_name}") for task in tasks)
    if field.choices_only:
        changed["kind"] = found.kind if found.repeated else Kind.CHOICE
        changed["choices"] = tuple(spec.Choice(each.value, each.label, most=each.most) for each in field.choices)
    options.hidden = False
    return Asked(field.path, dataclasses.replace(found, **changed), field.read_only, field.default_value)


def _parent(message: Message, path: str) -> tuple[Message, str]:
    *steps, leaf = path.split(".")
    for step in steps:
        message = getattr(message, step)
    return message, leaf


def _stored(order: work_order_pb2.WorkOrder, path: str) -> Any:
    parent, leaf = _parent(order, path)
    field: Field = dataclasses.replace(field_of(path), name=leaf)
    return values.read(parent, field)


def _is_set(value: Any) -> bool:
    return not values.is_empty(value) and value != 0


def _money(text: str) -> values.Money | None:
    amount, _, currency = text.partition(" ")
    try:
        return values.Money(Decimal(amount.replace(",", "")), currency or "USD")
    except InvalidOperation:
        return None


_READERS: Final[Mapping[Kind, Callable[[str], Any]]] = {
    Kind.BOOLEAN: lambda text: text == "true",
    Kind.INTEGER: lambda text: int(float(text)),
    Kind.NUMBER: float,
    Kind.DATE: lambda text: dt.date.fromisoformat(text[:10]),
    Kind.MONEY: _money,
}
