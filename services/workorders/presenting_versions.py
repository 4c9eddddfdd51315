"""Versions of workflows, and what is in them, as messages of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import work_order_pb2, workflow_pb2
from sqlalchemy import and_, func, select, tuple_

from services.workorders import wire
from services.workorders.domain.definition import Category
from services.workorders.domain.wording import explanations, in_words, notice_in_words, who_in_words
from services.workorders.tables import work_orders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from services.chassis.identity import Caller
    from services.workorders.definitions import Fault
    from services.workorders.domain.definition import Condition, Definition, Transition
    from services.workorders.domain.route import Step

GOING_ON = (Category.OPEN, Category.HELD)
_CATEGORIES = work_order_pb2.StateCategory.DESCRIPTOR


def with_open_orders(connection: Connection, caller: Caller, versions: Sequence[Any]) -> None:
    """Put into versions how many orders go on in each: one statement for all of them."""
    del caller
    columns = work_orders.c
    keys = [(version.workflow, version.workflow_version) for version in versions]
    counted = (
        select(columns.workflow, columns.workflow_version, func.count())
        .where(tuple_(columns.workflow, columns.workflow_version).in_(keys), columns.category.in_(GOING_ON))
        .group_by(columns.workflow, columns.workflow_version)
    )
    found = {(name, number): count for name, number, count in connection.execute(counted)} if keys else {}
    for version in versions:
        # A draft has a number too, and the orders of that number are those of another version.
        published = version.state != workflow_pb2.WORKFLOW_VERSION_STATE_DRAFT
        version.open_orders = found.get((version.workflow, version.workflow_version), 0) if published else 0


def orders_by_state(connection: Connection, name: str, number: int) -> dict[str, int]:
    """How many orders of a version stand in each of its states."""
    columns = work_orders.c
    counted = (
        select(columns.state, func.count())
        .where(and_(columns.workflow == name, columns.workflow_version == number))
        .group_by(columns.state)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def fault_messages(faults: Iterable[Fault]) -> list[workflow_pb2.WorkflowFault]:
    """Faults by their lines."""
    return [workflow_pb2.WorkflowFault(line=each.line, path=each.path, message=each.message) for each in faults]


def state_messages(definition: Definition, orders: Mapping[str, int]) -> list[workflow_pb2.WorkflowState]:
    """The states in the order of the lifecycle, with how many orders stand in each."""
    return [
        workflow_pb2.WorkflowState(
            code=code,
            label=state.label,
            category=wire.enum_number(_CATEGORIES, state.category.value),  # type: ignore[arg-type]
            clock_running=state.clock_running,
            tone=state.tone,
            orders=orders.get(code, 0),
            initial=code == definition.initial,
        )
        for code, state in sorted(definition.states.items(), key=lambda item: item[1].rank)
    ]


def transition_message(definition: Definition, move: Transition) -> workflow_pb2.WorkflowTransition:
    """A transition with everything about it in words."""
    labels = definition.labels
    form = definition.transitions[move.drafts].form if move.drafts else move.form
    made = workflow_pb2.WorkflowTransition(
        name=move.name,
        label=move.label,
        icon=move.icon,
        help=move.help,
        from_states=[definition.states[code].label for code in move.starts],
        to_states=[definition.states[code].label for code in move.ends],
        through_states=[definition.states[code].label for code in move.through],
        who=[who_in_words(definition.actors[name]) for name in move.who],
        steps=[
            workflow_pb2.WorkflowFormStep(
                title=step.title,
                fields=[
                    workflow_pb2.WorkflowFormField(
                        path=field.path,
                        label=field.label or labels.get(field.path, field.path),
                        required=field.required,
                        read_only=field.read_only,
                    )
                    for field in step.fields
                ],
            )
            for step in form
        ],
        requires=[labels.get(path, path) for path in move.requires],
        guards=[_guard(guard, labels) for guard in move.guards],
        effects=[effect.replace("_", " ") for effect in move.effects],
        notices=[notice_in_words(notice, labels) for notice in move.notices],
        reason_kind=", ".join(move.reason_kinds),
        danger=move.danger,
        due_on=labels.get(move.due_on, move.due_on),
    )
    if move.when:
        made.offered_when.CopyFrom(_guard(move.when, labels))
    return made


def path_messages(path: Iterable[Step]) -> list[workflow_pb2.PathStep]:
    """The steps of an order's path."""
    return [
        workflow_pb2.PathStep(
            from_state=step.from_state,
            to_state=step.to_state,
            to_label=step.to_label,
            transition=step.transition,
            move_time=wire.timestamp(step.time),
            actor=step.actor,
        )
        for step in path
    ]


def _guard(condition: Condition, labels: Mapping[str, str]) -> workflow_pb2.WorkflowGuard:
    return workflow_pb2.WorkflowGuard(condition=in_words(condition, labels), explanations=explanations(condition))
