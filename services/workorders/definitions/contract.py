"""Whether a definition fits the WorkOrder contract, and the contract's words for its fields (hard-parts 19)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fieldmesh.ui.v1 import options_pb2
from fieldmesh.workorders.v1 import line_item_pb2, work_order_pb2, work_order_service_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor

from services.workorders.domain.permissions import PARTIES
from services.workorders.domain.predicates import asked_paths
from services.workorders.domain.situation import ROOTS
from services.workorders.domain.values import Actor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.descriptor import Descriptor

    from services.workorders.definitions.source import Path
    from services.workorders.domain.definition import Condition, Definition, Source, Transition

WORK_ORDER = work_order_pb2.WorkOrder.DESCRIPTOR
LINE_ITEM = line_item_pb2.LineItem.DESCRIPTOR
INPUTS = work_order_service_pb2.TransitionInputs.DESCRIPTOR

LEAVES = {"google.protobuf.Timestamp", "google.type.Date", "fieldmesh.common.v1.Money", "fieldmesh.common.v1.Position"}
IDENTITY = {"id", "number", "etag", "workflow", "workflow_version", "state"}
SNAPSHOTS = {
    "approval_policy", "approver", "assignee", "continuation", "deliverables", "drafts", "eligibility", "executor",
    "fulfilment", "meter", "old_parts", "organization", "parcels", "part", "provider", "reason", "reasons", "returns",
    "target", "territory",
}  # fmt: skip
INTERNAL = {"scope_version", "action_items"}
# Words of history for what is no field of the order.
_APART = {
    "line_item": "Line item", "action_item": "Action item", "note": "Note", "estimate": "Estimate",
    "return_proof": "Proof of return", "ordered_again": "Parts ordered again",
}  # fmt: skip

Found = tuple["Path", str]


def field_at(whole: Descriptor, path: str) -> tuple[FieldDescriptor, ...] | None:
    """The fields from the message down to a path; None where the message has no such path."""
    found: list[FieldDescriptor] = []
    descriptor: Descriptor | None = whole
    for name in path.split("."):
        field = descriptor.fields_by_name.get(name) if descriptor else None
        if field is None:
            return None
        found.append(field)
        descriptor = field.message_type
    return tuple(found)


def is_leaf(field: FieldDescriptor) -> bool:
    """Whether a field is set as one value."""
    return field.message_type is None or field.message_type.full_name in LEAVES or field.is_repeated


def is_output_only(field: FieldDescriptor) -> bool:
    """Whether only the server sets a field."""
    return field_behavior_pb2.OUTPUT_ONLY in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def label_of(field: FieldDescriptor) -> str:
    """What people read for a field."""
    return field.GetOptions().Extensions[options_pb2.field].label or field.name.replace("_", " ").capitalize()


def labels_of(definition: Definition) -> dict[str, str]:
    """The words for every path that a definition asks for or requires."""
    labels: dict[str, str] = {}
    for transition in definition.transitions.values():
        asked = {field.path: field.label for field in transition.form_fields()}
        for path in (*asked, *transition.requires):
            fields = (
                field_at(INPUTS, path.removeprefix("inputs."))
                if path.startswith("inputs.")
                else field_at(WORK_ORDER, path)
            )
            labels[path] = asked.get(path, "") or labels.get(path, "") or (label_of(fields[-1]) if fields else path)
    return labels


@cache
def history_labels() -> Mapping[str, str]:
    """The words for every field that history may name."""
    labels = {field.name: label_of(field) for field in WORK_ORDER.fields}
    for field in WORK_ORDER.fields:
        if field.message_type is not None and not is_leaf(field):
            labels |= {f"{field.name}.{inner.name}": label_of(inner) for inner in field.message_type.fields}
    return labels | _APART


def contract_faults(definition: Definition) -> Iterator[Found]:
    """Every path of a definition that the contract does not have, or does not allow where it stands."""
    for transition in definition.transitions.values():
        here: Path = ("transitions", transition.name)
        yield from _form_faults(here, transition)
        for index, path in enumerate(transition.requires):
            yield from _reading_faults((*here, "requires", index), path)
        for index, guard in enumerate(transition.guards):
            yield from _condition_faults((*here, "guards", index), guard)
        if transition.when:
            yield from _condition_faults((*here, "when"), transition.when)
        for part, assignments in (("derives", transition.derives), ("sets", transition.sets)):
            for item in assignments:
                yield from _target_faults((*here, part, item.path), item.path)
                yield from _source_faults((*here, part, item.path), item.source)
    for index, path in enumerate(definition.history_omits):
        yield from _target_faults(("history_omits", index), path)
    for index, group in enumerate(definition.history_groups):
        if group not in WORK_ORDER.fields_by_name:
            yield ("history_groups", index), f"WorkOrder has no field “{group}”."


def _form_faults(here: Path, transition: Transition) -> Iterator[Found]:
    for step_index, step in enumerate(transition.form):
        for index, field in enumerate(step.fields):
            place = (*here, "form", step_index, "fields", index)
            if field.default:
                yield from _source_faults((*place, "default"), field.default)
            yield from _asking_faults(place, field.path, read_only=field.read_only)


def _asking_faults(place: Path, path: str, *, read_only: bool) -> Iterator[Found]:
    if path.startswith("inputs."):
        if field_at(INPUTS, path.removeprefix("inputs.")) is None:
            yield place, f"TransitionInputs has no field “{path.removeprefix('inputs.')}”."
        return
    fields = field_at(WORK_ORDER, path)
    if fields is None:
        yield place, f"WorkOrder has no field “{path}”."
    elif not is_leaf(fields[-1]):
        yield place, f"“{path}” has fields of its own; name those that are asked for."
    elif path in IDENTITY or path in PARTIES:
        yield place, f"A form cannot ask for “{path}”: it tells whose order it is."
    elif not read_only and any(map(is_output_only, fields)):
        yield place, f"A form cannot ask for “{path}”: only the server sets it."


def _condition_faults(place: Path, condition: Condition) -> Iterator[Found]:
    for path in sorted(asked_paths(condition)):
        yield from _reading_faults(place, path)


def _source_faults(place: Path, source: Source) -> Iterator[Found]:
    if source.path:
        yield from _reading_faults(place, source.path)


def _reading_faults(place: Path, path: str) -> Iterator[Found]:
    root, _, rest = path.partition(".")
    if root not in ROOTS:
        known = field_at(WORK_ORDER, path) is not None
    elif root == "snapshots":
        known = rest.partition(".")[0] in SNAPSHOTS
    elif root == "actor":
        known = rest in Actor.__dataclass_fields__
    elif root == "now":
        known = not rest
    else:
        known = field_at({"inputs": INPUTS, "line_item": LINE_ITEM, "before": WORK_ORDER}[root], rest) is not None
    if not known:
        yield place, f"There is no field “{path}”."


def _target_faults(place: Path, path: str) -> Iterator[Found]:
    known = (
        field_at(LINE_ITEM, path.removeprefix("line_item."))
        if path.startswith("line_item.")
        else field_at(WORK_ORDER, path)
    )
    if known is None and path not in INTERNAL:
        yield place, f"WorkOrder has no field “{path}”."
    elif path in IDENTITY:
        yield place, f"A transition cannot set “{path}”."
