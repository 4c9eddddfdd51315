"""The events that a webhook may be told, to choose from: the effects that the published workflows name."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import workflow_pb2, workflow_pb2_grpc
from flask import g

from admin.grpcfab.choosing import ChoiceListField
from admin.grpcfab.context import mesh
from admin.grpcfab.forms import ResourceForm, field_of_class, form_class
from admin.grpcfab.spec import Choice, Kind
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.grpcfab.spec import Field

NAME: Final = "event_types"
EVERY_MOVE: Final = Choice("work_order_moved", "Every move of a work order")
WORKFLOWS: Final = ("partner_service", "facility_approval", "utility_request")


class EventTypesField(ChoiceListField):
    """Check boxes for what workflows name now, and for what the endpoint has beside it."""

    @property
    def options(self) -> Sequence[Choice]:
        known = [EVERY_MOVE, *(Choice(name, name.replace("_", " ").capitalize()) for name in effects())]
        named = {choice.value for choice in known}
        return [*known, *(Choice(one, f"{one} (no workflow names it)") for one in self.data or [] if one not in named)]


def effects() -> list[str]:
    """What the published workflows name, each once and sorted; nothing of those that cannot be read now."""
    if "workflow_effects" not in g:
        g.workflow_effects = sorted({effect for code in WORKFLOWS for effect in _effects_of(code)})
    found: list[str] = g.workflow_effects
    return found


def webhook_form(specs: Sequence[Field], name: str) -> type[ResourceForm]:
    """A form of endpoints whose events are chosen."""
    chosen = [
        dataclasses.replace(spec, kind=Kind.CHOICE) if spec.name == NAME else spec for spec in specs
    ]  # fmt: skip
    made = form_class(chosen, name)
    events = next(spec for spec in chosen if spec.name == NAME)
    fields: dict[str, Any] = {NAME: field_of_class(EventTypesField, events), "specs": made.specs}
    return type(name, (made,), fields)


def _effects_of(code: str) -> list[str]:
    named = workflow_pb2.WorkflowReference(workflow=code)
    try:
        answer = (
            mesh()
            .stub(workflow_pb2_grpc.WorkflowServiceStub)
            .DescribeWorkflow(workflow_pb2.DescribeWorkflowRequest(version=named))
        )
    except Refusal:  # nothing of it is published, or workorders does not answer: what is chosen stays
        return []
    return [effect for transition in answer.transitions for effect in transition.effects]
